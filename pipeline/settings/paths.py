"""Paths of a config: relative ones are made absolute against the folder of its file, where they are declared.

Without that folder (`ConfigFolder` as the context of validation) a path stays as it is written.
"""

import re
from collections.abc import Callable, Collection
from glob import glob
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, ValidationInfo

from pipeline.addresses import Address
from pipeline.aoi import PROJECT_ROOT, list_aois, list_waters
from pipeline.operating_system import explain_path, explain_stream

_SLOT = re.compile(r"\{\w+\}")


class ConfigFolder(NamedTuple):
    """The folder of the config file that is validated."""

    path: Path


def list_schemes() -> list[str]:
    """Ids of the compensation schemes of configs/schemes."""
    return sorted(path.stem for path in (PROJECT_ROOT / "configs" / "schemes").glob("*.yaml"))


def list_profiles() -> list[str]:
    """Ids of the profiles of configs/accounts."""
    return sorted(path.stem for path in (PROJECT_ROOT / "configs" / "accounts").glob("*.yaml"))


def list_health_schemes() -> list[str]:
    """Ids of the schemes of configs/health."""
    return sorted(path.stem for path in (PROJECT_ROOT / "configs" / "health").glob("*.yaml"))


def list_outlines() -> list[str]:
    """Ids of the shipped areas and of the shipped outlines of rivers and lakes."""
    return [*list_aois(), *list_waters()]


def spread_slots(path: str) -> str:
    """A path as a pattern of which `{year}` and other slots are any text."""
    return _SLOT.sub("*", path)


def list_matches(pattern: str) -> list[Path]:
    """Paths that fit a pattern, in order; the names of folders that are there are no patterns."""
    path = Path(pattern)
    root = next((parent for parent in path.parents if parent.is_dir()), Path(path.anchor))
    names = glob(str(path.relative_to(root)), root_dir=root, recursive=True)  # noqa: PTH207 Path.glob follows links
    return sorted(root / name for name in names)


def _anchor(value: str, info: ValidationInfo) -> str:
    if not isinstance(info.context, ConfigFolder) or "://" in value:
        return value
    path = info.context.path / value
    if lacking := explain_path(str(path)):
        raise ValueError(lacking)
    for file in (path, *list_matches(spread_slots(str(path)))):
        if stream := explain_stream(file):
            raise ValueError(f"a file, no {stream.removeprefix('a ')}")
    return str(path)


def _anchor_if_any(value: str, info: ValidationInfo) -> str:
    return _anchor(value, info) if value else value


def _anchor_unless(shipped: Callable[[], Collection[str]]) -> Callable[[str, ValidationInfo], str]:
    def anchor(value: str, info: ValidationInfo) -> str:
        return value if value in shipped() else _anchor(value, info)

    return anchor


def _anchor_address(value: Address, info: ValidationInfo) -> Address:
    return value if "://" in value else Address(_anchor(value, info))


ConfigAddress = Annotated[Address, AfterValidator(_anchor_address)]
"""A path or URL, of which is told what may be told."""

ConfigPath = Annotated[str, AfterValidator(_anchor)]
"""A path or URL."""

OptionalPath = Annotated[str, AfterValidator(_anchor_if_any)]
"""A path or URL; an empty one is none."""

AoiName = Annotated[str, AfterValidator(_anchor_unless(list_outlines))]
"""The id of a shipped aoi or water, or the path of one."""

WaterName = Annotated[str, AfterValidator(_anchor_unless(list_waters))]
"""The id of a shipped outline of a river or lake, or the path of one."""

SchemeName = Annotated[str, AfterValidator(_anchor_unless(list_schemes))]
"""The id of a shipped compensation scheme, or the path of one."""

ProfileName = Annotated[str, AfterValidator(_anchor_unless(list_profiles))]
"""The id of a shipped profile of accounts, or the path of one."""

HealthSchemeName = Annotated[str, AfterValidator(_anchor_unless(list_health_schemes))]
"""The id of a shipped scheme of the health of rivers and lakes, or the path of one."""
