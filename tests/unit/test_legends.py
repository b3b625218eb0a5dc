"""Classes that maps show."""

import re
from itertools import combinations, product

import pytest

from pipeline.legends import CHANGE, LAND_COVER, LEGENDS, NODATA_CLASS, UNCHANGED, WATER_CLASS, code_change
from pipeline.outputs.map_sheets import NOT_GRADED
from pipeline.outputs.pictures import UNKNOWN_COLOR, WATER
from pipeline.outputs.ramps import RAMPS
from tests.colors import SIGHTS, measure_difference, see


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


@pytest.mark.parametrize("sight", SIGHTS)
def test_classes_of_water_are_told_apart_by_people_who_do_not_see_red_or_green(sight):
    """Of the usual colours Ⅲ and Ⅳ differ by 4 for protanopia, Ⅲ and Ⅴ by 7 for deuteranopia."""
    seen = [see(entry.color, sight) for entry in WATER_CLASS.classes]
    differences = [measure_difference(one, other) for one, other in combinations(seen, 2)]
    assert min(differences) > 20
    ungraded = see(NOT_GRADED, sight)
    assert min(measure_difference(ungraded, one) for one in seen) > 12


@pytest.mark.parametrize("sight", SIGHTS)
def test_water_bare_land_and_the_unknown_are_told_apart_on_maps_of_cover(sight):
    colors = [see(color, sight) for color in (WATER.color, RAMPS["cover"][0][1], UNKNOWN_COLOR)]
    assert min(measure_difference(one, other) for one, other in combinations(colors, 2)) > 12


def test_differences_of_colours_are_those_that_were_published():
    """Three pairs of the supplementary data of Sharma, Wu and Dalal (2005)."""
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.0, 2.0), (50, 0, 0), 2.3669),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ]
    for one, other, published in pairs:
        assert measure_difference(one, other) == pytest.approx(published, abs=5e-5)
