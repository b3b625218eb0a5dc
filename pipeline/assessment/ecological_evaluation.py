"""The ecological index of one year: its sub-indices from amounts, each with its inputs, and their sum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.assessment import ecological_index as norm
from pipeline.assessment.amounts import Amount

Row = dict[str, object]

MONTHS = (5, 6, 7, 8, 9)
"""Those whose greatest NDVI counts."""

_CONFIRMED_BASIS = "HJ 192-2015"


@dataclass(frozen=True)
class Evaluation:
    """A sub-index of a year and what it is made from.

    `basis` is that of its land classes, None where it has none; of two bases one is `counted`.
    """

    key: str
    value: float | None
    inputs: tuple[Row, ...]
    source: str = _CONFIRMED_BASIS
    reason: str | None = None
    low: float | None = None
    high: float | None = None
    basis: str | None = None
    counted: bool = True
    indicative: bool = False

    def bound(self, greatest: float | None) -> "Evaluation":
        """The same, at most so much."""
        if greatest is None or self.value is None:
            return self
        low, high = (None if one is None else min(one, greatest) for one in (self.low, self.high))
        return replace(self, value=min(self.value, greatest), low=low, high=high)

    def refuse(self, most: float) -> "Evaluation":
        """The same, not known where it is above what can be believed."""
        if self.value is None or self.value <= most:
            return self
        reason = (
            f"{self.value:.1f} 超过 {most:g}，不可信：请核对统计数字与评价范围是否一致 / "
            f"{self.value:.1f} is above {most:g}: are the statistics those of the area?"
        )
        return replace(self, value=None, low=None, high=None, reason=reason)


@dataclass(frozen=True)
class Total:
    """EI of a year: exact, before and after the limit; None where a sub-index is missing."""

    value: Decimal | None
    before_limit: Decimal | None
    normalised: Mapping[str, Decimal]
    level: int | None
    reason: str | None = None
    limit_reason: str | None = None
    indicative: bool = True

    @property
    def known(self) -> int:
        """How many sub-indices have a value."""
        return len(self.normalised)


def evaluate_biology(areas: norm.LandAreas, zone: str, basis: str, source: str, least: float) -> Evaluation:
    """Biological abundance by habitat quality; not known where less than `least` of the land has a class."""
    if not areas.known_m2 or areas.known_share < least:
        return Evaluation(
            norm.HABITAT, None, (), source, explain_unknown_land(areas, least), basis=basis, indicative=True
        )
    found = norm.evaluate_habitat(areas, zone)
    inputs = tuple(_describe_land(areas, zone, keys, added) for keys, added in found.added.items())
    return Evaluation(
        norm.HABITAT,
        found.value,
        inputs,
        source,
        low=found.low,
        high=found.high,
        basis=basis,
        indicative=True,
    )


def measure_built_land(areas: norm.LandAreas, least: float, source: str) -> Amount:
    """Built-up land in km2; not known where less than `least` of the land has a class."""
    if not areas.known_m2 or areas.known_share < least:
        return Amount(None, source, explain_unknown_land(areas, least))
    value, low, high = norm.measure_built_km2(areas)
    return Amount(value, source, None, areas.measure("built"), areas.known_m2, low, high)


def evaluate_vegetation(
    ndvi: Amount, months: Sequence[tuple[int, Amount]], coefficient: float, *, indicative: bool = True
) -> Evaluation:
    """Vegetation cover by the mean of the greatest NDVI of each month, which has been read or told."""
    inputs = [
        build_input(
            f"ndvi_{month:02d}", f"{month} 月最大 NDVI 均值", f"greatest NDVI of month {month}", one, "1"
        )
        for month, one in months
    ]
    value = None if ndvi.value is None else coefficient * norm.NDVI_SCALE * ndvi.value
    inputs.append(
        build_input(
            "growing_ndvi",
            "5—9 月 NDVI 月最大值均值",
            "mean of the greatest NDVI of each month",
            ndvi,
            "1",
            weight=1.0,
            coefficient=coefficient * norm.NDVI_SCALE,
            contribution=value,
        )
    )
    return Evaluation(norm.COVER, value, tuple(inputs), ndvi.source, ndvi.reason, indicative=indicative)


def average_months(months: Sequence[tuple[int, Amount]]) -> Amount:
    """The mean of all months; not known where one of them is not."""
    missing = [one.reason for _, one in months if one.value is None and one.reason]
    source = "; ".join(dict.fromkeys(one.source for _, one in months))
    values = [one.value for _, one in months if one.value is not None]
    if missing or not values:
        return Amount(None, source, "；".join(missing))
    return Amount(sum(values) / len(values), source)


def evaluate_water(amounts: Mapping[str, Amount], mean: Amount, area_km2: float) -> Evaluation:
    """Water network density; water resources count by their ratio to the mean of years."""
    year = amounts["water_resources"]
    counted = _correct_water(year, mean)
    told = (
        build_input("water_resources_year", "当年水资源量", "water resources of the year", year, "1e6 m3"),
        build_input("water_resources_mean", "多年平均水资源量", "mean water resources", mean, "1e6 m3"),
    )
    found = sum_terms(norm.WATER, {**amounts, "water_resources": counted}, area_km2)
    return replace(found, inputs=(*found.inputs, *told))


def evaluate_stress(amounts: Mapping[str, Amount], area_km2: float, basis: str, source: str) -> Evaluation:
    """Land stress by erosion, built-up land (of a basis of land classes) and other stress."""
    found = sum_terms(norm.STRESS, amounts, area_km2)
    built = amounts["built_area"]
    low, high = (_shift(found, amounts, one, area_km2) for one in (built.low, built.high))
    return replace(found, basis=basis, low=low, high=high, indicative=True, source=source)


def evaluate_load(amounts: Mapping[str, Amount], rain: Amount, area_km2: float) -> Evaluation:
    """Pollution load by discharge over all rain, emission and waste over the area."""
    found = sum_terms(norm.LOAD, amounts, area_km2, rain)
    return replace(
        found, inputs=(*found.inputs, build_input("rain", "年降水量", "rain of the year", rain, "mm"))
    )


def sum_terms(
    key: str, amounts: Mapping[str, Amount], area_km2: float, rain: Amount | None = None
) -> Evaluation:
    """A sub-index as the sum of what its amounts add; not known where one of them is not."""
    inputs, added, reasons = [], [], []
    for term in norm.list_terms(key):
        amount = amounts[term.input]
        known_rain = rain.value if rain else None
        one = None if amount.value is None else term.add(amount.value, area_km2, known_rain)
        added.append(one)
        reasons += _explain_term(amount, rain if term.per == "rain" else None, one)
        inputs.append(
            build_input(
                term.input, term.name_zh, term.name_en, amount, term.unit,
                weight=term.weight, coefficient=term.coefficient, contribution=one,
            )
        )  # fmt: skip
    known = [one for one in added if one is not None]
    value = sum(known) if len(known) == len(added) else None
    reason = "；".join(dict.fromkeys(reasons)) or None
    return Evaluation(key, value, tuple(inputs), _CONFIRMED_BASIS, reason)


def total_year(found: Iterable[Evaluation], level: int | None, limit_reason: str | None = None) -> Total:
    """EI of the counted sub-indices; an environmental limit that nobody tells of does not bind."""
    counted = {one.key: one for one in found if one.counted}
    indices = norm.index_sub_indices()
    normalised = {
        key: indices[key].normalise(one.value) for key, one in counted.items() if one.value is not None
    }
    missing = [indices[key] for key in indices if key not in normalised]
    if missing:
        return Total(None, None, normalised, level, _explain_missing(missing, len(indices)), limit_reason)
    value, indicative = norm.weigh_together(normalised), any(one.indicative for one in counted.values())
    limited = norm.limit_total(value, level or 1)
    return Total(limited, value, normalised, level, None, limit_reason, indicative)


def explain_unknown_land(areas: norm.LandAreas, least: float) -> str:
    """Why land classes are not enough."""
    share = f"{areas.known_share:.2%}"
    said = (
        f"地类已知面积占 {share}，低于 {least:.0%} / the land class of {share} of the area is known, "
        f"less than {least:.0%}"
    )
    return "；".join(part for part in (said, areas.note) if part)


def build_input(
    name: str,
    name_zh: str,
    name_en: str,
    amount: Amount,
    unit: str,
    *,
    weight: float | None = None,
    coefficient: float | None = None,
    contribution: float | None = None,
) -> Row:
    """A row of ECOLOGICAL_INDEX_INPUTS without its place."""
    return {
        "input": name,
        "name_zh": name_zh,
        "name_en": name_en,
        "value": amount.value,
        "unit": unit,
        "numerator": amount.numerator,
        "denominator": amount.denominator,
        "weight": weight,
        "coefficient": coefficient,
        "contribution": contribution,
        "source": amount.source,
        "reason": amount.reason,
    }


def _describe_land(areas: norm.LandAreas, zone: str, keys: str, added: float) -> Row:
    lands = [norm.index_lands()[land] for land in norm.list_lands(keys)]
    area, known = areas.by_lands[keys], areas.known_m2
    share = Amount(area / known, _CONFIRMED_BASIS, numerator=area, denominator=known)
    return build_input(
        keys,
        "或".join(land.name_zh for land in lands),
        " or ".join(land.name_en for land in lands),
        share,
        "share",
        weight=norm.weigh_lands(zone)[lands[0].key],
        coefficient=norm.find_coefficient(zone),
        contribution=added,
    )


def _correct_water(year: Amount, mean: Amount) -> Amount:
    if year.value is None or mean.value is None:
        reasons = "；".join(one.reason for one in (year, mean) if one.reason)
        return Amount(None, year.source, reasons)
    counted = norm.correct_water(year.value, mean.value)
    return Amount(counted, f"{year.source}; {mean.source}")


def _shift(
    found: Evaluation, amounts: Mapping[str, Amount], built: float | None, area_km2: float
) -> float | None:
    """A stress with another amount of built-up land."""
    if found.value is None or built is None:
        return None
    told = {**amounts, "built_area": Amount(built, "")}
    return sum_terms(norm.STRESS, told, area_km2).value


def _explain_term(amount: Amount, rain: Amount | None, added: float | None) -> list[str]:
    reasons = [one.reason for one in (amount, rain) if one and one.reason]
    if added is None and not reasons:
        return ["年降水量为 0，不能作分母 / rain of 0 cannot divide"]
    return reasons


def _explain_missing(missing: Sequence[norm.SubIndex], count: int) -> str:
    names_zh = "、".join(index.name_zh for index in missing)
    names_en = ", ".join(index.name_en for index in missing)
    known = count - len(missing)
    return (
        f"{count} 项分指数只有 {known} 项，缺{names_zh} / "
        f"{known} of {count} sub-indices, without the {names_en}"
    )
