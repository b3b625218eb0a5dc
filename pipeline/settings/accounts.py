"""Accounts of what nature gives, as a config asks for them, and the profiles that say how they are made."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_serializer, model_validator

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import Problem, SettingsError
from pipeline.settings import text
from pipeline.settings.account_layers import AccountLayers
from pipeline.settings.paths import ConfigFolder, ConfigPath, ProfileName, list_profiles
from pipeline.settings.statistics import ProjectFile, RegionFile, StatisticsFile
from pipeline.settings.strict import Strict

PROFILES = PROJECT_ROOT / "configs" / "accounts"
AccountYear = Annotated[int, Field(ge=1978, le=2099)]
ServiceCode = Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{2}[a-z]?$")]
Basis = Literal["registered", "mapped"]


class Choices(Strict):
    """Which variant of each formula holds; texts differ, and the choice changes the result.

    - `runoff_table`: whose runoff coefficients hold, of tables A or B (configs/accounts/parameters).
    - `negative_water`: rain less runoff and evapotranspiration below 0 is kept in the sum, or cut to 0.
    - `soil_practice`: soil kept is potential less actual erosion with the practice factor P, or without it.
    - `products`: they count gross, or net of what went into them.
    - `flood_lake`: storage of lakes by the formula of their area, or as statistics tell it.
    - `flood_vegetation`: storm rain less its runoff, or rain in storms x share of runoff x share held back.
    - `oxygen`: from the carbon fixed by rate, by NEP, or from biomass. Carbon itself has a service each.
    - `air_purification`, `water_purification`: what is cleaned is what is emitted up to the capacity
      (`capped`), the capacity whatever is emitted, or what is emitted whatever the capacity.
    - `pollution_price`: what is cleaned is worth its cost of treatment, or the environmental tax on it.
    - `plant_cooling`: plants cool by heat of their class on hot days, or by the water that growth takes.
    - `evaporation`: the heat of what evaporates is divided by the efficiency of cooling (`with_r`) or not.
    - `share_by`: statistics of a region go to its supplying ground by area, by vegetation cover or by NPP.
    - `tourism`: by travel cost (expense, time, surplus), or by what visitors spend.
    """

    runoff_table: Literal["A", "B"] = "A"
    negative_water: Literal["kept", "cut"] = "kept"
    soil_practice: Literal["with_p", "without_p"] = "with_p"
    products: Literal["gross", "net"] = "gross"
    flood_lake: Literal["formula", "statistic"] = "formula"
    flood_vegetation: Literal["runoff", "reduction"] = "runoff"
    oxygen: Literal["rate", "nep", "biomass"] = "rate"
    air_purification: Literal["capped", "capacity", "emission"] = "capped"
    water_purification: Literal["capped", "capacity", "discharge"] = "capped"
    pollution_price: Literal["cost", "tax"] = "cost"
    plant_cooling: Literal["heat", "growth"] = "heat"
    evaporation: Literal["with_r", "without_r"] = "with_r"
    share_by: Literal["area", "fvc", "npp"] = "area"
    tourism: Literal["travel_cost", "spend"] = "travel_cost"

    def override(self, other: "Choices") -> "Choices":
        """These choices, with those that the other states in their place."""
        return self.model_copy(update=other.model_dump(exclude_unset=True))


class AccountProfile(Strict):
    """How accounts are made after one document: which services count, which variants, which parameters.

    `parameters` are tables, those of the `base` first; what a later one states goes before what an earlier
    one does. `services` and `choices` that are not stated are those of the base. `unconfirmed` says what of
    it was not seen in the document's own text.
    """

    name_zh: str
    name_en: str
    source: str
    base: ProfileName | None = None
    services: list[ServiceCode] = []
    choices: Choices = Choices()
    parameters: list[ConfigPath] = []
    unconfirmed: list[str]


class Intervals(Strict):
    """How often parameters and areas are drawn for low and high, and from which seed; 0 draws: none."""

    draws: Annotated[int, Field(ge=0, le=100_000)] = 2000
    seed: Annotated[int, Field(ge=0)] = 20240501


class Accounts(Strict):
    """What nature gives, in quantity and yuan, of calendar years.

    `profile` is the id of a shipped profile or the path of one, or such by the id of each area; it counts the
    services that it names, those of `include` as well and those of `exclude` not. `choices` go before those
    of the profile, `parameters`, a table, before its parameters, by key, class and region.
    `price_index` is a table (year, index, and kind where there are several) by which prices are moved;
    `price_year` is the year of comparable prices, the first of the run where it is not given. `class_basis`
    says whether registered or mapped classes make the headline. In the simulated world what is not named is
    simulated.
    """

    profile: ProfileName | dict[str, ProfileName] = "gbt46869-2025"
    include: list[ServiceCode] = []
    exclude: list[ServiceCode] = []
    choices: Choices = Choices()
    parameters: ConfigPath | None = None
    price_index: ConfigPath | None = None
    price_year: AccountYear | None = None
    class_basis: Basis = "registered"
    layers: AccountLayers = AccountLayers()
    statistics: list[StatisticsFile] = []
    regions: RegionFile | None = None
    projects: list[ProjectFile] = []
    intervals: Intervals = Intervals()

    @field_serializer("choices")
    def _dump_stated(self, choices: Choices) -> dict[str, str]:
        """Those that are stated alone: a manifest that stated all would go before its profile."""
        return choices.model_dump(exclude_unset=True)

    @model_validator(mode="after")
    def _any_profile(self) -> Self:
        if not self.profile:
            raise ValueError("a profile, or one for each area")
        return self

    def load_profile(self, aoi: str) -> AccountProfile:
        """The profile of an area, with the services and choices of the config and all tables of parameters.

        The table of runoff coefficients that is chosen is the first of them, that of the config the last.
        Raises SettingsError where the area has no profile.
        """
        name = self.profile if isinstance(self.profile, str) else self.profile.get(aoi)
        if name is None:
            problem = Problem("accounts.profile", f"none for {aoi}", "a profile for each area of the run")
            raise SettingsError("An area has no profile", [problem])
        found = load_profile(name)
        choices = found.choices.override(self.choices)
        runoff = PROFILES / "parameters" / f"runoff_{choices.runoff_table.lower()}.csv"
        own = [self.parameters] if self.parameters else []
        services = dict.fromkeys([*found.services, *self.include])
        return found.model_copy(
            update={
                "services": [code for code in services if code not in self.exclude],
                "choices": choices,
                "parameters": [str(runoff), *found.parameters, *own],
            }
        )


def find_profile(profile: str) -> Path:
    """The file of a shipped profile's id, else the path that was given; SettingsError where there is none."""
    shipped = profile in list_profiles()
    path = PROFILES / f"{profile}.yaml" if shipped else Path(profile)
    if not path.is_file():
        problem = Problem("accounts.profile", profile, f"a file, or one of {', '.join(list_profiles())}")
        raise SettingsError("A profile of the accounts is missing", [problem])
    return path


def load_profile(profile: str, beyond: tuple[Path, ...] = ()) -> AccountProfile:
    """A profile by id or path, what it takes from its base included; `beyond` are those that lead to it.

    Raises SettingsError with all mistakes of the file and their lines.
    """
    path = find_profile(profile)
    if path in beyond:
        problem = Problem(str(path), "itself among its bases", "bases that end")
        raise SettingsError("Profiles are each other's base", [problem])
    own = _read_profile(path)
    if own.base is None:
        return own
    base = load_profile(own.base, (*beyond, path))
    return own.model_copy(
        update={
            "services": own.services or base.services,
            "choices": base.choices.override(own.choices),
            "parameters": [*base.parameters, *own.parameters],
        }
    )


def _read_profile(path: Path) -> AccountProfile:
    node, content = text.parse(path, text.read(path))
    problems = list(text.find_duplicate_keys(path, node))
    try:
        found = AccountProfile.model_validate(content, context=ConfigFolder(path.resolve().parent))
    except ValidationError as error:
        problems += text.to_problems(path, node, content, error.errors())
    if problems:
        raise SettingsError(f"The profile {path} has {len(problems)} mistake(s)", problems)
    return found
