"""Where an index means something: every entry of the catalogue on reflectance that lies near or below 0."""

import ast
import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.contracts import REFLECTANCE_SCALE
from pipeline.indices.domain import compute_difference, divide, find_least, list_conditions
from pipeline.indices.formulas import apply_formula
from pipeline.indices.spectral import LETTERS, find_index, list_known_indices

KNOWN = list_known_indices()
PAIR = re.compile(r"\((\w+)-(\w+)\)/\((\w+)\+(\w+)\)")
PAIRS = [
    index
    for index in KNOWN
    if (found := PAIR.fullmatch(index.formula)) and found[1] == found[3] and found[2] == found[4]
]
NEAR_NOTHING = st.one_of(
    st.sampled_from([-1000, -100, -1, 0, 1, 49, 50, 199, 200, 201]),
    st.integers(-2000, 16000),
    st.integers(-200, 500),
)
"""Reflectance in steps of 1e-4."""


def computed(index, values):
    """An index of one pixel, of reflectance by band in order of the index's bands."""
    bands = {band: xr.DataArray([[value]]) for band, value in zip(index.bands, values, strict=True)}
    return apply_formula(index, bands).item()


def test_the_catalogue_has_many_normalised_differences():
    assert len(PAIRS) > 40
    assert {"ndvi", "mndwi", "ndwi", "gndvi"} <= {index.name for index in PAIRS}


@pytest.mark.parametrize("index", PAIRS, ids=lambda index: index.entry)
def test_a_normalised_difference_is_known_where_both_bands_are_reflectance_and_more_than_noise(index):
    @settings(max_examples=30, deadline=None, database=None)
    @given(NEAR_NOTHING, NEAR_NOTHING)
    def holds(first, second):
        by_name = dict(zip(index.bands, (first * REFLECTANCE_SCALE, second * REFLECTANCE_SCALE), strict=True))
        over, under = (by_name[LETTERS[PAIR.fullmatch(index.formula)[side]]] for side in (1, 2))
        found = computed(index, [by_name[band] for band in index.bands])
        total, least = over + under, find_least(index.entry) - REFLECTANCE_SCALE / 2
        if min(over, under) < 0 or total < least:
            assert np.isnan(found)
        else:
            assert -1 <= found <= 1
            assert found == pytest.approx((over - under) / total)

    holds()


@pytest.mark.parametrize("index", KNOWN, ids=lambda index: index.entry)
def test_every_index_is_finite_or_unknown_whatever_the_reflectance(index):
    rng = np.random.default_rng(11)
    values = rng.choice([-0.2, -0.01, 0.0, 1e-4, 0.01, 0.05, 0.3, 1.6], (len(index.bands), 4000))
    values += rng.choice([0, 1e-4, -1e-4, 0.003], values.shape)
    bands = {band: xr.DataArray(one) for band, one in zip(index.bands, values, strict=True)}
    found = apply_formula(index, bands).values
    assert not np.isinf(found).any()
    assert np.isfinite(found).any()


@pytest.mark.parametrize("index", KNOWN, ids=lambda index: index.entry)
def test_every_index_says_where_it_is_known(index):
    divides = any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and any(isinstance(part, ast.Name) and part.id in LETTERS for part in ast.walk(node.right))
        for node in ast.walk(ast.parse(index.formula))
    )
    assert bool(index.domain_words) == divides


def test_the_limits_are_those_of_the_table_each_with_its_source():
    rows = standards.table("index_domains")
    assert set(rows["entry"]) - {"*"} <= {index.entry for index in KNOWN}
    assert rows["source"].str.len().gt(20).all()
    assert set(rows["confirmed"]) == {"no"}
    assert find_least("NDVI") == 0.04
    assert find_least("MNDWI") == find_least("SR") == 0.01


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("(N-R)/(N+R)", ["N + R >= 0.01", "|N - R| <= N + R"]),
        ("N/R", ["R >= 0.01"]),
        ("N/(R**2.0)", ["R ** 2.0 >= 0.0001"]),
        ("(N-R)/((N+R)**0.5)", ["(N + R) ** 0.5 >= 0.1"]),
        ("(N-R)/(N+R+0.16)", ["N + R + 0.16 >= 0.01"]),
        ("N/(N-R)", ["|N - R| >= 0.01"]),
        ("(N+k*R)/k", []),
        ("(N+G-R)/(G+N+R)", ["G + N + R >= 0.01", "|N + G - R| <= G + N + R"]),
        ("(N-(G+B))/(N+(G+B))", ["N + (G + B) >= 0.01", "|N - (G + B)| <= N + (G + B)"]),
        ("-N*R", []),
    ],
)
def test_what_a_formula_divides_by_is_its_domain(formula, words):
    assert [one.words for one in list_conditions(formula, {"k": 2.0}, 0.01)] == words


def test_noise_and_haze_give_no_evi():
    evi = find_index("evi")
    by_name = {"blue": 0.55, "red": 0.40, "nir": 0.45}
    assert np.isnan(computed(evi, [by_name[band] for band in evi.bands]))
    by_name = {"blue": 0.03, "red": 0.04, "nir": 0.40}
    assert computed(evi, [by_name[band] for band in evi.bands]) == pytest.approx(0.6360, abs=1e-4)


@pytest.mark.parametrize("total", range(395, 406))
def test_a_sum_on_its_limit_is_known_and_one_step_below_is_not(total):
    for red in range(0, total, 7):
        stored = {"red": red, "nir": total - red}
        values = [stored[band] * REFLECTANCE_SCALE for band in find_index("ndvi").bands]
        assert np.isnan(computed(find_index("ndvi"), values)) == (total < 400)


def test_quotients_and_differences_of_arrays_keep_to_the_same_domain():
    over, under = np.array([1.0, 1.0, 1.0, np.nan]), np.array([0.01, 0.0099, -1.0, 1.0])
    np.testing.assert_allclose(divide(over, under, least=0.01), [100, np.nan, np.nan, np.nan])
    first, second = np.array([0.3, 0.3, -0.01, 0.0, np.nan]), np.array([0.1, -0.1, 0.5, 0.0, 0.1])
    found = compute_difference(first, second, least=0.04)
    np.testing.assert_allclose(found, [0.5, np.nan, np.nan, np.nan, np.nan])
