"""The simulated world that stands in for scenes, samples and registers where the config asks for it."""

from functools import partial
from pathlib import Path

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.account_files import list_parameter_tables
from pipeline.flow.assessment import registry
from pipeline.flow.assessment.part import Simulated
from pipeline.flow.inputs import SEED, Inputs
from pipeline.ingest.simulate.account_estate import AccountRules
from pipeline.ingest.simulate.account_truth import write_account_truth
from pipeline.ingest.simulate.accounts import write_accounts
from pipeline.ingest.simulate.parcels import write_register
from pipeline.ingest.simulate.passes import Acquisition
from pipeline.ingest.simulate.scenes import list_acquisitions, write_acquisition, write_catalog
from pipeline.ingest.simulate.truth import write_truth
from pipeline.ingest.simulate.water import write_samples
from pipeline.ingest.simulate.world import World, plan_world
from pipeline.settings.accounts import Accounts
from pipeline.settings.parameters import read_parameters
from pipeline.storage.cause import Cause


def build_world(run: Run, study: Study, inputs: Inputs) -> None:
    """Build the simulated world that the inputs of an area come from, if they do and it is not built."""
    if inputs.simulated:
        _simulate(run, study, inputs.simulated)
    if inputs.simulated_accounts:
        _simulate_accounts(run, study, inputs.simulated_accounts)
    if inputs.planted_accounts:
        _plant_account_truth(run, study, inputs, inputs.planted_accounts)
    for part in registry.PARTS:
        if part.simulated and part.name in inputs.simulated_parts:
            _simulate_part(run, study, inputs, part.name, part.simulated)


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
    periods = study.settings.scenes.periods
    title = study.title("simulate")

    def build(folder: Path) -> None:
        world = _plan(study)
        passes = _list_passes(study, world)
        run.each(title, partial(_write_pass, world, folder), passes)
        write_samples(world, periods, folder)
        write_register(world, folder)
        write_truth(world, passes, periods, folder)
        write_catalog(world, passes, folder)

    run.artifact(title, cause, build)


def _simulate_accounts(run: Run, study: Study, cause: Cause) -> None:
    title = study.title("simulate accounts")
    run.artifact(title, cause, lambda folder: write_accounts(_plan(study), folder))


def _simulate_part(run: Run, study: Study, inputs: Inputs, name: str, simulated: Simulated) -> None:
    assert inputs.simulated
    base = run.workspace.path(inputs.simulated)
    title = study.title("simulate", name)
    run.artifact(
        title, inputs.simulated_parts[name], lambda folder: simulated.write(_plan(study), base, folder)
    )


def _plant_account_truth(run: Run, study: Study, inputs: Inputs, cause: Cause) -> None:
    assert inputs.parcels
    assert inputs.accounts
    register, rules = Path(inputs.parcels.path), partial(_load_rules, inputs.accounts, study.aoi.id)
    title = study.title("truth of the accounts")

    def build(folder: Path) -> None:
        world = _plan(study)
        write_account_truth(world, _list_passes(study, world), register, rules(), folder)

    run.artifact(title, cause, build)


def _load_rules(accounts: Accounts, aoi: str) -> AccountRules:
    profile = accounts.load_profile(aoi)
    return AccountRules(
        services=tuple(profile.services),
        choices=profile.choices,
        tables=read_parameters(list_parameter_tables(accounts, aoi)),
        slope_length_m=accounts.layers.slope_length_m,
        level_slope=accounts.layers.level_slope_percent / 100,
    )


def _list_passes(study: Study, world: World) -> list[Acquisition]:
    settings = study.settings.scenes
    return list_acquisitions(world, settings.start, settings.end, settings.missions)


def _write_pass(world: World, folder: Path, acquisition: Acquisition) -> None:
    write_acquisition(world, acquisition, folder)
