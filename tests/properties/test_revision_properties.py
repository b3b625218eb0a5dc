"""Edits planted in a partition are found, whatever they are, and areas balance, whatever is compared."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.geodesy import CGCS2000
from pipeline.rights_registry.revisions import find_revisions

EDGE = 0.01
edits = st.sampled_from(
    ["stay", "rename", "split", "split_keeping", "merge", "merge_keeping", "move", "drop"]
)


def cell(row, col, left=0.0, right=1.0):
    """Part of a cell of a slanted net, so that no edge follows the axes."""
    corners = [(col + left, row), (col + right, row), (col + right, row + 1), (col + left, row + 1)]
    return shapely.Polygon([(121 + EDGE * (x + 0.13 * y), 31 + EDGE * (y - 0.07 * x)) for x, y in corners])


def table(shapes):
    return gpd.GeoDataFrame({"parcel_id": list(shapes)}, geometry=list(shapes.values()), crs=CGCS2000)


def planted(row, edit, cut):
    """Parcels before and after in a row of the net of its own, and the event with the codes of both sides."""
    a, b, c = (f"{row}{name}" for name in "abc")
    whole, left, right = cell(row, 0), cell(row, 0, 0, cut), cell(row, 0, cut, 1)
    known = {
        "stay": ({a: whole}, {a: whole}, "same"),
        "rename": ({a: whole}, {b: whole}, "changed"),
        "split": ({a: whole}, {b: left, c: right}, "split"),
        "split_keeping": ({a: whole}, {a: left, c: right}, "split"),
        "merge": ({a: left, b: right}, {c: whole}, "merged"),
        "merge_keeping": ({a: left, b: right}, {a: whole}, "merged"),
        "move": ({a: whole}, {a: cell(row, 4, cut, cut + 1)}, "changed"),
        "drop": ({a: whole}, {}, "gone"),
    }
    before, after, kind = known[edit]
    return before, after, (kind, set(before), set(after))


@given(st.lists(st.tuples(edits, st.floats(0.05, 0.95)), min_size=1, max_size=12), st.randoms())
@settings(max_examples=25)
def test_planted_edits_are_found_exactly_and_areas_balance(rows, random):
    old, new, expected = {}, {}, []
    for row, (edit, cut) in enumerate(rows):
        before, after, event = planted(row, edit, cut)
        old |= before
        new |= after
        expected.append(event)
    shuffled = [dict(random.sample(list(side.items()), len(side))) for side in (old, new)]
    found = find_revisions(*(table(side) for side in shuffled))
    told = [
        (row.kind, *(set() if pd.isna(ids) else set(ids.split(";")) for ids in (row.old_ids, row.new_ids)))
        for row in found.parcels.itertuples()
    ]
    assert sorted(told, key=_order) == sorted(expected, key=_order)
    assert abs(found.balance.set_index("item").loc["difference", "value"]) < 1e-9


def _order(event):
    kind, before, after = event
    return kind, sorted(before), sorted(after)


corners = st.tuples(st.floats(121, 121.02), st.floats(31, 31.02))
rings = st.lists(corners, min_size=3, max_size=6).map(shapely.Polygon).filter(lambda ring: ring.is_valid)
registers = st.dictionaries(st.sampled_from("abcdefg"), rings, max_size=5)


@given(registers, registers)
@settings(max_examples=25)
def test_every_parcel_is_in_one_event_and_areas_balance_whatever_is_compared(old, new):
    found = find_revisions(table(old), table(new))
    for side, name in ((old, "old_ids"), (new, "new_ids")):
        ids = found.parcels[name].dropna().str.split(";").explode().tolist()
        assert sorted(ids) == sorted(side)
    balance = found.balance.set_index("item")["value"]
    steps = balance.drop(["old", "new", "difference"]).sum()
    assert np.isclose(balance["old"] + steps, balance["new"], rtol=1e-9, atol=1e-6)
    assert abs(balance["difference"]) < 1e-9
