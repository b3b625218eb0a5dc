"""Layers inside which use is restricted: the ecological red line, permanent farmland, special protection."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import shapely

from pipeline.aoi import Aoi
from pipeline.datum import DatumShift
from pipeline.geodesy import CGCS2000
from pipeline.ingest.parcels.named_polygons import mend_shapes
from pipeline.ingest.parcels.vectors import find_places, open_vector, read_features
from pipeline.settings.parcels import RestrictingFile


def read_restricting(files: Sequence[RestrictingFile], aoi: Aoi) -> gpd.GeoDataFrame:
    """One row per kind: the union, in EPSG:4490 and inside the area, of all polygons of its files.

    Kinds whose files have nothing inside the area have an empty geometry. `attrs["shifts"]` tells of each
    file how its coordinates came to CGCS2000. Raises InputError as `open_vector`.
    """
    shapes: dict[str, list[shapely.Geometry]] = {}
    shifts: list[DatumShift] = []
    for file in files:
        layer = open_vector(Path(file.path), name=file.layer, crs=file.crs)
        shifts.append(layer.shift)
        rows = read_features(layer, [], find_places(layer, aoi.geometry.bounds))
        mended = mend_shapes(rows.geometry)
        shapes.setdefault(file.kind, []).extend(shapely.get_parts(mended[~shapely.is_missing(mended)]))
    inside = [shapely.intersection(shapely.union_all(parts), aoi.geometry) for parts in shapes.values()]
    found = gpd.GeoDataFrame({"kind": list(shapes)}, geometry=inside, crs=CGCS2000)
    found.attrs["shifts"] = shifts
    return found
