"""All files that access to green is reckoned from, read through for one area; every mistake at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd

from pipeline.aoi import Aoi
from pipeline.errors import InputError, PipelineError, Problem, SettingsError
from pipeline.grid import Grid
from pipeline.ingest.access.homes import read_buildings, read_land
from pipeline.ingest.access.population import People, read_population
from pipeline.ingest.access.shapes import NearbyFeatures, read_nearby
from pipeline.settings.green_access import Distances, GreenAccess, MappedGreen

Read = Callable[[], Any]


@dataclass(frozen=True)
class AccessFiles:
    """What the files of a block hold; None for those that it does not name."""

    parks: NearbyFeatures
    land: NearbyFeatures | None = None
    buildings: NearbyFeatures | None = None
    population: People | None = None
    green: NearbyFeatures | None = None
    streets: NearbyFeatures | None = None
    entrances: NearbyFeatures | None = None

    @property
    def homes(self) -> dict[str, gpd.GeoDataFrame]:
        """Homes by kind: land, buildings, population."""
        named = {"land": self.land, "buildings": self.buildings}
        found = {name: features.rows for name, features in named.items() if features is not None}
        return found | ({"population": self.population.cells} if self.population else {})

    @property
    def features(self) -> dict[str, NearbyFeatures]:
        """Files of features by the key of the config."""
        named = {
            "homes.land": self.land,
            "homes.buildings": self.buildings,
            "green": self.green,
            "parks": self.parks,
            "streets": self.streets,
            "entrances": self.entrances,
        }
        return {key: found for key, found in named.items() if found is not None}


def read_files(block: GreenAccess, rule: Distances, aoi: Aoi, grid: Grid) -> AccessFiles:
    """The files of a block over an area; places and streets as far as the limit reaches over its border.

    Raises SettingsError where homes or parks are not named, InputError with all that is wrong in the files.
    """
    refuse_nameless(block)
    return AccessFiles(**_read_all(dict(_list_readers(block, rule, aoi, grid))))


def refuse_nameless(block: GreenAccess) -> None:
    """SettingsError where the homes or the parks of a block are not named."""
    named = {
        "access.homes": (block.homes.any, "land, buildings or population"),
        "access.parks": (block.parks is not None, "a layer of parks"),
    }
    problems = [Problem(key, "not given", expected) for key, (there, expected) in named.items() if not there]
    if problems:
        raise SettingsError("Access to green lacks inputs", problems)


def _list_readers(block: GreenAccess, rule: Distances, aoi: Aoi, grid: Grid) -> Iterator[tuple[str, Read]]:
    homes, reach_m = block.homes, rule.streets.reach_m.value
    if homes.land:
        yield "land", partial(read_land, homes.land, aoi)
    if homes.buildings:
        yield "buildings", partial(read_buildings, homes.buildings, aoi)
    if homes.population:
        yield "population", partial(read_population, homes.population, aoi, grid)
    if block.parks:
        yield "parks", partial(read_nearby, block.parks, aoi, ["polygons"], beyond_m=rule.park.limit_m.value)
    if block.green and not isinstance(block.green, MappedGreen):
        limit_m = rule.green.limit_m.value
        yield "green", partial(read_nearby, block.green, aoi, ["polygons"], beyond_m=limit_m)
    beyond_m = max(rule.green.limit_m.value, rule.park.limit_m.value) + reach_m
    if block.streets:
        yield "streets", partial(read_nearby, block.streets, aoi, ["lines"], beyond_m=beyond_m)
    if block.entrances:
        yield "entrances", partial(read_nearby, block.entrances, aoi, ["points"], beyond_m=beyond_m)


def _read_all(readers: Mapping[str, Read]) -> dict[str, Any]:
    """What each reader gives; InputError with the problems of all that failed."""
    found: dict[str, Any] = {}
    errors: list[PipelineError] = []
    for key, read in readers.items():
        try:
            found[key] = read()
        except PipelineError as error:
            errors.append(error)
    if errors:
        kind = SettingsError if any(isinstance(error, SettingsError) for error in errors) else InputError
        message = "; ".join(dict.fromkeys(error.message for error in errors))
        raise kind(message, [problem for error in errors for problem in error.problems])
    return found
