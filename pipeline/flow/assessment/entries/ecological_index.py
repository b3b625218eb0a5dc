"""The ecological index (EI, HJ 192-2015) of each calendar year, from maps, register and statistics."""

from collections.abc import Iterator
from typing import Any

from pipeline import rights_registry
from pipeline.flow import assessment
from pipeline.flow.assessment.part import Part, Simulated
from pipeline.ingest import simulate
from pipeline.ingest.simulate.ecological_paths import complete_status
from pipeline.settings import Settings
from pipeline.settings.ecological_index import StatusIndex, find_status_scheme


def _find_block(settings: Settings) -> StatusIndex | None:
    return settings.assessment.ei if settings.assessment else None


def _list_paths(block: StatusIndex) -> Iterator[str]:
    yield str(find_status_scheme(block))
    yield from (file.path for file in block.statistics)


def _list_truths(truth: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    yield from (("ecological_index", year, told["ei"]) for year, told in truth["years"].items())


ECOLOGICAL_INDEX = Part(
    name="ecological_index",
    title="生态环境状况指数",
    version=2,
    reads=("maps", "parcels", "told"),
    find_block=_find_block,
    list_paths=_list_paths,
    assess=lambda sources: assessment.ecological_index.assess_ecological_index(sources),
    check=lambda block, aoi: assessment.ecological_index.check_ecological_index(block, aoi),
    simulated=Simulated(
        version=1,
        write=lambda world, base, folder: simulate.ecological_sources.write_status(world, base, folder),
        complete=complete_status,
        list_planted=_list_truths,
    ),
    headlines=("ecological_index",),
    rules=lambda: rights_registry.rules.ECOLOGICAL_RULES,
)
