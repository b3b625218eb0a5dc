"""Species by surveys: counts, what came and went, waterbirds against 1 % of their populations, habitats."""

from collections.abc import Iterator
from typing import Any

from pipeline.flow import assessment
from pipeline.flow.assessment.part import Part, Simulated
from pipeline.ingest import simulate
from pipeline.ingest.simulate.species_paths import complete_species
from pipeline.settings import Settings
from pipeline.settings.species import Species


def _find_block(settings: Settings) -> Species | None:
    return settings.species


def _list_paths(block: Species) -> Iterator[str]:
    single = (block.names, block.populations, block.sites, block.habitats)
    yield from (table.path for table in [*block.surveys, *single] if table)


def _list_truths(truth: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    for period, groups in truth["counts"].items():
        for group in ("plant", "animal"):
            if groups[group]["species"] is not None:
                yield f"{group}_species_count", period, groups[group]["species"]
    for period, birds in truth["waterbirds"].items():
        yield "waterbird_species_1pct", period, sum(bird["reaches"] is True for bird in birds.values())


SPECIES = Part(
    name="species",
    title="物种监测",
    version=1,
    reads=("maps", "parcels", "statistics"),
    find_block=_find_block,
    list_paths=_list_paths,
    assess=lambda sources: assessment.species.assess_species(sources),
    check=lambda block, aoi: assessment.species.check_species(block, aoi),
    simulated=Simulated(
        version=1,
        write=lambda world, base, folder: simulate.species.write_species(world, base, folder),
        complete=complete_species,
        list_planted=_list_truths,
    ),
    headlines=("plant_species_count", "animal_species_count", "waterbird_species_1pct"),
    rules=lambda: assessment.species.list_rules(),
)
