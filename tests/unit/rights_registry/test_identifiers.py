import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.rights_registry.identifiers import (
    RESOURCE_KIND,
    SECOND_SURVEY,
    THIRD_SURVEY,
    build_product_code,
    classify_rows,
    derive_land_class,
    find_twins,
    identify_parcels,
    is_parcel_code,
    is_unit_code,
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1105", "1105"),
        (" 0301k ", "0301"),
        ("1104A", "1104"),
        ("05H1", "05H1"),
        ("08h2a", "08H2"),
        ("0810A", "0810"),
        ("115", "1105"),
        ("011", "0101"),
        ("125", "1108"),
        ("09", "09"),
        ("0904", "09"),
    ],
)
def test_codes_of_both_surveys_with_and_without_suffix_become_one(code, expected):
    assert derive_land_class(pd.Series([code], dtype=object)).tolist() == [expected]


def test_unknown_codes_are_null():
    assert derive_land_class(pd.Series(["9999", "11", "建设用地", "", None], dtype=object)).isna().all()


def test_a_class_comes_with_the_table_that_it_was_taken_from():
    codes = pd.Series(["1105A", "115", None, "9999", None], dtype=object)
    kinds = pd.Series([None, "SL1", "SD6", None, "XX1"], dtype=object)
    found = classify_rows(codes, kinds)
    assert found["land_class"].tolist() == ["1105", "1105", "1105", None, None]
    assert found["land_class_basis"].tolist() == [THIRD_SURVEY, SECOND_SURVEY, RESOURCE_KIND, None, None]


def test_every_kind_of_resource_in_the_table_is_one_class():
    table = standards.table("land_classes").query("registry_kind != ''")
    kinds = table["registry_kind"].str.rsplit("/").str[-1]
    found = classify_rows(pd.Series(None, kinds.index, dtype=object), kinds)
    assert found["land_class"].tolist() == table["code"].tolist()


def test_every_class_of_the_third_survey_stands_for_itself():
    codes = standards.table("land_classes")["code"]
    assert derive_land_class(codes).tolist() == codes.tolist()


def test_every_counterpart_of_the_second_survey_is_a_class_of_the_third():
    table = standards.table("land_classes_2007")
    assert set(table["code_2019"]) - {""} <= set(standards.table("land_classes")["code"])
    assert derive_land_class(table["code"]).fillna("").tolist() == table["code_2019"].tolist()


def test_unit_codes_have_15_and_parcel_codes_28_digits_or_capitals():
    units = pd.Series(["310151204000001", "31015120400001", "31015120400000a", None], dtype=object)
    assert is_unit_code(units).tolist() == [True, False, False, True]
    parcel = "310104019001GB00045F00430086"
    assert is_parcel_code(pd.Series([parcel, parcel + "1", parcel.lower(), None])).tolist() == [
        True,
        False,
        False,
        True,
    ]


def test_a_product_code_joins_both_classes():
    assert build_product_code("R", "REG-01") == "R-REG-01"


CODES = st.sampled_from(["A", "B", "东滩", None])


@given(rows=st.lists(st.tuples(CODES, CODES, st.sampled_from(["U", "V", None])), max_size=12))
def test_every_parcel_has_an_id_of_its_own_and_the_first_of_a_code_keeps_it(rows):
    keys = pd.DataFrame(rows, columns=["parcel_id", "parcel_no", "unit_no"], dtype="str")
    keys.index = keys.index + 1
    found = identify_parcels(keys)
    codes, ids = found["code"].tolist(), found["parcel_id"].tolist()
    assert found.index.equals(keys.index)
    assert found["duplicate_code"].tolist() == [codes.count(code) > 1 for code in codes]
    assert len(set(ids)) == len(ids)
    assert [ids[codes.index(code)] for code in codes] == codes
    for (own, number, unit), code in zip(rows, codes, strict=True):
        assert code in {own, number} if own or number else code.startswith(f"{unit}-" if unit else "#")


@given(numbers=st.lists(st.integers(0, 9), max_size=30))
def test_twins_are_the_numbers_that_stand_more_than_once(numbers):
    expected = [place for place, number in enumerate(numbers) if numbers.count(number) > 1]
    assert find_twins(np.array(numbers, dtype=np.uint64)).tolist() == expected


def test_a_suffix_that_meets_another_code_gets_the_row():
    keys = pd.DataFrame({"parcel_id": ["A", "A", "A-2"], "parcel_no": None, "unit_no": None}, dtype="str")
    assert identify_parcels(keys)["parcel_id"].tolist() == ["A", "A-2", "A-2#2"]
