"""What lies in a folder: every file that a config may name, and what it is."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.commands.drafting.catalogues import CATALOG, inspect_archive, inspect_catalog, is_catalog
from pipeline.commands.drafting.found import Found
from pipeline.commands.drafting.tables import SUFFIXES as TABLES
from pipeline.commands.drafting.tables import inspect_table
from pipeline.commands.drafting.vectors import PARQUET, inspect_vector
from pipeline.commands.drafting.vectors import SUFFIXES as VECTORS
from pipeline.errors import Problem, SettingsError

_MANIFEST = "manifest.json"
"""What a delivery has, and no folder of inputs."""
_PRODUCT = re.compile(r"(S2[A-Z]_MSIL2A_.*\.SAFE|L[CTEO]0[45789]_L2S[PR]_.*)", re.IGNORECASE)
"""Folders of downloaded scenes."""


def find_inputs(folder: Path, crs: str | None = None) -> list[Found]:
    """What lies below a folder, by path; deliveries, workspaces and hidden folders are left out.

    Scenes below a catalogue are those of the catalogue. `crs` stands in for one that a vector file lacks.
    SettingsError where there is no such folder.
    """
    if not folder.is_dir():
        problem = Problem("FOLDER", str(folder), "a folder with your files")
        raise SettingsError("There is no such folder", [problem])
    paths = [*_list_files(folder)]
    catalogued = {path.parent for path in paths if path.name == CATALOG and is_catalog(path)}
    kept = (path for path in paths if not (_is_archive(path) and catalogued & {path, *path.parents}))
    return [found for path in kept for found in inspect_file(path, crs)]


def inspect_file(path: Path, crs: str | None = None) -> list[Found]:
    """What a file, a geodatabase or a folder of scenes is; nothing for what no reader is for."""
    suffix = path.suffix.lower()
    if path.name == CATALOG or suffix == ".json":
        return [inspect_catalog(path)] if is_catalog(path) else []
    if suffix in VECTORS:
        return _inspect_shapes(path, crs)
    if suffix in PARQUET:
        shapes = [*inspect_vector(path, crs)]
        return [inspect_table(path)] if shapes[0].role == "unread" else shapes
    if suffix in TABLES:
        return [inspect_table(path)]
    return [inspect_archive(path)] if _is_archive(path) else []


def _inspect_shapes(path: Path, crs: str | None) -> list[Found]:
    """Layers of polygons; a file without any may still be a table of points."""
    return [*inspect_vector(path, crs)] or [inspect_table(path)]


def _list_files(folder: Path) -> Iterator[Path]:
    """Files, geodatabases, and folders that hold downloaded scenes, in the order of paths."""
    for root, folders, names in os.walk(folder):
        here = Path(root)
        if any(_PRODUCT.fullmatch(name) for name in folders):
            yield here
        yield from (here / name for name in sorted(folders) if name.lower().endswith(".gdb"))
        folders[:] = sorted(name for name in folders if _is_theirs(here / name))
        yield from (here / name for name in sorted(names) if _is_input(name))


def _is_archive(path: Path) -> bool:
    return path.is_dir() and path.suffix.lower() != ".gdb"


def _is_theirs(folder: Path) -> bool:
    """Whether a folder may hold inputs, and not what a run has left, or the parts of one dataset."""
    name = folder.name
    if name.startswith(".") or name.lower().endswith(".gdb") or _PRODUCT.fullmatch(name):
        return False
    return not (folder / _MANIFEST).exists() and not (folder / "ledger.sqlite").exists()


def _is_input(name: str) -> bool:
    suffix = Path(name).suffix.lower()
    return name == CATALOG or (suffix in VECTORS | PARQUET | TABLES and not name.startswith(("~$", ".")))
