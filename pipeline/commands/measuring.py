"""What maps take on this machine, where no run has told yet: a short bench on a few simulated scenes."""

import json
import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import geopandas as gpd
import shapely

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import find_inputs
from pipeline.flow.scenes import make_scene_table
from pipeline.geodesy import project, unproject
from pipeline.maps import registry
from pipeline.maps.making import make_maps
from pipeline.settings import Compute, Settings
from pipeline.settings.sources import Mission
from pipeline.storage.ledger import Cost
from pipeline.storage.workspace import Workspace

_LOG = logging.getLogger("ecoledger")
_EDGE_PX = 512
"""Edge of the area in pixels: a block, and some seconds."""
_FIRST, _LAST = date(2024, 5, 1), date(2024, 6, 30)
"""Two months are two periods, so that maps of change are made as well."""
_LANDSATS: tuple[Mission, ...] = ("landsat-8", "landsat-9")
_ALIKE: dict[Mission, tuple[Mission, ...]] = {"sentinel-2": ("sentinel-2",)}


def measure_costs(study: Study) -> list[Cost]:
    """What the blocks of the maps of a study take here, on one worker, of a small area of simulated scenes.

    Scenes are read, indices and the composite made as its settings have it, under any sky; what needs inputs
    of the office is left out. All is made in a folder that is gone afterwards. Blocks are few and small, and
    their files lie on this machine, so that hours by these costs are indicative.
    """
    with tempfile.TemporaryDirectory(prefix="ecoledger-") as name:
        folder = Path(name)
        small = _shrink_study(study, folder)
        with _open_run(folder / "scenes") as run:
            table = make_scene_table(run, small, find_inputs(run, small)).table
        # Libraries and kernels are loaded once, whatever the blocks.
        _make_maps(small, table, folder / "warm")
        return _make_maps(small, table, folder / "timed")


def _make_maps(study: Study, table: gpd.GeoDataFrame, folder: Path) -> list[Cost]:
    with _open_run(folder) as run:
        make_maps(run, study, table, registry.STEPS)
        return run.workspace.ledger.list_costs()


@contextmanager
def _open_run(folder: Path) -> Iterator[Run]:
    """A run whose warnings, which are of simulated scenes, nobody sees."""
    with Workspace(folder).hold() as workspace, _keep_quiet():
        yield Run(workspace, Threads(1), Bars(quiet=True))


@contextmanager
def _keep_quiet() -> Iterator[None]:
    before, _LOG.disabled = _LOG.disabled, True
    try:
        yield
    finally:
        _LOG.disabled = before


def _shrink_study(study: Study, folder: Path) -> Study:
    """A square in the middle of the area of a study, over two months of simulated scenes."""
    given, half_m = study.settings, _EDGE_PX * study.grid.resolution_m / 2
    middle = project(study.aoi.geometry.representative_point(), study.grid.crs)
    square = unproject(shapely.box(*middle.buffer(half_m).bounds), study.grid.crs)
    outline = folder / "square.geojson"
    feature = {
        "type": "Feature",
        "properties": {"id": "square", "name": "square"},
        "geometry": shapely.geometry.mapping(square),
    }
    outline.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    asked = {"provider": "simulated", "start": _FIRST, "end": _LAST, "period": "month", "rolling": None}
    said = given.scenes.model_copy(
        update={**asked, "missions": _choose_missions(given.scenes.missions), "max_cloud_percent": 100}
    )
    settings = Settings(
        label="bench",
        aoi=[str(outline)],
        scenes=said,
        indices=given.indices,
        compute=Compute(memory=given.compute.memory),
        out=str(folder),
    )
    return Study.of(settings.aoi[0], settings)


def _choose_missions(missions: Iterable[Mission]) -> list[Mission]:
    """Those of the simulated world that see as the missions of a config do; all of Landsat see alike."""
    return list(dict.fromkeys(one for mission in missions for one in _ALIKE.get(mission, _LANDSATS)))
