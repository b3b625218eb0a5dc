"""Rules about carbon projects on salt marsh: whether what is known of them meets what methods ask.

What methods ask is from summaries in print, not from their own texts: findings point out, and decide nothing.
"""

import pandas as pd

from pipeline.rights_registry.rules.rule import Rule

BARE_COVER = 0.05
"""Cover below which a flat is without plants at baseline (CCER-14-003-V01, as the press reports it)."""

_METHODS = (
    "上海碳普惠 SHCER01030012024I、CCER-14-003-V01 滨海盐沼植被修复（据公开摘要，未见原文，仅供参考） / "
    "as summaries in print tell them; their own texts were not seen"
)
_NONE = "none"


def _has_cover(rows: pd.DataFrame) -> pd.Series:
    return rows["cover"].ge(BARE_COVER)


def _has_alien(rows: pd.DataFrame) -> pd.Series:
    return rows["alien_species"].notna() & rows["alien_species"].ne(_NONE)


def _is_dry(rows: pd.DataFrame) -> pd.Series:
    return rows["intertidal"].eq(other=False).fillna(value=False).astype(bool)


def _lacks_papers(rows: pd.DataFrame) -> pd.Series:
    return rows["documents"].isna()


def _lacks_answers(rows: pd.DataFrame) -> pd.Series:
    return rows["untold_en"].ne("")


def _meets_all(rows: pd.DataFrame) -> pd.Series:
    fails = _has_cover(rows) | _has_alien(rows) | _is_dry(rows) | _lacks_papers(rows) | _lacks_answers(rows)
    return ~fails


PROJECT_RULES = (
    Rule(
        "project_cover",
        "warning",
        "项目基线植被覆盖过高",
        "Too much cover at the baseline of a project",
        _METHODS,
        "项目 {name} 基线 {baseline} 年植被覆盖度为 {cover:.1%}，无植被滩涂应低于 5%（已知面积 {known:.0%}）",
        "cover of {name} was {cover:.1%} at its baseline, {baseline}; a flat without plants has less than "
        "5 % (known of {known:.0%} of its ground)",
        _has_cover,
    ),
    Rule(
        "project_not_intertidal",
        "warning",
        "项目不在潮间带",
        "Project that is not intertidal",
        _METHODS,
        "项目 {name} 载明不在潮间带（方法要求平均大潮高潮位可淹没）",
        "{name} is told not to be intertidal; the methods ask for ground that mean spring tides flood",
        _is_dry,
    ),
    Rule(
        "project_alien_species",
        "warning",
        "项目有外来物种",
        "Alien species in a project",
        _METHODS,
        "项目 {name} 载有外来物种：{alien_species}",
        "alien species grow in {name}: {alien_species}",
        _has_alien,
    ),
    Rule(
        "project_without_documents",
        "warning",
        "项目缺少权属证明",
        "Project without documents of its right",
        _METHODS,
        "项目 {name} 没有载明海域或土地权属证明",
        "no document proves the right to the ground of {name}",
        _lacks_papers,
    ),
    Rule(
        "project_untold",
        "info",
        "项目资格无法判断",
        "Project whose eligibility cannot be told",
        _METHODS,
        "项目 {name} 未载明或无法量算：{untold_zh}",
        "of {name} is not told, or cannot be measured: {untold_en}",
        _lacks_answers,
    ),
    Rule(
        "project_conditions_met",
        "info",
        "项目未见不符条件",
        "Project that meets what was checked",
        _METHODS,
        "项目 {name} 基线 {baseline} 年覆盖度 {cover:.1%}，潮间带、外来物种、权属证明均已载明且未见不符；"
        "不代替审定",
        "{name}: cover {cover:.1%} at its baseline, {baseline}; intertidal, no alien species, documents "
        "named. This is no validation",
        _meets_all,
    ),
)
