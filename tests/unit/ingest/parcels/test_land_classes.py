"""Land classes by the whole column: the planted class, or none, and never another."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.errors import Problem
from pipeline.ingest.parcels.land_classes import read_column
from pipeline.ingest.parcels.values import split_code, translate_values
from pipeline.rights_registry.identifiers import derive_land_class

THIRD = standards.table("land_classes")["code"].tolist()
SECOND = standards.table("land_classes_2007").set_index("code")["code_2019"].to_dict()
NAMES = standards.table("land_classes").set_index("code")["name_zh"].to_dict()
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def classes_of(texts, edition=None):
    """Land class of each text, None without one; the Problem where the column is refused."""
    column = pd.Series(texts, dtype=object)
    found = read_column(column.value_counts().to_dict(), edition, place="r.gpkg, column DLBM")
    if isinstance(found, Problem):
        return found
    return derive_land_class(found.apply(column)[0]).tolist()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["301", "101", "1101", "702"], ["0301", "0101", "1101", "0702"]),
        (["101", "1101"], ["0101", "1101"]),
        (["101", "102", "301"], ["0101", "0102", "0301"]),
        (["101", "011", "111"], ["1001", "0101", "1101"]),
        (["101", "111", "11"], ["1001", "1101", "0101"]),
        (["101", "102", "202", "115"], ["1001", "1003", None, "1105"]),
        (["0101", "0301", "1101"], ["0101", "0301", "1101"]),
        (["0101", "101", "0301"], ["0101", None, "0301"]),
        (["0101", "101", "301"], ["0101", "0101", "0301"]),
        (["0101", "011", "101"], ["0101", "0101", None]),
        (["101.0", "1101.0", "9.0"], ["0101", "1101", "09"]),
        (["１０１", "１１０１　", " 0307k"], [None, "1101", "0307"]),
        (["301K", "5H1", "1104A"], ["0301", "05H1", "1104"]),
        (["101 铁路用地", "水田（0101）", "1101-河流水面"], ["1001", "0101", "1101"]),
        (["101 水田", "101"], ["0101", "0101"]),
        (["0101 旱地", "0103"], [None, "0103"]),
        (["9999", "林地", "x", "-101", "1101"], [None, None, None, None, "1101"]),
        (["1101", "11015", "110101"], ["1101", None, "1101"]),
    ],
)
def test_a_code_is_what_the_whole_column_says(column, expected):
    assert classes_of(column) == expected


@pytest.mark.parametrize("column", [["101", "102"], ["202"], ["101.0"], ["11", "301"]])
def test_a_column_in_which_nothing_tells_is_refused_until_the_config_names_its_edition(column):
    found = classes_of(column)
    assert isinstance(found, Problem)
    assert "column DLBM" in found.place
    assert column[0] in found.found
    assert "land_class_edition" in found.todo
    assert isinstance(classes_of(column, "third"), list)


def test_an_edition_of_the_config_goes_before_the_column():
    assert classes_of(["101", "102"], "third") == ["0101", "0102"]
    assert classes_of(["101", "102"], "second") == ["1001", "1003"]
    assert classes_of(["301", "1101", "101"], "second") == [None, None, "1001"]


def test_a_slip_of_another_edition_does_not_sway_a_column():
    assert classes_of(["111", *["101", "301", "1101"] * 100])[:2] == [None, "0101"]


def test_codes_of_the_planning_classification_are_refused_and_a_slip_is_not():
    found = classes_of(["0101", "1001", "1701"])
    assert isinstance(found, Problem)
    assert "1701" in found.found
    assert classes_of([*["1001"] * 200, "1701"])[0] == "1001"


def write_as(code, way):
    """A code as it looks after a way through spreadsheets and tables."""
    if way == "number":
        return code.lstrip("0")
    if way == "float":
        return f"{code.lstrip('0')}.0" if code.isdecimal() else code.lstrip("0")
    if way == "full width":
        return code.translate(FULL_WIDTH)
    if way == "named":
        return f"{code} {NAMES[code]}"
    return {"plain": code, "blanks": f" {code}\u3000", "small": code.lower()}[way]


WAYS = ["plain", "number", "float", "full width", "blanks", "small", "named"]


@given(st.lists(st.sampled_from(THIRD), min_size=1), st.sampled_from(WAYS))
@settings(max_examples=60)
def test_a_column_of_the_third_survey_gives_its_classes_or_is_refused(codes, way):
    found = classes_of([write_as(code, way) for code in codes])
    assert isinstance(found, Problem) or found == codes


@given(st.lists(st.sampled_from(sorted(SECOND)), min_size=1), st.sampled_from(WAYS[:-1]))
@settings(max_examples=60)
def test_a_column_of_the_second_survey_gives_the_counterparts_or_is_refused(codes, way):
    found = classes_of([write_as(code, way) for code in codes])
    assert isinstance(found, Problem) or found == [SECOND[code] or None for code in codes]


@given(
    st.lists(st.sampled_from(THIRD), min_size=1),
    st.lists(st.sampled_from(sorted(SECOND)), min_size=1),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60)
def test_two_editions_in_a_column_that_keeps_its_zeros_give_the_planted_class_or_none(third, second, random):
    truth = [(code, code) for code in ["0101", *third]] + [(code, SECOND[code] or None) for code in second]
    random.shuffle(truth)
    found = classes_of([code for code, _ in truth])
    assert not isinstance(found, Problem)
    assert all(code in (None, planted) for code, (_, planted) in zip(found, truth, strict=True))


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1", "1"),
        ("01", "1"),
        ("1.0", "1"),
        ("１", "1"),
        ("1 全民所有", "1"),
        ("全民所有（1）", "1"),
        ("2 全民所有", None),
    ],
)
def test_codes_of_rights_are_known_with_zeros_and_names_unless_the_two_mean_different_things(cell, code):
    found, unknown = translate_values(pd.Series([cell, None], dtype=object), "owner_type", {})
    assert found.tolist() == [code or cell, None]
    assert unknown.tolist() == [code is None, False]


def test_every_code_of_every_dictionary_is_known_as_a_number_of_a_spreadsheet():
    rights = standards.table("rights")
    for column, own in rights.groupby("dictionary"):
        for code in own["code"]:
            cells = pd.Series([f"{int(code)}", f"{int(code)}.0", f"{int(code):03d}"], dtype=object)
            assert translate_values(cells, str(column), {})[0].tolist() == [code] * 3


@given(st.text())
def test_any_text_splits_into_text(text):
    code, name = split_code(text)
    assert isinstance(code, str)
    assert isinstance(name, str)
