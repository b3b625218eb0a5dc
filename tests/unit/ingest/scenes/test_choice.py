"""Which scenes are taken: each acquisition once, the better processing of it, and why others are not."""

import copy
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import hypothesis
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import NoScenes
from pipeline.ingest.scenes.choice import Passes, choose, from_table, select_assets, to_table
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.sensors import OLI_BANDPASS
from pipeline.settings import Scenes
from tests.scenery import needs_responses
from tests.stac import HERE, raw_item, recorded

YEAR = Scenes(start=date(2024, 1, 1), end=date(2024, 12, 31))


def chosen(items, settings=YEAR, geometry=HERE, preference=()) -> list[str]:
    return [one.scene.id for one in choose(items, geometry, settings, preference).candidates]


@needs_responses
def test_pages_that_repeat_an_item_give_it_once():
    items = recorded("earthsearch_v1_sentinel-2-c1-l2a_10items.json")
    outline = shapely.geometry.shape(items[0]["geometry"]).centroid.buffer(2)
    settings = Scenes(start=date(2024, 1, 1), end=date(2024, 12, 31), max_cloud_percent=100)
    once = chosen(items, settings, outline)
    assert len(once) == len(items)
    assert chosen([*items, *items[:4], *copy.deepcopy(items)], settings, outline) == once


@pytest.mark.parametrize("gone", ["id", "properties", "geometry", "assets", "links", "type", "stac_version"])
def test_an_item_that_lacks_what_every_item_has_stops_no_search(gone):
    raw = raw_item("broken")
    del raw[gone]
    assert chosen([raw_item("whole", when="2024-06-01T00:00:00Z"), raw])[-1] == "whole"


def strip(sensed: str) -> dict[str, str]:
    return {"s2:datastrip_id": f"S2A_OPER_MSI_L2A_DS_2APS_20240501T070000_S{sensed}_N05.10"}


def test_of_one_datastrip_the_highest_baseline_stays():
    items = [
        raw_item("old", **{"s2:processing_baseline": "04.00", "updated": "2025-01-01T00:00:00Z"}),
        raw_item("new", **{"s2:processing_baseline": "05.10", "updated": "2024-06-01T00:00:00Z"}),
        raw_item("mid", **{"s2:processing_baseline": "05.09", "updated": "2025-01-01T00:00:00Z"}),
    ]
    assert chosen(items) == chosen(items[::-1]) == ["new"]


def test_of_one_baseline_the_newest_stays():
    items = [raw_item(f"u{day}", updated=f"2024-06-0{day}T00:00:00Z") for day in (2, 3, 1)]
    assert chosen(items) == ["u3"]


PRODUCT = "S2A_MSIL2A_20240501T023009_{}_R046_T51RUQ_{}"


def test_the_name_of_the_product_tells_reprocessings_whatever_their_times():
    """Catalogues give the time of the datatake or that of the granule, minutes apart."""
    items = [
        raw_item(PRODUCT.format("N0400", "20240501T070000"), when="2024-05-01T02:30:09Z"),
        raw_item(
            "S2A_T51RUQ_20240501T023010_L2A",
            when="2024-05-01T02:39:41Z",
            **{"s2:product_uri": PRODUCT.format("N0510", "20241001T070000.SAFE")},
        ),
    ]
    for item, baseline in zip(items, ("04.00", "05.10"), strict=True):
        item["properties"]["s2:processing_baseline"] = baseline
    assert chosen(items) == chosen(items[::-1]) == ["S2A_T51RUQ_20240501T023010_L2A"]


def test_the_second_collection_fills_the_holes_of_the_first_and_nothing_else():
    days = {"2024-05-01": ("c1", "l2a"), "2024-05-06": ("l2a",), "2024-05-11": ("c1",)}
    items = []
    for day, collections in days.items():
        for collection in collections:
            item = raw_item(f"{collection}-{day}", when=f"{day}T02:30:15Z")
            item["collection"] = {"c1": "sentinel-2-c1-l2a", "l2a": "sentinel-2-l2a"}[collection]
            item["properties"]["s2:processing_baseline"] = "05.11" if collection == "l2a" else "05.00"
            items.append(item)
    found = chosen(items, preference=["sentinel-2-c1-l2a", "sentinel-2-l2a"])
    assert found == ["c1-2024-05-01", "l2a-2024-05-06", "c1-2024-05-11"]
    assert chosen(items)[0] == "l2a-2024-05-01"


def landsat(name: str, **properties) -> dict:
    raw = raw_item(name, platform="landsat-8", **{"grid:code": None, "s2:datastrip_id": None}, **properties)
    raw["assets"]["qa_pixel"] = raw["assets"].pop("scl")
    return raw


def test_of_one_landsat_scene_the_better_tier_then_the_later_processing_stays():
    real_time = "LC08_L2SP_118038_20240501_20240502_02_RT"
    first = "LC08_L2SP_118038_20240501_20240509_02_T1"
    again = "LC08_L2SP_118038_20240501_20241009_02_T1_SR"
    below = "LC08_L2SP_118039_20240501_20240509_02_T1"
    assert chosen([landsat(name) for name in (again, first, real_time, below)]) == [again, below]
    assert chosen([landsat(name) for name in (real_time, first)]) == [first]


def test_no_id_is_taken_twice_even_for_two_acquisitions():
    assert len(chosen([raw_item("a"), raw_item("a", **strip("20240501T023524"))])) == 1


def test_two_datastrips_of_one_pass_both_stay():
    items = [raw_item("a", **strip("20240501T023010")), raw_item("b", **strip("20240501T023524"))]
    assert sorted(chosen(items)) == ["a", "b"]


@pytest.mark.parametrize(
    "other",
    [
        {"grid:code": "MGRS-51RUR"},
        {"platform": "sentinel-2b"},
        {"datetime": "2024-05-01T12:30:15Z"},
    ],
)
def test_another_tile_platform_or_time_is_another_scene(other):
    assert len(chosen([raw_item("a"), raw_item("b", **other)])) == 2


def test_without_a_tile_the_outline_tells_scenes_apart():
    here, there = raw_item("a", **{"grid:code": None}), raw_item("b", **{"grid:code": None})
    there["geometry"] = shapely.geometry.mapping(shapely.box(121.8, 31.4, 122.0, 31.6))
    assert len(chosen([here, there])) == 2
    there["geometry"] = here["geometry"]
    assert chosen([here, there]) == ["b"]


def test_scenes_come_by_time_then_id():
    items = [
        raw_item("c", when="2024-05-03T02:00:00Z"),
        raw_item("b", when="2024-05-01T02:00:00Z", **{"grid:code": "x"}),
        raw_item("a", when="2024-05-01T02:00:00Z"),
    ]
    assert chosen(items) == ["a", "b", "c"]


def test_both_ends_of_the_span_are_inside():
    items = [
        raw_item("first", when="2024-01-01T00:00:00Z"),
        raw_item("last", when="2024-12-31T23:59:59Z"),
        raw_item("after", when="2025-01-01T00:00:00Z"),
        raw_item("before", when="2023-12-31T23:59:59Z"),
    ]
    assert chosen(items) == ["first", "last"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (raw_item(when="2023-05-01T00:00:00Z"), "taken on 2023-05-01"),
        (raw_item(**{"eo:cloud_cover": 80.5}), "80.5 % cloud"),
        (
            {**raw_item(), "geometry": shapely.geometry.mapping(shapely.box(0, 0, 1, 1))},
            "over 0.000 to 1.000 E and 0.000 to 1.000 N",
        ),
        (raw_item(platform="modis") | {"collection": "mod09"}, "no known sensor"),
    ],
)
def test_what_is_not_wanted_is_a_near_miss_with_its_reason(raw, reason):
    with pytest.raises(NoScenes) as caught:
        chosen([raw])
    (problem,) = caught.value.problems
    assert problem.place == raw["id"]
    assert reason in problem.found


def test_where_nothing_is_found_the_nearest_in_time_and_place_come_first_with_the_box_of_the_area():
    def moved(name, degrees):
        outline = shapely.affinity.translate(HERE, degrees)
        return {**raw_item(name), "geometry": shapely.geometry.mapping(outline)}

    far = [raw_item(f"year{year}", when=f"{year}-05-01T00:00:00Z") for year in range(2001, 2020)]
    items = [*far, raw_item("june", when="2025-06-01T00:00:00Z"), moved("far", 5), moved("beside", 0.5)]
    items += [raw_item("march", when="2025-03-01T00:00:00Z", **{"eo:cloud_cover": 99.0}), {"id": "odd"}]
    with pytest.raises(NoScenes) as caught:
        chosen(items)
    assert [one.place for one in caught.value.problems][:3] == ["beside", "far", "june"]
    assert caught.value.problems[3].place == "year2019"
    assert "121.700 to 121.900 E and 31.400 to 31.600 N" in caught.value.message
    assert f"of {len(items)} items" in caught.value.message
    beside, *_, last = caught.value.problems
    assert (beside.found, beside.expected) == (
        "over 122.200 to 122.400 E and 31.400 to 31.600 N",
        "over 121.700 to 121.900 E and 31.400 to 31.600 N",
    )
    assert last.expected == "from 2024-01-01 to 2024-12-31"


@hypothesis.settings(max_examples=30)
@given(days=st.lists(st.integers(1, 3000), min_size=1, max_size=12, unique=True), seed=st.randoms())
def test_of_scenes_outside_the_days_the_nearest_are_named_in_order(days, seed):
    last = YEAR.end
    items = [raw_item(f"d{day}", when=f"{last + timedelta(days=day)}T02:00:00Z") for day in days]
    seed.shuffle(items)
    with pytest.raises(NoScenes) as caught:
        chosen(items)
    assert [one.place for one in caught.value.problems] == [f"d{day}" for day in sorted(days)[:8]]


def test_a_mission_that_is_not_asked_for_is_left_out():
    settings = Scenes(start=date(2024, 1, 1), end=date(2024, 12, 31), missions=["landsat-8"])
    with pytest.raises(NoScenes, match="mission sentinel-2"):
        chosen([raw_item()], settings)


def test_an_empty_answer_says_so():
    with pytest.raises(NoScenes, match="an empty answer"):
        chosen([])


def test_the_cloud_limit_belongs_to_the_scenes_that_are_taken_and_unknown_cloud_is_no_reason():
    assert len(chosen([raw_item("a", **{"eo:cloud_cover": 80})])) == 1
    assert len(chosen([raw_item("a", **{"eo:cloud_cover": None})])) == 1


def test_a_table_of_scenes_comes_back_as_it_was(tmp_path):
    candidates = [candidate_of(raw_item(name)) for name in ("a", "b")]
    cloud_unknown = candidate_of(raw_item("c", **{"eo:cloud_cover": None}))
    scenes = [candidate.scene for candidate in candidates]
    table = to_table(scenes, [candidate.outline for candidate in candidates])
    assert from_table(table) == scenes
    table.to_parquet(tmp_path / "scenes.parquet")
    assert from_table(gpd.read_parquet(tmp_path / "scenes.parquet")) == scenes
    (unknown,) = from_table(to_table([cloud_unknown.scene], [cloud_unknown.outline]))
    assert np.isnan(unknown.cloud_percent)


def test_harmonised_sentinel_2_is_brought_to_oli_band_by_band():
    scene = candidate_of(raw_item(platform="sentinel-2b")).scene
    found = select_assets(scene, ["red", "nir", "swir16"], harmonised=True)
    slope, shift = OLI_BANDPASS["sentinel-2b"]["red"]
    raw = scene.assets["red"]
    for dn in (1, 1234, 9000):
        assert dn * found["red"].scale + found["red"].offset == pytest.approx(
            slope * (dn * raw.scale + raw.offset) + shift
        )
    assert found["nir"].href == scene.assets["nir08"].href
    plain = select_assets(scene, ["red", "nir"], harmonised=False)
    assert plain["nir"].href == scene.assets["nir"].href
    assert plain["red"] == scene.assets["red"]


def test_what_oli_has_not_stays_as_it_is_when_harmonised():
    raw = raw_item()
    raw["assets"]["rededge1"] = dict(raw["assets"]["red"], href="rededge1.tif")
    scene = candidate_of(raw).scene
    assert scene.assets["rededge071"].href.endswith("rededge1.tif")
    found = select_assets(scene, ["rededge071", "rededge075"], harmonised=True)
    assert found == {"rededge071": scene.assets["rededge071"]}


def test_landsat_is_the_target_and_never_changed():
    raw = raw_item(platform="landsat-8")
    raw["assets"]["qa_pixel"] = raw["assets"].pop("scl")
    scene = candidate_of(raw).scene
    assert select_assets(scene, ["red"], harmonised=True)["red"] == scene.assets["red"]


def test_bands_that_a_scene_lacks_are_left_out():
    raw = raw_item()
    del raw["assets"]["nir08"]
    scene = candidate_of(raw).scene
    assert set(select_assets(scene, ["red", "nir", "nope"], harmonised=True)) == {"red"}
    assert set(select_assets(scene, ["red", "nir", "nope"], harmonised=False)) == {"red", "nir"}


def test_a_sentinel_2_that_no_table_knows_does_not_stop_a_harmonised_run():
    raw = raw_item("nameless", platform="sentinel-2")
    assert "red" in select_assets(candidate_of(raw).scene, ["red"], harmonised=True)


def test_tm_is_brought_to_oli_with_its_own_figures_and_only_when_harmonised():
    raw = landsat("LT05_L2SP_118038_20100501_20200824_02_T1")
    raw["properties"]["platform"] = "landsat-5"
    scene = candidate_of(raw).scene
    found = select_assets(scene, ["red", "nir", "coastal"], harmonised=True)
    assert set(found) == {"red", "nir"}
    for band, (slope, shift) in (("red", (0.9047, 0.0061)), ("nir", (0.8462, 0.0412))):
        reflectance = 20_000 * 2.75e-5 - 0.2
        assert 20_000 * found[band].scale + found[band].offset == pytest.approx(slope * reflectance + shift)
    assert select_assets(scene, ["red"], harmonised=False)["red"] == scene.assets["red"]


def test_what_is_not_taken_is_counted_by_reason():
    items = [
        raw_item("taken"),
        raw_item("older", **{"s2:processing_baseline": "04.00"}),
        raw_item("cloudy", **{"eo:cloud_cover": 90}),
        raw_item("cloudier", when="2024-05-06T02:30:15Z", **{"eo:cloud_cover": 99}),
        raw_item("modis", platform="modis") | {"collection": "mod09"},
        {"id": "broken"},
    ]
    choice = choose(items, HERE, YEAR)
    assert (choice.found, choice.superseded, len(choice.candidates)) == (6, 1, 1)
    assert choice.rejected == {"cloud": 2, "no known sensor": 1, "not a STAC item": 1}
    assert choice.found == len(choice.candidates) + choice.superseded + sum(choice.rejected.values())


def passes_every(days: int, *, count: int, **properties) -> list[dict]:
    start = datetime(2024, 1, 2, 2, 30, tzinfo=UTC)
    moments = [start + timedelta(days=days * number) for number in range(count)]
    return [
        raw_item(f"n{number}", when=f"{moment:%Y-%m-%dT%H:%M:%SZ}", **properties)
        for number, moment in enumerate(moments)
    ]


def test_fewer_passes_than_must_be_there_are_missed_and_clouds_are_not():
    settings = Scenes(start=date(2024, 1, 1), end=date(2024, 12, 31), missions=["sentinel-2"])
    clear, cloudy = passes_every(10, count=36), passes_every(10, count=36, **{"eo:cloud_cover": 95})
    for number, item in enumerate(cloudy):
        item["id"] = f"cloudy-{number}"
        item["properties"]["datetime"] = item["properties"]["datetime"].replace("T02", "T03")
    whole = choose([*clear, *passes_every(5, count=71)[1::2]], HERE, settings)
    assert whole.missed == {}
    half = choose([*clear, *cloudy], HERE, settings)
    assert half.missed == {"sentinel-2": Passes(36, 70)}
    assert choose(passes_every(5, count=71, **{"eo:cloud_cover": 79}), HERE, settings).missed == {}


def test_what_lies_in_the_future_of_a_catalogue_is_not_missed():
    settings = Scenes(start=date(2024, 1, 1), end=date(2030, 12, 31), missions=["sentinel-2", "landsat-7"])
    choice = choose(passes_every(5, count=12), HERE, settings)
    assert choice.missed == {}
    assert choice.passes == {"sentinel-2": Passes(12, 11), "landsat-7": Passes(0, None)}


@pytest.mark.parametrize(
    "area",
    [
        shapely.box(179.9, -17.1, 180.1, -16.9),
        shapely.box(-180.1, -17.1, -179.9, -16.9),
        shapely.MultiPolygon(
            [shapely.box(179.9, -17.1, 180, -16.9), shapely.box(-180, -17.1, -179.9, -16.9)]
        ),
    ],
)
def test_scenes_on_both_sides_of_180_degrees_meet_an_area_that_crosses_it(area):
    """Fiji: one outline west of it, one east of it, one that goes round the wrong way, one far off."""
    outlines = {
        "west": shapely.box(179.0, -17.5, 179.95, -16.5),
        "east": shapely.box(-179.95, -17.5, -179.0, -16.5),
        "round": shapely.Polygon([(179.5, -17.5), (-179.5, -17.5), (-179.5, -16.5), (179.5, -16.5)]),
        "past": shapely.box(179.5, -17.5, 180.5, -16.5),
        "far": shapely.box(0.0, -17.5, 1.0, -16.5),
    }
    items = [
        {**raw_item(name, **{"grid:code": name}), "geometry": shapely.geometry.mapping(outline)}
        for name, outline in outlines.items()
    ]
    assert chosen(items, geometry=area) == ["east", "past", "round", "west"]
