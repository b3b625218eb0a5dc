"""What a raster has to be to come onto the grid, what one says of itself, and whether the two agree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Protocol

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.crs import CRS as FileCRS  # noqa: N811 an abbreviation
from rasterio.windows import Window

from pipeline.datum import explain_no_shift, find_transformer
from pipeline.errors import InputError, Problem
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.places import find_flaw
from pipeline.settings.crs import GivenCrs
from pipeline.settings.layers import LayerSource, Resampling
from pipeline.settings.placing import parse_crs

NO_CODE = -1
"""The code of what has no class."""

Masked = np.ma.MaskedArray[Any, np.dtype[Any]]
"""Numbers (y, x), masked where they are unknown."""

OverTime = Literal["one", "mean", "sum"]

_CODES = ("uint8", "int8", "uint16", "int16", "int32")
_NUMBERS = (*_CODES, "uint32", "int64", "uint64", "float32", "float64")
_SPELLINGS = {
    "metre": "m",
    "meter": "m",
    "metres": "m",
    "meters": "m",
    "millimetre": "mm",
    "millimeter": "mm",
    "millimetres": "mm",
    "millimeters": "mm",
}


@dataclass(frozen=True)
class Layer:
    """What the numbers of a raster have to be: an entry.

    `title` names it in messages, `unit` is that of its numbers, empty of classes, `spellings` are what it is
    called besides; `resampling` is the mode of classes, else what is taken of numbers in a pixel: their
    mean, the sum of totals, the nearest one or a bilinear interpolation. Where it changes with time,
    `over_time` is what stands for a period: the one time in it, or the mean or sum of all; without, it holds
    at any time. `heights` have a vertical datum.
    """

    name: str
    title: str
    unit: str
    resampling: Resampling | Literal["mode"]
    over_time: OverTime | None = None
    heights: bool = False
    spellings: tuple[str, ...] = ()


class SourceRaster(Protocol):
    """Numbers that lie on pixels of their own."""

    @property
    def name(self) -> str:
        """What messages call it: its path or address."""

    @property
    def place(self) -> Profile:
        """Where it lies."""

    def read(self, window: Window) -> Masked:
        """Numbers of a window inside it."""

    def checksum(self) -> str:
        """What it is known by; another one where its numbers may be others."""


@dataclass(frozen=True)
class OpenLayer:
    """A layer whose raster was looked at: `assumed` says in words what it does not say of itself.

    Of several rasters the first that knows a pixel counts. `times` are those that it takes its numbers
    from, empty where it does not tell; `vertical_datum` is empty where none is known. `unscaled`: its numbers
    are stored as whole ones, and it says of no scale.
    """

    layer: Layer
    resampling: Resampling | Literal["mode"]
    rasters: tuple[SourceRaster, ...]
    times: tuple[datetime, ...] = ()
    vertical_datum: str = ""
    assumed: tuple[str, ...] = ()
    unscaled: bool = False

    def checksum(self) -> str:
        """What its numbers are known by, as part of the cause of what is made of them."""
        return ",".join(raster.checksum() for raster in self.rasters)


@dataclass(frozen=True)
class Statement:
    """What a raster says of itself, with its rows and columns; a text is empty where it says nothing.

    `nodata` is the number that stands for nothing; `fill` whether it says of any, by that or by a mask;
    `packed` whether its numbers mean others by a scale and an offset.
    """

    name: str
    crs: str
    transform: Affine
    dtype: str
    unit: str = ""
    vertical_datum: str = ""
    nodata: float | None = None
    fill: bool = False
    packed: bool = False
    height: int = 1
    width: int = 1

    @property
    def unscaled(self) -> bool:
        """Whether its numbers are stored as whole ones, and it says of no scale."""
        return not self.packed and not self.dtype.startswith("float")


def build_layer_error(layer: Layer, *problems: Problem) -> InputError:
    """The error of a layer that cannot be used."""
    return InputError(f"{layer.title} cannot be used", problems)


def choose_resampling(layer: Layer, given: LayerSource) -> Resampling | Literal["mode"]:
    """How a layer comes onto the grid; InputError where classes are asked for as numbers."""
    if given.resampling is None or layer.resampling == given.resampling:
        return layer.resampling
    if layer.resampling == "mode":
        problem = Problem(f"{layer.name}.resampling", given.resampling, "classes, which come by the mode")
        raise build_layer_error(layer, problem)
    return given.resampling


def settle_crs(layer: Layer, given: LayerSource, name: str, stated: str) -> tuple[str, str]:
    """Horizontal CRS and name of the vertical one, empty where there is none, of a CRS given or stated.

    Both are empty where there is neither. Raises InputError where the given one is none, and where no
    transformation from it to CGCS2000 is published or given.
    """
    if not (given.crs or stated):
        return "", ""
    crs = parse_crs(name, given.crs or stated)
    if isinstance(crs, Problem):
        raise build_layer_error(layer, crs)
    flat = crs if crs.is_bound else crs.sub_crs_list[0] if crs.is_compound else crs.to_2d()
    upright = crs.sub_crs_list[1].name if crs.is_compound else ""
    if not _has_way(flat.to_wkt()):
        raise build_layer_error(layer, explain_no_shift(name, flat))
    return flat.to_wkt() if flat.is_bound else FileCRS.from_wkt(flat.to_wkt()).to_string(), upright


@lru_cache(maxsize=64)
def _has_way(wkt: str) -> bool:
    """Whether a transformation from a CRS to CGCS2000 is published; PROJ takes long to find one."""
    return find_transformer(CRS(wkt)) is not None


def find_flaws(layer: Layer, given: LayerSource, said: Statement) -> Iterator[Problem]:
    """What keeps a raster from being a layer."""
    kinds = _CODES if layer.resampling == "mode" else _NUMBERS
    if said.dtype not in kinds:
        yield Problem(said.name, f"numbers of type {said.dtype}", f"one of {', '.join(kinds)}")
    if not said.crs:
        yield Problem(said.name, "no CRS", "a raster with a CRS", "Name it by `crs`")
    if said.transform.is_identity:
        yield Problem(said.name, "no place", "a raster that says where its pixels lie")
    elif said.crs and (flaw := find_flaw(Profile(said.crs, said.transform, said.height, said.width))):
        yield Problem(said.name, flaw, "a raster that lies on the earth")
    if layer.resampling == "mode":
        yield from _find_flaws_of_classes(said)
    unit = given.unit or said.unit
    if unit and spell_unit(unit) not in {layer.unit, *layer.spellings}:
        todo = "" if given.unit else "If that is another word for it, or wrong, name it by `unit`"
        yield Problem(said.name, f"the unit {unit!r}", repr(layer.unit), todo)


def list_layer_assumptions(layer: Layer, given: LayerSource, said: Statement) -> Iterator[str]:
    """What a raster does not say of itself and is taken for granted, or is told otherwise; in words."""
    told = given.model_dump(include={"unit", "vertical_datum", "nodata"}, exclude_none=True)
    told |= {"crs": given.crs.name if isinstance(given.crs, GivenCrs) else given.crs} if given.crs else {}
    yield from (f"{key} {value}: as the config says 按配置" for key, value in told.items())
    if layer.unit and not (said.unit or given.unit):
        yield f"unit {layer.unit}: assumed, none is told 单位未注明"
    if layer.heights and not (said.vertical_datum or given.vertical_datum):
        yield "vertical datum: unknown, none is told 高程基准未注明"
    if not said.fill and given.nodata is None:
        yield "nodata: none is told, every number counts 未注明无效值"


def spell_unit(unit: str) -> str:
    """A unit in the spelling of the entries: `m` for `metres`."""
    plain = " ".join(unit.split())
    return _SPELLINGS.get(plain.lower(), plain)


def mask_numbers(numbers: Masked, *nothing: float | None) -> Masked:
    """Numbers, masked also where they are one of `nothing`, or none at all."""
    mask = np.ma.getmaskarray(numbers).copy()
    for nodata in nothing:
        if nodata is not None:
            mask |= numbers.data == nodata
    if numbers.dtype.kind == "f":
        mask |= ~np.isfinite(numbers.data)
    return np.ma.MaskedArray(numbers.data, mask)


def as_codes(numbers: Masked) -> NDArray[np.int32]:
    """Codes of classes; NO_CODE where they are unknown or below 0."""
    mask = np.ma.getmaskarray(numbers)
    known = np.where(mask, 0, numbers.data)
    return np.where(mask | (known < 0), np.int32(NO_CODE), known.astype(np.int32))


def as_numbers(numbers: Masked) -> NDArray[np.float64]:
    """Numbers; NaN where they are unknown."""
    return np.where(np.ma.getmaskarray(numbers), np.nan, numbers.data.astype(np.float64))


def _find_flaws_of_classes(said: Statement) -> Iterator[Problem]:
    if said.transform.b or said.transform.d:
        yield Problem(said.name, "pixels that are turned", "classes north up", "Warp it with gdalwarp")
    if said.packed:
        yield Problem(said.name, "a scale or an offset", "classes as they are")


def join(texts: Sequence[str]) -> str:
    """Texts for a message, or a word for none."""
    return ", ".join(texts) or "none"
