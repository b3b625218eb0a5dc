"""How the simulated world writes shapes: GeoPackages that say so and whose bytes repeat."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pyogrio

from pipeline.ingest.simulate.world import SIMULATED

_CLOCK = {"OGR_CURRENT_DATE": "2024-01-01T00:00:00.000Z", "OGR_GPKG_ALLOW_THREADED_RTREE": "NO"}


def write_polygons(table: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """A GeoPackage of one layer of polygons in the place of what stood there."""
    write_shapes(table, path, layer, "Polygon")


def write_shapes(table: gpd.GeoDataFrame, path: Path, layer: str, kind: str) -> None:
    """A GeoPackage of one layer of a kind of shapes in the place of what stood there."""
    path.unlink(missing_ok=True)
    with _stop_clock():
        pyogrio.write_dataframe(
            table,
            path,
            layer=layer,
            driver="GPKG",
            geometry_type=kind,
            layer_metadata={"simulated": SIMULATED},
            layer_options={"DESCRIPTION": SIMULATED, "IDENTIFIER": f"{layer}（模拟数据）"},
        )


@contextmanager
def _stop_clock() -> Iterator[None]:
    """No time of day and no second thread in the file, so that its bytes repeat."""
    pyogrio.set_gdal_config_options(_CLOCK)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(_CLOCK))
