"""Alerts of vegetation loss through the plan: from planted scenes to rasters and the indicator."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from pipeline.ingest.scenes.choice import to_table
from pipeline.legends import ALERTS, NODATA_CLASS
from pipeline.maps.alerts import ALERT
from pipeline.maps.layout import plan_layout
from pipeline.maps.registry import STEPS
from pipeline.maps.step import Footprint
from pipeline.settings.maps import AlertRules
from tests.mapmaking import make, rasters_of, rows_of
from tests.scenery import planted_scene

START = datetime(2024, 1, 5, 2, 30, tzinfo=UTC)
LOOKS, EVERY, CUT = 30, 8, 24
"""Looks of the history and of the watched days, and the first that sees the loss."""


def scenes_of(area, folder):
    """Plants everywhere but in the north, cut down in the east on a day, and clouds drawn at random."""
    rng = np.random.default_rng(12)
    shape = area.grid.shape
    bare = np.broadcast_to(np.arange(shape[0])[:, None] < shape[0] // 4, shape)
    east = np.broadcast_to(np.arange(shape[1]) >= shape[1] // 2, shape)
    scenes, clear = [], []
    for number in range(LOOKS):
        ndvi = np.where(bare | (east & (number >= CUT)), 0.12, 0.7) + rng.normal(0, 0.02, shape)
        numbers = {"red": 1500 * (1 - ndvi), "nir": 1500 * (1 + ndvi)}
        mask = np.where(rng.random(shape) < 0.25, 9, 4).astype(np.uint8)
        scene = planted_scene(
            folder,
            f"S2A_{number:02d}",
            {band: np.rint(values).astype(np.uint16) for band, values in numbers.items()},
            mask,
            when=START + timedelta(days=EVERY * number),
            left=area.grid.left,
            top=area.grid.top,
            crs=area.grid.crs,
        )
        scenes.append(scene)
        clear.append(mask == 4)
    return scenes, bare, east & ~bare, np.array(clear)


@pytest.fixture
def watched(planted):
    """The planted area, its last 80 days watched: the loss falls into them; no mask is grown."""
    scenes = planted.settings.scenes.model_copy(
        update={
            "start": date(2024, 1, 1),
            "end": date(2024, 8, 31),
            "period": "year",
            "clear": planted.settings.scenes.clear.model_copy(update={"open_px": 0, "dilate_px": 0}),
        }
    )
    rules = AlertRules(last_days=80, season_days=180, least_history=6)
    settings = planted.settings.model_copy(update={"scenes": scenes, "alerts": rules})
    return replace(planted, settings=settings)


def test_a_planted_loss_is_on_the_map_with_its_day_and_its_drop(run, watched, tmp_path):
    scenes, bare, lost, clear = scenes_of(watched, tmp_path)
    table = to_table(scenes, [watched.aoi.geometry.buffer(0.1)] * LOOKS)
    maps = make(run, watched, table)
    rasters = rasters_of(maps, ALERT)
    names = ("alerts", "alert_day", "alert_drop")
    state, day, drop = (rasters[f"{name}_20240613-20240831"] for name in names)
    known = state != NODATA_CLASS
    assert known.mean() > 0.5
    alert = state == ALERTS.code("lost")
    assert (state[known & bare] == ALERTS.code("not_vegetated")).all()
    enough = clear[CUT:].sum(axis=0) >= 3
    assert alert[known & lost & enough].mean() > 0.98
    assert alert[known & ~lost].mean() < 0.005
    third = np.argmax(np.cumsum(clear[CUT:], axis=0) == 3, axis=0) + CUT
    seen = alert & lost & enough
    first = date(2024, 6, 13)
    expected = np.array([((START + timedelta(days=EVERY * n)).date() - first).days + 1 for n in range(LOOKS)])
    assert (day[seen] <= expected[third][seen]).mean() > 0.98
    assert (day[seen] >= expected[CUT]).mean() > 0.98
    assert (day[~alert] == 0).all()
    assert np.median(drop[seen]) == pytest.approx(-0.58, abs=0.03)
    (row,) = rows_of(maps, ALERT).values()
    assert row["period"] == "2024-06-13/2024-08-31"
    assert row["value"] == pytest.approx(row["numerator"] / row["denominator"])
    assert 0.3 < row["value"] < 0.6
    assert row["low"] <= row["value"] <= row["high"]


def test_blocks_are_cut_for_the_looks_of_all_periods(watched, tmp_path):
    scenes, _, _, _ = scenes_of(replace(watched), tmp_path)
    quiet = replace(watched, settings=watched.settings.model_copy(update={"alerts": AlertRules()}))
    over = [Footprint(scene, watched.outline) for scene in scenes]
    more, less = (plan_layout(*given, STEPS) for given in ((watched, over * 10), (quiet, over[:3])))
    assert more.block_bytes > less.block_bytes
