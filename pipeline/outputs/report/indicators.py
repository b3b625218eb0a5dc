"""Indicators in the report: bars towards targets, and the table of them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.contracts import INDICATORS, Delivery, list_row_values
from pipeline.outputs.columns import describe_column, list_values
from pipeline.outputs.figures import write_figure
from pipeline.outputs.report.fractions import write_parts
from pipeline.outputs.tables import MOST_LISTED, Table, find_table_file
from pipeline.outputs.texts import choose_words, find_text, find_texts, name_unit

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Aim:
    """An indicator beside its target: both as shares of the bar's length, and how far they are apart."""

    name: str
    period: str
    value: str
    target: str
    gap: str
    reached: float
    aimed: float


def _format_percent(value: Any) -> str:
    return "—" if pd.isna(value) else f"{value:.2%}"


def _select_indicators(delivery: Delivery) -> pd.DataFrame:
    return delivery.tables.get("indicators", pd.DataFrame(columns=list(INDICATORS.columns)))


def _select_newest(delivery: Delivery) -> pd.DataFrame:
    """The last known value of each indicator."""
    known = _select_indicators(delivery).dropna(subset=["value"])
    return known.drop_duplicates("indicator", keep="last").set_index("indicator")


def _name_indicators(delivery: Delivery) -> dict[str, str]:
    return {entry.code: entry.name(delivery.language) for entry in list_values("indicator")}


def list_aims(delivery: Delivery) -> list[Aim]:
    """Indicators that have a target, each at its newest value; none where a section tells of targets.

    A bar does not tell whether more or less is asked for; the section of targets does.
    """
    if "targets" in delivery.tables:
        return []
    names = _name_indicators(delivery)
    rows = _select_newest(delivery).dropna(subset=["target"])
    return [_build_aim(names.get(str(row.Index), str(row.Index)), row, delivery) for row in rows.itertuples()]


def _build_aim(name: str, row: Any, delivery: Delivery) -> Aim:
    share = row.unit == "share"
    longest = 1.0 if share else max(row.value, row.target, 1e-9)
    points = (row.value - row.target) * (100 if share else 1)
    unit = find_text("report.points", delivery.language) if share else name_unit(row.unit, delivery.language)
    return Aim(
        name,
        str(row.period),
        _format_percent(row.value) if share else f"{row.value:,.2f} {unit}",
        _format_percent(row.target) if share else f"{row.target:,.2f} {unit}",
        f"{points:+.2f} {unit}",
        round(100 * min(max(row.value / longest, 0), 1), 2),
        round(100 * min(max(row.target / longest, 0), 1), 2),
    )


def tabulate_indicators(delivery: Delivery) -> Table | None:
    """All indicators with their units, each with the number of its source in the list of sources."""
    table = _select_indicators(delivery)
    if table.empty:
        return None
    rows = list_row_values(table.head(MOST_LISTED))
    words, parts = find_texts("report", delivery.language), {}
    parts[words["parts"]] = [write_parts(str(row["indicator"]), row, delivery) or "—" for row in rows]
    cells = {
        describe_column(name).name(delivery.language): [write(row, delivery) for row in rows]
        for name, write in _COLUMNS.items()
    }
    numbers = {
        source: f"[{number}]" for number, source in enumerate(list_indicator_sources(delivery), start=1)
    }
    sources = {words["sources"]: [numbers.get(str(row["source"]), "—") for row in rows]}
    told = {name: column for name, column in {**cells, **parts, **sources}.items() if {*column} - {"—"}}
    left_out = max(0, len(table) - MOST_LISTED)
    listed = [list(row) for row in zip(*told.values(), strict=True)]
    return Table(list(told), listed, left_out, file=find_table_file("indicators", delivery))


def _write_value(name: str) -> Callable[[Row, Delivery], str]:
    def write(row: Row, delivery: Delivery) -> str:
        known = pd.notna(row[name])
        return write_figure(float(row[name]), str(row["unit"]), delivery.language) if known else "—"

    return write


def _write_name(row: Row, delivery: Delivery) -> str:
    return _name_indicators(delivery).get(str(row["indicator"]), str(row["indicator"]))


def _write_reason(row: Row, delivery: Delivery) -> str:
    return "—" if pd.isna(row["reason"]) else choose_words(str(row["reason"]), delivery.language)


_COLUMNS: Mapping[str, Callable[[Row, Delivery], str]] = {
    "indicator": _write_name,
    "period": lambda row, _: str(row["period"]),
    "value": _write_value("value"),
    "low": _write_value("low"),
    "high": _write_value("high"),
    "target": _write_value("target"),
    "reason": _write_reason,
}


def list_indicator_sources(delivery: Delivery) -> list[str]:
    """What the indicators rest on; the table of indicators gives the place in this list."""
    return [str(source) for source in _select_indicators(delivery)["source"].dropna().unique()]
