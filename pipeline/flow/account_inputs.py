"""What offices give the accounts: statistics, regions and projects, read before a pixel is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import ingest
from pipeline.datum import DatumShift
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import Inputs
from pipeline.settings.accounts import Accounts
from pipeline.settings.statistics import RegionFile, StatisticsFile
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
        simulated = inputs.simulated_accounts is not None
        projects = ingest.projects.read_projects(given.projects, study.aoi)
        told = read_office_inputs(study, given.statistics, given.regions, simulated=simulated)
        shifts = dict(_list_shifts(told.shift, projects.attrs.get("shifts", [])))
        save_json(folder / "remarks.json", told.remarks)
        save_json(folder / "datum_shifts.json", shifts)
        projects.attrs = {}
        save_tables(folder, {**told.tables, "projects": projects})

    return run.artifact(study.title("inputs of accounts"), cause, build)


@dataclass(frozen=True)
class OfficeTables:
    """Statistics and regions as read: tables, what was mended of regions, how they came to CGCS2000."""

    tables: Mapping[str, pd.DataFrame]
    remarks: list[str]
    shift: DatumShift | None


def read_office_inputs(
    study: Study, statistics: Sequence[StatisticsFile], file: RegionFile | None, *, simulated: bool
) -> OfficeTables:
    """`statistics`, `statistics_rejected` and `regions` of files, named by the config or simulated."""
    regions = ingest.regions.read_regions(file, study.aoi)
    files = _name_region(statistics, study) if simulated else statistics
    known, rejected = ingest.statistics.read_statistics(files, study.aoi, regions)
    remarks, shift = list(regions.attrs.get("remarks", [])), regions.attrs.get("shift")
    regions.attrs = {}
    tables = {"statistics": known, "statistics_rejected": rejected, "regions": regions}
    return OfficeTables(tables, remarks, shift)


def _name_region(files: Sequence[StatisticsFile], study: Study) -> list[StatisticsFile]:
    """Files of a simulated world: what names no region in them is of its area."""
    return [file.model_copy(update={"region": file.region or study.aoi.id}) for file in files]


def list_input_warnings(told: Artifact | None, key: str = "accounts") -> Iterator[str]:
    """What is to be said of the inputs: how regions became the area, how much of statistics is not used.

    `key` is the block of the config that names them.
    """
    if told is None:
        return
    for remark in load_json(told.path / "remarks.json"):
        yield f"{key}.regions: {remark}"
    lost = len(load_table(told.path, "statistics_rejected"))
    if lost:
        yield f"{key}.statistics: {lost} places not used, or to be looked at (statistics_rejected)"


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
