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
from pipeline.flow.inputs import Inputs, inputs_of
from pipeline.flow.retention import retire
from pipeline.flow.scenes import scene_table, scenes_cause, settled
from pipeline.flow.validation import validate
from pipeline.ingest.reading.assets import close_assets
from pipeline.maps.evidence import maps_behind, scenes_behind
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
    kept = run.published(cause, study.target) and not run.refresh and settled(run, study, inputs)
    if not kept:
        from pipeline.flow import publication
        from pipeline.flow.parcels import parcels_of
        from pipeline.flow.register import register_of
        from pipeline.maps.further import with_further
        from pipeline.maps.rasters import maps_of, unknown_measures

        found = scene_table(run, study, inputs)
        parcels_of(run, study, inputs)  # what is wrong with the register is said before a pixel is read
        scenes = found.table
        maps = with_further(run, study, scenes, maps_of(run, study, scenes))
        sources = maps_behind(scenes_behind(scenes, study.settings.scenes.periods), study.settings.land_cover)
        with publication.begun(study, inputs, scenes, maps) as begun:
            register = register_of(run, study, inputs, maps, sources)
            delivery = publication.delivery_of(run, study, begun, register)
            artifacts = {"scenes": found.key, **maps.keys_by_step, **register.keys}
            warnings = [*found.account["warnings"], *unknown_measures(study, maps)]
            account = {**found.account, "warnings": warnings}
            publication.publish(run, study, cause, begun, delivery, artifacts, account)
    return _delivered(study, inputs, kept=kept)


def _delivered(study: Study, inputs: Inputs, *, kept: bool) -> Delivered:
    figures = pd.read_csv(
        study.target / "tables" / "indicators.csv", encoding="utf-8-sig", dtype={"period": str}
    )
    truth = load_json(inputs.truth) if inputs.truth else None
    return Delivered(study.aoi.id, study.aoi.name_zh, study.target, kept, figures, truth)
