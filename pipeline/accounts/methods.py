"""What the services of a profile are, and what each was made from: for readers who have the tables alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.accounts.books import join_book
from pipeline.accounts.service import Needs, Service, ServiceItem
from pipeline.accounts.sharing import YearStatistics
from pipeline.accounts.valuing import Method
from pipeline.accounts.variables import VARIABLES
from pipeline.contracts.accounts import ACCOUNT_INPUTS, ACCOUNT_METHODS

_FORMULA = "实物量 quantity = {quantity}；单价 price = {price}"
_SHARED = "；统计数据分摊权重 statistics handed out by {key}"
_LAND = "land_cover"
_FILE = ["file", "sheet", "row"]


@dataclass(frozen=True)
class Evidence:
    """Where inputs come from: sources of variables, and delivered rasters of layers, by name and period."""

    layers: Mapping[tuple[str, str], str]
    rasters: Mapping[tuple[str, str], str]


def describe_methods(method: Method, statistics: pd.DataFrame, *, aoi_id: str) -> pd.DataFrame:
    """ACCOUNT_METHODS: services and items of a profile, of products all that statistics of any year tell."""
    rows = {
        (service.code, item.key): _describe_item(service, item, str(method.options["share_by"]))
        for year in _list_years(statistics)
        for service, item in method.list_items(YearStatistics(statistics, year, aoi_id))
    }
    order = {code: number for number, code in enumerate(method.services)}
    told = sorted(rows.values(), key=lambda row: order[str(row["service"])])
    return join_book([pd.DataFrame(told)], ACCOUNT_METHODS)


def _list_years(statistics: pd.DataFrame) -> list[int]:
    years = [int(year) for year in sorted(statistics["year"].unique())]
    return years or [0]


def _describe_item(service: Service, item: ServiceItem, share_by: str) -> dict[str, object]:
    several = item.key != ""
    formula = _FORMULA.format(quantity=item.quantity.text, price=item.price.text)
    if item.needs.shared:
        formula += _SHARED.format(key=item.share.text if item.share else share_by)
    return {
        "service": service.code,
        "item": item.key,
        "category": service.category,
        "name_zh": service.name_zh,
        "name_en": service.name_en,
        "item_zh": item.name_zh if several else None,
        "item_en": item.name_en if several else None,
        "unit": item.unit,
        "formula": formula,
        "source": service.source,
    }


def describe_inputs(
    method: Method,
    sums: pd.DataFrame,
    statistics: pd.DataFrame,
    evidence: Evidence,
    *,
    aoi_id: str,
) -> pd.DataFrame:
    """ACCOUNT_INPUTS of every service and period: classes, layer variables, statistics, given or not."""
    rows = [
        {"service": code, "period": period, **row}
        for period, ground in sums.groupby("period")
        for code, needs in _list_needs(method, YearStatistics(statistics, int(str(period)), aoi_id))
        for row in [
            _describe_land(str(period), evidence),
            *_describe_layers(needs.variables, str(period), ground, evidence),
            *_describe_statistics(needs.codes, int(str(period)), statistics),
        ]
    ]
    return join_book([pd.DataFrame(rows)], ACCOUNT_INPUTS)


def _list_needs(method: Method, statistics: YearStatistics) -> Iterator[tuple[str, Needs]]:
    """What quantity, price and share of the items of each service read."""
    needs: dict[str, Needs] = {}
    for service, item in method.list_items(statistics):
        of_item = item.needs
        needs[service.code] = needs[service.code] + of_item if service.code in needs else of_item
    yield from needs.items()


def _describe_land(period: str, evidence: Evidence) -> dict[str, object]:
    raster = evidence.rasters.get((_LAND, period))
    return {"kind": "map", "input": _LAND, "unit": None, "given": True, "source": None, "raster": raster}


def _describe_layers(
    names: Sequence[str], period: str, ground: pd.DataFrame, evidence: Evidence
) -> Iterator[dict[str, object]]:
    for name in names:
        known = f"{name}_m2"
        yield {
            "kind": "layer",
            "input": name,
            "unit": VARIABLES[name].unit,
            "given": bool(known in ground and ground[known].sum() > 0),
            "source": evidence.layers.get((name, period)),
            "raster": evidence.rasters.get((name, period)),
        }


def _describe_statistics(
    codes: Sequence[str], year: int, statistics: pd.DataFrame
) -> Iterator[dict[str, object]]:
    for code in codes:
        found = statistics[(statistics["year"] == year) & (statistics["item"] == code)]
        places = found[_FILE].astype(object).apply(_name_place, axis=1) if len(found) else pd.Series()
        yield {
            "kind": "statistic",
            "input": code,
            "unit": found["unit"].iloc[0] if len(found) else None,
            "given": len(found) > 0,
            "source": "；".join(dict.fromkeys(places)) or None,
            "raster": None,
        }


def _name_place(row: pd.Series) -> str:
    """File, sheet and row of a figure."""
    return " ".join(str(part) for part in row if not pd.isna(part) and part != 0)
