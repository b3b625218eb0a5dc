"""Where values lie among the limits of their classes: from 0 to 6, so that 2 is the limit of class II."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.indices.sections.limits import WORSE_THAN_V, classify_values

_LIMITS = [f"class_{number}" for number in range(1, WORSE_THAN_V)]


def locate_values(
    values: pd.Series, codes: pd.Series, water_bodies: pd.Series, limits: pd.DataFrame
) -> pd.Series:
    """Positions (0 to 6) of values in the units of the standard, aligned with them.

    A value of class k lies at k - 1 + (C - S_{k-1}) / (S_k - S_{k-1}), S_0 = 0, so that one on the limit of
    class k is at k. Worse than V is at 5 + (C - S_V) / S_V, at most 6. Of oxygen more is better: at twice the
    limit of class I it is at 0, without any at 6. pH is at 0 inside its range, at 6 outside. NaN where the
    value is, or the item has no classes in that water body.

    Interpolation inside a class is that of 水质优劣程度 in 河湖健康评价指南 (2020), from knowledge,
    unconfirmed; the scale is this project's.
    """
    classes = classify_values(values, codes, water_bodies, limits).to_numpy(dtype=float, na_value=np.nan)
    numbers = values.to_numpy(dtype=float)
    found = np.full(len(values), np.nan)
    rows = pd.DataFrame({"code": codes.to_numpy(), "body": water_bodies.to_numpy()})
    for (code, body), group in rows.groupby(["code", "body"], sort=False):
        places = group.index[~np.isnan(classes[group.index])].to_numpy()
        if len(places):
            rule = limits[(limits["code"] == code) & limits["water_body"].isin(["any", body])].iloc[0]
            found[places] = _locate_item(numbers[places], classes[places].astype(int), rule)
    return pd.Series(found, index=values.index)


def _locate_item(
    numbers: NDArray[np.float64], classes: NDArray[np.int64], rule: "pd.Series[str]"
) -> NDArray[np.float64]:
    if rule["rule"] == "range":
        return np.where(classes == WORSE_THAN_V, float(WORSE_THAN_V), 0.0)
    bounds = rule[_LIMITS].to_numpy(dtype=float)
    if rule["rule"] == "min":
        best = 2 * bounds[0]
        return _interpolate(best - numbers, np.array([0.0, *(best - bounds), best]), classes)
    return _interpolate(numbers, np.array([0.0, *bounds, 2 * bounds[-1]]), classes)


def _interpolate(
    numbers: NDArray[np.float64], edges: NDArray[np.float64], classes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Positions between the edges of the classes, of which each value's own is known."""
    low, high = edges[classes - 1], edges[classes]
    return np.asarray(classes - 1 + np.clip((numbers - low) / (high - low), 0, 1), dtype=np.float64)
