"""Classes that maps show."""

import re
from itertools import product

import pytest

from pipeline.legends import CHANGE, LAND_COVER, LEGENDS, NODATA_CLASS, UNCHANGED, code_change


@pytest.mark.parametrize("legend", LEGENDS.values(), ids=LEGENDS)
def test_codes_keys_and_names_are_unique_and_leave_nodata_free(legend):
    entries = legend.classes
    for what in ("code", "key", "name_zh", "name_en"):
        assert len({getattr(entry, what) for entry in entries}) == len(entries)
    assert all(0 <= entry.code < NODATA_CLASS for entry in entries)
    assert all(re.fullmatch("#[0-9a-f]{6}", entry.color) for entry in entries)
    assert [legend.code(entry.key) for entry in entries] == [entry.code for entry in entries]
    assert {code: entry.key for code, entry in legend.by_code().items()} == {
        entry.code: entry.key for entry in entries
    }


def test_every_pair_of_classes_has_a_transition_that_names_both():
    for before, after in product(LAND_COVER.classes, repeat=2):
        entry = CHANGE.by_code()[code_change(before.code, after.code)]
        if before is after:
            assert entry.code == UNCHANGED
        else:
            assert before.name_zh in entry.name_zh
            assert after.name_en in entry.name_en


def test_a_colour_is_three_bytes():
    assert LAND_COVER.by_code()[1].rgb == (0x2B, 0x83, 0xBA)
    assert LAND_COVER.by_code()[1].name("zh") == "水体"
    assert LAND_COVER.by_code()[1].name("en") == "Water"
