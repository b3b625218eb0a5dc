"""Vector files before they are read: what may open them, and which of their layers is meant.

Files are of this machine. Some formats hold no features but say where features are: such a file would have
the library open any other file or host in its name, so it is refused before the library sees it.
"""

import re
import sqlite3
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError, Problem
from pipeline.operating_system import explain_stream
from pipeline.zip_files import list_members, refuse_bomb

FEATURE_DRIVERS = frozenset(
    {"AIVector", "AVCBin", "AVCE00", "CSV", "DGN", "DXF", "EDIGEO", "ESRI Shapefile", "ESRIJSON"}
    | {"FlatGeobuf", "GML", "GPKG", "GPX", "GTFS", "GeoJSON", "GeoJSONSeq", "GeoRSS", "Idrisi", "JML"}
    | {"JSONFG", "KML", "LIBKML", "LVBAG", "MBTiles", "MVT", "MapInfo File", "MapML", "MiraMonVector", "ODS"}
    | {"OGR_GMT", "OSM", "OpenFileGDB", "PCIDSK", "PMTiles", "S57", "SQLite", "SXF", "Selafin", "TopoJSON"}
    | {"VDV", "VFK", "WAsP", "XLSX"}
)
"""Drivers of GDAL whose files hold the features themselves."""

_NOWHERE = "127.0.0.1:9"
OFFLINE = {
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_HTTP_PROXY": _NOWHERE,
    "GDAL_HTTPS_PROXY": _NOWHERE,
    "GML_DOWNLOAD_SCHEMA": "NO",
}
"""Options of GDAL by which a file of features fetches nothing either."""

_POINTERS = {
    b"<OGRVRTDataSource": "a virtual layer (VRT), which only says where features are",
    b"gdal_streamed_alg": "a pipeline of GDAL, which only says where features are",
    b"OGRWFSDataSource": "the address of a service (WFS)",
    b"WFS_Capabilities": "the description of a service (WFS)",
}
_LINKED_CRS = re.compile(rb'"crs"\s*:\s*\{[^}]*"(link|url|href)"', re.IGNORECASE)
"""A CRS of GeoJSON that stands elsewhere; where it cannot be had, GDAL takes WGS 84 without a word."""
_NAMED_CRS = re.compile(rb'"crs"\s*:\s*\{[^}]*"name"\s*:\s*"([^"]+)"', re.IGNORECASE)
_WGS_84 = re.compile("84|4326")
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"
_HEAD = 2**16
_DATABASE = b"SQLite format 3\0"
_VIEW_SECONDS = 10
_STEPS_BETWEEN_LOOKS = 100_000
_NO_VIEW = "Save it as a table, or take it out"
_FORMATS = (
    "a file that holds its features and names its CRS, such as GeoPackage, GeoJSON, Shapefile, FileGDB or KML"
)


def refuse_pointer(path: Path) -> None:
    """InputError for a file, or an archive with one, that holds no features but says where they are.

    Archives beyond measure are refused too (`zip_files.refuse_bomb`), and what may never come to an end: also
    a view of a GeoPackage, which every reader would look through.
    """
    if stream := explain_stream(path):
        raise InputError(f"{path.name} is not opened", [Problem(str(path), stream, _FORMATS)])
    refuse_bomb(path)
    found = next((words for head in _read_heads(path) if (words := _find_pointer(head))), "")
    if found:
        raise InputError(f"{path.name} is not opened", [Problem(str(path), found, _FORMATS)])
    if endless := _find_endless_views(path):
        expected = f"views that are read through within {_VIEW_SECONDS} s"
        problems = [
            Problem(f"{path}, layer {name}", "a view without end", expected, _NO_VIEW) for name in endless
        ]
        raise InputError(f"{path.name} is not opened", problems)


def _find_endless_views(path: Path) -> list[str]:
    """Views of a database that do not come to an end in time; what SQLite cannot read is left to GDAL."""
    if not path.is_file() or not _is_database(path):
        return []
    return _look_through_views(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _look_through_views(path: Path, _changed_ns: int) -> list[str]:
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as file,
    ):
        names = [str(name) for (name,) in file.execute("select name from sqlite_master where type = 'view'")]
        return [name for name in names if _is_endless(file, name)]
    return []


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_DATABASE)) == _DATABASE


def _is_endless(file: sqlite3.Connection, view: str) -> bool:
    latest = time.monotonic() + _VIEW_SECONDS
    file.set_progress_handler(lambda: time.monotonic() > latest, _STEPS_BETWEEN_LOOKS)
    quoted = view.replace('"', '""')
    try:
        file.execute(f'select count(*) from "{quoted}"').fetchone()  # noqa: S608  quoted
    except sqlite3.Error as error:
        return error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    return False


def _find_pointer(head: bytes) -> str:
    """What a file says of places elsewhere, by its first bytes; empty if nothing."""
    words = next((words for mark, words in _POINTERS.items() if mark in head), "")
    return words or ("the address of its CRS" if _LINKED_CRS.search(head) else "")


def find_named_crs(path: Path) -> str | None:
    """The CRS that a GeoJSON names, unless it is WGS 84, which GDAL takes for every name it does not know."""
    heads = [*_read_heads(path)]
    if not heads or not heads[0].lstrip(_BEFORE_JSON).startswith(b"{"):
        return None
    found = [match[1].decode(errors="replace") for head in heads if (match := _NAMED_CRS.search(head))]
    return next((name for name in found if not _WGS_84.search(name)), None)


def refuse_driver(path: Path, driver: str) -> None:
    """InputError for a file that was opened by a driver whose files do not hold the features themselves."""
    if driver not in FEATURE_DRIVERS:
        raise InputError(f"{path.name} is not read", [Problem(str(path), f"the format {driver}", _FORMATS)])


def name_dataset(path: Path) -> str:
    """What GDAL opens for a file: the file, or what is in an archive with Shapefiles or a KML.

    InputError where an archive has such in several folders.
    """
    names = [PurePosixPath(member.filename) for member in list_members(path)]
    folders = {name.parent for name in names if name.suffix.lower() == ".shp"}
    inside = sorted(map(str, folders or {name for name in names if name.suffix.lower() == ".kml"}))
    if len(inside) > 1:
        found, todo = f"datasets in several places: {', '.join(inside)}", "Unpack it, and name one of them"
        raise InputError(f"{path.name} is not read", [Problem(str(path), found, "one dataset", todo)])
    return f"/vsizip/{{{path}}}/{inside[0]}".removesuffix("/.") if inside else str(path)


def choose_layer(
    path: Path,
    kinds: Mapping[str, str],
    candidates: Sequence[str],
    fits: Callable[[str], bool],
    *,
    wanted: str | None,
    expected: str,
    known: Collection[str] = (),
) -> str | Problem:
    """The one layer that is meant, or what to do where that is not told.

    `kinds` are the kinds of geometry of all layers, `candidates` those that may hold what is `expected`;
    `fits` looks whether one does, and is asked only where there are several. Of several that fit, the one
    whose name (in lower case) is `known` is taken.
    """
    there = ", ".join(f"{name} ({kind})" for name, kind in kinds.items()) or "no layer"
    if wanted is not None:
        problem = Problem(f"{path}, layer {wanted}", there, f"the name of a layer of {expected}")
        return wanted if wanted in candidates else problem
    fitting = [*candidates] if len(candidates) == 1 else [name for name in candidates if fits(name)]
    if not fitting:
        return Problem(str(path), there, f"a layer of {expected} with a geometry column")
    named = [name for name in fitting if name.lower() in known]
    if 1 in (len(fitting), len(named)):
        return (named or fitting)[0]
    found = f"{len(fitting)} layers that may be meant: {', '.join(fitting)}"
    return Problem(str(path), found, f"one layer of {expected}", f"Name it, such as `layer: {fitting[0]}`")


def _read_heads(path: Path) -> Iterator[bytes]:
    """The first and last bytes of a file, and the first of all that is in it if it is an archive."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        yield file.read(_HEAD)
        file.seek(max(0, path.stat().st_size - _HEAD))
        yield file.read()
    if zipfile.is_zipfile(path):
        with suppress(zipfile.BadZipFile, OSError, RuntimeError, ValueError, zlib.error, struct.error):
            yield from _read_member_heads(path)


def _read_member_heads(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as file:
                yield file.read(_HEAD)
