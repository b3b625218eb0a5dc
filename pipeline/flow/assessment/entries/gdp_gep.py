"""GDP beside GEP (双评价、双考核) of an area and its towns."""

from collections.abc import Iterator

from pipeline.flow import assessment
from pipeline.flow.assessment.part import Part, Simulated
from pipeline.ingest import simulate
from pipeline.ingest.simulate.target_paths import complete_gdp_gep
from pipeline.settings import Settings
from pipeline.settings.gdp_gep import GdpGep


def _find_block(settings: Settings) -> GdpGep | None:
    return settings.assessment.gdp_gep if settings.assessment else None


def _list_paths(block: GdpGep) -> Iterator[str]:
    yield from (file.path for file in block.statistics)


GDP_GEP = Part(
    name="gdp_gep",
    title="GDP 与 GEP",
    version=1,
    reads=("told", "accounts"),
    find_block=_find_block,
    list_paths=_list_paths,
    assess=lambda sources: assessment.gdp_gep.assess_gdp_gep(sources),
    check=lambda block, aoi: assessment.gdp_gep.check_gdp_gep(block, aoi),
    simulated=Simulated(
        version=1,
        write=lambda world, base, folder: simulate.gdp_gep.write_gdp_gep(world, base, folder),
        complete=complete_gdp_gep,
    ),
)
