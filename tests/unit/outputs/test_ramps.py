import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.outputs.ramps import fit_stops

AMOUNTS = st.floats(-1e7, 1e9, allow_nan=False).map(lambda value: round(value, 3))


@given(arrays(np.float64, st.integers(0, 60), elements=AMOUNTS))
def test_any_amounts_have_a_ramp_that_rises_and_colours_of_one_form(values):
    stops = fit_stops(values)
    assert len(stops) >= 2
    ends = [value for value, _ in stops]
    assert ends == sorted(set(ends))
    assert all(len(color) == 7 and int(color[1:], 16) >= 0 for _, color in stops)


def test_each_colour_takes_as_many_pixels_however_skewed_they_are():
    values = np.random.default_rng(7).lognormal(9, 1.3, 20_000)
    ends = [value for value, _ in fit_stops(values)]
    shares = np.histogram(values, ends)[0] / len(values)
    assert len(ends) == 7
    assert shares.max() < 0.35
    assert all(float(f"{value:.2g}") == value for value in ends)


def test_many_values_near_nothing_do_not_take_the_colours_of_the_others():
    values = np.concatenate([np.full(6000, 12.0), np.full(3000, 15.0), np.linspace(3e4, 9.8e5, 4000)])
    ends = [value for value, _ in fit_stops(values)]
    assert ends[1] > 9e3
    assert len(ends) >= 4


def test_a_deficit_is_brown_and_a_supply_is_not():
    colors = dict(fit_stops(np.linspace(-400, 900, 500)))
    red = {value: int(color[1:3], 16) - int(color[5:7], 16) for value, color in colors.items()}
    assert min(red[value] for value in red if value < -100) > 30
    assert max(red[value] for value in red if value > 500) < 0
