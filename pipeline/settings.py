"""The config: one model per stage, every mistake reported at once with its line; `schema` for editors."""

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import Problem, SettingsError
from pipeline.periods import Period, PeriodKind, periods_between

Mission = Literal["sentinel-2", "landsat-8", "landsat-9"]
WaterBody = Literal["river", "lake"]
Percent = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]

_BYTES = {"MB": 10**6, "MIB": 2**20, "GB": 10**9, "GIB": 2**30}
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]+)\s*", value)
    if match is None or match[2].upper() not in _BYTES:
        raise ValueError("a size such as 2 GiB or 500 MB")
    return int(float(match[1]) * _BYTES[match[2].upper()])


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class StaticCatalog(_Model):
    """A static STAC catalogue: the path or URL of its catalog.json."""

    static: str


class StacApi(_Model):
    """A STAC API: its URL, and the collections to search by mission."""

    api: str
    collections: dict[Mission, list[str]] = {
        "sentinel-2": ["sentinel-2-c1-l2a"],
        "landsat-8": ["landsat-c2-l2"],
        "landsat-9": ["landsat-c2-l2"],
    }


class Clear(_Model):
    """What counts as a clear look; sizes in pixels of the mask's own resolution, 0 switches a step off."""

    scl: list[Annotated[int, Field(ge=1, le=11)]] = [4, 5, 6, 7, 11]
    open_px: Annotated[int, Field(ge=0, le=20)] = 2
    dilate_px: Annotated[int, Field(ge=0, le=50)] = 5


class Scenes(_Model):
    """Which scenes are searched and how they become composites."""

    provider: str | StaticCatalog | StacApi = "earth-search"
    missions: Annotated[list[Mission], Field(min_length=1)] = ["sentinel-2", "landsat-8", "landsat-9"]
    start: date
    end: date
    period: PeriodKind = "year"
    max_cloud_percent: Percent = 80
    composite: Literal["median"] = "median"
    clear: Clear = Clear()
    harmonise: Literal["auto", True, False] = "auto"
    resolution_m: Literal[10, 20, 30, 60] = 10
    max_failed_share: Share = 0.05

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"end ({self.end}) lies before start ({self.start})")
        return self

    @property
    def periods(self) -> list[Period]:
        """The accounting periods, in order."""
        return periods_between(self.start, self.end, self.period)

    @property
    def harmonised(self) -> bool:
        """Whether Sentinel-2 is brought to the OLI bandpass (then its nir is B8A, else B08)."""
        if self.harmonise == "auto":
            return "sentinel-2" in self.missions and len(self.missions) > 1
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


class Vegetation(_Model):
    """Fractional vegetation cover by the pixel dichotomy model."""

    endmembers: Endmembers | tuple[Percent, Percent] = (5, 95)
    freeze: bool = True
    cover_threshold: Share = 0.3


class LandCoverRules(_Model):
    """Thresholds of the rules for water, vegetation, bare and built: proposals of this project."""

    water_mndwi: float = 0.1
    vegetation_ndvi: float = 0.3
    bare_bsi: float = 0.08


class SampleFile(_Model):
    """Tables of water samples: a path or glob; `columns` maps our names to theirs."""

    path: str
    water_body: WaterBody = "river"
    columns: dict[str, str] = {}


class Sections(_Model):
    """The register of river sections (a table), if there is one."""

    register_path: str | None = Field(default=None, alias="register")


class ParcelFile(_Model):
    """The land register: a vector file; `columns` maps our names to theirs."""

    path: str
    layer: str | None = None
    encoding: str = "auto"
    columns: dict[str, str] = {}
    mask_holders: bool = True


class Compute(_Model):
    """Where and how much: memory is per worker and is a bound, not a hint."""

    cluster: str = "local"
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    memory: Annotated[int, BeforeValidator(_bytes), Field(ge=2**28)] = 2 * 2**30


class Outputs(_Model):
    """What is written besides the standing deliverables."""

    composite: bool = False


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

    label: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    aoi: Annotated[list[str], Field(min_length=1)]
    scenes: Scenes
    indices: list[str] = ["ndvi", "evi", "mndwi", "ndbi", "bsi"]
    vegetation: Vegetation = Vegetation()
    land_cover: LandCoverRules = LandCoverRules()
    samples: list[SampleFile] = []
    sections: Sections = Sections()
    parcels: ParcelFile | None = None
    compute: Compute = Compute()
    language: Literal["zh", "en"] = "zh"
    outputs: Outputs = Outputs()
    out: str = "delivery/"

    @property
    def simulated(self) -> bool:
        """Whether the scenes, and all other inputs that are not given, come from the simulated world."""
        return self.scenes.provider == "simulated"


def load_settings(path: Path, overrides: list[str] | None = None) -> Settings:
    """Settings from a YAML file; `overrides` are `key.path=value` pairs, their values read as YAML.

    Raises SettingsError with every mistake and its line. Relative paths are made absolute against the
    folder of the file; `${NAME}` takes an environment variable.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "The config cannot be read", [Problem(str(path), str(error), "a YAML file")]
        ) from error
    node, content = _parse(path, text)
    problems = [*_duplicate_keys(path, node)] if node else []
    content, unset = _expand(content)
    problems += [
        Problem(f"{path}:{_line(node, place)}", f"${{{name}}}, which is not set", "an environment variable")
        for place, name in unset
    ]
    for override in overrides or []:
        problems += _override(content, override)
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        problems += [_problem(path, node, detail) for detail in _grouped(error.errors())]
    if problems:
        raise SettingsError(f"The config {path} has {len(problems)} mistake(s)", problems)
    return _anchored(settings, path.resolve().parent)


def schema() -> dict[str, Any]:
    """JSON schema of the config."""
    return Settings.model_json_schema()


def providers() -> dict[str, StaticCatalog | StacApi]:
    """The providers of configs/providers.yaml by name."""
    content = yaml.safe_load((PROJECT_ROOT / "configs" / "providers.yaml").read_text(encoding="utf-8"))
    return {
        name: StacApi.model_validate(entry) if "api" in entry else StaticCatalog.model_validate(entry)
        for name, entry in content.items()
    }


def products() -> Products:
    """The products and grades of configs/products.yaml; SettingsError lists its mistakes."""
    path = PROJECT_ROOT / "configs" / "products.yaml"
    node, content = _parse(path, path.read_text(encoding="utf-8"))
    try:
        return Products.model_validate(content)
    except ValidationError as error:
        problems = [_problem(path, node, detail) for detail in error.errors()]
        raise SettingsError(f"The table of products {path} has mistakes", problems) from error


def _parse(path: Path, text: str) -> tuple[yaml.Node | None, Any]:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(
            "The config is not YAML", [Problem(f"{path}:{line}", str(error.problem), "valid YAML")]
        ) from error


def _duplicate_keys(path: Path, node: yaml.Node) -> Iterator[Problem]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                place = f"{path}:{key.start_mark.line + 1}, {key.value}"
                yield Problem(place, "the key a second time", "each key once")
            seen.add(key.value)
            yield from _duplicate_keys(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _duplicate_keys(path, entry)


def _expand(
    content: Any, place: tuple[str | int, ...] = ()
) -> tuple[Any, list[tuple[tuple[str | int, ...], str]]]:
    unset: list[tuple[tuple[str | int, ...], str]] = []
    if isinstance(content, dict):
        pairs = {key: _expand(value, (*place, key)) for key, value in content.items()}
        return {key: value for key, (value, _) in pairs.items()}, [m for _, ms in pairs.values() for m in ms]
    if isinstance(content, list):
        items = [_expand(value, (*place, number)) for number, value in enumerate(content)]
        return [value for value, _ in items], [m for _, ms in items for m in ms]
    if isinstance(content, str):
        unset = [(place, name) for name in _VARIABLE.findall(content) if name not in os.environ]
        return _VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), content), unset
    return content, unset


def _override(content: Any, override: str) -> list[Problem]:
    key, separator, value = override.partition("=")
    *parents, last = key.split(".")
    target = content
    for parent in parents:
        target = target.setdefault(parent, {}) if isinstance(target, dict) else None
    if not separator or not isinstance(target, dict):
        return [
            Problem(f"--set {override}", "no place for a value", "KEY=VALUE, such as scenes.period=month")
        ]
    target[last] = yaml.safe_load(value)
    return []


def _grouped(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """One detail per place: where several forms are allowed, each of them complains."""
    return list({detail["loc"][:3]: detail for detail in reversed(details)}.values())[::-1]


def _problem(path: Path, node: yaml.Node | None, detail: ErrorDetails) -> Problem:
    place = ".".join(str(step) for step in detail["loc"])
    found = "nothing" if detail["type"] == "missing" else repr(detail["input"])
    expected = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        expected = "no such key; see `ecoledger schema`"
    return Problem(f"{path}:{_line(node, detail['loc'])}, {place or 'the config'}", found, expected)


def _line(node: yaml.Node | None, place: tuple[str | int, ...]) -> int:
    """Line of the deepest node on the way to a place."""
    line = node.start_mark.line + 1 if node else 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            match = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if match is None:
                continue
            line, node = match[0].start_mark.line + 1, match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Paths made absolute against the folder of the config file."""

    def anchor(value: str) -> str:
        return value if "://" in value else str(folder / value)

    changes: dict[str, Any] = {"out": anchor(settings.out)}
    if isinstance(settings.scenes.provider, StaticCatalog):
        provider = StaticCatalog(static=anchor(settings.scenes.provider.static))
        changes["scenes"] = settings.scenes.model_copy(update={"provider": provider})
    if settings.parcels:
        changes["parcels"] = settings.parcels.model_copy(update={"path": anchor(settings.parcels.path)})
    changes["samples"] = [entry.model_copy(update={"path": anchor(entry.path)}) for entry in settings.samples]
    if settings.sections.register_path:
        register = anchor(settings.sections.register_path)
        changes["sections"] = settings.sections.model_copy(update={"register_path": register})
    changes["aoi"] = [str(folder / entry) if (folder / entry).is_file() else entry for entry in settings.aoi]
    return settings.model_copy(update=changes)
