"""Anomaly and trend of NDVI through the plan: from planted years to rasters and indicators."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.indices.trend import compute_trend
from pipeline.maps.anomaly import ANOMALY
from pipeline.maps.composite import COMPOSITE
from pipeline.maps.encoding import RATIO, as_ratio
from pipeline.maps.making import make_maps
from pipeline.maps.step import Step, each_period, keep_layers
from pipeline.maps.trend import SIGNIFICANT_TREND, TREND, TREND_LIMIT
from pipeline.settings.maps import GreennessRules
from pipeline.storage.blocks import create_store, write_block
from tests.mapmaking import no_scenes, rasters_of, rows_of

EDGE = 256
TRENDS = TREND, SIGNIFICANT_TREND
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

    def build(_run, _maps, when, folder):
        create_store(folder, {"ndvi": RATIO.stored}, area.grid, EDGE)
        values = as_ratio(series[area.periods.index(when)])
        for block in area.grid.blocks(EDGE):
            write_block(folder, block, {"ndvi": values[block.rows, block.cols]})

    planted = Step(
        "spectral",
        1,
        "planted",
        times=each_period,
        settings=lambda _, when: {"year": when.label},
        layers=keep_layers({"ndvi": RATIO}),
        build=build,
    )
    unmade = replace(COMPOSITE, build=lambda *_: None)
    steps = unmade, planted, ANOMALY, TREND, TREND_LIMIT, SIGNIFICANT_TREND
    return make_maps(run, area, no_scenes(run, area), steps)


def over(area, count, rules=RULES):
    scenes = area.settings.scenes.model_copy(
        update={"start": date(2025 - count, 1, 1), "end": date(2024, 12, 31), "period": "year"}
    )
    settings = area.settings.model_copy(update={"scenes": scenes, "greenness": rules})
    return replace(area, settings=settings)


def test_planted_loss_and_trend_come_back_as_rasters_and_indicators(run, planted):
    area = over(planted, 12)
    series = years_of(area, 12)
    maps = mapped(run, area, series)
    rasters = rasters_of(maps, ANOMALY, TREND)
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
    rows = rows_of(maps, ANOMALY, TREND)
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
    for words in ("serial correlation not corrected", "未作多重检验校正", "p < 0.05"):
        assert words in greener["source"]


def test_with_a_rate_of_false_discoveries_the_map_holds_what_scipy_keeps_of_it(run, planted):
    area = over(planted, 12, GreennessRules(trend=True, test="ar1", false_discovery=True))
    maps = mapped(run, area, years_of(area, 12))
    rasters = rasters_of(maps, *TRENDS)
    slope, p_value, kept = (rasters[f"ndvi_trend{kind}_2013_2024"] for kind in ("", "_p", "_significant"))
    known = np.isfinite(p_value)
    significant = false_discovery_control(p_value[known].astype(np.float64)) <= 0.05
    assert 0.2 < significant.mean() < 0.95
    np.testing.assert_array_equal(kept[known], np.where(significant, slope[known], 0))
    assert np.isnan(kept[~known]).all()
    rows = rows_of(maps, TREND)
    shares = [rows[name, "2013/2024"]["value"] for name in ("greening_share", "browning_share")]
    assert sum(shares) == pytest.approx(significant.mean(), abs=0.03)
    source = rows["greening_share", "2013/2024"]["source"]
    assert "AR(1)" in source
    assert "false discovery rate 0.05: p <= 0.0" in source
    assert f"of {known.sum()} pixels" in source


def test_years_too_few_for_a_test_leave_the_slope_and_no_significance(run, planted):
    area = over(planted, 12, GreennessRules(trend=True, test="hamed-rao", false_discovery=True))
    maps = mapped(run, area, years_of(area, 12))
    rasters = rasters_of(maps, *TRENDS)
    assert np.isfinite(rasters["ndvi_trend_2013_2024"]).any()
    assert not np.isfinite(rasters["ndvi_trend_p_2013_2024"]).any()
    for row in rows_of(maps, TREND).values():
        assert row["value"] is None
        assert "40" in row["reason"]


def test_with_too_few_periods_there_is_no_raster_and_every_figure_says_why(run, planted):
    area = over(planted, 3)
    maps = mapped(run, area, years_of(area, 3))
    assert not rasters_of(maps, ANOMALY, TREND)
    rows = rows_of(maps, ANOMALY, TREND)
    assert len(rows) == 8
    assert all(row["value"] is None and row["reason"] for row in rows.values())


def test_nothing_is_made_unless_it_is_asked_for(run, planted):
    area = over(planted, 12, GreennessRules())
    maps = mapped(run, area, years_of(area, 12))
    assert not maps.keys["anomaly"]
    assert not maps.keys["trend"]
    assert not rows_of(maps, ANOMALY, TREND)
