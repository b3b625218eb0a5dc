"""Zipped inputs (.zip, .gdb.zip, .xlsx, .ods, .kmz) are looked at before anything in them is unpacked.

Readers take the sizes that the directory of an archive states, and stop there: so these are what is bounded.
"""

import struct
import zipfile
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError, Problem

MOST_MEMBERS = 10_000
MOST_BYTES = 16 * 2**30
"""Of layers, which GDAL reads in parts."""
MOST_WORKBOOK_BYTES = 2**30
"""Of workbooks, which are read as a whole; a million rows of thirty columns are about half of it."""
_LEAST_SUSPECT_BYTES = 2**28
_MOST_RATIO = 200
"""Deflate ends at about 1000; tables of one repeated value reach 100."""


def refuse_bomb(path: Path, most_bytes: int = MOST_BYTES) -> None:
    """InputError for an archive that unpacks beyond all measure or out of its folder; else nothing.

    What is no zip is left to its reader, and so is a file that cannot be opened.
    """
    members = list_members(path)
    problems = [*_find_excess(path, members, most_bytes), *_find_outside(path, members)]
    if problems:
        raise InputError(f"{path.name} is not unpacked", problems)


def list_members(path: Path) -> list[zipfile.ZipInfo]:
    """What is in an archive; nothing in what is none, or cannot be opened."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return []


def _find_excess(path: Path, members: list[zipfile.ZipInfo], most_bytes: int) -> list[Problem]:
    place, unpacked, todo = (
        str(path),
        sum(member.file_size for member in members),
        "Unpack it by hand, or cut it",
    )
    ratio = unpacked / max(1, sum(member.compress_size for member in members))
    problems = []
    if len(members) > MOST_MEMBERS:
        problems.append(Problem(place, f"{len(members)} files in it", f"at most {MOST_MEMBERS}", todo))
    if unpacked > most_bytes:
        found, expected = f"{unpacked / 2**20:.0f} MiB unpacked", f"at most {most_bytes / 2**20:.0f} MiB"
        problems.append(Problem(place, found, expected, todo))
    elif unpacked > _LEAST_SUSPECT_BYTES and ratio > _MOST_RATIO:
        found = f"{unpacked / 2**20:.0f} MiB unpacked, {ratio:.0f} times what is stored"
        problems.append(Problem(place, found, f"at most {_MOST_RATIO} times", todo))
    return problems


def _find_outside(path: Path, members: list[zipfile.ZipInfo]) -> list[Problem]:
    """Members whose names lead out of the folder that they would be unpacked to."""
    names = [member.filename.replace("\\", "/") for member in members]
    leading_out = [name for name in names if name.startswith("/") or ".." in PurePosixPath(name).parts]
    if not leading_out:
        return []
    shown = ", ".join(leading_out[:3])
    return [Problem(str(path), f"names that lead out of the archive: {shown}", "names within it")]
