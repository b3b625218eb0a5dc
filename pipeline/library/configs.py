"""The settings of a run from a file, from keywords, or from both."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline import settings
from pipeline.settings import Settings
from pipeline.settings.shipped import find_config

_KEYWORDS = "build_settings()"
"""How the place of a mistake begins where no file says it."""


def build_settings(config: str | Path | Settings | None = None, **keywords: Any) -> Settings:
    """The settings of a run: of a YAML file, of keywords, or of a file with some keys changed.

    A file that is not there may be a shipped one by its name, such as `demo`. Keywords are the keys of the
    config; a mapping changes only what it names of a block. Relative paths are those of the folder of the
    file, without one of the folder of the process; `out` of a file is relative to it as well. SettingsError
    with every mistake.

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
    return settings.load_settings(find_config(Path(config).expanduser()), list(_list_overrides(keywords)))


def _to_plain(value: Any) -> Any:
    """A value in the types that YAML has."""
    if isinstance(value, Mapping):
        return {str(key): _to_plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_to_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _list_overrides(keywords: Mapping[str, Any], block: str = "") -> Iterator[str]:
    """Keys with their values, as `load_settings` takes them."""
    for key, value in keywords.items():
        if isinstance(value, Mapping):
            yield from _list_overrides(value, f"{block}{key}.")
        else:
            yield f"{block}{key}={json.dumps(_to_plain(value), ensure_ascii=False, default=str)}"
