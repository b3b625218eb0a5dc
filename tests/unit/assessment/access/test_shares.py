"""Land and people are shared out by town, and what is known, unknown and near the border adds up."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.aoi import Aoi, Part
from pipeline.assessment.access import shares
from pipeline.assessment.access.pieces import cut_homes, mark_edge, measure_overlap
from pipeline.assessment.access.places import choose_places
from pipeline.assessment.access.plane import build_plane
from pipeline.assessment.access.shares import (
    NO_HOMES,
    NOTHING_KNOWN,
    Reckoning,
    list_homes_beyond,
    tabulate_shares,
)
from pipeline.assessment.access.straight import Nearness
from pipeline.contracts import ACCESS, ACCESS_UNSERVED, check_table
from pipeline.geodesy import CGCS2000, measure_area_m2

OUTLINE = shapely.box(121.0, 31.0, 121.02, 31.01)
AREA = Aoi("a", "甲区", "a", (Part("1", "甲", "a", OUTLINE, None),), "EPSG:32651", "drawn", "exact")
PLANE = build_plane(AREA)
TOWNS = gpd.GeoDataFrame(
    {"region": ["t1", "t2"], "name": ["东镇", "西镇"]},
    geometry=[shapely.box(121.01, 31.0, 121.02, 31.01), shapely.box(121.0, 31.0, 121.01, 31.01)],
    crs=CGCS2000,
)


def homes(shapes, people):
    names = [f"H{n}" for n in range(len(shapes))]
    table = {"home_id": names, "home_name": None, "people": np.array(people, dtype=float)}
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=CGCS2000)


def square(lon, lat, size=0.0002):
    return shapely.box(lon, lat, lon + size, lat + size)


def reckon(pieces, share, edge=None, homes_from="buildings"):
    count = len(pieces)
    nearness = Nearness(
        share=np.array(share, dtype=float),
        rest=pieces.geometry.to_numpy(),
        nearest_m=np.full(count, 400.0),
        nearest=np.zeros(count, dtype=int),
        reason=np.full(count, None, dtype=object),
    )
    return Reckoning(
        period="2024",
        green_kind="park",
        way="straight",
        limit_m=500.0,
        least_m2=5000.0,
        homes_from=homes_from,
        pieces=pieces,
        nearness=nearness,
        edge=np.zeros(count, dtype=bool) if edge is None else np.array(edge),
        names=np.array(["园"], dtype=object),
        indicative=False,
        source="s",
    )


def tabulate(reckoning):
    table = pd.DataFrame(tabulate_shares(reckoning, ("a", "甲区")), columns=list(ACCESS.columns))
    return check_table(table, ACCESS).set_index(["access_basis", "region"])


def test_a_home_across_two_towns_is_shared_out_by_its_ground():
    across = shapely.box(121.0099, 31.002, 121.0102, 31.0022)
    pieces = cut_homes(homes([across, square(121.001, 31.001)], [30, 12]), TOWNS, PLANE)
    assert pieces[["home_id", "region"]].values.tolist() == [["H0", "t1"], ["H0", "t2"], ["H1", "t2"]]
    assert pieces["people"].tolist() == pytest.approx([20, 10, 12], rel=1e-4)
    assert pieces["home_m2"].sum() == pytest.approx(
        measure_area_m2(across) + measure_area_m2(square(121.001, 31.001))
    )


def test_a_home_that_is_a_point_on_a_border_is_of_one_town_with_all_its_people():
    pieces = cut_homes(homes([shapely.Point(121.01, 31.005)], [7]), TOWNS, PLANE)
    assert pieces[["region", "people", "home_m2"]].values.tolist() == [["t1", 7, 0]]


def test_what_is_served_unserved_and_unknown_is_all_there_is_by_town():
    spots = [square(121.002, 31.002), square(121.012, 31.002), square(121.014, 31.002)]
    pieces = cut_homes(homes(spots, [10, 20, np.nan]), TOWNS, PLANE)
    table = tabulate(reckon(pieces, [0.25, np.nan, 1.0], edge=[True, False, False]))
    people = table.loc["residents"]
    assert people.loc["a", ["homes_amount", "served", "unserved", "not_reached"]].tolist() == [
        30,
        2.5,
        7.5,
        20,
    ]
    assert people.loc["a", "access_share"] == 0.25
    assert people.loc["a", "access_share_low"] == pytest.approx(2.5 / 30)
    assert people.loc["a", "access_share_high"] == 1
    assert people.loc["a", "unserved_near_edge"] == 7.5
    assert people.loc["t1", "reason"] == NOTHING_KNOWN
    assert pd.isna(people.loc["t1", "access_share"])
    assert people.loc["t1", "homes_counted"] == 1
    land = table.loc["buildings"]
    assert land.loc[["t1", "t2"], "homes_amount"].sum() == pytest.approx(land.loc["a", "homes_amount"])
    assert land.loc["t1", "access_share"] == 1


def test_without_homes_there_is_no_share_but_a_reason():
    pieces = cut_homes(homes([shapely.Point(121.012, 31.002)], [0]), TOWNS, PLANE)
    (row,) = tabulate(reckon(pieces, [1.0])).loc["residents"].loc[["a"]].to_dict("records")
    assert row["reason"] == NO_HOMES
    assert pd.isna(row["access_share"])


def test_points_have_people_and_no_ground_and_a_raster_has_no_ground_either():
    pieces = cut_homes(homes([shapely.Point(121.012, 31.002)], [5]), TOWNS, PLANE)
    assert set(reckon(pieces, [1.0]).bases) == {"residents"}
    assert set(reckon(pieces, [1.0], homes_from="population").bases) == {"population"}
    assert reckon(pieces, [1.0], homes_from="land").bases == {}


def test_the_list_names_who_is_not_served_and_who_is_unknown():
    spots = [square(121.002, 31.002), square(121.012, 31.002), square(121.014, 31.002)]
    pieces = cut_homes(homes(spots, [10, 20, 30]), TOWNS, PLANE)
    listed = list_homes_beyond(reckon(pieces, [0.25, np.nan, 1.0], edge=[True, False, False]))
    table = check_table(pd.DataFrame(listed.drop(columns="geometry")), ACCESS_UNSERVED)
    assert table["home_id"].tolist() == ["H0", "H1"]
    assert table["access_status"].tolist() == ["unserved", "not_reached"]
    assert table["unserved_people"].tolist() == [7.5, 20]
    assert table["near_edge"].tolist() == [True, False]
    assert table["nearest_place"].tolist() == ["园", "园"]


def test_homes_on_one_another_are_measured():
    twice = homes([square(121.002, 31.002), square(121.0021, 31.002)], [1, 1])
    half = shapely.box(121.0021, 31.002, 121.0022, 31.0022)
    assert measure_overlap(twice) == pytest.approx(measure_area_m2(half))
    assert measure_overlap(twice.iloc[:1]) == 0


def test_the_limit_reaches_over_the_border_only_near_it():
    outline = shapely.box(0, 0, 2000, 2000)
    rest = np.array(
        [shapely.box(200, 900, 210, 910), shapely.box(301, 900, 310, 910), shapely.Polygon()], object
    )
    assert mark_edge(rest, outline, 300.0).tolist() == [True, False, False]


def test_a_place_counts_from_its_least_size_on():
    rows = gpd.GeoDataFrame(
        {"id": ["#1", "#2"], "name": ["园", None]},
        geometry=[square(121.002, 31.002), square(121.004, 31.002)],
        crs=CGCS2000,
    )
    size = measure_area_m2(rows.geometry[0])
    assert choose_places(rows, size, PLANE, ("", "")).names.tolist() == ["园", "#2"]
    small = choose_places(rows, size + 0.01, PLANE, ("", ""))
    assert (small.names.tolist(), small.small) == ([], 2)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.booleans(), st.booleans(), st.floats(0, 90)), min_size=1, max_size=9
    )
)
def test_shares_lie_between_the_least_and_the_greatest_and_all_adds_up(rows):
    spots = [shapely.Point(121.001 + 0.002 * n, 31.002) for n in range(len(rows))]
    pieces = cut_homes(homes(spots, [people for *_, people in rows]), TOWNS, PLANE)
    order = [int(name[1:]) for name in pieces["home_id"]]
    share = [np.nan if rows[n][1] else rows[n][0] for n in order]
    table = tabulate(reckon(pieces, share, edge=[rows[n][2] for n in order]))
    parts = table[["served", "unserved", "not_reached"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(table["homes_amount"].to_numpy(dtype=float), abs=1e-9)
    known = table[table["access_share"].notna()]
    assert (known["access_share_low"] <= known["access_share"] + 1e-12).all()
    assert (known["access_share"] <= known["access_share_high"] + 1e-12).all()
    towns = table.loc["residents"].drop("a")
    assert towns["served"].sum() == pytest.approx(table.loc[("residents", "a"), "served"], abs=1e-9)


def test_what_is_wholly_served_is_a_share_of_one_however_its_amounts_are_added():
    sums = {
        "served": 0.1 + 0.2,
        "unserved": 0.0,
        "homes_amount": 0.3,
        "not_reached": 0.0,
        "unserved_near_edge": 0.0,
    }
    told = shares._divide(sums)
    assert (told["access_share_low"], told["access_share"], told["access_share_high"]) == (1.0, 1.0, 1.0)
