"""Known vulnerabilities of what is locked, by a file of advisories in the OSV format: no network is asked.

    python packaging/audit.py requirements.lock ADVISORIES

ADVISORIES is a JSON file, a folder of them, or a ZIP archive of them, such as the export of a database of
advisories for PyPI. Ends with 1 where a locked version is affected, with 2 where nothing can be said.
"""

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def read_lock(path: Path) -> set[tuple[str, str]]:
    """Name and version of every package of a lock."""
    pairs = _LOCKED.findall(path.read_text(encoding="utf-8"))
    return {(canonicalize_name(name), version) for name, version in pairs}


def read_advisories(path: Path) -> Iterator[dict[str, Any]]:
    """The advisories of a file, a folder or an archive; those that were withdrawn are left out."""
    for content in _read_files(path):
        found = json.loads(content)
        yield from (one for one in (found if isinstance(found, list) else [found]) if "withdrawn" not in one)


def _read_files(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from (file.read_bytes() for file in sorted(path.rglob("*.json")))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist() if name.endswith(".json"))
    else:
        yield path.read_bytes()


def is_affected(version: str, affected: dict[str, Any]) -> bool:
    """Whether a version is one that an entry names, or lies in one of its ranges."""
    if version in affected.get("versions", ()):
        return True
    ranges = [one for one in affected.get("ranges", ()) if one["type"] == "ECOSYSTEM"]
    return any(_is_within(Version(version), one["events"]) for one in ranges)


def _is_within(version: Version, events: list[dict[str, str]]) -> bool:
    """Whether the last event before a version brought the fault in."""
    within = False
    for event in sorted(events, key=_place):
        kind, bound = next(iter(event.items()))
        if kind == "introduced" and (bound == "0" or Version(bound) <= version):
            within = True
        elif (kind == "fixed" and Version(bound) <= version) or (
            kind == "last_affected" and Version(bound) < version
        ):
            within = False
    return within


def _place(event: dict[str, str]) -> Version:
    bound = next(iter(event.values()))
    return Version("0.dev0" if bound == "0" else bound)


def list_affected(locked: set[tuple[str, str]], advisory: dict[str, Any]) -> Iterator[str]:
    """A line for each locked version that an advisory names."""
    title = (advisory.get("summary") or advisory.get("details") or "").partition("\n")[0]
    for entry in advisory.get("affected", ()):
        package = entry.get("package", {})
        for name, version in locked:
            is_named = package.get("ecosystem") == "PyPI" and canonicalize_name(package["name"]) == name
            if is_named and is_affected(version, entry):
                yield f"{name} {version}: {advisory['id']} {title}".rstrip()


def main(lock: str, advisories: str) -> int:
    """Print what is affected; 0 where nothing is, 1 where something is, 2 where nothing can be said."""
    locked = read_lock(Path(lock))
    try:
        known = list(read_advisories(Path(advisories)))
        lines = sorted({line for one in known for line in list_affected(locked, one)})
    except (OSError, ValueError, KeyError, InvalidVersion, zipfile.BadZipFile) as error:
        sys.stderr.write(f"{advisories}: no advisories in the OSV format: {type(error).__name__}: {error}\n")
        return 2
    if not known:
        sys.stderr.write(f"{advisories}: no advisory in it\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.write(f"{len(locked)} locked versions, {len(known)} advisories, {len(lines)} affected\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
