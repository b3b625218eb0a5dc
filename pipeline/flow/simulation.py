"""The simulated world that stands in for scenes, samples and registers where the config asks for it."""

from functools import partial
from pathlib import Path

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import SEED, Inputs
from pipeline.ingest.simulate.accounts import write_accounts
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
    if inputs.simulated_accounts:
        _simulate_accounts(run, study, inputs.simulated_accounts)


def _plan(study: Study) -> World:
    settings = study.settings
    return plan_world(
        study.aoi,
        settings.scenes.periods,
        seed=SEED,
        resolution_m=settings.scenes.resolution_m,
        tides=settings.tides,
    )


def _simulate(run: Run, study: Study, cause: Cause) -> None:
    settings, periods = study.settings.scenes, study.settings.scenes.periods
    title = f"{study.aoi.name_zh} 模拟 simulate"

    def build(folder: Path) -> None:
        world = _plan(study)
        passes = list_acquisitions(world, settings.start, settings.end, settings.missions)
        run.each(title, partial(_write_pass, world, folder), passes)
        write_samples(world, periods, folder)
        write_register(world, folder)
        write_truth(world, passes, periods, folder)
        write_catalog(world, passes, folder)

    run.artifact(title, cause, build)


def _simulate_accounts(run: Run, study: Study, cause: Cause) -> None:
    title = f"{study.aoi.name_zh} 模拟核算资料 simulate accounts"
    run.artifact(title, cause, lambda folder: write_accounts(_plan(study), folder))


def _write_pass(world: World, folder: Path, acquisition: Acquisition) -> None:
    write_acquisition(world, acquisition, folder)
