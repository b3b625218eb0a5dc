"""A value beside the same season of earlier years."""

import warnings

import numpy as np
import pytest

from pipeline.indices.anomaly import compute_anomaly


def test_a_planted_loss_is_the_difference_and_z_is_that_over_the_spread_of_the_years():
    rng = np.random.default_rng(4)
    earlier = rng.normal(0.6, 0.05, (5, 7, 9))
    loss = np.linspace(-0.4, 0.1, 63).reshape(7, 9)
    found = compute_anomaly(earlier.mean(axis=0) + loss, earlier, least=3)
    np.testing.assert_allclose(found.difference, loss, atol=1e-12)
    np.testing.assert_allclose(found.z, loss / earlier.std(axis=0, ddof=1), rtol=1e-9)
    assert (found.years == 5).all()


def test_too_few_known_years_or_no_value_tell_nothing():
    earlier = np.full((4, 1, 4), 0.5)
    earlier[0] = 0.7
    earlier[1:3, 0, 1] = np.nan
    earlier[:, 0, 2] = np.nan
    value = np.array([[0.4, 0.4, 0.4, np.nan]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compute_anomaly(value, earlier, least=3)
    assert found.years.tolist() == [[4, 2, 0, 4]]
    assert np.isfinite(found.difference).tolist() == [[True, False, False, False]]
    assert found.difference[0, 0] == pytest.approx(0.4 - 0.55)


def test_years_that_are_all_equal_have_a_difference_and_no_z():
    found = compute_anomaly(np.array([[0.3]]), np.full((3, 1, 1), 0.5), least=2)
    assert found.difference[0, 0] == pytest.approx(-0.2)
    assert np.isnan(found.z[0, 0])
