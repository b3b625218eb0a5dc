"""Every part of the assessment that the config asks for, each an artifact of its own."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.contracts import INDICATORS, check_table
from pipeline.engine.run import Run
from pipeline.flow.assessment import registry
from pipeline.flow.assessment.part import Part
from pipeline.flow.assessment.sources import Sources
from pipeline.flow.inputs import Inputs
from pipeline.maps.step import Maps
from pipeline.rights_registry.findings import join_findings
from pipeline.storage.cause import Artifact, Cause
from pipeline.storage.tables import load_json, load_layer, load_table, save_json, save_tables

_SIMULATED = "；模拟数据 simulated data"


def make_assessment(
    run: Run, maps: Maps, inputs: Inputs, artifacts: Mapping[str, Artifact | None]
) -> dict[str, Artifact]:
    """Artifacts by part, in order; none of a part that the config does not ask for.

    Each has `indicators` and `findings`, the tables that `tables.json` names and the layers of `layers.json`.
    """
    made: dict[str, Artifact] = {}
    for part in registry.PARTS:
        block = inputs.blocks.get(part.name)
        if block is not None:
            found = {str(name): artifact for name in part.reads if (artifact := artifacts.get(name))}
            earlier = made if "parts" in part.reads else {}
            made[part.name] = _make_part(part, inputs, Sources(run, maps, block, found, dict(earlier)))
    return made


def load_assessed_tables(made: Mapping[str, Artifact]) -> dict[str, pd.DataFrame]:
    """The tables of all parts by name."""
    return {
        name: load_table(artifact.path, name)
        for artifact in made.values()
        for name in load_json(artifact.path / "tables.json")
    }


def load_assessed_layers(made: Mapping[str, Artifact]) -> dict[str, gpd.GeoDataFrame]:
    """The layers of all parts by name."""
    return {
        name: load_layer(artifact.path, name)
        for artifact in made.values()
        for name in load_json(artifact.path / "layers.json")
    }


def _make_part(part: Part, inputs: Inputs, sources: Sources) -> Artifact:
    cause = _name_part(part, inputs, sources)

    def build(folder: Path) -> None:
        found = part.assess(sources)
        indicators = found.indicators if found.indicators is not None else _build_no_indicators()
        indicators = _mark_simulation(indicators) if inputs.simulated else indicators
        findings = join_findings([] if found.findings is None else [found.findings])
        tables = {"indicators": check_table(indicators, INDICATORS), "findings": findings}
        save_tables(folder, {**tables, **found.tables, **found.layers})
        save_json(folder / "tables.json", list(found.tables))
        save_json(folder / "layers.json", list(found.layers))

    return sources.run.artifact(sources.study.title(f"{part.title} / {part.name}"), cause, build)


def name_part_step(part: Part) -> str:
    """The step that makes a part, as its cause has it."""
    return f"assessment_{part.name}"


def _name_part(part: Part, inputs: Inputs, sources: Sources) -> Cause:
    """The cause of a part: what it reads, the files of its block, and all else that the block says."""
    study = sources.study
    keys = [artifact.key for artifact in (*sources.artifacts.values(), *sources.parts.values())]
    if "maps" in part.reads:
        keys += [key for made in sources.maps.keys.values() for key in made]
    asked = part.find_block(study.settings)
    return study.cause(
        name_part_step(part),
        part.version,
        [*keys, *inputs.list_part_keys(part.name)],
        block=asked.model_dump(mode="json"),
        periods=[period.label for period in study.periods],
        names=[study.aoi.name_zh, study.aoi.name_en],
    )


def _mark_simulation(indicators: pd.DataFrame) -> pd.DataFrame:
    """Indicators whose sources say that what they rest on is simulated."""
    said = indicators["source"].astype(str)
    return indicators.assign(source=said.where(said.str.contains("模拟"), said + _SIMULATED))


def _build_no_indicators() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in INDICATORS.columns})
