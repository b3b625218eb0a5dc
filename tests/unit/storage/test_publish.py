"""Deliveries put in place whole."""

import hashlib

import pytest

from pipeline.errors import WorkspaceError
from pipeline.storage.ownership import explain_latest, find_last, read_latest
from pipeline.storage.publish import name_last, publish
from pipeline.storage.tables import load_json, save_json


def delivery(folder, text):
    folder.mkdir(parents=True)
    (folder / "inventory.gpkg").write_text(text)
    told = {"inventory.gpkg": {"bytes": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}}
    save_json(folder / "manifest.json", {"aoi": "bay", "label": folder.name, "config": {}, "files": told})
    return folder


def test_publishing_puts_the_new_delivery_in_place_and_names_it(tmp_path):
    target = tmp_path / "bay" / "2024"
    for text in ("old", "new"):
        publish(delivery(tmp_path / "bay" / ".2024.part", text), target)
        assert (target / "inventory.gpkg").read_text() == text
        assert (tmp_path / "bay" / "latest").read_text() == "2024\n"
        assert sorted(entry.name for entry in (tmp_path / "bay").iterdir()) == ["2024", "latest"]
    publish(delivery(tmp_path / "bay" / ".2025.part", "next"), tmp_path / "bay" / "2025")
    assert (tmp_path / "bay" / "latest").read_text() == "2025\n"
    assert (target / "inventory.gpkg").read_text() == "new"


@pytest.mark.parametrize("guard", ["-wal", "-shm", "-journal"])
def test_a_delivery_that_someone_has_open_is_not_replaced(tmp_path, guard):
    target = delivery(tmp_path / "bay" / "2024", "old")
    (target / f"inventory.gpkg{guard}").touch()
    with pytest.raises(WorkspaceError, match="close the program"):
        publish(delivery(tmp_path / "bay" / ".2024.part", "new"), target)
    assert (target / "inventory.gpkg").read_text() == "old"


def test_the_old_delivery_is_back_when_the_new_one_cannot_be_put_in_place(tmp_path, monkeypatch):
    target = delivery(tmp_path / "bay" / "2024", "old")
    folder = delivery(tmp_path / "bay" / ".2024.part", "new")
    rename = type(folder).rename

    def refuse(path, to):
        if path == folder:
            raise OSError(18, "Invalid cross-device link")
        return rename(path, to)

    monkeypatch.setattr(type(folder), "rename", refuse)
    with pytest.raises(OSError, match="cross-device"):
        publish(folder, target)
    assert (target / "inventory.gpkg").read_text() == "old"


def test_what_a_killed_publish_left_is_cleared_by_the_next(tmp_path):
    target = tmp_path / "bay" / "2024"
    delivery(tmp_path / "bay" / ".2024.old", "older")
    publish(delivery(tmp_path / "bay" / ".2024.part", "new"), target)
    assert sorted(entry.name for entry in (tmp_path / "bay").iterdir()) == ["2024", "latest"]


BROKEN = ["", "[1, 2]", '{"aoi": "bay"}', None]


@pytest.mark.parametrize("content", BROKEN)
def test_a_delivery_of_the_ledger_with_a_broken_manifest_is_replaced_and_what_may_be_theirs_kept(
    tmp_path, content
):
    target = delivery(tmp_path / "bay" / "2024", "same")
    (target / "note.txt").write_text("theirs")
    (target / "manifest.json").unlink() if content is None else (target / "manifest.json").write_text(content)
    part = delivery(tmp_path / "bay" / ".2024.part", "same")
    with pytest.raises(WorkspaceError, match="a folder without a manifest of ours"):
        publish(part, target)
    assert publish(part, target, known=True) == ["note.txt"]
    assert (target / "note.txt").read_text() == "theirs"
    assert load_json(target / "manifest.json")["aoi"] == "bay"


def test_an_old_file_of_ours_that_a_broken_manifest_no_longer_tells_of_is_kept_aside(tmp_path):
    target = delivery(tmp_path / "bay" / "2024", "old")
    (target / "manifest.json").write_text("")
    (kept,) = publish(delivery(tmp_path / "bay" / ".2024.part", "new"), target, known=True)
    assert (target / kept).read_text() == "old"
    assert kept.startswith("kept/")
    assert (target / "inventory.gpkg").read_text() == "new"


@pytest.mark.parametrize(
    "content", ["", "2031", "../other/2024", "/etc", "..", ".2024.part", "2024\0", "x" * 10_000]
)
def test_a_latest_that_names_no_delivery_of_the_area_is_explained_and_followed_nowhere(tmp_path, content):
    target = delivery(tmp_path / "bay" / "2024", "one")
    delivery(tmp_path / "other" / "2024", "two")
    (target.parent / "latest").write_text(content)
    assert "no delivery" in explain_latest(target.parent)
    assert read_latest(target.parent) is None
    assert find_last(target.parent) == target
    name_last(target)
    assert explain_latest(target.parent) == ""
    assert read_latest(target.parent) == target


def test_the_last_delivery_is_that_of_latest_or_the_one_published_last(tmp_path):
    for label, time in (("2024", "2026-01-02"), ("2025", "2026-01-01")):
        folder = delivery(tmp_path / "bay" / label, label)
        told = load_json(folder / "manifest.json")
        save_json(folder / "manifest.json", {**told, "times": {"published": time}})
    assert explain_latest(tmp_path / "bay") == "no such file"
    assert find_last(tmp_path / "bay").name == "2024"
    name_last(tmp_path / "bay" / "2025")
    assert find_last(tmp_path / "bay").name == "2025"
    assert find_last(tmp_path / "nothing") is None


def test_a_file_that_does_not_reach_the_disk_ends_the_publishing_and_the_old_delivery_stays(
    tmp_path, monkeypatch
):
    target = tmp_path / "bay" / "2024"
    publish(delivery(tmp_path / "bay" / ".2024.part", "old"), target)

    def sync(path):
        if path.name == "manifest.json":
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("pipeline.operating_system.sync_to_disk", sync)
    with pytest.raises(OSError, match="Input/output error"):
        publish(delivery(tmp_path / "bay" / ".2024.part", "new"), target)
    assert (target / "inventory.gpkg").read_text() == "old"
