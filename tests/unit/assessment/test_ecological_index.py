"""The arithmetic of EI: every figure of the norm, every threshold at it and beside it, worked examples."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.assessment import ecological_index as norm
from pipeline.assessment.ecological_index import LandAreas

LANDS = [row["land"] for row in standards.read_rows("ecological_index_lands")]
ZONES = [row["zone"] for row in standards.read_rows("ecological_index_zones")]
AREAS = st.floats(0, 1e9, allow_nan=False)


def total(bio, cover, water, stress, load):
    values = dict(zip(norm.index_sub_indices(), (bio, cover, water, stress, load), strict=True))
    return norm.weigh_together(
        {key: index.normalise(values[key]) for key, index in norm.index_sub_indices().items()}
    )


def add_terms(key, amounts, area_km2, rain_mm=None):
    return [
        term.add(amount, area_km2, rain_mm)
        for term, amount in zip(norm.list_terms(key), amounts, strict=True)
    ]


def test_a_worked_example_of_the_sum():
    """HJ 192-2015 as in public software: 60, 80, 40, 20 and 10 make 68, which is good."""
    assert total(60.0, 80.0, 40.0, 20.0, 10.0) == Decimal(68)
    assert norm.name_grade(Decimal(68)) == "良 / good"


def test_a_worked_example_of_habitat():
    """50 km2 of closed forest in 100 km2 of which the rest counts for nothing."""
    found = norm.evaluate_habitat(LandAreas({"closed_forest": 50e6, "ice": 50e6}, 100e6), "ordinary")
    assert found.value == pytest.approx(53.6827, abs=5e-4)


def test_a_worked_example_of_stress():
    assert sum(add_terms(norm.STRESS, (5.0, 10.0, 40.0, 2.0), 500.0)) == pytest.approx(5.8539, abs=5e-4)


def test_water_and_load_by_hand():
    """Length in km, area in km2, water in 1e6 m3 over km2; t over mm times km2, or over km2."""
    water = add_terms(norm.WATER, (120.0, 8.0, 60.0), 200.0)
    expected = (84.3704083981 * 120 + 591.7908642005 * 8 + 86.3869548281 * 60) / (3 * 200)
    assert sum(water) == pytest.approx(expected, rel=1e-12)
    load = add_terms(norm.LOAD, (900.0, 70.0, 90.0, 120.0, 160.0, 50.0), 200.0, 1100.0)
    by_rain = (0.2 * 4.3937397289 * 900 + 0.2 * 40.1764754986 * 70) / (1100 * 200)
    by_area = 0.2 * 0.0648660287 * 90 + 0.1 * 4.0904459321 * 120 + 0.2 * 0.5103049278 * 160
    assert sum(load) == pytest.approx(by_rain + (by_area + 0.1 * 0.0749894283 * 50) / 200, rel=1e-12)


def test_weights_of_sub_indices_terms_groups_and_lands_are_whole():
    assert sum(index.weight for index in norm.index_sub_indices().values()) == 1
    for key in (norm.WATER, norm.STRESS, norm.LOAD):
        assert sum(term.weight for term in norm.list_terms(key)) == pytest.approx(1)
    for row in standards.read_rows("ecological_index_zones"):
        groups = ("forest", "grass", "water", "crop", "built", "unused")
        assert sum(Decimal(row[group]) for group in groups) == 1
    by_group = {}
    for land in norm.index_lands().values():
        by_group[land.group] = by_group.get(land.group, 0) + land.weight
    assert by_group.pop("water") == pytest.approx(0.9)  # the rest of it is ice, which does not count
    assert list(by_group.values()) == pytest.approx([1] * len(by_group))


@pytest.mark.parametrize(
    ("year", "mean", "counted"),
    [
        (139.0, 100.0, 139.0),
        (140.0, 100.0, 140.0),
        (140.1, 100.0, 99.9),
        (190.0, 100.0, 50.0),
        (239.0, 100.0, 1.0),
        (240.0, 100.0, 0.0),
        (240.1, 100.0, 0.0),
        (0.7, 0.5, 0.7),
        (0.0, 0.0, 0.0),
        (1.0, 0.0, 0.0),
    ],
)
def test_water_counts_by_its_ratio_to_the_mean_at_and_beside_both_limits(year, mean, counted):
    assert norm.correct_water(year, mean) == pytest.approx(counted, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "grade", "second", "third"),
    [
        ("100", "优", "74.9", "54.9"),
        ("75", "优", "74.9", "54.9"),
        ("74.999", "良", "54.9", "54.9"),
        ("55", "良", "54.9", "54.9"),
        ("54.999", "一般", "34.9", "34.9"),
        ("35", "一般", "34.9", "34.9"),
        ("34.999", "较差", "19.9", "19.9"),
        ("20", "较差", "19.9", "19.9"),
        ("19.999", "差", "19.999", "19.999"),
        ("-5", "差", "-5", "-5"),
    ],
)
def test_grades_and_environmental_limits_at_and_beside_every_cut(value, grade, second, third):
    assert norm.name_grade(Decimal(value)).startswith(grade)
    limited = [norm.limit_total(Decimal(value), level) for level in (1, 2, 3)]
    assert limited == [Decimal(value), Decimal(second), Decimal(third)]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("0", "无明显变化"), ("0.999", "无明显变化"), ("-0.999", "无明显变化"),
        ("1", "略微变好"), ("-1", "略微变差"), ("2.999", "略微变好"), ("-2.999", "略微变差"),
        ("3", "明显变好"), ("-3", "明显变差"), ("7.999", "明显变好"), ("-7.999", "明显变差"),
        ("8", "显著变好"), ("-8", "显著变差"),
    ],
)  # fmt: skip
def test_words_for_changes_at_and_beside_every_cut(change, word):
    assert norm.name_change(Decimal(change)).startswith(f"{word} / ")


def test_sub_indices_are_rounded_before_they_are_summed():
    """75.04 five times is 75, a sub-index of 74.94 makes less than 75."""
    values = (75.04, 75.04, 75.04, 24.96, 24.96)
    unrounded = 0.35 * 75.04 + 0.25 * 75.04 + 0.15 * 75.04 + 0.15 * (100 - 24.96) + 0.10 * (100 - 24.96)
    assert unrounded > 75.03
    assert total(*values) == Decimal("75.000")
    assert total(74.94, 75.04, 75.04, 24.96, 24.96) == Decimal("74.965")
    assert norm.name_grade(Decimal("74.965")).startswith("良")


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(50.05, "50.0"), (50.15, "50.2"), (50.25, "50.2"), (50.249999, "50.2"), (50.250001, "50.3")],
)
def test_a_half_is_rounded_to_the_even_tenth(value, rounded):
    assert norm.round_tenth(value) == Decimal(rounded)


def test_grades_do_not_hang_on_noise_of_floating_point():
    """0.1 + 0.2 is not 0.3: the sum of tenths by hundredths is exact, so that 75 is excellent."""
    assert total(75.0, 75.0, 75.0, 25.0, 25.0) == 75
    assert norm.name_grade(total(75.0, 75.0, 75.0, 25.0, 25.0)).startswith("优")
    assert norm.name_grade(total(55.0, 55.0, 55.0, 45.0, 45.0)).startswith("良")


@pytest.mark.parametrize("zone", ZONES)
@given(areas=st.lists(AREAS, min_size=len(LANDS), max_size=len(LANDS)))
def test_habitat_is_the_weighted_share_of_land_whatever_the_land_and_the_zone(zone, areas):
    whole = sum(areas)
    if whole <= 1:
        return
    rows = {row["land"]: row for row in standards.read_rows("ecological_index_lands")}
    row = next(one for one in standards.read_rows("ecological_index_zones") if one["zone"] == zone)
    own = [float(rows[land]["weight"]) if row["by_land"] == "yes" else 1.0 for land in LANDS]
    groups = [float(row[rows[land]["group"]]) for land in LANDS]
    expected = float(row["coefficient"]) * np.dot(np.multiply(own, groups), areas) / whole
    found = norm.evaluate_habitat(LandAreas(dict(zip(LANDS, areas, strict=True)), whole), zone)
    assert found.value == pytest.approx(expected, rel=1e-9)
    assert found.low == pytest.approx(expected, rel=1e-9)
    assert found.high == pytest.approx(expected, rel=1e-9)


@given(known=st.floats(1e3, 1e9), unknown=st.floats(0, 1e9), land=st.sampled_from(LANDS))
def test_unknown_ground_widens_the_bounds_of_habitat_and_leaves_its_value(known, unknown, land):
    found = norm.evaluate_habitat(LandAreas({land: known}, known + unknown), "ordinary")
    alone = norm.evaluate_habitat(LandAreas({land: known}, known), "ordinary")
    assert found.value == pytest.approx(alone.value)
    assert found.low <= found.value * (1 + 1e-9) + 1e-9
    assert found.value <= found.high * (1 + 1e-9) + 1e-9


def test_land_that_a_map_does_not_tell_apart_counts_as_the_first_and_bounds_it_by_all():
    found = norm.evaluate_habitat(LandAreas({"paddy;dry_field": 5e6, "shrub": 5e6}, 10e6), "ordinary")
    paddy, dry = (
        norm.evaluate_habitat(LandAreas({land: 5e6, "shrub": 5e6}, 10e6), "ordinary").value
        for land in ("paddy", "dry_field")
    )
    assert (found.value, found.low, found.high) == (
        pytest.approx(paddy),
        pytest.approx(dry),
        pytest.approx(paddy),
    )


def test_built_up_land_takes_unknown_ground_as_the_rest_and_says_how_much_it_may_be():
    areas = LandAreas({"rural": 10e6, "paddy": 70e6}, 100e6)
    assert norm.measure_built_km2(areas) == (pytest.approx(12.5), pytest.approx(10), pytest.approx(30))
    assert areas.known_share == pytest.approx(0.8)


def test_every_class_of_the_survey_and_of_maps_is_land_of_the_norm():
    survey = {row["code"] for row in standards.read_rows("land_classes")}
    assert set(norm.index_classes("registered")) == survey
    for basis in ("registered", "mapped"):
        for keys in norm.index_classes(basis).values():
            assert set(norm.list_lands(keys)) - {"grass"} <= set(LANDS)


def test_rain_of_nothing_divides_nothing():
    term = norm.list_terms(norm.LOAD)[0]
    assert term.add(5.0, 10.0, 0.0) is None
    assert term.add(5.0, 10.0, None) is None
