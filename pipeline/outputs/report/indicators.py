"""Indicators in the report: bars towards targets, and the table of them all."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.columns import list_values
from pipeline.outputs.tables import Table, drop_empty, find_file, format_table, name_table
from pipeline.outputs.texts import find_text

_INDICATOR_COLUMNS = (
    "indicator",
    "period",
    "value",
    "unit",
    "numerator",
    "denominator",
    "low",
    "high",
    "target",
)


_PERCENT = ("value", "low", "high", "target")


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
    columns = [*_INDICATOR_COLUMNS, "source", "reason"]
    return delivery.tables.get("indicators", pd.DataFrame(columns=columns))


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
    unit = find_text("report.points", delivery.language) if share else row.unit
    return Aim(
        name,
        str(row.period),
        _format_percent(row.value) if share else f"{row.value:,.2f} {unit}",
        _format_percent(row.target) if share else f"{row.target:,.2f} {unit}",
        f"{points:+.2f} {unit}",
        round(100 * min(max(row.value / longest, 0), 1), 2),
        round(100 * min(max(row.target / longest, 0), 1), 2),
    )


def build_indicators(delivery: Delivery) -> Table | None:
    """All indicators, shares in percent, each with the number of its source in the list of sources."""
    table = _select_indicators(delivery)
    if table.empty:
        return None
    share = table["unit"].eq("share")
    percents = {
        column: table[column]
        .astype(float)
        .map(_format_percent)
        .where(share, table[column])
        .where(table[column].notna())
        for column in _PERCENT
    }
    numbers = {source: f"[{number}]" for number, source in enumerate(list_sources(delivery), start=1)}
    told = table.assign(
        **percents, unit=table["unit"].where(~share, "%"), source=table["source"].map(numbers)
    )
    kept = told[[*_INDICATOR_COLUMNS, "source", "reason"]]
    tidy = drop_empty(kept, ("low", "high", "target", "reason")).drop(columns="unit" if share.all() else [])
    return format_table(name_table(tidy, delivery), file=find_file("indicators", delivery))


def list_sources(delivery: Delivery) -> list[str]:
    """What the indicators rest on; the table of indicators gives the place in this list."""
    return [str(source) for source in _select_indicators(delivery)["source"].dropna().unique()]
