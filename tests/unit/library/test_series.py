"""Series of planted fields: every look, exact coverage, and why a value is not known."""

import json
import pickle

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.errors import InputError, SettingsError
from pipeline.library.places import PlaceSet
from pipeline.library.series import _plan, sum_looks
from tests.planted_scenes import (
    CLOUD,
    FIELDS,
    GRID,
    LANDSAT,
    NIR,
    RED,
    find_clear,
    list_fields,
    plant_scenes,
    reflect,
)
from tests.scenery import NO_GROWTH, UTM

DAYS = list(NIR["north"])


@pytest.fixture(scope="module")
def series(scenes):
    return pipeline.time_series(list_fields(), "ndvi", scenes=scenes, clear=NO_GROWTH, harmonise=False)


def weigh(field):
    """How much of every pixel a field covers, by an intersection of each with it."""
    x = GRID.left + 10 * np.arange(GRID.width)
    y = GRID.top - 10 * (np.arange(GRID.height) + 1)
    left, bottom = np.meshgrid(x, y)
    boxes = shapely.box(left, bottom, left + 10, bottom + 10)
    return shapely.area(shapely.intersection(boxes, field)) / 100


ON_PIXELS = [(name, day) for name in FIELDS for day in DAYS if (name, day) != ("edge", LANDSAT)]
"""Fields and days whose pixels are those of the grid; those of 30 m are resampled."""


@pytest.mark.parametrize(("name", "day"), ON_PIXELS)
def test_a_value_is_the_mean_of_what_was_clear_weighed_by_what_the_field_covers(series, name, day):
    row = series[(series["parcel_id"] == name) & (series["day"].astype(str) == day)].iloc[0]
    fields = list_fields().set_index("parcel_id").geometry
    share = weigh(fields[name])
    nir, red, clear = reflect("nir", day), reflect("red", day), find_clear(day)
    ndvi, weight = (nir - red) / (nir + red), share * clear
    assert row["clear_share"] == pytest.approx(weight.sum() / share.sum(), abs=2e-5)
    if not weight.any():
        assert np.isnan(row["value"])
        assert "not seen clear" in row["reason"]
        assert (row["area_m2"], row["looks"]) == (0, 0)
        return
    expected = (ndvi * weight).sum() / weight.sum()
    tolerance = 0.06 if day == LANDSAT else 2e-4
    assert row["value"] == pytest.approx(expected, abs=tolerance)
    assert row["reason"] == ""
    assert row["looks"] == 1
    assert row["area_m2"] == pytest.approx(100 * weight.sum(), rel=2e-3)


def test_every_look_over_a_field_has_its_row_in_the_order_of_time(series):
    assert series.groupby("parcel_id").size().to_dict() == dict.fromkeys(FIELDS, len(DAYS))
    for _, rows in series.groupby("parcel_id"):
        assert rows["time"].is_monotonic_increasing
        assert rows["mission"].tolist() == ["landsat-8" if day == LANDSAT else "sentinel-2" for day in DAYS]


def test_a_point_has_the_value_of_the_pixel_under_it(scenes):
    rows, cols = FIELDS["south"]
    points = gpd.GeoSeries(
        [
            shapely.Point(GRID.left + 10 * cols.start + 1, GRID.top - 10 * rows.start - 1),
            shapely.Point(GRID.left + 10 * cols.start - 1, GRID.top - 10 * rows.start - 1),
        ],
        index=pd.Index(["inside", "outside"], name="plot"),
        crs=UTM,
    )
    found = pipeline.time_series(points, "ndvi", scenes=scenes, harmonise=False)
    first = found[found["day"].astype(str) == DAYS[0]].set_index("plot")["value"]
    near = NIR["south"][DAYS[0]]
    assert first["inside"] == pytest.approx((near - RED["south"]) / (near + RED["south"]), abs=2e-4)
    assert first["outside"] == pytest.approx((0.30 - 0.11) / (0.30 + 0.11), abs=2e-4)


def test_a_series_is_the_same_whatever_the_crs_of_its_places_and_their_order(scenes, series):
    turned = list_fields().iloc[::-1].to_crs("EPSG:4490")
    found = pipeline.time_series(turned, "ndvi", scenes=scenes, clear=NO_GROWTH, harmonise=False)
    joined = found.merge(series, on=["parcel_id", "time"], suffixes=("", "_of"))
    assert len(joined) == len(series)
    assert np.allclose(joined["value"], joined["value_of"], atol=1e-6, equal_nan=True)


def test_several_indices_are_rows_of_their_own_and_agree_with_one_alone(scenes, series):
    both = pipeline.time_series(
        list_fields(), ["ndvi", "ndwi"], scenes=scenes, clear=NO_GROWTH, harmonise=False
    )
    assert both["index"].value_counts().to_dict() == dict.fromkeys(["ndvi", "ndwi"], len(series))
    alone = both[both["index"] == "ndvi"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, series)


def test_a_block_may_be_summed_in_another_process(scenes):
    targets = PlaceSet.of(list_fields())
    reading, looks = _plan(targets, ("ndvi",), scenes, NO_GROWTH, 10, "auto")
    (covered,) = targets.lay(reading.grid)
    asked = reading, tuple(looks), ("ndvi",), covered
    here, there = sum_looks(*asked), sum_looks(*pickle.loads(pickle.dumps(asked)))
    np.testing.assert_array_equal(here.value_m2, there.value_m2)
    assert here.value_m2.any()


def test_what_a_mission_does_not_measure_is_null_with_the_bands_that_lack(scenes):
    found = pipeline.time_series(list_fields().head(1), "ndmi", scenes=scenes)
    assert found["value"].notna().any()
    without = scenes.copy()
    stripped = pipeline.time_series(list_fields().head(1), "ndmi", scenes=_strip(without, LANDSAT, "swir16"))
    row = stripped[stripped["day"].astype(str) == LANDSAT].iloc[0]
    assert np.isnan(row["value"])
    assert "swir16" in row["reason"]


def _strip(scenes, day, band):
    def strip(text):
        assets = json.loads(text)
        del assets[band]
        return json.dumps(assets)

    of_day = scenes["datetime"].dt.strftime("%Y-%m-%d") == day
    scenes.loc[of_day, "assets"] = scenes.loc[of_day, "assets"].map(strip)
    return scenes


def test_a_file_that_cannot_be_read_is_null_with_the_reason_and_the_other_looks_stand(tmp_path):
    catalogue = plant_scenes(tmp_path, lost=(DAYS[0], "nir"))
    scenes = pipeline.search_scenes(**catalogue.query)
    found = pipeline.time_series(list_fields(), "ndvi", scenes=scenes, harmonise=False)
    of_day = found["day"].astype(str) == DAYS[0]
    assert found.loc[of_day, "value"].isna().all()
    assert found.loc[of_day, "reason"].str.contains("could not be read").all()
    assert found.loc[found["day"].astype(str) == DAYS[2], "value"].notna().all()


def test_a_place_that_no_scene_covers_has_one_row_that_says_so(scenes):
    far = gpd.GeoSeries([shapely.Point(GRID.left + 5000, GRID.top - 5000)], crs=UTM)
    near = list_fields().geometry.head(1)
    found = pipeline.time_series(pd.concat([far, near]).reset_index(drop=True), "ndvi", scenes=scenes)
    lone = found[found["place"] == 0]
    assert len(lone) == 1
    assert lone["time"].isna().all()
    assert "no scene covers it" in lone["reason"].iloc[0]


@pytest.mark.parametrize(
    ("places", "found"),
    [
        (gpd.GeoSeries([shapely.Point(1, 2)]), "CRS"),
        (gpd.GeoSeries([shapely.LineString([(121, 31), (122, 32)])], crs=4490), "LineString"),
        (gpd.GeoSeries([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], crs=4490), "Self-intersection"),
        (gpd.GeoSeries([None], crs=4490), "no geometry"),
        (gpd.GeoSeries([], crs=4490), "no row"),
    ],
    ids=["crs", "line", "bow tie", "null", "none"],
)
def test_places_of_which_nothing_can_be_told_are_refused_by_name(scenes, places, found):
    with pytest.raises(InputError, match=found):
        pipeline.time_series(places, scenes=scenes)


def test_an_index_that_is_none_is_refused_before_anything_is_read(scenes):
    with pytest.raises(SettingsError, match="nvdi"):
        pipeline.time_series(list_fields(), "nvdi", scenes=scenes)


@given(
    corner=st.tuples(st.floats(12, 70), st.floats(12, 70)),
    sides=st.tuples(st.floats(0.05, 20), st.floats(0.05, 20)),
    day=st.sampled_from([day for day in DAYS if day != LANDSAT]),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_field_however_small_or_crooked_has_the_mean_of_an_intersection_pixel_by_pixel(
    scenes, corner, sides, day
):
    left, top = GRID.left + 10 * corner[0], GRID.top - 10 * corner[1]
    field = shapely.Polygon(
        [(left, top), (left + 10 * sides[0], top - 3), (left + 7 * sides[0], top - 10 * sides[1] - 4)]
    )
    share = weigh(field) * find_clear(day)
    nir, red = reflect("nir", day), reflect("red", day)
    table = gpd.GeoSeries([field], crs=UTM)
    found = pipeline.time_series(table, scenes=scenes, clear=NO_GROWTH, harmonise=False)
    row = found[found["day"].astype(str) == day].iloc[0]
    if share.sum() == 0:
        assert np.isnan(row["value"])
        assert row["reason"]
    else:
        expected = ((nir - red) / (nir + red) * share).sum() / share.sum()
        assert row["value"] == pytest.approx(expected, abs=1e-3)
        assert row["clear_share"] == pytest.approx(share.sum() / weigh(field).sum(), abs=1e-3)


def test_clouds_are_planted_over_a_part_of_a_field_and_over_all():
    assert {day: find_clear(day).mean() for day in CLOUD} == {DAYS[1]: pytest.approx(80 / 96), DAYS[4]: 0}
