"""The settings of a run from a file, from keywords, or from both."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from pipeline import commands, settings
from pipeline.messages import Language
from pipeline.settings import Settings
from pipeline.settings.shipped import find_config, is_shipped

_KEYWORDS = "build_settings()"
"""How the place of a mistake begins where no file says it."""
CONFIG_NAME = "ecoledger.yaml"
"""How a config is called that is written for somebody."""


def build_settings(config: str | Path | Settings | None = None, **keywords: Any) -> Settings:
    """The settings of a run: of a YAML file, of keywords, or of a file with some keys changed.

    Keywords are the keys of the config; a mapping changes only what it names of a block. A shipped config is
    known by its name, such as `demo`, and delivers into `delivery`. Relative paths are those of the folder of
    the file, without one of the folder of the process. SettingsError with every mistake.

    Examples
    --------
    >>> settings = pipeline.build_settings(
    ...     label="2024",
    ...     aoi=["guangyang_island"],
    ...     scenes={"provider": "simulated", "start": "2023-01-01", "end": "2024-12-31"},
    ... )
    >>> [period.label for period in settings.scenes.periods], settings.indices[0]
    (['2023', '2024'], 'ndvi')
    """
    if isinstance(config, Settings):
        return config
    if config is None:
        content = yaml.safe_dump(_to_plain(keywords), allow_unicode=True, sort_keys=False)
        return settings.parse_settings(Path(_KEYWORDS), content)
    path, overrides = locate_config(config)
    return settings.load_settings(path, [*overrides, *_list_overrides(keywords)])


def locate_config(config: str | Path) -> tuple[Path, list[str]]:
    """The file of a config, and what is changed in it: a shipped one delivers where the process is."""
    path = find_config(Path(config).expanduser())
    return path, [f"out={json.dumps(str(Path('delivery').resolve()))}"] if is_shipped(path) else []


def write_config(
    folder: str | Path, *, to: str | Path | None = None, language: Language = "zh", **wishes: Any
) -> Path:
    """Look into the files of a folder, and write a commented config for what they are; its path.

    `wishes` are those of `ecoledger init`: `aoi`, `parcels`, `samples` (several), `sections`, `scenes`,
    `provider`, `start`, `end`, `period`, `label`, `crs`. What they do not name is for the files to tell; an
    area that none gives is drawn around the parcels. SettingsError where several files could be meant, and
    for a config that is there already: nothing is written over it.

    Examples
    --------
    >>> config = pipeline.write_config(".", aoi="guangyang_island", scenes="scenes/catalog.json")
    >>> config.name, pipeline.build_settings(config).aoi
    ('ecoledger.yaml', ['guangyang_island'])
    """
    drafting, place = commands.drafting, Path(folder).expanduser()
    config = Path(to).expanduser() if to else place / CONFIG_NAME
    drafting.refuse_present([config])
    wanted = _build_wishes(wishes)
    choices = drafting.choose_inputs(
        drafting.find_inputs(place, wanted.crs), wanted, settings.rolling.today()
    )
    return drafting.write_draft(choices, config, language).config


def _build_wishes(wishes: Mapping[str, Any]) -> "commands.drafting.Wishes":
    """Wishes in their types: places as paths, days as dates."""
    named = dict(wishes)
    for key in ("parcels", "sections", "scenes"):
        named[key] = Path(named[key]).expanduser() if named.get(key) else None
    named["samples"] = tuple(Path(one).expanduser() for one in named.get("samples", ()))
    for key in ("start", "end"):
        day = named.get(key)
        named[key] = date.fromisoformat(day) if isinstance(day, str) else day
    return commands.drafting.Wishes(**named)


def _to_plain(value: Any) -> Any:
    """A value in the types that YAML has."""
    if isinstance(value, Mapping):
        return {str(key): _to_plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_to_plain(one) for one in value]
    return str(value) if isinstance(value, Path | str) else value


def _list_overrides(keywords: Mapping[str, Any], block: str = "") -> Iterator[str]:
    """Keys with their values, as `load_settings` takes them."""
    for key, value in keywords.items():
        if isinstance(value, Mapping):
            yield from _list_overrides(value, f"{block}{key}.")
        else:
            yield f"{block}{key}={json.dumps(_to_plain(value), ensure_ascii=False, default=str)}"
