"""Extent of ecosystem types, with planted pixels that change their type."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.accounts.extent import MANAGED, build_extent
from pipeline.legends import ECOSYSTEM

KEYS = [entry.key for entry in ECOSYSTEM.classes] + ["unknown"]
NAMES = {entry.key: entry.name_zh for entry in ECOSYSTEM.classes} | {"unknown": None}


def build_sums(pixels):
    """Sums as a run has them, of pixels with town, keys before and after, and m2."""
    parts = [
        pixels.groupby(["town", column], as_index=False)["m2"]
        .sum()
        .rename(columns={column: "mapped", "town": "region", "m2": "area_m2"})
        .assign(period=period)
        for period, column in (("2022", "before"), ("2023", "after"))
    ]
    sums = pd.concat(parts, ignore_index=True)
    sums["mapped"] = sums["mapped"].map(NAMES)
    return sums.assign(counted=True, ecosystem=np.where(sums["region"] == "t1", "湿地", None))


def build_matrix(pixels):
    matrix = pixels.groupby(["before", "after"], as_index=False)["m2"].sum()
    matrix = matrix.set_axis(["from", "to", "area_m2"], axis=1)
    return matrix.assign(area_counted_m2=matrix["area_m2"] * 0.75)


pixel = st.tuples(
    st.sampled_from(["t1", "t2"]),
    st.sampled_from(KEYS),
    st.sampled_from(KEYS),
    st.floats(0.5, 100.0),
)


def collect_pixels(rows):
    return pd.DataFrame(rows, columns=["town", "before", "after", "m2"])


@settings(max_examples=15)
@given(st.lists(pixel, min_size=1, max_size=40))
def test_additions_and_reductions_of_each_type_are_those_of_the_pixels(rows):
    pixels = collect_pixels(rows)
    extent = build_extent(build_sums(pixels), {("2022", "2023"): build_matrix(pixels)}, aoi_id="island")
    whole = extent[extent["region"].eq("island") & extent["basis"].eq("mapped")].set_index("account_class")
    moved = pixels[pixels["before"] != pixels["after"]]
    for key in KEYS:
        name = NAMES[key] or "unknown"
        if name not in whole.index:
            continue
        gained, lost = moved[moved["after"] == key], moved[moved["before"] == key]
        row = whole.loc[name]
        assert row["opening_m2"] == pytest.approx(pixels.loc[pixels["before"] == key, "m2"].sum())
        assert row["additions_m2"] == pytest.approx(gained["m2"].sum(), rel=1e-9, abs=1e-9)
        assert row["reductions_m2"] == pytest.approx(lost["m2"].sum(), rel=1e-9, abs=1e-9)
        kept = [NAMES[key] in MANAGED or NAMES[other] in MANAGED for other in gained["before"]]
        assert row["managed_additions_m2"] == pytest.approx(gained.loc[kept, "m2"].sum(), rel=1e-9, abs=1e-9)
        assert row["counted_reductions_m2"] == pytest.approx(0.75 * lost["m2"].sum(), rel=1e-9, abs=1e-9)


@settings(max_examples=15)
@given(st.lists(pixel, min_size=1, max_size=40))
def test_every_account_closes_and_types_are_its_region(rows):
    pixels = collect_pixels(rows)
    extent = build_extent(build_sums(pixels), {("2022", "2023"): build_matrix(pixels)}, aoi_id="island")
    told = extent.dropna(subset="additions_m2")
    closing = told["opening_m2"] + told["additions_m2"] - told["reductions_m2"]
    np.testing.assert_allclose(closing, told["closing_m2"], rtol=1e-9, atol=1e-9 * pixels["m2"].sum())
    for (_, _), account in extent.groupby(["region", "basis"]):
        total = account[account["account_class"] == "total"].squeeze()
        types = account[account["account_class"] != "total"]
        assert types["closing_m2"].sum() == pytest.approx(total["closing_m2"])
        assert total["net_change_m2"] == pytest.approx(0.0, abs=1e-9 * pixels["m2"].sum())
    assert (extent["reason"].isna() == extent["additions_m2"].notna()).all()


def test_a_matrix_of_other_classes_is_not_used_and_that_is_said():
    pixels = collect_pixels([("t1", "forest", "urban", 10.0), ("t1", "wetland", "wetland", 5.0)])
    other = build_matrix(pixels).replace({"from": {"forest": "vegetation"}})
    extent = build_extent(build_sums(pixels), {("2022", "2023"): other}, aoi_id="island")
    whole = extent[extent["region"].eq("island") & extent["basis"].eq("mapped")]
    assert whole["additions_m2"].isna().all()
    assert whole["reason"].str.contains("transition matrix are not those").all()


def test_an_aoi_without_towns_has_one_account_a_basis_and_one_period_has_none():
    pixels = collect_pixels([("island", "forest", "urban", 10.0)])
    sums = build_sums(pixels)
    extent = build_extent(sums, {}, aoi_id="island")
    assert extent.groupby("basis")["closing_m2"].sum().tolist() == [20.0, 20.0]
    assert build_extent(sums[sums["period"] == "2022"], {}, aoi_id="island").empty


def test_ground_that_an_earlier_parcel_covers_is_not_counted_twice():
    sums = build_sums(collect_pixels([("t1", "forest", "forest", 10.0)]))
    again = sums.assign(counted=False)
    extent = build_extent(pd.concat([sums, again], ignore_index=True), {}, aoi_id="island")
    assert set(extent["closing_m2"]) == {10.0}
