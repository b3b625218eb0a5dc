"""The view of a folder: what its deliveries hold is in its site; what is damaged is named, the rest shown."""

import json
import os
import shutil
import threading
import time
import urllib.request

import pytest
from typer.testing import CliRunner

from pipeline import cli, operating_system
from pipeline.commands.view import build_view, open_view, serve_view, write_view
from pipeline.errors import InputError, SettingsError
from pipeline.outputs.view.building import prune_cache
from tests.chunks import open_chunks
from tests.views import BUILT_M2, COVER, TOWN, publish_view

PAGE = {"index.html", "catalog.js", "view.js", "view.css", "map.js", "maplibre.js", "ecoledger-view.txt"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """One cache for all, so that a delivery is made ready once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache, monkeypatch):
    monkeypatch.setattr(operating_system, "find_cache_folder", lambda: cache)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return publish_view(tmp_path_factory.mktemp("deliveries"))


@pytest.fixture
def site(out, tmp_path):
    write_view(build_view(out), tmp_path / "view")
    return tmp_path / "view"


def read_catalog(folder):
    text = (folder / "catalog.js").read_text("utf-8")
    return json.loads(text.removeprefix("const ecoCatalog = ").removesuffix(";\n"))


def test_the_site_holds_the_page_the_data_and_the_files_of_every_delivery(site, out):
    assert {path.name for path in site.iterdir() if path.is_file()} == PAGE
    for label in ("2024", "2024-复核"):
        for name in ("manifest.json", "tables/indicators.csv", "rasters/fvc_2024.tif"):
            copy, own = site / "files" / "delta" / label / name, out / "delta" / label / name
            assert copy.read_bytes() == own.read_bytes()
    told = read_catalog(site)["deliveries"]
    assert [(one["id"], one["folder"]) for one in told] == [("delta/2024", "d/0"), ("delta/2024-复核", "d/1")]
    assert told[0]["periods"] == ["2023", "2024"]
    assert told[0]["stamp"] == "模拟数据"


def test_planted_facts_are_found_under_the_place_of_their_parcel_by_id(site):
    told = read_catalog(site)["deliveries"][0]
    facts = {key: json.loads(blob) for key, blob in open_chunks(site / "d/0/facts").items()}
    (rows,) = (json.loads(blob) for blob in open_chunks(site / "d/0/rows").values())
    assert [facts[place]["id"] for place in range(len(facts))] == rows["ids"] == sorted(rows["ids"])
    parcel = facts[rows["ids"].index("P010")]
    assert parcel["cover"]["fvc_mean"] == list(COVER["P010"].values())
    assert parcel["cover"]["class_area:built"] == list(BUILT_M2.values())
    assert parcel["place"]["towns"][0]["name"] == TOWN
    assert facts[rows["ids"].index("P003")]["unknown"] == {"fvc_mean": {"2024": "全期无晴空"}}
    assert told["parcels"]["themes"][1]["property"] == "fvc_mean@{period}"
    assert {ground["id"] for ground in told["grounds"]} == {"land_cover", "fvc", "change", "looks"}


def test_no_path_of_this_machine_and_no_markup_of_the_data_stand_in_the_page(site, out, cache):
    for path in (site / name for name in PAGE):
        text = path.read_text("utf-8")
        assert str(out) not in text
        assert str(cache) not in text
    assert "<script>" not in (site / "catalog.js").read_text("utf-8")


def test_the_same_deliveries_make_the_same_bytes_again(out, tmp_path, monkeypatch):
    for name in ("one", "other"):
        monkeypatch.setattr(
            operating_system, "find_cache_folder", lambda name=name: tmp_path / "cache" / name
        )
        write_view(build_view(out), tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert files
    assert all(
        (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
        for name in files
        if (tmp_path / "one" / name).is_file()
    )


def test_a_delivery_is_made_ready_once_and_dropped_when_nobody_asks(out, cache):
    build_view(out)
    folders = {path: path.stat().st_ino for path in (cache / "view").iterdir()}
    build_view(out)
    assert {path: path.stat().st_ino for path in (cache / "view").iterdir()} == folders
    assert not [path for path in folders if path.name.startswith(".")]
    for path in folders:
        os.utime(path, (0, time.time() - 40 * 86400))
    prune_cache(cache / "view")
    assert not list((cache / "view").iterdir())


@pytest.fixture
def damaged(out, tmp_path):
    """The same folder, with deliveries that cannot be shown beside those that can."""
    copy = tmp_path / "out"
    shutil.copytree(out, copy, symlinks=True)
    for label in ("changed", "short", "gone", "odd <b>#1"):
        shutil.copytree(copy / "delta" / "2024", copy / "delta" / label, symlinks=True)
    table = copy / "delta" / "changed" / "tables" / "parcel_measures.csv"
    table.write_bytes(table.read_bytes().replace(b"0.4321", b"0.9321"))
    (copy / "delta" / "short" / "tables" / "indicators.csv").write_bytes(b"")
    next((copy / "delta" / "gone").glob("*.gpkg")).unlink()
    (copy / "delta" / "none").mkdir()
    (copy / "delta" / "none" / "manifest.json").write_text("{", "utf-8")
    (copy / "delta" / "elsewhere").symlink_to(out / "delta" / "2024")
    return copy


def test_what_cannot_be_shown_is_named_and_the_others_are_shown(damaged):
    view = build_view(damaged)
    assert view.shown == ("delta/2024", "delta/2024-复核", "delta/odd <b>#1")
    places = {problem.place.removeprefix(f"{damaged}/delta/").split("/")[0] for problem in view.problems}
    assert places == {"changed", "short", "gone", "none", "elsewhere"}
    catalog = json.loads(
        view.site.files["catalog.js"].decode().removeprefix("const ecoCatalog = ").removesuffix(";\n")
    )
    assert {one["place"].split("/")[1] for one in catalog["problems"]} == places
    assert "files/delta/odd <b>#1/manifest.json" in view.site.files


def test_where_nothing_can_be_shown_all_reasons_are_given(out, tmp_path):
    with pytest.raises(SettingsError, match="No deliver"):
        build_view(tmp_path)
    shutil.copytree(out / "delta" / "2024", tmp_path / "delta" / "2024", symlinks=True)
    next((tmp_path / "delta" / "2024").glob("*.gpkg")).unlink()
    with pytest.raises(InputError, match="no such file"):
        build_view(tmp_path)


def test_words_are_in_the_language_that_is_asked_for(out):
    view = build_view(out, language="en")
    page = view.site.files["index.html"].decode()
    assert '<html lang="en">' in page
    assert "One map of ecological products" in page
    catalog = view.site.files["catalog.js"].decode()
    assert "Delta wetland" in catalog
    assert "simulated data" in catalog


def test_a_view_is_served_until_it_is_told_to_stop(out):
    server = open_view(build_view(out), "127.0.0.1", 0)
    thread = threading.Thread(target=serve_view, args=[server], kwargs={"browse": False})
    thread.start()
    with urllib.request.urlopen(server.url) as answer:
        assert answer.read() == server.site.files["index.html"]
    server.shutdown()
    thread.join(5)
    assert not thread.is_alive()


def test_the_command_writes_a_folder_and_names_what_it_leaves_out(damaged, tmp_path):
    told = CliRunner().invoke(cli.app, ["view", str(damaged), "--to", str(tmp_path / "页面")])
    assert told.exit_code == 0, told.output
    assert (tmp_path / "页面" / "index.html").is_file()
    assert "3 deliveries" in told.output
    assert "not shown" in told.output
    again = CliRunner().invoke(cli.app, ["view", str(damaged), "--to", str(damaged), "--quiet"])
    assert isinstance(again.exception, SettingsError)
    assert (damaged / "delta" / "2024" / "manifest.json").is_file()
