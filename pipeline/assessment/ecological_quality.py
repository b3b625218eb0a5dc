"""The ecological quality index (EQI) by a scheme: a tree of indices, each told or made of its parts.

An index counts by its weight in the one that it is a part of, an inverse one as 100 less itself. What is not
known is None, with the reason; so is an index of which a part, or the weight of one, is not known.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from pipeline.assessment.amounts import Amount
from pipeline.assessment.years import explain_no_comparison
from pipeline.contracts import ECOLOGICAL_QUALITY, INDICATORS, list_row_values, tabulate_rows
from pipeline.settings.ecological_index import Level, QualityScheme

TOTAL = "eqi"
INDICATOR = "ecological_quality_index"
_HUNDRED = Decimal(100)
_NAMES = ("生态质量指数", "ecological quality index")

Row = dict[str, object]


@dataclass(frozen=True)
class QualitySources:
    """Where figures of a year come from: indices by their key, indicators by their name."""

    index: Callable[[str], Amount]
    indicator: Callable[[str], Amount]


@dataclass(frozen=True)
class Evaluated:
    """An index of a year: its value, exactly, the level that it is of, and its parts."""

    level: Level
    value: Decimal | None
    source: str
    reason: str | None
    indicative: bool
    parts: tuple["Evaluated", ...] = ()

    @property
    def weighted(self) -> Decimal | None:
        """What it adds to the index that it is a part of."""
        if self.value is None or self.level.weight is None:
            return None
        counted = _HUNDRED - self.value if self.level.inverse else self.value
        return Decimal(repr(self.level.weight)) * counted

    @property
    def known(self) -> int:
        """How many of its parts have a value."""
        return sum(part.value is not None for part in self.parts)


@dataclass(frozen=True)
class QualityYear:
    """A period and its EQI by a scheme; `year` and `total` are None where it is no whole year."""

    period: str
    year: int | None
    total: Evaluated | None
    reason: str | None = None


def evaluate_quality(scheme: QualityScheme, told: QualitySources) -> Evaluated:
    """EQI of a year, by the indices of the first level."""
    top = Level(
        key=TOTAL,
        name_zh=_NAMES[0],
        name_en=_NAMES[1],
        source=scheme.source,
        confirmed=scheme.confirmed,
        parts=list(scheme.levels),
    )
    return _sum_parts(top, tuple(_evaluate(level, told) for level in top.parts))


def name_class(value: Decimal, scheme: QualityScheme) -> str:
    """The class of an EQI in Chinese and English."""
    found = next(
        one for one in scheme.classes if one.at_least is None or value >= Decimal(repr(one.at_least))
    )
    return f"{found.name_zh} / {found.name_en}"


def name_quality_change(change: Decimal, scheme: QualityScheme) -> str:
    """The word for a change of EQI, with its direction unless it is of the least."""
    bounds = [(one, Decimal(repr(one.at_least))) for one in reversed(scheme.changes)]
    found = next(one for one, bound in bounds if abs(change) > bound or (one.closed and abs(change) == bound))
    if found is scheme.changes[0]:
        return f"{found.name_zh} / {found.name_en}"
    side = ("变好", "better") if change > 0 else ("变差", "worse")
    return f"{found.name_zh}{side[0]} / {found.name_en}, {side[1]}"


def build_quality_rows(years: Sequence[QualityYear], scheme: QualityScheme, aoi: str) -> pd.DataFrame:
    """ECOLOGICAL_QUALITY: EQI of each year beside the year before, then its indices before their parts."""
    by_year = {one.year: one for one in years if one.year}
    rows = [
        {"aoi": aoi, "period": one.period, **row}
        for one in years
        for row in _describe_year(one, by_year.get(one.year - 1) if one.year else None, scheme)
    ]
    return tabulate_rows(rows, ECOLOGICAL_QUALITY)


def build_quality_indicators(rows: pd.DataFrame) -> pd.DataFrame:
    """INDICATORS of ECOLOGICAL_QUALITY: EQI of each period."""
    totals = rows[rows["level"].eq(0)].assign(indicator=INDICATOR, unit="1")
    return tabulate_rows(list_row_values(totals), INDICATORS)


def _evaluate(level: Level, told: QualitySources) -> Evaluated:
    parts = tuple(_evaluate(part, told) for part in level.parts)
    own = told.index(level.key)
    if own.value is not None:
        value = Decimal(repr(own.value))
        return Evaluated(level, value, own.source, None, not level.confirmed, parts)
    if parts:
        return _sum_parts(level, parts, own.reason)
    return _take_indicator(level, told, own)


def _sum_parts(level: Level, parts: tuple[Evaluated, ...], untold: str | None = None) -> Evaluated:
    """An index as the weighted sum of its parts; `untold` is why it is not told itself."""
    source = f"{level.source}: {' + '.join(part.level.key for part in parts)}"
    indicative = not level.confirmed or any(part.indicative for part in parts)
    weighted = [part.weighted for part in parts]
    known = [one for one in weighted if one is not None]
    if len(known) == len(weighted):
        return Evaluated(level, sum(known, Decimal(0)), source, None, indicative, parts)
    reasons = [*([untold] if untold else []), *_explain_parts(parts)]
    return Evaluated(level, None, source, "；".join(reasons), indicative, parts)


def _take_indicator(level: Level, told: QualitySources, own: Amount) -> Evaluated:
    if level.indicator is None or level.coefficient is None:
        return Evaluated(level, None, own.source, own.reason, indicative=not level.confirmed)
    found = told.indicator(level.indicator)
    source = f"{level.coefficient:g} × {level.indicator}: {found.source}"
    if found.value is None:
        return Evaluated(level, None, source, found.reason, indicative=not level.confirmed)
    value = Decimal(repr(level.coefficient)) * Decimal(repr(found.value))
    return Evaluated(level, value, source, None, not level.confirmed)


def _explain_parts(parts: Sequence[Evaluated]) -> Iterator[str]:
    """Which parts are missing, and which weights."""
    missing = [part.level for part in parts if part.value is None]
    weightless = [part.level for part in parts if part.level.weight is None]
    if missing:
        names_zh, names_en = _join_names(missing)
        known = len(parts) - len(missing)
        yield (
            f"{len(parts)} 项指数只有 {known} 项，缺{names_zh} / "
            f"{known} of {len(parts)} indices, without the {names_en}"
        )
    if weightless:
        names_zh, names_en = _join_names(weightless)
        yield f"评价方案没有{names_zh}的权重 / the scheme has no weight of the {names_en}"


def _join_names(levels: Sequence[Level]) -> tuple[str, str]:
    return "、".join(level.name_zh for level in levels), ", ".join(level.name_en for level in levels)


def _describe_year(one: QualityYear, before: QualityYear | None, scheme: QualityScheme) -> Iterator[Row]:
    if one.total is None or one.year is None:
        yield _describe_no_year(one, scheme)
        return
    top, *below = _walk(one.total, None, 0)
    value, earlier = one.total.value, before.total.value if before and before.total else None
    change = None if value is None or earlier is None else value - earlier
    reason = explain_no_comparison(one.year, within=before is not None)
    yield top | {
        "grade": None if value is None else name_class(value, scheme),
        "before_period": before.period if before else None,
        "before_value": _to_float(earlier),
        "before_change": _to_float(change),
        "change_word": None if change is None else name_quality_change(change, scheme),
        "compared_reason": reason if value is not None and change is None else None,
    }
    yield from below


def _describe_no_year(one: QualityYear, scheme: QualityScheme) -> Row:
    return {
        "level": 0,
        "index": TOTAL,
        "name_zh": _NAMES[0],
        "name_en": _NAMES[1],
        "indicative": True,
        "source": scheme.source,
        "reason": one.reason,
    }


def _walk(one: Evaluated, part_of: str | None, depth: int) -> Iterator[Row]:
    yield {
        "level": depth,
        "index": one.level.key,
        "name_zh": one.level.name_zh,
        "name_en": one.level.name_en,
        "part_of": part_of,
        "value": _to_float(one.value),
        "weight": one.level.weight,
        "weighted": _to_float(one.weighted),
        "known": one.known if one.parts else None,
        "parts": len(one.parts) or None,
        "indicative": one.indicative,
        "source": one.source,
        "reason": one.reason,
    }
    for part in one.parts:
        yield from _walk(part, one.level.key, depth + 1)


def _to_float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def index_indicators(indicators: pd.DataFrame, aoi: str, period: str) -> Mapping[str, Amount]:
    """INDICATORS of an area and period by name."""
    own = indicators[indicators["aoi"].eq(aoi) & indicators["period"].eq(period)]
    rows = own[["indicator", "value", "source", "reason"]].itertuples(index=False)
    return {
        name: Amount(None if pd.isna(value) else float(value), source, None if pd.isna(reason) else reason)
        for name, value, source, reason in rows
    }
