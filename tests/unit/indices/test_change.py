"""Change between two land cover maps."""

from itertools import product

import numpy as np
import pytest

from pipeline.indices.change import transition_matrix, transitions
from pipeline.legends import CHANGE, LAND_COVER, NODATA_CLASS

CODES = [entry.code for entry in LAND_COVER.classes]


@pytest.mark.parametrize(("before", "after"), list(product([*CODES, NODATA_CLASS], repeat=2)))
def test_every_pair_of_classes_has_its_code(before, after):
    (code,) = transitions(np.array([before], dtype=np.uint8), np.array([after], dtype=np.uint8))
    if NODATA_CLASS in {before, after}:
        assert code == NODATA_CLASS
    elif before == after:
        assert code == 0
    else:
        assert code == 10 * before + after
        assert CHANGE.by_code()[int(code)].color == LAND_COVER.by_code()[after].color


def planted(count=4000):
    rng = np.random.default_rng(12)
    classes = np.array([*CODES, NODATA_CLASS], dtype=np.uint8)
    return rng.choice(classes, count), rng.choice(classes, count), rng.uniform(99, 101, count)


def test_the_matrix_sums_to_the_area_and_every_cell_is_its_pixels():
    before, after, weight = planted()
    matrix = transition_matrix([(before, after, weight)])
    assert len(matrix) == 25
    assert matrix["area_m2"].sum() == pytest.approx(weight.sum(), rel=1e-12)
    assert matrix["percent"].sum() == pytest.approx(100)
    keys = {entry.key: entry.code for entry in LAND_COVER.classes} | {"unknown": NODATA_CLASS}
    for row in matrix.itertuples():
        inside = (before == keys[row._1]) & (after == keys[row.to])
        assert row.area_m2 == pytest.approx(weight[inside].sum(), rel=1e-12)


def test_pieces_give_the_matrix_of_the_whole():
    before, after, weight = planted()
    pieces = [
        (before[part], after[part], weight[part]) for part in (slice(0, 7), slice(7, 7), slice(7, None))
    ]
    whole = transition_matrix([(before, after, weight)])
    np.testing.assert_allclose(transition_matrix(pieces)["area_m2"], whole["area_m2"], rtol=1e-12)


def test_pairs_that_do_not_occur_stand_with_zero_and_no_area_has_no_percent():
    classes = np.array([1], dtype=np.uint8)
    matrix = transition_matrix([(classes, classes, np.array([100.0]))])
    assert (matrix["area_m2"] > 0).sum() == 1
    nothing = transition_matrix([])
    assert (nothing["area_m2"] == 0).all()
    assert nothing["percent"].isna().all()
