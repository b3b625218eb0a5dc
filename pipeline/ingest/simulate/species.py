"""Species of the simulated world: surveys, and the tables of names, sites, populations and habitats."""

from pathlib import Path

from pipeline.ingest.simulate.species_files import write_references, write_surveys
from pipeline.ingest.simulate.species_plan import plan_sightings, plan_sites
from pipeline.ingest.simulate.species_truth import write_species_truth
from pipeline.ingest.simulate.world import World


def write_species(world: World, base: Path, folder: Path) -> None:
    """Surveys, the tables beside them, and `truth.json`; habitats are parcels of `base`/register.gpkg."""
    sites = plan_sites(world, base / "register.gpkg")
    sightings = plan_sightings(world, sites)
    write_surveys(world, sightings, folder)
    write_references(sites, folder)
    write_species_truth(world, sites, sightings, folder)
