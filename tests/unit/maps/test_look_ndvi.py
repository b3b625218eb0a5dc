"""Vegetation cover by the greatest NDVI of a year, and by its growing season, from planted scenes."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.flow.measures import measure_aoi
from pipeline.ingest.scenes.choice import to_table
from pipeline.maps.cover import COVER
from pipeline.maps.look_ndvi import LOOK_NDVI, describe_ndvi, find_ndvi
from pipeline.settings import Endmembers, Settings, Vegetation
from tests.mapmaking import make, rasters_of, rows_of, view_of
from tests.scenery import NO_GROWTH, planted_scene

DAYS = {(1, 20): 0.2, (2, 9): 0.25, (5, 3): 0.5, (6, 12): 0.9, (8, 1): 0.7, (11, 5): 0.3, (12, 15): 0.22}
"""NDVI by day of 2024; the greatest stands alone in June."""


def scenes_of(area, folder):
    """The same course everywhere, lower towards the south; the June look is clouded in the west."""
    height, width = area.grid.shape
    slope = np.linspace(0, 0.1, height)[:, None] * np.ones(width)
    scenes = []
    for (month, day), level in DAYS.items():
        ndvi = level - slope
        mask = np.full((height, width), 4, dtype=np.uint8)
        if month == 6:
            mask[:, : width // 2] = 9
        flat = np.full((height, width), 1500)
        numbers = {"green": flat, "red": 2000 * (1 - ndvi), "nir": 2000 * (1 + ndvi), "swir16": flat + 1000}
        numbers["blue"] = flat - 500
        scenes.append(
            planted_scene(
                folder,
                f"S2A_{month:02d}",
                {band: np.rint(values).astype(np.uint16) for band, values in numbers.items()},
                mask,
                when=datetime(2024, month, day, 2, 30, tzinfo=UTC),
                left=area.grid.left,
                top=area.grid.top,
                crs=area.grid.crs,
            )
        )
    return to_table(scenes, [area.aoi.geometry.buffer(0.1)] * len(scenes)), slope


def over(area, *, start=date(2024, 1, 1), end=date(2024, 12, 31), **vegetation):
    scenes = area.settings.scenes.model_copy(
        update={"start": start, "end": end, "period": "year", "clear": NO_GROWTH}
    )
    rules = Vegetation(endmembers=Endmembers(soil=0.1, vegetation=0.8), **vegetation)
    return replace(area, settings=area.settings.model_copy(update={"scenes": scenes, "vegetation": rules}))


@pytest.mark.parametrize(
    ("method", "east", "west", "words"),
    [
        ("maximum", 0.9, 0.7, "greatest NDVI of the clear looks"),
        ("growing-season", 0.7, 0.6, "growing season 生长季中值 (2024-04-01/2024-10-31)"),
    ],
)
def test_cover_is_made_from_the_ndvi_that_is_asked_for_and_says_so(
    run, planted, tmp_path, method, east, west, words
):
    area = over(planted, ndvi=method)
    table, slope = scenes_of(area, tmp_path)
    maps = make(run, area, table)
    half = slope.shape[1] // 2
    expected = np.where(np.arange(slope.shape[1]) < half, west, east) - slope
    rasters = rasters_of(maps, LOOK_NDVI, COVER)
    ndvi = rasters[f"ndvi_{method.replace('-', '_')}_2024"]
    seen = ndvi != REFLECTANCE_NODATA
    assert seen.mean() > 0.5
    np.testing.assert_allclose(ndvi[seen] * 1e-4, expected[seen], atol=4e-4)
    fvc = np.clip((expected - 0.1) / 0.7, 0, 1)
    np.testing.assert_allclose(rasters["fvc_2024"][seen] * 1e-4, fvc[seen], atol=6e-4)
    rows = {name: row for (name, _), row in rows_of(maps, COVER).items()}
    assert rows["mean_fvc_land"]["value"] == pytest.approx(fvc[seen].mean(), abs=0.01)
    assert words in rows["mean_fvc_land"]["source"]
    beside = rows["mean_fvc_land_composite"]
    assert beside["value"] < rows["mean_fvc_land"]["value"] - 0.1
    assert "NDVI of the composite 时段合成影像 (median)" in beside["source"]


def test_a_year_without_a_day_of_the_season_has_no_cover_and_says_why(run, planted, tmp_path):
    area = over(planted, ndvi="growing-season", growing_season=(9, 10), end=date(2024, 8, 31))
    table, _ = scenes_of(area, tmp_path)
    maps = make(run, area, table)
    assert (rasters_of(maps, COVER)["fvc_2024"] == REFLECTANCE_NODATA).all()
    rows = {name: row for (name, _), row in rows_of(maps, COVER).items()}
    assert rows.pop("mean_fvc_land_composite")["value"] > 0
    for row in rows.values():
        assert row["value"] is None
        assert "9–10 月" in row["reason"]


def test_a_season_without_a_clear_look_is_not_called_a_year_without_one(run, planted, tmp_path):
    area = over(planted, ndvi="growing-season", growing_season=(9, 10))
    table, _ = scenes_of(area, tmp_path)
    maps = make(run, area, table)
    rows = {name: row for (name, _), row in rows_of(maps, COVER).items()}
    assert rows["mean_fvc_land"]["value"] is None
    assert "生长季没有晴空观测" in rows["mean_fvc_land"]["reason"]
    measures = measure_aoi(view_of(maps).ground, maps).set_index("measure")
    assert "生长季无晴空观测" in measures.loc["fvc_mean", "reason"]
    assert measures.loc["ndvi_mean", "value"] > 0


def test_a_year_that_is_cut_says_which_days_of_its_season_it_has(planted):
    area = over(planted, ndvi="growing-season", start=date(2024, 6, 10), end=date(2024, 9, 5))
    (period,) = area.periods
    step, season = find_ndvi(area, period)
    assert step == "look_ndvi"
    assert (season.first, season.last) == (date(2024, 6, 10), date(2024, 9, 5))
    assert "(2024-06-10/2024-09-05)" in describe_ndvi(area, period)


def test_the_ndvi_of_the_composite_is_read_no_second_time(planted):
    assert LOOK_NDVI.times(over(planted)) == ()
    assert Settings.model_fields["vegetation"].default.ndvi == "composite"
