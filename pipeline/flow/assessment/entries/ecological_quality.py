"""The ecological quality index (EQI) of each calendar year of a run, by a scheme."""

from collections.abc import Iterator
from typing import Any

from pipeline.flow import assessment
from pipeline.flow.assessment.part import Part, Simulated
from pipeline.ingest import simulate
from pipeline.ingest.simulate.ecological_paths import complete_quality
from pipeline.settings import Settings
from pipeline.settings.ecological_index import QualityIndex, find_quality_scheme


def _find_block(settings: Settings) -> QualityIndex | None:
    return settings.assessment.eqi if settings.assessment else None


def _list_paths(block: QualityIndex) -> Iterator[str]:
    yield str(find_quality_scheme(block))
    yield from (file.path for file in block.statistics)


def _list_truths(truth: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    yield from (("ecological_quality_index", year, told["eqi"]) for year, told in truth["years"].items())


ECOLOGICAL_QUALITY = Part(
    name="ecological_quality",
    title="生态质量指数",
    version=1,
    reads=("statistics", "sections", "told", "parts"),
    find_block=_find_block,
    list_paths=_list_paths,
    assess=lambda sources: assessment.ecological_quality.assess_ecological_quality(sources),
    check=lambda block, aoi: assessment.ecological_quality.check_ecological_quality(block, aoi),
    simulated=Simulated(
        version=1,
        write=lambda world, base, folder: simulate.ecological_sources.write_quality(world, base, folder),
        complete=complete_quality,
        list_planted=_list_truths,
    ),
    headlines=("ecological_quality_index",),
)
