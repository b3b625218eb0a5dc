"""Land cover of an area, one store a period: by documented rules, by a classifier, or from existing maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import BlockPlan
from pipeline.maps import land_tasks
from pipeline.maps.mapped import mapped
from pipeline.maps.stored import CLASSES, RATIO, stored
from pipeline.storage.cause import Artifact

_RULES = 1


@dataclass(frozen=True)
class Land:
    """The land cover of all periods.

    `kinds` are those (legends.LAND_KINDS) that the map of each period tells apart: None for the rules, empty
    where a period has no map. `model` is what is told of a classifier, None where there is none; `warnings`
    say what in existing maps is unknown.
    """

    stores: tuple[Artifact, ...]
    kinds: tuple[tuple[str, ...] | None, ...]
    model: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()


def land_of(
    run: Run,
    study: Study,
    composites: Sequence[Artifact],
    spectral: Sequence[Artifact],
    bands: tuple[str, ...],
    layout: BlockPlan,
) -> Land:
    """A store of each period with `land_cover` (legends.LAND_COVER) and its `confidence`, 0 to 1.

    Those of a classifier or a map have `ecosystem` (legends.ECOSYSTEM) and `ecosystem_confidence` as well,
    those of a classifier `margin`, those of a map `map_code`. A map brings no confidence.
    """
    rules, periods = study.settings.land_cover, study.settings.scenes.periods
    if rules.method == "classifier":
        from pipeline.maps.classified import classified

        stores, model = classified(run, study, composites, spectral, bands, layout)
        return Land(stores, (tuple(model["kinds"]),) * len(periods), model)
    if rules.method == "map":
        stores, warnings = mapped(run, study, layout)
        given = [rules.maps.get(period.label) for period in periods]
        kinds = (tuple(sorted(set(one.kinds_by_code.values()))) if one else () for one in given)
        return Land(stores, tuple(kinds), warnings=warnings)
    return Land(_by_rules(run, study, composites, bands, layout), (None,) * len(periods))


def _by_rules(
    run: Run, study: Study, composites: Sequence[Artifact], bands: tuple[str, ...], layout: BlockPlan
) -> tuple[Artifact, ...]:
    rules = study.settings.land_cover
    found = []
    for composite, period in zip(composites, study.settings.scenes.periods, strict=True):
        settings = {**rules.thresholds, "index_noise": rules.index_noise}
        cause = study.cause("land_cover", _RULES, [composite.key], rules=settings)
        task = partial(land_tasks.RulesTask, composite=composite.path, bands=bands, rules=rules)
        title = f"{study.aoi.name_zh} {period.label} 地表覆盖 land cover"
        layers = {"land_cover": CLASSES, "confidence": RATIO}
        found.append(stored(run, study, title, cause, layers, layout, task, land_tasks.rules_block))
    return tuple(found)
