"""What offices give the accounts: statistics, regions and projects, read before a pixel is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import ingest
from pipeline.datum import DatumShift
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import Inputs
from pipeline.settings.accounts import Accounts
from pipeline.settings.statistics import StatisticsFile
from pipeline.storage.cause import Artifact, checksums_of
from pipeline.storage.tables import load_json, load_table, save_json, save_tables

_VERSION = 1


def list_account_keys(inputs: Inputs) -> list[str]:
    """Keys of all that accounts are made from: of files that the config names, and of the simulated ones."""
    simulated = [inputs.simulated_accounts.key] if inputs.simulated_accounts else []
    return [*checksums_of(inputs.account_files).values(), *simulated]


def complete_study(study: Study, inputs: Inputs) -> Study:
    """The study whose accounts name all that its inputs name, simulated or not."""
    return replace(study, settings=study.settings.model_copy(update={"accounts": inputs.accounts}))


def make_account_inputs(run: Run, study: Study, inputs: Inputs) -> Artifact | None:
    """Artifact with `statistics`, `statistics_rejected`, `regions` and `projects`, as their doors give them.

    `remarks.json` lists what was mended of regions, `datum_shifts.json` how coordinates came to CGCS2000.
    None where the config asks for no accounts.
    """
    given = inputs.accounts
    if given is None:
        return None
    cause = study.cause(
        "account_inputs",
        _VERSION,
        list_account_keys(inputs),
        names=[study.aoi.name_zh, study.aoi.name_en],
        **_describe(given),
    )

    def build(folder: Path) -> None:
        regions = ingest.regions.read_regions(given.regions, study.aoi)
        projects = ingest.projects.read_projects(given.projects, study.aoi)
        files = _name_region(given.statistics, study) if inputs.simulated_accounts else given.statistics
        statistics, rejected = ingest.statistics.read_statistics(files, study.aoi, regions)
        shifts = dict(_list_shifts(regions.attrs.get("shift"), projects.attrs.get("shifts", [])))
        save_json(folder / "remarks.json", list(regions.attrs.get("remarks", [])))
        save_json(folder / "datum_shifts.json", shifts)
        regions.attrs, projects.attrs = {}, {}
        tables = {"statistics": statistics, "statistics_rejected": rejected}
        save_tables(folder, {**tables, "regions": regions, "projects": projects})

    return run.artifact(f"{study.aoi.name_zh} 核算资料 inputs of accounts", cause, build)


def _name_region(files: Sequence[StatisticsFile], study: Study) -> list[StatisticsFile]:
    """Files of a simulated world: what names no region in them is of its area."""
    return [file.model_copy(update={"region": file.region or study.aoi.id}) for file in files]


def list_input_warnings(told: Artifact | None) -> Iterator[str]:
    """What is to be said of the inputs: how regions became the area, how much of statistics is not used."""
    if told is None:
        return
    for remark in load_json(told.path / "remarks.json"):
        yield f"accounts.regions: {remark}"
    lost = len(load_table(told.path, "statistics_rejected"))
    if lost:
        words = "处未使用或须留意 places not used, or to be looked at"
        yield f"accounts.statistics: {lost} {words} (statistics_rejected)"


def _describe(given: Accounts) -> dict[str, Any]:
    """What the config says of the files beside where they are."""
    return {
        "statistics": [file.model_dump(exclude={"path"}) for file in given.statistics],
        "regions": given.regions.model_dump(exclude={"path"}) if given.regions else {},
        "projects": [file.model_dump(exclude={"path"}, mode="json") for file in given.projects],
    }


def _list_shifts(
    regions: DatumShift | None, projects: list[DatumShift | None]
) -> list[tuple[str, dict[str, Any]]]:
    named = [("accounts.regions", regions)]
    named += [(f"accounts.projects.{number}", shift) for number, shift in enumerate(projects)]
    return [(key, shift.as_dict()) for key, shift in named if shift and not shift.changes_nothing]
