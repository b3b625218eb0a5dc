"""Trades of rights by double entry: which are balanced, whose they are, what they cost."""

import pandas as pd

from pipeline import standards
from pipeline.contracts import RIGHTS_TRADES

_PRECISION = 1e-9
NO_YEAR = "没有年份，未计入结余 / no year: not part of the balance"


def build_trades(sides: pd.DataFrame, rights: pd.DataFrame) -> pd.DataFrame:
    """RIGHTS_TRADES: one row per side, with the rights of its party in the family that is traded."""
    kinds = {row["kind"]: row["family"] for row in standards.read_rows("rights_kinds")}
    units = {row["resource"]: row["unit"] for row in standards.read_rows("rights_resources")}
    own = rights.assign(family=rights["right_kind"].map(kinds)).dropna(subset="holder_id")
    of_party = own.groupby(["family", "holder_id"], sort=False)["right_id"].agg(";".join)
    keys = pd.MultiIndex.from_arrays([sides["right_kind"].map(kinds), sides["holder_id"]])
    years = sides["year"].map(lambda year: str(int(year)), na_action="ignore").astype(object)
    table = sides.assign(
        trade_id=sides["trade"],
        party=sides["holder"],
        party_id=sides["holder_id"],
        party_rights=_to_nulls(of_party.reindex(keys).to_numpy(dtype=object), sides.index),
        change=sides["value"],
        unit=sides["resource"].map(units),
        day=_to_nulls(sides["day"].map(str, na_action="ignore"), sides.index),
        period=_to_nulls(years, sides.index),
        price_yuan=sides["price"].astype(float),
        total_yuan=sides["total"].astype(float),
        reason=_to_nulls(years.isna().map({True: NO_YEAR}), sides.index),
    )
    return table.reindex(columns=list(RIGHTS_TRADES.columns)).reset_index(drop=True)


def sum_each_trade(trades: pd.DataFrame) -> pd.DataFrame:
    """What is `bought` and `sold` in each trade, resource and period, and the `traded_difference`."""
    named = trades.assign(bought=trades["change"].clip(lower=0), sold=-trades["change"].clip(upper=0))
    groups = named.groupby(["right_kind", "trade_id", "resource", "period", "unit"], sort=False, dropna=False)
    rows = groups[["bought", "sold"]].sum().reset_index()
    return rows.assign(traded_difference=rows["bought"] - rows["sold"])


def reckon_totals(sides: pd.DataFrame) -> pd.DataFrame:
    """Trades that state price and total: `total_yuan`, `reckoned_yuan` and how far both may be apart.

    The total is price times amount; `rounding_yuan` is what half of the last places that are written come to.
    """
    rows = sides.dropna(subset=["price", "total"]).drop_duplicates(["right_kind", "trade", "row", "file"])
    figures = ("price", "price_rounding", "total", "total_rounding", "value", "rounding")
    price, of_price, total, of_total, value, of_value = (rows[name].astype(float) for name in figures)
    slack = price * of_value + value.abs() * of_price + of_total
    return rows.assign(
        trade_id=rows["trade"],
        total_yuan=total,
        reckoned_yuan=price * value.abs(),
        rounding_yuan=slack * (1 + _PRECISION),
    )


def _to_nulls(values: object, index: pd.Index) -> pd.Series:
    found = pd.Series(values, index=index, dtype=object)
    return found.where(found.notna(), None)
