"""Rules about the ecological index (EI) of an area: what fell, and what cannot be of its ground."""

import pandas as pd

from pipeline.rights_registry.rules.rule import Rule

MARKED_FALL = -3.0
"""A change of EI from which on HJ 192-2015 calls it clearly worse."""
_LEAST, _MOST = 0.0, 100.0

_NORM = (
    "HJ 192-2015 生态环境状况评价技术规范（系数与分级经公开软件核对，未见原文） / not seen in the norm itself"
)


def _has_fallen(rows: pd.DataFrame) -> pd.Series:
    return rows["before_change"].le(MARKED_FALL)


def _is_beyond(rows: pd.DataFrame) -> pd.Series:
    return rows["counted"] & (rows["value"].lt(_LEAST) | rows["value"].gt(_MOST))


ECOLOGICAL_RULES = (
    Rule(
        "ecological_index_fell",
        "warning",
        "生态环境状况明显变差",
        "Ecological index clearly lower",
        _NORM,
        "{period} 年生态环境状况指数为 {value:g}，{before_period} 年为 {before_value:g}",
        "The ecological index of {period} is {value:g}, after {before_value:g} in {before_period}",
        _has_fallen,
    ),
    Rule(
        "ecological_index_beyond",
        "warning",
        "生态环境状况分指数超出范围",
        "Sub-index out of range",
        _NORM,
        "{period} 年{name_zh}为 {value:.1f}，不在 0 到 100 之间：请核对统计数字与评价范围是否一致",
        "The {name_en} of {period} is {value:.1f}, not from 0 to 100: are the statistics those of the area?",
        _is_beyond,
    ),
)
