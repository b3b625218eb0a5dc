"""MEASURES: what is told of every parcel; one entry each, everything else is derived."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.indices import trend
from pipeline.legends import LAND_COVER
from pipeline.zonal.kernels import Numbers
from pipeline.zonal.layers import MapLayer
from pipeline.zonal.tallies import ClassAreas, Histogram, Tally, Transitions, Weighted

NEVER_SEEN = "本期无晴空观测 / never seen clear"
NO_NDVI = "本期无 NDVI：无晴空观测，或水面过暗 / no NDVI: never seen clear, or water too dark for one"

_PERCENT = 100

LAND, CHANGE = MapLayer("land_cover", "land_cover"), MapLayer("change", "change", over="pair")
FVC, NDVI = MapLayer("cover", "fvc"), MapLayer("spectral", "ndvi")
LOOKS, FAILED = MapLayer("composite", "looks"), MapLayer("composite", "failed")

Reasons = NDArray[np.object_]
AnyTally = TypeVar("AnyTally", bound=Tally)


@dataclass(frozen=True)
class MeasureRules:
    """What the settings of a run say of measures.

    FVC from which ground counts as vegetated, the cuts between grades of FVC, the periods in a year, the test
    of trend, and why a parcel has no FVC, no NDVI, no class of land cover.
    """

    cover_threshold: float
    cuts_percent: tuple[float, ...]
    cycle: int
    test: str = "mann-kendall"
    unseen_cover: str = NEVER_SEEN
    unseen_ndvi: str = NO_NDVI
    unseen_class: str = NEVER_SEEN


def _explain_gap(_: MeasureRules) -> str:
    return NEVER_SEEN


def _explain_no_class(rules: MeasureRules) -> str:
    return rules.unseen_class


def _explain_no_ndvi(rules: MeasureRules) -> str:
    return rules.unseen_ndvi


def _explain_no_cover(rules: MeasureRules) -> str:
    return rules.unseen_cover


@dataclass(frozen=True)
class Measure(Generic[AnyTally]):
    """A measure of every period, every two consecutive ones, or the first and the last, as its tally is.

    `value` gives it from the sums of the tally: by parcel, or (parcel, part), which stand as `name:part`.
    `unseen` says why a parcel has none.
    """

    name: str
    unit: str
    tally: Callable[[MeasureRules], AnyTally]
    value: Callable[[AnyTally, Numbers], Numbers]
    unseen: Callable[[MeasureRules], str] = _explain_gap


@dataclass(frozen=True)
class SeriesMeasure:
    """Measures of the course of another one over all periods.

    `course` takes its values (period, parcel), NaN where there is none, and gives an array of each name, and
    why a parcel has none. They rest on the least area that a period saw.
    """

    of: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    course: Callable[[Numbers, MeasureRules], tuple[tuple[Numbers, ...], Reasons]]


def _tally_classes(_: MeasureRules) -> ClassAreas:
    return ClassAreas(LAND, LAND_COVER)


def _tally_cover(rules: MeasureRules) -> Weighted:
    return Weighted(FVC, rules.cover_threshold)


def _grade_cover(rules: MeasureRules) -> Histogram:
    bounds = pairwise([0, *rules.cuts_percent, _PERCENT])
    cuts = tuple(percent / _PERCENT for percent in rules.cuts_percent)
    return Histogram(FVC, cuts, tuple(f"{low:g}-{high:g}" for low, high in bounds))


def _tally_greenness(_: MeasureRules) -> Weighted:
    return Weighted(NDVI)


def _tally_looks(_: MeasureRules) -> Weighted:
    return Weighted(LOOKS, threshold=1)


def _tally_failures(_: MeasureRules) -> Weighted:
    return Weighted(FAILED, threshold=1)


def _tally_moves(_: MeasureRules) -> Transitions:
    return Transitions(LAND, CHANGE, LAND_COVER)


def _share_water(tally: ClassAreas, sums: Numbers) -> Numbers:
    return tally.shares(sums)[:, tally.parts.index("water")]


def _fit_trend(means: Numbers, rules: MeasureRules) -> tuple[tuple[Numbers, Numbers], Reasons]:
    """Slope a year and significance; see `pipeline.indices.trend`."""
    found = trend.compute_trend(means[:, None, :], cycle=rules.cycle, test=rules.test)
    least, (needs_zh, needs_en) = trend.LEAST_OBSERVATIONS, trend.TESTS[rules.test].needs
    few = [
        f"有 NDVI 均值的时段 {count} 个，少于 {least} 个 / {count} periods with a mean, fewer than {least}"
        for count in range(least)
    ]
    words = {
        trend.NO_PAIR: "没有同季节的两个时段 / no two periods of one season",
        trend.SHORT: f"{rules.test} 检验至少要 {needs_zh}，序列太短，无法估计自相关 / "
        f"{rules.test} needs {needs_en}: too short a series for its serial correlation",
        trend.UNTOLD: "缺测太多，无法估计自相关 / too many gaps to tell the serial correlation",
    }
    reasons = [
        few[count] if state == trend.FEW else words.get(state)
        for count, state in zip(found.count[0], found.state[0], strict=True)
    ]
    return (found.slope[0], found.p_value[0]), np.array(reasons, dtype=object)


MEASURES: tuple[Measure[Any] | SeriesMeasure, ...] = (
    Measure("class_area", "m2", _tally_classes, ClassAreas.areas, _explain_no_class),
    Measure("water_share", "1", _tally_classes, _share_water, _explain_no_class),
    Measure("fvc_mean", "1", _tally_cover, Weighted.mean, _explain_no_cover),
    Measure("fvc_grade_area", "m2", _grade_cover, Histogram.areas, _explain_no_cover),
    Measure("vegetated_share", "1", _tally_cover, Weighted.share, _explain_no_cover),
    Measure("ndvi_mean", "1", _tally_greenness, Weighted.mean, _explain_no_ndvi),
    Measure("looks_mean", "count", _tally_looks, Weighted.mean),
    Measure("seen_share", "1", _tally_looks, Weighted.share),
    Measure("failed_looks_mean", "count", _tally_failures, Weighted.mean),
    Measure("failed_share", "1", _tally_failures, Weighted.share),
    Measure("gained_area", "m2", _tally_moves, Transitions.gained),
    Measure("lost_area", "m2", _tally_moves, Transitions.lost),
    SeriesMeasure("ndvi_mean", ("ndvi_trend", "ndvi_trend_p"), ("1/year", "1"), _fit_trend),
)
