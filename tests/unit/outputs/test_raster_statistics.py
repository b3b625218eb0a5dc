"""Statistics of bands beside those that numpy has of all pixels at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.outputs.raster_statistics import describe_statistics, measure_rows, parse_band_statistics

BANDS = {
    "ratio": (np.int16, -32768, st.integers(-32768, 32767)),
    "classes": (np.uint8, 255, st.sampled_from([0, 1, 4, 255])),
    "count": (np.uint16, None, st.integers(0, 60)),
    "amount": (np.float32, float("nan"), st.floats(-1e6, 1e6, width=32) | st.just(float("nan"))),
}


@st.composite
def bands(draw):
    """A band of one of the kinds, its nodata, and where it is cut."""
    kind, nodata, elements = BANDS[draw(st.sampled_from(sorted(BANDS)))]
    shape = (draw(st.integers(1, 150)), draw(st.integers(1, 6)))
    band = draw(arrays.arrays(kind, shape, elements=elements, fill=elements))
    return band, nodata, draw(st.integers(0, shape[0]))


@given(bands())
@settings(max_examples=120, deadline=None)
def test_statistics_are_those_of_all_pixels_that_hold_a_value_however_the_band_is_cut(case):
    band, nodata, cut = case
    told = describe_statistics(measure_rows(band, nodata), band.size)
    pieces = [*measure_rows(band[:cut], nodata), *measure_rows(band[cut:], nodata)]
    assert describe_statistics(pieces, band.size) == told
    known = band[~np.isnan(band)] if band.dtype == np.float32 else band[band != nodata]
    found = parse_band_statistics(told)
    assert found.pop("valid_percent") == pytest.approx(100 * known.size / band.size)
    if not known.size:
        assert found == {}
        return
    exact = known.astype(np.longdouble)
    expected = {
        "minimum": exact.min(),
        "maximum": exact.max(),
        "mean": exact.mean(),
        "stddev": exact.std(),
    }
    assert found == pytest.approx({key: float(value) for key, value in expected.items()}, rel=1e-9, abs=1e-6)


def test_a_small_spread_about_a_large_mean_is_not_lost():
    band = np.full((400, 3), 4_000_000.0, dtype=np.float32)
    band[::2] += 1
    found = parse_band_statistics(describe_statistics(measure_rows(band, float("nan")), band.size))
    assert (found["mean"], found["stddev"]) == (4_000_000.5, 0.5)
