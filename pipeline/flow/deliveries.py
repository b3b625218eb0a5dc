"""The whole flow on one page: scenes and samples come in, become measures, meet the register, leave.

Every stage is an artifact named by its cause; the run finds it or builds it, so that the same cause is
never computed twice and every figure leads back to what it was made from.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow import publication
from pipeline.flow.inputs import Inputs, inputs_of
from pipeline.flow.inventory import build_inventory
from pipeline.flow.parcels import parcels_of
from pipeline.flow.retention import retire
from pipeline.flow.scenes import scene_table, scenes_cause, settled
from pipeline.flow.sections import graded_sections
from pipeline.flow.statistics import build_statistics
from pipeline.flow.validation import validate
from pipeline.ingest.reading.assets import close_assets
from pipeline.maps.evidence import describe_sources
from pipeline.maps.making import make_maps
from pipeline.maps.registry import STEPS
from pipeline.maps.showing import list_warnings
from pipeline.settings import Settings
from pipeline.storage.tables import load_json

_DELIVERY = 7


@dataclass(frozen=True)
class Delivered:
    """What became of one area: its delivery, its figures, and the planted truth if it is simulated."""

    aoi: str
    name: str
    folder: Path
    kept: bool
    indicators: pd.DataFrame
    truth: dict[str, Any] | None


def deliver_all(run: Run, settings: Settings) -> list[Delivered]:
    """Every area of the config, one after the other; what is wrong in the config is said before any work."""
    validate(settings)
    areas = [Study.of(aoi, settings) for aoi in settings.aoi]
    try:
        delivered = [deliver(run, area) for area in areas]
        retire(run, areas)
        return delivered
    finally:
        close_assets()


def deliver(run: Run, study: Study) -> Delivered:
    """One area from its scenes to its published delivery; a delivery of the same cause is kept as it is."""
    inputs = inputs_of(run, study)
    cause = study.cause(
        "delivery",
        _DELIVERY,
        [scenes_cause(study, inputs).key],
        described=study.described,
        files=inputs.checksums,
        areas=study.known_key,
        config=study.settings.model_dump(
            mode="json", by_alias=True, exclude={"compute", "out", "aoi", "retention", "notify"}
        ),
    )
    kept = run.is_published(cause, study.target) and not run.refresh and settled(run, study, inputs)
    if not kept:
        found = scene_table(run, study, inputs)
        parcels = parcels_of(run, study, inputs)  # what is wrong with it is said before a pixel is read
        maps = make_maps(run, study, found.table, STEPS)
        sources = describe_sources(study, found.table)
        with publication.draft_delivery(inputs, found.table, maps) as draft:
            statistics = build_statistics(run, maps, parcels, sources)
            sections = graded_sections(run, study, inputs, parcels)
            simulated = inputs.simulated is not None
            inventory = build_inventory(
                run, maps, parcels, statistics, sections, sources, simulated=simulated
            )
            tables = publication.Tables(parcels, statistics, sections, inventory)
            delivery = publication.gather_delivery(run, draft, tables)
            artifacts = {"scenes": found.key, **maps.keys, **tables.keys}
            warnings = [*found.account["warnings"], *list_warnings(maps)]
            account = {**found.account, "warnings": warnings}
            publication.publish(run, cause, draft, delivery, artifacts, account)
    return _delivered(study, inputs, kept=kept)


def _delivered(study: Study, inputs: Inputs, *, kept: bool) -> Delivered:
    figures = pd.read_csv(
        study.target / "tables" / "indicators.csv", encoding="utf-8-sig", dtype={"period": str}
    )
    truth = load_json(inputs.truth) if inputs.truth else None
    return Delivered(study.aoi.id, study.aoi.name_zh, study.target, kept, figures, truth)
