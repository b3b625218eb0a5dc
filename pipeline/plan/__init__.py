"""The whole flow on one page: scenes and samples come in, become measures, meet the register, leave.

Every stage is an artifact named by its cause; the run finds it or builds it, so that the same cause is
never computed twice and every figure leads back to what it was made from.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.ingest.assets import close_assets
from pipeline.plan.area import Area
from pipeline.plan.evidence import maps_behind, scenes_behind
from pipeline.plan.inputs import Inputs, inputs_of
from pipeline.plan.retention import retire
from pipeline.plan.scenes import scene_table, scenes_cause, settled
from pipeline.plan.validation import validate
from pipeline.run import Run
from pipeline.settings import Settings
from pipeline.workspace import load_json

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
    areas = [Area.of(aoi, settings) for aoi in settings.aoi]
    try:
        delivered = [deliver(run, area) for area in areas]
        retire(run, areas)
        return delivered
    finally:
        close_assets()


def deliver(run: Run, area: Area) -> Delivered:
    """One area from its scenes to its published delivery; a delivery of the same cause is kept as it is."""
    inputs = inputs_of(run, area)
    cause = area.cause(
        "delivery",
        _DELIVERY,
        [scenes_cause(area, inputs).key],
        described=area.described,
        files=inputs.checksums,
        areas=area.known_key,
        config=area.settings.model_dump(
            mode="json", by_alias=True, exclude={"compute", "out", "aoi", "retention", "notify"}
        ),
    )
    kept = run.published(cause, area.target) and not run.refresh and settled(run, area, inputs)
    if not kept:
        from pipeline.plan import publication
        from pipeline.plan.further import with_further
        from pipeline.plan.parcels import parcels_of
        from pipeline.plan.rasters import maps_of, unknown_measures
        from pipeline.plan.register import register_of

        found = scene_table(run, area, inputs)
        parcels_of(run, area, inputs)  # what is wrong with the register is said before a pixel is read
        scenes = found.table
        maps = with_further(run, area, scenes, maps_of(run, area, scenes))
        sources = maps_behind(scenes_behind(scenes, area.settings.scenes.periods), area.settings.land_cover)
        with publication.begun(area, inputs, scenes, maps) as begun:
            register = register_of(run, area, inputs, maps, sources)
            delivery = publication.delivery_of(run, area, begun, register)
            artifacts = {"scenes": found.key, **maps.keys_by_step, **register.keys}
            warnings = [*found.account["warnings"], *unknown_measures(area, maps)]
            account = {**found.account, "warnings": warnings}
            publication.publish(run, area, cause, begun, delivery, artifacts, account)
    return _delivered(area, inputs, kept=kept)


def _delivered(area: Area, inputs: Inputs, *, kept: bool) -> Delivered:
    figures = pd.read_csv(
        area.target / "tables" / "indicators.csv", encoding="utf-8-sig", dtype={"period": str}
    )
    truth = load_json(inputs.truth) if inputs.truth else None
    return Delivered(area.aoi.id, area.aoi.name_zh, area.target, kept, figures, truth)
