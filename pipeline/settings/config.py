"""The whole config, and how it is read from its file."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from pipeline.errors import Problem, SettingsError
from pipeline.operating_system import explain_name
from pipeline.settings import text
from pipeline.settings.accounts import Accounts
from pipeline.settings.aoi import AoiEntry, list_area_ids
from pipeline.settings.assessment import Assessment
from pipeline.settings.catalogue import Catalogue
from pipeline.settings.computing import Compute
from pipeline.settings.green_access import GreenAccess
from pipeline.settings.maps import (
    AlertRules,
    ChangeRules,
    EcologicalIndex,
    GreennessRules,
    LandCover,
    WaterRules,
)
from pipeline.settings.outputs import Notify, Outputs, Retention
from pipeline.settings.parcels import ParcelFile, RestrictingFile
from pipeline.settings.paths import ConfigFolder, ConfigPath, list_outlines
from pipeline.settings.rights import RightsSetting
from pipeline.settings.rolling import resolve_rolling, today
from pipeline.settings.salvage import leave_out
from pipeline.settings.scenes import Scenes
from pipeline.settings.sections import SampleFile, Sections
from pipeline.settings.species import Species
from pipeline.settings.strict import Strict
from pipeline.settings.targets import Targets
from pipeline.settings.vegetation import Vegetation
from pipeline.settings.words import add_words

TIDAL_WORLD = "simulated-tides"
"""The simulated world with a tide at estuaries and a drawdown at reservoirs; without, their water stands."""


_ROUNDS = 5
"""A value that is left out may leave another wrong, such as a list that is empty now."""


class MistakenConfig(SettingsError):
    """A config with mistakes; `salvaged` are the settings of what is right in it, if that is enough."""

    def __init__(self, path: Path, problems: Sequence[Problem], salvaged: "Settings | None") -> None:
        super().__init__(f"The config {path} has {len(problems)} mistake(s)", problems)
        self.path, self.salvaged = path, salvaged


def _check_label(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("quotation marks: 2024.10 is the number 2024.1")  # noqa: TRY004 pydantic's way
    if str(value).casefold() == "latest":
        raise ValueError("a name other than that of the file beside the deliveries")
    return value


def _check_folder_name(value: str) -> str:
    if lacking := explain_name(value):
        raise ValueError(lacking)
    return value


def _label_or_rolling(schema: dict[str, Any]) -> None:
    """The last of rolling periods is the label of a config that names none."""
    schema["required"].remove("label")
    schema["if"] = {"properties": {"scenes": {"required": ["rolling"]}}}
    schema["else"] = {"required": ["label"]}


def _is_absent(value: Any) -> bool:
    return value is None


class Settings(Strict):
    """The whole config; a manifest without accounts or a part of the assessment does not name it."""

    model_config = ConfigDict(json_schema_extra=_label_or_rolling)

    label: Annotated[
        str,
        BeforeValidator(_check_label, json_schema_input_type=int | str),
        Field(pattern=r"^\w[\w.-]*$"),
        AfterValidator(_check_folder_name),
    ]
    aoi: Annotated[list[AoiEntry], Field(min_length=1)]
    scenes: Scenes
    indices: list[str] = ["ndvi", "evi", "mndwi", "ndbi", "bsi"]
    vegetation: Vegetation = Vegetation()
    land_cover: LandCover = LandCover()
    change: ChangeRules = ChangeRules()
    water: WaterRules = WaterRules()
    greenness: GreennessRules = GreennessRules()
    alerts: AlertRules = AlertRules()
    rsei: bool | EcologicalIndex = False
    samples: list[SampleFile] = []
    sections: Sections = Sections()
    parcels: ParcelFile | None = None
    restricting: list[RestrictingFile] = []
    accounts: Annotated[Accounts | None, Field(exclude_if=_is_absent)] = None
    assessment: Annotated[Assessment | None, Field(exclude_if=_is_absent)] = None
    targets: Annotated[Targets | None, Field(exclude_if=_is_absent)] = None
    species: Annotated[Species | None, Field(exclude_if=_is_absent)] = None
    rights: Annotated[RightsSetting, Field(exclude_if=_is_absent)] = None
    access: Annotated[GreenAccess | None, Field(exclude_if=_is_absent)] = None
    compute: Compute = Compute()
    language: Literal["zh", "en"] = "zh"
    catalogue: Catalogue = Catalogue()
    outputs: Outputs = Outputs()
    retention: Retention = Retention()
    notify: Notify | None = None
    out: ConfigPath = "delivery/"

    def choose_aoi(self, names: Sequence[str]) -> list[AoiEntry]:
        """The entries of `aoi` of these ids or paths, all where none is named.

        A shipped area, or a file, that the config does not name stands for itself. SettingsError for others.
        """
        known = {str(entry): entry for entry in self.aoi}
        of_ids = {} if known.keys() >= set(names) else list_area_ids(self.aoi)
        chosen: list[AoiEntry] = []
        problems = []
        for name in names:
            path = str(Path(name).resolve())
            if entry := known.get(name) or known.get(path) or of_ids.get(name):
                chosen.append(entry)
            elif name in list_outlines() or Path(path).is_file():
                chosen.append(name)
            else:
                expected = f"an area of the config: {', '.join(of_ids)}; or the path of a vector file"
                problems.append(Problem("--aoi", repr(name), expected))
        if problems:
            raise SettingsError("Unknown area of interest", problems)
        return chosen or self.aoi

    def choose_office_inputs(self) -> Assessment | None:
        """The statistics and regions of the assessment, what it does not name those of the accounts.

        None where it names neither.
        """
        given, accounts = self.assessment, self.accounts
        if given is None or not (given.statistics or given.regions):
            return None
        if accounts is None:
            return given
        statistics = given.statistics or accounts.statistics
        regions = given.regions or accounts.regions
        return given.model_copy(update={"statistics": statistics, "regions": regions})

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
    return parse_settings(path, text.read(path), overrides, day=day)


def parse_settings(
    path: Path, content: str, overrides: list[str] | None = None, *, day: date | None = None
) -> Settings:
    """Settings from YAML that stands at a path, or is said to; see `load_settings`."""
    node, raw = text.parse(path, content)
    problems = [*text.find_duplicate_keys(path, node)]
    for pair in overrides or []:
        problems += text.override(raw, pair)
    filled, unset = text.fill_variables(raw)
    filled = resolve_rolling(filled, day or today())
    set_keys = [pair.partition("=")[0] for pair in overrides or []]
    problems += [
        Problem(
            text.find_place(path, node, step, set_keys), f"{variable}, not set", "an environment variable"
        )
        for step, name in unset
        for variable in [f"${{{name}}}"]
    ]
    folder = ConfigFolder(path.resolve().parent)
    settings, details = _validate(filled, folder)
    problems += text.to_problems(path, node, raw, details, set_keys)
    if problems or settings is None:
        raise MistakenConfig(path, problems, settings or _salvage(filled, details, folder))
    return settings


def _validate(content: Any, folder: ConfigFolder) -> tuple[Settings | None, list[ErrorDetails]]:
    try:
        return Settings.model_validate(content, context=folder), []
    except ValidationError as error:
        return None, error.errors()


def _salvage(content: Any, details: list[ErrorDetails], folder: ConfigFolder) -> Settings | None:
    """The settings of what is right in a content; None where that cannot be told."""
    settings = None
    for _ in range(_ROUNDS):
        content = leave_out(content, details)
        settings, details = _validate(content, folder)
        if settings is not None:
            break
    return settings


def build_schema() -> dict[str, Any]:
    """JSON schema of the config, with what each key is called and means in Chinese and English.

    Examples
    --------
    >>> sorted(pipeline.build_schema()["required"])
    ['aoi', 'scenes']
    """
    return add_words(Settings.model_json_schema(), Settings)
