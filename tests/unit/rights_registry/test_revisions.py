import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.rights_registry import revisions
from pipeline.rights_registry.revisions import compare_figures, compare_findings, mark_measures


def box(x, y, width=1.0, height=1.0):
    """A cell of a net of 0.01 degree."""
    corners = np.array([x, y, x + width, y + height]) * 0.01 + [121, 31, 121, 31]
    return shapely.box(*corners)


def parcels(shapes, **columns):
    return gpd.GeoDataFrame(
        {"parcel_id": list(shapes), **columns}, geometry=list(shapes.values()), crs=CGCS2000
    )


def found(old, new, **columns):
    events = revisions.find_revisions(parcels(old, **columns), parcels(new, **columns))
    rows = events.parcels[events.parcels["kind"] != "same"]
    return events, list(zip(rows["kind"], rows["old_ids"], rows["new_ids"], strict=True))


A, B = box(0, 0), box(1, 0)
FAR = box(7, 7, 0.8)


@pytest.mark.parametrize(
    ("old", "new", "event"),
    [
        ({"a": A, "b": B}, {"a": A}, ("gone", "b", None)),
        ({"a": A}, {"a": A, "b": B}, ("appeared", None, "b")),
        ({"a": box(0, 0, 2)}, {"x": A, "y": B}, ("split", "a", "x;y")),
        ({"a": box(0, 0, 2)}, {"a": A, "y": B}, ("split", "a", "a;y")),
        ({"a": A, "b": B}, {"c": box(0, 0, 2)}, ("merged", "a;b", "c")),
        ({"a": A, "b": B}, {"b": box(0, 0, 2)}, ("merged", "a;b", "b")),
        ({"a": A, "b": B}, {"c": box(0, 0, 2, 0.5), "d": box(0, 0.5, 2, 0.5)}, ("redrawn", "a;b", "c;d")),
        ({"a": A}, {"a": FAR}, ("changed", "a", "a")),
        ({"a": A}, {"z": A}, ("changed", "a", "z")),
    ],
)
def test_each_event_is_told_from_the_others_beside_a_parcel_that_stays(old, new, event):
    stays = {"s": box(4, 4)}
    _, events = found({**old, **stays}, {**new, **stays})
    assert [tuple(None if pd.isna(part) else part for part in row) for row in events] == [event]


def test_parcels_that_change_places_keep_their_codes_and_are_no_redrawing():
    _, events = found({"a": A, "b": B}, {"a": B, "b": A})
    assert events == [("changed", "a", "a"), ("changed", "b", "b")]


def test_a_copy_laid_over_an_unchanged_parcel_is_no_split_of_it():
    _, events = found({"a": A}, {"a": A, "copy": A})
    assert [kind for kind, *_ in events] == ["appeared"]


@pytest.mark.parametrize(("share", "kind"), [(0.49, ["appeared", "gone"]), (0.51, ["changed"])])
def test_ground_is_the_same_from_half_of_the_smaller_parcel_on(share, kind):
    _, events = found({"a": A}, {"z": box(1 - share, 0)})
    assert sorted(event[0] for event in events) == kind


def test_a_change_says_in_what():
    old = parcels({"a": A, "b": B, "c": FAR}, owner=["甲", None, "丙"], dlbm=["0101", "0301", "1101"])
    new = parcels({"a": A, "b": box(1, 0, 0.9), "c": FAR}, owner=["甲", "乙", "丙"], dlbm="0101")
    rows = revisions.find_revisions(old, new).parcels.set_index("old_ids")
    assert rows["kind"].to_dict() == {"a": "same", "b": "changed", "c": "changed"}
    assert rows.loc["b", "aspects"] == "geometry;attributes"
    assert rows.loc["b", "changes"] == "dlbm: 0301 → 0101; owner:  → 乙"
    assert rows.loc["c", "aspects"] == "attributes"
    assert pd.isna(rows.loc["a", "aspects"])


def test_the_balance_leads_from_the_area_before_to_that_after():
    old = {"a": A, "b": B, "c": box(0, 2, 2), "d": box(4, 0)}
    new = {"a": A, "x": box(0, 2), "y": box(1, 2), "d": box(4, 0, 0.7), "e": FAR}
    events, _ = found(old, new)
    items = events.balance.set_index("item")["value"]
    assert items["old"] == pytest.approx(sum(map(measure_area_m2, old.values())), rel=1e-12)
    assert items["new"] == pytest.approx(sum(map(measure_area_m2, new.values())), rel=1e-12)
    assert items["gone"] == pytest.approx(-measure_area_m2(B), rel=1e-12)
    assert items["appeared"] == pytest.approx(measure_area_m2(FAR), rel=1e-12)
    assert items["changed"] == pytest.approx(
        measure_area_m2(box(4, 0, 0.7)) - measure_area_m2(box(4, 0)), rel=1e-12
    )
    assert items["split"] == pytest.approx(0, abs=1e-6 * measure_area_m2(A))
    assert abs(items["difference"]) < 1e-12


def test_pieces_are_the_ground_that_moved_by_parcel_before_and_after():
    old = {"a": box(0, 0, 2), "b": box(0, 3), "g": box(5, 5)}
    new = {"x": A, "y": box(1, 0, 0.6), "b": box(0.25, 3), "n": FAR}
    pieces = revisions.find_revisions(parcels(old), parcels(new)).pieces
    ground = {
        (row.kind, *(None if pd.isna(name) else name for name in (row.old_id, row.new_id))): row.area_m2
        for row in pieces.itertuples()
    }
    expected = {
        ("split", "a", "x"): A,
        ("split", "a", "y"): box(1, 0, 0.6),
        ("split", "a", None): box(1.6, 0, 0.4),
        ("changed", "b", None): box(0, 3, 0.25),
        ("changed", None, "b"): box(1, 3, 0.25),
        ("gone", "g", None): box(5, 5),
        ("appeared", None, "n"): FAR,
    }
    assert ground == {key: pytest.approx(measure_area_m2(shape), rel=1e-7) for key, shape in expected.items()}


def test_nothing_beside_nothing_and_something_beside_nothing():
    none = parcels({"a": A}).iloc[:0]
    assert revisions.find_revisions(none, none).parcels.empty
    assert revisions.find_revisions(parcels({"a": A}), none).parcels["kind"].tolist() == ["gone"]
    assert revisions.find_revisions(none, parcels({"a": A})).parcels["kind"].tolist() == ["appeared"]


def listed(*rows):
    columns = ["parcel_id", "cat1_code", "cat2_code", "cat3_name", "period", "quality_value", "quality_grade"]
    return pd.DataFrame(rows, columns=columns)


def test_figures_that_differ_stand_with_before_and_after_in_periods_of_both():
    old = listed(
        ("a", "R", "REG-01", "x", "2023", 0.5, "中"),
        ("a", "R", "REG-01", "x", "2022", 0.1, "低"),
        ("b", None, None, None, "2023", 0.7, "高"),
        ("c", "R", "REG-01", "x", "2023", 0.2, "低"),
    )
    new = listed(
        ("a", "R", "REG-01", "x", "2023", 0.25, "低"),
        ("b", None, None, None, "2023", 0.7 * (1 + 1e-12), "高"),
        ("d", "R", "REG-01", "x", "2023", np.nan, None),
        ("a", "R", "REG-01", "x", "2024", 0.9, "高"),
    )
    rows = compare_figures(old, new, ["quality_value", "quality_grade"])
    told = [
        (r.parcel_id, r.figure, r.before, r.after)
        for r in rows.astype(object).where(rows.notna(), "").itertuples()
    ]
    assert told == [
        ("a", "quality_grade", "中", "低"),
        ("a", "quality_value", "0.5", "0.25"),
        ("c", "row", "listed", ""),
        ("d", "row", "", "listed"),
    ]
    assert rows["difference"].tolist()[1] == -0.25


def test_a_figure_that_becomes_known_differs_from_null():
    row = ("a", "R", "REG-01", "x", "2023")
    (told,) = compare_figures(
        listed((*row, np.nan, None)), listed((*row, 0.4, None)), ["quality_value", "quality_grade"]
    ).itertuples()
    assert (told.figure, told.after) == ("quality_value", "0.4")
    assert pd.isna(told.before)


def test_a_parcel_whose_figures_changed_alone_counts_as_changed_in_its_measures():
    events = revisions.find_revisions(parcels({"a": A, "b": B}), parcels({"a": A, "b": B})).parcels
    rows = mark_measures(events, pd.DataFrame({"parcel_id": ["b"]})).set_index("new_ids")
    assert rows["kind"].to_dict() == {"a": "same", "b": "changed"}
    assert rows.loc["b", "aspects"] == "measures"


def test_findings_are_new_or_resolved_by_their_id():
    columns = ["finding_id", "rule", "severity", "parcel_id", "period", "message_zh", "message_en"]
    old, new = (
        pd.DataFrame([[name, *[""] * 6] for name in names], columns=columns) for names in ("xy", "yz")
    )
    rows = compare_findings(old, new)
    assert list(zip(rows["state"], rows["finding_id"], strict=True)) == [("new", "z"), ("resolved", "x")]
