"""Scores of values by the table of a scheme, and the class of a score."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.settings.health_schemes import Classes, HealthClass, LinearScore, StepScore

_SAME = 1e-12
"""By so much of itself a value may miss a bound and still be on it: 0.1 + 0.2 is 0.3."""


def score_values(values: ArrayLike, scoring: LinearScore | StepScore) -> NDArray[np.float64]:
    """Scores from 0 to 100 of values in the unit of their measure; NaN where a value is."""
    numbers = np.asarray(values, dtype=np.float64)
    if scoring.kind == "linear":
        points = np.array(scoring.points, dtype=np.float64)
        return np.asarray(np.interp(numbers, points[:, 0], points[:, 1]), dtype=np.float64)
    bounds = np.array([step.begins for step in scoring.steps[1:]], dtype=np.float64)
    slack = np.abs(bounds) * _SAME
    if scoring.on_bound == "above":
        step = np.searchsorted(bounds - slack, numbers, side="right")
    else:
        step = np.searchsorted(bounds + slack, numbers, side="left")
    scores = np.array([one.score for one in scoring.steps])[step]
    return np.where(np.isnan(numbers), np.nan, scores)


def find_class(score: float, classes: Classes) -> HealthClass | None:
    """The class that a score lies in, its own bound inside; None for NaN."""
    reached = (one for one in classes.bounds if score >= one.at_least * (1 - _SAME))
    return next(reached, None)
