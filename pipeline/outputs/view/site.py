"""A site: its files by address, each on disk or in memory; the same is served and written to a folder."""

import mimetypes
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pipeline.errors import Problem, SettingsError

INDEX = "index.html"
MARK = "ecoledger-view.txt"
"""File that says that a folder is a view, so that it may be replaced by another."""
_TYPES = MappingProxyType(
    {
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".json": "application/json",
        ".csv": "text/csv; charset=utf-8",
        ".tif": "image/tiff",
        ".gpkg": "application/geopackage+sqlite3",
        ".parquet": "application/vnd.apache.parquet",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)


@dataclass(frozen=True)
class ViewSite:
    """Files by address, relative and with slashes; nothing else is in it, whatever an address says."""

    files: Mapping[str, Path | bytes]

    def find(self, address: str) -> Path | bytes | None:
        """The file of an address; None for one that is not of the site."""
        return self.files.get(address or INDEX)


def map_folder(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Files of a folder of ours by address, links aside."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield f"{prefix}/{path.relative_to(folder).as_posix()}", path


def name_type(address: str) -> str:
    """The media type of a file."""
    suffix = Path(address).suffix.lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(address)[0] or "application/octet-stream"


def write_site(site: ViewSite, target: Path) -> None:
    """Write a site as a folder, which opens without a server; one that stood there is replaced at once.

    SettingsError where something else stands there, or nothing can be written.
    """
    refuse_target(target)
    part, old = (target.with_name(f".{target.name}.{end}") for end in ("part", "old"))
    try:
        for rest in (part, old):
            shutil.rmtree(rest, ignore_errors=True)
        _write_files(site, part)
        if target.exists():
            target.rename(old)
        part.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        problem = Problem(f"--to {target}", f"{type(error).__name__}: {error}", "a place to write to")
        raise SettingsError("The view cannot be written there", [problem]) from error


def refuse_target(target: Path) -> None:
    """SettingsError for a place where a view would take the place of something else."""
    if not target.exists() or (target / MARK).is_file() or _is_empty(target):
        return
    found = "something else stands there"
    expected = "new, empty, or a view that was written before"
    raise SettingsError("The view cannot be written there", [Problem(f"--to {target}", found, expected)])


def _is_empty(target: Path) -> bool:
    return target.is_dir() and next(target.iterdir(), None) is None


def _write_files(site: ViewSite, folder: Path) -> None:
    folder.mkdir(parents=True)
    for address, content in site.files.items():
        path = folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, path)
        else:
            path.write_bytes(content)
