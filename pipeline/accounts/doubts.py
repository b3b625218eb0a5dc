"""Parameters that are to be doubted: far from those of other places, or per t C where per t CO2 is meant."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

import pandas as pd

from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.services.carbon import CO2_PER_CARBON
from pipeline.settings.parameters import ParameterRow

TIMES = 10.0
"""How many times more, or less, than in the middle of other places is too much to go without a word."""
_LEAST_OTHERS = 3
_ROUNDING = 1e-6
_FAR = "为其他 {count} 处取值中位数的 {times:.3g} 倍 / {times:.3g} times the median of {count} other places"
_PER_CARBON = (
    "与{place}按碳计的数值相同，应核对是按碳还是按二氧化碳 / the same figure is per t C in {place}: C or CO2?"
)
_PER_DIOXIDE = (
    "与{place}按二氧化碳计的数值相同，应核对是按碳还是按二氧化碳 / the same figure is per t CO2 in {place}: "
    "C or CO2?"
)
_UNMOVED = "{given} 年价格，指数不能换算到 {years} 年 / in prices of {given}: no index brings it to {years}"


def add_doubts(
    parameters: pd.DataFrame, elsewhere: Iterable[ParameterRow], index: PriceIndex, years: Sequence[int]
) -> pd.DataFrame:
    """ACCOUNT_PARAMETERS with the column `doubt`: what speaks against a figure, null where nothing does.

    `elsewhere` are figures of other places. A figure is doubted that is `TIMES` their median or a `TIMES`-th
    of it, one of carbon that would be that of another place if it were per t C there and per t CO2 here, or a
    price that the index does not bring to the `years` of the accounts. Figures stay as they are.
    """
    others: dict[str, list[ParameterRow]] = {}
    for row in elsewhere:
        others.setdefault(row.key, []).append(row)
    rows = parameters.to_dict("records")
    said = [
        (*_find_doubts(row, others.get(row["key"], [])), *_find_fixed_prices(row, index, years))
        for row in rows
    ]
    doubts = ["; ".join(texts) or None for texts in said]
    return parameters.assign(doubt=pd.Series(doubts, parameters.index, dtype=object))


def _find_doubts(row: Mapping[object, object], others: Sequence[ParameterRow]) -> list[str]:
    named = None if pd.isna(row["class"]) else row["class"]  # type: ignore[call-overload]
    value = float(row["value"])  # type: ignore[arg-type]
    alike = [other for other in others if other.land_class == named and other.value > 0]
    return [*_find_far(value, alike), *_find_other_unit(value, alike if "CO2" in str(row["unit"]) else [])]


def _find_far(value: float, others: Sequence[ParameterRow]) -> list[str]:
    if len(others) < _LEAST_OTHERS:
        return []
    times = value / median(other.value for other in others)
    far = times >= TIMES or times <= 1.0 / TIMES
    return [_FAR.format(count=len(others), times=times)] if far else []


def _find_other_unit(value: float, others: Sequence[ParameterRow]) -> list[str]:
    """Other places whose figure is this one, but for the carbon in CO2."""
    return [
        text.format(place=other.region)
        for other in others
        for text, factor in ((_PER_CARBON, CO2_PER_CARBON), (_PER_DIOXIDE, 1.0 / CO2_PER_CARBON))
        if abs(value / factor - other.value) <= _ROUNDING * other.value
    ]


def _find_fixed_prices(row: Mapping[object, object], index: PriceIndex, years: Sequence[int]) -> list[str]:
    """What of the years of the accounts the index does not bring a price to."""
    given = row["price_year"]
    if pd.isna(given):  # type: ignore[call-overload]
        return []
    lacking = [str(year) for year in years if index.find_factor(str(row["key"]), int(given), year) is None]  # type: ignore[call-overload]
    return [_UNMOVED.format(given=given, years="、".join(lacking))] if lacking else []
