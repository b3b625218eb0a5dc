"""The configs that come with the project, which are known by name in whatever folder a command is typed."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.aoi import PROJECT_ROOT

CONFIGS = PROJECT_ROOT / "configs"
_SUFFIX = ".yaml"
_RUN = "\nscenes:"


def find_config(named: Path) -> Path:
    """The file that a config is named by: one of this machine, else a shipped one.

    A shipped one is named as it lies in configs/ (`demo`, `demo.yaml`, `configs/schedule/quarterly.yaml`).
    What is neither stays as it is named.
    """
    if named.is_file() or named.is_absolute() or ".." in named.parts:
        return named
    found = CONFIGS.parent / named if named.parts[:1] == (CONFIGS.name,) else CONFIGS / named
    found = found.with_name(f"{found.name.removesuffix(_SUFFIX)}{_SUFFIX}")
    return found if found.is_file() else named


def is_shipped(config: Path) -> bool:
    """Whether a config lies among those that come with the project, where nobody wants deliveries."""
    return config.resolve().is_relative_to(CONFIGS)


def list_configs() -> Iterator[str]:
    """The names of the shipped configs of runs."""
    for path in sorted(CONFIGS.rglob(f"*{_SUFFIX}")):
        if _RUN in path.read_text(encoding="utf-8"):
            yield path.relative_to(CONFIGS).with_suffix("").as_posix()
