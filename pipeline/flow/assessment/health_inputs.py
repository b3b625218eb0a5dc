"""What the health of rivers and lakes is told by files: bodies, measures, zones, schemes."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.aoi import Aoi, list_waters
from pipeline.assessment.health.bodies import Body
from pipeline.errors import Problem, SettingsError
from pipeline.flow.mistakes import Check, raise_mistakes
from pipeline.ingest.health.bodies import read_bodies
from pipeline.ingest.health.measures import read_measures
from pipeline.ingest.health.words import HealthWords
from pipeline.ingest.health.zones import read_zones
from pipeline.ingest.rejects import Reject
from pipeline.ingest.samples import read_sections, read_tables
from pipeline.ingest.samples.headings import fold
from pipeline.settings.health import Health
from pipeline.settings.health_schemes import HealthScheme, load_health_scheme
from pipeline.settings.sections import WaterBody


@dataclass(frozen=True)
class HealthInputs:
    """Bodies; readings of `ingest.health.measures`; rows of `ingest.health.zones`; what is not used.

    `schemes` are those of each kind of body: the id, and what it says.
    """

    bodies: tuple[Body, ...]
    readings: pd.DataFrame
    zones: pd.DataFrame
    lost: tuple[Reject, ...]
    schemes: Mapping[WaterBody, tuple[str, HealthScheme]]


def read_inputs(block: Health) -> HealthInputs:
    """All that the files of a block say; InputError or SettingsError where they cannot be used."""
    schemes = load_schemes(block)
    bodies = tuple(_build_body(row) for row in read_bodies(block.bodies).to_dict("records"))
    names = {one.name_zh: one.key for _, scheme in schemes.values() for _, one in scheme.list_criteria()}
    words = HealthWords.of([(body.id, body.names) for body in bodies], names)
    measures, zones = read_measures(block.tables, words), read_zones(block.zones)
    return HealthInputs(bodies, measures.readings, zones.rows, (*measures.lost, *zones.lost), schemes)


def load_schemes(block: Health) -> dict[WaterBody, tuple[str, HealthScheme]]:
    """The scheme of each kind of body, its id the stem of its file."""
    given: dict[WaterBody, str] = {"river": block.schemes.river, "lake": block.schemes.lake}
    return {kind: (Path(name).stem, load_health_scheme(name, kind)) for kind, name in given.items()}


def _build_body(row: Mapping[Hashable, Any]) -> Body:
    numbers = {name: row[name] for name in ("width_m", "management_m", "reference_m2")}
    known = {name: None if pd.isna(value) else float(value) for name, value in numbers.items()}
    named = [str(row["id"]), str(row["name"]), *str(row["aliases"]).split(";")]
    kind: WaterBody = "lake" if row["kind"] == "lake" else "river"
    accuracy = row["accuracy"] if isinstance(row["accuracy"], str) else None
    names = frozenset(fold(name) for name in named if name)
    return Body(str(row["id"]), str(row["name"]), kind, names, row["geometry"], accuracy=accuracy, **known)


def check_health(block: Health, _aoi: Aoi) -> None:
    """Read through all files of a block; SettingsError where it names no bodies."""
    if not block.bodies:
        expected = "outlines or a list of bodies"
        todo = f"such as bodies: {', '.join(list_waters())}"
        raise SettingsError(
            "The health of rivers and lakes has no bodies",
            [Problem("assessment.health.bodies", "nothing", expected, todo)],
        )
    checks: list[Check] = [
        partial(read_bodies, block.bodies),
        partial(read_zones, block.zones),
        partial(read_inputs, block),
    ]
    for other in block.registers:
        checks += [partial(read_sections, Path(other.register_path)), partial(read_tables, other.samples)]
    raise_mistakes(checks)
