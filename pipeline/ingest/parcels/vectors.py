"""Vector layers of any format that GDAL reads, and of GeoParquet: what they hold, and their rows."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.enums import TransformDirection

from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000, project, to_cgcs2000, unproject_all
from pipeline.ingest.parcels import encoding as encodings
from pipeline.ingest.parcels import geoparquet
from pipeline.ingest.parcels.placement import (
    Bounds,
    explain_no_crs,
    explain_place,
    find_middle,
    parse_crs,
)
from pipeline.ingest.zip_files import refuse_bomb

BATCH_ROWS = 32_768
_RING_CLOSED = "未闭合的环已闭合 / open ring closed"

Places = NDArray[np.int64]
Read = TypeVar("Read")


@dataclass(frozen=True)
class VectorLayer:
    """One vector layer: its attribute columns, its CRS, how its text is decoded, its features' bounds.

    `name` is None for GeoParquet. `recode` is the encoding of text that was read as `encodings.LOSSLESS`.
    `by_number` tells whether features are found by their number without looking through those before.
    `fids` and `corners` (rows of left, bottom, right, top) are those of all features, NaN without geometry,
    for which GDAL has either NaN or nothing but 0.
    """

    path: Path
    name: str | None
    columns: tuple[str, ...]
    crs: CRS
    encoding: str | None
    recode: str | None
    by_number: bool
    fids: NDArray[np.int64]
    corners: NDArray[np.float64]

    @property
    def place(self) -> str:
        """Where it is, as an error names it."""
        return f"{self.path}, layer {self.name}" if self.name else str(self.path)


def vector_error(*problems: Problem) -> InputError:
    """The error of a vector file that cannot be used."""
    return InputError("The land register cannot be used", problems)


def open_vector(
    path: Path, *, name: str | None = None, encoding: str = "auto", crs: str | None = None
) -> VectorLayer:
    """The named layer of a file, else its first of polygons, with its CRS held against its coordinates.

    Raises InputError: no such file or layer, no polygons, unreadable text, no CRS, a CRS that does not fit,
    an archive beyond measure.
    """
    if not path.exists():
        raise vector_error(Problem(str(path), "no such file", "a vector file"))
    if path.suffix.lower() in geoparquet.SUFFIXES:
        return _open_parquet(path, crs)
    refuse_bomb(path)
    try:
        layers = pyogrio.list_layers(path)
    except pyogrio.errors.DataSourceError as error:
        raise vector_error(Problem(str(path), str(error), "a vector file that GDAL reads")) from error
    chosen = _find_layer_name(path, layers, name)
    recode = _find_shapefile_encoding(path, encoding)
    codec = encodings.LOSSLESS if recode else None if encoding == "auto" else encoding
    info = _read(path, codec, lambda: pyogrio.read_info(path, chosen, encoding=codec))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Non closed ring detected")  # the repair is recorded
        fids, corners = _read(path, codec, lambda: pyogrio.read_bounds(path, layer=chosen))
    _refuse_empty(f"{path}, layer {chosen}", fids)
    corners[:, ~corners.any(axis=0)] = np.nan
    found = _settle_crs(f"{path}, layer {chosen}", crs or info["crs"], corners)
    columns = tuple(_recode_names(info["fields"], recode))
    by_number = bool(info["capabilities"]["random_read"])
    return VectorLayer(path, chosen, columns, found, codec, recode, by_number, fids, corners)


def find_places(layer: VectorLayer, bounds: Bounds) -> Places:
    """Places of the features whose bounds meet `bounds` (EPSG:4490), and of those without geometry.

    They are in the order of the numbers that the features have in the file.
    """
    near = _find_meeting(layer.corners, _transform_bounds(layer.crs, bounds))
    if not _is_in_degrees(layer.crs):
        around = project(shapely.box(*bounds), layer.crs.to_wkt())
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
        shapes = unproject_all(shapes, layer.crs.to_wkt())
    return register.set_geometry(gpd.GeoSeries(shapes, register.index, crs=CGCS2000))


def read_cells(layer: VectorLayer, columns: Sequence[str], places: Places) -> pd.DataFrame:
    """Cells of some columns at some places, as `read_rows` has them, without geometry."""
    if layer.name is None:
        return pd.DataFrame(geoparquet.read_parquet_rows(layer.path, columns, places)[[*columns]])
    wanted = sorted(set(columns))
    theirs = _encode_names(layer, wanted)
    cells = _read(
        layer.path, layer.encoding, lambda: _read_features(layer, theirs, places, read_geometry=False)
    )
    named = cells.rename(columns=dict(zip(theirs, wanted, strict=True)))
    return _recode_columns(pd.DataFrame(named), wanted, layer.recode)


def read_table_beside(layer: VectorLayer, name: str) -> pd.DataFrame | None:
    """A table without geometry that stands beside a layer, by its name in any case; None if there is none."""
    if layer.name is None:
        return None
    names = [str(found) for found, _ in pyogrio.list_layers(layer.path)]
    there = next((found for found in names if found.lower() == name.lower()), None)
    if there is None:
        return None
    table = _read(
        layer.path,
        layer.encoding,
        lambda: pyogrio.read_dataframe(layer.path, there, read_geometry=False, encoding=layer.encoding),
    )
    return pd.DataFrame(table).rename(columns=str.lower)


def _find_layer_name(path: Path, layers: NDArray[Any], wanted: str | None) -> str:
    kinds = {str(name): str(kind) for name, kind in layers}
    polygonal = [name for name, kind in kinds.items() if _may_be_polygons(kind)]
    found = ", ".join(f"{name} ({kind})" for name, kind in kinds.items()) or "no layer"
    if wanted is None and not polygonal:
        raise vector_error(Problem(str(path), found, "a layer of polygons with a geometry column"))
    if wanted is not None and wanted not in polygonal:
        raise vector_error(Problem(f"{path}, layer {wanted}", found, "the name of a layer of polygons"))
    return wanted or polygonal[0]


def _may_be_polygons(kind: str) -> bool:
    return "Polygon" in kind or "Surface" in kind or kind in {"Unknown", "GeometryCollection"}


def _find_shapefile_encoding(path: Path, wanted: str) -> str | None:
    """The encoding to decode a Shapefile's text in; None for other formats, which know their own."""
    if path.suffix.lower() != ".shp":
        return None
    asked = None if wanted == "auto" else wanted
    known = asked is None or encodings.is_encoding(asked)
    found = encodings.find_encoding(path, asked) if known else None
    if found is None:
        text = f"text that is not {asked}" if asked else "text that is neither UTF-8 nor GBK"
        raise vector_error(Problem(str(path), text, "the right `encoding`, such as UTF-8, GBK or BIG5"))
    return found


def _read(path: Path, codec: str | None, read: Callable[[], Read]) -> Read:
    """What was read; InputError where text, geometry or the file itself cannot be."""
    try:
        return read()
    except UnicodeDecodeError as error:
        text = f"text that is not {codec or error.encoding}"
        raise vector_error(Problem(str(path), text, "the right `encoding`, such as UTF-8 or GBK")) from error
    except LookupError as error:
        raise vector_error(Problem(str(path), str(error), "an encoding such as UTF-8 or GBK")) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise vector_error(Problem(str(path), str(error), "a vector file that GDAL reads")) from error
    except (pyogrio.errors.FeatureError, pyogrio.errors.GeometryError) as error:
        raise vector_error(Problem(str(path), str(error), "rows that GDAL reads")) from error


def _refuse_empty(place: str, rows: NDArray[Any]) -> None:
    if not len(rows):
        raise vector_error(Problem(place, "no row", "polygons, a row each"))


def _settle_crs(place: str, crs: Any, corners: NDArray[np.float64]) -> CRS:
    centre = find_middle(corners)
    if crs is None:
        raise vector_error(explain_no_crs(place, centre))
    found = parse_crs(place, crs)
    problem = found if isinstance(found, Problem) else explain_place(place, found, centre)
    if problem or isinstance(found, Problem):
        raise vector_error(*([problem] if problem else []))
    return found


def _recode_names(names: Sequence[Any], recode: str | None) -> list[str]:
    texts = [str(name) for name in names]
    return list(encodings.recode(pd.Series(texts, dtype=object), recode)) if recode and texts else texts


def _is_in_degrees(crs: CRS) -> bool:
    return bool(crs.equals(CRS(CGCS2000), ignore_axis_order=True))


def _transform_bounds(crs: CRS, bounds: Bounds) -> Bounds:
    """Bounds of EPSG:4490 in another CRS: those of the box's edges, not only of its corners."""
    left, bottom, right, top = to_cgcs2000(crs.to_wkt()).transform_bounds(
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
    wanted = sorted(set(columns))
    theirs = _encode_names(layer, wanted)

    def parts() -> list[gpd.GeoDataFrame]:
        placed = _read_features(layer, theirs, places, on_invalid="ignore").assign(repairs=None)
        broken = placed.geometry.isna().to_numpy() & np.isfinite(layer.corners[0, places])
        found = [placed[~broken]]
        if broken.any():
            mended = _read_features(layer, theirs, places[broken], on_invalid="fix")
            found.append(mended.assign(repairs=_RING_CLOSED))
        return [part.astype({"repairs": object}) for part in found]

    register = pd.concat(_read(layer.path, layer.encoding, parts)).sort_index()
    named = gpd.GeoDataFrame(register.rename(columns=dict(zip(theirs, wanted, strict=True))))
    return gpd.GeoDataFrame(_recode_columns(named, wanted, layer.recode))


def _read_features(
    layer: VectorLayer, columns: Sequence[str], places: Places, **options: Any
) -> pd.DataFrame:
    """Features at some places: by their numbers, or from the first to the last of them."""
    which: dict[str, Any] = {"fids": layer.fids[places]}
    if not len(places):
        which = {"max_features": 1}
    elif not layer.by_number:
        first, last = int(places.min()), int(places.max())
        which = {"skip_features": first, "max_features": last + 1 - first}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Non closed ring detected")  # the repair is recorded
        found: pd.DataFrame = pyogrio.read_dataframe(
            layer.path,
            layer.name,
            encoding=layer.encoding,
            columns=list(columns),
            fid_as_index=True,
            **which,
            **options,
        )
    return found.loc[layer.fids[places]]


def _encode_names(layer: VectorLayer, names: Sequence[str]) -> list[str]:
    """Names of columns as the layer's lossless encoding spells them."""
    if layer.recode is None:
        return list(names)
    info = pyogrio.read_info(layer.path, layer.name, encoding=layer.encoding)
    spelled = dict(zip(layer.columns, map(str, info["fields"]), strict=True))
    return [spelled[name] for name in names]


def _recode_columns(register: pd.DataFrame, columns: Sequence[str], recode: str | None) -> pd.DataFrame:
    if recode is None:
        return register
    texts = [name for name in columns if not pd.api.types.is_numeric_dtype(register[name])]
    return register.assign(**{name: encodings.recode(register[name], recode) for name in texts})


def _open_parquet(path: Path, crs: str | None) -> VectorLayer:
    columns, told, corners = geoparquet.describe_parquet(path)
    _refuse_empty(str(path), corners[0])
    found = _settle_crs(str(path), crs or told, corners)
    numbers = np.arange(len(corners[0]))
    return VectorLayer(
        path, None, tuple(columns), found, None, None, by_number=True, fids=numbers, corners=corners
    )
