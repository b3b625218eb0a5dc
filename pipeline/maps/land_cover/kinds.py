"""Which kinds of land the land cover of a period tells apart, whatever its method."""

from pipeline.engine.study import Study
from pipeline.maps.land_cover.model import find_model
from pipeline.maps.step import Maps
from pipeline.periods import When


def is_typed(study: Study) -> bool:
    """Whether the land cover has ecosystem types of its own."""
    return study.settings.land_cover.method != "rules"


def list_kinds(maps: Maps, period: When) -> tuple[str, ...] | None:
    """Kinds (legends.LAND_KINDS) of a period: None for the rules, empty where a period has no map."""
    rules = maps.study.settings.land_cover
    if rules.method == "classifier":
        return find_model(maps).kinds
    if rules.method == "map":
        given = rules.maps.get(period.label)
        return tuple(sorted(set(given.kinds_by_code.values()))) if given else ()
    return None
