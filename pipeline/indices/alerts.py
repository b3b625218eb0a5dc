"""Loss of vegetation soon after it happens: a cumulative sum of NDVI below its own season, look by look.

CUSUM (Page 1954, DOI 10.1093/biomet/41.1-2.100; on satellite series Ygorra et al. 2021, DOI
10.1016/j.jag.2021.102532, from knowledge). It was taken rather than the moving sums of BFAST-monitor
(Verbesselt et al. 2012, DOI 10.1016/j.rse.2012.02.022) because clouds leave few and uneven looks: it fits no
harmonic season to them, needs no number of looks to be fixed beforehand, and keeps one number a pixel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.contracts import REFLECTANCE_NODATA, REFLECTANCE_SCALE
from pipeline.indices.dark_water import LEAST_STEPS, is_known
from pipeline.legends import ALERTS, NODATA_CLASS

BANDS = ("nir", "red")

_YEAR_DAYS = 365.25
_DEVIATIONS_A_MAD = 1.4826
_STABLE, _LOST, _BARE = (ALERTS.code(key) for key in ("stable", "lost", "not_vegetated"))


@dataclass(frozen=True)
class Alerts:
    """What became of each pixel (y, x): `state` a code of legends.ALERTS, 255 where that is not known.

    `look` is the number of the look that raised the alert, -1 without one; `drop` the mean difference of NDVI
    from its season since the sum began to rise, NaN without an alert; `judged` how many looks were judged.
    """

    state: NDArray[np.uint8]
    look: NDArray[np.int16]
    drop: NDArray[np.float32]
    judged: NDArray[np.uint16]


def compute_ndvi_stack(nir: NDArray[np.int16], red: NDArray[np.int16]) -> NDArray[np.int16]:
    """NDVI of every look with scale 1e-4; nodata -32768 outside its domain and where a band is unknown."""
    found = np.empty_like(nir)
    _fill_ndvi(nir.ravel(), red.ravel(), LEAST_STEPS, found.ravel())
    return found


def find_alerts(
    ndvi: NDArray[np.int16],
    days: NDArray[np.int64],
    first: int,
    *,
    season_days: int,
    least_history: int,
    least_noise: float,
    slack: float,
    most_step: float,
    limit: float,
    least_drop: float,
    vegetation_ndvi: float,
) -> Alerts:
    """Alerts among the looks (look, y, x) from number `first` on; those before are the history.

    `days` count from any day, in rising order. A look is judged by z, its NDVI less the median of the history
    within `season_days` of its day of the year (at least `least_history` looks of any year), over the noise
    of the pixel: 1.4826 times the median absolute residual of the history, each look beside the others of its
    season, at least `least_noise`. The sum S = max(0, S + min(-z, `most_step`) - `slack`) raises an alert
    where it passes `limit` and the mean difference since it last was 0 is at least `least_drop`: with a
    bounded step no single look raises one. Ground whose history has a median NDVI below `vegetation_ndvi`
    has no vegetation to lose; a pixel without noise or without a judged look is unknown.
    """
    shape = ndvi.shape[1:]
    found = Alerts(
        np.full(shape, NODATA_CLASS, dtype=np.uint8),
        np.full(shape, -1, dtype=np.int16),
        np.full(shape, np.nan, dtype=np.float32),
        np.zeros(shape, dtype=np.uint16),
    )
    seasons = np.asarray(days, dtype=np.float64) % _YEAR_DAYS
    limits = np.array(
        [season_days, least_history, least_noise, slack, most_step, limit, least_drop, vegetation_ndvi]
    )
    _watch(ndvi, seasons, first, limits, found.state, found.look, found.drop, found.judged)
    return found


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _fill_ndvi(nir: NDArray[np.int16], red: NDArray[np.int16], least: int, found: NDArray[np.int16]) -> None:
    for place in range(len(found)):
        n, r = np.int32(nir[place]), np.int32(red[place])
        ratio = np.rint((n - r) / (n + r) / REFLECTANCE_SCALE)
        found[place] = ratio if is_known(n, r, least) else REFLECTANCE_NODATA


@numba.njit(nogil=True, cache=True)
def _watch(
    ndvi: NDArray[np.int16],
    seasons: NDArray[np.float64],
    first: int,
    limits: NDArray[np.float64],
    state: NDArray[np.uint8],
    look: NDArray[np.int16],
    drop: NDArray[np.float32],
    judged: NDArray[np.uint16],
) -> None:
    looks, height, width = ndvi.shape
    values, window, residual = np.empty(looks), np.empty(looks), np.empty(looks)
    for y in range(height):
        for x in range(width):
            known = 0
            for number in range(looks):
                stored = ndvi[number, y, x]
                values[number] = np.nan if stored == REFLECTANCE_NODATA else stored * REFLECTANCE_SCALE
                if number < first and not np.isnan(values[number]):
                    window[known] = values[number]
                    known += 1
            if known == 0:
                continue
            if np.median(window[:known]) < limits[7]:
                state[y, x] = _BARE
                continue
            noise = _estimate_noise(values, seasons, first, limits, window, residual)
            if np.isnan(noise):
                continue
            count, alert, mean = _summarise_looks(values, seasons, first, noise, limits, window)
            judged[y, x], look[y, x] = count, alert
            if count:
                state[y, x] = _LOST if alert >= 0 else _STABLE
            if alert >= 0:
                drop[y, x] = mean


@numba.njit(nogil=True, cache=True)
def _estimate_season(
    values: NDArray[np.float64],
    seasons: NDArray[np.float64],
    first: int,
    number: int,
    limits: NDArray[np.float64],
    window: NDArray[np.float64],
) -> float:
    """Median of the history around a look's day of the year, itself left out; NaN where it is too little."""
    count = 0
    for other in range(first):
        apart = abs(seasons[other] - seasons[number])
        near = min(apart, _YEAR_DAYS - apart) <= limits[0]
        if near and other != number and not np.isnan(values[other]):
            window[count] = values[other]
            count += 1
    if count < limits[1]:
        return np.nan
    return float(np.median(window[:count]))


@numba.njit(nogil=True, cache=True)
def _estimate_noise(
    values: NDArray[np.float64],
    seasons: NDArray[np.float64],
    first: int,
    limits: NDArray[np.float64],
    window: NDArray[np.float64],
    residual: NDArray[np.float64],
) -> float:
    """Robust standard deviation of the history about its season; NaN where no look has one."""
    count = 0
    for number in range(first):
        apart = abs(values[number] - _estimate_season(values, seasons, first, number, limits, window))
        if not np.isnan(apart):
            residual[count] = apart
            count += 1
    if count == 0:
        return np.nan
    return float(max(_DEVIATIONS_A_MAD * np.median(residual[:count]), limits[2]))


@numba.njit(nogil=True, cache=True)
def _summarise_looks(
    values: NDArray[np.float64],
    seasons: NDArray[np.float64],
    first: int,
    noise: float,
    limits: NDArray[np.float64],
    window: NDArray[np.float64],
) -> tuple[int, int, float]:
    """Looks judged, the look of the first alert (-1) and the mean difference behind it (NaN)."""
    total, difference, since, count = 0.0, 0.0, 0, 0
    alert, mean = -1, np.nan
    for number in range(first, len(values)):
        below = values[number] - _estimate_season(values, seasons, first, number, limits, window)
        if np.isnan(below):
            continue
        count += 1
        total = max(0.0, total + min(-below / noise, limits[4]) - limits[3])
        since = since + 1 if total > 0 else 0
        difference = difference + below if total > 0 else 0.0
        if alert < 0 and total > limits[5] and difference / since <= -limits[6]:
            alert, mean = number, difference / since
    return count, alert, mean
