"""Cloud-optimised GeoTIFFs of a delivery, with scale, nodata, colours and class names."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as ET

import dask.local
import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.windows import Window

from pipeline.contracts import REFLECTANCE_NODATA, REFLECTANCE_SCALE, Raster
from pipeline.errors import ContractError, Problem
from pipeline.grid import Block, Grid
from pipeline.legends import NODATA_CLASS, Legend
from pipeline.outputs.columns import Language
from pipeline.outputs.overviews import choose_classes
from pipeline.outputs.qgis.raster_styles import build_classes_qml, build_ramp_qml
from pipeline.outputs.ramps import find_stops
from pipeline.outputs.raster_statistics import RowMoments, describe_statistics, measure_empty, measure_rows
from pipeline.outputs.texts import find_text, name_unit

_Place = tuple[int, int]
"""Row and column of a tile among the tiles."""
_TILE = 512
_GDAL = {"GDAL_CACHEMAX": 256 * 2**20}
"""The cache is of the process; left to itself it takes 5 % of the machine."""
_TABLE_FIELDS = (
    ("value", 0, 5),
    ("name_zh", 2, 0),
    ("name_en", 2, 0),
    ("red", 0, 6),
    ("green", 0, 7),
    ("blue", 0, 8),
)
"""Fields of GDAL's raster attribute table: name, type (0 integer, 2 text) and usage."""
_NAME_USAGE = 2


@dataclass(frozen=True)
class RasterEncoding:
    """How a kind of raster is stored; `overviews` is the resampling of the smaller copies.

    `unit` is that of its values where a raster names none of its own; classes have none.
    """

    dtype: str
    nodata: float | None
    scale: float
    predictor: str
    overviews: Resampling
    unit: str = "1"


ENCODINGS: Mapping[str, RasterEncoding] = MappingProxyType(
    {
        "ratio": RasterEncoding("int16", REFLECTANCE_NODATA, REFLECTANCE_SCALE, "YES", Resampling.average),
        "reflectance": RasterEncoding(
            "int16", REFLECTANCE_NODATA, REFLECTANCE_SCALE, "YES", Resampling.average
        ),
        "series": RasterEncoding("int16", REFLECTANCE_NODATA, REFLECTANCE_SCALE, "YES", Resampling.average),
        "index": RasterEncoding("float32", float("nan"), 1.0, "YES", Resampling.average),
        "amount": RasterEncoding("float32", float("nan"), 1.0, "YES", Resampling.average),
        "count": RasterEncoding("uint16", None, 1.0, "NO", Resampling.nearest),
        "classes": RasterEncoding("uint8", NODATA_CLASS, 1.0, "NO", Resampling.mode, unit=""),
    }
)


def write_raster(
    raster: Raster,
    grid: Grid,
    path: Path,
    *,
    simulated: bool,
    as_of: datetime,
    language: Language = "zh",
    blocks: Sequence[Block] = (),
) -> list[Path]:
    """Write a map as a COG and its side files; returns what was written.

    Lazy values are computed block by block, so that one is in memory at a time: by `blocks`, beyond which
    there is nothing, row by row, else by rows of chunks. Each band carries statistics of all its pixels, so
    that no reader computes them and writes them beside the published file. A class raster carries its colours
    inside and its classes as a table in an .aux.xml; all but those of several bands get a QGIS style. Raises
    ContractError where shape or type is not what the kind promises.
    """
    encoding = ENCODINGS[raster.kind]
    _check(raster, grid, encoding)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, rasterio.Env(**_GDAL):
        plain = Path(folder) / "plain.tif"
        tags = _build_tags(raster, simulated=simulated, as_of=as_of)
        filled = _write_plain(raster, grid, plain, encoding, tags, blocks or _list_strips(raster, grid))
        _write_overviews(plain, grid, encoding, len(_name_bands(raster)), filled)
        rasterio.shutil.copy(plain, path, driver="COG", **_build_cog_options(encoding))
    return [path, *_write_side_files(raster, path, language)]


def _check(raster: Raster, grid: Grid, encoding: RasterEncoding) -> None:
    dims = ("band", "y", "x") if raster.banded else ("y", "x")
    expected = f"{dims} {encoding.dtype} {grid.shape}"
    found = f"{raster.values.dims} {raster.values.dtype} {raster.values.shape[-2:]}"
    if found != expected:
        raise ContractError("A raster is not as promised", [Problem(raster.name, found, expected)])
    if raster.kind == "classes" and raster.legend is None:
        raise ContractError(
            "A raster is not as promised", [Problem(raster.name, "no legend", "a legend of its classes")]
        )


def _build_tags(raster: Raster, *, simulated: bool, as_of: datetime) -> dict[str, str]:
    tags = {
        "title": raster.title_zh,
        "title_en": raster.title_en,
        "period": f"{raster.first_day.isoformat()}/{raster.last_day.isoformat()}",
        "as_of": as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **({"unit": raster.unit} if raster.unit else {}),
    }
    return {**tags, "simulated": find_text("simulated.label", "zh")} if simulated else tags


def _write_plain(
    raster: Raster,
    grid: Grid,
    path: Path,
    encoding: RasterEncoding,
    tags: dict[str, str],
    blocks: Sequence[Block],
) -> set[_Place]:
    """Write a map as it is, with the statistics of its bands; the tiles that hold something."""
    names = _name_bands(raster)
    with rasterio.open(path, "w", **_build_profile(encoding, len(names), grid, step=1)) as file:
        file.descriptions = names
        file.scales = (encoding.scale,) * len(names)
        file.units = (raster.unit or encoding.unit,) * len(names)
        file.update_tags(**tags)
        if raster.legend is not None:
            file.write_colormap(1, _list_colors(raster.legend))
        filled: set[_Place] = set()
        measured: list[list[RowMoments]] = [[] for _ in names]
        for block in blocks:
            values = _compute_block(raster, block)
            filled |= _write_tiles(file, block, values, encoding.nodata)
            for moments, band in zip(measured, values, strict=True):
                moments.extend(measure_rows(band, encoding.nodata))
        pixels = grid.height * grid.width
        empty = measure_empty(pixels - sum(math.prod(block.shape) for block in blocks), encoding.nodata)
        for number, moments in enumerate(measured, start=1):
            file.update_tags(number, **describe_statistics([*moments, *empty], pixels))
    return filled


def _build_profile(encoding: RasterEncoding, count: int, grid: Grid, *, step: int) -> dict[str, Any]:
    """How a raster is written before it is packed, or its copy of every `step` pixels."""
    return {
        "driver": "GTiff",
        "dtype": encoding.dtype,
        "nodata": encoding.nodata,
        "count": count,
        "height": math.ceil(grid.height / step),
        "width": math.ceil(grid.width / step),
        "crs": grid.crs,
        "transform": grid.transform * Affine.scale(step),
        "tiled": True,
        "blockxsize": _TILE,
        "blockysize": _TILE,
        "sparse_ok": True,
        "bigtiff": "if_safer",
    }


def _write_overviews(
    path: Path, grid: Grid, encoding: RasterEncoding, count: int, filled: set[_Place]
) -> None:
    """Write smaller copies of a raster, each half of the one before, where COG takes them from.

    `filled` are its tiles that hold something. COG's own way to them packs and unpacks every one between;
    rasterio's build_overviews lets no other thread have the interpreter meanwhile.
    """
    step = 1
    while max(grid.shape) > _TILE * step:
        step *= 2
        smaller = path.with_name(f"{path.name}.ovr")
        profile = _build_profile(encoding, count, grid, step=step)
        filled = {(row // 2, col // 2) for row, col in filled}
        with rasterio.open(path) as whole, rasterio.open(smaller, "w", **profile) as file:
            for row, col in sorted(filled):
                tile = _halve(whole, row * _TILE, col * _TILE, encoding.overviews)
                _write_tile(file, row * _TILE, col * _TILE, tile, encoding.nodata)
        path = smaller


def _halve(whole: Any, row: int, col: int, resampling: Resampling) -> NDArray[Any]:
    """A tile, from its first row and column, of a raster that is half as large as one that is open.

    Where a side is odd, the last tile is stretched by less than a pixel.
    """
    rows, cols = min(2 * _TILE, whole.height - 2 * row), min(2 * _TILE, whole.width - 2 * col)
    window = Window(2 * col, 2 * row, cols, rows)
    if resampling is Resampling.mode and rows % 2 == cols % 2 == 0:
        return choose_classes(whole.read(window=window), whole.nodata)
    shape = (whole.count, math.ceil(rows / 2), math.ceil(cols / 2))
    tile: NDArray[Any] = whole.read(window=window, out_shape=shape, resampling=resampling)
    return tile


def _name_bands(raster: Raster) -> tuple[str, ...]:
    if raster.banded:
        return tuple(str(name) for name in raster.values["band"].values)
    return (raster.title_zh,)


def _list_strips(raster: Raster, grid: Grid) -> list[Block]:
    """The rows of chunks of a raster."""
    heights = raster.values.chunksizes.get("y") or _split_evenly(grid.height)
    ends = np.cumsum(heights).tolist()
    return [Block(end - height, end, 0, grid.width) for height, end in zip(heights, ends, strict=True)]


def _split_evenly(height: int) -> list[int]:
    return [min(_TILE, height - top) for top in range(0, height, _TILE)]


def _compute_block(raster: Raster, block: Block) -> NDArray[Any]:
    """The values (band, y, x) of a block."""
    # Here even where a cluster is at hand: pixels do not travel, and rasters are written side by side. Asked
    # for by its name, Dask would load all of its cluster first.
    part = raster.values.isel(y=block.rows, x=block.cols).compute(scheduler=dask.local.get_sync)
    values = np.asarray(part.to_numpy())
    return values if raster.banded else values[np.newaxis]


def _write_tiles(file: Any, block: Block, values: NDArray[Any], nodata: float | None) -> set[_Place]:
    """Write a block tile by tile; the places of those that hold something.

    Tiles of nothing are left out, and then take no room in the file.
    """
    filled = set()
    for row, col in product(
        range(block.row_from // _TILE, -(-block.row_to // _TILE)),
        range(block.col_from // _TILE, -(-block.col_to // _TILE)),
    ):
        top, left = max(row * _TILE, block.row_from), max(col * _TILE, block.col_from)
        rows = slice(top - block.row_from, (row + 1) * _TILE - block.row_from)
        cols = slice(left - block.col_from, (col + 1) * _TILE - block.col_from)
        if _write_tile(file, top, left, values[:, rows, cols], nodata):
            filled.add((row, col))
    return filled


def _write_tile(file: Any, row: int, col: int, tile: NDArray[Any], nodata: float | None) -> bool:
    """Write a tile if it holds something; whether it does."""
    holds = not _is_empty(tile, nodata)
    if holds:
        file.write(tile, window=Window(col, row, tile.shape[2], tile.shape[1]))
    return holds


def _is_empty(tile: NDArray[Any], nodata: float | None) -> bool:
    if nodata is not None and np.isnan(nodata):
        return bool(np.isnan(tile).all())
    return bool((tile == (nodata or 0)).all())


def _build_cog_options(encoding: RasterEncoding) -> dict[str, str]:
    return {
        "COMPRESS": "DEFLATE",
        "LEVEL": "1",  # on measures as small as higher ones, on classes small enough
        "PREDICTOR": encoding.predictor,
        "OVERVIEW_PREDICTOR": encoding.predictor,
        "BLOCKSIZE": str(_TILE),
        "SPARSE_OK": "TRUE",
        "BIGTIFF": "IF_SAFER",
        "NUM_THREADS": "ALL_CPUS",
    }


def _list_colors(legend: Legend) -> dict[int, tuple[int, int, int, int]]:
    """Of all codes of a byte, as a TIFF must have them: those of no class are white, as no data is."""
    named = {entry.code: (*entry.rgb, 255) for entry in legend.classes}
    return {code: named.get(code, (255, 255, 255, 0)) for code in range(NODATA_CLASS + 1)}


def _write_side_files(raster: Raster, path: Path, language: Language) -> list[Path]:
    style = path.with_suffix(".qml")
    if raster.legend is not None:
        names = path.with_name(f"{path.name}.aux.xml")
        names.write_text(build_class_table_xml(raster.legend, language), encoding="utf-8")
        style.write_text(build_classes_qml(raster.legend, language), encoding="utf-8")
        return [names, style]
    if raster.banded:
        return []
    unit = name_unit(raster.unit, language)
    style.write_text(build_ramp_qml(find_stops(raster, path), unit), encoding="utf-8")
    return [style]


def build_class_table_xml(legend: Legend, language: Language) -> str:
    """GDAL's side file of a class raster: a table of value, names and colours, of its classes and no other.

    GDAL's list of category names would count from 0, and so name codes that are no class.
    """
    root = ET.Element("PAMDataset")
    band = ET.SubElement(root, "PAMRasterBand", {"band": "1"})
    table = ET.SubElement(band, "GDALRasterAttributeTable", {"tableType": "thematic"})
    for index, (name, kind, usage) in enumerate(_TABLE_FIELDS):
        field = ET.SubElement(table, "FieldDefn", {"index": str(index)})
        use = _NAME_USAGE if name == f"name_{language}" else usage
        for key, value in (("Name", name), ("Type", kind), ("Usage", use)):
            ET.SubElement(field, key).text = str(value)
    for index, entry in enumerate(legend.classes):
        row = ET.SubElement(table, "Row", {"index": str(index)})
        for cell in (entry.code, entry.name_zh, entry.name_en, *entry.rgb):
            ET.SubElement(row, "F").text = str(cell)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"
