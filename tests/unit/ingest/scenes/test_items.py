"""Whatever a provider called it, it means one thing."""

from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.ingest.scenes.items import Candidate, candidate_of
from pipeline.ingest.scenes.sensors import SENSORS
from tests.scenery import needs_responses
from tests.stac import RESPONSES, raw_item, recorded


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
            {"raster:bands": -1000, "baseline": -1000},
            (1e-4, -0.1),
        ),
        (
            "earthsearch_v1_sentinel-2-l2a_1item.json",
            "sentinel-2",
            "MGRS-32TPS",
            "05.09",
            "EPSG:32632",
            {"raster:bands": -1000, "boa_offset_applied": 0},
            (1e-4, -0.1),
        ),
        (
            "planetarycomputer_sentinel-2-l2a.json",
            "sentinel-2",
            "MGRS-47XML",
            "05.10",
            "EPSG:32647",
            {"baseline": -1000},
            (1e-4, 0.0),
        ),
        (
            "cdse_stac_v1_sentinel-2-l2a_search_4items.json",
            "sentinel-2",
            "MGRS-32TNT",
            "05.00",
            "EPSG:32632",
            {"raster:bands": -1000, "baseline": -1000},
            (1e-4, -0.1),
        ),
        (
            "planetarycomputer_landsat-c2-l2.json",
            "landsat-9",
            "WRS2-089090",
            "",
            "EPSG:32655",
            {},
            (2.75e-5, -0.2),
        ),
        (
            "usgs_LC08_L2SP_028030_20200114_SR.json",
            "landsat-8",
            "WRS2-028030",
            "",
            "EPSG:32615",
            {},
            (2.75e-5, -0.2),
        ),
    ],
)
def test_every_providers_answer_means_the_same(file, mission, tile, baseline, crs, stated, scale_offset):
    candidate = candidate_of(recorded(file)[0])
    assert candidate is not None
    scene = candidate.scene
    assert (scene.mission, scene.tile, scene.baseline, scene.crs) == (mission, tile, baseline, crs)
    heat = scene.assets.pop("lwir11", None)
    assert set(scene.assets) == set(SENSORS[mission].bands) - {"lwir11"}
    assert heat is None or (heat.scale, heat.offset, heat.nodata) == (0.00341802, 149.0, 0)
    assert (heat is not None) == ("planetarycomputer_landsat" in file)
    assert dict(candidate.statements) == stated
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
                assert isinstance(candidate_of(raw), Candidate) is known, raw["id"]


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
    assert candidate.statements == (("raster:bands", -1000), ("baseline", -1000))
    assert candidate.scene.assets["green"].scale == 1e-4


def test_an_offset_of_zero_is_a_statement_and_null_is_not():
    raw = raw_item()
    assert candidate_of(raw).statements == (("baseline", -1000),)
    raw["assets"]["red"]["raster:bands"] = [{"scale": None, "offset": None}]
    assert candidate_of(raw).statements == (("baseline", -1000),)
    raw["assets"]["red"]["raster:bands"] = [{"scale": 1e-4, "offset": 0}]
    assert candidate_of(raw).statements == (("raster:bands", 0), ("baseline", -1000))


def test_bands_that_state_different_offsets_are_statements_that_disagree():
    raw = raw_item()
    raw["assets"]["red"]["raster:bands"] = [{"scale": 1e-4, "offset": -0.1}]
    raw["assets"]["swir16"]["raster:bands"] = [{"scale": 1e-4, "offset": 0}]
    assert candidate_of(raw).statements == (
        ("raster:bands", -1000),
        ("raster:bands", 0),
        ("baseline", -1000),
    )


@pytest.mark.parametrize("flag", ["earthsearch:boa_offset_applied", "sentinel:boa_offset_applied"])
@pytest.mark.parametrize(
    ("value", "stated"), [(True, 0), (False, -1000), (None, -1000), ("true", 0), ("no", -1000)]
)
def test_a_flag_that_the_offset_is_taken_off_speaks_in_place_of_the_baseline(flag, value, stated):
    ((_, dn),) = candidate_of(raw_item(**{flag: value})).statements
    assert dn == stated


def test_an_item_without_a_baseline_states_nothing():
    assert candidate_of(raw_item(**{"s2:processing_baseline": None})).statements == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("no mask", "no clear mask"),
        ("no geometry", "no outline"),
        ("no bands", "no band"),
        ("no time", "no time"),
        ("a season", "no time"),
        ("unknown", "no known sensor"),
        ("no properties", "no time"),
        ("nonsense for an outline", "no outline"),
    ],
)
def test_an_item_that_cannot_be_used_says_why(change, reason):
    raw = raw_item()
    match change:
        case "no mask":
            del raw["assets"]["scl"]
        case "no geometry":
            raw["geometry"] = None
            del raw["bbox"]
        case "no bands":
            raw["assets"] = {"scl": raw["assets"]["scl"]}
        case "no time":
            raw["properties"]["datetime"] = None
        case "a season":
            raw["properties"] |= {
                "datetime": None,
                "start_datetime": "2024-05-01T00:00:00Z",
                "end_datetime": "2024-08-01T00:00:00Z",
            }
        case "unknown":
            raw["properties"]["platform"], raw["collection"] = "modis", "mod09"
        case "no properties":
            del raw["properties"]
        case "nonsense for an outline":
            raw["geometry"], raw["bbox"] = {"type": "Polygon", "coordinates": "everywhere"}, "there"
    assert candidate_of(raw) == reason


def test_an_item_with_a_start_and_an_end_is_of_the_middle():
    raw = raw_item()
    raw["properties"] |= {
        "datetime": None,
        "start_datetime": "2024-05-01T02:30:00Z",
        "end_datetime": "2024-05-01T02:30:20Z",
    }
    assert candidate_of(raw).scene.datetime == datetime(2024, 5, 1, 2, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize("name", ["S2C_51RUQ_20250501_0_L2A", "S2C_T51RUQ_20250501T023011_L2A"])
@pytest.mark.parametrize("said", [None, "", "Sentinel-2", "sentinel-2"])
def test_a_satellite_that_only_the_id_names_is_not_taken_for_another(name, said):
    assert candidate_of(raw_item(name, platform=said)).scene.platform == "sentinel-2c"


def test_a_satellite_that_nothing_names_is_untold():
    raw = raw_item("nameless", platform=None)
    assert candidate_of(raw).scene.platform == "sentinel-2"
    raw["properties"]["s2:datatake_id"] = "GS2B_20240501T023009_037000_N05.10"
    assert candidate_of(raw).scene.platform == "sentinel-2b"


@pytest.mark.parametrize(
    ("said", "tile"),
    [
        ({"grid:code": "MGRS-51RUQ"}, "MGRS-51RUQ"),
        ({"s2:mgrs_tile": "51RUQ"}, "MGRS-51RUQ"),
        ({"grid:code": "MGRS-1CCV"}, "MGRS-01CCV"),
        ({"grid:code": "SIM-longyou"}, "SIM-longyou"),
        ({"landsat:wrs_path": "28", "landsat:wrs_row": 30}, "WRS2-028030"),
    ],
)
def test_a_tile_is_written_one_way(said, tile):
    raw = raw_item(**{"grid:code": None, **said})
    assert candidate_of(raw).scene.tile == tile


@pytest.mark.parametrize(
    ("said", "baseline"), [("05.10", "05.10"), ("4.0", "04.00"), ("5.1", "05.10"), ("two", "two")]
)
def test_baselines_compare_as_text(said, baseline):
    assert candidate_of(raw_item(**{"s2:processing_baseline": said})).scene.baseline == baseline


@pytest.mark.parametrize(("number", "blue"), [(4, "SR_B1"), (5, "SR_B1"), (7, "SR_B1"), (8, "SR_B2")])
def test_every_landsat_is_a_mission_with_its_own_band_numbers(number, blue):
    letter = "T" if number < 7 else "E" if number == 7 else "C"
    name = f"L{letter}0{number}_L2SP_118038_20100501_20200824_02_T1"
    raw = raw_item(name, platform=f"LANDSAT_{number}", **{"grid:code": None})
    raw["assets"] = {key: {"href": f"/archive/{name}_{key}.TIF"} for key in (blue, "QA_PIXEL")}
    scene = candidate_of(raw).scene
    assert (scene.mission, scene.platform) == (f"landsat-{number}", f"landsat-{number}")
    assert scene.assets["blue"].href.endswith(f"{blue}.TIF")
    assert (scene.assets["blue"].scale, scene.assets["blue"].offset) == (2.75e-5, -0.2)
    assert scene.mask.nodata == 1


@needs_responses
@pytest.mark.parametrize(
    ("file", "acquisition"),
    [
        (
            "cdse_stac_v1_sentinel-2-l2a_search_4items.json",
            "sentinel-2b 20200705T101559 MGRS-32TNT 20200705T101917",
        ),
        (
            "earthsearch_v1_sentinel-2-c1-l2a_10items.json",
            "sentinel-2a 20240422T173911 MGRS-13TDE 20240422T174753",
        ),
        (
            "earthsearch_v1_sentinel-2-l2a_1item.json",
            "sentinel-2a 20230602T100601 MGRS-32TPS 20230602T100832",
        ),
        ("planetarycomputer_sentinel-2-l2a.json", "sentinel-2b 20240419T095549 MGRS-47XML 20240419T095549"),
        ("planetarycomputer_landsat-c2-l2.json", "landsat-9 20240417 089090 "),
        ("usgs_LC08_L2SP_028030_20200114_SR.json", "landsat-8 20200114 028030 "),
    ],
)
def test_what_was_taken_is_named_the_same_whoever_processed_it(file, acquisition):
    assert candidate_of(recorded(file)[0]).acquisition == acquisition


def test_the_checksum_follows_what_an_item_says_and_not_where_its_files_lie():
    raw, moved, other = raw_item(), raw_item(), raw_item(**{"eo:cloud_cover": 11.0})
    moved["assets"]["red"]["href"] = "s3://elsewhere/deep/red.tif"
    assert candidate_of(raw).scene.item_sha256 == candidate_of(moved).scene.item_sha256
    assert candidate_of(raw).scene.item_sha256 != candidate_of(other).scene.item_sha256


def test_the_time_is_that_of_utc():
    scene = candidate_of(raw_item(when="2024-05-01T10:30:15+08:00")).scene
    assert scene.datetime == datetime(2024, 5, 1, 2, 30, 15, tzinfo=UTC)
