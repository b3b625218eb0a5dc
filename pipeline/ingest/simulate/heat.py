"""The warmth of the simulated ground as a thermal sensor tells it, about half past ten in the morning.

The figures are a proposal of this project: bare and built-up ground is warmer than the air, plants cool what
they cover, water is a little cooler than the air.
"""

import math
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.simulate.landscape import KINDS
from pipeline.ingest.simulate.world import Surface, World, measure_fvc

TEMPERATURE_SCALE, TEMPERATURE_OFFSET = 0.00341802, 149.0
"""Kelvin of a number of a surface temperature product (USGS, Landsat Collection 2 Level 2)."""
TEMPERATURE_NOISE_K = 0.4
CLOUD_TOP_K = 262.0

_MEAN_K, _SWING_K, _MILD_DAY = 289.5, 11.5, 110
"""Of the air over the year, and the day of spring on which it is as warm as the year."""
_COOLING_K = 9.0
_WARMTH_K = {"water": -1.5, "flat": 5.0, "marsh": 5.0, "built": 10.0, "bare": 9.0}
_OPEN_GROUND_K = 7.5


class Heat(NamedTuple):
    """Temperature without plants by kind, what full cover takes off, the top of a cloud; all in kelvin."""

    bare: NDArray[np.float64]
    cooling: float
    cloud: float


def prepare_heat(moment: datetime) -> Heat:
    """The warmth of every kind of ground at a moment."""
    turn = 2 * math.pi * (moment.timetuple().tm_yday - _MILD_DAY) / 365.25
    air = _MEAN_K + _SWING_K * math.sin(turn)
    warmth = np.array([_WARMTH_K.get(kind.name, _OPEN_GROUND_K) for kind in KINDS])
    return Heat(air + warmth, _COOLING_K, CLOUD_TOP_K)


def measure_heat(world: World, ground: Surface, moment: datetime) -> NDArray[np.float64]:
    """Surface temperature (y, x) of a ground at a moment under a clear sky, in kelvin."""
    heat = prepare_heat(moment)
    temperature: NDArray[np.float64] = heat.bare[ground.kind] - heat.cooling * measure_fvc(
        world, ground, moment
    )
    return temperature
