"""Rules about what the maps show of parcels, against what is registered and against the last period.

Figures without a named standard are proposals of this project.
"""

import pandas as pd

from pipeline.rights_registry.rules.rule import EDGE_TOLERANCE, MIN_LOST_M2, Rule

SEEN_SHARE = 0.5
CONTRADICTING_SHARE = 0.5
WETLAND_BUILT_SHARE = 0.1
FVC_DROP = 0.15
LOST_SHARE = 0.05
WATER_CLASSES = ["1101", "1102", "1103", "1104", "1107"]

_BUILT_GROUPS = ["05", "06", "07", "08", "09", "10"]
_GREEN_GROUPS = ["00", "01", "02", "03", "04"]


def _compute_share(rows: pd.DataFrame, key: str) -> pd.Series:
    """Share of a land cover class in the area that has one; null where less than half of the parcel has."""
    seen = rows["area_m2"] - rows["unknown_area_m2"]
    return (rows[f"{key}_m2"] / seen).where(seen > SEEN_SHARE * rows["area_m2"])


def _is_built_but_green(rows: pd.DataFrame) -> pd.Series:
    return rows["group_code"].isin(_BUILT_GROUPS) & _compute_share(rows, "vegetation").gt(CONTRADICTING_SHARE)


def _is_green_but_built(rows: pd.DataFrame) -> pd.Series:
    green = rows["group_code"].isin(_GREEN_GROUPS) | rows["land_class"].isin(WATER_CLASSES)
    return green & _compute_share(rows, "built").gt(CONTRADICTING_SHARE)


def _has_built_wetland(rows: pd.DataFrame) -> pd.Series:
    return rows["group_code"].eq("00") & _compute_share(rows, "built").gt(WETLAND_BUILT_SHARE)


def _has_vegetation_loss(rows: pd.DataFrame) -> pd.Series:
    return (rows["fvc_before"] - rows["fvc_mean"]).gt(FVC_DROP)


def _was_never_clear(rows: pd.DataFrame) -> pd.Series:
    return rows["seen_share"].le(EDGE_TOLERANCE)


def _became_built_up(rows: pd.DataFrame) -> pd.Series:
    """Whether more than four pixels, and a twentieth of the parcel, became built-up since the last period."""
    gained = rows["built_gained_m2"]
    return gained.ge(MIN_LOST_M2) & gained.gt(LOST_SHARE * rows["area_m2"])


def _has_wetland_loss(rows: pd.DataFrame) -> pd.Series:
    return rows["group_code"].eq("00") & _became_built_up(rows)


def _has_farmland_loss(rows: pd.DataFrame) -> pd.Series:
    return rows["group_code"].eq("01") & _became_built_up(rows)


OBSERVATION_RULES = (
    Rule(
        "built_but_vegetated",
        "warning",
        "登记为建设用地，现状以植被为主",
        "Registered as built-up, seen as vegetation",
        "可见面积一半以上（本项目建议）；TD/T 1055-2019 地类 / more than half of the area seen",
        "登记地类 {dlbm} 为建设用地，影像中植被 {vegetation_m2:.2f} 平方米",
        "registered as built-up ({dlbm}), {vegetation_m2:.2f} m2 seen as vegetation",
        _is_built_but_green,
    ),
    Rule(
        "green_but_built",
        "error",
        "登记为农用地、湿地或水域，现状以建设用地为主",
        "Registered as green or water, seen as built-up",
        "土地管理法 土地用途管制（可见面积一半以上，本项目建议） / control of land use",
        "登记地类 {dlbm}，影像中建设用地 {built_m2:.2f} 平方米，超过可见面积一半",
        "registered as {dlbm}, {built_m2:.2f} m2 seen as built-up, over half of the area seen",
        _is_green_but_built,
    ),
    Rule(
        "wetland_built",
        "error",
        "湿地（三调 00）内有建设用地",
        "Built-up in wetland (group 00)",
        "湿地保护法 严格控制占用湿地（可见面积 10% 以上，本项目建议） / use of wetland is restricted",
        "湿地地块（三调 00 类，{dlbm}）内建设用地 {built_m2:.2f} 平方米",
        "{built_m2:.2f} m2 built-up in a wetland parcel (group 00 of the third survey, {dlbm})",
        _has_built_wetland,
    ),
    Rule(
        "wetland_lost",
        "error",
        "湿地（三调 00）较上期被占用",
        "Wetland built on since the last period",
        "湿地保护法 第十九条 国家严格控制占用湿地（4 个像元且地块 5% 以上，本项目建议） / 4 pixels and 5 %",
        "湿地地块（三调 00 类，{dlbm}）较上期有 {built_gained_m2:.2f} 平方米变为建设用地",
        "{built_gained_m2:.2f} m2 of a wetland parcel ({dlbm}) became built-up since the last period",
        _has_wetland_loss,
    ),
    Rule(
        "farmland_gone",
        "error",
        "耕地较上期被占用",
        "Farmland built on since the last period",
        "土地管理法 第四条 土地用途管制（4 个像元且地块 5% 以上，本项目建议） / four pixels and 5 %",
        "耕地地块（{dlbm}）较上期有 {built_gained_m2:.2f} 平方米变为建设用地",
        "{built_gained_m2:.2f} m2 of a farmland parcel ({dlbm}) became built-up since the last period",
        _has_farmland_loss,
    ),
    Rule(
        "vegetation_loss",
        "warning",
        "植被覆盖度明显下降",
        "Loss of vegetation",
        "平均植被覆盖度下降超过 0.15（SL 190-2007 一级的宽度，本项目建议） / a drop by one grade",
        "平均植被覆盖度由 {fvc_before:.3f} 降至 {fvc_mean:.3f}",
        "mean vegetation cover fell from {fvc_before:.3f} to {fvc_mean:.3f}",
        _has_vegetation_loss,
    ),
    Rule(
        "never_clear",
        "info",
        "本期无晴空观测",
        "Never seen clear",
        "本期全部观测被云、阴影遮挡或缺失 / all looks clouded or lost",
        "本期 {period} 没有晴空观测，各项指标为空",
        "no clear look in {period}; all measures are null",
        _was_never_clear,
    ),
)
