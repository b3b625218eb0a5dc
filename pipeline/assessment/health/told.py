"""Figures of a body that tables tell: those whose time holds a period, and flows over the mean by Tennant."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from pipeline.assessment.health.criteria import HealthFigure
from pipeline.periods import Period

NO_MEAN_FLOW = "没有多年平均流量 / no mean discharge of many years"
NO_FLOW = "{season}没有流量 / no discharge in {months}"
_FLOWS = ("flow", "mean_flow")
_SEASONS: Mapping[str, tuple[frozenset[int], str, str]] = {
    "flow_share_wet": (frozenset(range(4, 10)), "4—9月", "April to September"),
    "flow_share_dry": (frozenset({10, 11, 12, 1, 2, 3}), "10—3月", "October to March"),
}
"""Seasons of Tennant's method, as 河湖健康评价指南 has them."""


def list_told_figures(readings: pd.DataFrame, period: Period) -> dict[str, HealthFigure]:
    """Figures of one body in a period by measure, told scores by `score:` and the criterion.

    `readings` have measure, value, side, `first` and `last` day (NaT where a figure has no time), and place.
    A figure holds for a period inside its time, that of the shortest time first; of several sides it is their
    mean. Shares of flow that are not told come from discharges: the least of a season inside the
    period over the mean of many years (Tennant).
    """
    told = dict(_pick_figures(readings[~readings["measure"].isin(_FLOWS)], period))
    flows = _measure_flows(readings, period)
    return {**flows, **told}


def _pick_figures(readings: pd.DataFrame, period: Period) -> Iterator[tuple[str, HealthFigure]]:
    holds = _hold(readings, period)
    rows = readings[holds].assign(days=(readings["last"] - readings["first"]).dt.days.fillna(np.inf))
    for measure, group in rows.groupby("measure", sort=False):
        nearest = group[group["days"] == group["days"].min()]
        basis = "score" if str(measure).startswith("score:") else "table"
        yield str(measure), HealthFigure(float(nearest["value"].mean()), basis, "；".join(_describe(nearest)))


def _hold(readings: pd.DataFrame, period: Period) -> pd.Series:
    """Readings whose time a period lies in; those of no time hold always."""
    first, last = pd.Timestamp(period.first), pd.Timestamp(period.last)
    timeless = readings["first"].isna()
    held: pd.Series = timeless | ((readings["first"] <= first) & (readings["last"] >= last))
    return held


def _describe(rows: pd.DataFrame) -> list[str]:
    sides = rows["side"].fillna("").astype(str)
    several = len(rows) > 1
    return [
        f"{side} {value:.6g} {place}".strip() if several else place
        for side, value, place in zip(sides, rows["value"], rows["place"], strict=True)
    ]


def _measure_flows(readings: pd.DataFrame, period: Period) -> dict[str, HealthFigure]:
    flows = readings[readings["measure"] == "flow"]
    first, last = pd.Timestamp(period.first), pd.Timestamp(period.last)
    inside = flows[(flows["first"] >= first) & (flows["last"] <= last)]
    if flows.empty:
        return {}
    means = readings[(readings["measure"] == "mean_flow") & (readings["value"] > 0)]
    held = means[_hold(means, period)]
    mean = float(held["value"].iloc[0]) if len(held) else float("nan")
    return {name: _measure_season(inside, mean, *season) for name, season in _SEASONS.items()}


def _measure_season(
    flows: pd.DataFrame, mean: float, months: frozenset[int], season: str, words: str
) -> HealthFigure:
    own = flows[flows["first"].dt.month.isin(months) & flows["last"].dt.month.isin(months)]
    nothing = float("nan")
    if np.isnan(mean):
        return HealthFigure(nothing, "table", reason=NO_MEAN_FLOW)
    if own.empty:
        return HealthFigure(nothing, "table", reason=NO_FLOW.format(season=season, months=words))
    least = own.loc[own["value"].idxmin()]
    said = f"{season}最小流量 {least['value']:.6g} / {mean:.6g} m3/s，{least['place']}"
    return HealthFigure(float(least["value"]) / mean, "table", said, float(least["value"]), mean)
