"""Files of registers of rights: tables as sheets, and vector files with the shape of every row."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.ingest.parcels.named_polygons import mend_shapes
from pipeline.ingest.parcels.values import read_texts
from pipeline.ingest.parcels.vectors import open_vector, read_cells, read_features
from pipeline.ingest.samples.opening import find_paths, read_sheets
from pipeline.ingest.samples.sheets import Sheet
from pipeline.settings.rights import RightsFile

VECTOR_SUFFIXES = frozenset({".gpkg", ".geojson", ".shp", ".zip", ".gdb", ".kml", ".fgb", ".geoparquet"})
_FIRST_RECORD = 2


@dataclass(frozen=True)
class RightsSheet:
    """A sheet of a register; of a vector file the shapes of its rows (EPSG:4490), by row number.

    `features` are the numbers of the rows in a vector file; in tables a row has its own number.
    """

    sheet: Sheet
    shapes: gpd.GeoSeries | None = None
    features: pd.Series | None = None


def read_rights_sheets(path: Path, register: RightsFile) -> list[RightsSheet]:
    """Every sheet of a file of a register; InputError as `read_sheets` and `open_vector`."""
    if path.suffix.lower() in VECTOR_SUFFIXES:
        return [_read_vector(path, register)]
    return [RightsSheet(sheet) for sheet in read_sheets(path)]


def find_rights_paths(pattern: str) -> list[Path]:
    """The files, or folders of geodatabases, that a path or pattern names."""
    literal = Path(pattern)
    return [literal] if literal.is_dir() else find_paths(pattern)


def _read_vector(path: Path, register: RightsFile) -> RightsSheet:
    layer = open_vector(
        path, name=register.layer, encoding=register.encoding, crs=register.crs, shapes="shapes"
    )
    places = np.arange(len(layer.fids))
    names = [name for name in layer.columns if name != layer.key]
    cells = read_cells(layer, names, places)
    shapes = mend_shapes(read_features(layer, [], places).geometry)
    rows = range(_FIRST_RECORD, _FIRST_RECORD + len(cells))
    texts = [read_texts(cells[name]).to_numpy(dtype=object) for name in names]
    table = pd.DataFrame(dict(enumerate(texts)), dtype=object).fillna("")
    headings = pd.DataFrame([names], dtype=object)
    whole = pd.concat([headings, table], ignore_index=True)
    return RightsSheet(
        Sheet.of(path, layer.name or "", whole),
        gpd.GeoSeries(shapes, index=rows, crs="EPSG:4490"),
        pd.Series(cells.index, index=rows),
    )
