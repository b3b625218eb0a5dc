"""What is null or odd in an item says nothing, and rejects nothing else."""

import copy
import math
import os
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.layers.mosaics import _find_moment
from pipeline.ingest.scenes.figures import DEFAULTS
from pipeline.ingest.scenes.items import Candidate, candidate_of
from pipeline.ingest.scenes.raw_items import ZONELESS, read_item
from tests.stac import HERE, raw_item

ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"]


@pytest.fixture(params=ZONES)
def zone(request, monkeypatch):
    """The machine in another time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "when", ["2024-05-01T02:30:15", "2024-05-01T02:30:15Z", "2024-05-01T10:30:15+08:00", "20240501T023015"]
)
def test_a_time_is_the_same_moment_in_every_zone_of_the_machine(zone, when):
    assert os.environ["TZ"] == zone
    candidate = candidate_of(raw_item(when=when))
    assert candidate.scene.datetime == datetime(2024, 5, 1, 2, 30, 15, tzinfo=UTC)
    zoned = when.endswith(("Z", "+08:00"))
    assert candidate.assumptions == (() if zoned else (ZONELESS,))


@pytest.mark.usefixtures("zone")
def test_start_end_and_update_are_utc_in_every_zone_of_the_machine():
    span = {"start_datetime": "2024-05-01T00:30:00", "end_datetime": "2024-05-01T00:30:20"}
    candidate = candidate_of(raw_item(datetime=None, updated="2024-05-02T00:00:00", **span))
    assert candidate.scene.datetime == datetime(2024, 5, 1, 0, 30, 10, tzinfo=UTC)
    assert candidate.scene.updated == "2024-05-02T00:00:00Z"
    assert candidate.assumptions == (ZONELESS,)


@pytest.mark.parametrize("when", ["2024/05/01", "2024", "2024-05", "yesterday", 20240501, ["2024-05-01"]])
def test_what_is_no_time_with_a_day_is_named(when):
    assert candidate_of(raw_item(datetime=when)) == f"no time that can be read ({when!r})"


ODD = [None, "", "odd", 0, -1, [], {}, [None], True, "null", 1e400]
OPTIONAL = [
    ("properties", "updated"),
    ("properties", "eo:cloud_cover"),
    ("properties", "proj:code"),
    ("properties", "grid:code"),
    ("properties", "s2:datastrip_id"),
    ("assets", "red", "raster:bands"),
    ("assets", "red", "bands"),
    ("assets", "red", "eo:bands"),
    ("assets", "red", "alternate"),
    ("assets", "red", "title"),
    ("assets", "red", "roles"),
    ("assets", "coastal"),
    ("assets", "coastal", "href"),
    ("bbox",),
    ("links",),
    ("stac_extensions",),
    ("stac_version",),
    ("collection",),
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("place", OPTIONAL, ids="/".join)
def test_a_field_that_is_not_needed_may_be_null_or_odd(place, odd):
    raw, right = raw_item(), candidate_of(raw_item()).scene
    holder = raw
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = odd
    scene = candidate_of(raw).scene
    assert scene.datetime == right.datetime
    assert scene.assets["red"] == right.assets["red"]
    assert scene.mask == right.mask


@pytest.mark.parametrize("odd", [None, {"type": "Polygon", "coordinates": None}, "here", {"type": "Point"}])
def test_an_outline_that_is_none_is_that_of_the_bbox(odd):
    raw = raw_item() | {"geometry": odd}
    assert candidate_of(raw).outline.equals(HERE)
    raw["bbox"] = [*raw["bbox"][:2], 0.0, *raw["bbox"][2:], 9.0]
    assert candidate_of(raw).outline.equals(HERE)
    raw["bbox"] = None
    assert candidate_of(raw) == "no outline"


def test_a_bbox_across_180_degrees_is_two_pieces():
    outline = read_item({**raw_item(), "geometry": None, "bbox": [179.0, -17.0, -179.0, -16.0]}).outline
    assert outline.area == pytest.approx(2.0)
    assert outline.intersects(shapely.Point(-179.5, -16.5))
    assert not outline.intersects(shapely.Point(0, -16.5))


@pytest.mark.parametrize(
    ("said", "percent"),
    [("12.5", 12.5), ("12.5%", 12.5), (7, 7.0), (-1, math.nan), (255, math.nan), ("n/a", math.nan)],
)
def test_cloud_as_text_is_read_and_what_is_no_percentage_is_unknown(said, percent):
    found = candidate_of(raw_item(**{"eo:cloud_cover": said})).scene.cloud_percent
    assert found == percent or (math.isnan(found) and math.isnan(percent))


@pytest.mark.parametrize("code", [32651, "32651", 32651.0])
def test_an_epsg_code_is_read_as_number_and_as_text(code):
    assert candidate_of(raw_item(**{"proj:code": None, "proj:epsg": code})).scene.crs == "EPSG:32651"


@pytest.mark.parametrize(
    ("scale", "offset"),
    [(1, -1000), (0.01, 0), (1e-7, 0), ("odd", 0), (0, 0), (-1e-4, 0), (1e-4, "odd"), (1e-4, math.inf)],
)
def test_figures_that_read_no_number_are_refused_by_band(scale, offset):
    raw = raw_item()
    raw["assets"]["red"]["raster:bands"] = [{"scale": scale, "offset": offset}]
    assert candidate_of(raw).startswith("red: scale ")


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), ("1", None), (1, 0)])
def test_the_default_figures_of_any_file_are_no_statement_and_that_is_said(scale, offset):
    raw = raw_item()
    raw["assets"]["red"]["raster:bands"] = [{"scale": scale, "offset": offset}]
    candidate = candidate_of(raw)
    assert candidate.scene.assets["red"] == candidate_of(raw_item()).scene.assets["red"]
    assert candidate.statements == (("baseline", -1000),)
    assert candidate.assumptions == (DEFAULTS,)


def test_figures_as_text_are_figures():
    raw = raw_item()
    raw["assets"]["red"]["raster:bands"] = [{"scale": "0.0001", "offset": "-0.1"}]
    candidate = candidate_of(raw)
    assert (candidate.scene.assets["red"].scale, candidate.scene.assets["red"].offset) == (1e-4, -0.1)
    assert candidate.statements == (("raster:bands", -1000), ("baseline", -1000))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_field_the_item_is_the_planted_scene_or_says_in_words_why_not(data):
    raw = copy.deepcopy(raw_item())
    holder = data.draw(st.sampled_from([raw, raw["properties"], raw["assets"], raw["assets"]["red"]]))
    key = data.draw(st.sampled_from(sorted(holder)))
    holder[key] = data.draw(JSON)
    found, right = candidate_of(raw), candidate_of(raw_item())
    if isinstance(found, Candidate) and key not in {"href", "id", "collection", "platform", "raster:bands"}:
        free = {"updated": "", "cloud_percent": 0.0, "tile": "", "baseline": "", "crs": "", "item_sha256": ""}
        kept = {name: found.scene.assets.get(name) for name in ("green", "nir")}
        assert replace(found.scene, assets={}, **free) == replace(right.scene, assets={}, **free) or key in {
            "datetime",
            "scl",
        }
        assert all(asset in {None, right.scene.assets[name]} for name, asset in kept.items())
    elif not isinstance(found, Candidate):
        assert found


@pytest.mark.parametrize("key", ["datetime", "start_datetime"])
def test_items_of_layers_are_of_the_same_moment_in_every_zone(zone, key):
    raw = raw_item(**{"datetime": None, key: "2024-05-01T02:30:00"})
    assert _find_moment(read_item(raw)) == datetime(2024, 5, 1, 2, 30, tzinfo=UTC), zone


def addressed(*links):
    return candidate_of({**raw_item(), "links": list(links)}).scene.item_href


@pytest.mark.parametrize("user", ["", "user:S3CRET@", "user:S3@CRET@"])
@pytest.mark.parametrize("query", ["", "?sig=S3CRET", "#S3CRET", "?a=1&key=S3CRET#x"])
def test_the_address_of_an_item_is_kept_without_what_may_be_secret(user, query):
    link = {"rel": "self", "href": f"https://{user}stac.example.org:8443/collections/c/items/A_1{query}"}
    assert addressed(link) == "https://stac.example.org:8443/collections/c/items/A_1"


@pytest.mark.parametrize(
    "link",
    [
        None,
        "https://host/a",
        {"rel": "self"},
        {"rel": "self", "href": 7},
        {"rel": "self", "href": "/home/office/catalog/item.json"},
        {"rel": "self", "href": "C:\\catalog\\item.json"},
        {"rel": "self", "href": "file:///catalog/item.json"},
        {"rel": "self", "href": "s3://bucket/item.json"},
        {"rel": "root", "href": "https://host/root"},
    ],
)
def test_what_is_no_address_on_the_network_is_none(link):
    assert addressed(link) == ""
