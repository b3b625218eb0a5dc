"""A site as a folder: written whole, and never over what is not a view."""

import os

import pytest

from pipeline.errors import InputError, SettingsError
from pipeline.outputs.published import find_deliveries
from pipeline.outputs.view import downloads
from pipeline.outputs.view.downloads import CheckedFiles, list_downloads
from pipeline.outputs.view.site import MARK, ViewSite, map_folder, name_type, write_site
from tests.bulletins import COVER, indicator, publish


def list_all(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_site_is_written_as_it_is_and_replaced_by_the_next(tmp_path):
    source = tmp_path / "table.csv"
    source.write_bytes(b"a,b")
    target = tmp_path / "到 共享盘" / "view"
    target.parent.mkdir()
    write_site(ViewSite({"index.html": b"one", MARK: b"", "files/河口/表.csv": source}), target)
    assert list_all(target) == {"index.html": b"one", MARK: b"", "files/河口/表.csv": b"a,b"}
    write_site(ViewSite({"index.html": b"two", MARK: b""}), target)
    assert list_all(target) == {"index.html": b"two", MARK: b""}
    assert [path.name for path in target.parent.iterdir()] == ["view"]


def test_a_folder_with_anything_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_bytes(b"years of work")
    with pytest.raises(SettingsError, match="something else stands there"):
        write_site(ViewSite({"index.html": b""}), tmp_path)
    file = tmp_path / "thesis.docx"
    with pytest.raises(SettingsError, match="something else stands there"):
        write_site(ViewSite({"index.html": b""}), file)
    assert list_all(tmp_path) == {"thesis.docx": b"years of work"}


def test_what_cannot_be_written_whole_leaves_what_stood_there(tmp_path):
    target = tmp_path / "view"
    write_site(ViewSite({"index.html": b"one", MARK: b""}), target)
    with pytest.raises(SettingsError, match=r"gone\.csv"):
        write_site(ViewSite({MARK: b"", "gone.csv": tmp_path / "gone.csv"}), target)
    assert list_all(target) == {"index.html": b"one", MARK: b""}
    assert [path.name for path in tmp_path.iterdir()] == ["view"]


def test_links_within_a_folder_are_no_files_of_it(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.js").write_bytes(b"")
    (tmp_path / "own" / "b.js").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_bytes(b"")
    assert [name for name, _ in map_folder(tmp_path / "own", "d/0")] == ["d/0/a.js"]


def test_files_have_the_types_that_browsers_ask_for():
    assert name_type("view.js") == "text/javascript; charset=utf-8"
    assert name_type("files/a/b.GPKG") == "application/geopackage+sqlite3"
    assert name_type("files/a/b.unheard-of") == "application/octet-stream"


@pytest.fixture
def published(tmp_path):
    publish(tmp_path, "east", "run", [indicator(COVER, "2024Q3", 0.8, aoi="east")])
    return find_deliveries(tmp_path)[0]


def test_downloads_are_the_files_of_the_manifest_and_the_manifest(published):
    found = {
        one.name: one
        for one in list_downloads(published, CheckedFiles(published.folder.parent / "checked.json"))
    }
    assert set(found) == {*published.manifest["files"], "manifest.json"}
    assert all(one.path.stat().st_size == one.size for one in found.values())
    assert next(iter(found)) == "inventory.gpkg"


def test_files_that_are_gone_changed_or_elsewhere_are_all_named(published, tmp_path):
    published.manifest["files"]["../../outside.csv"] = {"bytes": 1, "sha256": ""}
    (tmp_path / "outside.csv").write_bytes(b"1")
    published.manifest["files"]["link.csv"] = {"bytes": 1, "sha256": ""}
    (published.folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    published.manifest["files"]["gone.csv"] = {"bytes": 1, "sha256": ""}
    table = published.folder / "tables" / "indicators.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    with pytest.raises(InputError) as refused:
        list_downloads(published, CheckedFiles(published.folder.parent / "checked.json"))
    told = {problem.place.split("/")[-1]: problem.found for problem in refused.value.problems}
    assert set(told) == {"outside.csv", "link.csv", "gone.csv", "indicators.csv"}
    assert "outside of the folder" in told["outside.csv"]
    assert "outside of the folder" in told["link.csv"]
    assert "no such file" in told["gone.csv"]


def test_a_file_is_read_again_only_when_it_was_written_to(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_bytes(b"water")
    read = []
    monkeypatch.setattr(downloads, "sha256_of_file", lambda one: read.append(one) or one.read_text())
    for content in (b"water", b"water", b"earth"):
        if path.read_bytes() != content:
            path.write_bytes(content)
            os.utime(path, (1, 1))
        checked = CheckedFiles(tmp_path / "kept" / "checked.json")
        assert checked.find_sha256(path) == content.decode()
        checked.save()
    assert len(read) == 2
