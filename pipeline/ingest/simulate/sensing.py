"""What Sentinel-2 and Landsat see and feel of the ground through the sky: digital numbers and the mask."""

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from pipeline.ingest.scenes.sensors import OLI_BANDPASS
from pipeline.ingest.simulate.fields import compile_loop, draw_bell, scramble
from pipeline.ingest.simulate.heat import (
    TEMPERATURE_NOISE_K,
    TEMPERATURE_OFFSET,
    TEMPERATURE_SCALE,
    Heat,
)
from pipeline.ingest.simulate.landscape import BANDS, BUILT, KINDS, WATER, mix_colours
from pipeline.ingest.simulate.sky import (
    CIRRUS,
    CLEAR,
    CLOUD_COLOURS,
    DRIFT_COLOURS,
    HAZE_COLOURS,
    HIGH_CLOUD,
    MEDIUM_CLOUD,
    SHADOW,
    Sky,
)
from pipeline.ingest.simulate.world import Surface

SENSOR_NOISE = 0.004
"""Standard deviation of the noise of a single pixel, in reflectance."""
B08_TO_B8A = 0.985
"""Reflectance of the broad near infrared (B08) beside the narrow one (B8A), over plants."""

SENTINEL_SCALE = 1e-4
SENTINEL_OFFSET_DN = 1000
LANDSAT_SCALE = 2.75e-5
LANDSAT_OFFSET = -0.2
FILL_QA = 1

_GREEN_ABOVE = 0.30
_UNSURE_ABOVE = 0.26
_BRIGHT_ROOF = 200
_FALSE_CLOUDS_PERMILLE = 60
_UNSURE_PERMILLE = 3
_WEIGHTS = np.array([0.5, 1.0, 1.0, 0.5]) / 3
"""Of pixels of 10 m along a side of 30 m that begins and ends in the middle of one."""
_RIM_OPACITY = 0.1

_FIRST_SHORT_WAVE = 4
_SCL_VEGETATION, _SCL_BARE, _SCL_WATER, _SCL_UNSURE = 4, 5, 6, 7

_LOW_CONFIDENCES = (1 << 8) | (1 << 10) | (1 << 12) | (1 << 14)
_QA_CLEAR = _LOW_CONFIDENCES | (1 << 6)
_QA_WATER = _QA_CLEAR | (1 << 7)
_QA_SHADOW = _QA_CLEAR | (1 << 4) | (1 << 11)
_QA_CLOUD = _LOW_CONFIDENCES | (1 << 3) | (1 << 9)
_QA_CIRRUS = _QA_CLEAR | (1 << 2) | (1 << 15)
_QA_DILATED = _LOW_CONFIDENCES | (1 << 1)


class Light(NamedTuple):
    """The tables by which a pixel becomes reflectance.

    `bare` and `plants` (kind, band): colour without plants, and what full cover adds; `season` (kind, shift):
    green share; `cover` (kind, 2): least and greatest fraction; `air` (3, band): cloud, haze and drift.
    """

    bare: NDArray[np.float64]
    plants: NDArray[np.float64]
    season: NDArray[np.float64]
    cover: NDArray[np.float64]
    air: NDArray[np.float64]


class Encoding(NamedTuple):
    """How reflectance becomes numbers: DN = reflectance * gain + shift, by band; `nir` is B08 over B8A."""

    gain: NDArray[np.float64]
    shift: NDArray[np.float64]
    nir: tuple[float, float]


def prepare_light(season: NDArray[np.float64]) -> Light:
    """The tables for a season (kind, shift)."""
    bare, plants = mix_colours()
    cover = np.array([kind.cover for kind in KINDS])
    return Light(bare, plants, season, cover, np.array([CLOUD_COLOURS, HAZE_COLOURS, DRIFT_COLOURS]))


def encode_sentinel(
    ground: Surface, sky: Sky, light: Light, *, platform: str, offset_dn: int, seed: np.uint64
) -> dict[str, NDArray[np.integer]]:
    """Digital numbers of every band of a Sentinel-2 L2A scene at its own resolution, and `scl`.

    DN = reflectance * 10000 + `offset_dn`; 0 where the orbit ends. Reflectance is that of the platform's own
    bands: the inverse of the bandpass adjustment to OLI. What clouds and shadows surely hide has no noise of
    the sensor, which would be a fifth of the files.
    """
    table = OLI_BANDPASS[platform]
    slope = np.array([table[band][0] for band in BANDS])
    offset = np.array([table[band][1] for band in BANDS])
    gain, shift = 1 / slope / SENTINEL_SCALE, -offset / slope / SENTINEL_SCALE
    narrow = BANDS.index("nir08")
    nir = (B08_TO_B8A * gain[narrow], B08_TO_B8A * shift[narrow] + offset_dn)
    encoding = Encoding(gain, shift + offset_dn, nir)
    fine, coarse, scl = _fill_sentinel(ground, sky, light, encoding, seed)
    _quiet_hidden(ground, sky, light, encoding, _find_hidden(sky), fine, coarse)
    named = dict(zip(("blue", "green", "red", "nir"), fine, strict=True))
    return named | dict(zip(("nir08", "swir16", "swir22"), coarse, strict=True)) | {"scl": scl}


def encode_landsat(
    ground: Surface, sky: Sky, light: Light, heat: Heat, *, seed: np.uint64
) -> dict[str, NDArray[np.integer]]:
    """Digital numbers of a Landsat 8 or 9 level 2 scene at 30 m, `lwir11` of temperature, and `qa_pixel`.

    Its corner lies 15 m inside the corner of the ground's pixels (on odd multiples of 15 m), so that each
    pixel averages two whole and two half pixels of 10 m along each axis.
    """
    shift = -LANDSAT_OFFSET / LANDSAT_SCALE
    bands, qa = _fill_landsat(ground, sky, light, 1 / LANDSAT_SCALE, shift, _build_qa_table(), seed)
    warm = _fill_thermal(ground, sky, light, heat, qa, seed)
    return dict(zip(BANDS, bands, strict=True)) | {"lwir11": warm, "qa_pixel": qa}


def _find_hidden(sky: Sky) -> NDArray[np.bool_]:
    """Pixels of 20 m that no mask calls clear, however small the specks that it leaves out."""
    hidden: NDArray[np.bool_] = (
        scipy.ndimage.binary_erosion(sky.flags != CLEAR, np.ones((5, 5), dtype=bool)) & ~sky.void
    )
    return hidden


def _build_qa_table() -> NDArray[np.uint16]:
    """QA_PIXEL by flag of the sky; 1 stands for clear water, 2 for the rim of a cloud."""
    table = np.full(HIGH_CLOUD + 2, _QA_CLEAR, dtype=np.uint16)
    table[1], table[2], table[SHADOW], table[CIRRUS] = _QA_WATER, _QA_DILATED, _QA_SHADOW, _QA_CIRRUS
    table[[MEDIUM_CLOUD, HIGH_CLOUD]] = _QA_CLOUD
    return table


@compile_loop
def _cover(ground: Surface, light: Light, row: int, col: int) -> float:
    """Vegetation cover of a pixel of 10 m. `_see` has its own: no bit of what is seen hangs on this one."""
    kind = ground.kind[row, col]
    least, most = light.cover[kind, 0], light.cover[kind, 1]
    green = light.season[kind, ground.shift[row, col]]
    return float((least + (most - least) * (ground.vigour[row, col] / 255.0)) * green)


@compile_loop
def _see(ground: Surface, sky: Sky, light: Light, row: int, col: int, seen: NDArray[np.float64]) -> float:
    """Reflectance of a pixel of 10 m by band, written into `seen`; gives its vegetation cover."""
    kind, row_sky, col_sky = ground.kind[row, col], row // 2, col // 2
    least, most = light.cover[kind, 0], light.cover[kind, 1]
    green = light.season[kind, ground.shift[row, col]]
    fvc = (least + (most - least) * (ground.vigour[row, col] / 255.0)) * green
    bright = 0.85 + 0.3 * (ground.brightness[row, col] / 255.0)
    moist = 0.9 + 0.2 * (ground.texture[row, col] / 255.0)
    opacity, shade = sky.opacity[row_sky, col_sky], sky.shade[row_sky, col_sky]
    haze, drift = sky.haze[row_sky, col_sky], sky.drift[row_sky, col_sky]
    for band in range(6):
        value = bright * (light.bare[kind, band] + fvc * light.plants[kind, band])
        if band >= _FIRST_SHORT_WAVE:
            value *= moist
        value = value * shade + light.air[1, band] * haze + light.air[2, band] * drift
        seen[band] = value * (1 - opacity) + opacity * light.air[0, band]
    return float(fvc)


@compile_loop
def _round(value: float) -> int:
    return min(65535, max(1, int(value + 0.5)))


@compile_loop
def _classify_pixel(flag: int, kind: int, brightness: int, fvc: float, chance: int) -> int:
    """SCL of a pixel of 20 m: what the sky says first, now and then a bright roof taken for a cloud."""
    if flag:
        return flag
    if kind == BUILT and brightness > _BRIGHT_ROOF and chance < _FALSE_CLOUDS_PERMILLE:
        return MEDIUM_CLOUD
    if kind == WATER:
        return _SCL_WATER
    if fvc > _GREEN_ABOVE:
        return _SCL_VEGETATION
    return _SCL_UNSURE if fvc > _UNSURE_ABOVE or chance < _UNSURE_PERMILLE else _SCL_BARE


@compile_loop
def _fill_sentinel(
    ground: Surface, sky: Sky, light: Light, encoding: Encoding, seed: np.uint64
) -> tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint8]]:
    """Bands at 10 m (blue, green, red, nir), at 20 m (nir08, swir16, swir22), and SCL."""
    rows, cols = sky.flags.shape
    fine = np.zeros((4, 2 * rows, 2 * cols), dtype=np.uint16)
    coarse = np.zeros((3, rows, cols), dtype=np.uint16)
    scl = np.zeros((rows, cols), dtype=np.uint8)
    seen, mean = np.empty(6), np.empty(6)
    for row in range(rows):
        for col in range(cols):
            if sky.void[row, col]:
                continue
            mean[:] = 0.0
            fvc = 0.0
            for place in range(4):
                y, x = 2 * row + place // 2, 2 * col + place % 2
                fvc += _see(ground, sky, light, y, x, seen) / 4
                _expose(seen, encoding, seed, fine, y, x)
                mean += seen / 4
            for band in range(3):
                noise = draw_bell(scramble(seed + np.uint64(band + 11), row, col)) * SENSOR_NOISE
                value = (mean[band + 3] + noise) * encoding.gain[band + 3] + encoding.shift[band + 3]
                coarse[band, row, col] = _round(value)
            chance = int(scramble(seed, row, col) % np.uint64(1000))
            kind, brightness = ground.kind[2 * row, 2 * col], ground.brightness[2 * row, 2 * col]
            scl[row, col] = _classify_pixel(sky.flags[row, col], kind, brightness, fvc, chance)
    return fine, coarse, scl


@compile_loop
def _expose(
    seen: NDArray[np.float64],
    encoding: Encoding,
    seed: np.uint64,
    fine: NDArray[np.uint16],
    row: int,
    col: int,
) -> None:
    """The numbers of one pixel of 10 m, with noise of its own in each band."""
    for band in range(3):
        value = seen[band] + draw_bell(scramble(seed + np.uint64(band + 1), row, col)) * SENSOR_NOISE
        fine[band, row, col] = _round(value * encoding.gain[band] + encoding.shift[band])
    nir = seen[3] + draw_bell(scramble(seed + np.uint64(4), row, col)) * SENSOR_NOISE
    fine[3, row, col] = _round(nir * encoding.nir[0] + encoding.nir[1])


@compile_loop
def _quiet_hidden(
    ground: Surface,
    sky: Sky,
    light: Light,
    encoding: Encoding,
    hidden: NDArray[np.bool_],
    fine: NDArray[np.uint16],
    coarse: NDArray[np.uint16],
) -> None:
    """Take the noise from the numbers of what is hidden."""
    seen, mean = np.empty(6), np.empty(6)
    for row in range(hidden.shape[0]):
        for col in range(hidden.shape[1]):
            if not hidden[row, col]:
                continue
            mean[:] = 0.0
            for place in range(4):
                y, x = 2 * row + place // 2, 2 * col + place % 2
                _see(ground, sky, light, y, x, seen)
                for band in range(3):
                    fine[band, y, x] = _round(seen[band] * encoding.gain[band] + encoding.shift[band])
                fine[3, y, x] = _round(seen[3] * encoding.nir[0] + encoding.nir[1])
                mean += seen / 4
            for band in range(3):
                value = mean[band + 3] * encoding.gain[band + 3] + encoding.shift[band + 3]
                coarse[band, row, col] = _round(value)


@compile_loop
def _average(
    ground: Surface,
    sky: Sky,
    light: Light,
    row: int,
    col: int,
    seen: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> None:
    """Mean reflectance over 30 m from a corner at the middle of a pixel of 10 m, by band."""
    mean[:] = 0.0
    for place in range(16):
        _see(ground, sky, light, row + place // 4, col + place % 4, seen)
        mean += _WEIGHTS[place // 4] * _WEIGHTS[place % 4] * seen


@compile_loop
def _fill_landsat(
    ground: Surface,
    sky: Sky,
    light: Light,
    gain: float,
    shift: float,
    qa_table: NDArray[np.uint16],
    seed: np.uint64,
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Six bands at 30 m, and QA_PIXEL from the middle of each pixel."""
    rows, cols = (ground.kind.shape[0] - 5) // 3 + 1, (ground.kind.shape[1] - 5) // 3 + 1
    numbers = np.zeros((6, rows, cols), dtype=np.uint16)
    qa = np.full((rows, cols), FILL_QA, dtype=np.uint16)
    seen, mean = np.empty(6), np.empty(6)
    for row in range(rows):
        for col in range(cols):
            y, x = 3 * row + 1, 3 * col + 1
            if sky.void[(y + 2) // 2, (x + 2) // 2]:
                continue
            _average(ground, sky, light, y, x, seen, mean)
            for band in range(6):
                value = mean[band] + draw_bell(scramble(seed + np.uint64(band + 1), row, col)) * SENSOR_NOISE
                numbers[band, row, col] = _round(value * gain + shift)
            flag = sky.flags[(y + 2) // 2, (x + 2) // 2]
            if flag == 0 and sky.opacity[(y + 2) // 2, (x + 2) // 2] > _RIM_OPACITY:
                flag = 2
            elif flag == 0 and ground.kind[y + 2, x + 2] == WATER:
                flag = 1
            qa[row, col] = qa_table[flag]
    return numbers, qa


@compile_loop
def _fill_thermal(
    ground: Surface, sky: Sky, light: Light, heat: Heat, qa: NDArray[np.uint16], seed: np.uint64
) -> NDArray[np.uint16]:
    """Surface temperature at 30 m, with noise; 0 where the orbit ends. Clouds hide it by their own."""
    numbers = np.zeros(qa.shape, dtype=np.uint16)
    for row in range(qa.shape[0]):
        for col in range(qa.shape[1]):
            if qa[row, col] == FILL_QA:
                continue
            kelvin = draw_bell(scramble(seed + np.uint64(31), row, col)) * TEMPERATURE_NOISE_K
            for place in range(16):
                y, x = 3 * row + 1 + place // 4, 3 * col + 1 + place % 4
                opacity = sky.opacity[y // 2, x // 2]
                warm = heat.bare[ground.kind[y, x]] - heat.cooling * _cover(ground, light, y, x)
                seen = warm * (1 - opacity) + opacity * heat.cloud
                kelvin += _WEIGHTS[place // 4] * _WEIGHTS[place % 4] * seen
            numbers[row, col] = _round((kelvin - TEMPERATURE_OFFSET) / TEMPERATURE_SCALE)
    return numbers
