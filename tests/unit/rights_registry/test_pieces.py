"""Units: any parcels, any regions, and the ground that counts is the area, each piece of it once."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.geodesy import CGCS2000, measure_area_m2, measure_areas_m2
from pipeline.rights_registry import pieces
from pipeline.rights_registry.shapes import ParcelShapes

LEFT, BOTTOM, SIDE = 121.8, 31.4, 0.02


def box(left, bottom, right, top):
    """A rectangle in shares of the side of the area."""
    return shapely.box(
        *(start + SIDE * at for start, at in zip((LEFT, BOTTOM) * 2, (left, bottom, right, top), strict=True))
    )


OUTLINE = box(0, 0, 1, 1)
AOI = SimpleNamespace(id="isle", name_zh="岛", geometry=OUTLINE, area_m2=measure_area_m2(OUTLINE))


def parcels(*shapes):
    ids = [f"P{number}" for number in range(len(shapes))]
    table = gpd.GeoDataFrame({"parcel_id": ids}, geometry=list(shapes), crs=CGCS2000)
    return ParcelShapes.of(table.assign(area_m2=measure_areas_m2(table.geometry)))


def layer(column, **shapes):
    names = list(shapes)
    return gpd.GeoDataFrame({column: names, "name": names}, geometry=list(shapes.values()), crs=CGCS2000)


def halves(at=0.5):
    return layer("region", west=box(0, 0, at, 1), east=box(at, 0, 1, 1))


def cut(ground, regions=None, projects=None):
    return pieces.cut_units(
        ground, AOI, layer("region", isle=OUTLINE) if regions is None else regions, projects
    )


def areas(units, **wanted):
    rows = units.rows
    chosen = np.logical_and.reduce([rows[name].eq(value) for name, value in wanted.items()])
    return units.ground.areas_m2[chosen].sum()


def test_without_regions_and_parcels_the_area_is_one_unit_outside():
    units = cut(parcels())
    assert units.rows.to_dict("records") == [
        {
            "unit_id": "outside/isle",
            "kind": "outside",
            "parcel_id": None,
            "region": "isle",
            "project": None,
            "counted": True,
        }
    ]
    assert units.ground.areas_m2 == pytest.approx([AOI.area_m2], rel=1e-12)


def test_a_parcel_across_a_border_is_a_unit_of_either_town():
    units = cut(parcels(box(0.4, 0, 0.7, 0.5)), halves())
    assert units.rows["unit_id"].tolist() == ["P0/west", "P0/east", "outside/west", "outside/east"]
    assert units.ground.areas_m2[:2] == pytest.approx(
        measure_areas_m2([box(0.4, 0, 0.5, 0.5), box(0.5, 0, 0.7, 0.5)]), rel=1e-8
    )


def test_what_an_earlier_parcel_covers_is_a_unit_that_does_not_count():
    units = cut(parcels(box(0, 0, 0.5, 1), box(0.3, 0, 0.8, 1)))
    assert units.rows["unit_id"].tolist() == ["P0/isle", "P1/isle", "P1/isle/covered", "outside/isle"]
    assert units.rows["counted"].tolist() == [True, True, False, True]
    assert units.ground.areas_m2[2] == pytest.approx(measure_area_m2(box(0.3, 0, 0.5, 1)), rel=1e-8)


def test_a_parcel_drawn_twice_counts_once():
    units = cut(parcels(box(0, 0, 0.5, 1), box(0, 0, 0.5, 1)))
    assert units.rows["unit_id"].tolist() == ["P0/isle", "P1/isle/covered", "outside/isle"]


def test_projects_are_the_parts_of_units_that_count_each_with_its_parcel():
    belt = layer("project", belt=box(0.25, 0, 0.75, 0.5))
    units = cut(parcels(box(0, 0, 0.5, 1), box(0.4, 0, 0.6, 1)), halves(), belt)
    of_belt = units.rows[units.rows["kind"].eq("project")]
    assert of_belt["unit_id"].tolist() == ["belt/P0/west", "belt/P1/east", "belt/outside/east"]
    assert of_belt["parcel_id"].tolist() == ["P0", "P1", None]
    assert not of_belt["counted"].any()
    assert areas(units, kind="project") == pytest.approx(measure_area_m2(box(0.25, 0, 0.75, 0.5)), rel=1e-7)


def test_regions_that_leave_ground_are_refused():
    with pytest.raises(ContractError, match="not the area"):
        cut(parcels(), layer("region", west=box(0, 0, 0.5, 1)))


def test_regions_that_overlap_are_refused():
    both = layer("region", west=box(0, 0, 0.6, 1), east=box(0.4, 0, 1, 1))
    with pytest.raises(ContractError, match="not the area"):
        cut(parcels(), both)


def test_units_have_the_registered_class_of_their_parcel_and_none_where_it_is_none():
    rows = cut(parcels(box(0, 0, 0.5, 1), box(0.5, 0, 0.8, 1))).rows
    register = pd.DataFrame({"parcel_id": ["P0", "P1"], "land_class": ["0301", None]})
    found = pieces.add_classes(rows, register)
    assert found["dlbm"].tolist() == ["0301", None, None]
    assert found["ecosystem"].tolist() == ["森林", None, None]


corner = st.integers(0, 24).map(lambda step: step / 24)


@st.composite
def polygons(draw):
    """A rectangle or a triangle of any size, on a lattice, so that edges are shared and cross."""
    x, y = (
        sorted(draw(st.lists(corner, min_size=2, max_size=2, unique=True))),
        sorted(draw(st.lists(corner, min_size=2, max_size=2, unique=True))),
    )
    whole = box(x[0], y[0], x[1], y[1])
    if draw(st.booleans()):
        return whole
    return shapely.Polygon(shapely.get_coordinates(whole)[:3])


@settings(max_examples=60, deadline=None)
@given(
    shapes=st.lists(polygons(), max_size=7),
    at=st.floats(0.1, 0.9),
    belts=st.lists(polygons(), max_size=2),
)
def test_units_that_count_are_the_area_and_the_towns_and_every_parcel_is_whole(shapes, at, belts):
    ground, regions = parcels(*shapes), halves(at)
    projects = (
        layer("project", **{f"belt{number}": belt for number, belt in enumerate(belts)}) if belts else None
    )
    units = cut(ground, regions, projects)
    rows, found = units.rows, units.ground
    assert rows["unit_id"].is_unique
    assert areas(units, counted=True) == pytest.approx(AOI.area_m2, rel=1e-12)
    for region in regions.itertuples():
        assert areas(units, counted=True, region=region.region) == pytest.approx(
            measure_area_m2(region.geometry), rel=1e-7
        )
    for name, area in zip(ground.ids, ground.areas_m2, strict=True):
        assert areas(units, kind="parcel", parcel_id=name) == pytest.approx(area, rel=1e-6, abs=1e-3)
    for number, belt in enumerate(belts):
        assert areas(units, project=f"belt{number}") == pytest.approx(
            measure_area_m2(belt), rel=1e-6, abs=1e-3
        )
    whole = found.shapes.all()[rows["counted"].to_numpy()]
    assert shapely.union_all(whole).symmetric_difference(OUTLINE).area < 1e-12
    assert max(map(abs, units.closures.values())) < 1e-7
