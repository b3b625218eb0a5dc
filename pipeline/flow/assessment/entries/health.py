"""Health of rivers and lakes, bodies across areas, compliance of water function zones."""

from collections.abc import Iterator

from pipeline.aoi import find_water, list_waters
from pipeline.flow import assessment
from pipeline.flow.assessment.part import Part, Simulated
from pipeline.ingest import simulate
from pipeline.ingest.simulate.health_paths import complete_health
from pipeline.settings import Settings
from pipeline.settings.health import Health
from pipeline.settings.health_schemes import find_health_scheme


def _find_block(settings: Settings) -> Health | None:
    return settings.assessment.health if settings.assessment else None


def _list_paths(block: Health) -> Iterator[str]:
    """Shipped outlines and schemes among them."""
    yield from (str(find_health_scheme(name)) for name in (block.schemes.river, block.schemes.lake))
    yield from (
        str(find_water(file.path)) if file.path in list_waters() else file.path for file in block.bodies
    )
    yield from (file.path for file in block.tables)
    yield from (file.path for file in block.zones)
    for other in block.registers:
        yield other.register_path
        yield from (entry.path for entry in other.samples)


HEALTH = Part(
    name="health",
    title="河湖健康",
    version=1,
    reads=("maps", "waters"),
    find_block=_find_block,
    list_paths=_list_paths,
    assess=lambda sources: assessment.health.assess_health(sources),
    check=lambda block, aoi: assessment.health_inputs.check_health(block, aoi),
    simulated=Simulated(
        version=1,
        write=lambda world, base, folder: simulate.health.write_health(world, base, folder),
        complete=complete_health,
    ),
)
