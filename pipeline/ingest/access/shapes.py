"""Features of a vector file that reach into an area or near it, with ids and names, and what is not used."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.errors import InputError, Problem
from pipeline.geodesy import project, unproject
from pipeline.ingest.parcels.holders import mask_persons
from pipeline.ingest.parcels.named_polygons import mend_shapes
from pipeline.ingest.parcels.shape_layers import Shapes
from pipeline.ingest.parcels.values import build_nulls, read_texts
from pipeline.ingest.parcels.vector_layer import Places, VectorLayer, vector_error
from pipeline.ingest.parcels.vectors import find_places, open_vector, read_cells, read_features
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.headings import fold
from pipeline.settings.green_access import ShapeFile

FindColumns = Callable[[VectorLayer], Mapping[str, str]]
"""Finds columns that are read beside id and name: theirs by names of ours."""

_DIMENSION: Mapping[Shapes, int] = MappingProxyType({"points": 0, "lines": 1, "polygons": 2})
_DRAW_IT = "补上图形，或删去该行 / draw it, or delete the row"
_BARE: Mapping[Shapes, Advice] = MappingProxyType(
    {
        "points": Advice("点 / a point", _DRAW_IT),
        "lines": Advice("线 / a line", _DRAW_IT),
        "polygons": Advice("多边形 / a polygon", _DRAW_IT),
    }
)
_MOST_SHOWN = 12
_PEOPLE = re.compile("姓名|户主|房主|业主|权利人|所有人|owner|holder", re.IGNORECASE)


@dataclass(frozen=True)
class NearbyFeatures:
    """Features of a file: `rows` have `id`, `name` and what was asked for besides; index: number of the row.

    `read` counts those of the file, `rejected` are those that are not used, `remarks` what else is to be
    said, each in Chinese and English.
    """

    file: str
    layer: VectorLayer
    rows: gpd.GeoDataFrame
    read: int
    rejected: tuple[Reject, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()

    def reject(self, row: int, column: str, found: str, advice: Advice) -> Reject:
        """Why a row, or a cell of it, is not used."""
        return Reject(self.file, self.layer.name or "", row, column, found, advice)


def _find_no_columns(_layer: VectorLayer) -> Mapping[str, str]:
    return {}


def read_nearby(
    file: ShapeFile,
    aoi: Aoi,
    kinds: Sequence[Shapes],
    *,
    beyond_m: float = 0,
    find_columns: FindColumns = _find_no_columns,
) -> NearbyFeatures:
    """Features of one kind of shape that come within `beyond_m` of an area, in EPSG:4490, not cut.

    Of several `kinds` the first that the file has. Raises InputError as `open_vector`, for a column that is
    not there, and for a value of `keep` that no row has. Rows without such a shape are rejected.
    """
    layer, kind = _open_first(file, kinds)
    columns = _find_names(file, layer) | dict(find_columns(layer))
    _refuse_missing(layer, [*columns.values(), *file.keep])
    kept = _choose_rows(file, layer)
    around = _grow(aoi, beyond_m)
    near = find_places(layer, around.bounds)
    rows = read_features(layer, sorted(set(columns.values())), near[np.isin(near, kept)])
    shapes = _mend(rows.geometry, kind)
    bare = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    inside = np.flatnonzero(shapely.intersects(around, shapes))
    table = {ours: rows[theirs].to_numpy() for ours, theirs in columns.items()}
    found = gpd.GeoDataFrame(table, geometry=shapes, index=rows.index, crs=rows.crs).iloc[inside]
    bare_rows = NearbyFeatures(Path(file.path).name, layer, found, 0)
    rejected = tuple(
        bare_rows.reject(int(row), "", "没有这种图形 / no such shape", _BARE[kind])
        for row in rows.index[bare]
    )
    remarks = tuple(_list_remarks(layer, len(layer.fids) - len(kept)))
    named = _mask_people(_name_rows(found), columns)
    return NearbyFeatures(bare_rows.file, layer, named, len(layer.fids), rejected, remarks)


def _open_first(file: ShapeFile, kinds: Sequence[Shapes]) -> tuple[VectorLayer, Shapes]:
    """The layer and the kind of its shapes; where it is of none, the error of the first."""
    errors: list[InputError] = []
    for kind in kinds:
        try:
            layer = open_vector(
                Path(file.path), name=file.layer, encoding=file.encoding, crs=file.crs, shapes=kind
            )
        except InputError as error:
            errors.append(error)
        else:
            return layer, kind
    raise errors[0]


def _find_names(file: ShapeFile, layer: VectorLayer) -> dict[str, str]:
    """Columns of id and name: those that are told, else the first usual ones."""
    own = {fold(name): name for name in layer.columns}
    usual = {
        row["ours"]: own[fold(row["theirs"])]
        for row in reversed(standards.read_rows("place_columns"))
        if row["layer"] == "places" and row["ours"] in ("id", "name") and fold(row["theirs"]) in own
    }
    told = {ours: theirs for ours, theirs in (("id", file.id), ("name", file.name)) if theirs}
    return usual | told


def _refuse_missing(layer: VectorLayer, columns: Sequence[str]) -> None:
    there = ", ".join(layer.columns)
    missing = sorted({name for name in columns if name not in layer.columns})
    if missing:
        raise vector_error(
            *(Problem(f"{layer.place}, column {name}", "no such column", there) for name in missing)
        )


def _choose_rows(file: ShapeFile, layer: VectorLayer) -> Places:
    """Places of the rows that the config keeps."""
    places = np.arange(len(layer.fids))
    if not file.keep:
        return places
    cells = read_cells(layer, sorted(file.keep), places)
    texts = {column: read_texts(cells[column]) for column in file.keep}
    strange = [problem for column in file.keep for problem in _find_strange(file, layer, column, texts)]
    if strange:
        raise vector_error(*strange)
    chosen = [texts[column].isin(values).to_numpy() for column, values in file.keep.items()]
    return places[np.logical_and.reduce(chosen)]


def _find_strange(
    file: ShapeFile, layer: VectorLayer, column: str, texts: Mapping[str, pd.Series]
) -> Iterator[Problem]:
    """Values that are to be kept and that no row has."""
    there = sorted(texts[column].dropna().unique())
    shown = ", ".join(there[:_MOST_SHOWN]) + (" …" if len(there) > _MOST_SHOWN else "")
    for value in file.keep[column]:
        if value not in there:
            near = get_close_matches(value, there, n=1)
            todo = f"perhaps {near[0]}" if near else ""
            yield Problem(f"{layer.place}, column {column}", f"no {value!r}", shown, todo)


def _grow(aoi: Aoi, beyond_m: float) -> BaseGeometry:
    """An area with what lies around it, in EPSG:4490."""
    if not beyond_m:
        return aoi.geometry
    return unproject(shapely.buffer(project(aoi.geometry, aoi.grid_crs), beyond_m), aoi.grid_crs)


def _mend(shapes: gpd.GeoSeries, kind: Shapes) -> NDArray[np.object_]:
    """Shapes of one kind without heights, polygons mended; None where there is none."""
    flat = mend_shapes(shapes) if kind == "polygons" else shapely.force_2d(shapes.to_numpy())
    usable = shapely.get_dimensions(flat) == _DIMENSION[kind]
    usable &= np.isfinite(shapely.bounds(flat)).all(axis=-1)
    flat[~usable] = None
    return flat


def _name_rows(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows with texts as `id` and `name`; one without an id is called by its number."""
    ids, names = (
        read_texts(rows[column]) if column in rows else build_nulls(rows.index) for column in ("id", "name")
    )
    numbers = pd.Series([f"#{row}" for row in rows.index], index=rows.index, dtype=object)
    return rows.assign(id=ids.where(ids.notna(), numbers), name=names)


def _mask_people(rows: gpd.GeoDataFrame, columns: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Rows with the names of natural persons masked, where a column of owners names the homes."""
    people = [ours for ours in ("id", "name") if _PEOPLE.search(columns.get(ours, ""))]
    return rows.assign(**{ours: mask_persons(rows[ours]) for ours in people})


def _list_remarks(layer: VectorLayer, left_out: int) -> Iterator[tuple[str, str]]:
    if left_out:
        yield f"按配置 keep 不取 {left_out} 行", f"{left_out} rows are left out by keep of the config"
    if not layer.shift.changes_nothing:
        moved = "?" if layer.shift.moved_m is None else f"{layer.shift.moved_m:.2f}"
        yield (
            f"坐标由 {layer.shift.crs} 转为 CGCS2000，移动 {moved} m",
            f"coordinates came from {layer.shift.crs} to CGCS2000, moved by {moved} m",
        )
