"""Layers of a delivered GeoPackage as vector tiles, which GDAL cuts, packed into scripts."""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio

from pipeline.outputs.view.chunks import number_tile, write_chunks

MAX_ZOOM = 14
"""Tiles of this zoom tell apart half a metre; what is seen from nearer is drawn from them."""
_BATCH = 8192
_TILE_BYTES = 4_000_000
_TILE_FEATURES = 400_000
_FULL_TURN_DEG = 360.0
_MIN_ZOOM = 5


@dataclass(frozen=True)
class TileSet:
    """Tiles as the page asks for them: first keys of chunks, zooms, degrees (west, south, east, north)."""

    firsts: list[int]
    minzoom: int
    maxzoom: int
    bounds: tuple[float, float, float, float]


def write_vector_tiles(
    geopackage: Path, layer: str, columns: Mapping[str, pa.Array], folder: Path
) -> TileSet | None:
    """The features of a layer with these columns, in their order; None for a layer without any.

    Features are read, cut and packed one batch after the other, so that memory does not grow with them.
    """
    told = pyogrio.read_info(geopackage, layer=layer, force_total_bounds=True)
    if not told["features"]:
        return None
    west, south, east, north = (float(side) for side in told["total_bounds"])
    bounds = west, south, east, north
    zooms = choose_min_zoom(bounds), MAX_ZOOM
    held = {name: column for name, column in columns.items() if not pa.types.is_null(column.type)}
    with tempfile.TemporaryDirectory() as scratch:
        tiles = Path(scratch) / "tiles.mbtiles"
        _cut_tiles(geopackage, layer, held, tiles, zooms)
        firsts = write_chunks(_read_tiles(tiles), folder)
    return TileSet(firsts, *zooms, bounds)


def choose_min_zoom(bounds: tuple[float, ...]) -> int:
    """The zoom at which all lies in about two tiles."""
    wide = max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1e-6)
    return int(np.clip(np.floor(np.log2(_FULL_TURN_DEG / wide)), _MIN_ZOOM, MAX_ZOOM - 1))


def _cut_tiles(
    geopackage: Path, layer: str, columns: Mapping[str, pa.Array], tiles: Path, zooms: tuple[int, int]
) -> None:
    with pyogrio.open_arrow(geopackage, layer=layer, columns=[], batch_size=_BATCH) as (meta, stream):
        name = meta["geometry_name"] or "wkb_geometry"
        reader = pa.RecordBatchReader.from_stream(stream)
        pyogrio.write_arrow(
            _add_columns(reader, name, columns),
            tiles,
            driver="MVT",
            layer=layer,
            geometry_name=name,
            geometry_type=meta["geometry_type"],
            crs=meta["crs"],
            dataset_options=_list_options(*zooms),
        )


def _list_options(minzoom: int, maxzoom: int) -> dict[str, str]:
    return {
        "FORMAT": "MBTILES",
        "MINZOOM": str(minzoom),
        "MAXZOOM": str(maxzoom),
        "COMPRESS": "NO",
        "MAX_SIZE": str(_TILE_BYTES),
        "MAX_FEATURES": str(_TILE_FEATURES),
    }


def _add_columns(
    reader: pa.RecordBatchReader, geometry: str, columns: Mapping[str, pa.Array]
) -> pa.RecordBatchReader:
    """Batches of features with the columns, which hold a value for each feature."""
    fields = [(name, column.type) for name, column in columns.items()]
    schema = pa.schema([reader.schema.field(geometry), *fields])

    def batches() -> Iterator[pa.RecordBatch]:
        first = 0
        for batch in reader:
            cut = [column.slice(first, len(batch)) for column in columns.values()]
            yield pa.RecordBatch.from_arrays([batch[geometry], *cut], schema=schema)
            first += len(batch)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _read_tiles(path: Path) -> Iterator[tuple[int, bytes]]:
    """Tiles by rising key; MBTiles count rows from the south."""
    with closing(sqlite3.connect(path)) as base:
        rows = base.execute("SELECT zoom_level, tile_column, tile_row FROM tiles")
        keys = sorted((number_tile(z, x, 2**z - 1 - row), (z, x, row)) for z, x, row in rows)
        asked = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        for key, place in keys:
            yield key, base.execute(asked, place).fetchone()[0]
