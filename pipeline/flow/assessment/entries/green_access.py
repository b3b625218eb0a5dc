"""Access of homes to green and parks (300 米见绿、500 米见园), straight and along streets."""

from collections.abc import Iterator

from pipeline.flow import assessment
from pipeline.flow.assessment.part import Part, Simulated
from pipeline.ingest import simulate
from pipeline.ingest.simulate.access_paths import complete_access, list_planted_shares
from pipeline.settings import Settings
from pipeline.settings.crs import list_grids
from pipeline.settings.green_access import PLACE_KINDS, GreenAccess, PopulationFile, ShapeFile, find_distances


def _find_block(settings: Settings) -> GreenAccess | None:
    return settings.access


def _list_paths(block: GreenAccess) -> Iterator[str]:
    homes = (block.homes.land, block.homes.buildings, block.homes.population)
    named = (*homes, block.green, block.parks, block.streets, block.entrances)
    yield from (file.path for file in named if isinstance(file, ShapeFile | PopulationFile))
    yield from map(str, list_grids(*(file.crs for file in named if isinstance(file, ShapeFile))))
    yield find_distances(block)


GREEN_ACCESS = Part(
    name="access",
    title="绿地公园可达性",
    version=1,
    reads=("maps", "told"),
    find_block=_find_block,
    list_paths=_list_paths,
    assess=lambda sources: assessment.access.assess_access(sources),
    check=lambda block, aoi: assessment.access.check_access(block, aoi),
    simulated=Simulated(
        version=1,
        write=lambda world, base, folder: simulate.access.write_access(world, base, folder),
        complete=complete_access,
        list_planted=list_planted_shares,
    ),
    headlines=tuple(f"{kind}_access_share_{basis}" for kind in PLACE_KINDS for basis in ("land", "people")),
)
