"""Services pixel by pixel: forms that are linear give what the formulas give, and say where they cannot."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.accounts.parameters import ClassLineage, ParameterBook
from pipeline.accounts.pixels import compute_form, list_pixel_items, sum_values
from pipeline.accounts.service import Terms
from pipeline.accounts.sharing import YearStatistics
from pipeline.accounts.valuing import Method, evaluate
from pipeline.contracts.accounts import STATISTICS
from pipeline.settings.accounts import Accounts
from pipeline.settings.parameters import ParameterRow, read_parameters

CLASSES = ["森林", "草地", "农田", "城镇", "water", "vegetation", "0301"]
TYPES = [None, None, None, None, "湿地", None, "森林"]
YEAR = 2024
NOTHING = YearStatistics(pd.DataFrame(columns=[*STATISTICS.columns]), YEAR, "area")


@cache
def shipped(choices):
    found = Accounts(choices=dict(choices)).load_profile("area")
    book = ParameterBook.of(read_parameters([Path(path) for path in found.parameters]), "area")
    return Method(tuple(found.services), found.choices.model_dump(), YEAR), book


def items_of(**choices):
    method, book = shipped(tuple(choices.items()))
    return list_pixel_items(method, NOTHING, book, CLASSES, TYPES), book


@given(
    values=st.lists(st.floats(0.1, 2000), min_size=10, max_size=10),
    options=st.fixed_dictionaries(
        {
            "negative_water": st.sampled_from(["kept", "cut"]),
            "soil_practice": st.sampled_from(["with_p", "without_p"]),
            "evaporation": st.sampled_from(["with_r", "without_r"]),
            "runoff_table": st.sampled_from(["A", "B"]),
        }
    ),
)
@settings(max_examples=25, deadline=None)
def test_a_form_gives_what_the_formula_gives(values, options):
    found, book = items_of(**options)
    assert len(found) >= 9
    ground = ClassLineage.of([CLASSES, TYPES], [None] * len(CLASSES))
    hectare = np.full(len(CLASSES), 1e4)
    for one in found:
        numbers = dict(zip(one.quantity.variables, values, strict=False))
        sums = {name: hectare * value for name, value in numbers.items()}
        parameters = {key: book.find(key, ground).value for key in one.item.needs.parameters}
        truth = evaluate(one.item, Terms(hectare, hectare, sums, parameters, {})).quantity
        stack = np.array([[[value] * len(CLASSES)] for value in numbers.values()], np.float32)
        stack = stack.reshape(len(numbers), 1, len(CLASSES))
        row = np.arange(len(CLASSES), dtype=np.int16)[None, :]
        given_ = compute_form(one.quantity, row, stack)[0]
        supplies = one.quantity.supplies
        np.testing.assert_allclose(given_[supplies], truth[supplies], rtol=1e-4, atol=1e-4)
        assert np.isnan(given_[~supplies]).all()


def test_what_rests_on_statistics_or_on_the_size_of_a_lake_is_no_item_of_pixels():
    codes = {one.service.code for one in items_of()[0]}
    assert {"REG-01", "REG-02a", "REG-02b", "REG-05d", "REG-06a", "REG-10a", "REG-10b"} <= codes
    assert not codes & {"MAT-01", "REG-05a", "REG-05b", "REG-08", "REG-09", "CUL-01"}


def row_of(key, value, land_class=None, *, confirmed=True):
    return ParameterRow(key, land_class, None, value, None, None, "1", None, "toy", confirmed, "toy.csv", 2)


def test_value_is_the_sum_of_what_is_known_and_classes_without_parameters_are_unknown():
    rows = [row_of("runoff_coefficient", 0.1, "森林"), row_of("reservoir_unit_cost", 5.0)]
    rows += [
        row_of("carbon_rate", 2.0, "森林"),
        row_of("carbon_rate", 1.0, "草地"),
        row_of("carbon_cost", 100.0),
    ]
    options = Accounts().load_profile("area").choices.model_dump()
    book = ParameterBook.of([rows], "area")
    found = list_pixel_items(Method(("REG-01",), options, YEAR), NOTHING, book, CLASSES, TYPES)
    form = sum_values(found)
    row = np.arange(len(CLASSES), dtype=np.int16)[None, :]
    stack = np.stack([np.full(row.shape, value, np.float32) for value in (1000.0, 600.0)])
    value = dict(zip(CLASSES, compute_form(form, row, stack)[0].tolist(), strict=True))
    assert value["森林"] == pytest.approx((1000 * 0.9 - 600) * 10 * 5)
    assert value["0301"] == value["森林"]
    assert value["城镇"] == 0
    assert np.isnan([value["草地"], value["vegetation"], value["water"]]).all()


def test_pixels_of_no_class_and_of_unknown_variables_are_unknown():
    (water, *_), _ = items_of()
    assert water.quantity.variables == ("rain", "evapotranspiration")
    row = np.array([[0, 0, -1]], dtype=np.int16)
    stack = np.array([[[1000.0, np.nan, 1000.0]], [[600.0, 600.0, 600.0]]], np.float32)
    assert np.isnan(compute_form(water.quantity, row, stack)).tolist() == [[False, True, True]]
