"""How charts of the report look: one face, one kind of axis, hover texts as ready words, legends below."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from bokeh.core.properties import value
from bokeh.models import (
    ColumnDataSource,
    FactorRange,
    HoverTool,
    LabelSet,
    NumeralTickFormatter,
)
from bokeh.plotting import figure as Figure  # noqa: N812 (a class with the name of a function)

from pipeline.contracts import Delivery
from pipeline.outputs.columns import Language, describe_column
from pipeline.outputs.texts import find_texts

UNKNOWN_COLOR = "#878787"
FACE = "'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"

_INK, _GRID = "#33413b", "#e3e9e6"
_PHONE_PX = 330
_BAR_PX = 34


def build_source(columns: Mapping[str, Iterable[Any]]) -> ColumnDataSource:
    """The figures behind a drawing; null is not drawn."""
    lists = {
        name: [None if pd.isna(value) else value for value in pd.Series(list(values), dtype=object)]
        for name, values in columns.items()
    }
    return ColumnDataSource({name: _to_floats(values) for name, values in lists.items()})


def build_time_source(days: pd.DatetimeIndex, columns: Mapping[str, Iterable[Any]]) -> ColumnDataSource:
    """The figures behind a drawing over dates, which stand in its column `x` as milliseconds."""
    milliseconds = [float(day.timestamp() * 1000) for day in days]
    return build_source({"x": milliseconds, **columns})


def _to_floats(values: list[Any]) -> list[Any]:
    numbers = any(isinstance(value, float) for value in values)
    return [float("nan") if value is None and numbers else value for value in values]


def write_hover_words(rows: pd.DataFrame, *, percent: Sequence[str] = ()) -> dict[str, list[str]]:
    """Every column of a table as words for a hover text; a dash for what is not known."""
    return {
        column: [_write_words(value, column in percent) for value in rows[column]] for column in rows.columns
    }


def _write_words(value: Any, percent: bool) -> str:
    if pd.isna(value):
        return "—"
    if isinstance(value, float):
        return f"{value:.2%}" if percent else f"{value:,.2f}"
    return str(value)


def create_bars(factors: Sequence[str]) -> Figure:
    """An empty chart of standing bars."""
    chart = _create_empty(x_range=FactorRange(*factors), height=340)
    chart.xgrid.visible = False
    chart.y_range.start = 0
    return chart


def create_lying_bars(factors: Sequence[str]) -> Figure:
    """An empty chart of lying bars, the last factor on top."""
    chart = _create_empty(y_range=FactorRange(*factors), height=110 + _BAR_PX * len(factors))
    chart.ygrid.visible = False
    chart.x_range.start = 0
    return chart


def create_square(across: Sequence[str], down: Sequence[str]) -> Figure:
    """An empty chart of cells, with the names of the columns on top."""
    chart = _create_empty(
        x_range=FactorRange(*across),
        y_range=FactorRange(*down),
        height=120 + 48 * len(down),
        x_axis_location="above",
    )
    chart.grid.visible = False
    return chart


def create_time_chart(low: float, high: float) -> Figure:
    """An empty chart over dates, with values between two bounds."""
    return _create_empty(x_axis_type="datetime", y_range=(low, high), height=380)


def _create_empty(**settings: Any) -> Figure:
    chart = Figure(
        sizing_mode="stretch_width", toolbar_location=None, tools="", outline_line_color=None, **settings
    )
    chart.background_fill_alpha = chart.border_fill_alpha = 0
    for axis in chart.axis:
        axis.major_label_text_font = axis.axis_label_text_font = FACE
        axis.major_label_text_font_size = "12px"
        axis.axis_label_text_font_size = "12.5px"
        axis.axis_label_text_font_style = "normal"
        axis.major_label_text_color = axis.axis_label_text_color = _INK
        axis.axis_line_color = axis.major_tick_line_color = "#9aa8a1"
        axis.minor_tick_line_color = None
    chart.grid.grid_line_color = _GRID
    return chart


def add_hover(chart: Figure, delivery: Delivery, columns: Sequence[str], **settings: Any) -> None:
    """Say what a mark stands for: the words of these columns of its source."""
    names = find_texts("chart.field", delivery.language)
    tips = [
        (names.get(column) or _name_column(column, delivery.language), f"@{{{column}}}") for column in columns
    ]
    chart.add_tools(HoverTool(tooltips=tips, point_policy="follow_mouse", **settings))


def _name_column(column: str, language: Language) -> str:
    return describe_column(column).name(language)


def format_percent_axis(chart: Figure) -> None:
    """Shares of the standing axis, which ends at the whole, in percent."""
    chart.y_range.end = 1
    chart.yaxis.formatter = NumeralTickFormatter(format="0%")


def format_amount_axis(chart: Figure, unit: str, *, lying: bool) -> None:
    """Amounts with separators, and their unit beside them."""
    axis = chart.xaxis if lying else chart.yaxis
    axis.formatter = NumeralTickFormatter(format="0,0")
    axis.axis_label = unit or None


def place_legend(chart: Figure, *, policy: str = "mute") -> Figure:
    """The legend under the chart, in as many columns as a phone has room for; a click fades its marks."""
    (legend,) = chart.legend
    chart.center = [part for part in chart.center if part is not legend]
    longest = max(sum(1 if letter.isascii() else 2 for letter in item.label.value) for item in legend.items)
    legend.ncols = max(1, min(len(legend.items), _PHONE_PX // (longest * 7 + 40)))
    legend.label_text_font, legend.label_text_font_size = FACE, "12px"
    legend.label_text_color, legend.border_line_color = _INK, None
    legend.background_fill_alpha = 0
    legend.padding, legend.margin, legend.spacing, legend.location = 4, 4, 2, "center"
    legend.click_policy = policy
    for renderer in chart.renderers:
        renderer.muted_glyph.line_alpha = 0.08
        if hasattr(renderer.muted_glyph, "fill_alpha"):
            renderer.muted_glyph.fill_alpha = 0.12
    chart.add_layout(legend, "below")
    return chart


def add_cell_words(chart: Figure, figures: ColumnDataSource, across: str, down: str, words: str) -> None:
    """A word in the middle of each cell."""
    labels = LabelSet(x=across, y=down, text=words, source=figures, text_align="center")
    labels.text_baseline, labels.text_font, labels.text_font_size = "middle", value(FACE), "12px"
    labels.text_color = _INK
    chart.add_layout(labels)
