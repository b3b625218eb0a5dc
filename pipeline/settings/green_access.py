"""Access of homes to green and parks, as a config asks for it; the rule of distances is a file of its own."""

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import Problem, SettingsError
from pipeline.settings import text
from pipeline.settings.crs import CrsSetting
from pipeline.settings.layers import LayerFile
from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Share, Strict

PlaceKind = Literal["green", "park"]
"""What homes are to reach: green of any kind, or a park."""

PLACE_KINDS: tuple[PlaceKind, ...] = ("green", "park")

Texts = Annotated[list[str], Field(min_length=1)]
CoverClass = Literal["water", "vegetation", "bare", "built"]
"""Keys of `legends.LAND_COVER`."""

_SHIPPED = PROJECT_ROOT / "configs" / "access.yaml"


class ShapeFile(Strict):
    """A vector file of polygons, lines or points.

    `id` and `name` are its columns of those; without them the usual columns are looked for, and without such
    a row is called by its number. `keep` takes, by their column, only rows with these values: land of some
    classes, parks of some kinds. `crs` stands in for one that the file lacks.
    """

    path: ConfigPath
    layer: str | None = None
    encoding: str = "auto"
    id: str | None = None
    name: str | None = None
    keep: dict[str, Texts] = {}
    crs: CrsSetting | None = None


class BuildingFile(ShapeFile):
    """Homes as buildings, polygons or points; `residents` is the column of people who live in each."""

    residents: str | None = None


class PopulationFile(LayerFile):
    """A raster of people: of its pixels (`people`) or of a square kilometre (`people/km2`), by its unit."""

    path: ConfigPath


class Homes(Strict):
    """Where people live: housing land, buildings, a raster of population; each gives shares of its own."""

    land: ShapeFile | None = None
    buildings: BuildingFile | None = None
    population: PopulationFile | None = None

    @property
    def any(self) -> bool:
        """Whether any homes are named."""
        return bool(self.land or self.buildings or self.population)


class MappedGreen(Strict):
    """Green of the run's own maps: connected pixels of some classes, with at least so much cover if stated.

    Fields of crops are vegetation of the map as well, so that a layer of green is better where there is one.
    """

    classes: Annotated[list[CoverClass], Field(min_length=1)] = ["vegetation"]
    least_fvc: Share | None = None


class GreenAccess(Strict):
    """Share of homes within so far of green and of a park, straight and, with `streets`, along them.

    Without a file `green` is that of the run's own maps. `entrances` are points at which parks and green are
    entered; those without one are entered where they lie nearest to a street. `distances` is a file like
    configs/access.yaml, which holds without it. In the simulated world what is not named is simulated.
    """

    homes: Homes = Homes()
    green: ShapeFile | MappedGreen | None = None
    parks: ShapeFile | None = None
    streets: ShapeFile | None = None
    entrances: ShapeFile | None = None
    distances: ConfigPath | None = None


class RuleFigure(Strict):
    """A figure of the rule with its source; `confirmed` once it was seen in the document's own text."""

    value: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(min_length=1)]
    confirmed: bool


class Reach(Strict):
    """How far a home may be from places of a kind, in m, and how large these are at least, in m2."""

    limit_m: RuleFigure
    least_m2: RuleFigure


class StreetRule(Strict):
    """How streets are read.

    A home or a place further than `reach_m` from any street is not on them; ends of streets that come within
    `join_m` of another street join it.
    """

    reach_m: RuleFigure
    join_m: RuleFigure


class Distances(Strict):
    """The rule of distances: what is near enough, and from which size on a place counts."""

    name_zh: str
    name_en: str
    green: Reach
    park: Reach
    streets: StreetRule

    def of(self, kind: PlaceKind) -> Reach:
        """What holds for places of a kind."""
        return self.green if kind == "green" else self.park


def find_distances(block: GreenAccess) -> str:
    """The path of the rule that holds: that of the config, else the shipped one."""
    return block.distances or str(_SHIPPED)


def load_distances(block: GreenAccess) -> Distances:
    """The rule that holds; SettingsError lists all its mistakes with their lines."""
    path = PROJECT_ROOT / find_distances(block)
    if not path.is_file():
        raise SettingsError(
            "The rule of distances is missing",
            [Problem("access.distances", str(path), f"a file like {_SHIPPED.name}")],
        )
    node, content = text.parse(path, text.read(path))
    problems = list(text.find_duplicate_keys(path, node))
    try:
        found = Distances.model_validate(content)
    except ValidationError as error:
        problems += text.to_problems(path, node, content, error.errors())
    if problems:
        raise SettingsError(f"The rule of distances {path} has {len(problems)} mistake(s)", problems)
    return found
