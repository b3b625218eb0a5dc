"""Sums of variables by mapped class against numpy, whatever the map tells and however numbers are stored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.legends import ECOSYSTEM, LAND_COVER, NODATA_CLASS
from pipeline.storage.blocks import Layer
from pipeline.zonal.class_sums import ClassSums
from pipeline.zonal.kernels import Pixels
from pipeline.zonal.layers import LayerNumbers, MapLayer

UNITS, CELLS = 4, 50
CLASSES = Layer("uint8", NODATA_CLASS, {})
STORED = {
    "fvc": Layer("int16", -32768, {"scale_factor": 1e-4}),
    "rain": Layer("float32", float("nan"), {}),
    "erosion": Layer("float32", float("nan"), {}),
}
VARIABLES = tuple(MapLayer("layers", name) for name in STORED)
NAMES = {entry.code: entry.name_zh for entry in ECOSYSTEM.classes}
KEYS = {entry.code: entry.key for entry in LAND_COVER.classes}


def draw_numbers(rng, layer, lacking):
    numbers = rng.integers(-5000, 5000, CELLS).astype(layer.dtype)
    numbers[rng.random(CELLS) < lacking] = layer.fill
    return LayerNumbers(numbers, layer)


def draw_codes(rng, legend, lacking):
    codes = rng.choice([entry.code for entry in legend.classes], CELLS).astype(np.uint8)
    codes[rng.random(CELLS) < lacking] = NODATA_CLASS
    return LayerNumbers(codes, CLASSES)


def name_pixels(cover, types):
    names = [KEYS.get(int(code)) for code in cover.numbers]
    if types is None:
        return names
    return [NAMES.get(int(code), name) for code, name in zip(types.numbers, names, strict=True)]


def sum_by_hand(pixels, names, values):
    """Area, sum and known area by unit and class, pixel by pixel."""
    found = {}
    for number, unit in enumerate(pixels.parcel):
        for place in range(pixels.indptr[number], pixels.indptr[number + 1]):
            cell, area = pixels.cell[place], pixels.weight_m2[place]
            row = found.setdefault((int(unit), names[cell]), np.zeros(1 + 2 * len(values)))
            row[0] += area
            for field, value in enumerate(values):
                if np.isfinite(value[cell]):
                    row[1 + 2 * field : 3 + 2 * field] += value[cell] * area, area
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), typed=st.booleans(), lacking=st.sampled_from([0, 0.4, 1]))
def test_sums_by_class_are_those_of_every_pixel_by_hand(seed, typed, lacking):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 30, UNITS)
    pixels = Pixels(
        rng.permutation(UNITS),
        np.concatenate([[0], np.cumsum(counts)]),
        rng.integers(0, CELLS, counts.sum()).astype(np.int32),
        rng.uniform(0.1, 100, counts.sum()),
    )
    cover, types = draw_codes(rng, LAND_COVER, lacking), draw_codes(rng, ECOSYSTEM, lacking)
    layers = {name: draw_numbers(rng, layer, lacking) for name, layer in STORED.items()}
    tally = ClassSums(typed, VARIABLES)
    sums = np.zeros((UNITS, tally.width))
    tally.add(pixels, [cover, *([types] if typed else []), *layers.values()], sums)

    values = [
        np.where(raster.numbers == raster.nodata, np.nan, raster.numbers * raster.scale)
        for raster in layers.values()
    ]
    expected = sum_by_hand(pixels, name_pixels(cover, types if typed else None), values)
    found = {
        (row, name): np.array(fields) for row, name, *fields in tally.tabulate(sums).itertuples(index=False)
    }
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        np.testing.assert_allclose(found[key], row, rtol=1e-12, atol=1e-6)


def test_the_fields_of_a_class_are_its_area_and_two_of_every_variable():
    tally = ClassSums(typed=False, variables=VARIABLES[:2])
    assert tally.fields == ("area_m2", "fvc", "fvc_m2", "rain", "rain_m2")
    assert tally.width == 25
    assert tally.parts == ("water", "vegetation", "bare", "built")
    assert ClassSums(typed=True, variables=()).parts[:2] == ("森林", "灌丛")


def test_a_unit_without_area_has_no_row():
    tally = ClassSums(typed=False, variables=())
    assert tally.tabulate(np.zeros((3, tally.width))).empty


@pytest.mark.parametrize("typed", [True, False])
def test_classes_are_read_before_variables(typed):
    places = ClassSums(typed, VARIABLES).list_places("2024")
    assert [layer.name for layer, _ in places] == [
        "land_cover",
        *(["ecosystem"] if typed else []),
        "fvc",
        "rain",
        "erosion",
    ]
