"""The QGIS project of a delivery, put into its GeoPackage once the rasters beside it are written."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC
from pathlib import Path

from pipeline.contracts import Delivery
from pipeline.outputs.qgis.looks import StyledLayer
from pipeline.outputs.qgis.metadata import Description
from pipeline.outputs.qgis.project import Project, build_project_qgz
from pipeline.outputs.qgis.sheets import build_sheet
from pipeline.outputs.qgis.views import IDENTITY, PROJECT_NAME, list_raster_views, list_views
from pipeline.outputs.texts import find_text


def add_project(delivery: Delivery, path: Path, layers: Sequence[StyledLayer]) -> None:
    """Add to a GeoPackage the QGIS project that draws its layers, and the rasters that lie beside it.

    The project knows its own data by what the metadata of the file say, and the rasters by their size.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        found = file.execute("SELECT metadata FROM gpkg_metadata WHERE md_standard_uri = ?", [IDENTITY])
        (identity,) = found.fetchone()
        packed = build_project_qgz(layers, _describe_project(delivery, path, identity, layers))
        stamp = delivery.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        metadata = json.dumps({"last_modified_time": stamp, "last_modified_user": "ecoledger"})
        file.execute("INSERT INTO qgis_projects VALUES (?, ?, ?)", (PROJECT_NAME, metadata, packed.hex()))


def _describe_project(
    delivery: Delivery, path: Path, identity: str, layers: Sequence[StyledLayer]
) -> Project:
    mark = find_text("simulated.mark", delivery.language) if delivery.simulated else ""
    rasters = list_raster_views(
        delivery.rasters, path.parent / "rasters", delivery.periods, delivery.language, mark
    )
    return Project(
        told=Description.of(delivery, path.name),
        identity=identity,
        as_of=delivery.as_of,
        sheet=build_sheet(list_views(layers, delivery.language), rasters, delivery),
        crs=delivery.grid.crs,
        rasters=tuple(rasters),
        places={
            part.name_zh if delivery.language == "zh" else part.name_en: part.geometry.bounds
            for part in delivery.aoi.parts
        },
    )
