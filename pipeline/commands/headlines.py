"""The figures that a run ends with, the planted truth beside them where the world is simulated."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pipeline import standards
from pipeline.flow import Delivered
from pipeline.flow.assessment import registry

_SHOWN = ("vegetation_cover_share_land", "mean_fvc_land", "mean_fvc_land_percentiles", "good_section_share")
_SUMS = {
    "M": "物质供给 material products",
    "R": "调节服务 regulating services",
    "C": "文化服务 cultural services",
    "GEP": "生态产品总值 GEP",
    "partial": "部分指标合计，不是 GEP partial sum, not GEP",
}
_CODES = {"M": "MAT", "R": "REG", "C": "CUL"}
_YUAN_IN_UNIT = 1e4


def list_headlines(delivered: Sequence[Delivered]) -> list[dict[str, Any]]:
    """One row per area, period and headline indicator, then per sum of the accounts."""
    return [row for one in delivered for row in (*_list_rows(one), *_list_sums(one))]


def _list_rows(one: Delivered) -> list[dict[str, Any]]:
    names = standards.table("indicator_names").set_index("indicator")["name_zh"].to_dict()
    of_parts = [name for part in registry.PARTS for name in part.headlines]
    shown = one.indicators[one.indicators["indicator"].isin([*_SHOWN, *of_parts])]
    return [
        {
            "区 area": one.name,
            "时段 period": row["period"],
            "指标 indicator": names[row["indicator"]],
            "值 value": _format_figure(row["value"], _choose_form(row)),
            "分子 numerator": _format_figure(row["numerator"], ",.0f"),
            "分母 denominator": _format_figure(row["denominator"], ",.0f"),
            "植入真值 planted truth": _find_truth(one, row),
        }
        for row in shown.to_dict("records")
    ]


def _list_sums(one: Delivered) -> list[dict[str, Any]]:
    """Sums of the accounts of the area on the basis that stands first; how many indicators are in them."""
    if one.totals is None or not len(one.totals):
        return []
    totals = one.totals[one.totals["region"].eq(one.aoi) & one.totals["service"].isin(list(_SUMS))]
    shown = totals[totals["basis"].eq(one.totals["basis"].iloc[0])]
    return [
        {
            "区 area": one.name,
            "时段 period": row["period"],
            "指标 indicator": _SUMS[row["service"]],
            "值 value": _format_money(row["value_yuan"]),
            "分子 numerator": _format_figure(row["known"], ",.0f"),
            "分母 denominator": _format_figure(row["of"], ",.0f"),
            "植入真值 planted truth": _find_planted_sum(one, row),
        }
        for row in shown.to_dict("records")
    ]


def _format_figure(value: float, form: str) -> str:
    return "—" if pd.isna(value) else format(value, form)


def _format_money(value: float) -> str:
    return "—" if pd.isna(value) else f"{value / _YUAN_IN_UNIT:,.2f} 万元"


def _find_planted_sum(one: Delivered, row: Mapping[Any, Any]) -> str:
    """The planted value of the services of a sum; nothing where it is not told, or not of all of them."""
    planted = (one.truth or {}).get("accounts", {}).get(row["period"], {})
    code = _CODES.get(row["service"], "")
    values = [
        item["value_yuan"]
        for service, items in planted.items()
        if service.startswith(code)
        for item in items.values()
    ]
    if not values or None in values or row["basis"] != "registered" or row["known"] < row["of"]:
        return ""
    return f"{_format_money(sum(values))}（模拟 simulated）"


def _find_truth(one: Delivered, row: Mapping[Any, Any]) -> str:
    indicator, period = row["indicator"], row["period"]
    if one.truth is None:
        return ""
    planted = one.truth.get("indicators", {}).get(indicator, {}).get(period)
    if indicator.startswith("mean_fvc_land"):
        planted = one.truth["periods"][period]["mean_fvc"]
    return "" if planted is None else f"{planted:{_choose_form(row)}}（模拟 simulated）"


def _choose_form(row: Mapping[Any, Any]) -> str:
    """Four decimals of a share, none of whole numbers, else two."""
    if row.get("unit", "share") == "share":
        return ".4f"
    return ",.0f" if float(row["value"]).is_integer() else ",.2f"
