"""Trend of a parameter at a section over periods: Spearman's rank correlation against critical values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.indices.sections.rank_correlation import correlate_ranks

RISING, FALLING, STEADY = "上升", "下降", "无显著趋势"
TOO_FEW = "有数据的时段少于{least}个 (fewer than {least} periods with data)"
ALL_EQUAL = "各时段值相等或均低于检出限 (all periods are equal, or below the detection limit)"
UNCONFIRMED = "秩相关临界值未核实 (critical values from knowledge, unconfirmed)"

_COLUMNS = [
    "section_id", "section", "parameter", "periods", "first_period", "last_period", "periods_at_limit",
    "rs", "critical", "p_value", "p_method", "trend", "indicative", "reason",
]  # fmt: skip
_JUDGEMENT = ["rs", "critical", "p_value", "p_method", "trend", "indicative", "reason"]
_KINDS: dict[str, Any] = {
    "periods": int, "periods_at_limit": int, "rs": float, "critical": float, "p_value": float,
}  # fmt: skip
_KEYS = ["section_id", "section", "parameter"]
_SIDE_SHARE = 0.05
"""What the critical values leave on either side of the distribution without equal values."""


def compute_trends(items: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Trend of every mean at every section over the periods `order`, the labels from first to last.

    `items` are of `items.judge_items`. Means below the highest detection limit of the series cannot be told
    apart: they are ties at that limit, `periods_at_limit` of them. `rs` is the correlation of ranks,
    `p_value` the two-sided share of arrangements that are as strong at least (`rank_correlation`).

    `trend` is 上升 or 下降 of the value where |rs| reaches the critical value, else 无显著趋势; for N between
    two tabled numbers, or above them, the value of the next smaller one, which is stricter. The table holds
    without ties only: with ties `p_value` has to reach its level as well. Null with the reason where fewer
    periods have data than the table begins with; where all are equal there is no `rs`, and no trend.
    """
    number = {label: place for place, label in enumerate(order)}
    rows = items.reindex(columns=[*_KEYS, "period", "mean", "limit"])
    rows = rows.assign(time=rows["period"].map(number)).dropna(subset=["time", "mean"])
    rows = rows.sort_values([*_KEYS, "time"], kind="stable")
    highest = rows.groupby(_KEYS, sort=False)["limit"].transform("max")
    is_below = rows["mean"] < highest
    rows = rows.assign(
        at_limit=is_below | ((rows["mean"] <= highest) & rows["limit"].notna()),
        mean=rows["mean"].mask(is_below, highest),
    )
    series = rows.groupby(_KEYS, sort=False).agg(
        periods=("mean", "size"),
        first_period=("period", "first"),
        last_period=("period", "last"),
        periods_at_limit=("at_limit", "sum"),
        means=("mean", list),
    )
    judged = [_judge_means(means) for means in series["means"]]
    found = pd.DataFrame(judged, index=series.index, columns=_JUDGEMENT).join(series).reset_index()
    return found.reindex(columns=_COLUMNS).astype(_KINDS)


def _judge_means(means: list[float]) -> dict[str, Any]:
    """What the means of a series tell of its trend."""
    critical = _find_critical(len(means))
    if critical is None:
        least = standards.read_rows("spearman_critical")[0]["periods"]
        return {"reason": TOO_FEW.format(least=least)}
    found = correlate_ranks(means)
    is_strong = abs(found.rs) >= critical and (not found.has_ties or found.p_value <= 2 * _SIDE_SHARE)
    return {
        "rs": found.rs,
        "critical": critical,
        "p_value": found.p_value,
        "p_method": found.p_method,
        "trend": (RISING if found.rs > 0 else FALLING) if is_strong else STEADY,
        "indicative": UNCONFIRMED,
        "reason": ALL_EQUAL if np.isnan(found.rs) else None,
    }


def _find_critical(periods: int) -> float | None:
    rows = standards.read_rows("spearman_critical")
    return next((float(row["critical"]) for row in reversed(rows) if int(row["periods"]) <= periods), None)
