"""The status of a target by its figures: met, failed, on course, behind, unknown.

A figure that is to its target what is asked of it meets it. One that is not has failed once it is due: once
the figure is of the whole time of the target, or of its end where the target is of the end. Before that it is
held against its course, the line from the baseline at the end of its time to the target at the end of its
own: no more than the tolerance short of it is on course, more is behind. Baseline and tolerance are told by
the table or the config, and where they are not nothing is said of the course.
"""

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Comparison = Literal["full", "rounded"]
Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_SLIP = 1e-9
"""Of the size of a target: what differs by less is the same but for the arithmetic of floats."""

_NO_BASELINE = (
    "没有基期值和基期，无法判断进度 / no baseline with its period is told, so that its course is not known"
)
_NO_TOLERANCE = "没有允许偏差，无法判断 / no tolerance is told, so that it cannot be said"
_ROUNDED = (
    "修约到目标的位数则达到，按全数值比较（GB/T 8170）未达到 / "
    "met if rounded to the decimals of the target, not by the full figure (GB/T 8170)"
)
_UPWARD = {"at_least": 1.0, "more_than": 1.0, "at_most": -1.0, "less_than": -1.0}


def judge(table: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Rows of TARGETS with `gap`, `course_value`, `progress`, `status` and `reason`.

    Beside them they have `decimals` that the target is written with, the share `elapsed` of the time from
    baseline to target, and the reason that is `told` of them already.
    """
    value, target, baseline, tolerance, elapsed = (
        table[name].astype(float).to_numpy()
        for name in ("value", "target", "baseline_value", "tolerance", "elapsed")
    )
    due, direction = table["due"].to_numpy(dtype=bool), table["direction"].to_numpy(dtype=object)
    course = np.where(elapsed == 1, target, baseline + (target - baseline) * elapsed)
    full = reaches(value, target, direction, tolerance)
    rounded = reaches(_round(value, table["decimals"]), target, direction, tolerance)
    met = rounded if comparison == "rounded" else full
    short = find_shortfall(value, target, course, baseline, direction)
    status = select_status(value, met, due, short, tolerance, direction, slip=_find_slip(target))
    return table.assign(
        gap=value - target,
        course_value=course,
        progress=(value - baseline) / np.where(target == baseline, np.nan, target - baseline),
        status=status,
        reason=_explain(table, status, rounded & ~met, course, tolerance),
    )


def select_status(
    value: Floats,
    met: Flags,
    due: Flags,
    short: Floats,
    tolerance: Floats,
    direction: NDArray[np.object_],
    *,
    slip: Floats,
) -> NDArray[np.str_]:
    """Statuses of TARGETS; NaN is what is not known. What must be equal fails by a tolerance that is told."""
    judged = np.isfinite(short) & np.isfinite(tolerance)
    states = {
        "unknown": np.isnan(value),
        "met": met,
        "failed": due & (np.isfinite(tolerance) | (direction != "equal")),
        "on_course": ~due & judged & (short <= tolerance + slip),
        "behind": ~due & judged,
    }
    return np.select(list(states.values()), list(states), default="unknown")


def reaches(value: Floats, target: Floats, direction: NDArray[np.object_], tolerance: Floats) -> Flags:
    """Whether values are to their targets what the directions say; the target itself is 不低于 and 不高于.

    Equal is what differs by no more than the tolerance, or by nothing where none is told.
    """
    slip = _find_slip(target)
    by_direction = {
        "at_least": value >= target - slip,
        "more_than": value > target + slip,
        "at_most": value <= target + slip,
        "less_than": value < target - slip,
        "equal": np.abs(value - target) <= np.nan_to_num(tolerance) + slip,
    }
    chosen = [direction == name for name in by_direction]
    found: Flags = np.select(chosen, list(by_direction.values()), default=False)
    return found


def find_shortfall(
    value: Floats, target: Floats, course: Floats, baseline: Floats, direction: NDArray[np.object_]
) -> Floats:
    """How far values are short of their course, below 0 where they are ahead; NaN where it is not known.

    The way that counts is that of the direction. To a target that must be equalled it is the one from the
    baseline, and what is beyond the target is short of it as well.
    """
    upward = np.array([_UPWARD.get(name, np.nan) for name in direction], dtype=float)
    onward = np.sign(target - baseline)
    beyond = np.where(onward == 0, np.abs(value - target), onward * (value - target))
    equal = np.fmax(np.where(onward == 0, np.nan, onward * (course - value)), beyond)
    return np.where(np.isnan(upward), np.where(np.isnan(course), np.nan, equal), upward * (course - value))


def _round(value: Floats, decimals: pd.Series) -> Floats:
    """Values to the decimals that their targets are written with, halves to the even digit (GB/T 8170)."""
    pairs = zip(value, decimals, strict=True)
    return np.array(
        [one if pd.isna(places) or np.isnan(one) else np.round(one, int(places)) for one, places in pairs],
        dtype=float,
    )


def _find_slip(target: Floats) -> Floats:
    slip: Floats = _SLIP * np.maximum(1.0, np.abs(target))
    return slip


def _explain(
    table: pd.DataFrame, status: NDArray[np.str_], by_rounding: Flags, course: Floats, tolerance: Floats
) -> pd.Series:
    """Why a status is unknown, or what else is to be said of it."""
    is_open = (status == "unknown") & table["value"].notna().to_numpy()
    told = table["told"].to_numpy(dtype=object)
    reason = np.where(is_open & np.isnan(tolerance), _NO_TOLERANCE, told)
    reason = np.where(is_open & np.isnan(course), _NO_BASELINE, reason)
    return pd.Series(np.where(by_rounding, _ROUNDED, reason), index=table.index, dtype=object)
