"""How often water stood on a block: from planted scenes of a tide to zones."""

from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.indices.water import BANDS
from pipeline.legends import INUNDATION, NODATA_CLASS
from pipeline.maps.inundation import flood_block
from pipeline.maps.making import MapTask, make_block
from pipeline.maps.step import BlockInputs
from pipeline.settings.maps import LandCover, WaterRules
from pipeline.storage.blocks import Layer, create_store, read_block
from tests.scenery import grid_of_px, planted_scene, request_of

GRID = grid_of_px(64, 64)
DAYS, FIRST = 10, datetime(2024, 3, 1, 2, 30, tzinfo=UTC)
WATER = {"green": 900, "nir": 300, "red": 500, "swir16": 150}
FLAT = {"green": 1100, "nir": 1700, "red": 1300, "swir16": 1850}
LAYERS = {
    "wet": Layer("uint16", 0, {}),
    "seen": Layer("uint16", 0, {}),
    "water_frequency": Layer("int16", REFLECTANCE_NODATA, {}),
    "inundation": Layer("uint8", NODATA_CLASS, {}),
}


def tide(folder):
    """Scenes of a shore that rises to the east, under water that reaches further east each day."""
    rng = np.random.default_rng(3)
    scenes, wet, clear = [], [], []
    for day in range(DAYS):
        flooded = np.broadcast_to(np.arange(64) < 10 + 4 * day, GRID.shape)
        bands = {band: np.where(flooded, WATER[band], FLAT[band]).astype(np.uint16) for band in BANDS}
        mask = np.where(rng.random(GRID.shape) < 0.3, 9, 6).astype(np.uint8)
        scenes.append(planted_scene(folder, f"d{day}", bands, mask, when=FIRST + timedelta(days=day)))
        wet.append(flooded)
        clear.append(mask == 6)
    return scenes, np.array(wet), np.array(clear)


def flooded_block(folder, scenes):
    create_store(folder / "store", LAYERS, GRID, 64)
    request = request_of(GRID, scenes, BANDS)
    inputs = BlockInputs(request.block, request.grid, request.outline, {}, request.reader, request)
    kernel = partial(flood_block, rules=LandCover(), limits=WaterRules())
    done = make_block(MapTask(folder / "store", inputs, kernel))
    return read_block(folder / "store", GRID.whole, LAYERS), done


def test_the_planted_tide_is_counted_and_its_shore_falls_into_zones(tmp_path):
    scenes, wet, clear = tide(tmp_path)
    found, done = flooded_block(tmp_path, scenes)
    assert (found["wet"] == (wet & clear).sum(axis=0)).all()
    assert (found["seen"] == clear.sum(axis=0)).all()
    enough = clear.sum(axis=0) >= 5
    assert (found["water_frequency"][~enough] == REFLECTANCE_NODATA).all()
    share = (wet & clear).sum(axis=0)[enough] / clear.sum(axis=0)[enough]
    np.testing.assert_allclose(found["water_frequency"][enough] * 1e-4, share, atol=0.5e-4)
    zones = found["inundation"]
    assert (zones[~enough] == NODATA_CLASS).all()
    assert (zones[:, :10][enough[:, :10]] == INUNDATION.code("permanent")).all()
    assert (zones[:, 46:][enough[:, 46:]] == INUNDATION.code("dry")).all()
    assert (zones[:, 20:30] == INUNDATION.code("fluctuating"))[enough[:, 20:30]].mean() > 0.99
    assert {record.band for record in done.records} == {"mask", *BANDS}


def test_a_look_that_fails_in_one_band_saw_nothing(tmp_path):
    scenes, wet, clear = tide(tmp_path)
    (tmp_path / "d4" / "swir16.tif").unlink()
    found, done = flooded_block(tmp_path, scenes)
    others = np.arange(DAYS) != 4
    assert (found["wet"] == (wet & clear)[others].sum(axis=0)).all()
    assert (found["seen"] == clear[others].sum(axis=0)).all()
    assert [record.scene_id for record in done.records if record.outcome == "failed"] == ["d4"]


def test_scenes_without_the_short_wave_infrared_tell_nothing_of_water(tmp_path):
    scenes, _, _ = tide(tmp_path)
    for scene in scenes:
        del scene.assets["swir16"]
    found, _ = flooded_block(tmp_path, scenes)
    assert (found["seen"] == 0).all()
    assert (found["inundation"] == NODATA_CLASS).all()
