"""Files of a delivery that the page offers, and where they lie."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, Problem
from pipeline.outputs.published import Published
from pipeline.storage.cause import sha256_of_file
from pipeline.storage.tables import load_json

_FIRST = (".html", ".xlsx", ".pdf", ".docx", ".gpkg", ".parquet", ".csv")
"""What people ask for first, of the files at the top of a delivery."""
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class OfferedFile:
    """A file: its name in the delivery, where it lies, its size."""

    name: str
    path: Path
    size: int


class CheckedFiles:
    """Checksums of files, kept from one view to the next for those that nobody wrote to since."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = load_json(path) if path.is_file() else {}
        self._asked: dict[str, str] = {}

    def find_sha256(self, path: Path) -> str:
        """The checksum of a file."""
        stat = path.stat()
        stamp = hashlib.sha256(f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()
        self._asked[stamp] = self._known.get(stamp) or sha256_of_file(path)
        return self._asked[stamp]

    def save(self) -> None:
        """Keep what was asked for."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        part.write_text(json.dumps({**self._known, **self._asked}), encoding="ascii")
        part.replace(self._path)


def list_downloads(published: Published, checked: CheckedFiles) -> list[OfferedFile]:
    """The files that a delivery was published with, those that people ask for first before the others.

    InputError, naming all at once, for files that are not there, are not as they were published, or lie
    outside of its folder.
    """
    problems: list[Problem] = []
    found = sorted(_find_downloads(published, checked, problems), key=lambda one: _rank(one.name))
    if problems:
        raise InputError("A delivery was changed since", problems)
    return found


def _find_downloads(
    published: Published, checked: CheckedFiles, problems: list[Problem]
) -> Iterator[OfferedFile]:
    root = published.folder.resolve()
    for name, told in published.manifest["files"].items():
        path = published.folder / name
        found = _judge(path, root) or _compare(path, told, checked)
        if found:
            expected = f"{told['bytes']} bytes, sha256 {told['sha256'][:12]}… (manifest.json)"
            problems.append(Problem(str(path), found, expected, "Run again to restore it"))
        else:
            yield OfferedFile(name, path, told["bytes"])
    manifest = published.folder / _MANIFEST
    yield OfferedFile(_MANIFEST, manifest, manifest.stat().st_size)


def _judge(path: Path, root: Path) -> str:
    """What is wrong with the place of a file; empty where nothing is."""
    if not path.resolve().is_relative_to(root):
        return "outside of the folder of the delivery"
    return "" if path.is_file() else "no such file"


def _compare(path: Path, told: Mapping[str, Any], checked: CheckedFiles) -> str:
    """What is wrong with the content of a file; empty where nothing is."""
    size = path.stat().st_size
    if size != told["bytes"]:
        return f"{size} bytes"
    return "" if checked.find_sha256(path) == told["sha256"] else "not what was published"


def _rank(name: str) -> tuple[int, str]:
    suffix = Path(name).suffix
    if "/" in name or suffix not in _FIRST:
        return len(_FIRST), name
    return _FIRST.index(suffix), name
