"""Smooth random fields: sums of plane waves of random direction, length and phase.

A field has a value at any point by formula, so that tiles agree, and no symmetry in x, y or value.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from pipeline.compiled import numba
from pipeline.geodesy import CGCS2000

Waves = NDArray[np.float64]
"""One row per wave: wave numbers along x and y (radians per metre), phase (radians), amplitude."""

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compile_loop(function: Kernel) -> Kernel:
    """A loop over pixels as machine code that runs beside other threads."""
    return cast("Kernel", numba.njit(nogil=True, cache=True, error_model="numpy")(function))


@lru_cache(maxsize=8)
def find_way_to_map(crs: str) -> Transformer:
    """The way from degrees onto the map of a world, which PROJ takes long to find."""
    return Transformer.from_crs(CGCS2000, crs, always_xy=True)


def make_random(*names: object) -> np.random.Generator:
    """The random numbers that belong to a sequence of names; the same names give the same numbers."""
    digest = hashlib.sha256("|".join(map(str, names)).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest[:16])))


def draw_waves(
    rng: np.random.Generator, *, count: int = 12, shortest_m: float = 400.0, longest_m: float = 6000.0
) -> Waves:
    """Waves whose sum has mean 0 and variance 1 and is rougher the shorter they are."""
    length = shortest_m * (longest_m / shortest_m) ** ((np.arange(count) + rng.random(count)) / count)
    direction = rng.uniform(0, 2 * np.pi, count)
    phase = rng.uniform(0, 2 * np.pi, count)
    amplitude = np.sqrt(length)
    amplitude *= np.sqrt(2 / (amplitude**2).sum())
    number = 2 * np.pi / length
    return np.column_stack([number * np.cos(direction), number * np.sin(direction), phase, amplitude])


def sum_waves(waves: Waves, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values (y, x) of a sum of waves at the crossings of columns `x` and rows `y`."""
    along_x = np.outer(waves[:, 0], x) + waves[:, 2:3]
    along_y = np.outer(waves[:, 1], y)
    amplitude = waves[:, 3:4]
    values: NDArray[np.float32] = _sum_products(
        (amplitude * np.cos(along_x)).astype(np.float32),
        (amplitude * np.sin(along_x)).astype(np.float32),
        np.cos(along_y).astype(np.float32),
        np.sin(along_y).astype(np.float32),
    )
    return values


def sum_waves_at(waves: Waves, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of a sum of waves at points, in the shape of `x` and `y`."""
    values = np.zeros(np.shape(x))
    for along_x, along_y, phase, amplitude in waves:
        values += amplitude * np.cos(along_x * x + along_y * y + phase)
    return values


def differentiate_waves(waves: Waves) -> tuple[Waves, Waves]:
    """The waves that are the derivatives of a sum of waves along x and y, per metre."""
    turned = waves[:, 2] + np.pi / 2
    along = [np.column_stack([waves[:, :2], turned, waves[:, 3] * waves[:, axis]]) for axis in (0, 1)]
    return along[0], along[1]


@compile_loop
def _sum_products(
    cos_x: NDArray[np.float32],
    sin_x: NDArray[np.float32],
    cos_y: NDArray[np.float32],
    sin_y: NDArray[np.float32],
) -> NDArray[np.float32]:
    """cos(a + b) = cos a cos b - sin a sin b, summed over waves in a fixed order."""
    values = np.zeros((cos_y.shape[1], cos_x.shape[1]), dtype=np.float32)
    for row in range(values.shape[0]):
        line = values[row]
        for wave in range(cos_x.shape[0]):
            c, s = cos_y[wave, row], sin_y[wave, row]
            for col in range(line.size):
                line[col] += c * cos_x[wave, col] - s * sin_x[wave, col]
    return values


@compile_loop
def scramble(seed: np.uint64, row: int, col: int) -> np.uint64:
    """64 random bits that follow from a seed and a place (SplitMix64, DOI 10.1145/2660193.2660195)."""
    word = (
        seed + np.uint64(row) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(col) * np.uint64(0xD1B54A32D192ED03)
    )
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@compile_loop
def draw_bell(word: np.uint64) -> float:
    """A number of mean 0, variance 1 and bell shape from 64 random bits: the sum of four 16-bit numbers."""
    low = np.uint64(0xFFFF)
    total = (
        float(word & low)
        + float((word >> np.uint64(16)) & low)
        + float((word >> np.uint64(32)) & low)
        + float(word >> np.uint64(48))
    )
    return (total / 65536.0 - 2.0) * 1.7320508
