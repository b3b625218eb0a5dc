"""Other rights: water, discharge, energy, carbon, forest, aquaculture, and their trades."""

from collections.abc import Iterator

from pipeline import rights_registry
from pipeline.flow import assessment
from pipeline.flow.assessment.part import Part, Simulated
from pipeline.ingest import simulate
from pipeline.ingest.simulate.rights_paths import complete_rights
from pipeline.settings.crs import list_grids
from pipeline.settings.parcels import RestrictingFile
from pipeline.settings.rights import Rights, RightsFile


def _list_paths(block: Rights) -> Iterator[str]:
    """Registers, restricting layers, and the grids of their CRS."""
    given: list[RightsFile | RestrictingFile] = [*block.registers, *block.restricting]
    yield from (entry.path for entry in given)
    yield from map(str, list_grids(*(entry.crs for entry in given)))


RIGHTS = Part(
    name="rights",
    title="其他权利",
    version=1,
    reads=("parcels", "sections"),
    find_block=lambda settings: settings.rights,
    list_paths=_list_paths,
    assess=lambda sources: assessment.rights.assess_rights(sources),
    check=lambda block, aoi: assessment.rights.check_rights(block, aoi),
    simulated=Simulated(
        version=1,
        write=lambda world, base, folder: simulate.rights.write_rights(world, base, folder),
        complete=complete_rights,
    ),
    rules=lambda: rights_registry.rules.OTHER_RIGHT_RULES,
)
