"""Vector layers of any format that GDAL reads, and of GeoParquet: what they hold, and their rows."""

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000, unproject_all
from pipeline.ingest.packed import refuse_bomb
from pipeline.ingest.parcels import encoding as encodings
from pipeline.ingest.parcels.placement import Bounds, middle, misplaced, stated, unstated

_PARQUET = {".parquet", ".geoparquet"}
_RING_CLOSED = "未闭合的环已闭合 / open ring closed"

Read = TypeVar("Read")


@dataclass(frozen=True)
class Layer:
    """One vector layer: its attribute columns, its CRS, how its text is decoded, its features' bounds.

    `name` is None for GeoParquet. `recode` is the encoding of text that was read as `encodings.LOSSLESS`.
    `fids` and `corners` (rows of left, bottom, right, top) are those of all features, NaN without geometry,
    for which GDAL has either NaN or nothing but 0.
    """

    path: Path
    name: str | None
    columns: tuple[str, ...]
    crs: CRS
    encoding: str | None
    recode: str | None
    fids: NDArray[np.int64]
    corners: NDArray[np.float64]

    @property
    def place(self) -> str:
        """Where it is, as an error names it."""
        return f"{self.path}, layer {self.name}" if self.name else str(self.path)


def unusable(*problems: Problem) -> InputError:
    """The error of a vector file that cannot be used."""
    return InputError("The land register cannot be used", problems)


def open_layer(
    path: Path, *, name: str | None = None, encoding: str = "auto", crs: str | None = None
) -> Layer:
    """The named layer of a file, else its first of polygons, with its CRS held against its coordinates.

    Raises InputError: no such file or layer, no polygons, unreadable text, no CRS, a CRS that does not fit,
    an archive beyond measure.
    """
    if not path.exists():
        raise unusable(Problem(str(path), "no such file", "a vector file"))
    if path.suffix.lower() in _PARQUET:
        return _parquet_layer(path, crs)
    refuse_bomb(path)
    try:
        layers = pyogrio.list_layers(path)
    except pyogrio.errors.DataSourceError as error:
        raise unusable(Problem(str(path), str(error), "a vector file that GDAL reads")) from error
    chosen = _layer_name(path, layers, name)
    recode = _shapefile_encoding(path, encoding)
    codec = encodings.LOSSLESS if recode else None if encoding == "auto" else encoding
    info = _read(path, codec, lambda: pyogrio.read_info(path, chosen, encoding=codec))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Non closed ring detected")  # the repair is recorded
        fids, corners = _read(path, codec, lambda: pyogrio.read_bounds(path, layer=chosen))
    _refuse_empty(f"{path}, layer {chosen}", fids)
    corners[:, ~corners.any(axis=0)] = np.nan
    found = _crs(f"{path}, layer {chosen}", crs or info["crs"], corners)
    columns = tuple(_recoded_names(info["fields"], recode))
    return Layer(path, chosen, columns, found, codec, recode, fids, corners)


def rows_over(layer: Layer, columns: Sequence[str], bounds: Bounds) -> gpd.GeoDataFrame:
    """Rows whose bounds meet `bounds` (in the layer's CRS) and those without geometry, in EPSG:4490.

    Index: number of the row in the file. Beside the columns: `repairs`, what reading had to repair.
    """
    if layer.name is None:
        register = _parquet_rows(layer, columns, bounds)
    else:
        register = _vector_rows(layer, columns, bounds)
    shapes = register.geometry.to_numpy()
    if not layer.crs.equals(CRS(CGCS2000), ignore_axis_order=True):
        shapes = unproject_all(shapes, layer.crs.to_wkt())
    return register.set_geometry(gpd.GeoSeries(shapes, register.index, crs=CGCS2000))


def table_of(layer: Layer, name: str) -> pd.DataFrame | None:
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


def _layer_name(path: Path, layers: NDArray[Any], wanted: str | None) -> str:
    kinds = {str(name): str(kind) for name, kind in layers}
    polygonal = [name for name, kind in kinds.items() if _may_be_polygons(kind)]
    found = ", ".join(f"{name} ({kind})" for name, kind in kinds.items()) or "no layer"
    if wanted is None and not polygonal:
        raise unusable(Problem(str(path), found, "a layer of polygons with a geometry column"))
    if wanted is not None and wanted not in polygonal:
        raise unusable(Problem(f"{path}, layer {wanted}", found, "the name of a layer of polygons"))
    return wanted or polygonal[0]


def _may_be_polygons(kind: str) -> bool:
    return "Polygon" in kind or "Surface" in kind or kind in {"Unknown", "GeometryCollection"}


def _shapefile_encoding(path: Path, wanted: str) -> str | None:
    """The encoding to decode a Shapefile's text in; None for other formats, which know their own."""
    if path.suffix.lower() != ".shp":
        return None
    asked = None if wanted == "auto" else wanted
    known = asked is None or encodings.known(asked)
    found = encodings.encoding_of(path, asked) if known else None
    if found is None:
        text = f"text that is not {asked}" if asked else "text that is neither UTF-8 nor GBK"
        raise unusable(Problem(str(path), text, "the right `encoding`, such as UTF-8, GBK or BIG5"))
    return found


def _read(path: Path, codec: str | None, read: Callable[[], Read]) -> Read:
    """What was read; InputError where text, geometry or the file itself cannot be."""
    try:
        return read()
    except UnicodeDecodeError as error:
        text = f"text that is not {codec or error.encoding}"
        raise unusable(Problem(str(path), text, "the right `encoding`, such as UTF-8 or GBK")) from error
    except LookupError as error:
        raise unusable(Problem(str(path), str(error), "an encoding such as UTF-8 or GBK")) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise unusable(Problem(str(path), str(error), "a vector file that GDAL reads")) from error
    except (pyogrio.errors.FeatureError, pyogrio.errors.GeometryError) as error:
        raise unusable(Problem(str(path), str(error), "rows that GDAL reads")) from error


def _refuse_empty(place: str, rows: NDArray[Any]) -> None:
    if not len(rows):
        raise unusable(Problem(place, "no row", "polygons, a row each"))


def _crs(place: str, crs: Any, corners: NDArray[np.float64]) -> CRS:
    centre = middle(corners)
    if crs is None:
        raise unusable(unstated(place, centre))
    found = stated(place, crs)
    problem = found if isinstance(found, Problem) else misplaced(place, found, centre)
    if problem or isinstance(found, Problem):
        raise unusable(*([problem] if problem else []))
    return found


def _recoded_names(names: Sequence[Any], recode: str | None) -> list[str]:
    texts = [str(name) for name in names]
    return list(encodings.recoded(pd.Series(texts, dtype=object), recode)) if recode and texts else texts


def _vector_rows(layer: Layer, columns: Sequence[str], bounds: Bounds) -> gpd.GeoDataFrame:
    wanted = sorted(set(columns))
    theirs = dict(zip(_as_read(layer, wanted), wanted, strict=True))

    def rows(on_invalid: str, **query: Any) -> gpd.GeoDataFrame:
        found: gpd.GeoDataFrame = pyogrio.read_dataframe(
            layer.path,
            layer.name,
            encoding=layer.encoding,
            columns=list(theirs),
            fid_as_index=True,
            on_invalid=on_invalid,
            **query,
        )
        return found

    def parts() -> list[gpd.GeoDataFrame]:
        placed = rows("ignore", bbox=bounds).assign(repairs=None)
        broken = placed.index[placed.geometry.isna()]
        nowhere = layer.fids[np.isnan(layer.corners[0])]
        found = [placed.drop(index=broken)]
        if len(broken):
            found.append(rows("fix", fids=broken.to_numpy()).assign(repairs=_RING_CLOSED))
        if len(nowhere):
            found.append(rows("ignore", fids=nowhere).assign(repairs=None))
        return [part.astype({"repairs": object}) for part in found]

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Non closed ring detected")  # the repair is recorded
        register = pd.concat(_read(layer.path, layer.encoding, parts)).sort_index()
    register = gpd.GeoDataFrame(register.rename(columns=theirs))
    return _recoded(register, wanted, layer.recode)


def _as_read(layer: Layer, names: Sequence[str]) -> list[str]:
    """Names of columns as the layer's lossless encoding spells them."""
    if layer.recode is None:
        return list(names)
    info = pyogrio.read_info(layer.path, layer.name, encoding=layer.encoding)
    spelled = dict(zip(layer.columns, map(str, info["fields"]), strict=True))
    return [spelled[name] for name in names]


def _recoded(register: gpd.GeoDataFrame, columns: Sequence[str], recode: str | None) -> gpd.GeoDataFrame:
    if recode is None:
        return register
    texts = [name for name in columns if not pd.api.types.is_numeric_dtype(register[name])]
    return register.assign(**{name: encodings.recoded(register[name], recode) for name in texts})


def _parquet_layer(path: Path, crs: str | None) -> Layer:
    frame = _parquet(path, None)
    columns = tuple(str(name) for name in pq.read_schema(path).names if name != frame.geometry.name)
    corners = frame.geometry.bounds.to_numpy(dtype=float).T
    _refuse_empty(str(path), corners[0])
    found = _crs(str(path), crs or frame.crs, corners)
    return Layer(path, None, columns, found, None, None, np.arange(len(frame)), corners)


def _parquet_rows(layer: Layer, columns: Sequence[str], bounds: Bounds) -> gpd.GeoDataFrame:
    frame = _parquet(layer.path, columns).reset_index(drop=True)
    left, bottom, right, top = layer.corners
    away = (right < bounds[0]) | (left > bounds[2]) | (top < bounds[1]) | (bottom > bounds[3])
    return frame[~away].assign(repairs=None)


def _parquet(path: Path, columns: Sequence[str] | None) -> gpd.GeoDataFrame:
    """Some columns of a GeoParquet file beside its geometry; only the geometry where none are named."""
    expected = "a GeoParquet file with a geometry column"
    try:
        geo = json.loads((pq.read_metadata(path).metadata or {}).get(b"geo", b"{}"))
        if "primary_column" in geo:
            return gpd.read_parquet(path, columns=[geo["primary_column"], *sorted(set(columns or ()))])
    except (ValueError, OSError, TypeError, shapely.errors.ShapelyError, pa.ArrowException) as error:
        raise unusable(Problem(str(path), str(error), expected)) from error
    raise unusable(Problem(str(path), "no geometry column", expected))
