"""The figures of a run held against the targets that an area has; it reads those of all parts before it."""

from collections.abc import Iterator

from pipeline.flow import assessment
from pipeline.flow.assessment.part import Part, Simulated
from pipeline.ingest import simulate
from pipeline.ingest.simulate.target_paths import complete_targets
from pipeline.settings import Settings
from pipeline.settings.targets import Targets


def _find_block(settings: Settings) -> Targets | None:
    return settings.targets


def _list_paths(block: Targets) -> Iterator[str]:
    yield from (file.path for file in block.tables)


TARGETS = Part(
    name="targets",
    title="目标",
    version=1,
    reads=("told", "statistics", "sections", "parts"),
    find_block=_find_block,
    list_paths=_list_paths,
    assess=lambda sources: assessment.targets.assess_targets(sources),
    check=lambda block, aoi: assessment.targets.check_targets(block, aoi),
    simulated=Simulated(
        version=1,
        write=lambda world, base, folder: simulate.targets.write_targets(world, base, folder),
        complete=complete_targets,
    ),
)
