"""Sections on bodies: by the name of their river, by their place only where no river is said."""

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.assessment.health.bodies import UNKNOWN_SIDE, Body, link_bodies, name_sides
from pipeline.geodesy import unproject

CRS = "EPSG:32651"
X, Y = 400_000, 3_440_000


def outline(left, bottom, right, top):
    return unproject(shapely.box(X + left, Y + bottom, X + right, Y + top), CRS)


def body(name, shape=None, *aliases):
    return Body(name, name, "river", frozenset({name, *aliases}), shape)


def place(*spots):
    """Sections at metres from the corner, None for one without a place."""
    points = [
        None if spot is None else unproject(shapely.Point(X + spot[0], Y + spot[1]), CRS) for spot in spots
    ]
    return pd.DataFrame(
        {
            axis: [np.nan if point is None else getattr(point, name) for point in points]
            for axis, name in (("lon", "x"), ("lat", "y"))
        }
    )


def link(bodies, sections, rivers, nearest_m=200):
    return link_bodies(bodies, sections, pd.Series(rivers, dtype=object), CRS, nearest_m)


def test_a_section_is_on_the_body_of_its_rivers_name_wherever_it_is():
    found = link([body("甲河", outline(0, 0, 900, 100), "甲江")], place((5000, 50), None), ["甲江", "甲河"])
    assert found.links[["place", "body", "linked_by"]].to_numpy().tolist() == [
        [0, "甲河", "river"],
        [1, "甲河", "river"],
    ]
    assert found.links["distance_m"].tolist() == pytest.approx([4100, np.nan], rel=1e-3, nan_ok=True)


@pytest.mark.parametrize(("beyond", "linked"), [(0, True), (199, True), (201, False)])
def test_a_section_of_no_river_is_on_the_nearest_body_up_to_the_stated_distance(beyond, linked):
    bodies = [body("甲河", outline(0, 0, 900, 100)), body("乙河", outline(0, 900, 900, 990))]
    found = link(bodies, place((450, 100 + beyond)), [None])
    assert len(found.links) == linked
    assert set(found.links["body"]) <= {"甲河"}
    assert set(found.links["linked_by"]) <= {"place"}


def test_a_section_of_another_river_is_not_taken_for_that_of_the_water_it_stands_in():
    assert link([body("甲河", outline(0, 0, 900, 100))], place((450, 50)), ["丙河"]).links.empty


def test_a_name_that_two_bodies_have_links_to_neither():
    found = link([body("a", None, "甲河"), body("b", None, "甲河")], place(None), ["甲河"])
    assert found.links.empty
    assert found.ambiguous == [0]


def test_a_body_of_a_name_alone_has_its_sections():
    found = link([body("甲河")], place((450, 50)), ["甲河"])
    assert found.links["body"].tolist() == ["甲河"]
    assert found.links["distance_m"].isna().all()


def test_sides_are_provinces_however_they_are_written():
    sides = name_sides(pd.DataFrame({"province": ["江苏省", "江苏", "上海市", None]}))
    assert sides.tolist() == ["江苏省", "江苏省", "上海市", UNKNOWN_SIDE]
