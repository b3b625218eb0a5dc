"""Figures that indices are made from: each with where it is from, or why it is not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from pipeline import standards

_SAME = 1e-9
_FACTORS: Mapping[tuple[str, str], float] = {("ha", "km2"): 0.01, ("m3", "1e6 m3"): 1e-6}


@dataclass(frozen=True)
class Amount:
    """A figure and where it is from; None with a reason where it is not known.

    `numerator` and `denominator` are those of a share, `low` and `high` the bounds of what is not sure.
    """

    value: float | None
    source: str
    reason: str | None = None
    numerator: float | None = None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None


class AreaStatistics:
    """STATISTICS of one region, of one table or several: what they agree on."""

    def __init__(self, statistics: pd.DataFrame, region: str) -> None:
        own = statistics[statistics["region"].eq(region) & statistics["product"].isna()]
        self._rows = dict(tuple(own.groupby(["year", "item"], sort=False)))

    def find(self, item: str, year: int, unit: str) -> Amount:
        """An item of a year in a unit; not known where no table tells it, or two of them differ."""
        rows = self._rows.get((year, item))
        name_zh, name_en = _name_items().get(item, (item, item))
        if rows is None:
            reason = f"统计资料没有 {year} 年{name_zh} / no statistics tell the {name_en} of {year} ({item})"
            return Amount(None, "统计资料 statistics", reason)
        source = "; ".join(dict.fromkeys(_list_places(rows)))
        if rows["value"].max() - rows["value"].min() > _SAME * rows["value"].abs().max():
            reason = (
                f"{year} 年{name_zh}各表不一致 / tables differ in the {name_en} of {year} ({item}): {source}"
            )
            return Amount(None, source, reason)
        own = str(rows["unit"].iloc[0])
        factor = 1.0 if own == unit else _FACTORS[own, unit]
        return Amount(float(rows["value"].iloc[0]) * factor, source)


def _list_places(rows: pd.DataFrame) -> list[str]:
    places = rows[["file", "sheet", "row"]].itertuples(index=False)
    return [
        ", ".join([file, *([] if pd.isna(sheet) else [sheet]), f"row {row}"]) for file, sheet, row in places
    ]


@cache
def _name_items() -> Mapping[str, tuple[str, str]]:
    return {row["code"]: (row["name_zh"], row["name_en"]) for row in standards.read_rows("statistic_items")}
