"""The files that a config names, each by its key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import AfterValidator, BaseModel

from pipeline.settings.paths import ConfigAddress, ConfigPath, OptionalPath, list_matches, spread_slots

_MARKS = {
    mark.func
    for kind in (ConfigAddress, ConfigPath, OptionalPath)
    for mark in get_args(kind)
    if isinstance(mark, AfterValidator)
}
_NOT_READ = {"out", "cache_folder", "folders", "allowed_folders"}
"""Folders that a run makes, or that bound what it may read."""


def list_files(block: BaseModel, key: str = "") -> Iterator[tuple[str, str]]:
    """Key and path, or pattern, of every file of this machine that a block of a config names."""
    for name, field in type(block).model_fields.items():
        if name not in _NOT_READ:
            is_path = any(_marks_path(part) for part in (field.annotation, *field.metadata))
            yield from _list_in(getattr(block, name), f"{key}{field.alias or name}", is_path=is_path)


def is_there(path: str) -> bool:
    """Whether a path leads to a file or folder, or a pattern to any; `{year}` stands for any text."""
    pattern = spread_slots(path.partition("#")[0])
    inside_archive = any(parent.is_file() for parent in Path(path).parents)
    return Path(path).exists() or inside_archive or any(map(list_matches, (path, pattern)))


def _list_in(value: Any, key: str, *, is_path: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        yield from list_files(value, f"{key}.")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _list_in(one, f"{key}.{name}", is_path=is_path)
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _list_in(one, f"{key}.{number}", is_path=is_path)
    elif is_path and isinstance(value, str) and value and "://" not in value:
        yield key, value


def _marks_path(part: Any) -> bool:
    """Whether an annotation is one of a path, or holds one."""
    if isinstance(part, AfterValidator):
        return part.func in _MARKS
    return any(_marks_path(one) for one in get_args(part))
