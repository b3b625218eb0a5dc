"""Whatever a provider called it, it means one thing."""

import copy
import json
from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.contracts import Asset
from pipeline.errors import NoScenes
from pipeline.ingest.assets import close_assets
from pipeline.ingest.scenes import (
    Candidate,
    analysis_assets,
    candidate_of,
    choose,
    decided,
    from_table,
    to_table,
)
from pipeline.ingest.sensors import OLI_BANDPASS
from pipeline.settings import Scenes
from tests.scenery import SHARED, needs_real_scenes, needs_responses, planted_scene

RESPONSES = SHARED / "data" / "stac_responses"
HERE = shapely.box(121.7, 31.4, 121.9, 31.6)
BANDS = {"coastal", "blue", "green", "red", "nir", "nir08", "swir16", "swir22"}
YEAR = Scenes(start=date(2024, 1, 1), end=date(2024, 12, 31))


def recorded(name: str) -> list[dict]:
    content = json.loads((RESPONSES / name).read_text(encoding="utf-8"))
    return content if isinstance(content, list) else content.get("features", [content])


def raw_item(name: str = "S2A_51RUQ_20240501_0_L2A", *, when="2024-05-01T02:30:15Z", **properties) -> dict:
    """An item in the manner of Earth Search."""
    keys = [*BANDS, "scl"]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-2-c1-l2a",
        "geometry": shapely.geometry.mapping(HERE),
        "bbox": list(HERE.bounds),
        "links": [],
        "properties": {
            "datetime": when,
            "platform": "sentinel-2a",
            "eo:cloud_cover": 10.0,
            "grid:code": "MGRS-51RUQ",
            "s2:processing_baseline": "05.10",
            "s2:datastrip_id": "S2A_OPER_MSI_L2A_DS_2APS_20240501T070000_S20240501T023010_N05.10",
            "proj:code": "EPSG:32651",
            "updated": "2024-05-02T00:00:00Z",
            **properties,
        },
        "assets": {key: {"href": f"https://host/{name}/{key}.tif"} for key in keys},
    }


def chosen(items, settings=YEAR, geometry=HERE) -> list[str]:
    return [candidate.scene.id for candidate in choose(items, geometry, settings)]


@needs_responses
@pytest.mark.parametrize(
    ("file", "mission", "tile", "baseline", "crs", "stated", "scale_offset"),
    [
        (
            "earthsearch_v1_sentinel-2-c1-l2a_10items.json",
            "sentinel-2",
            "MGRS-13TDE",
            "05.10",
            "EPSG:32613",
            -1000,
            (1e-4, -0.1),
        ),
        (
            "earthsearch_v1_sentinel-2-l2a_1item.json",
            "sentinel-2",
            "MGRS-32TPS",
            "05.09",
            "EPSG:32632",
            -1000,
            (1e-4, -0.1),
        ),
        (
            "planetarycomputer_sentinel-2-l2a.json",
            "sentinel-2",
            "47XML",
            "05.10",
            "EPSG:32647",
            None,
            (1e-4, 0.0),
        ),
        (
            "cdse_stac_v1_sentinel-2-l2a_search_4items.json",
            "sentinel-2",
            "MGRS-32TNT",
            "05.00",
            "EPSG:32632",
            -1000,
            (1e-4, -0.1),
        ),
        (
            "planetarycomputer_landsat-c2-l2.json",
            "landsat-9",
            "WRS2-089090",
            "",
            "EPSG:32655",
            -7273,
            (2.75e-5, -0.2),
        ),
        (
            "usgs_LC08_L2SP_028030_20200114_SR.json",
            "landsat-8",
            "WRS2-028030",
            "",
            "EPSG:32615",
            None,
            (2.75e-5, -0.2),
        ),
    ],
)
def test_every_providers_answer_means_the_same(file, mission, tile, baseline, crs, stated, scale_offset):
    candidate = candidate_of(recorded(file)[0])
    assert candidate is not None
    scene = candidate.scene
    assert (scene.mission, scene.tile, scene.baseline, scene.crs) == (mission, tile, baseline, crs)
    assert set(scene.assets) == BANDS
    assert candidate.stated_dn == stated
    for asset in scene.assets.values():
        assert (asset.scale, asset.offset, asset.nodata) == (*scale_offset, 0)
    assert scene.mask.nodata == (0 if mission == "sentinel-2" else 1)
    assert scene.datetime.tzinfo is UTC
    assert 0 <= scene.cloud_percent <= 100
    assert scene.updated
    assert scene.platform in {"sentinel-2a", "sentinel-2b", "landsat-8", "landsat-9"}
    assert candidate.outline.is_valid


@needs_responses
def test_every_recorded_item_of_a_known_sensor_is_understood_and_no_other():
    for path in sorted(RESPONSES.glob("*.json")):
        for raw in recorded(path.name):
            if raw.get("type") == "Feature":
                known = "dem" not in path.name
                assert (candidate_of(raw) is not None) is known, raw["id"]


@needs_responses
def test_pages_that_repeat_an_item_give_it_once():
    items = recorded("earthsearch_v1_sentinel-2-c1-l2a_10items.json")
    outline = shapely.geometry.shape(items[0]["geometry"]).centroid.buffer(2)
    settings = Scenes(start=date(2024, 1, 1), end=date(2024, 12, 31), max_cloud_percent=100)
    once = chosen(items, settings, outline)
    assert len(once) == len(items)
    assert chosen([*items, *items[:4], *copy.deepcopy(items)], settings, outline) == once


@needs_responses
def test_the_near_infrared_keys_of_each_provider_are_the_right_bands():
    (pc,) = recorded("planetarycomputer_sentinel-2-l2a.json")[:1]
    (cdse,) = recorded("cdse_stac_v1_sentinel-2-l2a_search_4items.json")[:1]
    (es,) = recorded("earthsearch_v1_sentinel-2-l2a_1item.json")
    for raw, nir, nir08 in (
        (pc, "B08_10m.tif", "B8A_20m.tif"),
        (cdse, "B08_10m.jp2", "B8A_20m.jp2"),
        (es, "B08.tif", "B8A.tif"),
    ):
        assets = candidate_of(raw).scene.assets
        assert assets["nir"].href.endswith(nir)
        assert assets["nir08"].href.endswith(nir08)
    (usgs,) = recorded("usgs_LC08_L2SP_028030_20200114_SR.json")
    assets = candidate_of(usgs).scene.assets
    assert assets["nir"] == assets["nir08"]
    assert assets["nir"].href.endswith("SR_B5.TIF")


def test_tile_baseline_and_platform_that_are_only_in_the_id_are_found_there():
    raw = raw_item("S2B_MSIL2A_20240501T023009_N0511_R046_T51RUQ_20240501T070000")
    for gone in ("grid:code", "s2:processing_baseline", "platform"):
        del raw["properties"][gone]
    scene = candidate_of(raw).scene
    assert (scene.tile, scene.baseline, scene.platform) == ("MGRS-51RUQ", "05.11", "sentinel-2b")
    raw["properties"]["platform"] = "Sentinel-2"
    assert candidate_of(raw).scene.platform == "sentinel-2b"


def test_what_nobody_says_is_empty_and_never_guessed():
    raw = raw_item("nameless")
    for gone in (
        "grid:code",
        "s2:processing_baseline",
        "s2:datastrip_id",
        "proj:code",
        "updated",
        "eo:cloud_cover",
    ):
        del raw["properties"][gone]
    scene = candidate_of(raw).scene
    assert (scene.tile, scene.baseline, scene.crs, scene.updated) == ("", "", "", "")
    assert np.isnan(scene.cloud_percent)


def test_a_cloud_cover_of_null_is_unknown():
    assert np.isnan(candidate_of(raw_item(**{"eo:cloud_cover": None})).scene.cloud_percent)


@pytest.mark.parametrize(
    ("on_asset", "on_item"),
    [
        ({}, {"proj:epsg": 32651}),
        ({}, {"proj:code": "EPSG:32651"}),
        ({"proj:code": "EPSG:32651"}, {}),
        ({"proj:epsg": 32651}, {}),
        ({"proj:code": "EPSG:32651"}, {"proj:epsg": 4326}),
    ],
)
def test_the_crs_is_found_under_old_and_new_names_on_item_and_asset(on_asset, on_item):
    raw = raw_item()
    del raw["properties"]["proj:code"]
    raw["properties"].update(on_item)
    raw["assets"]["scl"].update(on_asset)
    assert candidate_of(raw).scene.crs == "EPSG:32651"


@pytest.mark.parametrize(
    "fields",
    [
        {"raster:bands": [{"scale": 2e-4, "offset": -0.2}]},
        {"raster:scale": 2e-4, "raster:offset": -0.2},
        {"bands": [{"raster:scale": 2e-4, "raster:offset": -0.2}]},
        {"bands": [{"name": "B04"}], "raster:scale": 2e-4, "raster:offset": -0.2},
    ],
)
def test_scale_and_offset_are_found_in_every_version_of_the_raster_extension(fields):
    raw = raw_item()
    raw["assets"]["red"].update(fields)
    candidate = candidate_of(raw)
    assert (candidate.scene.assets["red"].scale, candidate.scene.assets["red"].offset) == (2e-4, -0.2)
    assert candidate.stated_dn == -1000
    assert candidate.scene.assets["green"].scale == 1e-4


def test_an_offset_of_zero_is_a_statement_and_none_is_not():
    raw = raw_item()
    assert candidate_of(raw).stated_dn is None
    raw["assets"]["red"]["raster:bands"] = [{"scale": 1e-4, "offset": 0}]
    assert candidate_of(raw).stated_dn == 0


@pytest.mark.parametrize("gone", ["id", "properties", "geometry", "assets", "links", "type", "stac_version"])
def test_an_item_that_lacks_what_every_item_has_stops_no_search(gone):
    raw = raw_item("broken")
    del raw[gone]
    assert chosen([raw_item("whole", when="2024-06-01T00:00:00Z"), raw])[-1] == "whole"


@pytest.mark.parametrize("change", ["no mask", "no geometry", "no time", "unknown"])
def test_an_item_that_cannot_be_used_is_no_candidate(change):
    raw = raw_item()
    match change:
        case "no mask":
            del raw["assets"]["scl"]
        case "no geometry":
            raw["geometry"] = None
            del raw["bbox"]
        case "no time":
            raw["properties"] |= {
                "datetime": None,
                "start_datetime": "2024-05-01T00:00:00Z",
                "end_datetime": "2024-05-02T00:00:00Z",
            }
        case "unknown":
            raw["properties"]["platform"], raw["collection"] = "modis", "mod09"
    assert candidate_of(raw) is None


def test_the_checksum_follows_what_an_item_says_and_not_where_its_files_lie():
    raw, moved, other = raw_item(), raw_item(), raw_item(**{"eo:cloud_cover": 11.0})
    moved["assets"]["red"]["href"] = "s3://elsewhere/deep/red.tif"
    assert candidate_of(raw).scene.item_sha256 == candidate_of(moved).scene.item_sha256
    assert candidate_of(raw).scene.item_sha256 != candidate_of(other).scene.item_sha256


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
            "over [0.0, 0.0, 1.0, 1.0]",
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
    found = analysis_assets(scene, ["red", "nir", "swir16"], harmonised=True)
    slope, shift = OLI_BANDPASS["sentinel-2b"]["red"]
    raw = scene.assets["red"]
    for dn in (1, 1234, 9000):
        assert dn * found["red"].scale + found["red"].offset == pytest.approx(
            slope * (dn * raw.scale + raw.offset) + shift
        )
    assert found["nir"].href == scene.assets["nir08"].href
    plain = analysis_assets(scene, ["red", "nir"], harmonised=False)
    assert plain["nir"].href == scene.assets["nir"].href
    assert plain["red"] == scene.assets["red"]


def test_landsat_is_the_target_and_never_changed():
    raw = raw_item(platform="landsat-8")
    raw["assets"]["qa_pixel"] = raw["assets"].pop("scl")
    scene = candidate_of(raw).scene
    assert analysis_assets(scene, ["red"], harmonised=True)["red"] == scene.assets["red"]


def test_bands_that_a_scene_lacks_are_left_out():
    raw = raw_item()
    del raw["assets"]["nir08"]
    scene = candidate_of(raw).scene
    assert set(analysis_assets(scene, ["red", "nir", "nope"], harmonised=True)) == {"red"}
    assert set(analysis_assets(scene, ["red", "nir", "nope"], harmonised=False)) == {"red", "nir"}


def test_a_sentinel_2_that_no_table_knows_does_not_stop_a_harmonised_run():
    raw = raw_item("nameless", platform="sentinel-2")
    assert "red" in analysis_assets(candidate_of(raw).scene, ["red"], harmonised=True)


def offset_world(folder, *, applied: bool, cloudy: bool = False):
    """Dark vegetation and water, as numbers with or without the offset of 1000."""
    rng = np.random.default_rng(7)
    red = rng.integers(200, 900, (60, 70)).astype(np.uint16) + (0 if applied else 1000)
    classes = rng.choice(np.array([4, 6], dtype=np.uint8), (60, 70))
    if cloudy:
        red[:], classes[:] = 9000, 9
    return planted_scene(folder, f"s{applied}{cloudy}", {"red": red.astype(np.uint16)}, classes)


@pytest.mark.parametrize("stated_dn", [-1000, 0, None])
@pytest.mark.parametrize("applied", [True, False])
def test_the_pixels_decide_whatever_the_item_says(tmp_path, applied, stated_dn):
    scene = decided(Candidate(offset_world(tmp_path, applied=applied), HERE, stated_dn, ""))
    truth = 0 if applied else -1000
    assert scene.assets["red"].offset == truth * 1e-4
    assert scene.offset_source == "pixels"
    assert scene.offset_conflict == (truth == 0 or stated_dn == 0)
    close_assets()


@pytest.mark.parametrize(
    ("stated_dn", "baseline", "offset", "source", "conflict"),
    [
        (0, "05.10", 0.0, "raster:bands", True),
        (-1000, "05.10", -0.1, "raster:bands", False),
        (-1000, "02.14", -0.1, "raster:bands", True),
        (None, "05.10", -0.1, "baseline", False),
        (None, "02.14", 0.0, "baseline", False),
    ],
)
def test_under_cloud_the_item_decides_and_then_the_baseline(
    tmp_path, stated_dn, baseline, offset, source, conflict
):
    cloudy = offset_world(tmp_path, applied=True, cloudy=True)
    scene = decided(Candidate(type(cloudy)(**{**vars(cloudy), "baseline": baseline}), HERE, stated_dn, ""))
    assert scene.assets["red"].offset == offset
    assert (scene.offset_source, scene.offset_conflict) == (source, conflict)
    close_assets()


def test_a_scene_whose_files_cannot_be_read_is_decided_by_what_is_written(tmp_path):
    scene = offset_world(tmp_path, applied=True)
    gone = type(scene)(**{**vars(scene), "assets": {"red": Asset(str(tmp_path / "gone.tif"), 1e-4, 0.0)}})
    result = decided(Candidate(gone, HERE, None, ""))
    assert result.offset_source == "baseline"
    assert "not readable" in result.offset_evidence
    without_red = type(scene)(**{**vars(scene), "assets": {"nir": scene.assets["red"]}})
    assert "no red band" in decided(Candidate(without_red, HERE, -1000, "")).offset_evidence
    close_assets()


def test_landsat_is_not_asked():
    raw = raw_item(platform="landsat-8")
    raw["assets"]["qa_pixel"] = raw["assets"].pop("scl")
    candidate = candidate_of(raw)
    assert decided(candidate) == candidate.scene
    assert candidate.scene.offset_source == "product"


@needs_real_scenes
def test_the_real_chips_carry_no_offset_and_their_pixels_say_so():
    catalog = SHARED / "data" / "real_scenes"
    found = {}
    for path in sorted(catalog.glob("*/item.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        for asset in raw["assets"].values():
            asset["href"] = str(path.parent / asset["href"])
        found[raw["id"]] = decided(candidate_of(raw))
    close_assets()
    assert len(found) == 13
    assert {asset.offset for scene in found.values() for asset in scene.assets.values()} == {0.0}
    assert found["S2_ALPS_20220612"].offset_source == "pixels"
    assert found["S2_ALPS_20220612"].offset_conflict


def test_the_time_is_that_of_utc():
    scene = candidate_of(raw_item(when="2024-05-01T10:30:15+08:00")).scene
    assert scene.datetime == datetime(2024, 5, 1, 2, 30, 15, tzinfo=UTC)
