"""The sections of all registers that a run knows, wherever they are, with their readings."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import Inputs
from pipeline.flow.section_samples import StudySamples
from pipeline.indices.sections.membership import find_own
from pipeline.indices.sections.months import date_samples, select_period
from pipeline.indices.sections.places import PlacedSamples
from pipeline.ingest.samples import read_sections, read_tables
from pipeline.settings.health import Health
from pipeline.storage.cause import Artifact, sha256_of_file
from pipeline.storage.tables import save_tables

_VERSION = 1
HEALTH = "health"
OWN_REGISTER = "本次运行"
"""What the register of the run is called beside those of other offices."""
_DAYS = ["place", "parameter", "value", "censored", "unit", "time"]
_NAME = ["province", "section"]


def make_waters(run: Run, study: Study, inputs: Inputs) -> Artifact | None:
    """The artifact with `samples` (dated, with the place of their section), `sections` and `doubled`.

    Sections have those columns of the register and `register`, its name, and `here`, whether they are of the
    area. None where the health of rivers and lakes is not asked for.
    """
    block = inputs.blocks.get(HEALTH)
    if block is None:
        return None
    cause = study.cause(
        "waters",
        _VERSION,
        [*(sha256_of_file(path) for path in inputs.tables), *inputs.list_part_keys(HEALTH)],
        samples=[entry.model_dump(exclude={"path"}) for entry in inputs.samples],
        registers=[_describe(other) for other in block.registers],
        days=[str(study.settings.scenes.start), str(study.settings.scenes.end)],
        areas=study.known_key,
    )

    def build(folder: Path) -> None:
        found = _join_registers(list(_read_registers(study, inputs, block)))
        save_tables(folder, found)

    return run.artifact(study.title("waters"), cause, build)


def _describe(other: object) -> object:
    return other.model_dump(exclude={"register_path": True, "samples": {"__all__": {"path"}}})  # type: ignore[attr-defined]


def _read_registers(study: Study, inputs: Inputs, block: Health) -> Iterator[tuple[str, PlacedSamples]]:
    """Each register by its name, that of the run first."""
    yield OWN_REGISTER, _find_here(study, StudySamples.of(study, inputs), by_default=True)
    for other in block.registers:
        register = read_sections(Path(other.register_path))
        sampled = StudySamples(study, read_tables(other.samples), register, study.known)
        yield other.name, _find_here(study, sampled, by_default=False)


def _find_here(study: Study, sampled: StudySamples, *, by_default: bool) -> PlacedSamples:
    """All sections with `here`; of another office's only those that name the area, or lie in it."""
    samples, sections = sampled.everywhere
    own = find_own(sections, study.aoi.id, study.aoi.geometry)
    told = sections["aoi"].notna() | (sections["lon"].notna() & sections["lat"].notna())
    days = select_period(date_samples(samples), sampled.days)[_DAYS]
    return PlacedSamples(days, sections.assign(here=own & (by_default | told.to_numpy())))


def _join_registers(read: list[tuple[str, PlacedSamples]]) -> dict[str, pd.DataFrame]:
    samples, sections, doubled = [], [], []
    known: set[tuple[object, ...]] = set()
    count = 0
    for name, found in read:
        rows = found.sections.assign(register=name)
        keys = [
            {("id", row.section_id), ("name", *(getattr(row, one) for one in _NAME))}
            for row in rows.itertuples()
        ]
        twice = pd.Series([bool(key & known) for key in keys], rows.index)
        known |= set().union(*keys)
        number = pd.Series(range(count, count + int((~twice).sum())), rows.index[~twice])
        count += len(number)
        place = found.samples["place"].map(number)
        samples.append(found.samples[place.notna()].assign(place=place.dropna().astype(int)))
        sections.append(rows[~twice])
        doubled.append(rows.loc[twice, ["register", "section_id", "section"]])
    return {
        "samples": pd.concat(samples, ignore_index=True).astype({"parameter": str, "unit": str}),
        "sections": pd.concat(sections, ignore_index=True),
        "doubled": pd.concat(doubled, ignore_index=True),
    }
