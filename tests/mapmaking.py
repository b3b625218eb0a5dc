"""Maps of a study as a run makes them, and what a kernel or a step is given in a test."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.engine.executors import Threads
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import find_inputs
from pipeline.flow.scenes import make_scene_table
from pipeline.grid import Grid
from pipeline.ingest.reading.readers import Source, reader_of
from pipeline.maps.encoding import LayerEncoding
from pipeline.maps.making import make_maps
from pipeline.maps.registry import STEPS
from pipeline.maps.step import BlockInputs, Maps, Step, View
from pipeline.periods import When
from pipeline.storage.blocks import create_store, write_block
from pipeline.zonal.ground import lay_ground


def make(run: Run, study: Study, table: gpd.GeoDataFrame | None = None) -> Maps:
    """All maps of a study, from its own scenes unless a SceneTable is given."""
    found = make_scene_table(run, study, find_inputs(run, study)).table if table is None else table
    return make_maps(run, study, found, STEPS)


def no_scenes(run: Run, study: Study) -> gpd.GeoDataFrame:
    """The SceneTable of a study without any of its rows."""
    return make_scene_table(run, study, find_inputs(run, study)).table[:0]


def view_of(maps: Maps) -> View:
    """What steps show themselves by, without parcels and measures; every source is `s`."""
    study = maps.study
    whens: list[When] = [*study.periods, *study.pairs, study.span]
    nothing = pd.DataFrame()
    return View(maps, lay_ground(Threads(1), study), nothing, gpd.GeoDataFrame(), dict.fromkeys(whens, "s"))


def rows_of(maps: Maps, *steps: Step) -> dict[tuple[str, str], dict[str, object]]:
    """The rows of indicators of some steps by indicator and period."""
    view = view_of(maps)
    rows = [
        row
        for step in steps
        for when in (step.show.times or step.times)(maps.study)
        for row in step.show.rows(view, when)
    ]
    return {(str(row["indicator"]), str(row["period"])): row for row in rows}


def rasters_of(maps: Maps, *steps: Step) -> dict[str, NDArray]:
    """The rasters of some steps by name, as they are stored."""
    return {
        raster.name: raster.values.to_numpy()
        for step in steps
        for when in step.times(maps.study)
        for raster in step.show.rasters(maps, when)
    }


def store_of(
    path: Path, grid: Grid, values: Mapping[str, NDArray], layers: Mapping[str, LayerEncoding]
) -> Path:
    """A store of planted values, in one chunk."""
    stored = {name: layers[name].stored for name in values}
    create_store(path, stored, grid, max(grid.shape))
    write_block(path, grid.whole, values)
    return path


def inputs_over(grid: Grid, **stores: Path | tuple[Path, ...]) -> BlockInputs:
    """What a kernel is given of a whole grid, its stores by step."""
    each = {name: paths if isinstance(paths, tuple) else (paths,) for name, paths in stores.items()}
    outline = shapely.box(*grid.block_bounds(grid.whole))
    return BlockInputs(grid.whole, grid, outline, each, reader_of(Source()))
