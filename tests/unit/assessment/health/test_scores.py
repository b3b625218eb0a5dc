"""Every limit of every scheme, at it and beside it; a new scheme is tested by itself."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.assessment.health.scores import find_class, score_values
from pipeline.settings.health_schemes import LinearScore, StepScore, load_health_scheme
from pipeline.settings.paths import list_health_schemes

SCHEMES = {name: load_health_scheme(name) for name in list_health_schemes()}
PARTS = [
    (name, criterion.key, part)
    for name, scheme in SCHEMES.items()
    for _, criterion in scheme.list_criteria()
    for part in criterion.parts
]
STEPS = [
    pytest.param(part.scoring, number, id=f"{name}-{key}-{part.measure}-{number}")
    for name, key, part in PARTS
    if part.scoring.kind == "steps"
    for number in range(1, len(part.scoring.steps))
]
POINTS = [
    pytest.param(part.scoring, number, id=f"{name}-{key}-{part.measure}-{number}")
    for name, key, part in PARTS
    if part.scoring.kind == "linear"
    for number in range(len(part.scoring.points))
]
BOUNDS = [
    pytest.param(scheme.classes, number, id=f"{name}-{number}")
    for name, scheme in SCHEMES.items()
    for number in range(len(scheme.classes.bounds))
]


@pytest.mark.parametrize(("scoring", "number"), STEPS)
def test_a_step_begins_on_its_bound_and_not_before(scoring, number):
    bound = scoring.steps[number].begins
    below, on, above = score_values([bound - 1e-6, bound, bound + 1e-6], scoring)
    assert below == scoring.steps[number - 1].score
    assert above == scoring.steps[number].score
    assert on == scoring.steps[number if scoring.on_bound == "above" else number - 1].score


@pytest.mark.parametrize(("scoring", "number"), POINTS)
def test_a_value_at_a_point_has_its_score_and_one_beside_it_lies_on_the_line(scoring, number):
    value, score = scoring.points[number]
    assert score_values(value, scoring) == pytest.approx(score)
    for side in (-1, 1):
        other = number + side
        if not 0 <= other < len(scoring.points):
            assert score_values(value + side * 1e-3, scoring) == pytest.approx(score)
            continue
        there, its_score = scoring.points[other]
        expected = score + (its_score - score) * 0.25
        assert score_values(value + (there - value) * 0.25, scoring) == pytest.approx(expected)


@pytest.mark.parametrize(("classes", "number"), BOUNDS)
def test_a_class_begins_on_its_bound_and_not_before(classes, number):
    bound = classes.bounds[number]
    assert find_class(bound.at_least, classes) == bound
    assert find_class(bound.at_least + 1e-6, classes) == bound
    if bound.at_least > 0:
        assert find_class(bound.at_least - 1e-6, classes) == classes.bounds[number + 1]
    assert find_class(100, classes) == classes.bounds[0]
    assert find_class(math.nan, classes) is None


def test_a_sum_of_floats_that_is_the_bound_is_on_it():
    scoring = StepScore(
        kind="steps", steps=[{"score": 0}, {"begins": 0.3, "score": 80}], source="s", confirmed=True
    )
    assert score_values(0.1 + 0.2, scoring) == 80
    assert score_values(0.3 - 1e-17, scoring) == 80
    assert score_values(0.3, scoring.model_copy(update={"on_bound": "below"})) == 0
    assert score_values(0.1 + 0.2, scoring.model_copy(update={"on_bound": "below"})) == 0


@given(st.sampled_from([part.scoring for *_, part in PARTS]), st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_scores_lie_from_0_to_100_and_are_those_of_plain_loops(scoring, values):
    found = score_values(values, scoring)
    assert ((found >= 0) & (found <= 100)).all()
    assert found.tolist() == pytest.approx([score_plainly(value, scoring) for value in values])


def test_what_is_not_known_has_no_score():
    linear = LinearScore(kind="linear", points=[(0, 0), (1, 100)], source="s", confirmed=True)
    assert np.isnan(score_values([math.nan], linear)).all()
    assert all(np.isnan(score_values(math.nan, part.scoring)) for *_, part in PARTS)


def score_plainly(value, scoring):
    if scoring.kind == "steps":
        score = scoring.steps[0].score
        for step in scoring.steps[1:]:
            reached = value >= step.begins if scoring.on_bound == "above" else value > step.begins
            score = step.score if reached else score
        return score
    points = scoring.points
    if value <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if value <= x1:
            return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
    return points[-1][1]
