"""Causes, the artifacts they give, and checksums of files.

An artifact's key is the sha256 of canonical JSON of its cause: step, version, settings, keys of inputs.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from blake3 import blake3

_KEY = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_PIECE_BYTES = 2**20
_PARTS = {
    ".shp": {".shp", ".shx", ".dbf", ".prj", ".cpg"},
    ".tab": {".tab", ".dat", ".map", ".id", ".ind"},
    ".mif": {".mif", ".mid"},
}
"""Files of one stem that hold a dataset together, by the suffix that it is named by."""
_JOURNAL = "-wal"
"""What follows the name of a database, for changes that it does not hold yet."""


@dataclass(frozen=True)
class Cause:
    """What an artifact is made from; two equal causes give one artifact."""

    step: str
    version: int
    settings: Mapping[str, Any]
    inputs: Sequence[str]

    @cached_property
    def text(self) -> str:
        """Canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @cached_property
    def key(self) -> str:
        """Name of the artifact."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Artifact:
    """Something finished, at `path`, under its key."""

    key: str
    path: Path


def keys_in(text: str) -> list[str]:
    """The keys that the text of a cause names, in inputs or settings; checksums of files among them."""
    return sorted(set(_KEY.findall(text)))


def sha256_of_file(path: Path) -> str:
    """Checksum of a file's bytes, as any `sha256sum` gives it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_of(path: Path) -> list[Path]:
    """All files that hold a dataset: those of a folder, the parts of a Shapefile, or the file itself."""
    if path.is_dir():
        return sorted(entry for entry in path.rglob("*") if entry.is_file())
    parts = _PARTS.get(path.suffix.lower())
    if parts is None:
        return [file for file in (path, path.with_name(path.name + _JOURNAL)) if file.is_file()]
    beside = path.parent.glob("*")
    return sorted(entry for entry in beside if entry.stem == path.stem and entry.suffix.lower() in parts)


def checksums_of(paths: Iterable[Path]) -> dict[str, str]:
    """Checksum of every file of some datasets by name; of one name, by place below the folder they share."""
    files = list(dict.fromkeys(file for path in paths for file in files_of(path)))
    count = Counter(file.name for file in files)
    repeated = [file.parent for file in files if count[file.name] > 1]
    root = os.path.commonpath(repeated) if repeated else ""
    return {
        file.name if count[file.name] == 1 else file.relative_to(root).as_posix(): sha256_of_file(file)
        for file in files
    }


def measure_files(path: Path) -> tuple[int, str]:
    """Size in bytes and checksum (BLAKE3) of a file, or of all files of a folder with their names."""
    if path.is_file():
        return path.stat().st_size, _blake3_of_file(path)
    files = files_of(path)
    digest = blake3()
    for entry in files:
        digest.update(f"{entry.relative_to(path).as_posix()} {_blake3_of_file(entry)}\n".encode())
    return sum(entry.stat().st_size for entry in files), digest.hexdigest()


def _blake3_of_file(path: Path) -> str:
    digest = blake3()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
