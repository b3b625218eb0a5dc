"""Sections find the water parcel that they were planted on, beside, or that their register names."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from pipeline.geodesy import CGCS2000
from pipeline.rights_registry import waters

CRS = "EPSG:32651"
METRE = 1 / 111_000
NORTH = Geod(a=6378137.0, rf=298.257222101)


def _parcels(**columns):
    lefts = [121.50, 121.52, 121.54, 121.56, 121.58]
    rows = {
        "parcel_id": ["A", "B", "C", "D", "E"],
        "parcel_no": None,
        "unit_no": [None, "U2", "U2", None, None],
        "unit_name": ["东河水流", None, None, None, None],
        "unit_type": ["30", None, None, "60", "99"],
        "dlbm": [None, "1101", "1104", "0301", None],
        "resource_kind": [None, None, None, None, "SZY1"],
    }
    boxes = [shapely.box(left, 31.5, left + 0.01, 31.51) for left in lefts]
    return gpd.GeoDataFrame(rows | columns, geometry=boxes, crs=CGCS2000)


def _sections(*rows):
    table = pd.DataFrame(rows, columns=["section_id", "lon", "lat", "reach"])
    return table.set_index(pd.Index(range(10, 10 + len(table)))).astype({"lon": float, "lat": float})


def test_waters_are_units_of_waters_and_land_classes_of_waters():
    assert waters.select_water_parcels(_parcels())["parcel_id"].tolist() == ["A", "B", "C", "E"]


def test_a_section_stands_on_a_parcel_or_is_near_one_or_has_none():
    north = 31.51 + 80 * METRE
    sections = _sections(
        ("inside", 121.505, 31.505, None),
        ("80 m north of B", 121.525, north, None),
        ("on the forest", 121.565, 31.505, None),
        ("nowhere", np.nan, np.nan, None),
    )
    found = waters.link_sections(sections, _parcels(), crs=CRS, within_m=100)
    assert found.index.equals(sections.index)
    assert found["parcel_id"].tolist() == ["A", "B", None, None]
    assert found["link"].tolist() == ["stands_on", "nearest", None, None]
    _, _, metres = NORTH.inv(121.525, 31.51, 121.525, north)
    assert found["distance_m"].tolist()[:2] == [0, pytest.approx(metres, abs=0.01)]
    assert found["distance_m"].isna().tolist()[2:] == [True, True]
    assert waters.link_sections(sections, _parcels(), crs=CRS, within_m=50)["link"].tolist()[1] is None


def test_the_distance_is_that_of_the_ellipsoid_whatever_the_projection():
    sections = _sections(("beside C", 121.55 + 150 * METRE, 31.507, None))
    near, far = (waters.link_sections(sections, _parcels(), crs=crs) for crs in (CRS, "EPSG:4549"))
    assert near["distance_m"].iloc[0] == pytest.approx(far["distance_m"].iloc[0], abs=0.01)
    _, _, metres = NORTH.inv(121.55, 31.507, 121.55 + 150 * METRE, 31.507)
    assert near["distance_m"].iloc[0] == pytest.approx(metres, abs=0.01)


def test_the_register_goes_before_the_place():
    sections = _sections(
        ("stands on A, is of U2", 121.505, 31.505, "U2"),
        ("by name, far away", 120.0, 30.0, "东河水流"),
        ("without a place", np.nan, np.nan, "B"),
        ("names a forest", 121.505, 31.505, "D"),
    )
    found = waters.link_sections(sections, _parcels(), crs=CRS)
    assert found["parcel_id"].tolist() == ["B", "A", "B", "A"]
    assert found["link"].tolist() == ["register", "register", "register", "stands_on"]
    assert found["distance_m"].iloc[1] > 100_000
    assert np.isnan(found["distance_m"].iloc[2])


def test_of_equally_near_parcels_the_first_counts():
    double = pd.concat([_parcels(), _parcels(parcel_id=list("abcde"))], ignore_index=True)
    found = waters.link_sections(_sections(("inside", 121.505, 31.505, None)), double, crs=CRS)
    assert found["parcel_id"].tolist() == ["A"]


def test_no_section_or_no_water_gives_no_link():
    assert waters.link_sections(_sections(), _parcels(), crs=CRS).empty
    dry = _parcels()[3:4]
    found = waters.link_sections(_sections(("inside", 121.505, 31.505, "U2")), dry, crs=CRS)
    assert found.isna().to_numpy().all()


def test_a_parcel_has_the_worst_and_the_mean_class_of_its_graded_sections():
    sections = pd.DataFrame(
        {
            "parcel_id": ["A", "A", "A", None, "B"],
            "period": ["2024", "2024", "2023", "2024", "2024"],
            "section": ["甲", "乙", "甲", "丙", "丁"],
            "water_class": pd.array([2, 5, 3, 6, pd.NA], dtype="Int64"),
        }
    )
    found = waters.rate_parcels(sections).sort_values("period")
    assert found.to_numpy().tolist() == [
        ["A", "2023", "甲", 1, 3.0, 3.0], ["A", "2024", "甲、乙", 2, 5.0, 3.5],
    ]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    spots=st.lists(
        st.tuples(
            st.floats(121.49, 121.6), st.floats(31.49, 31.52), st.sampled_from([None, "东河水流", "U2"])
        ),
        max_size=5,
    ),
    within_m=st.floats(1, 3000),
)
def test_candidates_are_all_that_a_section_is_linked_to(spots, within_m):
    sections = _sections(*((f"S{number}", *spot) for number, spot in enumerate(spots)))
    parcels = _parcels()
    parts = [
        waters.select_candidates(sections, parcels.iloc[some], within_m=within_m)
        for some in (slice(0, 2), slice(2, 5))
    ]
    few = pd.concat(parts, ignore_index=True)
    found, expected = (
        waters.link_sections(sections, rows, crs=CRS, within_m=within_m) for rows in (few, parcels)
    )
    pd.testing.assert_frame_equal(found, expected)


def test_water_that_no_section_is_near_or_names_is_no_candidate():
    sections = _sections(("80 m north of B", 121.525, 31.51 + 80 * METRE, "东河水流"))
    assert waters.select_candidates(sections, _parcels())["parcel_id"].tolist() == ["A", "B"]
    assert waters.select_candidates(sections.iloc[:0], _parcels()).empty
