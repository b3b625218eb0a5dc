"""Of all findings the first of each kind are held, and all are counted, however the file is cut."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.flow.finding_choice import choose_findings
from pipeline.geodesy import CGCS2000
from pipeline.storage.tables import save_parts

KINDS = st.lists(st.tuples(st.sampled_from(["error", "info"]), st.sampled_from("abc")), max_size=30)


def plant(kinds):
    """Findings of these kinds, each with a place of its own."""
    names = [f"F{number}" for number in range(len(kinds))]
    severity, rule = (pd.Series(list(told), dtype=object) for told in zip(*kinds, strict=True))
    spots = shapely.points(np.arange(len(kinds), dtype=float), 30.0)
    return gpd.GeoDataFrame(
        {"finding_id": names, "severity": severity, "rule": rule}, geometry=spots, crs=CGCS2000
    )


@settings(max_examples=40, deadline=None)
@given(kinds=KINDS.filter(len), most=st.integers(1, 4), rows=st.integers(1, 9))
def test_the_first_of_each_kind_are_held_in_their_order_and_all_are_counted(
    kinds, most, rows, tmp_path_factory
):
    path, planted = tmp_path_factory.mktemp("findings") / "findings.parquet", plant(kinds)
    save_parts(path, [planted.iloc[start : start + rows] for start in range(0, len(planted), rows)])
    assert pq.read_metadata(path).num_row_groups == -(-len(planted) // rows)
    found = choose_findings(path, most)
    early = [kinds[:number].count(kind) < most for number, kind in enumerate(kinds)]
    first = planted["finding_id"][early].tolist()
    assert found.rows["finding_id"].tolist() == first
    assert found.rows.geometry.x.tolist() == [float(name[1:]) for name in first]
    assert list(zip(found.counts["severity"], found.counts["rule"], strict=True)) == sorted(set(kinds))
    assert found.counts["count"].tolist() == [kinds.count(kind) for kind in sorted(set(kinds))]


@pytest.mark.parametrize("most", [1, 5000])
def test_of_no_finding_none_is_held_and_none_counted(tmp_path, most):
    save_parts(tmp_path / "findings.parquet", [plant([("info", "a")]).iloc[:0]])
    found = choose_findings(tmp_path / "findings.parquet", most)
    assert found.rows.empty
    assert found.counts.empty
    assert found.rows.crs == CGCS2000
