"""Whether books balance: parcels and what is outside them, regions and classes against the whole area."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.accounts.books import join_book
from pipeline.accounts.totals import GEP, OUTSIDE, PARTIAL
from pipeline.accounts.variables import VARIABLES
from pipeline.contracts.account_checks import ACCOUNT_BALANCE, ACCOUNT_BASES

TOLERANCE = 1e-9
"""Relative difference up to which books balance."""

NOTES = {
    "units": "地块与地块外之和 / parcels and what is outside them",
    "regions": "各分区之和 / all regions",
    "classes": "各类别之和 / all classes",
    "closure": "平差前的闭合差 / error of closure before areas were adjusted",
    "ground": "各单元之和与整区直接求和 / units against the area as one piece",
}
_TOTAL, _UNKNOWN = "total", "unknown"
_ITEM = ["period", "basis", "service", "item", "unit"]
_SPAN = ["region", "period", "basis"]
_FIGURES = {"quantity": "quantity", "value_yuan": "value"}


def build_balance(
    sums: pd.DataFrame,
    whole: pd.DataFrame,
    items: pd.DataFrame,
    totals: pd.DataFrame,
    closures: Mapping[str, float],
    *,
    aoi_id: str,
    area_m2: float,
) -> pd.DataFrame:
    """ACCOUNT_BALANCE of ACCOUNT_SUMS, ACCOUNT_ITEMS and ACCOUNT_TOTALS of an area.

    `whole` has the sums of the area as one piece by period and class, `closures` the relative errors of
    closure of areas by region, that of the area under "".
    """
    parts = [
        _balance_areas(sums, closures, area_m2),
        *_balance_ground(sums, whole),
        *_balance_services(items, totals, aoi_id),
    ]
    table = pd.concat(parts, ignore_index=True)
    table["difference"] = table["parts_sum"] / table["whole"].where(table["whole"] != 0) - 1
    table["note"] = table["parts"].map(NOTES)
    return join_book([table], ACCOUNT_BALANCE)


def list_imbalances(balance: pd.DataFrame) -> pd.DataFrame:
    """Rows of ACCOUNT_BALANCE that differ by more than TOLERANCE; `closure` and `ground` only show it."""
    must = balance["parts"].isin(["units", "regions", "classes"])
    return balance[must & (balance["difference"].abs() > TOLERANCE)]


def _balance_areas(sums: pd.DataFrame, closures: Mapping[str, float], area_m2: float) -> pd.DataFrame:
    """Areas of units, regions and classes of either basis against that of the area."""
    rows = []
    for period, group in sums[sums["counted"]].groupby("period"):
        area = group["area_m2"]
        rows += [
            (period, None, "units", area.sum()),
            (period, None, "regions", area.groupby(group["region"]).sum().sum()),
            (period, "registered", "classes", _sum_classes(area, group["ecosystem"])),
            (period, "mapped", "classes", _sum_classes(area, group["mapped"])),
            (period, None, "closure", area_m2 * (1 + _find_largest(closures))),
        ]
    table = pd.DataFrame(rows, columns=["period", "basis", "parts", "parts_sum"])
    return table.assign(subject="area", item="", figure="area", unit="m2", whole=area_m2)


def _sum_classes(area: pd.Series, classes: pd.Series) -> float:
    return float(area.groupby(classes, dropna=False).sum().sum())


def _find_largest(closures: Mapping[str, float]) -> float:
    return max(closures.values(), key=abs, default=0.0)


def _balance_ground(sums: pd.DataFrame, whole: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Sums of area and variables by period: of the units against the area as one piece."""
    names = {"area_m2": ("area", "m2")} | {name: (name, f"{one.unit} m2") for name, one in VARIABLES.items()}
    counted = sums[sums["counted"]].groupby("period")
    for column, (subject, unit) in names.items():
        if column in sums and column in whole:
            both = pd.DataFrame({"parts_sum": counted[column].sum()})
            both["whole"] = whole.groupby("period")[column].sum()
            figure = "area" if subject == "area" else "variable"
            yield both.reset_index().assign(
                basis=None, subject=subject, item="", figure=figure, parts="ground", unit=unit
            )


def _balance_services(items: pd.DataFrame, totals: pd.DataFrame, aoi_id: str) -> Iterator[pd.DataFrame]:
    """Quantity and value of every item by units, classes and regions against the total of the area."""
    counted = items.loc[items["counted"], [*_ITEM, "account_class", *_FIGURES]]
    totals = _add_outside(totals)
    of_area = totals[totals["region"].eq(aoi_id)].set_index(_ITEM)
    towns = _list_like(totals[~totals["region"].eq(aoi_id)], of_area).groupby(_ITEM)
    for column, figure in _FIGURES.items():
        whole = of_area[column].dropna().rename("whole")
        by_class = counted.groupby([*_ITEM, "account_class"], dropna=False)[column].sum()
        sums = {
            "units": counted.groupby(_ITEM)[column].sum(),
            "classes": by_class.groupby(_ITEM).sum(),
            "regions": towns[column].agg(_sum_all).dropna(),
        }
        for parts, found in sums.items():
            both = whole.to_frame().join(found.rename("parts_sum"), how="inner").reset_index()
            told = both.rename(columns={"service": "subject"}).assign(parts=parts, figure=figure)
            yield told if figure == "quantity" else told.assign(unit="yuan")


def _add_outside(totals: pd.DataFrame) -> pd.DataFrame:
    """Totals in which value from outside, which regions may not tell, is not yet deducted."""
    outside = (
        totals[totals["service"].eq(OUTSIDE)].set_index(_SPAN)["value_yuan"].rename("outside").fillna(0.0)
    )
    deducted = totals[_SPAN].join(outside, on=_SPAN)["outside"].fillna(0.0)
    whole = totals["service"].isin((GEP, PARTIAL))
    before = totals["value_yuan"] - deducted.where(whole, 0.0)
    return totals.assign(value_yuan=before)[~totals["service"].eq(OUTSIDE)]


def _list_like(towns: pd.DataFrame, of_area: pd.DataFrame) -> pd.DataFrame:
    """Totals of regions, without figures where another number of indicators is known than of the area."""
    told = towns.join(of_area["known"].rename("known_of_area"), on=_ITEM)
    like = told["known"].eq(told["known_of_area"])
    figures = list(_FIGURES)
    return told.assign(**{name: told[name].where(like) for name in figures})


def _sum_all(values: pd.Series) -> float:
    """Sum of values; NaN where one is unknown."""
    return float(values.sum(skipna=False))


def compare_bases(items: pd.DataFrame) -> pd.DataFrame:
    """ACCOUNT_BASES of ACCOUNT_ITEMS, where they have both bases; empty where they have one."""
    keys = ["period", "service", "item", "account_class", "unit"]
    figures = {"area_m2": "m2", "quantity": "quantity", "value_yuan": "yuan"}
    counted = items.loc[items["counted"], [*keys, *figures, "basis"]]
    rows = counted.assign(account_class=name_types(counted["account_class"]))
    sides = [
        _add_up(rows[rows["basis"].eq(basis)], keys, list(figures)).rename(
            columns={name: f"{basis}_{short}" for name, short in figures.items()}
        )
        for basis in ("registered", "mapped")
    ]
    if any(side.empty for side in sides):
        return join_book([], ACCOUNT_BASES)
    both = sides[0].join(sides[1], how="outer").reset_index()
    areas = ["registered_m2", "mapped_m2"]
    both[areas] = both[areas].fillna(0.0)
    of_item = [key for key in keys if key != "account_class"]
    numbers = [name for name in both.columns if name not in keys]
    whole = both.groupby(of_item)[numbers].sum(min_count=1).reset_index().assign(account_class=_TOTAL)
    table = pd.concat([both, whole], ignore_index=True)
    values = [table[f"{basis}_yuan"] for basis in ("mapped", "registered")]
    known = values[0].notna() | values[1].notna()
    table["difference_yuan"] = (values[0].fillna(0.0) - values[1].fillna(0.0)).where(known)
    table = table.sort_values(of_item, kind="stable", ignore_index=True)
    return join_book([table], ACCOUNT_BASES)


def name_types(classes: pd.Series) -> pd.Series:
    """Ecosystem types of classes of accounts: of codes of the survey theirs, of covers the one that they are.

    A class that is of no single type keeps its name; null is `unknown`.
    """
    land = standards.table("land_classes").set_index("code")["ecosystem"]
    kinds = standards.table("land_kinds").set_index("key")
    cover = kinds.loc[kinds.index == kinds["cover"], "ecosystem"].replace("", np.nan).dropna()
    types = {**land.to_dict(), **cover.to_dict()}
    codes, names = pd.factorize(classes)
    named = np.array([*(types.get(name, name) for name in names), _UNKNOWN], object)
    return pd.Series(named[codes], classes.index)


def _add_up(rows: pd.DataFrame, keys: list[str], columns: list[str]) -> pd.DataFrame:
    known: pd.DataFrame = rows.groupby(keys)[columns].sum(min_count=1)
    return known
