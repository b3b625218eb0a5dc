"""The land register, whatever its columns, encoding and CRS: one set of names in EPSG:4490."""

import warnings
from collections.abc import Callable, Sequence
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
from pyproj.exceptions import CRSError

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000, to_cgcs2000, unproject_all
from pipeline.settings.registers import ParcelFile

ATTRIBUTES = (
    "parcel_no",
    "unit_no",
    "unit_name",
    "unit_type",
    "region_code",
    "dlbm",
    "owner_type",
    "owner_subject",
    "represent_subject",
    "agent_subject",
    "exercise_mode",
    "right_type",
    "right_holder",
    "planning_use",
    "special_protection",
    "protection_status",
    "use_status",
    "area_registered_m2",
)
_PARQUET = {".parquet", ".geoparquet"}
_THREE_DIGITS = 3
_FOUR_DIGITS = 4
_LARGEST_THREE_DIGIT_CODE = 999
_RING_CLOSED = "未闭合的环已闭合 / open ring closed"

Read = TypeVar("Read")


@dataclass(frozen=True)
class _Layer:
    """One vector layer: its attribute columns, its CRS, and the encoding asked for."""

    path: Path
    name: str | None
    columns: tuple[str, ...]
    crs: CRS
    encoding: str

    @property
    def place(self) -> str:
        return f"{self.path}, layer {self.name}" if self.name else str(self.path)


def read_parcels(file: ParcelFile, aoi: Aoi) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The register's parcels whose bounds meet those of an area, and the columns that it does not have.

    Index: number of the row in the file. Columns: `ATTRIBUTES`, `parcel_id` (the register's own key, null
    if it has none), `repairs` (what reading had to repair, null if nothing) and the geometry in EPSG:4490.
    A column that is not there is null. Parcels without a geometry cannot be placed and are kept, so that
    they can be reported. Area columns are read as square metres. With `mask_holders` only the first
    character of a right holder's name goes any further.

    Raises InputError: no such file, layer or mapped column, no geometry, no CRS, unreadable text.
    """
    path = Path(file.path)
    if not path.exists():
        raise _unusable(Problem(str(path), "no such file", "the land register, a vector file"))
    layer = _parquet_layer(path) if path.suffix.lower() in _PARQUET else _vector_layer(path, file)
    columns = _columns(layer, file.columns)
    register = _read(layer, columns, _bounds_in(layer.crs, aoi.geometry.bounds))
    parcels = _named(register, columns, mask_holders=file.mask_holders)
    return _meeting(parcels, aoi.geometry.bounds), [name for name in ATTRIBUTES if name not in columns]


def _unusable(*problems: Problem) -> InputError:
    return InputError("The land register cannot be used", problems)


def _vector_layer(path: Path, file: ParcelFile) -> _Layer:
    try:
        layers = pyogrio.list_layers(path)
    except pyogrio.errors.DataSourceError as error:
        raise _unusable(Problem(str(path), str(error), "a vector file that GDAL reads")) from error
    name = _layer_name(path, layers, file.layer)
    info = _decoded(path, file.encoding, lambda text: pyogrio.read_info(path, name, encoding=text))
    place = f"{path}, layer {name}"
    return _Layer(path, name, tuple(map(str, info["fields"])), _crs(place, info["crs"]), file.encoding)


def _layer_name(path: Path, layers: NDArray[Any], wanted: str | None) -> str:
    kinds = {str(name): str(kind) for name, kind in layers}
    polygonal = [name for name, kind in kinds.items() if "Polygon" in kind or kind == "Unknown"]
    found = ", ".join(f"{name} ({kind})" for name, kind in kinds.items()) or "no layer"
    if wanted is None and not polygonal:
        raise _unusable(Problem(str(path), found, "a layer of polygons with a geometry column"))
    if wanted is not None and wanted not in polygonal:
        raise _unusable(Problem(f"{path}, layer {wanted}", found, "the name of a layer of polygons"))
    return wanted or polygonal[0]


def _decoded(path: Path, encoding: str, read: Callable[[str | None], Read]) -> Read:
    """What was read with the first encoding that fits the text."""
    candidates = _encodings(path) if encoding == "auto" else [encoding]
    for candidate in candidates:
        try:
            return read(candidate)
        except UnicodeDecodeError:
            continue
        except LookupError:
            break
    found = f"text that is not {' or '.join(str(name) for name in candidates)}"
    raise _unusable(Problem(str(path), found, "the right `encoding`, such as UTF-8 or GBK"))


def _encodings(path: Path) -> list[str | None]:
    """Encodings to try; a Shapefile without .cpg says nothing, and here it is UTF-8 or GBK."""
    undeclared = path.suffix.lower() == ".shp" and not any(
        path.with_suffix(suffix).exists() for suffix in (".cpg", ".CPG")
    )
    return ["UTF-8", "GB18030"] if undeclared else [None]


def _crs(place: str, crs: Any) -> CRS:
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        found = "no coordinate reference system" if crs is None else str(crs)
        raise _unusable(Problem(place, found, "a CRS, such as EPSG:4490, in the file or its .prj")) from error


def _parquet_layer(path: Path) -> _Layer:
    frame = _parquet(path)
    columns = tuple(str(name) for name in frame.columns if name != frame.geometry.name)
    return _Layer(path, None, columns, _crs(str(path), frame.crs), "auto")


def _parquet(path: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise _unusable(Problem(str(path), str(error), "a GeoParquet file with a geometry column")) from error


def _columns(layer: _Layer, mapping: dict[str, str]) -> dict[str, str]:
    """Ours to theirs: as mapped, else recognised from the `parcel_columns` table, whatever the case."""
    known = (*ATTRIBUTES, "parcel_id")
    there = ", ".join(layer.columns) or "no attribute"
    problems = [
        Problem(f"{layer.place}, column {theirs}", f"the columns {there}", f"the column mapped to {ours}")
        for ours, theirs in mapping.items()
        if theirs not in layer.columns
    ]
    problems += [
        Problem(f"parcels.columns, {ours}", "a name that is not ours", f"one of {', '.join(known)}")
        for ours in mapping
        if ours not in known
    ]
    if problems:
        raise _unusable(*problems)
    return {**_recognised(layer.columns), **mapping}


def _recognised(columns: Sequence[str]) -> dict[str, str]:
    spelled = {name.lower(): name for name in reversed(columns)}
    profile = standards.table("parcel_columns")
    there = profile[profile["theirs"].isin(spelled)].drop_duplicates("ours")
    return {ours: spelled[theirs] for theirs, ours in zip(there["theirs"], there["ours"], strict=True)}


def _bounds_in(crs: CRS, bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, bottom, right, top = to_cgcs2000(crs.to_wkt()).transform_bounds(
        *bounds, direction=TransformDirection.INVERSE
    )
    return left, bottom, right, top


def _read(
    layer: _Layer, columns: dict[str, str], bounds: tuple[float, float, float, float]
) -> gpd.GeoDataFrame:
    """The layer's rows over bounds and those without geometry, in file order, in EPSG:4490."""
    if layer.name is None:
        register = _parquet(layer.path).assign(repairs=None)
    else:
        register = _decoded(
            layer.path, layer.encoding, lambda text: _read_layer(layer, columns, bounds, text)
        )
    shapes = register.geometry.to_numpy()
    if not layer.crs.equals(CRS(CGCS2000), ignore_axis_order=True):
        shapes = unproject_all(shapes, layer.crs.to_wkt())
    return register.set_geometry(gpd.GeoSeries(shapes, register.index, crs=CGCS2000))


def _read_layer(
    layer: _Layer,
    columns: dict[str, str],
    bounds: tuple[float, float, float, float],
    encoding: str | None,
) -> gpd.GeoDataFrame:
    def rows(on_invalid: str, **query: Any) -> gpd.GeoDataFrame:
        return pyogrio.read_dataframe(
            layer.path,
            layer.name,
            encoding=encoding,
            columns=sorted(set(columns.values())),
            fid_as_index=True,
            on_invalid=on_invalid,
            **query,
        )

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Non closed ring detected")  # the repair is recorded
        fids, corners = pyogrio.read_bounds(layer.path, layer=layer.name)
        placed = rows("ignore", bbox=bounds).assign(repairs=None)
        broken = placed.index[placed.geometry.isna()]
        nowhere = fids[np.isnan(corners[0])]
        parts = [placed.drop(index=broken)]
        if len(broken):
            parts.append(rows("fix", fids=broken.to_numpy()).assign(repairs=_RING_CLOSED))
        if len(nowhere):
            parts.append(rows("ignore", fids=nowhere).assign(repairs=None))
    return gpd.GeoDataFrame(pd.concat([part.astype({"repairs": object}) for part in parts]).sort_index())


def _named(register: gpd.GeoDataFrame, columns: dict[str, str], *, mask_holders: bool) -> gpd.GeoDataFrame:
    parcels = gpd.GeoDataFrame(index=register.index, geometry=register.geometry)
    for ours in ("parcel_id", *ATTRIBUTES):
        parcels[ours] = _text(register[columns[ours]]) if ours in columns else _nulls(register.index)
    if "dlbm" in columns:
        parcels["dlbm"] = _codes(register[columns["dlbm"]])
    parcels["area_registered_m2"] = pd.to_numeric(parcels["area_registered_m2"], errors="coerce").astype(
        float
    )
    if mask_holders:
        parcels["right_holder"] = _masked(parcels["right_holder"])
    parcels["repairs"] = register["repairs"].astype(object)
    return parcels


def _nulls(index: pd.Index) -> pd.Series:
    return pd.Series(None, index=index, dtype=object)


def _text(values: pd.Series) -> pd.Series:
    """Text without blanks around it; whole numbers without a decimal point; nothing is null."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    text = values.astype("string").str.strip()
    return text.astype(object).where(text.notna() & (text != ""), None)


def _codes(values: pd.Series) -> pd.Series:
    """Land class codes; a column of numbers has lost the leading zeros of its three or four digits."""
    text = _text(values)
    if not pd.api.types.is_numeric_dtype(values):
        return text
    digits = _FOUR_DIGITS if values.max() > _LARGEST_THREE_DIGIT_CODE else _THREE_DIGITS
    return text.map(lambda code: code.zfill(digits), na_action="ignore")


def _masked(names: pd.Series) -> pd.Series:
    return names.map(lambda name: name[0] + "＊" * (len(name) - 1), na_action="ignore")


def _meeting(parcels: gpd.GeoDataFrame, bounds: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    left, bottom, right, top = shapely.bounds(parcels.geometry.to_numpy()).reshape(-1, 4).T
    away = (right < bounds[0]) | (left > bounds[2]) | (top < bounds[1]) | (bottom > bounds[3])
    return parcels[~away]
