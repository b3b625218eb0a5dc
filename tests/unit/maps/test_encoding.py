"""Numbers as stores hold them."""

import numpy as np
import pytest

from pipeline.contracts import INDEX_STEP, REFLECTANCE, Packing
from pipeline.ingest.scenes.sensors import choose_packing
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import as_index, as_ratio, encode_band, from_ratio, unpack


def test_ratios_keep_four_digits_and_unknown_stays_unknown():
    values = np.array([0.12344, -0.99996, 1.0, np.nan, np.inf, -np.inf, 4.0, -4.0, 0.0])
    stored = as_ratio(values)
    assert list(stored) == [1234, -10000, 10000, -32768, -32768, -32768, 32767, -32767, 0]
    back = from_ratio(stored)
    assert np.isnan(back[3:6]).all()
    assert back[0] == pytest.approx(0.1234)


def test_an_index_is_kept_to_half_a_step_whatever_its_size_and_unknown_stays_unknown():
    values = np.array([-3.7, -1e-5, 0.0, 0.31416, 1.0, 12.3456, np.nan])
    kept = as_index(values)
    assert kept.dtype == np.float32
    assert np.nanmax(np.abs(kept - values)) <= INDEX_STEP / 2
    assert (kept[:-1] / INDEX_STEP % 1 == 0).all()
    assert np.isnan(kept[-1])
    np.testing.assert_allclose(as_index(np.array([1e6, 1e30])), [1e6, 1e30], rtol=1e-7)


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_stored_is_what_arrays_give_in_any_layout(order):
    values = np.random.default_rng(3).normal(0, 2, (40, 30))
    values[::7] = [np.nan, np.inf, -np.inf] * 10
    values = np.array(values, order=order)
    steps = np.rint(np.where(np.isfinite(values), values, 0) / 1e-4).clip(-32767, 32767)
    stored = as_ratio(values)
    assert np.array_equal(stored, np.where(np.isfinite(values), steps, -32768).astype(np.int16))
    back = from_ratio(np.asarray(stored, order=order))
    assert np.array_equal(back, np.where(np.isfinite(values), steps * 1e-4, np.nan), equal_nan=True)
    assert np.array_equal(
        as_index(values), (np.rint(values * 2**13) / 2**13).astype(np.float32), equal_nan=True
    )


def test_every_class_of_land_cover_fits_its_byte():
    assert max(entry.code for entry in LAND_COVER.classes) < NODATA_CLASS


NUMBERS = np.array([[-32768, -32767, 0], [2685, 9999, 32767]], dtype=np.int16)


def test_packed_numbers_stand_for_values_in_their_unit_and_nodata_for_none():
    decibels = Packing(0.5, -20.0, -32768, "dB")
    expected = [[np.nan, -16403.5, -20.0], [1322.5, 4979.5, 16363.5]]
    assert np.array_equal(unpack(NUMBERS, decibels), expected, equal_nan=True)
    assert np.array_equal(unpack(NUMBERS, REFLECTANCE), from_ratio(NUMBERS), equal_nan=True)


def test_temperature_is_held_in_steps_of_a_hundredth_of_a_kelvin_above_the_freezing_point():
    assert unpack(NUMBERS, choose_packing("lwir11"))[1, 0] == pytest.approx(300.0)
    stored = encode_band(choose_packing("lwir11")).stored
    assert stored.attrs == {"scale_factor": 0.01, "add_offset": 273.15, "units": "K"}
    assert (stored.dtype, stored.fill) == ("int16", -32768)
