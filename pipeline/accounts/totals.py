"""Totals of services by region and area, their sums by category, and GEP where all of them are known."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.accounts.books import split_years
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.services.registry import SERVICES
from pipeline.accounts.sharing import YearStatistics
from pipeline.accounts.valuing import Method, Valuation
from pipeline.contracts.accounts import ACCOUNT_TOTALS
from pipeline.contracts.columns import check_table

CATEGORIES = ("M", "R", "C")
GEP, PARTIAL, OUTSIDE = "GEP", "partial", "outside"
LEAST_KNOWN = 0.9
"""Share of supplying ground that must be known for a service to have a total."""
_IMPORTS = "imports_value"
_Row = dict[str, Any]
_SPAN = ["region", "period", "basis"]
_ITEM = ["service", "item"]
_MONEY = ["value_yuan", "comparable_yuan"]
_SUMS = ["quantity", *_MONEY, "area_m2", "unknown_m2"]
_BOUNDS = ["quantity_low", "quantity_high", "value_low", "value_high"]
_NONE_SUPPLIES = "区内无供给地类 / no ground there supplies it"
_UNTOLD = (
    "登记地类中无供给；另有未登记湿地 {0:.2f} ha，制图不能区分 / none as registered; "
    "{0:.2f} ha of wetland that is not registered are not told apart"
)
_OF_SURVEY = {code for code, service in SERVICES.items() if service.supply.is_registered}
_UNKNOWN = "供给面积的 {share:.1%} 未知 / of what supplies is unknown: {reason}"
_LACKING = "不含 / without: {0}"
_NO_ITEM = {"item": "", "unit": "yuan", "quantity": np.nan, "price": np.nan}
_NOT_DEDUCTED = "区外输入价值未扣除 / value from outside is not deducted"


def total_services(
    valuation: Valuation,
    statistics: pd.DataFrame,
    index: PriceIndex,
    method: Method,
    *,
    aoi_id: str,
    least_known: float = LEAST_KNOWN,
) -> pd.DataFrame:
    """ACCOUNT_TOTALS of the area and its regions: services by item, then their sums.

    A total is of the ground of which something is known, null where that is less than `least_known` of what
    supplies; 0 where no ground supplies. Sums are of the services that are known. GEP is all of them less
    what `imports_value` tells of value from outside, as the row `outside`; one of fewer is `partial`.
    """
    spans = _add_area(valuation.spans, aoi_id).groupby(_SPAN, as_index=False, sort=False).sum()
    summed = _judge(_sum_items(valuation.items, aoi_id), least_known)
    totals = _complete(summed, spans, valuation)
    outside = _Outside(statistics, index, method.price_year, aoi_id)
    sums = [row for rows in _list_spans(totals) for row in _sum_services(rows, method.services, outside)]
    table = pd.concat([totals, pd.DataFrame(sums)], ignore_index=True)
    table = table.assign(**dict.fromkeys(_BOUNDS, np.nan))
    checked: pd.DataFrame = check_table(table[[*ACCOUNT_TOTALS.columns]], ACCOUNT_TOTALS)
    return checked


def _add_area(rows: pd.DataFrame, aoi_id: str) -> pd.DataFrame:
    """Rows of regions, and once more as those of the area, unless it is its own only region."""
    parts = rows[rows["region"] != aoi_id]
    both: pd.DataFrame = pd.concat([rows.assign(region=aoi_id), parts], ignore_index=True)
    return both


def _sum_items(items: pd.DataFrame, aoi_id: str) -> pd.DataFrame:
    """Figures of items that count by region and, as the sum of its regions, of the area."""
    counted = items.loc[items["counted"], [*_SPAN, *_ITEM, *_SUMS, "unit", "indicative", "reason"]]
    regions = pd.concat(map(_sum_year, split_years(counted)), ignore_index=True)
    area = _sum_spans(regions.assign(region=aoi_id))
    both: pd.DataFrame = pd.concat([area, regions[regions["region"] != aoi_id]], ignore_index=True)
    return both


def _sum_year(counted: pd.DataFrame) -> pd.DataFrame:
    null = counted["value_yuan"].isna()
    return _sum_spans(
        counted.drop(columns="reason").assign(
            unvalued_m2=counted["area_m2"].where(null, counted["unknown_m2"]),
            unmoved=~null & counted["comparable_yuan"].isna(),
            lack=counted["reason"].where(null),
        )
    )


def _sum_spans(rows: pd.DataFrame) -> pd.DataFrame:
    sums = dict.fromkeys([*_SUMS, "unvalued_m2"], "sum")
    how = {**sums, "unit": "first", "indicative": "any", "unmoved": "any", "lack": "first"}
    summed: pd.DataFrame = rows.groupby([*_SPAN, *_ITEM], sort=False).agg(how).reset_index()
    return summed


def _judge(total: pd.DataFrame, least_known: float) -> pd.DataFrame:
    """Totals, null where too little of the ground is known."""
    most = (1.0 - least_known) * total["area_m2"]
    known = total["unvalued_m2"] <= most
    share = (total["unvalued_m2"] / total["area_m2"]).fillna(0.0)
    reason = [
        None if fine else _UNKNOWN.format(share=part, reason=lack)
        for fine, part, lack in zip(known, share, total["lack"], strict=True)
    ]
    return total.assign(
        quantity=total["quantity"].where(total["unknown_m2"] <= most),
        value_yuan=total["value_yuan"].where(known),
        comparable_yuan=total["comparable_yuan"].where(known & ~total["unmoved"]),
        known=known.astype(int),
        of=1,
        reason=np.array(reason, object),
    )


def _complete(totals: pd.DataFrame, spans: pd.DataFrame, valuation: Valuation) -> pd.DataFrame:
    """Totals of every span: null of what lacks an input everywhere, 0 of what no ground there supplies."""
    lacks = _drop_products(valuation.lacks, valuation.items)
    time = ["period", "basis"]
    found = valuation.items[[*time, *_ITEM, "unit"]].drop_duplicates([*time, *_ITEM])
    told = pd.concat([found, lacks]).drop_duplicates([*time, *_ITEM])
    every = spans.merge(told[[*time, *_ITEM, "unit", "reason"]], on=time)
    found = every.merge(totals.drop(columns="unit"), "left", [*_SPAN, *_ITEM], suffixes=("_everywhere", ""))
    absent, lacking = found["known"].isna(), found["reason_everywhere"].notna()
    none = absent & ~lacking
    found[["quantity", *_MONEY]] = found[["quantity", *_MONEY]].mask(none, 0.0)
    found["reason"] = found["reason"].mask(none, _NONE_SUPPLIES).mask(lacking, found["reason_everywhere"])
    untold = none & found["service"].isin(_OF_SURVEY) & (found["mapped_wetland_m2"] > 0)
    found.loc[untold, "reason"] = [
        _UNTOLD.format(area / 1e4) for area in found.loc[untold, "mapped_wetland_m2"]
    ]
    price = (found["value_yuan"] / found["quantity"]).where(found["quantity"] != 0)
    return found.assign(
        known=found["known"].mask(absent, none.astype(float)).astype(int),
        of=1,
        indicative=found["indicative"].eq(other=True),
        price=price,
    )


def _drop_products(lacks: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Lacks but those of products of which no statistic tells, where it tells of others: there are none."""
    time = ["period", "basis", "service"]
    open_lists = {code for code, service in SERVICES.items() if service.open_list}
    told = items.loc[items["service"].isin(open_lists), time].drop_duplicates()
    others = set(told.itertuples(index=False, name=None))
    rows = lacks[time].itertuples(index=False, name=None)
    return lacks[np.array([row not in others for row in rows], bool)]


def _list_spans(totals: pd.DataFrame) -> Iterable[list[_Row]]:
    """The totals of each region, period and basis."""
    spans: dict[tuple[str, ...], list[_Row]] = {}
    for told in totals.to_dict("records"):
        row = {str(name): value for name, value in told.items()}
        spans.setdefault(tuple(row[name] for name in _SPAN), []).append(row)
    return spans.values()


def _sum_services(rows: list[_Row], services: Sequence[str], outside: "_Outside") -> list[_Row]:
    """Sums of a span: by category, what is from outside, and of all services."""
    head = {name: rows[0][name] for name in _SPAN}
    known = {row["service"] for row in rows} - {row["service"] for row in rows if not row["known"]}
    counted = [row for row in rows if row["service"] in known]
    kinds = {kind: [code for code in services if SERVICES[code].category == kind] for kind in CATEGORIES}
    sums = [_sum_values(counted, kind, codes, known) for kind, codes in kinds.items() if codes]
    deducted = outside.deduct(head["region"], int(head["period"]))
    total = _sum_values(counted, GEP, services, known)
    if deducted["known"]:
        total.update({name: total[name] + deducted[name] for name in _MONEY})
    if not known.issuperset(services):
        total["service"] = PARTIAL
    total["reason"] = "; ".join(text for text in (total["reason"], deducted["reason"]) if text) or None
    return [{**head, **row} for row in (*sums, deducted, total)]


def _sum_values(rows: list[_Row], name: str, codes: Sequence[str], known: Collection[str]) -> _Row:
    mine = [row for row in rows if row["service"] in codes]
    lacking = [f"{code} {SERVICES[code].name_zh}" for code in codes if code not in known]
    return {
        **_NO_ITEM,
        **{money: sum(row[money] for row in mine) if mine else np.nan for money in _MONEY},
        "service": name,
        "known": len(codes) - len(lacking),
        "of": len(codes),
        "indicative": any(row["indicative"] for row in mine),
        "reason": _LACKING.format(", ".join(lacking)) if lacking else None,
    }


class _Outside:
    """Value from outside, as statistics tell it."""

    def __init__(self, statistics: pd.DataFrame, index: PriceIndex, price_year: int, aoi_id: str) -> None:
        self._index, self._price_year = index, price_year
        self._years = {
            int(year): YearStatistics(statistics, int(year), aoi_id) for year in statistics["year"].unique()
        }

    def deduct(self, region: str, year: int) -> _Row:
        """Value from outside, below 0, of a region of which it is told; null where it is not deducted."""
        value = -self._years[year].find_whole(_IMPORTS, region) if year in self._years else np.nan
        factor = self._index.find_factor(_IMPORTS, year, self._price_year)
        known = not np.isnan(value)
        return {
            **_NO_ITEM,
            "service": OUTSIDE,
            "value_yuan": value,
            "comparable_yuan": np.nan if factor is None else value * factor,
            "known": int(known),
            "of": 1,
            "indicative": False,
            "reason": None if known else _NOT_DEDUCTED,
        }
