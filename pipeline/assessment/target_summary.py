"""What the targets of a place come to: how many are met, and the weighted share of them."""

from typing import Any

import pandas as pd

from pipeline.assessment.reasons import join_reasons
from pipeline.contracts import INDICATORS, TARGET_STATUSES, TARGETS_SUMMARY, check_table

SHARE_MET = "targets_met_share"
_HELD = ["indicator", "place", "period"]

_WHOLES = (100.0, 1.0)
_SLIP = 1e-6
_NO_WEIGHTS = "没有权重，各目标同等计 / no weights are told: all targets weigh the same"
_SOME_WEIGHTS = "{count} 个目标没有权重，未计入 / {count} targets have no weight and are left out"
_OTHER_SUM = "权重合计 {found:.6g}，不是 100 或 1 / the weights sum to {found:.6g}, not to 100 or 1"
_NONE_KNOWN = "没有可判定的目标 / the status of no target is known"
_SOURCE = "tables/targets.csv; 达标权重 / 可判定权重 weight met / weight known"


def summarize_targets(targets: pd.DataFrame) -> pd.DataFrame:
    """TARGETS by place, period and time of the target (`contracts.TARGETS_SUMMARY`)."""
    keys = ["place", "period", "target_period", "deadline"]
    rows = [
        {**dict(zip(keys, map(str, key), strict=True)), **_sum_up(group)}
        for key, group in targets.groupby(keys, sort=False)
    ]
    table = pd.DataFrame(rows, columns=list(TARGETS_SUMMARY.columns))
    checked: pd.DataFrame = check_table(table, TARGETS_SUMMARY)
    return checked


def _sum_up(group: pd.DataFrame) -> dict[str, Any]:
    counts = group["status"].value_counts()
    weight, said = _weigh(group)
    met, unknown = group["status"].eq("met"), group["status"].eq("unknown")
    whole, known, reached = (float(weight[kept].sum()) for kept in (weight.notna(), ~unknown, met))
    reasons = [*said, *([] if known > 0 else [_NONE_KNOWN])]
    return {
        "place_name": group["place_name"].iloc[0],
        **{f"targets_{status}": int(counts.get(status, 0)) for status in TARGET_STATUSES},
        "of": len(group),
        "weight_met": reached,
        "weight_known": known,
        "weight_sum": whole,
        "share_met": reached / known if known > 0 else None,
        "share_met_low": reached / whole if whole > 0 else None,
        "share_met_high": (reached + whole - known) / whole if whole > 0 else None,
        "reason": join_reasons(reasons),
    }


def _weigh(group: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """Weights of targets, NaN of those left out, and what is to be said of them."""
    weight = group["weight"].astype(float)
    if weight.isna().all():
        return pd.Series(1.0, index=group.index), [_NO_WEIGHTS]
    said = [_SOME_WEIGHTS.format(count=int(weight.isna().sum()))] if weight.isna().any() else []
    total = float(weight.sum())
    if all(abs(total - whole) > _SLIP * whole for whole in _WHOLES):
        said.append(_OTHER_SUM.format(found=total))
    return weight, said


def build_share_indicators(summary: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """The weighted share met of each place and period of the run (INDICATORS), of the targets due first."""
    known = summary[summary["period"].isin(labels)].sort_values("deadline", kind="stable")
    first = known.drop_duplicates(["place", "period"])
    table = pd.DataFrame(
        {
            "indicator": SHARE_MET,
            "aoi": first["place"],
            "period": first["period"],
            "value": first["share_met"],
            "unit": "share",
            "numerator": first["weight_met"],
            "denominator": first["weight_known"],
            "low": first["share_met_low"],
            "high": first["share_met_high"],
            "target": None,
            "source": _SOURCE,
            "reason": first["reason"].where(first["share_met"].isna(), None),
        }
    )
    checked: pd.DataFrame = check_table(table.reset_index(drop=True), INDICATORS)
    return checked


def fill_targets(indicators: pd.DataFrame, targets: pd.DataFrame | None) -> pd.DataFrame:
    """INDICATORS with the target of each that has one in that place and period, the one that is due first.

    A change between two periods has that of the later one, if it is the figure that was held against it.
    """
    if targets is None:
        return indicators
    first = targets.sort_values("deadline", kind="stable").drop_duplicates(_HELD)
    ends = indicators["period"].str.rpartition("/")[2]
    rows = indicators.rename(columns={"aoi": "place", "target": "own"}).assign(period=ends)
    held = rows.merge(first[[*_HELD, "target", "value"]], "left", _HELD, suffixes=("", "_held"))
    is_held = ends.eq(indicators["period"]).to_numpy() | held["value"].eq(held["value_held"]).to_numpy()
    own = held["own"].astype(float)
    return indicators.assign(target=own.fillna(held["target"].where(is_held)).to_numpy())
