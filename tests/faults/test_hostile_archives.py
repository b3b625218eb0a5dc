"""Archives that unpack beyond measure, out of their folder, or into nothing: refused by name, at once."""

import io
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely

from tests.faults.commands import try_command
from tests.faults.configs import RING, write_config
from tests.faults.watching import watch_files

KIND = "a hostile archive"
MIB = 2**20

pytestmark = pytest.mark.slow


def zip_of(path: Path, **members: bytes) -> zipfile.ZipFile:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def shapefile(folder: Path) -> dict[str, bytes]:
    """The parts of a Shapefile of one area, by their names."""
    folder.mkdir()
    table = gpd.GeoDataFrame({"id": ["pond"]}, geometry=[shapely.Polygon(RING)], crs="EPSG:4490")
    table.to_file(folder / "area.shp")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def write_bomb(path: Path) -> None:
    """A member of 400 MiB of nothing, beside a Shapefile."""
    packed = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
    with packed as archive, archive.open("area.shp", "w") as member:
        for _ in range(400):
            member.write(bytes(MIB))


def write_many(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number}.shp", b"")


def write_nested(path: Path) -> None:
    content = b"0" * MIB
    for depth in range(8):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{depth}.zip", content)
        content = inner.getvalue()
    path.write_bytes(content)


def write_named(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        zip_of(path, **{name: b"<kml/>"})

    return write


def write_link(path: Path) -> None:
    """A member that is a symbolic link to a file of this machine."""
    link = zipfile.ZipInfo("area.shp")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")


def write_lying_sizes(path: Path) -> None:
    """A directory that says that a member of 400 MiB is of 100 bytes."""
    write_bomb(path)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    path.write_bytes(content)


def write_encrypted(path: Path) -> None:
    """Members that need a password."""
    zip_of(path, **{"area.shp": b"0" * 100})
    content = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags] |= 1
    path.write_bytes(content)


def write_cut(path: Path) -> None:
    zip_of(path, **{"area.shp": bytes(range(256)) * 4000})
    path.write_bytes(path.read_bytes()[:-40])


def write_overlapping(path: Path) -> None:
    """Ten thousand entries of the directory that share one member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("area.shp", bytes(MIB))
        (info,) = archive.filelist
        archive.filelist += [info] * 9_999


ARCHIVES: dict[str, Callable[[Path], None]] = {
    "a bomb": write_bomb,
    "a hundred thousand members": write_many,
    "zips in zips": write_nested,
    "a name that leads out": write_named("../../area.kml"),
    "a name that leads out by backslashes": write_named("..\\..\\area.kml"),
    "an absolute name": write_named("/tmp/area.kml"),
    "a name with a drive": write_named("C:\\area.kml"),
    "a symbolic link": write_link,
    "sizes that lie": write_lying_sizes,
    "members with a password": write_encrypted,
    "its end cut off": write_cut,
    "entries that share a member": write_overlapping,
    "nothing in it": zip_of,
    "the first bytes of one": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(200)),
}
DOORS = {
    "aoi": ("area.zip", {"aoi": ["area.zip"]}),
    "aoi as KMZ": ("area.kmz", {"aoi": ["area.kmz"]}),
    "parcels": ("register.zip", {"parcels": {"path": "register.zip"}}),
    "samples": ("water.xlsx", {"samples": [{"path": "water.xlsx"}]}),
    "sections": ("sections.ods", {"sections": {"register": "sections.ods"}}),
}


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Each archive, made once."""
    folder = tmp_path_factory.mktemp("archives")
    for number, write in enumerate(ARCHIVES.values()):
        write(folder / f"{number}.zip")
    return {what: folder / f"{number}.zip" for number, what in enumerate(ARCHIVES)}


@pytest.mark.parametrize("what", ARCHIVES)
@pytest.mark.parametrize("door", DOORS)
def test_a_hostile_archive_is_refused_by_name_and_nothing_is_unpacked(door, what, archives, tmp_path, fault):
    name, block = DOORS[door]
    shutil.copy(archives[what], tmp_path / name)
    config = write_config(tmp_path, **block)
    with fault(f"{door}: {what}", door=door, must="exit 3, names the file, below 1 GB") as seen:
        with watch_files(tmp_path) as seen.lost:
            done = try_command(["validate", config], cwd=tmp_path)
        seen.happened = done.tell()
        assert done.code == 3
        assert name in done.err
        assert done.peak < 1000 * MIB
        assert {path.name for path in tmp_path.iterdir()} == {name, config.name}


def test_an_archive_as_it_should_be_is_read(tmp_path):
    parts = shapefile(tmp_path / "parts")
    zip_of(tmp_path / "area.zip", **{f"in a folder/{name}": content for name, content in parts.items()})
    assert try_command(["validate", write_config(tmp_path, aoi=["area.zip"])]).code == 0


def sheet_xml(rows: str) -> bytes:
    head = b'<?xml version="1.0"?>'
    return (
        head
        + (
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f"<sheetData>{rows}</sheetData></worksheet>"
        ).encode()
    )


def edit_workbook(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """A workbook of one sheet whose parts were changed."""
    book = openpyxl.Workbook()
    book.active.append(["断面", "监测时间", "溶解氧"])
    book.active.append(["甲", "2024-05-01", 8.1])
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    zip_of(path, **parts)


SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a0 "ha">'
    + b"".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.encode() for n in range(1, 12))
    + b"]>"
)


def put(parts, name, content):
    parts[name] = content


def bomb_of_entities(parts):
    parts[SHEET] = (
        parts[SHEET].replace(b"<worksheet", ENTITIES + b"<worksheet", 1).replace(b"<v>8.1", b"<v>&a11;", 1)
    )


def outside_entity(parts):
    entity = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    parts[SHEET] = (
        parts[SHEET].replace(b"<worksheet", entity + b"<worksheet", 1).replace(b"<v>8.1", b"<v>&a;", 1)
    )


def merged_million(parts):
    parts[SHEET] = parts[SHEET].replace(
        b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A3:ALL1048576"/></mergeCells>', 1
    )


def far_cell(parts):
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", far, 1)


def rows_of_nothing(parts):
    rows = "".join(f'<row r="{row}"><c r="A{row}"/></row>' for row in range(3, 1_000_000))
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", rows.encode() + b"</sheetData>", 1)


def huge_number(parts):
    parts[SHEET] = parts[SHEET].replace(b"<v>8.1</v>", b"<v>" + b"9" * 10_000_000 + b"</v>", 1)


WORKBOOKS: dict[str, tuple[Callable[[dict[str, bytes]], None], set[int]]] = {
    "a bomb of entities": (bomb_of_entities, {0, 3}),
    "an entity of this machine": (outside_entity, {0, 3}),
    "merged cells over a million rows": (merged_million, {0, 3}),
    "a cell in the last row and column": (far_cell, {0, 3}),
    "a million empty rows": (rows_of_nothing, {0, 3}),
    "a number of ten million digits": (huge_number, {0, 3}),
    "a sheet cut short": (lambda parts: put(parts, SHEET, parts[SHEET][:200]), {0, 3}),
    "a sheet that is no XML": (lambda parts: put(parts, SHEET, b"\xff\xfe nothing"), {3}),
    "no sheet": (lambda parts: parts.pop(SHEET), {3}),
    "no list of sheets": (lambda parts: parts.pop("xl/workbook.xml"), {3}),
    "a list of sheets that nests without end": (
        lambda parts: put(parts, "xl/workbook.xml", b"<workbook>" + b"<sheets>" * 200_000),
        {3},
    ),
}


@pytest.mark.parametrize("what", WORKBOOKS)
def test_a_hostile_workbook_is_refused_or_read_within_bounds(what, tmp_path, fault):
    change, codes = WORKBOOKS[what]
    edit_workbook(tmp_path / "water.xlsx", change)
    config = write_config(tmp_path, samples=[{"path": "water.xlsx"}])
    must = f"exit {' or '.join(map(str, sorted(codes)))}, below 2 GB"
    with fault(f"a workbook with {what}", door="samples", must=must) as seen:
        done = try_command(["validate", config], cwd=tmp_path, seconds=120)
        seen.happened = done.tell()
        assert done.code in codes
        assert done.code == 0 or "water.xlsx" in done.err
        assert "root:" not in done.err + done.out
        assert done.peak < 2000 * MIB
