"""Which times of a variable stand for a period, and whether they fill it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import Problem
from pipeline.ingest.layers.layer import Layer
from pipeline.periods import Period

Moments = NDArray[np.datetime64]

UNTOLD = "time: none is told, it holds in every period 时间未注明"
"""What is assumed of a raster without time, in words."""

_DAY = np.timedelta64(1, "D")
_WIDEST_GAP = 1.5
"""In steps of a time axis; months differ from their mean by a tenth."""
_FEWEST = 2


@dataclass(frozen=True)
class Times:
    """Times that stand for a period, by their positions; what keeps them from it, and what is assumed."""

    chosen: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    assumed: tuple[str, ...] = ()


def choose_times(layer: Layer, name: str, moments: Moments, period: Period | None) -> Times:
    """The times of a layer that stand for a period; the one that there is where it holds at any time.

    None in the period, several where one is asked for, or gaps in a sum are problems.
    """
    if layer.over_time is None:
        if len(moments) <= 1:
            return Times(tuple(range(len(moments))))
        return Times(problems=(Problem(name, f"{len(moments)} times", "one time, or no axis of time"),))
    if not len(moments):
        return Times(assumed=(UNTOLD,))
    assert period is not None
    days = moments.astype("datetime64[D]")
    first, last = np.datetime64(period.first, "D"), np.datetime64(period.last, "D")
    chosen = tuple(np.flatnonzero((days >= first) & (days <= last)).tolist())
    span = f"{period.label} ({period.first} to {period.last})"
    if not chosen:
        return Times(problems=(Problem(name, f"times from {days.min()} to {days.max()}", f"one in {span}"),))
    if layer.over_time == "one":
        several = (Problem(name, f"{len(chosen)} times in {span}", "one time"),)
        return Times(chosen, several if len(chosen) > 1 else ())
    return _judge_gaps(layer, name, chosen, moments, period)


def as_datetimes(moments: Moments) -> tuple[datetime, ...]:
    """Moments as datetimes of UTC."""
    return tuple(
        datetime.fromisoformat(str(moment)).replace(tzinfo=UTC) for moment in moments.astype("datetime64[s]")
    )


def _judge_gaps(layer: Layer, name: str, chosen: tuple[int, ...], moments: Moments, period: Period) -> Times:
    """Whether times fill a period, by the step of their axis: else there is no sum, and a mean of its part.

    A file of one time tells no step: what span it is of stays unknown.
    """
    start, end = np.datetime64(period.first), np.datetime64(period.last) + _DAY
    axis, whole = (np.sort(moments) - start) / _DAY, float((end - start) / _DAY)
    if len(axis) < _FEWEST:
        return Times(chosen, assumed=(f"its one time, {moments[0]}, fills {period.label} 仅一个时次",))
    step, widest = float(np.median(np.diff(axis))), _find_widest_gap(axis, whole)
    twice = bool((np.diff(axis) == 0).any())
    if not twice and widest <= _WIDEST_GAP * step and step <= _WIDEST_GAP * whole:
        return Times(chosen)
    found = f"{len(chosen)} times in {period.label}, {step:.4g} days apart, the widest gap {widest:.4g}"
    found += ", some of them twice" if twice else ""
    if layer.over_time == "sum":
        expected = "times that fill the period, each once"
        return Times(problems=(Problem(name, found, expected),))
    return Times(chosen, assumed=(f"{found}: the mean is of these 时段未填满",))


def _find_widest_gap(axis: NDArray[np.float64], whole: float) -> float:
    """The widest gap between times of a period (days since its start) and those next to it.

    Where the axis begins or ends inside it, what is left before and behind counts together: it is one step
    in all of a full period, whether times are the starts, the middles or the ends of what they are of.
    """
    inside = axis[(axis >= 0) & (axis < whole)]
    before, after = axis[axis < 0][-1:], axis[axis >= whole][:1]
    gaps = np.diff(np.concatenate([before, inside, after]))
    if len(before) and len(after):
        return float(gaps.max())
    return float(max(inside[0] + whole - inside[-1], *gaps))
