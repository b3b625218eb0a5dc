"""Charts of a bulletin as Word's own: their figures lie in a workbook inside the document, to be edited."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import xlsxwriter

_SHEET = "Sheet1"
_CHART = "xl/charts/chart1.xml"
_COLORS = ("#bdd7c6", "#7fb59b", "#1f5f4a")
"""Of the columns of a category, the newest in the darkest."""
_FORM = "0.0%"
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
_DATA = '<c:externalData r:id="rId1"><c:autoUpdate val="0"/></c:externalData>'
_MOST_LABELLED = 24
"""Columns that have room for their figures above them."""
_AFTER = "<c:printSettings>"
_BLANK = '<c:plotVisOnly val="1"/>'
_LABEL = '<c:showVal val="1"/>'
_LABEL_ALONE = (
    '<c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/><c:showSerName val="0"/>'
    '<c:showPercent val="0"/><c:showBubbleSize val="0"/>'
)
"""What LibreOffice would show beside a figure unless it is told not to."""


@dataclass(frozen=True)
class Graph:
    """Shares as columns side by side: `rows` hold one per category, None where it is not known, by series."""

    categories: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True)
class PackedGraph:
    """A graph as the parts of a document: the XML of the chart and the workbook that it names `rId1`."""

    chart: bytes
    workbook: bytes


def pack_graph(graph: Graph) -> PackedGraph:
    """A graph as it goes into a document; the same graph gives the same bytes."""
    workbook = _write_workbook(graph)
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        chart = parts.read(_CHART).decode()
    whole = chart.replace(_AFTER, f"{_DATA}{_AFTER}").replace(_LABEL, _LABEL_ALONE)
    whole = whole.replace(_BLANK, f'{_BLANK}<c:dispBlanksAs val="gap"/>')
    return PackedGraph(whole.encode(), workbook)


def _write_workbook(graph: Graph) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet(_SHEET)
        sheet.write_column(1, 0, graph.categories)
        for column, (name, figures) in enumerate(graph.rows, start=1):
            sheet.write_string(0, column, name)
            _write_figures(sheet, column, figures)
        chart = book.add_chart({"type": "column"})
        for column in range(1, len(graph.rows) + 1):
            chart.add_series(_describe_series(column, graph))
        _lay_out(chart)
        sheet.insert_chart(0, len(graph.rows) + 2, chart)
    return packed.getvalue()


def _write_figures(
    sheet: xlsxwriter.worksheet.Worksheet, column: int, figures: Sequence[float | None]
) -> None:
    for row, figure in enumerate(figures, start=1):
        if figure is not None:
            sheet.write_number(row, column, figure)


def _describe_series(column: int, graph: Graph) -> dict[str, object]:
    count = len(graph.categories)
    labels = {"value": True, "num_format": _FORM, "font": {"size": 8}}
    return {
        "name": [_SHEET, 0, column],
        "categories": [_SHEET, 1, 0, count, 0],
        "values": [_SHEET, 1, column, count, column],
        "fill": {"color": _COLORS[(column - 1 - len(graph.rows)) % len(_COLORS)]},
        "gap": 60,
        **({"data_labels": labels} if count * len(graph.rows) <= _MOST_LABELLED else {}),
    }


def _lay_out(chart: xlsxwriter.chart.Chart) -> None:
    chart.set_title({"none": True})
    chart.set_legend({"position": "bottom"})
    chart.set_chartarea({"border": {"none": True}})
    line = {"color": "#d9d9d9", "width": 0.5}
    ticks = {"major_tick_mark": "none", "minor_tick_mark": "none", "line": line}
    chart.set_x_axis(ticks)
    lines = {"visible": True, "line": line}
    chart.set_y_axis({**ticks, "num_format": "0%", "min": 0, "major_gridlines": lines})
