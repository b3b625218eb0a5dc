"""The ecological index through the plan: planted Landsat scenes with a thermal band, and scenes without."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from pipeline.indices import rsei
from pipeline.indices.rsei import BANDS
from pipeline.ingest.scenes.choice import to_table
from pipeline.maps.rsei import RSEI
from pipeline.settings.maps import EcologicalIndex
from tests.mapmaking import make, rasters_of, rows_of, view_of
from tests.scenery import planted_scene

CLEAR_WATERLESS = 21824
DAY = datetime(2024, 5, 3, 2, 40, tzinfo=UTC)
NOWHERE = (slice(0), slice(0))
ROUGH = {"scale": 2.75e-5, "offset": -0.2}


def ground(shape, loss=0.0):
    """Quality from bare and hot in the west to green, moist and cool in the east, water in the north."""
    rng = np.random.default_rng(9)
    quality = np.clip(np.linspace(0, 1, shape[1]) + rng.normal(0, 0.05, shape), 0, 1) * (1 - loss)
    bare = {"blue": 0.10, "green": 0.13, "red": 0.17, "nir": 0.22, "swir16": 0.30, "swir22": 0.26}
    lush = {"blue": 0.03, "green": 0.06, "red": 0.04, "nir": 0.40, "swir16": 0.14, "swir22": 0.07}
    water = {"blue": 0.06, "green": 0.08, "red": 0.05, "nir": 0.03, "swir16": 0.01, "swir22": 0.01}
    wet = np.broadcast_to(np.arange(shape[0])[:, None] < shape[0] // 5, shape)
    bands = {
        band: np.where(wet, water[band], bare[band] + quality * (lush[band] - bare[band])) for band in BANDS
    }
    return bands, np.where(wet, 18.0, 41.0 - 16.0 * quality), quality, wet


def scenes_of(area, folder, *, heat=True, day=DAY, loss=0.0, hot=NOWHERE):
    bands, degrees, quality, wet = ground(area.grid.shape, loss)
    degrees[hot] = 60.0
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
            f"LC08_{day:%m}_{number}",
            numbers,
            np.full(area.grid.shape, CLEAR_WATERLESS, dtype=np.uint16),
            when=day + timedelta(days=8 * number),
            mission="landsat-8",
            platform="landsat-8",
            **ROUGH,
            **place,
        )
        if heat:
            warm = replace(scene.assets["lwir11"], scale=0.00341802, offset=149.0)
            scene = replace(scene, assets={**scene.assets, "lwir11": warm})
        scenes.append(scene)
    return scenes, quality, wet


def table_of(area, scenes):
    return to_table(scenes, [area.aoi.geometry.buffer(0.1)] * len(scenes))


def made(run, planted, folder, *, heat=True):
    scenes = planted.settings.scenes.model_copy(update={"missions": ["landsat-8"]})
    area = replace(planted, settings=planted.settings.model_copy(update={"rsei": True, "scenes": scenes}))
    scenes, quality, wet = scenes_of(area, folder, heat=heat)
    maps = make(run, area, table_of(area, scenes))
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
    assert "Baig et al. 2014" in mean["source"]
    assert "of at-sensor reflectance" in mean["source"]
    assert 0 < rows["rsei_good_share"]["value"] < mean["value"]


def test_without_a_thermal_band_there_is_no_index_and_every_figure_says_so(run, planted, tmp_path):
    maps, rows, _, _ = made(run, planted, tmp_path, heat=False)
    assert not rasters_of(maps, RSEI)
    assert all(row["value"] is None and "热红外" in row["reason"] for row in rows.values())
    table = RSEI.show.tables(view_of(maps))["rsei"]
    assert table["loading"].isna().all()
    assert table["reason"].str.contains("thermal").all()
    assert list(table["component"]) == list(rsei.COMPONENTS)


def over_two_months(run, planted, folder, rules, *, hot=NOWHERE, heat=True):
    """The index of May and of June, in which a third of the quality is lost; its rows, rasters and axis."""
    scenes = planted.settings.scenes.model_copy(
        update={"missions": ["landsat-8"], "start": date(2024, 5, 1), "end": date(2024, 6, 30)}
    )
    area = replace(planted, settings=planted.settings.model_copy(update={"rsei": rules, "scenes": scenes}))
    may, _, _ = scenes_of(area, folder)
    june, _, _ = scenes_of(area, folder, day=DAY + timedelta(days=31), loss=0.33, hot=hot, heat=heat)
    maps = make(run, area, table_of(area, [*may, *june]))
    return rows_of(maps, RSEI), rasters_of(maps, RSEI), RSEI.show.tables(view_of(maps))["rsei"]


def test_with_an_axis_of_their_own_a_loss_between_periods_is_hidden_and_with_one_in_common_it_is_told(
    run, planted, tmp_path
):
    alone, _, _ = over_two_months(run, planted, tmp_path / "a", EcologicalIndex())
    common, rasters, table = over_two_months(run, planted, tmp_path / "b", EcologicalIndex(common=True))
    means = [
        [rows["rsei_mean", month]["value"] for month in ("2024-05", "2024-06")] for rows in (alone, common)
    ]
    assert means[0][1] > means[0][0] - 0.05
    assert means[1][1] == pytest.approx(means[1][0] * 0.67, abs=0.05)
    assert "not comparable with others" in alone["rsei_mean", "2024-05"]["source"]
    assert "one axis and range of 2 periods" in common["rsei_mean", "2024-05"]["source"]
    may, june = (table[table["period"] == month].drop(columns="period") for month in ("2024-05", "2024-06"))
    np.testing.assert_array_equal(may["loading"], june["loading"])
    np.testing.assert_array_equal(may["high"], june["high"])
    values = np.concatenate([raster[raster != -32768] for raster in rasters.values()])
    assert (values.min(), values.max()) == (0, 10000)


def test_one_hot_roof_decides_no_range_where_it_is_cut_off(run, planted, tmp_path):
    roof = (slice(150, 152), slice(150, 152))
    rules = EcologicalIndex(common=True, trim=(1, 99))
    rows, rasters, table = over_two_months(run, planted, tmp_path, rules, hot=roof)
    np.testing.assert_allclose(table.loc[table["component"] == "heat", "high"], 41, atol=0.5)
    may, june = (rows["rsei_mean", month] for month in ("2024-05", "2024-06"))
    assert june["value"] == pytest.approx(may["value"] * 0.67, abs=0.05)
    assert "cut to percentiles 1 and 99" in june["source"]
    around = rasters["rsei_2024-06"][153:163, 150:152]
    assert 0 <= rasters["rsei_2024-06"][roof].mean() < around.mean() - 500


def test_a_period_without_heat_has_no_index_though_it_shares_the_axis_of_others(run, planted, tmp_path):
    rows, rasters, _ = over_two_months(
        run, planted, tmp_path, EcologicalIndex(common=True, wetness="surface"), heat=False
    )
    assert list(rasters) == ["rsei_2024-05"]
    assert rows["rsei_mean", "2024-06"]["value"] is None
    assert "热红外" in rows["rsei_mean", "2024-06"]["reason"]
    source = rows["rsei_mean", "2024-05"]["source"]
    assert "one axis and range of 1 periods" in source
    assert "Zhai et al. 2022" in source
    assert "of surface reflectance" in source
