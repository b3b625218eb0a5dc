"""The ecological index through the plan: planted Landsat scenes with a thermal band, and scenes without."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipeline.indices import rsei
from pipeline.indices.rsei import BANDS
from pipeline.ingest.scenes.choice import to_table
from pipeline.maps.rsei import RSEI
from tests.mapmaking import make, rasters_of, rows_of, view_of
from tests.scenery import planted_scene

CLEAR_WATERLESS = 21824
DAY = datetime(2024, 5, 3, 2, 40, tzinfo=UTC)
ROUGH = {"scale": 2.75e-5, "offset": -0.2}


def ground(shape):
    """Quality from bare and hot in the west to green, moist and cool in the east, water in the north."""
    rng = np.random.default_rng(9)
    quality = np.clip(np.linspace(0, 1, shape[1]) + rng.normal(0, 0.05, shape), 0, 1)
    bare = {"blue": 0.10, "green": 0.13, "red": 0.17, "nir": 0.22, "swir16": 0.30, "swir22": 0.26}
    lush = {"blue": 0.03, "green": 0.06, "red": 0.04, "nir": 0.40, "swir16": 0.14, "swir22": 0.07}
    water = {"blue": 0.06, "green": 0.08, "red": 0.05, "nir": 0.03, "swir16": 0.01, "swir22": 0.01}
    wet = np.broadcast_to(np.arange(shape[0])[:, None] < shape[0] // 5, shape)
    bands = {
        band: np.where(wet, water[band], bare[band] + quality * (lush[band] - bare[band])) for band in BANDS
    }
    return bands, np.where(wet, 18.0, 41.0 - 16.0 * quality), quality, wet


def scenes_of(area, folder, *, heat=True):
    bands, degrees, quality, wet = ground(area.grid.shape)
    place = {"left": area.grid.left, "top": area.grid.top, "crs": area.grid.crs}
    scenes = []
    for number in range(3):
        numbers = {
            band: np.rint((values + 0.2) / 2.75e-5).astype(np.uint16) for band, values in bands.items()
        }
        if heat:
            kelvin = degrees + 273.15 + (number - 1) * 2.0
            numbers["lwir11"] = np.rint((kelvin - 149.0) / 0.00341802).astype(np.uint16)
        scene = planted_scene(
            folder,
            f"LC08_{number}",
            numbers,
            np.full(area.grid.shape, CLEAR_WATERLESS, dtype=np.uint16),
            when=DAY + timedelta(days=8 * number),
            mission="landsat-8",
            platform="landsat-8",
            **ROUGH,
            **place,
        )
        if heat:
            warm = replace(scene.assets["lwir11"], scale=0.00341802, offset=149.0)
            scene = replace(scene, assets={**scene.assets, "lwir11": warm})
        scenes.append(scene)
    return to_table(scenes, [area.aoi.geometry.buffer(0.1)] * 3), quality, wet


def made(run, planted, folder, *, heat=True):
    scenes = planted.settings.scenes.model_copy(update={"missions": ["landsat-8"]})
    area = replace(planted, settings=planted.settings.model_copy(update={"rsei": True, "scenes": scenes}))
    table, quality, wet = scenes_of(area, folder, heat=heat)
    maps = make(run, area, table)
    rows = {name: row for (name, _), row in rows_of(maps, RSEI).items()}
    return maps, rows, quality, wet


def test_planted_ground_comes_back_in_order_without_its_water(run, planted, tmp_path):
    maps, rows, quality, wet = made(run, planted, tmp_path)
    ((name, stored),) = rasters_of(maps, RSEI).items()
    assert name == "rsei_2024-05"
    known = stored != -32768
    assert not known[wet].any()
    assert known[~wet].mean() > 0.5
    index = stored[known] * 1e-4
    assert (index.min(), index.max()) == (0.0, 1.0)
    assert np.corrcoef(index, quality[known])[0, 1] > 0.98
    table = RSEI.show.tables(view_of(maps))["rsei"].set_index("component")
    assert (np.sign(table["loading"]) == [1, 1, -1, -1]).all()
    assert (table["explained_share"] > 0.9).all()
    hottest, coolest = table.loc["heat", "high"], table.loc["heat", "low"]
    assert (hottest, coolest) == pytest.approx((41.0, 25.0), abs=0.05)
    mean = rows["rsei_mean"]
    assert mean["value"] == pytest.approx(index.mean(), abs=0.02)
    assert mean["numerator"] / mean["denominator"] == pytest.approx(mean["value"])
    assert 0 < rows["rsei_good_share"]["value"] < mean["value"]


def test_without_a_thermal_band_there_is_no_index_and_every_figure_says_so(run, planted, tmp_path):
    maps, rows, _, _ = made(run, planted, tmp_path, heat=False)
    assert not rasters_of(maps, RSEI)
    assert all(row["value"] is None and "热红外" in row["reason"] for row in rows.values())
    table = RSEI.show.tables(view_of(maps))["rsei"]
    assert table["loading"].isna().all()
    assert table["reason"].str.contains("thermal").all()
    assert list(table["component"]) == list(rsei.COMPONENTS)
