"""Anomaly and trend of NDVI through the plan: from planted years to rasters and indicators."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.engine.executors import Threads
from pipeline.grid import BlockPlan
from pipeline.indices.trend import compute_trend
from pipeline.maps import greenness
from pipeline.maps.encoding import as_ratio
from pipeline.maps.rasters import Maps
from pipeline.maps.stored import RATIO
from pipeline.settings.maps import GreennessRules
from pipeline.storage.blocks import create_store, write_block
from pipeline.zonal.ground import ground_of

EDGE = 256
RULES = GreennessRules(anomaly=True, trend=True, least_years=3)


def years_of(area, count):
    """The west loses 0.03 of NDVI a year, the middle stands, the east gains; the last year falls by 0.3."""
    rng = np.random.default_rng(6)
    slope = np.linspace(-0.03, 0.03, area.grid.width).round(2)
    series = 0.5 + np.arange(count)[:, None, None] * slope + rng.normal(0, 0.004, (count, *area.grid.shape))
    series[-1, :40] -= 0.3
    series[rng.random(series.shape) < 0.02] = np.nan
    return series.clip(-1, 1)


def mapped(run, area, series):
    """Maps whose indices are planted, with what is made of them."""

    def planted(number):
        def build(folder):
            create_store(folder, {"ndvi": RATIO}, area.grid, EDGE)
            for block in area.grid.blocks(EDGE):
                write_block(folder, block, {"ndvi": as_ratio(series[number][block.rows, block.cols])})

        return run.artifact("ndvi", area.cause("planted", 1, [], number=number), build)

    stores = tuple(planted(number) for number in range(len(series)))
    maps = Maps(BlockPlan(EDGE, 1), (), stores, (), (), (), (), ())
    anomalies, trends = (
        stores(run, area, [], maps) for stores in (greenness.anomaly_stores, greenness.trend_stores)
    )
    return replace(maps, further={"anomaly": anomalies, "trend": trends})


def rasters_of(area, maps):
    anomalies = greenness.anomaly_rasters(area, maps.further["anomaly"])
    return [*anomalies, *greenness.trend_rasters(area, maps.further["trend"])]


def over(area, count, rules=RULES):
    scenes = area.settings.scenes.model_copy(
        update={"start": date(2025 - count, 1, 1), "end": date(2024, 12, 31), "period": "year"}
    )
    settings = area.settings.model_copy(update={"scenes": scenes, "greenness": rules})
    return replace(area, settings=settings)


def rows_of(area, maps):
    whole = ground_of(Threads(1), area)
    periods = [period.label for period in area.settings.scenes.periods]
    sources = {**dict.fromkeys(periods, "s"), f"{periods[0]}/{periods[-1]}": "s"}
    rows = [
        *greenness.anomaly_rows(area, maps, whole, sources),
        *greenness.trend_rows(area, maps, whole, sources),
    ]
    return {(row["indicator"], row["period"]): row for row in rows}


def test_planted_loss_and_trend_come_back_as_rasters_and_indicators(run, planted):
    area = over(planted, 12)
    series = years_of(area, 12)
    maps = mapped(run, area, series)
    rasters = {raster.name: raster.values.to_numpy() for raster in rasters_of(area, maps)}
    labels = [str(year) for year in range(2013, 2025)]
    assert {name for name in rasters if "anomaly" in name} == {
        f"ndvi_anomaly{kind}_{label}" for kind in ("", "_z") for label in labels[3:]
    }
    stored = np.where(as_ratio(series) == REFLECTANCE_NODATA, np.nan, as_ratio(series) * 1e-4)
    expected = stored[-1] - np.nanmean(stored[:-1], axis=0)
    found = rasters["ndvi_anomaly_2024"]
    known = np.isfinite(found)
    np.testing.assert_allclose(found[known], expected[known], atol=1e-6)
    assert known.mean() > 0.95
    slopes = compute_trend(stored)
    np.testing.assert_allclose(rasters["ndvi_trend_2013_2024"], slopes.slope, atol=1e-6)
    np.testing.assert_allclose(rasters["ndvi_trend_p_2013_2024"], slopes.p_value, atol=1e-6)
    rows = rows_of(area, maps)
    for period in labels[:3]:
        assert rows["ndvi_anomaly_mean", period]["value"] is None
        assert "3" in rows["ndvi_anomaly_mean", period]["reason"]
    last = rows["less_green_share", "2024"]
    assert last["value"] == pytest.approx(last["numerator"] / last["denominator"])
    assert last["low"] <= last["value"] <= last["high"]
    assert rows["less_green_share", "2024"]["value"] > rows["less_green_share", "2023"]["value"] + 0.05
    greener, poorer = (rows[name, "2013/2024"] for name in ("greening_share", "browning_share"))
    assert greener["value"] == pytest.approx(0.4, abs=0.15)
    assert poorer["value"] == pytest.approx(0.4, abs=0.15)


def test_with_too_few_periods_there_is_no_raster_and_every_figure_says_why(run, planted):
    area = over(planted, 3)
    maps = mapped(run, area, years_of(area, 3))
    assert not list(rasters_of(area, maps))
    rows = rows_of(area, maps)
    assert len(rows) == 8
    assert all(row["value"] is None and row["reason"] for row in rows.values())


def test_nothing_is_made_unless_it_is_asked_for(run, planted):
    area = over(planted, 12, GreennessRules())
    maps = mapped(run, area, years_of(area, 2))
    assert not maps.keys_by_step["anomaly"]
    assert not maps.keys_by_step["trend"]
    assert not rows_of(area, maps)
