"""Shares of other rights as indicators: in force, linked, and how much of the licensed water is used."""

from collections.abc import Iterator, Sequence
from datetime import date

import pandas as pd

from pipeline.indices.indicators import build_share
from pipeline.periods import Period

NO_RIGHTS = "登记簿中没有范围内的权利 / no right of the area in the registers"
NO_USE = "有权证未载许可量或用量 / what is granted or used is not told of every right"
NO_YEAR = "时段不是自然年，用量按年登记 / the period is no calendar year, and use is told by the year"


def build_right_indicators(
    rights: pd.DataFrame, links: pd.DataFrame, balance: pd.DataFrame, periods: Sequence[Period], aoi: str
) -> pd.DataFrame:
    """INDICATORS: of the last period the shares of rights in force and linked, of each the use of water.

    The share of water is that of what all holders of the registers used in what they are allowed (granted +
    bought - sold) in that calendar year; null where that is not told of every right, and in other periods.
    """
    period = periods[-1].label
    in_force = int(rights["state"].eq("in_force").sum())
    linked = int(rights["right_id"].isin(links["right_id"]).sum())
    shares = [("rights_in_force_share", in_force), ("rights_linked_share", linked)]
    rows = [
        build_share(
            name, period, count, len(rights), unseen=0, source="rights, rights_links", reason=NO_RIGHTS
        )
        for name, count in shares
    ]
    table = pd.DataFrame([*rows, *_list_water_use(balance, periods)])
    return table.assign(aoi=aoi)


def _list_water_use(balance: pd.DataFrame, periods: Sequence[Period]) -> Iterator[dict[str, object]]:
    rows = balance[balance["level"].eq("all") & balance["resource"].eq("water")].set_index("period")
    for period in periods:
        year = str(period.first.year)
        row = rows[rows.index == year].dropna(subset="left_amount") if _is_year(period) else rows[:0]
        known, used = len(row) > 0, float(row["used"].sum())
        allowed = used + float(row["left_amount"].sum())
        reason = NO_USE if _is_year(period) else NO_YEAR
        share = build_share(
            "licensed_water_use_share",
            period.label,
            used,
            allowed,
            unseen=0,
            source="rights_balance",
            reason=reason,
        )
        yield share if known else {**share, "numerator": None, "denominator": None}


def _is_year(period: Period) -> bool:
    first, last = date(period.first.year, 1, 1), date(period.first.year, 12, 31)
    return (period.first, period.last) == (first, last)
