"""What rights are linked to, where they lie, what they share; against plain geometry."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from pipeline.rights_registry.other_rights.conflicts import (
    list_double_numbers,
    list_shared_ground,
    measure_restrictions,
)
from pipeline.rights_registry.other_rights.linking import link_parcels, link_sections_of, link_units
from pipeline.rights_registry.other_rights.places import place_rights, select_rights
from pipeline.rights_registry.rules import RULES

ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)
CRS = "EPSG:4549"
LEFT, RIGHT = shapely.box(120.00, 31.0, 120.01, 31.01), shapely.box(120.01, 31.0, 120.02, 31.01)
CODES = [f"320682001001JE{number:05d}W00000000" for number in (1, 2)]
PARCELS = gpd.GeoDataFrame(
    {
        "parcel_id": CODES,
        "parcel_no": CODES,
        "unit_no": ["U1", "U2"],
        "unit_name": ["甲河水流登记单元", "乙"],
    },
    geometry=[LEFT, RIGHT],
    crs="EPSG:4490",
)
SECTIONS = pd.DataFrame(
    {
        "section_id": ["S1", "S2", "S3", "S1"], "section": ["北闸", "南闸", "东闸", "北闸"],
        "river": ["甲河", "乙河", None, "甲河"], "reach": None, "parcel_id": [None, None, CODES[1], None],
        "lon": [120.005, 120.006, 120.015, 120.005], "lat": 31.005, "period": ["2023"] * 3 + ["2024"],
    }
)  # fmt: skip


def build_rights(*rows):
    base = {
        "right_kind": "water_licence", "number": None, "name": None, "holder": "甲公司", "holder_id": "A",
        "credit_code": None, "water": None, "section": None, "parcel_code": None, "parcel_name": None,
        "state": "in_force", "geometry": None,
    }  # fmt: skip
    table = [base | {"right_id": f"r{number}"} | row for number, row in enumerate(rows)]
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490")


def measure(shape):
    return abs(ELLIPSOID.geometry_area_perimeter(shape)[0])


@pytest.mark.parametrize("code", [CODES[0], CODES[0][:19], "U1", CODES[0].lower(), "９９、" + CODES[0]])
def test_a_parcel_is_found_by_any_code_that_is_its(code):
    links = link_parcels(build_rights({"parcel_code": code}), PARCELS)
    assert links[["linked_id", "linked_by"]].to_numpy().tolist() == [[CODES[0], "code"]]


def test_a_parcel_is_found_by_the_name_of_its_unit():
    links = link_parcels(build_rights({"parcel_name": "甲河水流 登记单元"}), PARCELS)
    assert links["linked_by"].tolist() == ["name"]


def test_ground_lies_in_parcels_by_its_share_the_largest_first():
    ground = shapely.box(120.007, 31.001, 120.011, 31.009)
    links = link_parcels(build_rights({"geometry": ground}), PARCELS)
    assert links["linked_id"].tolist() == CODES
    assert links["share"].tolist() == pytest.approx([0.75, 0.25], abs=1e-6)
    assert links["area_m2"].tolist() == pytest.approx(
        [measure(ground.intersection(parcel)) for parcel in (LEFT, RIGHT)], rel=1e-6
    )


def test_a_parcel_by_code_and_by_place_is_one_link_that_tells_the_shared_ground():
    rights = build_rights(
        {"parcel_code": CODES[0], "geometry": shapely.box(120.001, 31.001, 120.002, 31.002)}
    )
    (link,) = link_parcels(rights, PARCELS).to_dict("records")
    assert (link["linked_by"], link["share"]) == ("code", pytest.approx(1.0))


def test_ground_that_only_touches_a_parcel_is_not_linked():
    rights = build_rights({"geometry": shapely.box(120.001, 31.001, 120.01, 31.002)})
    assert link_parcels(rights, PARCELS)["linked_id"].tolist() == CODES[:1]


def link_sections(rights, within_m=1000.0):
    links = link_parcels(rights, PARCELS)
    return link_sections_of(rights, SECTIONS, links, PARCELS, crs=CRS, within_m=within_m)


def test_a_section_that_a_right_names_goes_before_a_nearer_one():
    rights = build_rights({"section": "南闸", "water": "甲河", "geometry": shapely.Point(120.005, 31.0051)})
    assert link_sections(rights)[["linked_id", "linked_by"]].to_numpy().tolist() == [["S2", "name"]]


@pytest.mark.parametrize(("water", "section"), [("甲河", "S1"), ("乙河", "S2"), ("丙河", None), (None, None)])
def test_the_nearest_section_is_sought_on_the_same_water_alone(water, section):
    spot = shapely.Point(120.0052, 31.0052)
    links = link_sections(build_rights({"water": water, "geometry": spot}))
    assert links["linked_id"].tolist() == ([section] if section else [])
    if section:
        place = SECTIONS.set_index("section_id").loc[[section]].iloc[0]
        metres = ELLIPSOID.inv(spot.x, spot.y, place["lon"], place["lat"])[2]
        assert links["distance_m"].tolist() == pytest.approx([metres], rel=1e-6)


def test_waters_are_the_same_where_both_lie_in_parcels_of_one_unit():
    links = link_sections(build_rights({"geometry": shapely.Point(120.0152, 31.0052)}))
    assert links["linked_id"].tolist() == ["S3"]


def test_a_section_beyond_the_stated_distance_is_not_linked():
    spot = shapely.Point(120.005, 31.008)
    metres = ELLIPSOID.inv(spot.x, spot.y, 120.005, 31.005)[2]
    rights = build_rights({"water": "甲河", "geometry": spot})
    assert len(link_sections(rights, metres + 0.01)) == 1
    assert len(link_sections(rights, metres - 0.01)) == 0


def test_every_outlet_of_a_right_has_its_section():
    outlets = shapely.MultiPoint([(120.0051, 31.005), (120.0149, 31.005)])
    links = link_sections(build_rights({"water": "甲河", "geometry": outlets}))
    assert sorted(links["linked_id"]) == ["S1", "S3"]


def test_units_are_linked_by_their_credit_codes():
    links = link_units(build_rights({"credit_code": "91110000802100433B"}, {}))
    assert links[["right_id", "linked_id"]].to_numpy().tolist() == [["r0", "91110000802100433B"]]


def test_a_right_without_a_place_lies_on_its_parcels_and_one_without_either_says_so():
    rights = build_rights({"parcel_code": "U2"}, {}, {"geometry": shapely.Point(125, 40)})
    placed = place_rights(rights, link_parcels(rights, PARCELS), PARCELS)
    assert placed["place_basis"].tolist() == ["parcel", None, "point"]
    assert placed["area_m2"].tolist()[0] == pytest.approx(measure(RIGHT), rel=1e-6)
    assert [bool(reason) for reason in placed["reason"]] == [False, True, False]
    assert select_rights(placed, shapely.union(LEFT, RIGHT)).tolist() == [True, True, False]


def place(*rows):
    rights = build_rights(*rows)
    return place_rights(rights, link_parcels(rights, PARCELS), PARCELS)


SQUARE = shapely.box(120.001, 31.001, 120.003, 31.003)
HALF = shapely.affinity.translate(SQUARE, 0.001)


@pytest.mark.parametrize(
    ("kind", "holders", "rule"),
    [
        ("carbon_project", ("A", "B"), "carbon_projects_overlap"),
        ("carbon_project", ("A", "A"), "carbon_projects_overlap"),
        ("aquaculture_licence", ("A", "B"), "right_ground_shared"),
        ("aquaculture_licence", ("A", "A"), None),
        ("water_licence", ("A", "B"), None),
    ],
)
def test_ground_that_two_hold_is_found_by_kind_and_holder(kind, holders, rule):
    rows = [{"right_kind": kind, "holder_id": holder} for holder in holders]
    pairs = list_shared_ground(place(rows[0] | {"geometry": SQUARE}, rows[1] | {"geometry": HALF}))
    found = [
        name
        for name in ("right_ground_shared", "carbon_projects_overlap")
        if RULES[name].applies(pairs).any()
    ]
    assert found == ([rule] if rule else [])
    if rule:
        assert pairs["shared_m2"].tolist() == pytest.approx([measure(SQUARE.intersection(HALF))], rel=1e-6)


@pytest.mark.parametrize("state", ["ended", "expired", "not_begun"])
def test_a_right_that_is_not_live_shares_nothing(state):
    rows = [
        {"right_kind": "forest_right", "geometry": SQUARE, "holder_id": name, "number": "F"} for name in "AB"
    ]
    rights = place(*rows).assign(state=["in_force", state])
    assert list_shared_ground(rights).empty
    assert list_double_numbers(rights).empty


@pytest.mark.parametrize(
    ("shared_m2", "share", "counts"), [(100, 0.01, True), (99.9, 0.01, False), (100, 0.0099, False)]
)
def test_shared_ground_counts_from_its_limits(shared_m2, share, counts):
    rows = pd.DataFrame({"right_kind": ["forest_right"], "shared_m2": [shared_m2], "shared_share": [share]})
    assert RULES["right_ground_shared"].applies(rows).tolist() == [counts]


def test_a_number_under_two_holders_is_found_once():
    rows = [
        {"number": number, "holder_id": holder, "holder": holder} for number, holder in ("xA", "XB", "yA")
    ]
    found = list_double_numbers(build_rights(*rows))
    assert found[["number", "holders"]].to_numpy().tolist() == [["x", "A、B"]]


def test_what_of_a_right_lies_inside_a_restricting_layer_is_measured():
    layer = shapely.box(120.0, 31.0, 120.002, 31.01)
    restricting = gpd.GeoDataFrame({"kind": ["ecological_red_line"]}, geometry=[layer], crs="EPSG:4490")
    rights = place(
        {"geometry": SQUARE},
        {"geometry": shapely.Point(120.001, 31.005)},
        {"geometry": shapely.Point(120.015, 31.005)},
        {},
    )
    found = measure_restrictions(rights, restricting).set_index("right_id")
    assert list(found.index) == ["r0", "r1"]
    assert found.loc["r0", "inside_m2"] == pytest.approx(measure(SQUARE.intersection(layer)), rel=1e-6)
    assert found.loc["r0", "inside_share"] == pytest.approx(0.5, abs=1e-6)
    assert np.isnan(found.loc["r1", "inside_m2"])
