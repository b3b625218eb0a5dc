"""Polygons that have names: rows of a vector file whose columns are found, cut to an area."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.errors import Problem
from pipeline.ingest.parcels.values import build_nulls, read_texts
from pipeline.ingest.parcels.vector_layer import VectorLayer, vector_error
from pipeline.ingest.parcels.vectors import find_places, open_vector, read_features
from pipeline.settings.crs import CrsSetting

_POLYGONS = ("Polygon", "MultiPolygon")


def read_named_polygons(
    path: str,
    kind: str,
    aoi: Aoi,
    given: Mapping[str, str],
    *,
    layer: str | None = None,
    encoding: str = "auto",
    crs: CrsSetting | None = None,
) -> gpd.GeoDataFrame:
    """Rows that reach into an area, their polygons (EPSG:4490) mended and cut to it.

    Columns are all of `kind` in the table `place_columns`, as texts, null where the file has none; `given`
    maps ours to theirs. Index: number of the row in the file. `attrs["shift"]` tells how the coordinates
    came to CGCS2000. Raises InputError as `open_vector`, for a column that is not there, for rows without a
    polygon, and where nothing lies inside the area.
    """
    opened = open_vector(Path(path), name=layer, encoding=encoding, crs=crs)
    columns = _find_columns(opened, kind, given)
    rows = read_features(opened, sorted(set(columns.values())), find_places(opened, aoi.geometry.bounds))
    shapes = mend_shapes(rows.geometry)
    bare = rows.index[shapely.is_missing(shapes) | shapely.is_empty(shapes)]
    if len(bare):
        raise vector_error(
            *(Problem(f"{opened.place}, row {row}", "no polygon", "a polygon") for row in bare)
        )
    names = [row["ours"] for row in standards.read_rows("place_columns") if row["layer"] == kind]
    texts = {
        ours: read_texts(rows[columns[ours]]) if ours in columns else build_nulls(rows.index)
        for ours in dict.fromkeys(names)
    }
    inside = pick_polygons(shapely.intersection(shapes, aoi.geometry))
    cut = gpd.GeoDataFrame(texts, geometry=inside, index=rows.index, crs=rows.crs)
    cut = cut[~shapely.is_empty(inside)]
    if cut.empty:
        found = f"{len(rows)} polygons, none inside {aoi.id}"
        raise vector_error(Problem(opened.place, found, "polygons inside the area"))
    cut.attrs["shift"] = opened.shift
    return cut


def mend_shapes(shapes: gpd.GeoSeries) -> NDArray[np.object_]:
    """Valid shapes without heights; None for those that have none, or coordinates that are not finite."""
    flat = shapely.force_2d(shapes.to_numpy())
    usable = np.isfinite(shapely.bounds(flat)).all(axis=-1)
    mended = np.full(len(flat), None, dtype=object)
    mended[usable] = shapely.make_valid(flat[usable], method="structure", keep_collapsed=False)
    return mended


def pick_polygons(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Polygons of shapes, without points and lines that a cut has left; empty where there is none."""
    return np.array(
        [
            shapely.union_all([part for part in shapely.get_parts(shape) if part.geom_type in _POLYGONS])
            if shape.geom_type == "GeometryCollection"
            else shape
            for shape in shapes
        ],
        dtype=object,
    )


def _find_columns(layer: VectorLayer, kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Columns of a layer by our names: those that are given, else those of usual names."""
    missing = sorted({theirs for theirs in given.values() if theirs not in layer.columns})
    if missing:
        found = ", ".join(layer.columns)
        raise vector_error(
            *(Problem(f"{layer.place}, column {name}", "no such column", found) for name in missing)
        )
    own = {name.casefold(): name for name in layer.columns}
    usual = {
        row["ours"]: own[row["theirs"].casefold()]
        for row in reversed(standards.read_rows("place_columns"))
        if row["layer"] == kind and row["theirs"].casefold() in own
    }
    return usual | dict(given)
