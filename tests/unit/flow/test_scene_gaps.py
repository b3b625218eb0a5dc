"""Periods without scenes, and ground outside all scenes, against a count of cells."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.flow.scene_gaps import count_scenes, list_gaps
from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.periods import list_periods

WEST, SOUTH, CELL = 121.8, 31.4, 0.01
AREA = shapely.box(WEST, SOUTH, WEST + 0.08, SOUTH + 0.08)
STUDY = SimpleNamespace(
    aoi=SimpleNamespace(geometry=AREA),
    periods=list_periods(date(2024, 1, 1), date(2024, 12, 31), "quarter"),
)
SCENES = st.lists(
    st.tuples(st.integers(0, 365), *[st.integers(-2, 9)] * 2, *[st.integers(1, 8)] * 2), max_size=6
)


def table_of(scenes):
    """Scenes as whole cells: day of the year, column, row, width, height."""
    moments = [datetime(2024, 1, 1, 2, tzinfo=UTC) + timedelta(days=day) for day, *_ in scenes]
    shapes = [
        shapely.box(
            WEST + CELL * col, SOUTH + CELL * row, WEST + CELL * (col + wide), SOUTH + CELL * (row + high)
        )
        for _, col, row, wide, high in scenes
    ]
    return gpd.GeoDataFrame({"datetime": moments}, geometry=shapes, crs=CGCS2000)


@settings(max_examples=60, deadline=None)
@given(scenes=SCENES)
def test_what_lies_outside_all_scenes_is_what_no_cell_of_them_covers(scenes):
    counted = count_scenes(STUDY, table_of(scenes))
    cells = np.array(
        [
            [measure_area_m2(shapely.box(WEST, SOUTH + CELL * row, WEST + CELL, SOUTH + CELL * (row + 1)))]
            * 8
            for row in range(8)
        ]
    )
    for number, one in enumerate(counted):
        own = [
            rest
            for day, *rest in scenes
            if (date(2024, 1, 1) + timedelta(days=day)).month in range(3 * number + 1, 3 * number + 4)
        ]
        left = np.ones((8, 8), dtype=bool)
        for col, row, wide, high in own:
            left[max(row, 0) : max(row + high, 0), max(col, 0) : max(col + wide, 0)] = False
        assert one["scenes"] == len(own)
        assert one["outside_m2"] == pytest.approx(cells[left].sum(), rel=1e-6, abs=50)
        assert one["outside_share"] == one["outside_m2"] / one["area_m2"]


def test_periods_without_a_scene_are_named_and_ground_outside_is_measured():
    told = list(list_gaps(count_scenes(STUDY, table_of([(10, 0, 0, 8, 8), (200, 0, 0, 4, 8)]))))
    assert told[0] == "no scene in 2024Q2, 2024Q4"
    assert told[1].startswith("2024Q3: 50.0% of the area lies outside all scenes (")
    assert len(told) == 2


def test_an_outline_that_is_off_by_metres_is_no_gap():
    short = table_of([(10, 0, 0, 8, 8)])
    short.geometry = [shapely.box(WEST, SOUTH, WEST + 0.08 - 1e-5, SOUTH + 0.08)]
    assert "outside" not in "".join(list_gaps(count_scenes(STUDY, short)))
