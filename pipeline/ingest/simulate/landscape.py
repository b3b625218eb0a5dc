"""What grows and stands in the simulated world: kinds of ground, their colours and seasons, their places.

"The wheat and maize pixel" below is one real Sentinel-2 pixel of the North China Plain (tile 50SKC, 502
looks from 2018 to 2025, 209 of them clear), on which the figures of this module and of `sky` are calibrated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

NDVI_SOIL = 0.11
"""NDVI of bare soil: the wheat and maize pixel after harvest (median of clear looks below 0.2)."""
NDVI_VEGETATION = 0.89
"""NDVI of full vegetation: the wheat and maize pixel at its greenest (median of clear looks above 0.85)."""
NDVI_WATER = -0.20
"""NDVI of the silty water of the Yangtze."""

BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
_FULL_VEGETATION = {"blue": 0.023, "green": 0.043, "swir16": 0.113, "swir22": 0.052}
"""Colours of the wheat and maize pixel at its greenest (median); red and nir08 follow from the NDVI."""

Regime = Literal["", "tidal", "reservoir"]

MAX_SHIFT_DAYS = 10
_DAYS = 365.25
_MID_MONTH = (np.arange(12) + 0.5) * _DAYS / 12


@dataclass(frozen=True)
class Kind:
    """A kind of ground.

    `red_nir` is the sum of red and near infrared reflectance, which does not change over the year;
    blue to swir22 the reflectance without plants; `cover` the least and greatest fraction of plants, of
    which `course` is the share that is green in the middle of each month.
    """

    name: str
    cover_class: str
    red_nir: float
    blue: float
    green: float
    swir16: float
    swir22: float
    cover: tuple[float, float]
    course: tuple[float, ...]
    dlbm: str


# Two crops a year with harvests in June and October: monthly medians of the wheat and maize pixel, but the
# troughs shorter (September and November at the upper quartile): the fields of an area are not cut at once.
_TWO_CROPS = (0.71, 0.78, 0.92, 0.94, 0.87, 0.30, 0.78, 0.91, 0.80, 0.10, 0.62, 0.70)
_REED = (0.58, 0.56, 0.72, 0.82, 0.86, 0.89, 0.92, 0.92, 0.90, 0.87, 0.83, 0.72)
_MEADOW = (0.68, 0.66, 0.77, 0.84, 0.87, 0.89, 0.91, 0.90, 0.88, 0.86, 0.83, 0.75)
_WOODS = (0.82, 0.81, 0.85, 0.88, 0.91, 0.93, 0.94, 0.94, 0.93, 0.91, 0.89, 0.85)
_WEEDS = (0.60, 0.62, 0.75, 0.85, 0.90, 1.0, 0.98, 0.95, 0.90, 0.80, 0.70, 0.62)

KINDS = (
    Kind("water", "water", 0.14, 0.070, 0.092, 0.020, 0.012, (0.0, 0.0), _WEEDS, "1101"),
    Kind("flat", "bare", 0.28, 0.080, 0.110, 0.185, 0.150, (0.0, 0.06), _WEEDS, "1105"),
    Kind("marsh", "vegetation", 0.36, 0.070, 0.100, 0.190, 0.150, (0.60, 1.0), _REED, "1108"),
    Kind("paddy", "vegetation", 0.42, 0.085, 0.115, 0.225, 0.180, (0.68, 1.0), _TWO_CROPS, "0101"),
    Kind("grass", "vegetation", 0.44, 0.085, 0.120, 0.240, 0.190, (0.62, 0.97), _MEADOW, "0404"),
    Kind("forest", "vegetation", 0.38, 0.065, 0.095, 0.190, 0.150, (0.72, 1.0), _WOODS, "0301"),
    Kind("bare", "bare", 0.36, 0.085, 0.120, 0.275, 0.230, (0.0, 0.12), _WEEDS, "1206"),
    Kind("built", "built", 0.40, 0.160, 0.175, 0.190, 0.170, (0.0, 0.15), _WEEDS, "0702"),
    Kind("sparse", "vegetation", 0.42, 0.090, 0.120, 0.240, 0.200, (0.22, 0.30), _MEADOW, "0404"),
)
"""`dlbm` is the class of the land survey (三调) that the register gives to ground of this kind."""

WATER, FLAT, MARSH, PADDY, GRASS, FOREST, BARE, BUILT, SPARSE = range(len(KINDS))


@dataclass(frozen=True)
class Landscape:
    """Where kinds lie: from low to high ground in `zones`, then a `mosaic` of patches on the land above.

    Both pair a kind with its share. Height is a random field plus a slope (rise to the east and north, in
    standard deviations over half the width) and a dome; `grain_m` is the length of its smallest features.
    Creeks of a width run through the low ground. `regime` is what moves the water over the
    flats, if it moves.
    """

    zones: tuple[tuple[int, float], ...]
    mosaic: tuple[tuple[int, float], ...]
    slope: tuple[float, float]
    dome: float
    grain_m: float
    creek_m: float
    parcels: int
    region_code: str
    regime: Regime = ""


_ELSEWHERE = Landscape(
    zones=((WATER, 0.16), (FLAT, 0.07), (MARSH, 0.12)),
    mosaic=((FOREST, 0.22), (PADDY, 0.33), (GRASS, 0.2), (BUILT, 0.15), (BARE, 0.1)),
    slope=(-0.8, 0.5),
    dome=0.0,
    grain_m=350.0,
    creek_m=40.0,
    parcels=45,
    region_code="990000",
)

_LANDSCAPES: Mapping[str, Landscape] = MappingProxyType(
    {
        "dongtan": Landscape(
            zones=((WATER, 0.27), (FLAT, 0.19), (MARSH, 0.33)),
            mosaic=((PADDY, 0.46), (GRASS, 0.24), (FOREST, 0.14), (BUILT, 0.08), (BARE, 0.08)),
            slope=(-2.6, 0.5),
            dome=0.0,
            grain_m=1100.0,
            creek_m=90.0,
            parcels=140,
            region_code="310151",
            regime="tidal",
        ),
        "xisha": Landscape(
            zones=((WATER, 0.2), (FLAT, 0.12), (MARSH, 0.38)),
            mosaic=((FOREST, 0.45), (GRASS, 0.3), (BUILT, 0.12), (BARE, 0.13)),
            slope=(0.7, 1.1),
            dome=0.0,
            grain_m=450.0,
            creek_m=45.0,
            parcels=50,
            region_code="310151",
            regime="tidal",
        ),
        "guangyang": Landscape(
            zones=((WATER, 0.07), (FLAT, 0.06)),
            mosaic=((FOREST, 0.47), (GRASS, 0.24), (PADDY, 0.16), (BUILT, 0.08), (BARE, 0.05)),
            slope=(0.2, -0.3),
            dome=3.0,
            grain_m=450.0,
            creek_m=0.0,
            parcels=85,
            region_code="500108",
            regime="reservoir",
        ),
        "longyou": Landscape(
            zones=((WATER, 0.15), (FLAT, 0.03), (FOREST, 0.12)),
            mosaic=((PADDY, 0.48), (FOREST, 0.16), (GRASS, 0.1), (BUILT, 0.18), (BARE, 0.08)),
            slope=(0.3, 1.7),
            dome=0.0,
            grain_m=450.0,
            creek_m=45.0,
            parcels=90,
            region_code="320682",
        ),
    }
)


def find_landscape(part_id: str) -> Landscape:
    """The landscape of a part of an area; parts that are not known by name share one."""
    return _LANDSCAPES.get(part_id, _ELSEWHERE)


def mix_colours() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reflectance (kind, band) without plants, and what full cover adds to it; bands as in `BANDS`.

    Red and near infrared follow from the NDVI and their sum, so that the dichotomy model is exactly true.
    """
    without = np.array([_mix_without_plants(kind) for kind in KINDS])
    with_plants = np.array([_mix_with_plants(kind) for kind in KINDS])
    return without, with_plants - without


def tabulate_course(moment: datetime, advance_days: float) -> NDArray[np.float64]:
    """Green share of the plants (kind, shift in days from -10 to 10) at a moment; periodic over the year."""
    day = moment.timetuple().tm_yday - 0.5 + advance_days
    days = (day + np.arange(-MAX_SHIFT_DAYS, MAX_SHIFT_DAYS + 1)) % _DAYS
    return np.array([np.interp(days, _MID_MONTH, kind.course, period=_DAYS) for kind in KINDS])


def _mix_without_plants(kind: Kind) -> list[float]:
    ndvi = NDVI_WATER if kind.name == "water" else NDVI_SOIL
    return [kind.blue, kind.green, *_split_red_and_nir(kind, ndvi), kind.swir16, kind.swir22]


def _mix_with_plants(kind: Kind) -> list[float]:
    blue, green, swir16, swir22 = _FULL_VEGETATION.values()
    return [blue, green, *_split_red_and_nir(kind, NDVI_VEGETATION), swir16, swir22]


def _split_red_and_nir(kind: Kind, ndvi: float) -> tuple[float, float]:
    return kind.red_nir * (1 - ndvi) / 2, kind.red_nir * (1 + ndvi) / 2
