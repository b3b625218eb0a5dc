"""What offices tell the assessment: statistics and regions of its own, else those of the accounts."""

from pathlib import Path

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.account_inputs import read_office_inputs
from pipeline.flow.assessment import registry
from pipeline.flow.inputs import Inputs
from pipeline.settings.assessment import Assessment
from pipeline.storage.cause import Artifact, checksums_of
from pipeline.storage.tables import save_json, save_tables

_VERSION = 1
KEY = "assessment"


def has_own_inputs(inputs: Inputs) -> bool:
    """Whether the assessment is told anything beside what the accounts are."""
    return _is_asked(inputs) and not (inputs.assessment is None and inputs.accounts)


def _is_asked(inputs: Inputs) -> bool:
    return any("told" in part.reads and part.name in inputs.blocks for part in registry.PARTS)


def make_office_inputs(
    run: Run, study: Study, inputs: Inputs, of_accounts: Artifact | None
) -> Artifact | None:
    """Artifact with `statistics`, `statistics_rejected` and `regions`, and what was remarked of them.

    It is that of the accounts unless the assessment has statistics or regions of its own; with neither the
    area is its one region. None where no part that the config asks for reads it.
    """
    if not _is_asked(inputs):
        return None
    if not has_own_inputs(inputs):
        return of_accounts
    given = inputs.assessment or Assessment()
    simulated = inputs.simulated_accounts
    cause = study.cause(
        "assessment_inputs",
        _VERSION,
        [*checksums_of(inputs.told_files).values(), *([simulated.key] if simulated else [])],
        names=[study.aoi.name_zh, study.aoi.name_en],
        statistics=[file.model_dump(exclude={"path"}) for file in given.statistics],
        regions=given.regions.model_dump(exclude={"path"}) if given.regions else {},
    )

    def build(folder: Path) -> None:
        told = read_office_inputs(study, given.statistics, given.regions, simulated=simulated is not None)
        shift = {} if told.shift is None else {f"{KEY}.regions": told.shift.as_dict()}
        save_json(folder / "remarks.json", told.remarks)
        save_json(folder / "datum_shifts.json", shift)
        save_tables(folder, told.tables)

    return run.artifact(study.title("inputs of the assessment"), cause, build)
