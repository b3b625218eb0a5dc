"""Rules about other rights: water, discharge, energy, carbon, forest, aquaculture.

They point out what registers say of themselves and of each other; figures without a named standard are
proposals of this project.
"""

import pandas as pd

from pipeline.rights_registry.rules.rule import EDGE_TOLERANCE, Rule

MIN_SHARED_M2 = 100.0
MIN_SHARED_SHARE = 0.01
"""Ground of two rights that is shared counts from so much and such a part of the smaller; proposals."""

_TERM = "许可证（权证）载明的有效期 / the term that the document states"
_AMOUNT = "取水许可和水资源费征收管理条例、排污许可管理条例（未核对原文） / not above what is licensed"
_TRADE = "复式记账：每笔交易买入与卖出相等（本项目） / double entry: what is sold is bought"


def _is_expired(rows: pd.DataFrame) -> pd.Series:
    return rows["state"].eq("expired")


def _is_overused(rows: pd.DataFrame) -> pd.Series:
    return rows["used"].gt(0) & rows["used"].gt(rows["allowed"] + rows["used"] * EDGE_TOLERANCE)


def _is_oversold(rows: pd.DataFrame) -> pd.Series:
    return rows["sold"].gt(rows["held"] * (1 + EDGE_TOLERANCE))


def _is_shared(rows: pd.DataFrame) -> pd.Series:
    return rows["shared_m2"].ge(MIN_SHARED_M2) & rows["shared_share"].ge(MIN_SHARED_SHARE)


def _is_held_twice(rows: pd.DataFrame) -> pd.Series:
    return _is_shared(rows) & rows["right_kind"].ne("carbon_project")


def _overlaps_project(rows: pd.DataFrame) -> pd.Series:
    return _is_shared(rows) & rows["right_kind"].eq("carbon_project")


def _is_restricted(rows: pd.DataFrame) -> pd.Series:
    """A point inside, or ground of some size."""
    return rows["inside_m2"].isna() | rows["inside_m2"].ge(MIN_SHARED_M2)


def _is_unbalanced(rows: pd.DataFrame) -> pd.Series:
    largest = rows[["bought", "sold"]].abs().max(axis=1)
    return rows["traded_difference"].abs().gt(largest * EDGE_TOLERANCE)


def _misstates_total(rows: pd.DataFrame) -> pd.Series:
    return (rows["total_yuan"] - rows["reckoned_yuan"]).abs().gt(rows["rounding_yuan"])


OTHER_RIGHT_RULES = (
    Rule(
        "right_expired",
        "warning",
        "权证已过有效期",
        "Right past its term",
        _TERM,
        "{kind_zh} {number}（{holder}）有效期至 {valid_to}，截至 {state_day}（本期末日）已过期",
        "the {kind_en} {number} of {holder} ran until {valid_to}: past its term on {state_day}, the last day "
        "of the period",
        _is_expired,
    ),
    Rule(
        "right_overused",
        "error",
        "用量超过许可量",
        "More used than licensed",
        _AMOUNT,
        "{number}（{holder}）{period} 年{resource_zh}用量 {used:.10g} {unit}，"
        "超过许可与交易后的 {allowed:.10g} {unit}",
        "{holder} ({number}) used {used:.10g} {unit} of {resource_en} in {period}, over the "
        "{allowed:.10g} {unit} that licences and trades leave",
        _is_overused,
    ),
    Rule(
        "right_two_holders",
        "error",
        "一证两主",
        "One licence of two holders",
        "一个证号对应一个权利人（本项目建议） / one number, one holder",
        "{kind_zh}证号 {number} 登记在不同权利人名下：{holders}",
        "the {kind_en} {number} stands under several holders: {holders}",
    ),
    Rule(
        "right_ground_shared",
        "error",
        "同一范围重复确权",
        "One ground under two rights",
        "同类权利不重复设立（较小者的 1% 且 100 平方米以上，本项目建议） / 1 % of the smaller, 100 m2",
        "{kind_zh} {number}（{holder}）与 {other_number}（{other_holder}）重叠 {shared_m2:.2f} 平方米",
        "the {kind_en} {number} of {holder} and {other_number} of {other_holder} share {shared_m2:.2f} m2",
        _is_held_twice,
    ),
    Rule(
        "carbon_projects_overlap",
        "error",
        "碳汇项目边界重叠",
        "Carbon projects that overlap",
        "边界不得与其他项目重叠（CCER-14-002 公开摘要）；1% 且 100 平方米为本项目建议 / as summaries tell",
        "碳汇项目 {number}（{holder}）与 {other_number}（{other_holder}）重叠 {shared_m2:.2f} 平方米",
        "the carbon projects {number} of {holder} and {other_number} of {other_holder} share "
        "{shared_m2:.2f} m2",
        _overlaps_project,
    ),
    Rule(
        "right_restricted",
        "warning",
        "权利位于限制范围内",
        "Right inside a restricting layer",
        "三条控制线指导意见（2019）；土地管理法 第三十五条 / the rules of each kind of layer",
        "{kind_zh} {number}（{holder}）位于{restricted_zh}内：{inside_zh}",
        "the {kind_en} {number} of {holder} lies inside the {restricted_en}: {inside_en}",
        _is_restricted,
    ),
    Rule(
        "trade_unbalanced",
        "error",
        "交易不平衡",
        "Trade without balance",
        _TRADE,
        "{kind_zh} {trade_id}（{when}）{resource_zh}买入 {bought:.10g}、卖出 {sold:.10g} {unit}，"
        "相差 {traded_difference:.10g}",
        "in the {kind_en} {trade_id} ({when}) {bought:.10g} {unit} of {resource_en} are bought and "
        "{sold:.10g} sold: {traded_difference:.10g} between them",
        _is_unbalanced,
    ),
    Rule(
        "trade_oversold",
        "error",
        "卖出超过持有",
        "More sold than held",
        _TRADE,
        "{holder} {period} 年卖出{resource_zh} {sold:.10g} {unit}，超过持有的 {held:.10g} {unit}",
        "{holder} sold {sold:.10g} {unit} of {resource_en} in {period} and held {held:.10g}",
        _is_oversold,
    ),
    Rule(
        "trade_total_differs",
        "warning",
        "成交总额与单价、数量不符",
        "Total of a trade that differs from price and amount",
        "成交总额 = 单价 x 数量（书写位数以内） / price times amount, to the places written",
        "{kind_zh} {trade_id} 成交总额 {total_yuan:.10g} 元，单价乘数量为 {reckoned_yuan:.10g} 元",
        "the {kind_en} {trade_id} states a total of {total_yuan:.10g} yuan; price times amount is "
        "{reckoned_yuan:.10g} yuan",
        _misstates_total,
    ),
    Rule(
        "rights_unlinked",
        "info",
        "权利未能关联",
        "Rights linked to nothing",
        "按编码、名称或位置关联（本项目） / by code, name or place",
        "{kind_zh}中 {count} 项未能关联到地块、断面或单位：{names}",
        "of the {kind_en} {count} are linked to no parcel, section or unit: {names}",
    ),
)
