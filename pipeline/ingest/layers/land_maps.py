"""Existing maps of land cover: what their files hold, and their codes on the pixels of a grid."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset, InputError, Problem
from pipeline.grid import Block, Grid
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.positions import fineness, positions, reach, strips, window_around
from pipeline.ingest.reading.resampling import read_nearest
from pipeline.settings.maps import LandMap

NO_CODE = -1
_ALIGNED = 1e-6
_LEAST_POINTS = 8
_WINDOW_PX = 2048
_LEAST_EDGE_PX = 16
_TYPES = ("uint8", "int8", "uint16", "int16", "int32")
_EXPECTED = "a GeoTIFF of one band of whole numbers, north up, with a CRS"


@dataclass(frozen=True)
class MapFile:
    """The file of a map; `nodata` is the number that stands in it for nothing."""

    path: str
    nodata: int


def map_file(given: LandMap) -> MapFile:
    """The file of a map, by its header; InputError with everything that keeps it from being one.

    Where no nodata is declared, the greatest number without a class stands for it.
    """
    path = Path(given.path)
    if not path.exists():
        raise unusable(Problem(str(path), "no such file", _EXPECTED))
    try:
        with rasterio.open(path, driver="GTiff") as dataset:
            problems = _flaws(path, dataset)
            if problems:
                raise unusable(*problems)
            return MapFile(str(path), _nodata(path, dataset, given))
    except RasterioError as error:
        raise unusable(Problem(str(path), " ".join(str(error).split()), _EXPECTED)) from error


def codes_on(files: ItemReader, file: MapFile, grid: Grid, block: Block) -> NDArray[np.int32]:
    """The codes of a map on a block (y, x); NO_CODE where it has none, below 0 or beside the file.

    Where the map is finer than the grid, the code of the most of `share` x `share` points in each pixel,
    the lower of two with as many; nodata has no say. These are 8 at least along each side, and a multiple
    of the pixels of the map, so that aligned maps are counted pixel by pixel. Else the nearest pixel.
    Raises InputError where the file cannot be read.
    """
    asset = Asset(file.path, nodata=file.nodata)
    try:
        profile = files.read_profile(asset)
        across = fineness(profile, grid)
        if not math.isfinite(across):
            raise unusable(Problem(file.path, f"the CRS {profile.crs}", f"one that reaches {grid.crs} here"))
        if across <= 1 + _ALIGNED:
            return _codes(read_nearest(files, asset, grid, block).spread(), file.nodata)
        codes = np.empty(block.shape, dtype=np.int32)
        for part in block.split(max(_LEAST_EDGE_PX, int(_WINDOW_PX / across))):
            codes[part.within(block)] = _commonest(files, asset, profile, grid, part, _share(across))
    except BrokenAsset as error:
        raise unusable(Problem(file.path, str(error), "a file that can be read")) from error
    return codes


def unusable(*problems: Problem) -> InputError:
    """The error of maps that cannot be used."""
    return InputError("A map of land cover cannot be used", problems)


def _flaws(path: Path, dataset: rasterio.DatasetReader) -> list[Problem]:
    transform = dataset.transform
    found = {
        f"{dataset.count} bands": dataset.count != 1,
        f"numbers of type {dataset.dtypes[0]}": dataset.dtypes[0] not in _TYPES,
        "no CRS": dataset.crs is None,
        "no place": transform.is_identity,
        "pixels that are turned": bool(transform.b or transform.d),
    }
    return [Problem(str(path), what, _EXPECTED) for what, wrong in found.items() if wrong]


def _nodata(path: Path, dataset: rasterio.DatasetReader, given: LandMap) -> int:
    kinds, limits = given.kinds_by_code, np.iinfo(dataset.dtypes[0])
    stated = dataset.nodata
    if stated is not None and float(stated).is_integer() and limits.min <= stated <= limits.max:
        if int(stated) in kinds:
            found = f"nodata {int(stated)}, which is the code of {kinds[int(stated)]!r}"
            raise unusable(Problem(str(path), found, "a nodata that is no class", "Declare another one"))
        return int(stated)
    return next(number for number in range(limits.max, limits.min, -1) if number not in kinds)


def _share(across: float) -> int:
    """Points along each side of a pixel for so many pixels of the map."""
    whole = math.ceil(across - _ALIGNED)
    return whole * math.ceil(_LEAST_POINTS / whole)


def _commonest(
    files: ItemReader, asset: Asset, profile: Profile, grid: Grid, block: Block, share: int
) -> NDArray[np.int32]:
    window = window_around(*reach(profile, grid, block, share), 0)
    source = _codes(files.read_window(asset, window), asset.nodata)
    codes = np.full(block.shape, NO_CODE, dtype=np.int32)
    for strip, lines in strips(block, share):
        row, col = np.broadcast_arrays(*positions(profile, grid, strip, share))
        _mode(source, row - window.row_off, col - window.col_off, share, codes[lines])
    return codes


def _codes(numbers: NDArray[Any], nodata: int) -> NDArray[np.int32]:
    return np.where((numbers == nodata) | (numbers < 0), np.int32(NO_CODE), numbers.astype(np.int32))


@numba.njit(nogil=True, cache=True)
def _mode(
    source: NDArray[np.int32],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    share: int,
    codes: NDArray[np.int32],
) -> None:
    height, width = codes.shape
    seen = np.empty(share * share, dtype=np.int32)
    count = np.empty(share * share, dtype=np.int64)
    for y in range(height):
        for x in range(width):
            different = 0
            for down in range(share):
                for across in range(share):
                    point = y * share + down, x * share + across
                    code = source[int(row[point]), int(col[point])]
                    if code == NO_CODE:
                        continue
                    place = 0
                    while place < different and seen[place] != code:
                        place += 1
                    if place == different:
                        seen[place], count[place] = code, 0
                        different += 1
                    count[place] += 1
            most = 0
            for place in range(different):
                lower = count[place] == most and seen[place] < codes[y, x]
                if count[place] > most or lower:
                    most, codes[y, x] = count[place], seen[place]
