"""Compensation schemes: who pays whom for which factor, as a file of configs/schemes or of the user."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import Problem, SettingsError
from pipeline.settings import text
from pipeline.settings.paths import list_schemes
from pipeline.settings.strict import Strict

WaterClass = Annotated[int, Field(ge=1, le=5)]


class Factor(Strict):
    """A parameter that counts, only in `basins` if there are any; `limit` goes before that of the class."""

    code: str
    limit: Annotated[float, Field(gt=0)] | None = None
    basins: list[str] = []


class Tier(Strict):
    """An amount for values up to `up_to`, which belongs to the tier if `closed`; the last tier has no end."""

    up_to: float | None = None
    closed: bool = True
    amount: float


class SectionLink(Strict):
    """The units at a section, where the register does not give them, and the section it is compared with."""

    section_id: str
    upstream_unit: str | None = None
    downstream_unit: str | None = None
    unit: str | None = None
    control: str | None = None


class Reward(Strict):
    """Payment upstream for a section that keeps every limit and is of `best_class` or better.

    `amount` is per section and period; without it the payment is due and unknown.
    """

    best_class: WaterClass = 5
    amount: Annotated[float, Field(ge=0)] | None = None


class _Scheme(Strict):
    """What all schemes have; one with `provinces` leaves out sections that are known to be of others."""

    name_zh: str
    name_en: str
    source: str
    period: Literal["month", "quarter", "year"]
    amount_unit: str
    default_class: WaterClass = 3
    factors: Annotated[list[Factor], Field(min_length=1)]
    tiers: Annotated[list[Tier], Field(min_length=1)]
    provinces: list[str] = []
    months: list[Annotated[int, Field(ge=1, le=12)]] = list(range(1, 13))
    sections: list[SectionLink] = []
    unconfirmed: list[str]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        bounds = [tier.up_to for tier in self.tiers]
        known = [bound for bound in bounds if bound is not None]
        rising = all(low < high for low, high in pairwise(known))
        if bounds[-1] is not None or len(known) != len(bounds) - 1 or not rising:
            raise ValueError("up_to of the tiers must rise, and only the last tier is without")
        return self


class TwoWayScheme(_Scheme):
    """Exceedance multiples of each factor: the upstream unit pays downstream, or is paid for good water."""

    kind: Literal["two_way"]
    reward: Reward | None = None

    @model_validator(mode="after")
    def _one_direction(self) -> Self:
        if any(tier.amount < 0 or (tier.up_to or 1) <= 0 for tier in self.tiers):
            raise ValueError("tiers of a two_way scheme rise above 0 and amounts are not negative")
        return self


class ControlScheme(_Scheme):
    """Percent by which the mean of C/S differs from the control section: a pool rewards (+) or fines (-)."""

    kind: Literal["against_control"]
    pool: str


Scheme = TwoWayScheme | ControlScheme
_ADAPTER: TypeAdapter[Scheme] = TypeAdapter(Annotated[Scheme, Field(discriminator="kind")])


def find_scheme(scheme: str) -> Path:
    """The file of a shipped scheme's id, else the path that was given; SettingsError when it is not there."""
    shipped = scheme in list_schemes()
    path = PROJECT_ROOT / "configs" / "schemes" / f"{scheme}.yaml" if shipped else Path(scheme)
    if not path.is_file():
        problem = Problem("sections.schemes", scheme, f"a file, or one of {', '.join(list_schemes())}")
        raise SettingsError("A compensation scheme is missing", [problem])
    return path


def load_scheme(scheme: str) -> Scheme:
    """A scheme by id or path; SettingsError lists all its mistakes with their lines."""
    path = find_scheme(scheme)
    node, content = text.parse(path, text.read(path))
    problems = list(text.find_duplicate_keys(path, node))
    try:
        found = _ADAPTER.validate_python(content)
    except ValidationError as error:
        errors = [{**entry, "loc": entry["loc"][1:] or entry["loc"]} for entry in error.errors()]
        problems += text.to_problems(path, node, content, errors)  # type: ignore[arg-type]
    if problems:
        raise SettingsError(f"The compensation scheme {path} has {len(problems)} mistake(s)", problems)
    return found
