"""Ground along bodies: strips cut to the area, shares of what maps show in them."""

import math

import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assessment.health.bodies import Body
from pipeline.assessment.health.ground import (
    build_strip_table,
    list_strips,
    measure_reaches,
    measure_share_inside,
    outline_body,
)
from pipeline.geodesy import unproject

CRS = "EPSG:32651"
X, Y = 400_000, 3_440_000
AREA = unproject(shapely.box(X, Y, X + 1000, Y + 1000), CRS)


def river(shape, **told):
    return Body("R", "甲河", "river", frozenset({"甲河"}), unproject(shape, CRS), **told)


def band(left=100, right=900):
    return shapely.box(X + left, Y + 450, X + right, Y + 550)


def sums_of(*rows):
    columns = ["zone", "period", "mapped", "area_m2", "fvc", "fvc_m2"]
    return pd.DataFrame(rows, columns=columns).assign(body="R")


def measure(body, sums, *, share=1.0, whole=True, periods=("2023", "2024")):
    found = measure_reaches([body], sums, periods, {"R": share}, frozenset({"R"} if whole else ()))
    return found.set_index(["period", "measure"])


def test_strips_are_the_water_its_bank_and_what_the_management_line_holds():
    strips = {strip.zone: strip for strip in list_strips(river(band(), management_m=30.0), AREA, CRS, 50.0)}
    table = build_strip_table({"R": list(strips.values())}).set_index("zone")["area_m2"]
    assert table["water"] == pytest.approx(800 * 100, rel=2e-3)
    assert table["bank"] == pytest.approx(2 * (800 + 100) * 50 + math.pi * 50**2, rel=5e-3)
    assert table["managed"] == pytest.approx(80_000 + 2 * 900 * 30 + math.pi * 30**2, rel=5e-3)


def test_strips_are_cut_to_the_area_and_none_are_left_outside():
    half = list(list_strips(river(band(500, 1500)), AREA, CRS, 50.0))
    assert [strip.zone for strip in half] == ["water", "bank"]
    assert build_strip_table({"R": half}).set_index("zone").loc["water", "area_m2"] == pytest.approx(
        50_000, rel=2e-3
    )
    assert list(list_strips(river(band(3000, 3500)), AREA, CRS, 50.0)) == []


def test_a_line_is_as_wide_as_it_is_said_and_one_without_a_width_has_no_ground():
    line = shapely.LineString([(X + 100, Y + 500), (X + 900, Y + 500)])
    assert shapely.area(outline_body(river(line, width_m=100.0), CRS)) == pytest.approx(80_000, rel=1e-3)
    assert outline_body(river(line), CRS) is None
    rows = measure(river(line), sums_of())
    assert rows["value"].isna().all()
    assert set(rows["reason"]) == {"线状水体没有河宽 / a line without a width"}


@pytest.mark.parametrize(("left", "right", "share"), [(100, 900, 1), (500, 1500, 0.5), (3000, 3500, 0)])
def test_the_share_inside_is_that_of_the_water_or_of_a_lines_length(left, right, share):
    line = shapely.LineString([(X + left, Y + 500), (X + right, Y + 500)])
    for shape in (band(left, right), line):
        assert measure_share_inside(river(shape), AREA, CRS) == pytest.approx(share, abs=1e-6)
    assert math.isnan(measure_share_inside(Body("R", "甲", "river", frozenset()), AREA, CRS))


def test_cover_and_nature_of_the_bank_are_those_of_its_land():
    sums = sums_of(
        ("bank", "2024", "water", 500.0, 0.0, 500.0),
        ("bank", "2024", "vegetation", 300.0, 240.0, 300.0),
        ("bank", "2024", "built", 100.0, 10.0, 100.0),
        ("bank", "2024", None, 50.0, 0.0, 0.0),
    )
    rows = measure(river(band()), sums).loc["2024"]
    cover = rows.loc["bank_cover"]
    assert (cover["value"], cover["numerator"], cover["denominator"]) == (0.625, 250, 400)
    natural = rows.loc["natural_bank"]
    assert (natural["value"], natural["numerator"], natural["denominator"]) == (0.75, 300, 400)


def test_what_is_built_is_counted_inside_the_management_line_where_there_is_one():
    sums = sums_of(("managed", "2024", "built", 30.0, 0, 0), ("managed", "2024", "water", 70.0, 0, 0))
    assert measure(river(band(), management_m=30.0), sums).loc[("2024", "built_inside"), "value"] == 0.3
    assert "没有管理范围" in measure(river(band()), sums).loc[("2024", "built_inside"), "reason"]


def test_water_is_lost_against_what_is_told_or_else_the_first_period():
    sums = sums_of(
        ("water", "2023", "water", 900.0, 0, 0), ("water", "2023", "bare", 100.0, 0, 0),
        ("water", "2024", "water", 720.0, 0, 0), ("water", "2024", "bare", 280.0, 0, 0),
    )  # fmt: skip
    told = measure(river(band(), reference_m2=1000.0), sums)["value"]
    assert told[("2023", "area_loss")] == pytest.approx(0.1)
    assert told[("2024", "area_loss")] == pytest.approx(0.28)
    first = measure(river(band()), sums)
    assert math.isnan(first.loc[("2023", "area_loss"), "value"])
    assert first.loc[("2024", "area_loss"), "value"] == pytest.approx(0.2)
    grown = measure(river(band(), reference_m2=700.0), sums)["value"]
    assert grown[("2024", "area_loss")] == 0


def test_a_reference_of_all_the_water_is_not_held_against_a_part_of_it():
    sums = sums_of(("water", "2024", "water", 400.0, 0, 0))
    row = measure(river(band(), reference_m2=1000.0), sums, share=0.4, whole=False).loc[("2024", "area_loss")]
    assert math.isnan(row["value"])
    assert "40.0%" in row["reason"]


def test_reaches_of_a_shared_body_are_told_and_count_in_no_card():
    sums = sums_of(("bank", "2024", "vegetation", 300.0, 240.0, 300.0))
    row = measure(river(band()), sums, share=0.5, whole=False).loc[("2024", "bank_cover")]
    assert row["value"] == 0.8
    assert not row["in_card"]
    assert "不计入评价卡" in row["reason"]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["water", "vegetation", "bare", "built"]), st.floats(1, 1e6), st.floats(0, 1)
        ),
        max_size=8,
    )
)
def test_any_ground_gives_shares_of_plain_sums(ground):
    sums = sums_of(*(("bank", "2024", mapped, area, area * cover, area) for mapped, area, cover in ground))
    rows = measure(river(band()), sums) if ground else None
    land = [(mapped, area, cover) for mapped, area, cover in ground if mapped != "water"]
    if not land:
        assert rows is None or rows.loc[("2024", "bank_cover"), "reason"]
        return
    whole = sum(area for _, area, _ in land)
    cover = rows.loc[("2024", "bank_cover"), "value"]
    natural = rows.loc[("2024", "natural_bank"), "value"]
    assert cover == pytest.approx(sum(area * share for _, area, share in land) / whole)
    assert natural == pytest.approx(sum(area for mapped, area, _ in land if mapped != "built") / whole)
