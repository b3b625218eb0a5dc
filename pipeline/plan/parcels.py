"""The land register of an area: read, checked, repaired and cut to it."""

from pathlib import Path

import geopandas as gpd

from pipeline.contracts import PARCELS
from pipeline.geodesy import CGCS2000
from pipeline.ingest.parcels import LandRegister, read_parcels
from pipeline.plan.area import Area
from pipeline.plan.inputs import Inputs
from pipeline.rights_registry import geometry
from pipeline.run import Run
from pipeline.workspace import Artifact, checksums_of, save_json, save_tables

_PARCELS = 1


def parcels_of(run: Run, area: Area, inputs: Inputs) -> Artifact:
    """Artifact with the tables `parcels` and `findings`, and `missing.json`: columns the register lacks."""
    file = inputs.parcels
    checksums = checksums_of([Path(file.path)]) if file else {}
    settings = file.model_dump(exclude={"path"}) if file else {}
    cause = area.cause("parcels", _PARCELS, list(checksums.values()), parcels=settings)

    def build(folder: Path) -> None:
        register = read_parcels(file, area.aoi) if file else LandRegister(_nothing(), (), None)
        parcels, found = geometry.prepare(register.parcels, area.aoi)
        save_tables(folder, {"parcels": parcels, "findings": found})
        save_json(folder / "missing.json", list(register.missing))

    return run.artifact(f"{area.aoi.name_zh} 地块 parcels", cause, build)


def _nothing() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns=[*PARCELS.columns, "geometry"], geometry="geometry", crs=CGCS2000)
