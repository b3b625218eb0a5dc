"""Endmembers of a planted area through the plan: over all land, within each class, frozen or not."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipeline.indices.vegetation import ClassEndmembers
from pipeline.legends import LAND_COVER
from pipeline.maps.endmembers import find_beside, find_endmembers
from pipeline.settings import ClassPercentiles
from tests.mapmaking import make


def area_with(planted, *, freeze, endmembers):
    """April without a scene and May with all; the vegetation settings changed."""
    scenes = planted.settings.scenes.model_copy(update={"start": date(2024, 4, 1)})
    vegetation = planted.settings.vegetation.model_copy(update={"freeze": freeze, "endmembers": endmembers})
    return replace(
        planted, settings=planted.settings.model_copy(update={"vegetation": vegetation, "scenes": scenes})
    )


@pytest.mark.parametrize("freeze", [True, False])
def test_each_class_has_the_percentiles_of_its_own_ndvi(run, planted, freeze):
    area = area_with(planted, freeze=freeze, endmembers=ClassPercentiles(method="by_class"))
    maps = make(run, area)
    april, may = area.periods
    before, ends = (find_endmembers(maps, period) for period in (april, may))
    assert before == (ends if freeze else None)
    assert isinstance(ends, ClassEndmembers)
    assert find_beside(maps, may) == ends.otherwise
    places = [("spectral", "ndvi"), ("land_cover", "land_cover"), ("cover", "fvc")]
    ndvi, classes, fvc = (maps.open(step, may)[layer].to_numpy() for step, layer in places)
    seen = ndvi != -32768
    found = {code: (soil, full) for code, soil, full in ends.own}
    assert LAND_COVER.code("water") not in found
    assert len(found) >= 2
    for code, (soil, full) in found.items():
        own = np.sort(ndvi[seen & (classes == code)])
        assert round(soil * 1e4) == own[int(np.ceil(0.05 * own.size)) - 1]
        assert round(full * 1e4) == own[int(np.ceil(0.95 * own.size)) - 1]
        chosen = seen & (classes == code)
        expected = np.clip((ndvi[chosen] * 1e-4 - soil) / (full - soil), 0, 1)
        assert np.abs(expected - fvc[chosen] * 1e-4).max() < 0.6e-4


@pytest.mark.parametrize("without_built", [False, True])
def test_percentiles_leave_out_what_the_source_says(run, planted, without_built):
    vegetation = planted.settings.vegetation.model_copy(update={"without_built": without_built})
    area = replace(planted, settings=planted.settings.model_copy(update={"vegetation": vegetation}))
    maps = make(run, area)
    (period,) = area.periods
    pair = find_endmembers(maps, period)
    ndvi = maps.open("spectral", period)["ndvi"].to_numpy()
    classes = maps.open("land_cover", period)["land_cover"].to_numpy()
    built = classes == LAND_COVER.code("built")
    land = (ndvi != -32768) & (classes != LAND_COVER.code("water")) & ((classes != 255) | (ndvi >= 0))
    assert 0.05 < built[land].mean() < 0.95
    own = np.sort(ndvi[land & ~built if without_built else land])
    assert round(pair.soil * 1e4) == own[int(np.ceil(0.05 * own.size)) - 1]
    assert round(pair.vegetation * 1e4) == own[int(np.ceil(0.95 * own.size)) - 1]
    words = "without water and built-up land" if without_built else "without water 不含水体"
    assert words in pair.words


def test_built_up_land_that_is_left_out_has_no_endmembers_of_its_own(run, planted):
    chosen = {"endmembers": ClassPercentiles(method="by_class"), "without_built": True}
    vegetation = planted.settings.vegetation.model_copy(update=chosen)
    area = replace(planted, settings=planted.settings.model_copy(update={"vegetation": vegetation}))
    ends = find_endmembers(make(run, area), area.periods[0])
    assert LAND_COVER.code("built") not in {code for code, _, _ in ends.own}
    assert "without water and built-up land" in ends.words
