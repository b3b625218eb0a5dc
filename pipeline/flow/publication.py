"""The delivery of an area: everything gathered, written beside its place, checked, published."""

import logging
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import geopandas as gpd
import pandas as pd

from pipeline.assessment.target_summary import fill_targets
from pipeline.contracts import Delivery, Raster
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import PipelineError
from pipeline.flow.account_rasters import list_service_rasters
from pipeline.flow.assessment import registry
from pipeline.flow.assessment.assessing import load_assessed_layers, load_assessed_tables
from pipeline.flow.division import MOST_TABLE_ROWS, RegisterFiles, add_findings, add_register
from pipeline.flow.endmember_evidence import describe_endmembers
from pipeline.flow.feature_numbers import FormerNumbers, find_last_numbers
from pipeline.flow.inputs import Inputs
from pipeline.flow.sections import load_section_tables
from pipeline.maps.showing import list_rasters
from pipeline.maps.step import Maps
from pipeline.outputs import delivery as outputs
from pipeline.rights_registry.rules import RULES
from pipeline.rights_registry.rules.rule import Severity
from pipeline.storage.cause import Artifact, Cause
from pipeline.storage.ownership import BEGUN, check_place, name_part
from pipeline.storage.publish import remove
from pipeline.storage.tables import count_rows, load_json, load_layer, load_table, save_json

_LOG = logging.getLogger("ecoledger")
_LIBRARIES = (
    "ecoledger",
    "exactextract",
    "geopandas",
    "numpy",
    "pyproj",
    "rasterio",
    "shapely",
    "xarray",
    "zarr",
)
_SCENES = [
    "id",
    "mission",
    "datetime",
    "item_sha256",
    "offset_source",
    "offset_evidence",
    "offset_conflict",
]
_LONG = ("parcel_measures",)
"""Tables with many rows for each parcel."""
_REJECTED = "statistics_rejected"
_READS = ["scene_id", "band", "block", "outcome", "reason"]


@dataclass(frozen=True)
class TableArtifacts:
    """The artifacts of tables behind a delivery; `assessment_inputs` where they are not the accounts' own."""

    parcels: Artifact
    statistics: Artifact
    sections: Artifact
    inventory: Artifact
    accounts: Artifact | None
    assessment_inputs: Artifact | None
    supplement: Artifact | None
    assessed: Mapping[str, Artifact]

    @property
    def keys(self) -> dict[str, str]:
        """Keys by step, those of the parts of the assessment by their names."""
        made = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "assessed"}
        return {name: artifact.key for name, artifact in {**made, **self.assessed}.items() if artifact}


@dataclass(frozen=True)
class Draft:
    """A delivery that is begun beside its place: what is known once its maps are."""

    study: Study
    inputs: Inputs
    scenes: gpd.GeoDataFrame
    maps: Maps
    rasters: tuple[Raster, ...]
    simulated: bool
    as_of: datetime
    written: outputs.DeliveryDraft
    former: FormerNumbers


@contextmanager
def draft_delivery(
    study: Study,
    inputs: Inputs,
    scenes: gpd.GeoDataFrame,
    maps: Maps,
    parcels: Artifact,
    former: FormerNumbers,
) -> Iterator[Draft]:
    """Begin the delivery of a study, as the config has it, with its rasters, written beside what follows.

    `former` are the numbers that features had in former deliveries of the area, which they keep. An error
    that a user can mend leaves nothing of it.
    """
    part = name_part(study.target)
    check_place(study.target, known=True)  # whose folder it is, publishing judges
    if part.exists():
        remove(part)
    part.mkdir(parents=True)
    (part / BEGUN).touch()
    rasters = (*list_rasters(maps), *list_service_rasters(maps, parcels))
    simulated = bool(scenes["simulated"].any()) or inputs.simulated is not None
    as_of = scenes["datetime"].max().to_pydatetime()
    told = {"simulated": simulated, "as_of": as_of, "language": study.settings.language}
    try:
        blocks = study.blocks(maps.layout.edge_px)
        with outputs.begin_delivery(part, rasters, study.grid, **told, blocks=blocks) as written:
            yield Draft(study, inputs, scenes, maps, rasters, simulated, as_of, written, former)
    except PipelineError:
        if part.exists():
            remove(part)
        if not any(part.parent.iterdir()):
            part.parent.rmdir()
        raise


def gather_delivery(run: Run, draft: Draft, tables: TableArtifacts) -> Delivery:
    """What a study delivers."""
    study, scenes = draft.study, draft.scenes
    register = RegisterFiles(tables.parcels.path, tables.inventory.path, draft.former)
    held = Delivery(
        aoi=study.aoi,
        grid=study.grid,
        label=study.settings.label,
        language=study.settings.language,
        simulated=draft.simulated,
        as_of=draft.as_of,
        periods=study.periods,
        inventory=gpd.GeoDataFrame(),
        parcels=gpd.GeoDataFrame(),
        sections=load_layer(tables.sections.path, "sections"),
        change_patches=load_layer(tables.statistics.path, "change_patches"),
        findings=gpd.GeoDataFrame(),
        tables=_gather_tables(run, draft.maps, tables),
        rasters=draft.rasters,
        rules=_name_rules(draft.inputs),
        scenes=scenes.drop(columns=["assets", "mask", "saturation"]),
        layers=load_assessed_layers(tables.assessed),
        assessed=tuple(load_assessed_tables(tables.assessed)),
        organisation=study.settings.catalogue.name_organisation(study.aoi.id),
        long_tables=_find_long_tables(tables),
    )
    return add_findings(add_register(held, register), tables.inventory.path)


def _name_rules(inputs: Inputs) -> dict[str, tuple[str, str]]:
    """Names of rules, without those of parts of the assessment that the config does not ask for."""
    others = {rule.id for part in registry.PARTS if part.name not in inputs.blocks for rule in part.rules()}
    return {name: (rule.title_zh, rule.title_en) for name, rule in RULES.items() if name not in others}


def _gather_tables(run: Run, maps: Maps, tables: TableArtifacts) -> dict[str, pd.DataFrame]:
    """The tables of a delivery by the stem of their file."""
    statistics, sections = tables.statistics.path, tables.sections.path
    of_steps = load_json(statistics / "tables.json")
    composites = [artifact.key for artifact in maps.of("composite").values()]
    return {
        **{name: load_table(statistics, name) for name in ("area_balance", *of_steps)},
        **{name: load_table(statistics, name) for name in _LONG if not _is_long(statistics, name)},
        **_gather_indicators(maps.study.aoi.id, tables),
        "sections": pd.DataFrame(load_layer(sections, "sections").drop(columns="geometry")),
        "samples_rejected": load_table(sections, "samples_rejected"),
        **load_section_tables(sections),
        **_load_account_tables(tables.accounts, tables.assessment_inputs),
        **load_assessed_tables(tables.assessed),
        **_load_supplement(tables.supplement),
        "reads": pd.DataFrame(run.workspace.ledger.list_reads(composites), columns=_READS),
    }


def _find_long_tables(tables: TableArtifacts) -> dict[str, Path]:
    """Files of the tables that are too long to be held."""
    folder = tables.statistics.path
    return {name: folder / f"{name}.parquet" for name in _LONG if _is_long(folder, name)}


def _is_long(folder: Path, name: str) -> bool:
    return count_rows(folder, name) > MOST_TABLE_ROWS


def _gather_indicators(aoi: str, tables: TableArtifacts) -> dict[str, pd.DataFrame]:
    """`indicators` of the area, `indicators_regions` of regions and bodies if any; all with their targets."""
    shown = (tables.statistics, tables.sections, *tables.assessed.values())
    figures = [load_table(artifact.path, "indicators") for artifact in shown]
    held = tables.assessed.get("targets")
    found = fill_targets(
        pd.concat([part for part in figures if len(part)], ignore_index=True),
        load_table(held.path, "targets") if held else None,
    )
    of_area = found["aoi"].eq(aoi)
    parted = {"indicators": found[of_area], "indicators_regions": found[~of_area]}
    return {
        name: rows.reset_index(drop=True)
        for name, rows in parted.items()
        if len(rows) or name == "indicators"
    }


def _load_account_tables(accounts: Artifact | None, told: Artifact | None) -> dict[str, pd.DataFrame]:
    """The tables of the accounts, none where there are none; with what the assessment rejects of its own."""
    names = load_json(accounts.path / "tables.json") if accounts else []
    found = {name: load_table(accounts.path, name) for name in names} if accounts else {}
    if told:
        of_both = [found.get(_REJECTED), load_table(told.path, _REJECTED)]
        known = [table for table in of_both if table is not None]
        found[_REJECTED] = pd.concat([table for table in known if len(table)] or known[:1], ignore_index=True)
    return found


def _load_supplement(made: Artifact | None) -> dict[str, pd.DataFrame]:
    names = ("supplement", "supplement_rejected")
    return {name: load_table(made.path, name) for name in names} if made else {}


def load_shifts(*made: Artifact | None) -> dict[str, Any]:
    """How coordinates of what was read came to CGCS2000, by the key of the config."""
    found = [load_json(artifact.path / "datum_shifts.json") for artifact in made if artifact]
    return {key: shift for shifts in found for key, shift in shifts.items()}


def publish_delivery(
    run: Run,
    cause: Cause,
    draft: Draft,
    delivery: Delivery,
    artifacts: Mapping[str, str | Sequence[str]],
    search: Mapping[str, Any],
    shifts: Mapping[str, Any],
) -> list[str]:
    """Complete a delivery that is begun and publish it; what stood at its place stays until then.

    Gives the names of files of people that the new one took over from it.

    `artifacts` are the keys of everything behind it, `search` tells what became of all scenes that were
    found, `shifts` how the coordinates of inputs came to CGCS2000.
    """
    study = draft.study
    _LOG.info("begun", extra={"step": cause.step, "key": cause.key})
    part = draft.written.folder
    with run.step(study.title("delivery"), cause):
        asked = study.settings.outputs
        written = outputs.complete_delivery(
            delivery, draft.written, shapefile=asked.shapefile, headings=asked.headings, parts=asked.parts
        )
    manifest = {
        **_describe_delivery(study, delivery, search),
        "artifacts": artifacts,
        **_describe_parts(draft.inputs),
        "steps": {step.name: step.version for step in draft.maps.steps if draft.maps.of(step.name)},
        "inputs": draft.inputs.checksums,
        "endmembers": describe_endmembers(draft.maps),
        "datum_shifts": shifts,
        "feature_ids": draft.former.describe(**find_last_numbers(part / delivery.name_file(".gpkg"))),
        "files": {place: {"bytes": one.size, "sha256": one.sha256} for place, one in written.items()},
    }
    save_json(part / "manifest.json", manifest)
    return run.publish(cause, part, study.target)


def _describe_parts(inputs: Inputs) -> dict[str, Any]:
    """Versions of the parts of the assessment, if there are any."""
    versions = {part.name: part.version for part in registry.PARTS if part.name in inputs.blocks}
    return {"parts": versions} if versions else {}


def _count_findings(kinds: pd.DataFrame) -> dict[str, int]:
    counts = kinds.groupby("severity")["count"].sum()
    return {severity: int(counts.get(severity, 0)) for severity in get_args(Severity)}


def _describe_delivery(study: Study, delivery: Delivery, search: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "aoi": study.aoi.id,
        "label": delivery.label,
        "simulated": delivery.simulated,
        "outline_sha256": study.outline_key,
        "scenes": delivery.scenes[_SCENES].to_dict("records"),
        "config": study.settings.model_dump(mode="json", by_alias=True, exclude={"out", "notify"}),
        "versions": {name: version(name) for name in _LIBRARIES} | {"python": platform.python_version()},
        "as_of": delivery.as_of.isoformat(),
        "counts": {
            "scenes": len(delivery.scenes),
            "parcels": delivery.count_rows("parcels"),
            "inventory": delivery.count_rows("inventory"),
            "sections": len(delivery.sections),
            "change_patches": len(delivery.change_patches),
            "findings": int(delivery.count_findings()["count"].sum()),
        },
        "findings": _count_findings(delivery.count_findings()),
        "search": {key: value for key, value in search.items() if key != "warnings"},
        "warnings": search["warnings"],
        "times": {"published": datetime.now(UTC).isoformat(timespec="seconds")},
    }
