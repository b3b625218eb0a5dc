"""Means of readings over months and periods: of monthly means, each item on its own scale."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.periods import Period

_ZONE = "Asia/Shanghai"
_MONTHS = 12
_NOISE_DECIMALS = 8
_ITEM = ["place", "parameter"]


class Scale(NamedTuple):
    """The scale on which values are averaged, and the way back."""

    there: Callable[[pd.Series], pd.Series]
    back: Callable[[pd.Series], pd.Series]


SCALES: Mapping[str, Scale] = {
    # hydrogen ions are averaged, not their logarithm
    "pH": Scale(lambda values: 10.0**-values, lambda means: -np.log10(means)),
    # geometric mean; from knowledge, unconfirmed
    "FC": Scale(lambda values: np.log10(values.clip(lower=1)), lambda means: 10.0**means),
}


def date_samples(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples with their `day` in China and `month`, counted on from year 0."""
    day = samples["time"].dt.tz_convert(_ZONE).dt.tz_localize(None)
    return samples.assign(day=day.dt.normalize(), month=day.dt.year * _MONTHS + day.dt.month - 1)


def select_period(days: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The rows of dated samples (`date_samples`) that lie in a period, both its days inside."""
    return days[days["day"].between(pd.Timestamp(period.first), pd.Timestamp(period.last))]


def label_months(months: pd.Series) -> pd.Series:
    """Labels such as 2024-04 of the months of dated samples."""
    years, numbers = months // _MONTHS, months % _MONTHS + 1
    return years.map("{:04d}".format).astype(str) + "-" + numbers.map("{:02d}".format).astype(str)


@dataclass(frozen=True)
class MeanRules:
    """How readings become means.

    A censored value enters with `censored_share` of its limit (half of it: 环办监测函〔2020〕82号,
    unconfirmed). A mean of a parameter in `decimals` is rounded to so many of them, half to even
    (四舍六入五成双, GB/T 8170), before it is graded, but keeps its first digit where that would leave 0
    (总站水字〔2018〕87号); a period's mean is made of monthly means not rounded.
    """

    censored_share: float = 0.5
    decimals: Mapping[str, int] = field(default_factory=dict)


PLAIN_RULES = MeanRules()


def compute_monthly_means(days: pd.DataFrame, rules: MeanRules) -> pd.DataFrame:
    """Mean of each parameter at each place in each month: place, parameter, month, `mean`, `samples`.

    `samples` counts the values that the mean rests on, `censored` those of them not detected, whose highest
    limit is `limit`, NaN without one.
    """
    found = _compute_scaled_means(days, rules.censored_share)
    return found.assign(mean=_round_means(found.assign(mean=_rescale(found, back=True)), rules.decimals))


def compute_period_means(days: pd.DataFrame, rules: MeanRules) -> pd.DataFrame:
    """Mean of the monthly means of each parameter at each place: place, parameter, `mean`.

    `months` with data and `samples` are what it rests on, `censored` those of the samples not detected, whose
    highest limit is `limit`, NaN without one.
    """
    months = _compute_scaled_means(days, rules.censored_share)
    means = months.groupby(_ITEM, observed=True).agg(
        mean=("mean", "mean"),
        months=("mean", "size"),
        samples=("samples", "sum"),
        censored=("censored", "sum"),
        limit=("limit", "max"),
    )
    means = means.reset_index()
    return means.assign(mean=_round_means(means.assign(mean=_rescale(means, back=True)), rules.decimals))


def _round_means(rows: pd.DataFrame, decimals: Mapping[str, int]) -> pd.Series:
    values = rows["mean"]
    for code, number in decimals.items():
        here = rows["parameter"] == code
        exact = values[here]
        rounded = _round_half_even(exact, 10.0**number)
        lost = (rounded == 0) & (exact != 0)
        first_digit = 10.0 ** -np.floor(np.log10(exact[lost].abs()))
        values = values.mask(here, rounded.mask(lost, _round_half_even(exact[lost], first_digit)))
    return values


def _round_half_even(values: pd.Series, steps: pd.Series | float) -> pd.Series:
    # a mean of 1.015 is 101.49999999999999 hundredths and still a half
    whole: pd.Series = (values * steps).round(_NOISE_DECIMALS).round()
    return whole / steps


def _compute_scaled_means(days: pd.DataFrame, censored_share: float) -> pd.DataFrame:
    """As `compute_monthly_means`, the mean still on the scale of its parameter."""
    values = days["value"].where(~days["censored"], days["value"] * censored_share)
    limit = days["value"].where(days["censored"])
    rows = days[[*_ITEM, "month", "censored"]].assign(mean=values, limit=limit)
    groups = rows.assign(mean=_rescale(rows, back=False)).groupby([*_ITEM, "month"], observed=True)
    return groups.agg(
        mean=("mean", "mean"),
        samples=("mean", "size"),
        censored=("censored", "sum"),
        limit=("limit", "max"),
    ).reset_index()


def _rescale(rows: pd.DataFrame, *, back: bool) -> pd.Series:
    values = rows["mean"]
    for code, scale in SCALES.items():
        here = rows["parameter"] == code
        values = values.mask(here, (scale.back if back else scale.there)(values[here]))
    return values
