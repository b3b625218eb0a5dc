"""The figures that a run ends with, the planted truth beside them where the world is simulated."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline import standards
from pipeline.flow import Delivered

_SHOWN = ("vegetation_cover_share_land", "mean_fvc_land", "mean_fvc_land_percentiles", "good_section_share")


def list_headlines(delivered: Sequence[Delivered]) -> list[dict[str, Any]]:
    """One row per area, period and headline indicator."""
    return [row for one in delivered for row in _list_rows(one)]


def _list_rows(one: Delivered) -> list[dict[str, Any]]:
    names = standards.table("indicator_names").set_index("indicator")["name_zh"].to_dict()
    shown = one.indicators[one.indicators["indicator"].isin(_SHOWN)]
    return [
        {
            "区 area": one.name,
            "时段 period": row["period"],
            "指标 indicator": names[row["indicator"]],
            "值 value": _format_figure(row["value"], ".4f"),
            "分子 numerator": _format_figure(row["numerator"], ",.0f"),
            "分母 denominator": _format_figure(row["denominator"], ",.0f"),
            "植入真值 planted truth": _find_truth(one, row["indicator"], row["period"]),
        }
        for row in shown.to_dict("records")
    ]


def _format_figure(value: float, form: str) -> str:
    return "—" if pd.isna(value) else format(value, form)


def _find_truth(one: Delivered, indicator: str, period: str) -> str:
    if one.truth is None or not indicator.startswith("mean_fvc_land"):
        return ""
    planted = one.truth["periods"][period]["mean_fvc"]
    return "" if planted is None else f"{planted:.4f}（模拟 simulated）"
