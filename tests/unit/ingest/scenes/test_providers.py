"""Where scenes come from: catalogues on this machine, providers by name, what they are known by."""

import json
import os
from pathlib import Path

import pystac
import pytest

from pipeline.errors import InputError, SettingsError
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.providers import fingerprint, read_catalog, read_items, resolve
from pipeline.settings.sources import StacApi, StaticCatalog
from tests.scenery import SHARED, needs_real_scenes
from tests.stac import raw_item


def item(name: str, day: str = "2024-05-01") -> dict:
    assets = {"red": {"href": "./red.tif"}, "far": {"href": "https://host/far.tif"}}
    return {**raw_item(name, when=f"{day}T02:30:00Z"), "assets": assets}


def catalogue(folder: Path) -> StaticCatalog:
    """A catalogue of two items, one of them in a child."""
    child = {"rel": "child", "href": "./deep/catalog.json"}
    for place, links, name in ((folder, [child], "a"), (folder / "deep", [], "b")):
        (place / name).mkdir(parents=True)
        content = {
            "type": "Catalog",
            "id": place.name,
            "stac_version": "1.0.0",
            "description": "planted",
            "links": [*links, {"rel": "item", "href": f"./{name}/item.json"}],
        }
        (place / "catalog.json").write_text(json.dumps(content))
        (place / name / "item.json").write_text(json.dumps(item(name)))
    return StaticCatalog(static=str(folder / "catalog.json"))


def test_every_item_of_a_static_catalogue_comes_with_absolute_files(tmp_path):
    found = {raw["id"]: raw for raw in read_items(catalogue(tmp_path))}
    assert set(found) == {"a", "b"}
    assert found["b"]["assets"]["red"]["href"] == str(tmp_path / "deep" / "b" / "red.tif")
    assert found["b"]["assets"]["far"]["href"] == "https://host/far.tif"


@pytest.mark.parametrize("damage", ["gone", "no json", "no catalogue", "item empty"])
def test_a_catalogue_that_cannot_be_read_is_an_input_error_with_its_name(tmp_path, damage):
    catalog = catalogue(tmp_path)
    root, leaf = tmp_path / "catalog.json", tmp_path / "deep" / "b" / "item.json"
    match damage:
        case "gone":
            root.unlink()
        case "no json":
            root.write_text("{")
        case "no catalogue":
            root.write_text("[]")
        case "item empty":
            leaf.write_text("{}")
    with pytest.raises(InputError, match=str(tmp_path)):
        list(read_catalog(catalog))


@pytest.mark.parametrize(
    ("damage", "why"),
    [("", "FileNotFoundError"), ("{", "Expecting property name"), ("[]", "not a STAC item")],
)
def test_an_item_that_cannot_be_read_is_refused_by_name_and_ends_no_catalogue(tmp_path, damage, why):
    catalog = catalogue(tmp_path)
    leaf = tmp_path / "deep" / "b" / "item.json"
    leaf.unlink()
    if damage:
        leaf.write_text(damage)
    found = {raw["id"]: raw for raw in read_items(catalog)}
    assert set(found) == {"a", str(leaf)}
    assert why in candidate_of(found[str(leaf)]) or "No such file" in candidate_of(found[str(leaf)])
    (tmp_path / "a" / "item.json").unlink()
    if damage != "[]":
        with pytest.raises(InputError, match=str(tmp_path)):
            list(read_items(catalog))


def test_a_catalogue_may_be_an_item_collection(tmp_path):
    path = tmp_path / "found.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [item("a"), item("b")]}))
    found = {raw["id"]: raw for raw in read_items(StaticCatalog(static=str(path)))}
    assert set(found) == {"a", "b"}
    assert found["a"]["assets"]["red"]["href"] == str(tmp_path / "red.tif")


def test_addresses_of_a_catalogue_that_are_spelt_in_codes_lead_to_their_files(tmp_path):
    catalog = catalogue(tmp_path / "my scenes")
    root = tmp_path / "my scenes" / "catalog.json"
    (tmp_path / "my scenes" / "a").rename(tmp_path / "my scenes" / "a b")
    root.write_text(root.read_text().replace("./a/item.json", "./a%20b/item.json"))
    place = tmp_path / "my scenes" / "a b" / "item.json"
    place.write_text(place.read_text().replace("./red.tif", "red%20band.tif"))
    (place.parent / "red band.tif").write_bytes(b"")
    found = {raw["id"]: raw for raw in read_items(catalog)}
    assert found["a"]["assets"]["red"]["href"] == str(place.parent / "red band.tif")


@pytest.mark.parametrize("odd", [None, [], "none", {"red": None, "far": {"href": None}, "no": {}}])
def test_an_item_whose_assets_are_none_stops_no_catalogue_and_no_fingerprint(tmp_path, odd):
    catalog = catalogue(tmp_path)
    (tmp_path / "a" / "item.json").write_text(json.dumps(item("a") | {"assets": odd}))
    found = {raw["id"]: raw["assets"] for raw in read_items(catalog)}
    assert found["a"] == {}
    assert found["b"]
    assert fingerprint(catalog)


def test_the_fingerprint_follows_every_item_of_a_catalogue(tmp_path):
    catalog = catalogue(tmp_path)
    before = fingerprint(catalog)
    assert fingerprint(catalog) == before
    (tmp_path / "deep" / "b" / "item.json").write_text(json.dumps(item("b", "2024-06-01")))
    assert fingerprint(catalog) != before


def test_a_file_replaced_under_an_unchanged_item_is_seen(tmp_path):
    catalog = catalogue(tmp_path)
    tif = tmp_path / "deep" / "b" / "red.tif"
    tif.write_bytes(b"before")
    before = fingerprint(catalog)
    assert fingerprint(catalog) == before
    os.utime(tif, ns=(tif.stat().st_atime_ns, tif.stat().st_mtime_ns + 1))
    touched = fingerprint(catalog)
    assert touched != before
    state = tif.stat()
    tif.write_bytes(b"longer than before")
    os.utime(tif, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert fingerprint(catalog) not in {before, touched}


def test_a_remote_catalogue_is_known_by_its_address():
    assert fingerprint(StaticCatalog(static="https://a/c.json")) != fingerprint(
        StaticCatalog(static="https://b/c.json")
    )


def test_a_provider_is_known_by_name_or_given():
    assert isinstance(resolve("earth-search"), StacApi)
    given = StaticCatalog(static="x")
    assert resolve(given) is given
    with pytest.raises(SettingsError, match="earth-search"):
        resolve("moon-search")


def test_a_provider_that_has_no_scenes_of_a_mission_says_what_it_has():
    assert resolve("cdse", ["sentinel-2"])
    with pytest.raises(SettingsError, match="landsat-8") as caught:
        resolve("cdse", ["sentinel-2", "landsat-8", "landsat-9"])
    assert "['sentinel-2']" in caught.value.problems[0].expected
    assert resolve(StaticCatalog(static="x"), ["landsat-4"])


@needs_real_scenes
def test_the_real_catalogue_is_read_whole():
    path = SHARED / "data" / "real_scenes" / "catalog.json"
    found = list(read_catalog(StaticCatalog(static=str(path))))
    assert len(found) == 13
    assert all(Path(asset["href"]).is_file() for raw in found for asset in raw["assets"].values())
    assert all(pystac.Item.from_dict(raw).id == raw["id"] for raw in found)
