"""The figures that a run ends with, the planted truth beside them where the world is simulated."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
from rich.cells import cell_len
from rich.text import Text

from pipeline import standards
from pipeline.flow import Delivered
from pipeline.flow.assessment import registry
from pipeline.messages import Language, choose_half

_SHOWN = ("vegetation_cover_share_land", "mean_fvc_land", "mean_fvc_land_percentiles", "good_section_share")
_EVIDENCE = ("unknown_share", "never_seen_share")
_SUMS = {
    "M": ("物质供给", "material products"),
    "R": ("调节服务", "regulating services"),
    "C": ("文化服务", "cultural services"),
    "GEP": ("生态产品总值", "GEP"),
    "partial": ("部分指标合计，不是 GEP", "partial sum, not GEP"),
}
_CODES = {"M": "MAT", "R": "REG", "C": "CUL"}
_YUAN_IN_UNIT = 1e4
_TOLD = ("period", "indicator", "unit", "value", "numerator", "denominator", "low", "high", "reason")
_AREA, _INDICATOR, _PLANTED = "区 area", "指标 indicator", "植入真值 planted truth"
_SIMULATED = "（模拟 simulated）"
_IN_ENGLISH = {"（模拟 simulated）": " (simulated)", "万元": "×10⁴ yuan"}


def list_headlines(delivered: Sequence[Delivered]) -> list[dict[str, Any]]:
    """One row per area, period and headline indicator, then per sum of the accounts."""
    return [row for one in delivered for row in (*_list_rows(one), *_list_sums(one))]


def list_figures(delivered: Sequence[Delivered]) -> list[dict[str, Any]]:
    """The same for machines: ids, keys and numbers; null where nothing is known, or nothing is planted.

    Sums of the accounts are in yuan on a `basis`, under the code of their services, GEP, or partial; they
    have no numerator and denominator, but how many indicators are `known` `of` those that count.
    """
    return [figure for one in delivered for figure in (*_list_figures(one), *_list_sum_figures(one))]


def lay_out_headlines(rows: Sequence[Mapping[str, Any]], language: Language = "zh") -> Iterator[Text]:
    """The same as a terminal shows them: by area and indicator, a line each period, below whole names.

    A column of its own has what is planted, where there is any. A line needs some 70 columns.
    """
    for area, of_area in groupby(rows, lambda row: row[_AREA]):
        shown = list(of_area)
        names = [name for name in shown[0] if name not in {_AREA, _INDICATOR}]
        lines = [[_word(_tell_figure(row, name), language) for name in names] for row in shown]
        head = [choose_half(name, language) for name in names]
        widths = [max(map(cell_len, column)) for column in zip(head, *lines, strict=True)]
        yield Text(f"\n{area}{_word(_SIMULATED, language) if _PLANTED in names else ''}", style="bold")
        yield Text(_align(head, widths), style="dim")
        for indicator in dict.fromkeys(row[_INDICATOR] for row in shown):
            yield Text(f" {_name_indicator(indicator, language)}", overflow="fold")
            told = [line for row, line in zip(shown, lines, strict=True) if row[_INDICATOR] == indicator]
            yield from (Text(_align(line, widths)) for line in told)


def _word(text: str, language: Language) -> str:
    """A word beside figures in one language."""
    if language == "zh":
        return text.replace(_SIMULATED, "（模拟）")
    for chinese, english in _IN_ENGLISH.items():
        text = text.replace(chinese, english)
    return text


def _name_indicator(told: str, language: Language) -> str:
    """What the indicator or sum of a row is called in one language."""
    rows = standards.read_rows("indicator_names")
    names = {row["name_zh"]: (row["name_zh"], row["name_en"]) for row in rows}
    names |= {" ".join(pair): pair for pair in _SUMS.values()}
    return names.get(told, (told, told))[language == "en"]


def _align(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells beside each other, the first at the left of its column, figures at the right."""
    first, *others = (
        (cell, " " * (width - cell_len(cell))) for cell, width in zip(cells, widths, strict=True)
    )
    return "   ".join(["", "".join(first), *(f"{blank}{cell}" for cell, blank in others)])


def _tell_figure(row: Mapping[str, Any], name: str) -> str:
    """A figure in its column; that what is planted is simulated stands beside the area."""
    return str(row.get(name, "")).removesuffix(_SIMULATED)


def _list_figures(one: Delivered) -> Iterator[dict[str, Any]]:
    for row in _choose_rows(one, *_EVIDENCE):
        told = {name: _know(row.get(name)) for name in _TOLD}
        yield {"area": one.aoi, **told, "planted": _find_truth(one, row)}


def _list_sum_figures(one: Delivered) -> Iterator[dict[str, Any]]:
    for row in _choose_sums(one):
        planted = _find_planted_sum(one, row)
        named = {"period": row["period"], "indicator": row["service"], "unit": "yuan", "basis": row["basis"]}
        told = {"value": _know(row["value_yuan"]), "known": row["known"], "of": row["of"]}
        yield {"area": one.aoi, **named, **told, "planted": planted}


def _know(value: Any) -> Any:
    return None if pd.isna(value) else value


def _choose_rows(one: Delivered, *others: str) -> list[dict[Any, Any]]:
    of_parts = [name for part in registry.PARTS for name in part.headlines]
    return one.indicators[one.indicators["indicator"].isin([*_SHOWN, *of_parts, *others])].to_dict("records")


def _choose_sums(one: Delivered) -> list[dict[Any, Any]]:
    """Sums of the accounts of the area on the basis that stands first."""
    if one.totals is None or not len(one.totals):
        return []
    totals = one.totals[one.totals["region"].eq(one.aoi) & one.totals["service"].isin(list(_SUMS))]
    return totals[totals["basis"].eq(one.totals["basis"].iloc[0])].to_dict("records")


def _list_rows(one: Delivered) -> list[dict[str, Any]]:
    names = standards.table("indicator_names").set_index("indicator")["name_zh"].to_dict()
    return [
        {
            _AREA: one.name,
            "时段 period": row["period"],
            _INDICATOR: names[row["indicator"]],
            "值 value": _format_figure(row["value"], _choose_form(row)),
            "分子 numerator": _format_figure(row["numerator"], ",.0f"),
            "分母 denominator": _format_figure(row["denominator"], ",.0f"),
            **_tell_truth(one, _find_truth(one, row), _choose_form(row)),
        }
        for row in _choose_rows(one)
    ]


def _list_sums(one: Delivered) -> list[dict[str, Any]]:
    """The sums, and how many indicators are in them."""
    return [
        {
            _AREA: one.name,
            "时段 period": row["period"],
            _INDICATOR: " ".join(_SUMS[row["service"]]),
            "值 value": _format_money(row["value_yuan"]),
            "分子 numerator": _format_figure(row["known"], ",.0f"),
            "分母 denominator": _format_figure(row["of"], ",.0f"),
            **_tell_truth(one, _find_planted_sum(one, row), ""),
        }
        for row in _choose_sums(one)
    ]


def _tell_truth(one: Delivered, truth: float | None, form: str) -> dict[str, str]:
    """What is planted, as money where it has no form; nothing is said where no world is simulated."""
    if one.truth is None:
        return {}
    if truth is None:
        return {_PLANTED: ""}
    return {_PLANTED: f"{format(truth, form) if form else _format_money(truth)}{_SIMULATED}"}


def _format_figure(value: float, form: str) -> str:
    return "—" if pd.isna(value) else format(value, form)


def _format_money(value: float) -> str:
    return "—" if pd.isna(value) else f"{value / _YUAN_IN_UNIT:,.2f} 万元"


def _find_planted_sum(one: Delivered, row: Mapping[Any, Any]) -> float | None:
    """The planted value of the services of a sum (yuan); None where it is not told, or not of all of them."""
    planted = (one.truth or {}).get("accounts", {}).get(row["period"], {})
    code = _CODES.get(row["service"], "")
    values = [
        item["value_yuan"]
        for service, items in planted.items()
        if service.startswith(code)
        for item in items.values()
    ]
    if not values or None in values or row["basis"] != "registered" or row["known"] < row["of"]:
        return None
    return float(sum(values))


def _find_truth(one: Delivered, row: Mapping[Any, Any]) -> float | None:
    indicator, period = row["indicator"], row["period"]
    if one.truth is None:
        return None
    planted = one.truth.get("indicators", {}).get(indicator, {}).get(period)
    if indicator.startswith("mean_fvc_land"):
        planted = one.truth["periods"][period]["mean_fvc"]
    return None if planted is None else float(planted)


def _choose_form(row: Mapping[Any, Any]) -> str:
    """Four decimals of a share, none of whole numbers, else two."""
    if row.get("unit", "share") == "share":
        return ".4f"
    return ",.0f" if float(row["value"]).is_integer() else ",.2f"
