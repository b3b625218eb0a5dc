"""The table of services: complete, told in full, apart from each other; each formula reads what it names."""

import csv
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.accounts.service import Terms
from pipeline.accounts.services.registry import SERVICES, check_services, find_double_counting
from pipeline.accounts.valuing import evaluate
from pipeline.accounts.variables import VARIABLES
from pipeline.errors import SettingsError
from tests.scenery import SHARED

INDICATORS = SHARED / "knowledge" / "domain" / "gep_indicators.csv"
ITEMS = [
    pytest.param(item, id=f"{code}-{item.key}-{'-'.join(options)}")
    for code, service in SERVICES.items()
    for options, items in service.variants.items()
    for item in items
]
EVERY_ITEM = [param.values[0] for param in ITEMS]
KEYS = {row["key"] for row in standards.read_rows("account_parameters")}
CODES = {row["code"] for row in standards.read_rows("statistic_items")}
SURVEY = {row["code"]: row["ecosystem"] for row in standards.read_rows("land_classes")}
DRAWS, ROWS = 3, 4


def build_any(item, seed=0, shape=(ROWS,), without=None):
    """Terms of what an item needs, and of nothing else, each another figure from 1 to 2."""
    chance = np.random.default_rng(seed)
    needs = item.needs

    def draw(names):
        return {
            name: chance.uniform(1.0, 2.0, shape) * (np.nan if name == without else 1.0) for name in names
        }

    area = chance.uniform(1.0, 2.0, shape[-1:])
    return Terms(area, area * 2.0, draw(needs.variables), draw(needs.parameters), draw(needs.codes))


@pytest.mark.skipif(not INDICATORS.is_file(), reason="the list of indicators is not beside the project")
def test_every_indicator_of_gep_is_a_service():
    with INDICATORS.open(encoding="utf-8") as stream:
        assert {row["code"] for row in csv.DictReader(stream)} <= set(SERVICES)


@pytest.mark.parametrize("code", SERVICES)
def test_a_service_is_told_in_full(code):
    service = SERVICES[code]
    assert service.code == code
    assert all((service.name_zh, service.name_en, service.source))
    assert service.category == {"MAT": "M", "REG": "R", "CUL": "C"}[code[:3]]
    for items in service.variants.values():
        keys = [item.key for item in items]
        assert len(set(keys)) == len(keys) >= 1
        assert keys == [""] or all(item.key and item.name_zh and item.name_en for item in items)
        assert all(item.unit and item.quantity.text and item.price.text for item in items)


@pytest.mark.parametrize("item", ITEMS)
def test_formulas_name_inputs_that_there_are(item):
    needs = item.needs
    assert set(needs.variables) <= set(VARIABLES)
    assert set(needs.parameters) <= KEYS
    assert set(needs.codes) <= CODES


@pytest.mark.parametrize("item", ITEMS)
def test_formulas_read_what_they_name_and_nothing_else(item):
    known = evaluate(item, build_any(item))
    assert np.isfinite(known.value).all()
    read = item.quantity.needs + item.price.needs
    for name in (*read.variables, *read.codes, *read.parameters):
        assert np.isnan(evaluate(item, build_any(item, without=name)).value).all(), name


@pytest.mark.parametrize("item", ITEMS)
def test_draws_come_to_what_each_of_them_comes_to_alone(item):
    drawn = build_any(item, seed=1, shape=(DRAWS, ROWS))
    together = evaluate(item, drawn)
    for draw in range(DRAWS):
        alone = Terms(
            drawn.area_m2,
            drawn.whole_m2,
            *(
                {name: value[draw] for name, value in given.items()}
                for given in (drawn.sums, drawn.parameters, drawn.statistics)
            ),
        )
        apart = evaluate(item, alone)
        for name in ("quantity", "price", "value"):
            every = np.broadcast_to(getattr(together, name), (DRAWS, ROWS))
            np.testing.assert_allclose(every[draw], getattr(apart, name), rtol=1e-12)


@given(item=st.sampled_from(EVERY_ITEM), part=st.floats(0.01, 0.99), seed=st.integers(0, 9))
def test_ground_in_two_parts_gives_what_it_gives_whole(item, part, seed):
    whole = build_any(item, seed, shape=(1,))
    shared = set(item.needs.shared)
    parts = [
        Terms(
            whole.area_m2 * share,
            whole.whole_m2,
            {name: value * share for name, value in whole.sums.items()},
            whole.parameters,
            {name: value * (share if name in shared else 1.0) for name, value in whole.statistics.items()},
        )
        for share in (part, 1.0 - part)
    ]
    apart = sum(evaluate(item, one).value for one in parts)
    np.testing.assert_allclose(apart, evaluate(item, whole).value, rtol=1e-9)


def test_services_that_count_the_same_gift_are_found_whichever_names_the_other():
    assert find_double_counting(["REG-06a", "REG-01", "REG-06b"]) == [("REG-06a", "REG-06b")]
    assert find_double_counting(["REG-02a", "REG-02c"]) == [("REG-02a", "REG-02c")]
    assert find_double_counting(["CUL-04", "REG-12"]) == [("CUL-04", "REG-12")]
    assert find_double_counting(["REG-12", "CUL-04"]) == [("REG-12", "CUL-04")]
    assert find_double_counting(["REG-01", "REG-01"]) == [("REG-01", "REG-01")]
    assert find_double_counting(["REG-01", "REG-02a", "REG-02b", "REG-10a", "REG-10b"]) == []


def test_all_that_a_profile_counts_twice_or_does_not_know_is_named_at_once():
    with pytest.raises(SettingsError) as caught:
        check_services(["REG-06a", "REG-06c", "REG-99", "REG-02c", "REG-02a"])
    said = str(caught.value)
    assert len(caught.value.problems) == 3
    assert all(
        word in said for word in ("REG-99", "固碳-固碳速率法", "固碳-生物量法", "土壤保持-减少泥沙淤积")
    )


def test_services_exclude_services_that_there_are_and_not_themselves():
    for code, service in SERVICES.items():
        assert service.excludes <= set(SERVICES) - {code}


@pytest.mark.parametrize(
    ("code", "supplying", "not_supplying"),
    [
        ("REG-01", {"0301", "0305", "0401", "1108", "1102", "0201"}, {"0101", "0601"}),
        ("REG-02a", {"0301", "0103", "0404"}, {"1102", "1001"}),
        ("REG-05a", {"1102"}, {"1101", "1103", "1104"}),
        ("REG-05b", {"1103"}, {"1102", "1101", "1108"}),
        ("REG-05c", {"1108", "0304", "0306", "0402"}, {"1102", "1105"}),
        ("REG-04", {"0303", "1105", "1108"}, {"1101", "1106"}),
        ("REG-10b", {"1101", "1102", "1103", "1104"}, {"1108", "1105"}),
        ("MAT-02", {"1101", "1102"}, {"0101", "1108"}),
    ],
)
def test_a_service_is_supplied_by_its_classes_of_the_survey_and_no_others(code, supplying, not_supplying):
    supply = SERVICES[code].supply
    assert all(supply.covers((name, SURVEY[name])) for name in supplying)
    assert not any(supply.covers((name, SURVEY[name])) for name in not_supplying)


@pytest.mark.parametrize("code", SERVICES)
def test_built_up_ground_supplies_nothing_but_parks(code):
    supply = SERVICES[code].supply
    assert not any(
        supply.covers((name, kind)) for name, kind in SURVEY.items() if kind == "城镇" and name != "0810"
    )


def test_every_service_is_supplied_by_some_class_and_every_item_by_classes_of_its_service():
    for service, (name, kind) in product(SERVICES.values(), SURVEY.items()):
        for items in service.variants.values():
            for item in items:
                if item.supply and item.supply.covers((name, kind)):
                    assert service.supply.covers((name, kind)), (service.code, item.key, name)
    for service in SERVICES.values():
        assert any(service.supply.covers(pair) for pair in SURVEY.items())
