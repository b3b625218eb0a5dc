"""The offset of a scene: its pixels are asked, and asked again where they could not be read."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.contracts import Asset
from pipeline.ingest.scenes.items import Candidate, candidate_of
from pipeline.ingest.scenes.offsets import apply_offset, is_provisional
from tests.scenery import SHARED, at, needs_real_scenes, planted_scene
from tests.stac import HERE, raw_item


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
def test_the_pixels_decide_whatever_the_item_says(tmp_path, applied, stated_dn, reader):
    scene = apply_offset(Candidate(offset_world(tmp_path, applied=applied), HERE, stated_dn, ""), reader)
    truth = 0 if applied else -1000
    assert scene.assets["red"].offset == truth * 1e-4
    assert scene.offset_source == "pixels"
    assert scene.offset_conflict == (truth == 0 or stated_dn == 0)


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
    tmp_path, stated_dn, baseline, offset, source, conflict, reader
):
    cloudy = offset_world(tmp_path, applied=True, cloudy=True)
    scene = apply_offset(
        Candidate(type(cloudy)(**{**vars(cloudy), "baseline": baseline}), HERE, stated_dn, ""), reader
    )
    assert scene.assets["red"].offset == offset
    assert (scene.offset_source, scene.offset_conflict) == (source, conflict)


def test_a_scene_whose_files_cannot_be_read_is_taken_by_what_is_written_but_not_for_good(tmp_path, reader):
    scene = offset_world(tmp_path, applied=True)
    gone = at(scene, assets={"red": Asset(str(tmp_path / "gone.tif"), 1e-4, 0.0)})
    result = apply_offset(Candidate(gone, HERE, None, ""), reader)
    assert result.offset_source == "metadata"
    assert result.assets["red"].offset == -0.1
    assert "not readable" in result.offset_evidence
    assert is_provisional(result)
    assert not is_provisional(apply_offset(Candidate(scene, HERE, None, ""), reader))


def test_a_scene_without_a_red_band_is_decided_for_good(tmp_path, reader):
    scene = offset_world(tmp_path, applied=True)
    result = apply_offset(Candidate(at(scene, assets={"nir": scene.assets["red"]}), HERE, -1000, ""), reader)
    assert result.offset_source == "raster:bands"
    assert "no red band" in result.offset_evidence
    assert not is_provisional(result)


@pytest.mark.parametrize("applied", [True, False])
def test_where_a_part_of_the_file_is_gone_the_rest_decides(tmp_path, applied, reader):
    rng = np.random.default_rng(7)
    red = rng.integers(200, 900, (1024, 1024)).astype(np.uint16) + np.uint16(0 if applied else 1000)
    classes = rng.choice(np.array([4, 6], dtype=np.uint8), (512, 512))
    scene = planted_scene(tmp_path, "cut", {"red": red}, classes, pixel_m={"mask": 20.0})
    file = Path(scene.assets["red"].href)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    result = apply_offset(Candidate(scene, HERE, -1000 if applied else 0, ""), reader)
    assert result.offset_source == "pixels"
    assert result.assets["red"].offset == (0.0 if applied else -0.1)


def test_landsat_is_not_asked(reader):
    raw = raw_item(platform="landsat-8")
    raw["assets"]["qa_pixel"] = raw["assets"].pop("scl")
    candidate = candidate_of(raw)
    assert apply_offset(candidate, reader) == candidate.scene
    assert candidate.scene.offset_source == "product"


@needs_real_scenes
def test_the_real_chips_carry_no_offset_and_their_pixels_say_so(reader):
    catalog = SHARED / "data" / "real_scenes"
    found = {}
    for path in sorted(catalog.glob("*/item.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        for asset in raw["assets"].values():
            asset["href"] = str(path.parent / asset["href"])
        found[raw["id"]] = apply_offset(candidate_of(raw), reader)
    assert len(found) == 13
    assert {asset.offset for scene in found.values() for asset in scene.assets.values()} == {0.0}
    assert found["S2_ALPS_20220612"].offset_source == "pixels"
    assert found["S2_ALPS_20220612"].offset_conflict
