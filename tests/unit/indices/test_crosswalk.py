"""From codes of existing maps to classes and types."""

import numpy as np
import pytest

from pipeline import standards
from pipeline.indices.crosswalk import translate_codes
from pipeline.legends import ECOSYSTEM, LAND_COVER, LAND_MAPS, NODATA_CLASS


def named(codes, kinds):
    found = translate_codes(np.array([codes], dtype=np.int32), kinds)
    covers, types = LAND_COVER.by_code(), ECOSYSTEM.by_code()
    pairs = zip(found["land_cover"][0].tolist(), found["ecosystem"][0].tolist(), strict=True)
    return [(covers[c].key if c in covers else None, types[e].key if e in types else None) for c, e in pairs]


def test_codes_of_worldcover_mean_classes_and_types():
    codes = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100]
    expected = {
        10: ("vegetation", "forest"),
        20: ("vegetation", "shrub"),
        30: ("vegetation", "grassland"),
        40: ("vegetation", "farmland"),
        50: ("built", "urban"),
        60: ("bare", None),
        70: ("bare", "other"),
        80: ("water", "wetland"),
        90: ("vegetation", "wetland"),
        95: ("vegetation", "wetland"),
        100: ("vegetation", None),
    }
    for product in ("worldcover-v100", "worldcover-v200"):
        assert named(codes, LAND_MAPS[product]) == [expected[code] for code in codes]


def test_codes_of_dynamic_world_start_at_zero():
    found = named(range(9), LAND_MAPS["dynamic-world"])
    assert found[0] == ("water", "wetland")
    assert found[3] == ("vegetation", "wetland")
    assert found[7] == ("bare", None)


def test_codes_without_a_kind_and_nodata_are_unknown():
    found = translate_codes(np.array([[-1, 0, 5, 9, 70_000]], dtype=np.int32), {5: "forest", 9: "vegetation"})
    assert found["land_cover"].tolist() == [[NODATA_CLASS, NODATA_CLASS, 2, 2, NODATA_CLASS]]
    assert found["ecosystem"].tolist() == [[NODATA_CLASS, NODATA_CLASS, 1, NODATA_CLASS, NODATA_CLASS]]
    assert found["land_cover"].dtype == np.uint8


@pytest.mark.parametrize("table", ["land_maps", "land_map_versions"])
def test_every_entry_has_a_source_and_says_whether_it_is_confirmed(table):
    rows = standards.table(table)
    assert (rows["source"].str.len() > 10).all()
    assert set(rows["confirmed"]) <= {"yes", "no"}
