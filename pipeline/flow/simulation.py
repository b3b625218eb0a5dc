"""The simulated world that stands in for scenes, samples and registers where the config asks for it."""

from functools import partial
from pathlib import Path

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import SEED, Inputs
from pipeline.ingest.simulate.parcels import write_register
from pipeline.ingest.simulate.passes import Acquisition
from pipeline.ingest.simulate.scenes import list_acquisitions, write_acquisition, write_catalog
from pipeline.ingest.simulate.truth import write_truth
from pipeline.ingest.simulate.water import write_samples
from pipeline.ingest.simulate.world import World, plan_world
from pipeline.storage.cause import Cause


def build_world(run: Run, study: Study, inputs: Inputs) -> None:
    """Build the simulated world that the inputs of an area come from, if they do and it is not built."""
    if inputs.simulated:
        _simulate(run, study, inputs.simulated)


def _simulate(run: Run, study: Study, cause: Cause) -> None:
    settings, periods = study.settings.scenes, study.settings.scenes.periods
    title = f"{study.aoi.name_zh} 模拟 simulate"

    def build(folder: Path) -> None:
        world = plan_world(
            study.aoi,
            periods,
            seed=SEED,
            resolution_m=settings.resolution_m,
            tides=study.settings.tides,
        )
        passes = list_acquisitions(world, settings.start, settings.end, settings.missions)
        run.each(title, partial(_write_pass, world, folder), passes)
        write_samples(world, periods, folder)
        write_register(world, folder)
        write_truth(world, passes, periods, folder)
        write_catalog(world, passes, folder)

    run.artifact(title, cause, build)


def _write_pass(world: World, folder: Path, acquisition: Acquisition) -> None:
    write_acquisition(world, acquisition, folder)
