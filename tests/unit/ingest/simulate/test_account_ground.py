"""The ground of the truth of accounts: its factors are those of other formulas, its area that of the area."""

from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import measure_area_m2, unproject
from pipeline.indices.erosion import compute_cover_factor, compute_erodibility, compute_erosivity
from pipeline.indices.terrain import compute_ls
from pipeline.ingest.simulate import account_ground, parcels, scenes
from pipeline.ingest.simulate.world import plan_world
from pipeline.periods import list_periods

CRS = "EPSG:32651"
START, END = date(2023, 1, 1), date(2024, 12, 31)
YEARS = list_periods(START, END, "year")


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    square = shapely.box(395_000, 3_486_000, 397_000, 3_488_000)
    part = Part("guangyang", "小岛", "Islet", unproject(square, CRS), None)
    world = plan_world(Aoi("tiny", "小区", "Tiny", (part,), CRS, "test", "exact"), YEARS)
    folder = tmp_path_factory.mktemp("ground")
    parcels.write_register(world, folder)
    passes = scenes.list_acquisitions(world, START, END, ["sentinel-2"])
    slopes = {"slope_length_m": 30.0, "level_slope": 0.01}
    return world, account_ground.tabulate_ground(world, passes, folder / "register.gpkg", YEARS[0], **slopes)


def test_classes_fill_the_area(ground):
    world, table = ground
    assert table["area_m2"].sum() == pytest.approx(measure_area_m2(world.aoi.geometry), rel=0.01)
    assert not table.duplicated(["dlbm", "cover"]).any()
    assert 0.01 < table.loc[table["dlbm"] == "", "area_m2"].sum() / table["area_m2"].sum() < 0.25


def test_the_ground_erodes_less_under_plants(ground):
    table = ground[1].groupby("cover")[["erosion_potential", "erosion"]].sum()
    share = table["erosion"] / table["erosion_potential"]
    assert share["vegetation"] < 0.05 < share["bare"] < share["water"] == 1


@given(st.lists(st.floats(0.0, 1.4), min_size=1, max_size=20), st.floats(5.0, 300.0))
def test_topography_is_that_of_the_other_formula(slopes, length):
    slope = np.array(slopes)
    found = account_ground.evaluate_slope(slope, length, 0.01)
    assert found == pytest.approx(compute_ls(np.tan(slope)[None], length_m=length, level=0.01)[0], rel=1e-9)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20))
def test_cover_is_that_of_the_other_formula(fractions):
    fraction = np.array(fractions)
    assert account_ground.evaluate_cover(fraction) == pytest.approx(compute_cover_factor(fraction), rel=1e-9)


@given(st.floats(5.0, 60.0), st.floats(5.0, 39.0), st.floats(0.1, 6.0))
def test_soil_is_that_of_the_other_formula(sand, silt, carbon):
    parts = [np.array([part]) for part in (sand, silt, 100.0 - sand - silt, carbon)]
    assert account_ground.evaluate_soil(*parts) == pytest.approx(compute_erodibility(*parts), rel=1e-9)


@given(st.lists(st.floats(0.5, 400.0), min_size=12, max_size=12))
def test_rain_is_that_of_the_other_formula(rain):
    months = np.array(rain)[:, None]
    assert account_ground.evaluate_rain(list(months)) == pytest.approx(compute_erosivity(months), rel=1e-9)
