"""Where the homes, green, parks and streets of the simulated world lie, as a config would name them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.settings.green_access import BuildingFile, GreenAccess, Homes, PopulationFile, ShapeFile

USE, HOUSING = "用途", "居住"
"""The column of land that says what it is used for, and what housing is called there."""


def complete_access(block: GreenAccess, folder: Path) -> GreenAccess:
    """The block with files of the folder for all that it does not name."""
    homes = Homes(
        land=ShapeFile(path=str(folder / "housing.gpkg"), keep={USE: [HOUSING]}),
        buildings=BuildingFile(path=str(folder / "buildings.gpkg")),
        population=PopulationFile(path=str(folder / "population.tif")),
    )
    made: Mapping[str, Any] = {
        "green": ShapeFile(path=str(folder / "green.gpkg")),
        "parks": ShapeFile(path=str(folder / "parks.gpkg")),
        "streets": ShapeFile(path=str(folder / "streets.gpkg")),
        "entrances": ShapeFile(path=str(folder / "entrances.gpkg")),
    }
    lacking = {name: file for name, file in made.items() if getattr(block, name) is None}
    return block.model_copy(update={"homes": block.homes if block.homes.any else homes, **lacking})


def list_planted_shares(truth: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Indicator, period and value of the straight shares of land and of residents of the whole area."""
    for kind, ways in truth["shares"].items():
        for basis, name in (("land", "land"), ("residents", "people")):
            told = ways["straight"]["all"][basis]
            known = told["served"] + told["unserved"]
            if known:
                for period in truth["periods"]:
                    yield f"{kind}_access_share_{name}", period, told["served"] / known
