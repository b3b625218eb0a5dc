"""Vector layers of any format that GDAL reads, and of GeoParquet: what they hold, and their rows."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.raw import read_arrow
from pyproj import CRS
from pyproj.enums import TransformDirection

from pipeline.datum import DatumShift, LonLat, find_base, is_undefined, to_lon_lat
from pipeline.errors import Problem
from pipeline.geodesy import CGCS2000, project, to_cgcs2000, unproject_all
from pipeline.ingest.attributes import build_cells
from pipeline.ingest.parcels import encoding as encodings
from pipeline.ingest.parcels import geoparquet
from pipeline.ingest.parcels.placement import (
    Bounds,
    explain_no_crs,
    explain_place,
    find_middle,
)
from pipeline.ingest.parcels.shape_layers import Shapes, choose_shapes
from pipeline.ingest.parcels.vector_layer import (
    BATCH_ROWS,
    Places,
    VectorLayer,
    count_distinct,
    read_with,
    vector_error,
)
from pipeline.ingest.parcels.vector_rows import read_cell_table, read_outlines
from pipeline.settings.crs import CrsSetting
from pipeline.settings.placing import parse_crs, settle_shift
from pipeline.vector_files import OFFLINE, find_named_crs, name_dataset, refuse_driver, refuse_pointer

_RING_CLOSED = "未闭合的环已闭合 / open ring closed"
_NUMBERED_TO = 2**31
"""Above it the library takes the number of a feature for another."""


def _stay_offline() -> None:
    """Have GDAL fetch nothing for a vector file.

    pyogrio sets options for the whole process only. Scenes are read by the GDAL of rasterio, which is one of
    its own in the wheels of both.
    """
    pyogrio.set_gdal_config_options(OFFLINE)


def open_vector(
    path: Path,
    *,
    name: str | None = None,
    encoding: str = "auto",
    crs: CrsSetting | None = None,
    known: Collection[str] = (),
    shapes: Shapes = "polygons",
) -> VectorLayer:
    """The named layer of a file, else its layer of such shapes, with its CRS held against its coordinates.

    Of several layers with such shapes, the one whose name (in lower case) is `known` is taken. Raises
    InputError: no such file or layer, no such shapes, several layers that may be meant, unreadable text, no
    CRS, a CRS that does not fit, an archive beyond measure, a file that only says where features are.
    """
    _stay_offline()
    if not path.exists():
        raise vector_error(Problem(str(path), "no such file", "a vector file"))
    if path.suffix.lower() in geoparquet.SUFFIXES:
        return _open_parquet(path, name, crs)
    refuse_pointer(path)
    source = name_dataset(path)
    chosen = read_with(path, None, lambda: choose_shapes(path, source, name, known, shapes))
    if isinstance(chosen, Problem):
        raise vector_error(chosen)
    recode = _find_shapefile_encoding(path, chosen, encoding)
    codec = encodings.LOSSLESS if recode else None if encoding == "auto" else encoding
    info = read_with(path, codec, lambda: pyogrio.read_info(source, chosen, encoding=codec))
    refuse_driver(path, info["driver"])
    fids, corners = read_with(path, codec, lambda: pyogrio.read_bounds(source, layer=chosen))
    _refuse_empty(f"{path}, layer {chosen}", fids, shapes)
    corners[:, ~corners.any(axis=0)] = np.nan
    key = str(info["fid_column"])
    names = _recode_names(info["fields"], recode)
    return VectorLayer(
        path,
        chosen,
        tuple(names if not key or key in names else [*names, key]),
        *settle_vector_crs(f"{path}, layer {chosen}", crs or find_named_crs(path) or info["crs"], corners),
        codec,
        recode,
        bool(info["capabilities"]["random_read"]) and _is_numbered(fids),
        fids,
        corners,
        "" if key in names else key,
        info["driver"],
        source,
    )


def find_places(layer: VectorLayer, bounds: Bounds) -> Places:
    """Places of the features whose bounds meet `bounds` (EPSG:4490), and of those without geometry.

    They are in the order of the numbers that the features have in the file.
    """
    near = _find_meeting(layer.corners, _transform_bounds(layer, bounds))
    if not _is_in_degrees(layer.crs):
        around = project(shapely.box(*bounds), layer.crs.to_wkt(), layer.near)
        near = np.concatenate(
            [near[:0], *(_refine_places(layer, part, around, bounds) for part in split_features(near))]
        )
    return near[np.argsort(layer.fids[near], kind="stable")]


def split_features(places: Places) -> Iterator[Places]:
    """So many places at a time; none of no place is a batch too."""
    return (places[start : start + BATCH_ROWS] for start in range(0, max(len(places), 1), BATCH_ROWS))


def read_features(layer: VectorLayer, columns: Sequence[str], places: Places) -> gpd.GeoDataFrame:
    """Rows at some places, with their geometry in EPSG:4490.

    Index: number of the row in the file. Beside the columns: `repairs`, what reading had to repair.
    """
    if layer.name is None:
        register = geoparquet.read_parquet_rows(layer.path, columns, places).assign(repairs=None)
    else:
        register = _read_vector_rows(layer, columns, places)
    shapes = register.geometry.to_numpy()
    if not _is_in_degrees(layer.crs):
        shapes = unproject_all(shapes, layer.crs.to_wkt(), layer.near)
    return register.set_geometry(gpd.GeoSeries(shapes, register.index, crs=CGCS2000))


def read_cells(layer: VectorLayer, columns: Sequence[str], places: Places) -> pd.DataFrame:
    """Cells of some columns at some places, as `read_features` has them, without geometry.

    Whole numbers keep every digit, whatever stands beside or above them.
    """
    if layer.name is None:
        return pd.DataFrame(geoparquet.read_parquet_rows(layer.path, columns, places)[[*columns]])
    wanted = sorted(set(columns))
    theirs = _encode_names(layer, wanted)
    held = [name for name in theirs if name != layer.key]
    table = read_with(layer.path, layer.encoding, lambda: read_cell_table(layer, held, places))
    cells = build_cells(table.select(theirs)).set_axis(layer.rows[places])
    named = cells.rename(columns=dict(zip(theirs, wanted, strict=True)))
    return _recode_columns(named, wanted, layer.recode)


def read_table_beside(layer: VectorLayer, name: str) -> pd.DataFrame | None:
    """A table without geometry that stands beside a layer, by its name in any case; None if there is none."""
    if layer.name is None:
        return None
    names = [str(found) for found, _ in pyogrio.list_layers(layer.source)]
    there = next((found for found in names if found.lower() == name.lower()), None)
    if there is None:
        return None
    _, table = read_with(
        layer.path,
        layer.encoding,
        lambda: read_arrow(layer.source, layer=there, read_geometry=False, encoding=layer.encoding),
    )
    return build_cells(table).rename(columns=str.lower)


def _find_shapefile_encoding(path: Path, layer: str, wanted: str) -> str | None:
    """The encoding to decode a Shapefile's text in; None for other formats, which know their own."""
    asked = None if wanted == "auto" else wanted
    known = asked is None or encodings.is_encoding(asked)
    with encodings.locate_shapefile(path, layer) as file:
        if file is None:
            return None
        found = encodings.find_encoding(file, asked) if known else None
    if found is None:
        text = f"text that is not {asked}" if asked else "text that is neither UTF-8 nor GBK"
        raise vector_error(Problem(str(path), text, "the right `encoding`, such as UTF-8, GBK or BIG5"))
    return found


def _refuse_empty(place: str, rows: NDArray[Any], shapes: Shapes = "polygons") -> None:
    if not len(rows):
        raise vector_error(Problem(place, "no row", f"{shapes}, a row each"))


def settle_vector_crs(
    place: str, crs: Any, corners: NDArray[np.float64]
) -> tuple[CRS, DatumShift, LonLat | None]:
    """The CRS of coordinates, how they come to CGCS2000, and where their middle is in degrees."""
    centre = find_middle(corners)
    found = parse_crs(place, crs) if crs is not None else None
    if found is None or (isinstance(found, CRS) and is_undefined(found)):
        raise vector_error(explain_no_crs(place, centre))
    if isinstance(found, Problem):
        raise vector_error(found)
    near = to_lon_lat(found, *centre) if centre else None
    shift = settle_shift(place, found, crs, near)
    misplaced = explain_place(place, find_base(found), centre)
    if isinstance(shift, Problem) or misplaced:
        raise vector_error(*(problem for problem in (misplaced, shift) if isinstance(problem, Problem)))
    return found, shift, near


def _recode_names(names: Sequence[Any], recode: str | None) -> list[str]:
    texts = [str(name) for name in names]
    return list(encodings.recode(pd.Series(texts, dtype=object), recode)) if recode and texts else texts


def _is_in_degrees(crs: CRS) -> bool:
    return bool(crs.equals(CRS(CGCS2000), ignore_axis_order=True))


def _transform_bounds(layer: VectorLayer, bounds: Bounds) -> Bounds:
    """Bounds of EPSG:4490 in a layer's CRS: those of the box's edges, not only of its corners."""
    left, bottom, right, top = to_cgcs2000(layer.crs.to_wkt(), layer.near).transform_bounds(
        *bounds, direction=TransformDirection.INVERSE
    )
    return left, bottom, right, top


def _find_meeting(corners: NDArray[np.float64], bounds: Bounds) -> Places:
    """Columns of corners that meet bounds; what has no corners is nowhere and might meet anything."""
    left, bottom, right, top = corners
    away = (right < bounds[0]) | (left > bounds[2]) | (top < bounds[1]) | (bottom > bounds[3])
    return np.flatnonzero(~away)


def _refine_places(layer: VectorLayer, places: Places, around: shapely.Geometry, bounds: Bounds) -> Places:
    """Of some places those that meet bounds in EPSG:4490; read is what is not wholly inside of them."""
    corners = layer.corners[:, places]
    shapely.prepare(around)
    sure = np.isnan(corners[0])
    known = np.flatnonzero(np.isfinite(corners).all(axis=0))
    sure[known] = shapely.covers(around, shapely.box(*corners[:, known]))
    doubtful = places[~sure]
    moved = shapely.bounds(read_features(layer, [], doubtful).geometry.to_numpy()).reshape(-1, 4).T
    return np.sort(np.concatenate([places[sure], doubtful[_find_meeting(moved, bounds)]]))


def _read_vector_rows(layer: VectorLayer, columns: Sequence[str], places: Places) -> gpd.GeoDataFrame:
    cells = read_cells(layer, columns, places)
    outlines = read_with(layer.path, layer.encoding, lambda: read_outlines(layer, places))
    shapes = shapely.from_wkb(outlines, on_invalid="ignore")
    broken = shapely.is_missing(shapes) & np.array([outline is not None for outline in outlines], dtype=bool)
    shapes[broken] = shapely.from_wkb(outlines[broken], on_invalid="fix")
    marks = [_RING_CLOSED if bad else None for bad in broken.tolist()]
    repairs = pd.Series(marks, cells.index, dtype=object)
    return gpd.GeoDataFrame(cells.assign(repairs=repairs), geometry=shapes)


def _is_numbered(fids: NDArray[np.int64]) -> bool:
    """Whether features can be asked for by their numbers: none is too large, none stands twice."""
    return bool((np.abs(fids) < _NUMBERED_TO).all()) and count_distinct(fids) == len(fids)


def _encode_names(layer: VectorLayer, names: Sequence[str]) -> list[str]:
    """Names of columns as the layer's lossless encoding spells them."""
    if layer.recode is None:
        return list(names)
    info = pyogrio.read_info(layer.source, layer.name, encoding=layer.encoding)
    spelled = dict(zip(layer.columns, map(str, info["fields"]), strict=True))
    return [spelled[name] for name in names]


def _recode_columns(register: pd.DataFrame, columns: Sequence[str], recode: str | None) -> pd.DataFrame:
    if recode is None:
        return register
    texts = [name for name in columns if not pd.api.types.is_numeric_dtype(register[name])]
    return register.assign(**{name: encodings.recode(register[name], recode) for name in texts})


def _open_parquet(path: Path, name: str | None, crs: CrsSetting | None) -> VectorLayer:
    columns, told, corners = geoparquet.describe_parquet(path, name)
    _refuse_empty(str(path), corners[0])
    placed = settle_vector_crs(str(path), crs or told, corners)
    numbers = np.arange(len(corners[0]))
    return VectorLayer(
        path, None, tuple(columns), *placed, None, None, by_number=True, fids=numbers, corners=corners
    )
