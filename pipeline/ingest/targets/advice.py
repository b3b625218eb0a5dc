"""What of tables of targets is not used, and what to do about it."""

from collections.abc import Mapping

from pipeline.ingest.rejects import Advice

NO_HEADINGS = Advice(
    "一行表头：至少有指标和目标值 / a row of headings: at least the indicator and the target",
    "写上表头，或在配置 targets.tables 的 columns 中指明 / write headings, or name them in columns",
)
UNKNOWN_INDICATOR = Advice(
    "本系统的指标名称或代码 / the name or code of an indicator; 相近的 nearest: {nearest}",
    "改用该名称，或在配置 targets.indicators 中写明对应的代码 / use one, or map yours in targets.indicators",
)
AMBIGUOUS_INDICATOR = Advice(
    "只指一个指标的名称 / a name that only one indicator has: {candidates}",
    "写全称或代码，或在配置 targets.indicators 中写明 / write it in full, or map yours in targets.indicators",
)
NO_PLACE = Advice(
    "区域的名称或标识 / the name or id of a place",
    "加“区域”列，或在配置中写 place / add a column of places, or set place in the config",
)
ELSEWHERE = Advice(
    "本区、其镇村或水体 / this area, one of its regions or bodies",
    "别处的目标不用于本区；若属本区，在配置中写 names / not used here; if it is of here, say so by names",
)
NO_PERIOD = Advice(
    "时段，如 2024、2024年三季度、2025年末 / a time such as 2024, 2024Q3, 2025-12-31",
    "加“时段”列，或在配置中写 period / add a column of times, or set period in the config",
)
NOT_A_TARGET = Advice(
    "一个数，可带方向和单位，如 ≥82% / one number, with its direction and unit if you like",
    "只写一个数；范围请分作“不低于”与“不高于”两行 / write one number; make two rows of a range",
)
NO_UNIT = Advice(
    "单位 / a unit ({units})",
    "写在单元格、表头括号内或“单位”列 / in the cell, in brackets in the heading or in a column 单位",
)
WRONG_UNIT = Advice(
    "可换算为 {unit} 的单位 / a unit that can be brought to {unit}",
    "改正单位，或换算后填写 / mend the unit, or convert the figure",
)
OUT_OF_RANGE = Advice("0 至 100 % / a share from 0 to 100 %", "改正数或单位 / mend the figure or its unit")
NO_DIRECTION = Advice(
    "不低于、不高于、等于等 / at least, at most, equal to and the like",
    "加“方向”列，或写成 ≥82%，或在配置中写 direction / add a column, write ≥82%, or set direction",
)
TWO_DIRECTIONS = Advice("一个方向 / one direction", "改正其中之一 / mend one of them")
UNKNOWN_DIRECTION = Advice(
    "不低于、高于、不高于、低于或等于 / at least, more than, at most, less than or equal",
    "改用其中之一 / use one of them",
)
LATE_BASELINE = Advice(
    "早于目标时段的基期 / a baseline that ends before the target's time",
    "改正其中之一；目标保留，不作进度判断 / mend one of them; the target stands, its course is not told",
)
NOT_A_FIGURE = Advice(
    "一个数或留空 / a number, or nothing",
    "改正；目标保留，此格不用 / mend it; the target stands without this cell",
)
CONTRADICTED = Advice(
    "同一目标只有一个值 / one value of one target",
    "与 {place} 不同，都不使用；改正或删去其一 / differs from {place}: neither is used; mend or delete one",
)


class UnusableTarget(Exception):
    """Why a target, or a cell beside it, is not used: what was `found` in the column of `role`."""

    def __init__(self, advice: Advice, found: str, role: str, **facts: object) -> None:
        self.advice = advice
        self.found = found
        self.role = role
        self.facts: Mapping[str, object] = facts
        super().__init__(advice.expected)
