"""Publishing replaces our own deliveries alone, and keeps what people put into them."""

import hashlib
import os

import pytest

from pipeline.errors import SettingsError, WorkspaceError
from pipeline.storage.delivered import FORMER_NAMES
from pipeline.storage.ownership import (
    BEGUN,
    check_place,
    has_strangers,
    name_old,
    name_part,
    refuse_delivery,
    refuse_links,
)
from pipeline.storage.publish import publish, restore_all
from pipeline.storage.tables import save_json

NEW = {"bay_2024.gpkg": b"new map", "tables/indicators.csv": b"new figures"}


def write(folder, contents):
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    told = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }
    save_json(folder / "manifest.json", {"aoi": "bay", "label": "2024", "config": {}, "files": told})
    (folder / FORMER_NAMES[".gpkg"]).symlink_to("bay_2024.gpkg")
    return folder


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "bay" / "2024"
    folder.mkdir(parents=True)
    return write(folder, {"bay_2024.gpkg": b"old map", "tables/indicators.csv": b"old figures"})


def replace(target):
    part = name_part(target)
    part.mkdir(exist_ok=True)
    (part / BEGUN).touch()
    return publish(write(part, NEW), target)


def list_files(folder):
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_a_delivery_that_nobody_touched_is_replaced_whole(target):
    assert not has_strangers(target)
    assert replace(target) == []
    assert {name: content for name, content in list_files(target).items() if name in NEW} == NEW
    assert set(list_files(target)) == {*NEW, "manifest.json", "inventory.gpkg"}


def test_files_of_people_go_along_under_their_names(target):
    (target / "审核 意见.docx").write_bytes(b"a note")
    (target / "tables" / "mine").mkdir()
    (target / "tables" / "mine" / "a.csv").write_bytes(b"mine")
    assert has_strangers(target)
    assert replace(target) == ["tables/mine/a.csv", "审核 意见.docx"]
    assert replace(target) == ["tables/mine/a.csv", "审核 意见.docx"], "and again"
    found = list_files(target)
    assert found["审核 意见.docx"] == b"a note"
    assert found["tables/mine/a.csv"] == b"mine"


def test_a_file_of_ours_that_was_changed_is_kept_beside_the_new_one(target):
    (target / "bay_2024.gpkg").write_bytes(b"my edits")
    (kept,) = replace(target)
    assert kept == f"kept/bay_2024_{hashlib.sha256(b'my edits').hexdigest()[:8]}.gpkg"
    found = list_files(target)
    assert (found[kept], found["bay_2024.gpkg"]) == (b"my edits", b"new map")
    (target / "bay_2024.gpkg").write_bytes(b"my edits")
    assert replace(target) == [kept], "the same edits are kept once"


def test_a_name_that_is_taken_now_loses_neither_file(target):
    names = {"notes.csv": b"ours now"}
    (target / "notes.csv").write_bytes(b"theirs")
    part = name_part(target)
    part.mkdir()
    (kept,) = publish(write(part, {**NEW, **names}), target)
    assert (target / "notes.csv").read_bytes() == b"ours now"
    assert (target / kept).read_bytes() == b"theirs"


def test_links_of_people_stay_links_and_what_they_lead_to_is_not_touched(target, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.tif").write_bytes(b"far away")
    (target / "scenes").symlink_to(outside)
    (target / "rasters").mkdir()
    (target / "rasters" / "a.tif").symlink_to(outside / "a.tif")
    (target / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(target / "pipe")
    assert replace(target) == ["gone", "pipe", "rasters/a.tif", "scenes"]
    assert (target / "scenes").readlink() == outside
    assert (target / "rasters" / "a.tif").readlink() == outside / "a.tif"
    assert list_files(outside) == {"a.tif": b"far away"}


def test_a_folder_of_a_stranger_is_not_replaced(tmp_path):
    target = tmp_path / "bay" / "2024"
    target.mkdir(parents=True)
    (target / "thesis.docx").write_bytes(b"years of work")
    (target / "manifest.json").write_text('{"name": "an app"}')
    with pytest.raises(WorkspaceError, match=r"2024: found a folder without a manifest of ours"):
        check_place(target)
    part = write(make(name_part(target)), NEW)
    with pytest.raises(WorkspaceError, match="manifest of ours"):
        publish(part, target)
    assert (target / "thesis.docx").read_bytes() == b"years of work"


def make(folder):
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", ["2024", ".2024.part", ".2024.old", "latest", ".latest.part"])
def test_links_at_the_places_of_a_delivery_are_refused_by_name_and_not_followed(tmp_path, name):
    outside = make(tmp_path / "outside")
    (outside / "file").write_bytes(b"theirs")
    area = make(tmp_path / "bay")
    (area / name).symlink_to(outside / "file" if "latest" in name else outside)
    with pytest.raises(WorkspaceError, match=rf"bay/{name}: found a symbolic link to {outside}"):
        check_place(area / "2024")
    assert list_files(outside) == {"file": b"theirs"}


@pytest.mark.parametrize("name", ["2024", ".2024.part", ".2024.old"])
def test_a_file_in_the_place_of_a_folder_is_refused_by_name(tmp_path, name):
    area = make(tmp_path / "bay")
    (area / name).write_bytes(b"a file")
    with pytest.raises(WorkspaceError, match=rf"bay/{name}: found a file"):
        check_place(area / "2024")


def test_all_that_is_wrong_with_a_place_is_said_at_once(tmp_path):
    area = make(tmp_path / "bay")
    (area / ".2024.old").write_bytes(b"a file")
    make(area / "latest")
    (area / "2024").symlink_to(tmp_path)
    with pytest.raises(WorkspaceError) as caught:
        check_place(area / "2024")
    assert len(caught.value.problems) == 3


def test_what_a_killed_run_left_is_known_as_ours(target):
    part = make(name_part(target))
    check_place(target)
    (part / "rasters").mkdir()
    with pytest.raises(WorkspaceError, match=r"2024\.part"):
        check_place(target)
    (part / BEGUN).touch()
    check_place(target)


def test_a_delivery_moved_aside_by_a_killed_run_is_put_back_as_the_lock_is_taken(target):
    out, old = target.parents[1], name_old(target)
    target.rename(old)
    restore_all(out)
    assert (target / "bay_2024.gpkg").read_bytes() == b"old map"
    write(make(old), NEW)
    restore_all(out)
    assert (target / "bay_2024.gpkg").read_bytes() == b"old map"


def test_a_folder_of_people_that_is_called_like_an_old_one_stays_where_it_is(tmp_path):
    theirs = make(tmp_path / "bay" / ".backup.old")
    restore_all(tmp_path)
    assert theirs.is_dir()


def test_a_link_at_a_lock_is_refused_before_it_is_followed(tmp_path):
    outside = tmp_path / "precious"
    outside.write_bytes(b"theirs")
    (tmp_path / "lock").symlink_to(outside)
    with pytest.raises(WorkspaceError, match="lock: found a symbolic link"):
        refuse_links([tmp_path / "lock", tmp_path / "holder.json"])
    assert outside.read_bytes() == b"theirs"


@pytest.mark.parametrize("inside", ["", "tables", "tables/of mine", "elsewhere"])
def test_no_table_is_written_into_a_delivery_also_by_way_of_a_link(target, inside):
    (target.parent / "elsewhere").symlink_to(target / "tables")
    folder = target.parent / inside if inside == "elsewhere" else target / inside
    with pytest.raises(SettingsError, match="a delivery; expected a folder outside"):
        refuse_delivery(folder, "The comparison cannot be written")
    refuse_delivery(target.parent / "new", "The comparison cannot be written")
