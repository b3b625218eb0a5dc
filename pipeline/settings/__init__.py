"""The config: one model per stage, every mistake reported at once with its line; `schema` for editors."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipeline.aoi import PROJECT_ROOT, list_aois
from pipeline.errors import Problem, SettingsError
from pipeline.periods import Period, PeriodKind, list_periods
from pipeline.settings import text
from pipeline.settings.computing import Notify, Slurm
from pipeline.settings.maps import AlertRules, ChangeRules, GreennessRules, LandCover, WaterRules
from pipeline.settings.parcels import ParcelFile, RestrictingFile
from pipeline.settings.rolling import MOST_PERIODS, rolled, today
from pipeline.settings.sources import INSTRUMENTS, LocalArchive, Mission, Provider, StacApi, StaticCatalog

WaterBody = Literal["river", "lake"]
CompositeMethod = Literal["median", "medoid", "max-ndvi"]
Percent = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Day = Annotated[date, Field(ge=date(1972, 1, 1), le=date(2099, 12, 31))]
"""A day that a satellite of the sensor table, or a forerunner of it, can have seen."""

TIDAL_WORLD = "simulated-tides"
"""The simulated world with a tide at estuaries and a drawdown at reservoirs; without, their water stands."""

_BYTES = {"MB": 10**6, "MIB": 2**20, "GB": 10**9, "GIB": 2**30}


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", value)
    if match is None or match[2].upper() not in _BYTES:
        raise ValueError("a size such as 2 GiB or 500 MB")
    return int(float(match[1]) * _BYTES[match[2].upper()])


def _label(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("quotation marks: 2024.10 is the number 2024.1")  # noqa: TRY004 pydantic's way
    if value == "latest":
        raise ValueError("a name other than that of the file beside the deliveries")
    return value


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, coerce_numbers_to_str=True, allow_inf_nan=False
    )


class Clear(_Model):
    """What counts as a clear look; sizes in pixels of the mask's own resolution, 0 switches a step off."""

    scl: list[Annotated[int, Field(ge=1, le=11)]] = [4, 5, 6, 7, 11]
    open_px: Annotated[int, Field(ge=0, le=20)] = 2
    dilate_px: Annotated[int, Field(ge=0, le=50)] = 5


def _days_or_rolling(schema: dict[str, Any]) -> None:
    schema["required"] = [key for key in schema["required"] if key not in {"start", "end"}]
    schema["oneOf"] = [{"required": ["start", "end"]}, {"required": ["rolling"]}]


class Scenes(_Model):
    """Which scenes are searched and how they become composites.

    `rolling` stands instead of `start` and `end`: that many periods, the last that are complete on the day
    of the run; what a run makes of it is in its manifest as `start` and `end`.
    """

    model_config = ConfigDict(json_schema_extra=_days_or_rolling)

    provider: str | StaticCatalog | StacApi | LocalArchive = "earth-search"
    missions: Annotated[list[Mission], Field(min_length=1)] = ["sentinel-2", "landsat-8", "landsat-9"]
    start: Day
    end: Day
    period: PeriodKind = "year"
    rolling: Annotated[int, Field(ge=1, le=MOST_PERIODS)] | None = None
    max_cloud_percent: Percent = 80
    composite: CompositeMethod = "median"
    clear: Clear = Clear()
    harmonise: Literal["auto", True, False] = "auto"
    resolution_m: Literal[10, 20, 30, 60] = 10
    max_failed_share: Share = 0.05

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.rolling is not None:
            raise ValueError("either rolling, or start and end")
        if self.end < self.start:
            raise ValueError(f"end ({self.end}) lies before start ({self.start})")
        return self

    @property
    def periods(self) -> list[Period]:
        """The accounting periods, in order."""
        return list_periods(self.start, self.end, self.period)

    @property
    def harmonised(self) -> bool:
        """Whether all bands are brought to the bandpass of OLI (then Sentinel-2's nir is B8A, else B08)."""
        if self.harmonise == "auto":
            return len({INSTRUMENTS[mission] for mission in self.missions}) > 1
        return self.harmonise


class Endmembers(_Model):
    """NDVI of bare soil and of full vegetation, given instead of taken from the scenes."""

    soil: Annotated[float, Field(ge=-1, le=1)]
    vegetation: Annotated[float, Field(ge=-1, le=1)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.vegetation <= self.soil:
            raise ValueError("vegetation must lie above soil")
        return self


class ClassPercentiles(_Model):
    """Endmembers at two percentiles of NDVI within each class of the land cover."""

    method: Literal["by_class"]
    percentiles: tuple[Percent, Percent] = (5, 95)


class Vegetation(_Model):
    """Fractional vegetation cover by the pixel dichotomy model."""

    endmembers: Endmembers | ClassPercentiles | tuple[Percent, Percent] = (5, 95)
    freeze: bool = True
    cover_threshold: Share = 0.3

    @model_validator(mode="after")
    def _rising(self) -> Self:
        chosen = self.endmembers
        percentiles = chosen.percentiles if isinstance(chosen, ClassPercentiles) else chosen
        if isinstance(percentiles, tuple) and percentiles[0] >= percentiles[1]:
            raise ValueError("the percentile of vegetation (the second) must lie above that of soil")
        return self


class SampleFile(_Model):
    """Tables of water samples: a path or glob; `columns` maps our names to theirs.

    `year` is that of times without a year; otherwise the file's name or its own time tells it. A day in the
    file's name is that of its download: later readings are refused as being in the future.
    """

    path: str
    water_body: WaterBody = "river"
    columns: dict[str, str] = {}
    year: Annotated[int, Field(ge=1950, le=2099)] | None = None


class SectionRules(_Model):
    """How readings become means: these rules are from knowledge, unconfirmed; and what a section stands on.

    A value below detection enters with `censored_share` of its limit; a year on fewer than `year_months`
    months with data is marked indicative; means of the parameters in `decimals` (code: number) are rounded to
    so many of them, half to even (四舍六入五成双), before they are graded. A section is linked to the nearest
    water parcel up to `nearest_water_m` away.
    """

    censored_share: Share = 0.5
    year_months: Annotated[int, Field(ge=1, le=12)] = 8
    decimals: dict[str, Annotated[int, Field(ge=0, le=6)]] = {}
    nearest_water_m: Annotated[float, Field(ge=0, le=10_000)] = 200


class Sections(_Model):
    """The register of river sections (a table), if there is one, and what is made of them.

    `targets` is a table of the same form whose target classes go before those of the register; `schemes`
    are compensation schemes, ids of configs/schemes or files.
    """

    register_path: str | None = Field(default=None, alias="register")
    targets: str | None = None
    schemes: list[str] = []
    rules: SectionRules = SectionRules()


class Compute(_Model):
    """Where and how much: memory is per worker and is a bound, not a hint.

    `cache` bounds what is kept of remote files for later runs, in `cache_folder` (work/cache of the output
    folder unless named); 0 keeps nothing.
    """

    cluster: str = "local"
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    memory: Annotated[int, BeforeValidator(_bytes, json_schema_input_type=int | str), Field(ge=2**28)] = (
        2 * 2**30
    )
    slurm: Slurm = Slurm()
    cache: Annotated[int, BeforeValidator(_bytes, json_schema_input_type=int | str), Field(ge=0)] = 2 * 2**30
    cache_folder: str | None = None


class Outputs(_Model):
    """What is written besides the standing deliverables.

    `shapefile`: also the layers as Shapefiles, their names laundered, with a table that maps them back.
    """

    composite: bool = False
    shapefile: bool = False


class Retention(_Model):
    """How many deliveries of each area stay, the last ones; all where there is no number."""

    deliveries: Annotated[int, Field(ge=1)] | None = None


class Product(_Model):
    """An ecological product that an ecosystem type supplies; `dlbm` limits it to land classes, empty: all."""

    cat1: Literal["M", "R", "C"]
    cat2_code: Annotated[str, Field(pattern=r"^(MAT|REG|CUL)-\d{2}[a-d]?$")]
    cat2_name: str
    cat3_name: str
    functions: str
    unit: str
    dlbm: list[str] = []
    source: str


class Grades(_Model):
    """Grades of quality by mean vegetation cover: a value on a cut belongs to the better grade."""

    names: list[str]
    cuts_percent: list[Percent]
    source: str

    @model_validator(mode="after")
    def _one_more_than_cuts(self) -> Self:
        if len(self.names) != len(self.cuts_percent) + 1 or self.cuts_percent != sorted(self.cuts_percent):
            raise ValueError("cuts_percent must rise, and there is one name more than cuts")
        return self


class Products(_Model):
    """The table of ecological products: names of the three classes, grades, products by ecosystem type."""

    categories: dict[Literal["M", "R", "C"], str]
    grades: Grades
    ecosystems: dict[str, list[Product]]


class Settings(_Model):
    """The whole config."""

    label: Annotated[
        str, BeforeValidator(_label, json_schema_input_type=int | str), Field(pattern=r"^\w[\w.-]*$")
    ]
    aoi: Annotated[list[str], Field(min_length=1)]
    scenes: Scenes
    indices: list[str] = ["ndvi", "evi", "mndwi", "ndbi", "bsi"]
    vegetation: Vegetation = Vegetation()
    land_cover: LandCover = LandCover()
    change: ChangeRules = ChangeRules()
    water: WaterRules = WaterRules()
    greenness: GreennessRules = GreennessRules()
    alerts: AlertRules = AlertRules()
    rsei: bool = False
    samples: list[SampleFile] = []
    sections: Sections = Sections()
    parcels: ParcelFile | None = None
    restricting: list[RestrictingFile] = []
    compute: Compute = Compute()
    language: Literal["zh", "en"] = "zh"
    outputs: Outputs = Outputs()
    retention: Retention = Retention()
    notify: Notify | None = None
    out: str = "delivery/"

    @property
    def simulated(self) -> bool:
        """Whether the scenes, and all other inputs that are not given, come from the simulated world."""
        return self.scenes.provider in ("simulated", TIDAL_WORLD)

    @property
    def tides(self) -> bool:
        """Whether the water of the simulated world rises and falls."""
        return self.scenes.provider == TIDAL_WORLD


def load_settings(path: Path, overrides: list[str] | None = None, *, day: date | None = None) -> Settings:
    """Settings from a YAML file; `overrides` are `key.path=value` pairs, their values read as YAML.

    Raises SettingsError with every mistake and its line. Relative paths are made absolute against the
    folder of the file; `${NAME}` takes an environment variable. Rolling periods end before `day`, today
    where it is not given.
    """
    node, raw = text.parse(path, text.read(path))
    problems = [*text.duplicate_keys(path, node)]
    for pair in overrides or []:
        problems += text.override(raw, pair)
    content, unset = text.expanded(raw)
    content = rolled(content, day or today())
    set_keys = [pair.partition("=")[0] for pair in overrides or []]
    problems += [
        Problem(text.place_of(path, node, step, set_keys), f"${{{name}}}, not set", "an environment variable")
        for step, name in unset
    ]
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        problems += text.problems_of(path, node, raw, error.errors(), set_keys)
    if problems:
        raise SettingsError(f"The config {path} has {len(problems)} mistake(s)", problems)
    return _anchored(settings, path.resolve().parent)


def schema() -> dict[str, Any]:
    """JSON schema of the config."""
    return Settings.model_json_schema()


def products() -> Products:
    """The products and grades of configs/products.yaml; SettingsError lists its mistakes."""
    path = PROJECT_ROOT / "configs" / "products.yaml"
    node, content = text.parse(path, text.read(path))
    try:
        return Products.model_validate(content)
    except ValidationError as error:
        problems = text.problems_of(path, node, content, error.errors())
        raise SettingsError(f"The table of products {path} has mistakes", problems) from error


def _anchored_sections(sections: Sections, anchor: Callable[[str], str]) -> Sections:
    """The register, the targets and the schemes that are files made absolute."""
    shipped = {path.stem for path in (PROJECT_ROOT / "configs" / "schemes").glob("*.yaml")}
    files = {"register_path": sections.register_path, "targets": sections.targets}
    changes: dict[str, Any] = {key: anchor(path) for key, path in files.items() if path}
    changes["schemes"] = [entry if entry in shipped else anchor(entry) for entry in sections.schemes]
    return sections.model_copy(update=changes)


def _anchored_land_cover(rules: LandCover, anchor: Callable[[str], str]) -> LandCover:
    """Samples, model, maps and the sample that judges made absolute."""
    changes: dict[str, Any] = {
        name: given.model_copy(update={"path": anchor(given.path)})
        for name in ("samples", "model", "accuracy")
        if (given := getattr(rules, name))
    }
    changes["maps"] = {
        label: given.model_copy(update={"path": anchor(given.path)}) for label, given in rules.maps.items()
    }
    return rules.model_copy(update=changes)


def _anchored_provider(provider: str | Provider, anchor: Callable[[str], str]) -> str | Provider:
    """A catalogue or a folder made absolute."""
    if isinstance(provider, StaticCatalog):
        return provider.model_copy(update={"static": anchor(provider.static)})
    if isinstance(provider, LocalArchive):
        return provider.model_copy(update={"local": anchor(provider.local)})
    return provider


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Paths made absolute against the folder of the config file."""

    def anchor(value: str) -> str:
        return value if "://" in value else str(folder / value)

    changes: dict[str, Any] = {"out": anchor(settings.out)}
    if settings.compute.cache_folder:
        cache_folder = anchor(settings.compute.cache_folder)
        changes["compute"] = settings.compute.model_copy(update={"cache_folder": cache_folder})
    changes["scenes"] = settings.scenes.model_copy(
        update={"provider": _anchored_provider(settings.scenes.provider, anchor)}
    )
    if settings.parcels:
        changes["parcels"] = settings.parcels.model_copy(update={"path": anchor(settings.parcels.path)})
    changes["restricting"] = [
        entry.model_copy(update={"path": anchor(entry.path)}) for entry in settings.restricting
    ]
    changes["samples"] = [entry.model_copy(update={"path": anchor(entry.path)}) for entry in settings.samples]
    changes["sections"] = _anchored_sections(settings.sections, anchor)
    changes["land_cover"] = _anchored_land_cover(settings.land_cover, anchor)
    shipped = list_aois()
    changes["aoi"] = [entry if entry in shipped else anchor(entry) for entry in settings.aoi]
    return settings.model_copy(update=changes)
