"""What accounts of the simulated world are made from: layers, statistics, towns, projects, parameters."""

from pathlib import Path

from pipeline.ingest.simulate.climate import write_climate
from pipeline.ingest.simulate.ground_layers import write_ground_layers
from pipeline.ingest.simulate.local_parameters import write_parameters
from pipeline.ingest.simulate.terrain import write_elevation
from pipeline.ingest.simulate.towns import write_towns
from pipeline.ingest.simulate.world import World
from pipeline.ingest.simulate.yearbook import write_price_index, write_statistics


def write_accounts(world: World, folder: Path) -> None:
    """All files of `account_sources.describe_accounts`; the same world gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    write_elevation(world, folder / "elevation.tif")
    write_climate(world, folder)
    write_ground_layers(world, folder)
    write_towns(world, folder)
    write_statistics(world, folder)
    write_price_index(world, folder / "price_index.csv")
    write_parameters(world, folder / "parameters.csv")
