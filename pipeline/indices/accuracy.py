"""How right a map is: confusion matrix, accuracies, and areas freed of the map's bias, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NORMAL_95 = 1.959963984540054
"""Quantile 0.975 of the normal distribution: half of a 95 % interval in standard errors."""


@dataclass(frozen=True)
class Assessment:
    """What a labelled stratified sample says of a map.

    `classes` has one row a class: `code`, `samples` (points of its stratum), `wrong` (points that either the
    map or the label gives to it, and not both), `mapped_m2`, `area_m2`, `users`,
    `producers`, `f1`; `area_half_m2`, `users_half`, `producers_half` and `overall_half` are half widths of
    95 % intervals. NaN is what the sample cannot tell.
    """

    overall: float
    overall_half: float
    classes: pd.DataFrame


def count_confusion(
    mapped: NDArray[np.integer], reference: NDArray[np.integer], codes: Sequence[int]
) -> NDArray[np.int64]:
    """Numbers of points by map class (rows) and reference class (columns), in the order of the codes.

    Points whose class on either side is none of the codes are left out.
    """
    order = np.argsort(codes)
    ordered = np.asarray(codes)[order]
    places = []
    for labels in (mapped, reference):
        place = np.searchsorted(ordered, labels).clip(max=len(ordered) - 1)
        places.append(np.where(ordered[place] == labels, order[place], -1))
    rows, columns = places
    known = (rows >= 0) & (columns >= 0)
    counts = np.bincount(rows[known] * len(codes) + columns[known], minlength=len(codes) ** 2)
    return counts.reshape(len(codes), len(codes)).astype(np.int64)


def assess(counts: NDArray[np.int64], mapped_m2: NDArray[np.float64], codes: Sequence[int]) -> Assessment:
    """Accuracies and areas from a sample stratified by map class, each stratum weighted by its mapped area.

    Olofsson et al. 2014, DOI 10.1016/j.rse.2014.02.015, equations 1 to 11. A stratum with area but without a
    point leaves the overall accuracy, the areas and the producer's accuracies unknown; one with a single
    point leaves their intervals unknown. A class that neither the map nor the points hold has no accuracy.
    F1 is that of the areas: twice what is right over the mapped plus the estimated area.
    """
    samples, whole_m2 = counts.sum(axis=1), mapped_m2.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = mapped_m2 / whole_m2
        share = np.where(weight[:, None] > 0, counts / samples[:, None], 0.0)
        spread = np.where(weight[:, None] > 0, share * (1 - share) / (samples[:, None] - 1), 0.0)
        users = np.diag(counts) / samples
        users_variance = users * (1 - users) / (samples - 1)
        proportion = (weight[:, None] * share).sum(axis=0)
        producers = weight * np.diag(share) / proportion
        f1 = 2 * weight * np.diag(share) / (weight + proportion)
    variance = (weight[:, None] ** 2 * spread).sum(axis=0)
    overall_variance = float((weight**2 * np.diag(spread)).sum())
    classes = pd.DataFrame(
        {
            "code": list(codes),
            "samples": samples,
            "wrong": samples + counts.sum(axis=0) - 2 * np.diag(counts),
            "mapped_m2": mapped_m2,
            "area_m2": proportion * whole_m2,
            "area_half_m2": _compute_half_width(variance) * whole_m2,
            "users": users,
            "users_half": _compute_half_width(users_variance),
            "producers": producers,
            "producers_half": _compute_half_width(
                _compute_producers_variance(weight, spread, proportion, producers)
            ),
            "f1": f1,
        }
    )
    overall = float((weight * np.diag(share)).sum())
    return Assessment(overall, float(_compute_half_width(np.array(overall_variance))), classes)


def build_accuracy_table(found: Assessment, keys: Mapping[int, str]) -> pd.DataFrame:
    """One row a class, by key: points, areas, accuracies, each with its 95 % interval cut to what can be.

    The intervals are those of normal estimates: on fewer than about 10 wrong points they are too narrow.
    """
    classes = found.classes
    whole = classes["mapped_m2"].sum()
    columns: dict[str, object] = {
        "land_cover": classes["code"].map(keys),
        "points": classes["samples"],
        "wrong_points": classes["wrong"],
        "mapped_m2": classes["mapped_m2"],
        "adjusted_m2": classes["area_m2"],
        **_compute_interval(classes, "area", "adjusted", whole, "_m2"),
    }
    for name in ("users", "producers"):
        columns |= {name: classes[name], **_compute_interval(classes, name, name, 1.0)}
    return pd.DataFrame({**columns, "f1": classes["f1"]})


def build_accuracy_indicators(
    found: Assessment, period: str, keys: Mapping[int, str]
) -> list[dict[str, object]]:
    """Overall accuracy, and the adjusted share of each class in what was seen, with 95 % intervals.

    The accuracy is an estimate from strata weighted by area, so that it has no numerator of its own.
    """
    seen = float(found.classes["mapped_m2"].sum())
    points = int(found.classes["samples"].sum())
    source = f"{points} labelled points, Olofsson et al. 2014, DOI 10.1016/j.rse.2014.02.015; 95 % interval"
    table = build_accuracy_table(found, keys)
    entries = [("land_cover_accuracy", found.overall, found.overall_half, None)]
    halves = zip(table["land_cover"], found.classes["area_m2"], found.classes["area_half_m2"], strict=True)
    entries += [(f"class_share_adjusted:{key}", area / seen, half / seen, area) for key, area, half in halves]
    return [
        {
            "indicator": name,
            "period": period,
            "value": value,
            "unit": "share",
            "numerator": numerator,
            "denominator": seen if numerator is not None else None,
            "low": float(np.clip(value - half, 0, 1)),
            "high": float(np.clip(value + half, 0, 1)),
            "target": None,
            "source": source,
            "reason": "一类地表覆盖没有样本点 / a class without a point" if np.isnan(value) else None,
        }
        for name, value, half, numerator in entries
    ]


def _compute_interval(
    classes: pd.DataFrame, name: str, short: str, most: float, unit: str = ""
) -> dict[str, pd.Series]:
    value, half = classes[f"{name}{unit}"], classes[f"{name}_half{unit}"]
    return {
        f"{short}_low{unit}": (value - half).clip(0, most),
        f"{short}_high{unit}": (value + half).clip(0, most),
    }


def _compute_producers_variance(
    weight: NDArray[np.float64],
    spread: NDArray[np.float64],
    proportion: NDArray[np.float64],
    producers: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Equation 7; `spread` is the variance of each share of a stratum."""
    parts = weight[:, None] ** 2 * spread
    own = np.diag(parts)
    others = parts.sum(axis=0) - own
    with np.errstate(divide="ignore", invalid="ignore"):
        variance: NDArray[np.float64] = ((1 - producers) ** 2 * own + producers**2 * others) / proportion**2
    return variance


def _compute_half_width(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    return NORMAL_95 * np.sqrt(variance)
