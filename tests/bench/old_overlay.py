"""The overlay of parcels as it was before measures were entries: two closed kernels and a closed table.

The oracle of today's: the same numbers to the last bit, and what they cost side by side (bench_overlay).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import PARCEL_MEASURES, REFLECTANCE_NODATA, REFLECTANCE_SCALE, check_table
from pipeline.geodesy import project_all
from pipeline.grid import Block, Grid
from pipeline.indices.trend import LEAST_OBSERVATIONS, compute_trend
from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED
from pipeline.periods import Period
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.zonal import overlay
from pipeline.zonal.kernels import Pixels

CLASS_KEYS = tuple(entry.key for entry in LAND_COVER.classes)
_CLASS_COUNT = len(CLASS_KEYS)
_CODE_LIMIT = 256
SLICE_PARCELS = 16_384
NEVER_SEEN = "本期无晴空观测 / never seen clear"
_PERCENT = 100

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class CoverRules:
    """FVC from which ground counts as vegetated, and the cuts between grades: a value on a cut is above."""

    threshold: float
    cuts: tuple[float, ...]


@dataclass(frozen=True)
class ParcelSums:
    """What the pixels under each parcel add up to, in m2 (or m2 times the unit of a value).

    `periods` (parcel, period) has the fields `classes` and `unknown` (without a class), `grades`,
    `vegetated`, `fvc` and `ndvi` (sum of value times area, area seen, area unknown), `looks`, `failed`
    (sums), `touched` (area with a lost look) and `whole`. `pairs` (parcel, pair of consecutive periods) has
    `gained` and `lost` by class, of the change that counts, `seen` (in both periods) and `unknown`.
    """

    periods: NDArray[np.void]
    pairs: NDArray[np.void]

    @classmethod
    def empty(cls, parcels: int, periods: int, grades: int) -> "ParcelSums":
        """Nothing yet."""
        mean = ("f8", 3)
        of_period = [("classes", "f8", _CLASS_COUNT), ("unknown", "f8"), ("grades", "f8", grades)]
        of_period += [("vegetated", "f8"), ("fvc", *mean), ("ndvi", *mean)]
        of_period += [(name, "f8") for name in ("looks", "failed", "touched", "whole")]
        moved = [(name, "f8", _CLASS_COUNT) for name in ("gained", "lost")]
        of_pair = np.dtype([*moved, ("seen", "f8"), ("unknown", "f8")])
        return cls(
            np.zeros((parcels, periods), np.dtype(of_period)),
            np.zeros((parcels, max(periods - 1, 0)), of_pair),
        )

    def scaled(self, scale: NDArray[np.float64]) -> "ParcelSums":
        """The sums of each parcel times its scale."""
        return ParcelSums(*(_times(array, scale) for array in (self.periods, self.pairs)))

    @classmethod
    def total(cls, parts: Sequence["ParcelSums"]) -> "ParcelSums":
        """Sums over parts of the same parcels."""
        arrays = zip(*((part.periods, part.pairs) for part in parts), strict=True)
        return cls(*(_added(of_parts) for of_parts in arrays))

    def put(self, parcel: NDArray[np.int64], part: "ParcelSums") -> None:
        """Enter the sums of some parcels at their positions."""
        self.periods[parcel], self.pairs[parcel] = part.periods, part.pairs


def _times(array: NDArray[np.void], scale: NDArray[np.float64]) -> NDArray[np.void]:
    numbers = array.view(np.float64).reshape(len(array), -1) * scale[:, None]
    return numbers.view(array.dtype).reshape(array.shape)


def _added(arrays: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    numbers = np.sum([array.view(np.float64) for array in arrays], axis=0)
    total: NDArray[np.void] = numbers.view(arrays[0].dtype).reshape(arrays[0].shape)
    return total


def summed(
    parcels: ParcelShapes,
    grid: Grid,
    read: Callable[[Block], Sequence[Any]],
    rules: CoverRules,
    *,
    block_px: int = overlay.BLOCK_PX,
) -> ParcelSums:
    """ParcelSums of parcels, in their order; `read` gives the rasters of every period over a block."""
    shapes, areas = project_all(parcels.shapes.all(), grid.crs), parcels.areas_m2
    total = np.zeros(len(shapes))
    sums = None
    for covered in overlay._lay(shapes, areas, grid, block_px, total):
        layers = read(covered.block)
        sums = sums or ParcelSums.empty(len(shapes), len(layers), len(rules.cuts) + 1)
        _add(covered.pixels, layers, rules, sums)
    return sums.scaled(areas / total)


def sums_under(weight_m2: Numbers, layers: Sequence[Any], rules: CoverRules) -> ParcelSums:
    """ParcelSums of one parcel, given the area of each pixel under it and what the layers (pixel) hold."""
    sums = ParcelSums.empty(1, len(layers), len(rules.cuts) + 1)
    _add(Pixels.of_one(weight_m2), layers, rules, sums)
    return sums


class _Under(NamedTuple):
    """A chunk, as the kernels take it."""

    parcel: NDArray[np.int64]
    indptr: NDArray[np.int64]
    cell: NDArray[np.int32]
    weight: NDArray[np.float64]


class _Rasters(NamedTuple):
    """The rasters of a period, pixel by pixel."""

    land_cover: NDArray[np.uint8]
    fvc: NDArray[np.int16]
    ndvi: NDArray[np.int16]
    looks: NDArray[np.uint16]
    failed: NDArray[np.uint16]

    @classmethod
    def of(cls, layers: Any) -> "_Rasters":
        return cls(*(getattr(layers, name).ravel() for name in cls._fields))


class _Moves(NamedTuple):
    """Land cover of two periods and the codes of what counts of its change, pixel by pixel."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    codes: NDArray[np.uint8]


class _Limits(NamedTuple):
    """Position of every class code (see `_class_columns`), cuts between grades, FVC of vegetated ground."""

    columns: NDArray[np.int64]
    cuts: NDArray[np.float64]
    threshold: float


def _add(pixels: Pixels, layers: Sequence[Any], rules: CoverRules, sums: ParcelSums) -> None:
    """Add what some pixels hold to the sums of its parcels."""
    under = _Under(*pixels)
    limits = _Limits(_class_columns(), np.array(rules.cuts, dtype=np.float64), rules.threshold)
    of_periods, of_pairs = _numbers(sums.periods), _numbers(sums.pairs)
    for number, layer in enumerate(layers):
        _add_period(under, _Rasters.of(layer), limits, of_periods[:, number])
    for number, (before, after) in enumerate(pairwise(layers)):
        assert after.change is not None, "every period but the first has the change since the one before"
        moves = _Moves(before.land_cover.ravel(), after.land_cover.ravel(), after.change.ravel())
        _add_pair(under, moves, limits.columns, of_pairs[:, number])


def _class_columns() -> NDArray[np.int64]:
    """Position of every class code in `CLASS_KEYS`, and behind the last for a code that is no class."""
    columns = np.full(_CODE_LIMIT, _CLASS_COUNT)
    columns[[entry.code for entry in LAND_COVER.classes]] = np.arange(_CLASS_COUNT)
    return columns


def _numbers(sums: NDArray[np.void]) -> NDArray[np.float64]:
    """The fields of sums (parcel, period) one after the other, as their last axis."""
    return sums.view(np.float64).reshape(*sums.shape, sums.itemsize // 8)


@numba.njit(nogil=True, cache=True)
def _add_period(under: _Under, layers: _Rasters, limits: _Limits, sums: NDArray[np.float64]) -> None:
    """Add the pixels of one period to the fields of ParcelSums.periods, which stand in their order."""
    grades = _CLASS_COUNT + 1
    rest = grades + len(limits.cuts) + 1
    for row in range(len(under.parcel)):
        fields = sums[under.parcel[row]]
        for place in range(under.indptr[row], under.indptr[row + 1]):
            pixel, area = under.cell[place], under.weight[place]
            fields[limits.columns[layers.land_cover[pixel]]] += area
            if layers.fvc[pixel] == REFLECTANCE_NODATA:
                fields[rest + 3] += area
            else:
                cover = layers.fvc[pixel] * REFLECTANCE_SCALE
                grade = 0
                for cut in limits.cuts:
                    grade += cover >= cut
                fields[grades + grade] += area
                if cover >= limits.threshold:
                    fields[rest] += area
                fields[rest + 1] += cover * area
                fields[rest + 2] += area
            if layers.ndvi[pixel] == REFLECTANCE_NODATA:
                fields[rest + 6] += area
            else:
                fields[rest + 4] += layers.ndvi[pixel] * REFLECTANCE_SCALE * area
                fields[rest + 5] += area
            fields[rest + 7] += layers.looks[pixel] * area
            fields[rest + 8] += layers.failed[pixel] * area
            if layers.failed[pixel] > 0:
                fields[rest + 9] += area
            fields[rest + 10] += area


@numba.njit(nogil=True, cache=True)
def _add_pair(under: _Under, moves: _Moves, columns: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Add the pixels of two periods to the fields of ParcelSums.pairs, which stand in their order."""
    for row in range(len(under.parcel)):
        fields = sums[under.parcel[row]]
        for place in range(under.indptr[row], under.indptr[row + 1]):
            pixel, area = under.cell[place], under.weight[place]
            known = columns[moves.before[pixel]] < _CLASS_COUNT and columns[moves.after[pixel]] < _CLASS_COUNT
            fields[2 * _CLASS_COUNT + (0 if known else 1)] += area
            code = moves.codes[pixel]
            if code not in (UNCHANGED, NODATA_CLASS):
                fields[columns[code % 10]] += area
                fields[_CLASS_COUNT + columns[code // 10]] += area


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


def trend_of(sums: ParcelSums, *, cycle: int) -> SeriesTrend:
    """Trend of the mean NDVI of each parcel."""
    found = compute_trend(ndvi_means(sums)[:, None, :], cycle=cycle)
    return SeriesTrend(found.slope[0], found.p_value[0], found.count[0], LEAST_OBSERVATIONS)
