"""The ecological index of all years of a run as tables, each year beside the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from pipeline.assessment import ecological_index as norm
from pipeline.assessment.ecological_evaluation import Evaluation, Row, Total
from pipeline.assessment.years import explain_no_comparison
from pipeline.contracts import (
    ECOLOGICAL_INDEX,
    ECOLOGICAL_INDEX_INPUTS,
    INDICATORS,
    list_row_values,
    tabulate_rows,
)

NAMES = ("生态环境状况指数", "ecological index")
_SOURCE = "HJ 192-2015"


@dataclass(frozen=True)
class Year:
    """A period and its EI; `year` and `total` are None where it is no whole year, which `reason` says."""

    period: str
    year: int | None
    found: tuple[Evaluation, ...]
    total: Total | None
    reason: str | None = None


def build_index_rows(years: Sequence[Year], aoi: str) -> pd.DataFrame:
    """ECOLOGICAL_INDEX: the sub-indices of each year in order, then their sum."""
    by_year = {one.year: one for one in years if one.year}
    rows = [
        {"aoi": aoi, "period": one.period, **row}
        for one in years
        for row in [
            *(_describe_part(part) for part in one.found),
            _describe_total(one, by_year.get(one.year - 1) if one.year else None),
        ]
    ]
    return tabulate_rows(rows, ECOLOGICAL_INDEX)


def build_input_rows(years: Sequence[Year], aoi: str) -> pd.DataFrame:
    """ECOLOGICAL_INDEX_INPUTS of all years; inputs that are the same for both bases stand at each."""
    rows = [
        {"aoi": aoi, "period": one.period, "sub_index": part.key, "class_basis": part.basis, **row}
        for one in years
        for part in one.found
        for row in part.inputs
    ]
    return tabulate_rows(rows, ECOLOGICAL_INDEX_INPUTS)


def build_indicators(rows: pd.DataFrame) -> pd.DataFrame:
    """INDICATORS of ECOLOGICAL_INDEX: the sum and its counted sub-indices."""
    counted = rows[rows["counted"]]
    names = counted["sub_index"].map(lambda key: "ecological_index" if key == norm.TOTAL else f"ei_{key}")
    shown = counted.assign(indicator=names, unit="1")
    return tabulate_rows(list_row_values(shown), INDICATORS)


def _describe_part(part: Evaluation) -> Row:
    index = norm.index_sub_indices()[part.key]
    normalised = None if part.value is None else index.normalise(part.value)
    return {
        "sub_index": part.key,
        "name_zh": index.name_zh,
        "name_en": index.name_en,
        "class_basis": part.basis,
        "counted": part.counted,
        "value": part.value,
        "low": part.low,
        "high": part.high,
        "normalised": _to_float(normalised),
        "weight": float(index.weight),
        "weighted": None if normalised is None else float(index.weight * normalised),
        "indicative": part.indicative,
        "source": part.source,
        "reason": part.reason,
    }


def _describe_total(one: Year, before: Year | None) -> Row:
    total = one.total
    value = total.value if total else None
    row: Row = {
        "sub_index": norm.TOTAL,
        "name_zh": NAMES[0],
        "name_en": NAMES[1],
        "counted": True,
        "value": _to_float(value),
        "known": total.known if total else None,
        "parts": len(norm.index_sub_indices()),
        "limit_level": total.level if total else None,
        "value_before_limit": _to_float(total.before_limit) if total else None,
        "grade": None if value is None else norm.name_grade(value),
        "indicative": total is None or total.indicative,
        "source": _describe_source(total),
        "reason": total.reason if total else one.reason,
    }
    return row | (_compare(one.year, value, before) if one.year else {})


def _compare(year: int, value: Decimal | None, before: Year | None) -> Row:
    earlier = before.total.value if before and before.total else None
    change = None if value is None or earlier is None else value - earlier
    unknown = value is not None and change is None
    return {
        "compared_reason": explain_no_comparison(year, within=before is not None) if unknown else None,
        "before_period": before.period if before else None,
        "before_value": _to_float(earlier),
        "before_change": _to_float(change),
        "change_word": None if change is None else norm.name_change(change),
    }


def _describe_source(total: Total | None) -> str:
    if total is None:
        return _SOURCE
    if total.level is not None:
        why = f": {total.limit_reason}" if total.limit_reason else ""
        return f"{_SOURCE}; 环境限制 environmental limit {total.level}{why}"
    return f"{_SOURCE}; 未提供环境限制，按无约束计 / no environmental limit is told of: none binds"


def _to_float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
