"""Land cover of an area, one store a period: by documented rules, or by a classifier."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pipeline.grid import BlockPlan
from pipeline.plan import land_tasks
from pipeline.plan.area import Area
from pipeline.plan.stored import CLASSES, RATIO, stored
from pipeline.run import Run
from pipeline.workspace import Artifact

_RULES = 1


def land_of(
    run: Run,
    area: Area,
    composites: Sequence[Artifact],
    spectral: Sequence[Artifact],
    bands: tuple[str, ...],
    layout: BlockPlan,
) -> tuple[tuple[Artifact, ...], Mapping[str, Any] | None]:
    """A store of each period with `land_cover` (legends.LAND_COVER) and its `confidence`, 0 to 1.

    Those of a classifier have `margin`, `ecosystem` (legends.ECOSYSTEM) and `ecosystem_confidence` as well;
    what is told of its model stands beside the stores, None for the rules.
    """
    if area.settings.land_cover.method == "classifier":
        from pipeline.plan.classified import classified

        return classified(run, area, composites, spectral, bands, layout)
    return _by_rules(run, area, composites, bands, layout), None


def _by_rules(
    run: Run, area: Area, composites: Sequence[Artifact], bands: tuple[str, ...], layout: BlockPlan
) -> tuple[Artifact, ...]:
    rules = area.settings.land_cover
    found = []
    for composite, period in zip(composites, area.settings.scenes.periods, strict=True):
        settings = {**rules.thresholds, "index_noise": rules.index_noise}
        cause = area.cause("land_cover", _RULES, [composite.key], rules=settings)
        task = partial(land_tasks.RulesTask, composite=composite.path, bands=bands, rules=rules)
        title = f"{area.aoi.name_zh} {period.label} 地表覆盖 land cover"
        layers = {"land_cover": CLASSES, "confidence": RATIO}
        found.append(stored(run, area, title, cause, layers, layout, task, land_tasks.rules_block))
    return tuple(found)
