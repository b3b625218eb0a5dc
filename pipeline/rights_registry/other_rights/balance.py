"""What was granted, traded and used of each resource, by right, holder and calendar year."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.contracts import RIGHTS_BALANCE
from pipeline.rights_registry.other_rights.states import holds_in

NO_GRANT = "登记簿中没有许可量 / no grant in the registers"
NO_USE = "未载用量，或部分权证未载 / no use is told, or not of every right"
NO_TRADES = "没有交易登记簿，未计交易 / no register of trades: none is reckoned"

_OF_YEAR = ["resource", "period"]
_OF_RIGHT = ["right_id", *_OF_YEAR]
_OF_HOLDER = ["holder_id", *_OF_YEAR]


def balance_rights(
    rights: pd.DataFrame, amounts: pd.DataFrame, sides: pd.DataFrame, years: Iterable[int]
) -> pd.DataFrame:
    """RIGHTS_BALANCE of the `years`, and of those that amounts or trades tell.

    An annual grant without a year holds in each year that the right holds on some day of; where a right has a
    grant of that year, that one holds. What a holder has and used is known where all its rights tell it.
    """
    told = {int(year) for table in (amounts, sides) for year in table["year"].dropna()}
    of_rights = _list_rights(rights, amounts, sorted({*years, *told}))
    of_trades = sum_trades(sides)
    of_holders = _list_holders(of_rights, of_trades)
    table = pd.concat([of_rights, of_holders, _list_all(of_rights, of_trades)], ignore_index=True)
    return _settle(table, set(sides["resource"]))


def list_uses(balance: pd.DataFrame) -> pd.DataFrame:
    """Rows of a balance whose use is held against what is `allowed`, granted + bought - sold.

    Trades are of holders and not of rights: a holder with trades, or with one right, is judged as a whole,
    the rights of another one by one.
    """
    holders = balance[balance["level"].eq("holder")]
    trades = holders[["bought", "sold"]].fillna(0.0).gt(0).any(axis=1)
    whole = holders[trades | holders["right_count"].eq(1)]
    rights = balance[balance["level"].eq("right")]
    together = pd.MultiIndex.from_frame(whole[_OF_HOLDER])
    alone = rights[~pd.MultiIndex.from_frame(rights[_OF_HOLDER]).isin(together)]
    rows = pd.concat([whole, alone], ignore_index=True)
    return rows.assign(allowed=rows["granted"] + rows["bought"].fillna(0.0) - rows["sold"].fillna(0.0))


def sum_trades(sides: pd.DataFrame) -> pd.DataFrame:
    """What each holder bought and sold, by resource and year, from sides with their `value`."""
    rows = sides.dropna(subset=["holder_id", "year"])
    named = rows.assign(
        period=rows["year"].astype(int).astype(str),
        bought=rows["value"].clip(lower=0).astype(float),
        sold=-rows["value"].clip(upper=0).astype(float) + 0.0,
    )
    groups = named.groupby(_OF_HOLDER, sort=False, as_index=False)
    return groups.agg(bought=("bought", "sum"), sold=("sold", "sum"), holder=("holder", "first"))


def _list_rights(rights: pd.DataFrame, amounts: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """Rows of the rights: granted and used by resource and year."""
    granted = [_list_grants(rights, amounts, year) for year in years]
    used = amounts[amounts["what"].eq("used")]
    columns = {
        "granted": pd.concat(granted, ignore_index=True) if granted else amounts[:0],
        "used": used.dropna(subset="year"),
    }
    sums = [_sum_amounts(table).rename(name) for name, table in columns.items()]
    silent = _list_silent(rights, amounts, years)
    rows = pd.concat([*sums, silent], axis=1).reset_index()[[*_OF_RIGHT, *columns]]
    holders = rights.set_index("right_id")[["holder_id", "holder"]]
    return rows.join(holders, on="right_id").assign(level="right", right_count=1)


def _list_silent(rights: pd.DataFrame, amounts: pd.DataFrame, years: Iterable[int]) -> pd.Series:
    """Years of rights of one resource, such as water, that tell no amount at all."""
    resources = standards.table("rights_resources").set_index("family")["resource"]
    single = resources[~resources.index.duplicated(keep=False)]
    families = rights["right_kind"].map(standards.table("rights_kinds").set_index("kind")["family"])
    mute = rights.assign(resource=families.map(single)).dropna(subset="resource")
    mute = mute[~mute["right_id"].isin(amounts["right_id"])]
    parts = [mute[holds_in(mute, year)].assign(period=str(year)) for year in years]
    return pd.concat([mute[:0].assign(period=""), *parts]).set_index(_OF_RIGHT)["right_kind"]


def _list_grants(rights: pd.DataFrame, amounts: pd.DataFrame, year: int) -> pd.DataFrame:
    """Grants that hold in a year."""
    grants = amounts[amounts["what"].eq("granted")]
    of_year = grants[grants["year"].eq(year)]
    holding = rights.loc[holds_in(rights, year), "right_id"]
    annual = grants[grants["year"].isna() & grants["right_id"].isin(holding)]
    both = pd.concat([of_year, annual.assign(year=year)] if len(of_year) else [annual.assign(year=year)])
    return both.drop_duplicates(["right_id", "resource"])


def _sum_amounts(table: pd.DataFrame) -> pd.Series:
    years = table["year"].astype(float).astype(int).astype(str)
    return table.assign(period=years).groupby(_OF_RIGHT, sort=False)["value"].sum()


def _list_holders(of_rights: pd.DataFrame, of_trades: pd.DataFrame) -> pd.DataFrame:
    """Rows of the holders: what their rights tell, and their trades."""
    own = of_rights.dropna(subset="holder_id")
    names = own.groupby(_OF_HOLDER, sort=False)["holder"].first()
    sums = _sum_complete(own, _OF_HOLDER).join(names).reset_index()
    rows = sums.merge(of_trades, on=_OF_HOLDER, how="outer", suffixes=("", "_traded"))
    holder = rows["holder"].where(rows["holder"].notna(), rows["holder_traded"])
    counts = rows["right_count"].fillna(0).astype(int)
    return rows.drop(columns="holder_traded").assign(holder=holder, right_count=counts, level="holder")


def _list_all(of_rights: pd.DataFrame, of_trades: pd.DataFrame) -> pd.DataFrame:
    """Rows of all, by resource and year."""
    traded = of_trades.groupby(_OF_YEAR)[["bought", "sold"]].sum()
    rows = _sum_complete(of_rights, _OF_YEAR).join(traded, how="outer").reset_index()
    return rows.assign(level="all", right_count=rows["right_count"].fillna(0).astype(int))


def _sum_complete(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Granted and used where all rights of a group tell them, and how many rights there are."""
    groups = rows.groupby(key, sort=False)
    counts = groups.size()
    sums = groups[["granted", "used"]].sum().where(groups[["granted", "used"]].count().eq(counts, axis=0))
    return sums.assign(right_count=counts)


def _settle(table: pd.DataFrame, traded: set[str]) -> pd.DataFrame:
    """The table with what follows from its figures, units and reasons."""
    units = {row["resource"]: row["unit"] for row in standards.read_rows("rights_resources")}
    known = table["resource"].isin(traded) & table["level"].ne("right")
    bought, sold = (
        table[name].astype(float).mask(known & table[name].isna(), 0.0) for name in ("bought", "sold")
    )
    allowed = table["granted"].astype(float) + bought.fillna(0.0) - sold.fillna(0.0)
    used = table["used"].astype(float)
    reasons = {
        NO_GRANT: table["granted"].isna(),
        NO_USE: used.isna(),
        NO_TRADES: table["level"].ne("right") & ~known,
    }
    said = pd.DataFrame(
        {text: np.where(holds, text, "") for text, holds in reasons.items()}, index=table.index
    )
    settled = table.assign(
        bought=bought,
        sold=sold,
        left_amount=allowed - used,
        used_share=(used / allowed).where(allowed > 0),
        traded_difference=(bought - sold).where(table["level"].eq("all")),
        unit=table["resource"].map(units),
        reason=_join_reasons(said),
    )
    return settled.reindex(columns=list(RIGHTS_BALANCE.columns))


def _join_reasons(said: pd.DataFrame) -> pd.Series:
    """Reasons of each row behind one another; null where there is none."""
    joined = ["；".join(filter(None, row)) or None for row in said.to_numpy(dtype=object)]
    return pd.Series(joined, index=said.index, dtype=object)
