"""Items that state figures that cannot be right: none is taken at its word, all others are."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.sealing import seal_item
from tests.stac import BANDS, raw_item

KIND = "lying items"
DOOR = "items"
WRONG = {
    "scale": [0, -1e-4, "nan", "inf", "-inf", 1e-2, 1e-6, 1e308, -0.0, "much", [], {}],
    "offset": ["nan", "inf", "-inf", -10, 10, -1.0, 1e308, "much", []],
}
"""What no band of a sensor can have: nothing, the wrong sign, no number, a hundred times off."""


def item_with(figures, mission="sentinel-2"):
    """An item whose bands state figures."""
    item = raw_item() if mission == "sentinel-2" else raw_item("LC08_L2SP_118038_20240501_20240509_02_T1")
    if mission == "landsat":
        item |= {"collection": "landsat-c2-l2"}
        item["properties"] |= {"platform": "landsat-8"}
        item["assets"]["qa_pixel"] = item["assets"].pop("scl")
    for band in BANDS & set(item["assets"]):
        item["assets"][band]["raster:bands"] = [figures]
    return item


@pytest.mark.parametrize("mission", ["sentinel-2", "landsat"])
@pytest.mark.parametrize(("figure", "value"), [(name, one) for name, all_ in WRONG.items() for one in all_])
def test_a_figure_that_cannot_be_right_rejects_its_item_by_name(figure, value, mission):
    own = {"scale": 1e-4, "offset": 0} if mission == "sentinel-2" else {"scale": 2.75e-5, "offset": -0.2}
    assert not isinstance(candidate_of(item_with(own, mission)), str)
    told = candidate_of(item_with(own | {figure: value}, mission))
    assert isinstance(told, str)
    assert "cannot be right; those of the sensor are" in told


@given(
    scale=st.floats(2e-5, 5e-4) | st.floats(),
    offset=st.sampled_from([0.0, -0.1]) | st.floats(-0.5, 0.5) | st.floats(),
)
def test_whatever_figures_an_item_states_its_numbers_become_reflectance_or_it_is_rejected(scale, offset):
    found = candidate_of(item_with({"scale": scale, "offset": offset}))
    if isinstance(found, str):
        assert "cannot be right" in found
        return
    red = found.scene.assets["red"]
    middle = 2000 * red.scale + red.offset
    assert math.isfinite(middle)
    assert abs(middle) < 20
    if (red.scale, red.offset) != (1e-4, 0.0):
        assert (red.scale, red.offset) == (scale, offset)


HALF = "\ud800"


def test_halves_of_characters_in_an_item_reach_no_file_and_no_address():
    item = raw_item()
    item["id"] += HALF
    item["properties"] |= {f"note{HALF}": [HALF, {HALF: f"https://host/{HALF}"}]}
    item["assets"]["red"] = {"href": f"https://host/{HALF}.tif", "title": HALF}
    item["assets"][HALF] = {"href": HALF}
    item["links"] = [{"rel": "self", "href": f"https://host/{HALF}"}]
    sealed = seal_item(json.loads(json.dumps(item)))
    assert json.dumps(sealed, ensure_ascii=False).encode("utf-8")
    scene = candidate_of(sealed).scene
    assert [text.encode("utf-8") for text in (scene.id, *scene.hrefs)]
    assert scene.assets["red"].href == "https://host/\ufffd.tif"
