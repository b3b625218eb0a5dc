"""The ecological index (EI, HJ 192-2015) and the ecological quality index (EQI), as asked for."""

from collections.abc import Iterator
from itertools import chain
from math import isclose
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import Problem, SettingsError
from pipeline.settings import text
from pipeline.settings.accounts import Basis
from pipeline.settings.paths import ConfigPath
from pipeline.settings.statistics import StatisticsFile
from pipeline.settings.strict import Share, Strict

SCHEMES = PROJECT_ROOT / "configs" / "assessment"

Zone = Literal["ordinary", "forest", "grass", "desert", "wetland"]
"""Which weights of land classes hold: those of ordinary regions, or of a special zone."""

Year = Annotated[int, Field(ge=1978, le=2099)]
Number = Annotated[float, Field(ge=0)]


class EnvironmentalLimit(Strict):
    """环境限制: the level of a year (1 none, 2 one grade lower, 3 neither excellent nor good), and why."""

    year: Year
    level: Literal[1, 2, 3]
    reason: str | None = None


class StatusIndex(Strict):
    """EI of calendar years: five sub-indices from maps, register and statistics, and the limit on their sum.

    `statistics` are tables beside those of the assessment, `scheme` a file of what the norm leaves open (that
    of configs/assessment unless given). `class_basis` says whether registered or mapped land classes make
    the index. `ndvi` is the greatest of each month from May to September by the looks of the run, or as
    statistics tell it. `limits` are environmental limits by year; none: no limit is known of.
    """

    zone: Zone = "ordinary"
    class_basis: Basis = "registered"
    ndvi: Literal["looks", "statistics"] = "looks"
    limits: list[EnvironmentalLimit] = []
    statistics: list[StatisticsFile] = []
    scheme: ConfigPath | None = None

    @model_validator(mode="after")
    def _one_limit_a_year(self) -> Self:
        years = [limit.year for limit in self.limits]
        if len(set(years)) < len(years):
            raise ValueError("one limit for each year")
        return self


class QualityIndex(Strict):
    """EQI of calendar years from indices that statistics tell, or that the scheme makes of indicators.

    `statistics` are tables beside those of the assessment, `scheme` a file of indices, weights and classes
    (that of configs/assessment unless given).
    """

    statistics: list[StatisticsFile] = []
    scheme: ConfigPath | None = None


class SchemeFigure(Strict):
    """A figure of a scheme, where it is from, and whether that was seen in print."""

    value: float
    source: str
    confirmed: bool


class StatusScheme(Strict):
    """What HJ 192-2015 leaves open, or what was not seen of it in print.

    `vegetation_coefficient` normalises NDVI x 10000. `least_known_share` is the share of the area whose land
    class must be known, `least_seen_share` the share that each month must be seen of. A sub-index above
    `most_plausible` is not believed; `greatest` is what one counts at most, if there is such a bound.
    """

    name_zh: str
    name_en: str
    vegetation_coefficient: SchemeFigure
    least_known_share: SchemeFigure
    least_seen_share: SchemeFigure
    most_plausible: SchemeFigure
    greatest: SchemeFigure | None = None
    unconfirmed: list[str]


class Level(Strict):
    """An index of a scheme: told by statistics as `eqi.<key>`, or made from its `parts`, or of an indicator.

    `weight` is its share of the index that it is a part of, null where no source gives it; an `inverse` index
    counts as 100 less itself. `indicator` times `coefficient` gives the value of one without parts.
    """

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    name_zh: str
    name_en: str
    weight: Share | None = None
    inverse: bool = False
    indicator: str | None = None
    coefficient: float | None = None
    confirmed: bool = False
    source: str
    parts: list["Level"] = []

    @model_validator(mode="after")
    def _weights_sum(self) -> Self:
        check_weights(self.key, self.parts)
        return self

    def walk(self) -> Iterator["Level"]:
        """The level and all below it."""
        return chain([self], *(part.walk() for part in self.parts))


class QualityClass(Strict):
    """A class of EQI, from `at_least` on; the last has none."""

    name_zh: str
    name_en: str
    at_least: Number | None = None


class QualityChange(Strict):
    """A word for changes of EQI of more than `at_least`, of just as much if `closed`, up or down."""

    name_zh: str
    name_en: str
    at_least: Number
    closed: bool = True


class QualityScheme(Strict):
    """EQI after a document: its indices with their weights, its classes and the words for its changes."""

    name_zh: str
    name_en: str
    source: str
    levels: Annotated[list[Level], Field(min_length=1)]
    classes: Annotated[list[QualityClass], Field(min_length=2)]
    changes: Annotated[list[QualityChange], Field(min_length=1)]
    confirmed: bool = False
    unconfirmed: list[str]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_weights("levels", self.levels)
        falling = [entry.at_least for entry in self.classes]
        known = [bound for bound in falling if bound is not None]
        if falling[-1] is not None or len(known) < len(falling) - 1 or known != sorted(set(known))[::-1]:
            raise ValueError("at_least of the classes must fall, and only the last is without")
        rising = [entry.at_least for entry in self.changes]
        if rising[0] != 0 or rising != sorted(set(rising)):
            raise ValueError("at_least of the changes must rise from 0")
        keys = [level.key for top in self.levels for level in top.walk()]
        if len(set(keys)) < len(keys):
            raise ValueError("a key for each index, none twice")
        return self


def check_weights(name: str, parts: list[Level]) -> None:
    """ValueError where the weights of the parts of an index are all known and do not sum to 1."""
    weights = [part.weight for part in parts if part.weight is not None]
    if parts and len(weights) == len(parts) and not isclose(sum(weights), 1, abs_tol=1e-6):
        raise ValueError(f"weights of the parts of {name} that sum to 1, not {sum(weights):g}")


def load_status_scheme(block: StatusIndex) -> StatusScheme:
    """The scheme of EI that a block names, or the shipped one; SettingsError lists all its mistakes."""
    return _load(find_status_scheme(block), StatusScheme, "assessment.ei.scheme")


def load_quality_scheme(block: QualityIndex) -> QualityScheme:
    """The scheme of EQI that a block names, or the shipped one; SettingsError lists all its mistakes."""
    return _load(find_quality_scheme(block), QualityScheme, "assessment.eqi.scheme")


def find_status_scheme(block: StatusIndex) -> Path:
    """The file of the scheme of EI."""
    return Path(block.scheme) if block.scheme else SCHEMES / "ei.yaml"


def find_quality_scheme(block: QualityIndex) -> Path:
    """The file of the scheme of EQI."""
    return Path(block.scheme) if block.scheme else SCHEMES / "eqi.yaml"


Scheme = TypeVar("Scheme", StatusScheme, QualityScheme)


def _load(path: Path, kind: type[Scheme], key: str) -> Scheme:
    if not path.is_file():
        raise SettingsError("A scheme is missing", [Problem(key, f"{path}, which does not exist", "a file")])
    node, content = text.parse(path, text.read(path))
    problems = list(text.find_duplicate_keys(path, node))
    try:
        found = kind.model_validate(content)
    except ValidationError as error:
        problems += text.to_problems(path, node, content, error.errors())
    if problems:
        raise SettingsError(f"The scheme {path} has {len(problems)} mistake(s)", problems)
    return found
