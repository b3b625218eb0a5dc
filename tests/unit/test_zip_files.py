"""Archives are bounded before anything in them is unpacked."""

import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely

from pipeline import zip_files
from pipeline.errors import InputError
from pipeline.ingest.parcels.vectors import open_vector
from pipeline.ingest.samples.opening import read_sheets
from pipeline.zip_files import refuse_bomb

MIB = 2**20


def bomb(path: Path, mib: int, members: int = 1) -> Path:
    """Zeros, which deflate to a thousandth."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"register_{number}.shp", bytes(mib * MIB))
    return path


def claiming(path: Path, size: int) -> Path:
    """An archive of one small member that says of itself to unpack to `size` bytes."""
    bomb(path, 1)
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", size)
    path.write_bytes(content)
    return path


def test_an_archive_within_measure_passes(tmp_path):
    refuse_bomb(bomb(tmp_path / "a.zip", 8))


@pytest.mark.parametrize("name", ["none.zip", "folder.gdb", "text.csv", "torn.zip"])
def test_what_is_no_archive_is_left_to_its_reader(tmp_path, name):
    (tmp_path / "folder.gdb").mkdir()
    (tmp_path / "text.csv").write_text("断面,pH\n")
    (tmp_path / "torn.zip").write_bytes(bomb(tmp_path / "whole.zip", 1).read_bytes()[:-9])
    refuse_bomb(tmp_path / name)


def test_more_than_may_be_unpacked_is_refused_by_what_the_directory_says(tmp_path):
    with pytest.raises(InputError, match=r"found 3072 MiB unpacked; expected at most 2048 MiB"):
        refuse_bomb(claiming(tmp_path / "a.zip", 3072 * MIB), 2048 * MIB)


def test_what_unpacks_to_hundreds_of_times_itself_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"times what is stored; expected at most 200 times"):
        refuse_bomb(claiming(tmp_path / "a.zip", 512 * MIB))


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(zip_files, "MOST_MEMBERS", 5)
    refuse_bomb(bomb(tmp_path / "five.zip", 0, members=5))
    with pytest.raises(InputError, match="found 6 files in it; expected at most 5"):
        refuse_bomb(bomb(tmp_path / "six.zip", 0, members=6))


@pytest.mark.parametrize("name", ["../evil.shp", "/etc/evil.shp", "a/../../evil.shp", "..\\evil.shp"])
def test_names_that_lead_out_of_an_archive_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, "")
    with pytest.raises(InputError, match="names that lead out of the archive"):
        refuse_bomb(tmp_path / "a.zip")


def test_every_mistake_of_an_archive_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(zip_files, "MOST_MEMBERS", 0)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil.shp", "123")
    with pytest.raises(InputError) as caught:
        refuse_bomb(path, 2)
    assert len(caught.value.problems) == 3


def test_a_bomb_for_a_register_is_refused_and_a_zipped_register_is_read(tmp_path):
    with pytest.raises(InputError, match="is not unpacked"):
        open_vector(claiming(tmp_path / "bomb.gdb.zip", 4095 * MIB))
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(120, 30, 121, 31)], crs="EPSG:4490")
    frame.to_file(tmp_path / "register.shp")
    with zipfile.ZipFile(tmp_path / "register.zip", "w") as archive:
        for path in tmp_path.glob("register.*"):
            if path.suffix != ".zip":
                archive.write(path, path.name)
    assert open_vector(tmp_path / "register.zip").columns == ("a",)


def test_a_bomb_for_samples_is_refused(tmp_path):
    claiming(tmp_path / "bomb.xlsx", 4095 * MIB)
    with pytest.raises(InputError, match="is not unpacked"):
        read_sheets(tmp_path / "bomb.xlsx")


def test_a_workbook_whose_last_cell_is_at_the_end_of_the_sheet_is_refused_before_it_is_laid_out(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "断面名称"
    workbook.active["XFD1048576"] = "stray"
    workbook.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match=r"1048576 rows and 16384 columns"):
        read_sheets(tmp_path / "a.xlsx")
