"""Deliveries put in place whole."""

import hashlib

import pytest

from pipeline.errors import WorkspaceError
from pipeline.storage.publish import publish
from pipeline.storage.tables import save_json


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
