"""PARCEL_MEASURES: what the sums under parcels come to, one row per parcel, period and measure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import PARCEL_MEASURES, check_table
from pipeline.periods import Period
from pipeline.zonal.overlay import CLASS_KEYS, ParcelSums

SLICE_PARCELS = 16_384
NEVER_SEEN = "本期无晴空观测 / never seen clear"
_PERCENT = 100

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class SeriesTrend:
    """Trend of a parcel's mean NDVI over all periods.

    `slope` per year and `p_value` are NaN where fewer than `least` periods have a mean; `count` is how many
    have one.
    """

    slope: Numbers
    p_value: Numbers
    count: NDArray[np.uint16]
    least: int


@dataclass(frozen=True)
class _Measure:
    """One measure of some parcels: value, area that it rests on, area that it lacks, reason where null."""

    period: str
    name: str
    value: Numbers
    unit: str
    covered: Numbers
    unknown: Numbers
    reason: str | NDArray[np.object_] = NEVER_SEEN


def ndvi_means(sums: ParcelSums) -> Numbers:
    """Mean NDVI (period, parcel); NaN where nothing was seen."""
    ndvi = sums.periods["ndvi"]
    return _ratio(ndvi[..., 0], ndvi[..., 1]).T


def tables(
    parcel_ids: Sequence[str] | NDArray[np.object_],
    periods: Sequence[Period],
    sums: ParcelSums,
    trend: Callable[[ParcelSums], SeriesTrend],
    *,
    cuts_percent: Sequence[float],
    slice_parcels: int = SLICE_PARCELS,
) -> Iterator[pd.DataFrame]:
    """PARCEL_MEASURES of so many parcels at a time, in the order of the parcels; one empty table for none.

    `trend` gives the trend of the sums of some parcels. A change stands under the label `before/after` of its
    periods, the trend under that of the first and the last. A mean or a share over nothing is null, with the
    reason. Class areas and their unknown area add up to the parcel's area, and so do grades; looks and failed
    reads rest on the whole of it.
    """
    ids = np.asarray(parcel_ids, dtype=object)
    for start in range(0, max(len(ids), 1), slice_parcels):
        rows = slice(start, start + slice_parcels)
        part = ParcelSums(sums.periods[rows], sums.pairs[rows])
        yield _table(ids[rows], _measures(periods, part, trend(part), cuts_percent))


def _table(ids: NDArray[np.object_], measures: Sequence[_Measure]) -> pd.DataFrame:
    value = np.column_stack([entry.value for entry in measures]).ravel()
    reasons = np.empty((len(ids), len(measures)), dtype=object)
    for number, entry in enumerate(measures):
        reasons[:, number] = entry.reason
    reason = reasons.ravel()
    reason[~np.isnan(value)] = None
    table = pd.DataFrame(
        {
            "parcel_id": np.repeat(ids, len(measures)),
            "period": np.tile(np.array([entry.period for entry in measures], dtype=object), len(ids)),
            "measure": np.tile(np.array([entry.name for entry in measures], dtype=object), len(ids)),
            "value": value,
            "unit": np.tile(np.array([entry.unit for entry in measures], dtype=object), len(ids)),
            "covered_area_m2": np.column_stack([entry.covered for entry in measures]).ravel(),
            "unknown_area_m2": np.column_stack([entry.unknown for entry in measures]).ravel(),
            "reason": reason,
        }
    )
    measured: pd.DataFrame = check_table(table, PARCEL_MEASURES)
    return measured


def _measures(
    periods: Sequence[Period], sums: ParcelSums, trend: SeriesTrend, cuts_percent: Sequence[float]
) -> list[_Measure]:
    found = []
    for number, period in enumerate(periods):
        found += _of_period(period.label, sums.periods[:, number], cuts_percent)
    for number, (before, after) in enumerate(pairwise(periods)):
        found += _of_pair(f"{before.label}/{after.label}", sums.pairs[:, number])
    span = f"{periods[0].label}/{periods[-1].label}"
    return [*found, *_of_trend(span, sums.periods["ndvi"], trend)]


def _of_period(label: str, sums: NDArray[np.void], cuts_percent: Sequence[float]) -> list[_Measure]:
    classes, unknown = sums["classes"], sums["unknown"]
    seen = classes.sum(axis=1)
    cover, cover_seen, cover_unknown = sums["fvc"].T
    ndvi, ndvi_seen, ndvi_unknown = sums["ndvi"].T
    whole, nothing = sums["whole"], np.zeros(len(sums))
    bounds = pairwise([0, *cuts_percent, _PERCENT])
    names = [f"fvc_grade_area:{low:g}-{high:g}" for low, high in bounds]
    water = classes[:, CLASS_KEYS.index("water")]
    return [
        *(
            _Measure(label, f"class_area:{key}", classes[:, number], "m2", seen, unknown)
            for number, key in enumerate(CLASS_KEYS)
        ),
        _Measure(label, "water_share", _ratio(water, seen), "1", seen, unknown),
        _Measure(label, "fvc_mean", _ratio(cover, cover_seen), "1", cover_seen, cover_unknown),
        *(
            _Measure(label, name, sums["grades"][:, number], "m2", cover_seen, cover_unknown)
            for number, name in enumerate(names)
        ),
        _Measure(
            label, "vegetated_share", _ratio(sums["vegetated"], cover_seen), "1", cover_seen, cover_unknown
        ),
        _Measure(label, "ndvi_mean", _ratio(ndvi, ndvi_seen), "1", ndvi_seen, ndvi_unknown),
        _Measure(label, "looks_mean", _ratio(sums["looks"], whole), "count", whole, nothing),
        _Measure(label, "failed_looks_mean", _ratio(sums["failed"], whole), "count", whole, nothing),
        _Measure(label, "failed_share", _ratio(sums["touched"], whole), "1", whole, nothing),
    ]


def _of_pair(label: str, sums: NDArray[np.void]) -> list[_Measure]:
    return [
        _Measure(label, f"{field}_area:{key}", sums[field][:, number], "m2", sums["seen"], sums["unknown"])
        for field in ("gained", "lost")
        for number, key in enumerate(CLASS_KEYS)
    ]


def _of_trend(label: str, ndvi: NDArray[np.void], trend: SeriesTrend) -> list[_Measure]:
    """Slope and significance; they rest on the least area that a period saw."""
    seen = ndvi[..., 1].min(axis=1)
    unknown = ndvi[..., 2].max(axis=1)
    least = trend.least
    words = [
        f"有 NDVI 均值的时段 {count} 个，少于 {least} 个 / {count} periods with a mean, fewer than {least}"
        for count in range(least)
    ]
    reason = np.array([*words, "没有同季节的两个时段 / no two periods of one season"], dtype=object)
    why = reason[np.minimum(trend.count, least)]
    return [
        _Measure(label, "ndvi_trend", trend.slope, "1/year", seen, unknown, why),
        _Measure(label, "ndvi_trend_p", trend.p_value, "1", seen, unknown, why),
    ]


def _ratio(total: Numbers, area: Numbers) -> Numbers:
    ratio: Numbers = np.divide(total, area, out=np.full(area.shape, np.nan), where=area > 0)
    return ratio
