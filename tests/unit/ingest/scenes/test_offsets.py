"""The offset of a scene: its pixels are asked, and asked again where they could not be read."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.scenes.items import Candidate, candidate_of
from pipeline.ingest.scenes.offsets import apply_offset, is_provisional, is_undecided
from tests.scenery import SHARED, at, needs_real_scenes, planted_scene
from tests.stac import HERE, raw_item

STATED = {-1000: (("raster:bands", -1000), ("baseline", -1000)), 0: (("raster:bands", 0), ("baseline", 0))}
DISAGREEING = (("raster:bands", 0), ("baseline", -1000))


def offset_world(folder, *, applied: bool, cloudy: bool = False, edge: int = 120):
    """Dark vegetation and water, as numbers with or without the offset of 1000."""
    rng = np.random.default_rng(7)
    bands = {
        band: rng.integers(200, 500, (edge, edge + 10)).astype(np.uint16) + np.uint16(0 if applied else 1000)
        for band in ("red", "blue")
    }
    classes = rng.choice(np.array([4, 6], dtype=np.uint8), (edge, edge + 10), p=[0.8, 0.2])
    if cloudy:
        classes[:] = 9
        bands = {band: np.full_like(numbers, 9000) for band, numbers in bands.items()}
    return planted_scene(folder, f"s{applied}{cloudy}", bands, classes)


def decided(scene, statements, reader):
    return apply_offset(Candidate(scene, HERE, statements, ""), reader)


@pytest.mark.parametrize("statements", [*STATED.values(), DISAGREEING, ()])
@pytest.mark.parametrize("applied", [True, False])
def test_many_pixels_of_land_decide_whatever_the_item_says(tmp_path, applied, statements, reader):
    scene = decided(offset_world(tmp_path, applied=applied), statements, reader)
    truth = 0 if applied else -1000
    assert scene.assets["red"].offset == truth * 1e-4
    assert scene.offset_source == "pixels"
    assert scene.offset_conflict is any(dn != truth for _, dn in statements)


@pytest.mark.parametrize(
    ("applied", "statements", "offset"),
    [
        (True, STATED[0], 0.0),
        (True, DISAGREEING, 0.0),
        (True, (), 0.0),
        (True, STATED[-1000], None),
        (False, STATED[-1000], -0.1),
        (False, DISAGREEING, None),
        (False, (), None),
    ],
)
def test_on_a_chip_the_offset_is_the_right_one_or_undecided(tmp_path, applied, statements, offset, reader):
    scene = decided(offset_world(tmp_path, applied=applied, edge=60), statements, reader)
    assert is_undecided(scene) is (offset is None)
    assert offset is None or scene.assets["red"].offset == offset
    assert not is_provisional(scene)


def state_in_headers(scene, scale, offset):
    for band in ("red", "blue"):
        with rasterio.open(scene.assets[band].href, "r+") as file:
            file.scales, file.offsets = [scale], [offset]


@pytest.mark.parametrize(
    ("header", "statements", "offset"),
    [
        ((1e-4, -0.1), (), -0.1),
        ((1e-4, 0.0), (), 0.0),
        ((1e-4, -0.1), STATED[-1000], -0.1),
        ((1e-4, -0.1), STATED[0], None),
        ((1e-4, 0.0), STATED[-1000], None),
        ((1.0, 0.0), STATED[-1000], -0.1),
        ((0.0, -0.1), STATED[-1000], -0.1),
    ],
)
def test_what_the_headers_of_files_state_of_the_offset_is_weighed_as_well(
    tmp_path, header, statements, offset, reader
):
    scene = offset_world(tmp_path, applied=True, cloudy=True)
    state_in_headers(scene, *header)
    scene = decided(scene, statements, reader)
    assert is_undecided(scene) is (offset is None)
    assert offset is None or scene.assets["red"].offset == offset
    assert ("header: " in scene.offset_evidence) is (header[0] == 1e-4)


@pytest.mark.parametrize(
    ("statements", "offset", "source"),
    [
        (STATED[-1000], -0.1, "raster:bands"),
        (STATED[0], 0.0, "raster:bands"),
        ((("baseline", -1000),), -0.1, "baseline"),
        ((("raster:bands", 0), ("boa_offset_applied", 0)), 0.0, "raster:bands"),
    ],
)
def test_under_cloud_statements_that_agree_decide(tmp_path, statements, offset, source, reader):
    scene = decided(offset_world(tmp_path, applied=True, cloudy=True), statements, reader)
    assert scene.assets["red"].offset == offset
    assert (scene.offset_source, scene.offset_conflict) == (source, False)


@pytest.mark.parametrize("statements", [DISAGREEING, ()])
def test_under_cloud_statements_that_disagree_leave_the_scene_undecided(tmp_path, statements, reader):
    scene = decided(offset_world(tmp_path, applied=True, cloudy=True), statements, reader)
    assert is_undecided(scene)
    assert not is_provisional(scene)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
def test_a_lake_of_red_about_0_leaves_a_stated_offset_as_it_is(tmp_path, share, reader):
    rng = np.random.default_rng(11)
    lake = np.zeros((300, 300), dtype=bool)
    lake[:, : round(share * 300)] = True
    reflectance = {band: np.where(lake, 0, rng.integers(200, 450, lake.shape)) for band in ("red", "blue")}
    noisy = {
        band: (dn + rng.normal(1000, 40, lake.shape)).astype(np.uint16) for band, dn in reflectance.items()
    }
    scene = planted_scene(tmp_path, "lake", noisy, np.where(lake, 6, 4).astype(np.uint8))
    result = decided(scene, STATED[-1000], reader)
    assert result.assets["red"].offset == -0.1
    assert not result.offset_conflict


@pytest.mark.parametrize("fog", [0.78, 1.0])
def test_fog_that_scl_calls_water_leaves_a_stated_0_as_it_is(tmp_path, fog, reader):
    rng = np.random.default_rng(5)
    foggy = rng.random((200, 200)) < fog
    numbers = np.where(foggy, rng.integers(1050, 2500, foggy.shape), rng.integers(250, 450, foggy.shape))
    bands = {band: numbers.astype(np.uint16) for band in ("red", "blue")}
    scene = planted_scene(tmp_path, "fog", bands, np.where(foggy, 6, 4).astype(np.uint8))
    result = decided(scene, STATED[0], reader)
    assert result.assets["red"].offset == 0.0
    assert not result.offset_conflict


@pytest.fixture
def out_of_reach(monkeypatch):
    """No file can be read for now."""

    def refuse(*_, **__):
        raise BrokenAsset("host: HTTP 503", lasting=False)

    for way in ("read_profile", "read_thinned", "read_window"):
        monkeypatch.setattr(ItemReader, way, refuse)


@pytest.mark.usefixtures("out_of_reach")
def test_a_scene_whose_files_cannot_be_read_is_taken_by_what_is_written_but_not_for_good(tmp_path, reader):
    result = decided(offset_world(tmp_path, applied=True), STATED[-1000], reader)
    assert result.offset_source == "metadata"
    assert result.assets["red"].offset == -0.1
    assert "not readable" in result.offset_evidence
    assert is_provisional(result)
    assert not is_undecided(result)


@pytest.mark.usefixtures("out_of_reach")
def test_a_scene_whose_files_cannot_be_read_and_whose_statements_disagree_waits(tmp_path, reader):
    result = decided(offset_world(tmp_path, applied=True), DISAGREEING, reader)
    assert is_provisional(result)
    assert is_undecided(result)


def test_what_is_written_of_a_scene_whose_files_are_gone_is_for_good(tmp_path, reader):
    scene = offset_world(tmp_path, applied=True)
    gone = at(scene, assets={**scene.assets, "red": Asset(str(tmp_path / "gone.tif"), 1e-4, 0.0)})
    result = decided(gone, STATED[-1000], reader)
    assert result.offset_source == "raster:bands"
    assert "not readable" in result.offset_evidence
    assert not is_provisional(result)
    assert not is_provisional(decided(gone, DISAGREEING, reader))


@pytest.mark.parametrize("lacking", ["red", "blue"])
def test_a_scene_with_one_band_of_short_waves_is_decided_by_what_is_written(tmp_path, lacking, reader):
    scene = offset_world(tmp_path, applied=True)
    bands = {band: asset for band, asset in scene.assets.items() if band != lacking}
    result = decided(at(scene, assets=bands), STATED[-1000], reader)
    assert result.offset_source == "raster:bands"
    assert not is_provisional(result)


def test_coastal_in_large_pixels_stands_in_for_blue_and_files_in_part_gone_are_read_in_part(tmp_path, reader):
    rng = np.random.default_rng(7)
    bands = {"red": rng.integers(200, 500, (1536, 1536)), "coastal": rng.integers(200, 500, (256, 256))}
    scene = planted_scene(
        tmp_path,
        "sizes",
        {band: numbers.astype(np.uint16) for band, numbers in bands.items()},
        np.full((768, 768), 4, dtype=np.uint8),
        pixel_m={"mask": 20.0, "coastal": 60.0},
    )
    file = Path(scene.assets["red"].href)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    result = decided(scene, STATED[-1000], reader)
    assert (result.offset_source, result.assets["red"].offset) == ("pixels", 0.0)
    assert "coastal" in result.offset_evidence


@pytest.mark.parametrize("applied", [True, False])
def test_where_a_part_of_the_file_is_gone_the_rest_decides(tmp_path, applied, reader):
    rng = np.random.default_rng(7)
    numbers = rng.integers(200, 500, (1024, 1024)).astype(np.uint16) + np.uint16(0 if applied else 1000)
    classes = np.full((512, 512), 4, dtype=np.uint8)
    scene = planted_scene(tmp_path, "cut", {"red": numbers, "blue": numbers}, classes, pixel_m={"mask": 20.0})
    file = Path(scene.assets["red"].href)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    result = decided(scene, STATED[-1000 if applied else 0], reader)
    assert result.offset_source == "pixels"
    assert result.assets["red"].offset == (0.0 if applied else -0.1)


def test_landsat_is_not_asked(reader):
    raw = raw_item(platform="landsat-8")
    raw["assets"]["qa_pixel"] = raw["assets"].pop("scl")
    candidate = candidate_of(raw)
    assert apply_offset(candidate, reader) == candidate.scene
    assert candidate.scene.offset_source == "product"


@needs_real_scenes
def test_the_real_chips_carry_no_offset_and_their_clear_pixels_say_so(reader):
    catalog = SHARED / "data" / "real_scenes"
    found = {}
    for path in sorted(catalog.glob("*/item.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        for asset in raw["assets"].values():
            asset["href"] = str(path.parent / asset["href"])
        found[raw["id"]] = apply_offset(candidate_of(raw), reader)
    taken = {name: scene for name, scene in found.items() if not is_undecided(scene)}
    assert len(found) == 13
    assert sorted(taken) == ["S2_ALPS_20220612", "S2_FLANDERS_20230405", "S2_FLANDERS_20230415"]
    assert {asset.offset for scene in taken.values() for asset in scene.assets.values()} == {0.0}
    assert all(scene.offset_source == "pixels" and scene.offset_conflict for scene in taken.values())


@needs_real_scenes
@pytest.mark.parametrize("name", ["S2_ALPS_20220612", "S2_FLANDERS_20230405", "S2_FLANDERS_20230415"])
def test_a_real_chip_to_which_the_offset_is_added_is_never_taken_for_one_without(name, tmp_path, reader):
    folder = SHARED / "data" / "real_scenes" / name
    bands = {}
    for band in ("red", "blue", "coastal"):
        if (folder / f"{band}.tif").exists():
            with rasterio.open(folder / f"{band}.tif") as source:
                bands[band] = source.read(1) + np.uint16(1000)
    with rasterio.open(folder / "scl.tif") as source:
        scene = planted_scene(tmp_path, name, bands, source.read(1))
    for statements in (STATED[-1000], DISAGREEING):
        result = decided(scene, statements, reader)
        assert is_undecided(result) or result.assets["red"].offset == -0.1
    assert decided(scene, STATED[-1000], reader).assets["red"].offset == -0.1
