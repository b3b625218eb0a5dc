"""Land cover of a block."""

import numpy as np

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.grid import Grid
from pipeline.indices.land_cover import BANDS
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import RATIO
from pipeline.maps.land_cover.rules import RULES, classify_block
from pipeline.settings.maps import LandCover
from tests.mapmaking import inputs_over, store_of

GRID = Grid("EPSG:32651", 0.0, 0.0, 10.0, 1, 3)
SEEN = {
    "blue": [600, 300, 900],
    "green": [800, 600, REFLECTANCE_NODATA],
    "red": [500, 400, 1800],
    "nir": [300, 4000, 2400],
    "swir16": [200, 1800, 3400],
}


def judged(folder, bands):
    values = {band: np.array([SEEN[band]], dtype=np.int16) for band in bands}
    store = store_of(folder / "composite", GRID, values, dict.fromkeys(bands, RATIO))
    return classify_block(inputs_over(GRID, composite=store), bands=tuple(bands), rules=LandCover())


def test_a_block_has_classes_and_their_confidence_and_unknown_where_a_band_has_no_number(tmp_path):
    found = judged(tmp_path, BANDS)
    water, vegetation = LAND_COVER.code("water"), LAND_COVER.code("vegetation")
    assert found["land_cover"].tolist() == [[water, vegetation, NODATA_CLASS]]
    assert (found["confidence"][0, :2] > 9900).all()
    assert found["confidence"][0, 2] == REFLECTANCE_NODATA


def test_without_a_band_that_the_rules_need_nothing_is_written_which_is_unknown(tmp_path):
    found = judged(tmp_path, [band for band in BANDS if band != "swir16"])
    assert found == {}
    assert RULES.layers(None)["land_cover"].stored.fill == NODATA_CLASS
    assert RULES.layers(None)["confidence"].stored.fill == REFLECTANCE_NODATA
