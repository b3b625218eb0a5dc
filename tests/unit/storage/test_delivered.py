"""The files of a delivery are found by its manifest, whatever lies beside them."""

import pytest

from pipeline.errors import InputError
from pipeline.storage.delivered import find_delivered
from pipeline.storage.tables import save_json


@pytest.fixture
def folder(tmp_path):
    for name in ("island_2024.gpkg", "island_2024.xlsx", "notes.gpkg"):
        (tmp_path / name).touch()
    (tmp_path / "inventory.gpkg").symlink_to("island_2024.gpkg")
    return tmp_path


def test_the_manifest_tells_its_own_from_what_people_put_beside_it(folder):
    save_json(folder / "manifest.json", {"files": {"island_2024.gpkg": {}, "tables/x.gpkg": {}}})
    assert find_delivered(folder, ".gpkg") == folder / "island_2024.gpkg"


def test_without_a_manifest_one_of_several_is_not_guessed(folder):
    with pytest.raises(InputError, match=r"island_2024.gpkg, notes.gpkg"):
        find_delivered(folder, ".gpkg")
    (folder / "notes.gpkg").unlink()
    assert find_delivered(folder, ".gpkg") == folder / "island_2024.gpkg"


def test_a_delivery_of_the_last_release_is_found_by_its_names(folder):
    (folder / "inventory.gpkg").unlink()
    (folder / "inventory.gpkg").touch()
    save_json(folder / "manifest.json", {"files": {"inventory.gpkg": {}}})
    assert find_delivered(folder, ".gpkg") == folder / "inventory.gpkg"


def test_a_file_that_the_manifest_names_and_nobody_has_is_said(folder):
    save_json(folder / "manifest.json", {"files": {"island_2023.gpkg": {}}})
    with pytest.raises(InputError, match=r"island_2023.gpkg"):
        find_delivered(folder, ".gpkg")


@pytest.mark.parametrize("manifest", [True, False])
def test_what_is_called_after_a_file_stands_beside_it_and_is_found_by_its_own_name(folder, manifest):
    names = ["island_2024.parquet", "island_2024_parcels.parquet"]
    for name in names:
        (folder / name).touch()
    if manifest:
        save_json(folder / "manifest.json", {"files": {name: {} for name in names}})
    assert find_delivered(folder, ".parquet") == folder / "island_2024.parquet"
    assert find_delivered(folder, "_parcels.parquet") == folder / "island_2024_parcels.parquet"


@pytest.mark.parametrize("content", ["[" * 100_000, "{", "\x00", '{"files": '])
def test_a_manifest_that_cannot_be_read_is_said_to_be_none(folder, content):
    (folder / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json"):
        find_delivered(folder, ".gpkg")
