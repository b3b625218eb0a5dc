"""The QGIS project of a delivery, put into its GeoPackage once the rasters beside it are written."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC
from pathlib import Path

from pipeline.contracts import Delivery
from pipeline.geodesy import project
from pipeline.outputs.print_sheets import PrintSheet
from pipeline.outputs.provenance import build_evidence_line, build_licence_line, build_title_line
from pipeline.outputs.qgis.looks import StyledLayer
from pipeline.outputs.qgis.metadata import Description
from pipeline.outputs.qgis.project import Project, build_project_qgz
from pipeline.outputs.qgis.views import IDENTITY, PROJECT_NAME, LayerView, list_raster_views, list_views
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
        sheet=_build_sheet(list_views(layers, delivery.language), delivery),
        crs=delivery.grid.crs,
        rasters=tuple(rasters),
    )


def _build_sheet(views: Sequence[LayerView], delivery: Delivery) -> PrintSheet:
    """The print sheet, in the CRS that the parts of the area share for map sheets, else that of the grid."""
    language = delivery.language
    named = {part.layout_crs for part in delivery.aoi.parts}
    (shared,) = named if len(named) == 1 else (None,)
    crs = shared or delivery.grid.crs
    shown = sorted((view for view in views if view.shown), key=_rank)
    periods = f"{delivery.periods[0].first} – {delivery.periods[-1].last}"
    return PrintSheet(
        title=build_title_line(delivery),
        subtitle=f"{find_text('report.label', language)} {delivery.label} · {periods}",
        legend_title=find_text("layout.legend", language),
        layers=tuple((view.id, view.title.removesuffix(view.layer.mark)) for view in shown),
        notes="\n".join(
            [
                build_evidence_line(delivery),
                f"{find_text('layout.crs', language)} {crs}",
                build_licence_line(delivery),
            ]
        ),
        stamp=find_text("simulated.label", language) if delivery.simulated else "",
        crs=crs,
        bounds=project(delivery.aoi.geometry, crs).bounds,
    )


def _rank(view: LayerView) -> tuple[bool, float]:
    """Where a layer stands in a legend: outlines first, then from the top of the map to the bottom."""
    return view.layer.style.column is not None, view.layer.place
