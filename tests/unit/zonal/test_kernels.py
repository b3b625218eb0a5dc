"""Every kernel against numpy, over any pixels, any numbers, any encoding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.indices.change import code_transitions
from pipeline.legends import ECOSYSTEM, LAND_COVER
from pipeline.storage.blocks import Layer
from pipeline.zonal.kernels import Pixels
from pipeline.zonal.layers import LayerNumbers, MapLayer
from pipeline.zonal.tallies import ClassAreas, Histogram, Transitions, Weighted

LAYER, MOVES = MapLayer("step", "layer"), MapLayer("change", "change", over="pair")
ENCODINGS = {
    "ratio": Layer("int16", -32768, {"scale_factor": 1e-4}),
    "index": Layer("float32", float("nan"), {}),
    "depth": Layer("float32", -9999.0, {"scale_factor": 0.5}),
    "count": Layer("uint16", 0, {}),
}
PARCELS, CELLS = 5, 40


@st.composite
def pixels(draw):
    """Pixels of some of the parcels in any order, some of them without a pixel, some pixels under several."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    parcel = rng.permutation(PARCELS)[: draw(st.integers(1, PARCELS))]
    counts = rng.integers(0, 30, len(parcel))
    cell = rng.integers(0, CELLS, counts.sum()).astype(np.int32)
    weight = rng.uniform(0, 100, counts.sum())
    return Pixels(parcel, np.concatenate([[0], np.cumsum(counts)]), cell, weight)


@st.composite
def numbers(draw, layer):
    """Numbers of a layer, some of them unknown."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = rng.integers(-9000 if layer.dtype != "uint16" else 0, 9000, CELLS).astype(layer.dtype)
    values[rng.random(CELLS) < draw(st.sampled_from([0, 0.3, 1]))] = layer.fill
    return values


def by_parcel(pixels, select):
    """Sum over the pixels of each parcel, by numpy, of what `select` gives of cells and their areas."""
    rows = np.zeros((PARCELS, *np.shape(select(pixels.cell[:0], pixels.weight_m2[:0]))))
    for number, parcel in enumerate(pixels.parcel):
        own = slice(pixels.indptr[number], pixels.indptr[number + 1])
        rows[parcel] = select(pixels.cell[own], pixels.weight_m2[own])
    return rows


def add(tally, pixels, *rasters):
    sums = np.zeros((PARCELS, tally.width))
    tally.add(pixels, rasters, sums)
    return sums


def known(raster):
    """Where a number is known, and its value."""
    values = raster.numbers.astype(float)
    seen = (
        np.isfinite(values) if raster.layer.fill == 0 else ~np.isnan(values) & (values != raster.layer.fill)
    )
    return seen, np.where(seen, values, 0) * raster.layer.attrs.get("scale_factor", 1)


@pytest.mark.parametrize("legend", [LAND_COVER, ECOSYSTEM])
@given(data=st.data())
@settings(max_examples=30)
def test_area_by_class_is_the_area_of_the_pixels_of_its_code(legend, data):
    under, tally = data.draw(pixels()), ClassAreas(LAYER, legend)
    codes = np.array(data.draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, 77, 255]), min_size=CELLS)))[:CELLS]
    sums = add(tally, under, LayerNumbers(codes.astype(np.uint8), Layer("uint8", 255, {})))
    classes = [entry.code for entry in legend.classes]
    theirs = by_parcel(under, lambda cell, area: [area[codes[cell] == code].sum() for code in classes])
    assert np.allclose(tally.areas(sums), theirs)
    strange = by_parcel(under, lambda cell, area: area[~np.isin(codes[cell], classes)].sum())
    assert np.allclose(tally.unknown(sums), strange)
    assert np.allclose(
        tally.covered(sums) + tally.unknown(sums), by_parcel(under, lambda _, area: area.sum())
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.data())
@settings(max_examples=30)
def test_means_and_shares_are_those_of_the_values_that_are_known(encoding, data):
    under, layer = data.draw(pixels()), ENCODINGS[encoding]
    raster = LayerNumbers(data.draw(numbers(layer)), layer)
    seen, values = known(raster)
    threshold = float(np.median(values))
    tally = Weighted(LAYER, threshold)
    sums = add(tally, under, raster)
    covered = by_parcel(under, lambda cell, area: area[seen[cell]].sum())
    assert np.allclose(tally.covered(sums), covered)
    assert np.allclose(tally.unknown(sums), by_parcel(under, lambda cell, area: area[~seen[cell]].sum()))
    with np.errstate(invalid="ignore"):
        mean = by_parcel(under, lambda cell, area: (values * seen)[cell] @ area) / covered
        share = by_parcel(under, lambda cell, area: (seen & (values >= threshold))[cell] @ area) / covered
    assert np.allclose(tally.mean(sums), mean, equal_nan=True)
    assert np.allclose(tally.share(sums), share, equal_nan=True)


@given(data=st.data())
@settings(max_examples=20)
def test_nothing_reaches_a_threshold_that_is_not_set(data):
    under, layer = data.draw(pixels()), ENCODINGS["count"]
    tally = Weighted(LAYER)
    share = tally.share(add(tally, under, LayerNumbers(data.draw(numbers(layer)), layer)))
    assert (share[np.isfinite(share)] == 0).all()


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.data())
@settings(max_examples=30)
def test_a_histogram_has_the_area_between_its_cuts_and_a_value_on_a_cut_is_above_it(encoding, data):
    under, layer = data.draw(pixels()), ENCODINGS[encoding]
    raster = LayerNumbers(data.draw(numbers(layer)), layer)
    seen, values = known(raster)
    cuts = tuple(np.unique(data.draw(st.lists(st.sampled_from(values.tolist()), min_size=1, max_size=4))))
    tally = Histogram(LAYER, cuts, tuple("abcde"[: len(cuts) + 1]))
    sums = add(tally, under, raster)
    place = np.searchsorted(cuts, values, side="right")
    for part in range(len(tally.parts)):
        inside = seen & (place == part)
        theirs = by_parcel(under, lambda cell, area, inside=inside: inside[cell] @ area)
        assert np.allclose(tally.areas(sums)[:, part], theirs)
    assert np.allclose(tally.covered(sums), tally.areas(sums).sum(axis=1))
    assert np.allclose(tally.unknown(sums), by_parcel(under, lambda cell, area: area[~seen[cell]].sum()))


@given(data=st.data())
@settings(max_examples=40)
def test_transitions_give_what_each_class_gained_and_lost_where_the_change_counts(data):
    under, tally = data.draw(pixels()), Transitions(LAYER, MOVES, LAND_COVER)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    before, after = rng.choice(np.array([1, 2, 3, 4, 255], np.uint8), (2, CELLS))
    counted = np.where(rng.random(CELLS) < 0.3, np.uint8(0), code_transitions(before, after))
    classes = Layer("uint8", 255, {})
    sums = add(tally, under, *(LayerNumbers(codes, classes) for codes in (before, after, counted)))
    moved = (counted != 0) & (counted != 255)
    for place, entry in enumerate(LAND_COVER.classes):
        gained, lost = moved & (after == entry.code), moved & (before == entry.code)
        assert np.allclose(
            tally.gained(sums)[:, place], by_parcel(under, lambda cell, area, of=gained: of[cell] @ area)
        )
        assert np.allclose(
            tally.lost(sums)[:, place], by_parcel(under, lambda cell, area, of=lost: of[cell] @ area)
        )
    both = (before != 255) & (after != 255)
    assert np.allclose(tally.covered(sums), by_parcel(under, lambda cell, area: both[cell] @ area))
    assert np.allclose(tally.unknown(sums), by_parcel(under, lambda cell, area: ~both[cell] @ area))


@given(data=st.data())
@settings(max_examples=20)
def test_pixels_in_two_parts_add_up_to_the_same_bits_as_at_once(data):
    """The areas of a parcel are added one by one, whatever block they come in."""
    under, layer = data.draw(pixels()), ENCODINGS["ratio"]
    raster, tally = LayerNumbers(data.draw(numbers(layer)), layer), Weighted(LAYER, 0.1)
    parts = np.zeros((PARCELS, tally.width))
    for half in (0, 1):
        starts = under.indptr[:-1] + np.diff(under.indptr) // 2
        bounds = np.column_stack([under.indptr[:-1], starts, under.indptr[1:]])[:, half : half + 2]
        for parcel, (first, last) in zip(under.parcel, bounds, strict=True):
            own = Pixels(
                np.array([parcel]),
                np.array([0, last - first]),
                under.cell[first:last],
                under.weight_m2[first:last],
            )
            tally.add(own, [raster], parts)
    assert np.array_equal(parts, add(tally, under, raster))
