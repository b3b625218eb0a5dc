"""The rules by which the register is checked: one entry each, with severity, basis and messages.

Figures without a named standard are proposals of this project.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import pandas as pd

from pipeline.rights_registry.identifiers import is_parcel_code, is_unit_code

EDGE_TOLERANCE = 1e-6
UNIT_TOLERANCE = 0.05
SLIVER_WIDTH_M = 5.0
SLIVER_COMPACTNESS = 0.2
SEEN_SHARE = 0.5
CONTRADICTING_SHARE = 0.5
WETLAND_BUILT_SHARE = 0.1
FVC_DROP = 0.15
LOST_SHARE = 0.05
MIN_LOST_M2 = 400.0
MIN_INSIDE_M2 = 100.0

_BUILT_GROUPS = ["05", "06", "07", "08", "09", "10"]
_GREEN_GROUPS = ["00", "01", "02", "03", "04"]
WATER_CLASSES = ["1101", "1102", "1103", "1104", "1107"]

Mask = Callable[[pd.DataFrame], pd.Series]


def _every(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(data=True, index=rows.index, dtype=bool)


def _share(rows: pd.DataFrame, key: str) -> pd.Series:
    """Share of a land cover class in the area seen; null where less than half of the parcel was seen."""
    seen = rows["area_m2"] - rows["unknown_area_m2"]
    return (rows[f"{key}_m2"] / seen).where(seen > SEEN_SHARE * rows["area_m2"])


def _built_but_green(rows: pd.DataFrame) -> pd.Series:
    return rows["group_code"].isin(_BUILT_GROUPS) & _share(rows, "vegetation").gt(CONTRADICTING_SHARE)


def _green_but_built(rows: pd.DataFrame) -> pd.Series:
    green = rows["group_code"].isin(_GREEN_GROUPS) | rows["land_class"].isin(WATER_CLASSES)
    return green & _share(rows, "built").gt(CONTRADICTING_SHARE)


def _wetland_built(rows: pd.DataFrame) -> pd.Series:
    return rows["group_code"].eq("00") & _share(rows, "built").gt(WETLAND_BUILT_SHARE)


def _vegetation_loss(rows: pd.DataFrame) -> pd.Series:
    return (rows["fvc_before"] - rows["fvc_mean"]).gt(FVC_DROP)


def _never_clear(rows: pd.DataFrame) -> pd.Series:
    return rows["unknown_area_m2"].ge(rows["area_m2"] * (1 - EDGE_TOLERANCE))


def _area_mismatch(rows: pd.DataFrame) -> pd.Series:
    differs = (rows["area_registered_m2"] - rows["area_whole_m2"]).abs()
    return differs.gt(rows["area_tolerance"] * rows["area_whole_m2"])


def _built_up_since(rows: pd.DataFrame) -> pd.Series:
    """Whether more than four pixels, and a twentieth of the parcel, became built-up since the last period."""
    gained = rows["built_gained_m2"]
    return gained.ge(MIN_LOST_M2) & gained.gt(LOST_SHARE * rows["area_m2"])


def _wetland_lost(rows: pd.DataFrame) -> pd.Series:
    return rows["group_code"].eq("00") & _built_up_since(rows)


def _farmland_gone(rows: pd.DataFrame) -> pd.Series:
    return rows["group_code"].eq("01") & _built_up_since(rows)


def _sliver(rows: pd.DataFrame) -> pd.Series:
    return rows["mean_width_m"].lt(SLIVER_WIDTH_M) & rows["compactness"].lt(SLIVER_COMPACTNESS)


@dataclass(frozen=True)
class Rule:
    """One check. `applies` gives the mask of the rows that break it; messages take their columns."""

    id: str
    severity: Literal["info", "warning", "error"]
    title_zh: str
    title_en: str
    basis: str
    message_zh: str
    message_en: str
    applies: Mask = _every


REGISTER_RULES = (
    Rule(
        "missing_column",
        "info",
        "登记数据缺少字段",
        "Column missing from the register",
        "崇明区实施方案（2025）要求普查权益归属、保护和开发利用情况 / what a survey has to record",
        "登记数据没有字段 {column}，目录清单中相应栏为空",
        "the register has no column {column}; the inventory leaves it null",
    ),
    Rule(
        "geometry_missing",
        "error",
        "图形缺失或无法使用",
        "Geometry missing or unusable",
        "TD/T 1057 图形数据应为闭合多边形 / parcels are closed polygons",
        "地块没有可用的面状图形（{reason}），未参与量算",
        "the parcel has no usable polygon ({reason}) and is not measured",
    ),
    Rule(
        "geometry_repaired",
        "warning",
        "图形已修复",
        "Geometry repaired",
        "OGC 06-103r4 简单要素有效性 / validity of simple features",
        "图形已修复：{repairs}",
        "geometry repaired: {repairs}",
        lambda rows: rows["repairs"].notna(),
    ),
    Rule(
        "code_duplicate",
        "error",
        "编码重复",
        "Duplicate code",
        "登记单元和不动产单元编码唯一 / one unit, one code (自然资源统一确权登记办法)",
        "编码 {code} 在登记数据中重复，本地块按 {parcel_id} 列出",
        "the code {code} stands for several parcels; this one is listed as {parcel_id}",
        lambda rows: rows["duplicate_code"],
    ),
    Rule(
        "unit_code_form",
        "warning",
        "登记单元号格式不符",
        "Form of the unit code",
        "GB/T 46547-2025：15 位 / 15 characters",
        "自然资源登记单元号 {unit_no} 不是 15 位数字或大写字母",
        "the unit code {unit_no} is not 15 digits or capitals",
        lambda rows: ~is_unit_code(rows["unit_no"]),
    ),
    Rule(
        "parcel_code_form",
        "warning",
        "不动产单元代码格式不符",
        "Form of the real-estate unit code",
        "GB/T 37346：28 位 / 28 characters",
        "不动产单元代码 {parcel_no} 不是 28 位数字或大写字母",
        "the real-estate unit code {parcel_no} is not 28 digits or capitals",
        lambda rows: ~is_parcel_code(rows["parcel_no"]),
    ),
    Rule(
        "land_class_unknown",
        "warning",
        "地类编码无法识别",
        "Unknown land class",
        "TD/T 1055-2019 工作分类 / land classes of the third survey",
        "地类编码 {dlbm} 不在三调工作分类中，生态系统类型为空",
        "the land class {dlbm} is not of the third survey; the ecosystem type is null",
        lambda rows: rows["dlbm"].notna() & rows["land_class"].isna(),
    ),
    Rule(
        "outside_area",
        "info",
        "范围外的地块",
        "Parcels outside the area",
        "仅量算试点区范围内的部分 / only what lies inside the area is measured",
        "{count} 个地块的外接范围与试点区相交但图形在试点区外，未列入",
        "{count} parcels near the area lie outside it and are not listed",
    ),
    Rule(
        "part_outside",
        "info",
        "地块跨试点区边界",
        "Parcel across the edge of the area",
        "仅量算试点区范围内的部分 / only what lies inside the area is measured",
        "地块有 {outside_m2:.2f} 平方米在试点区外，只量算范围内 {area_m2:.2f} 平方米",
        "{outside_m2:.2f} m2 of the parcel lie outside the area; {area_m2:.2f} m2 inside are measured",
        lambda rows: rows["share_inside"].lt(1 - EDGE_TOLERANCE),
    ),
    Rule(
        "geometry_duplicate",
        "error",
        "图形重复",
        "Duplicate geometry",
        "TD/T 1057 图斑不应重叠 / parcels do not overlap",
        "图形与地块 {same_as} 完全相同",
        "the geometry equals that of parcel {same_as}",
        lambda rows: rows["same_as"].notna(),
    ),
    Rule(
        "overlap",
        "warning",
        "地块重叠",
        "Overlapping parcels",
        "TD/T 1057 图斑不应重叠 / parcels do not overlap",
        "与地块 {other_id} 重叠 {overlap_m2:.2f} 平方米",
        "overlaps parcel {other_id} by {overlap_m2:.2f} m2",
    ),
    Rule(
        "sliver",
        "info",
        "狭长碎面",
        "Sliver",
        "平均宽度小于 5 米且 4πA/P² 小于 0.2（本项目建议） / narrower than half a pixel",
        "平均宽度 {mean_width_m:.2f} 米，小于半个像元，遥感指标不可靠",
        "{mean_width_m:.2f} m wide on average, less than half a pixel: measures are unsure",
        _sliver,
    ),
    Rule(
        "gap",
        "info",
        "地块之间的空隙",
        "Gap between parcels",
        "TD/T 1057 图斑应覆盖全域、无缝隙 / parcels leave no gap",
        "地块围合的空隙 {gap_m2:.2f} 平方米不属于任何地块（位于 {lon:.6f}, {lat:.6f}）",
        "{gap_m2:.2f} m2 enclosed by parcels belong to none (at {lon:.6f}, {lat:.6f})",
    ),
    Rule(
        "area_mismatch",
        "warning",
        "登记面积与图形面积不符",
        "Registered against measured area",
        "相差超过配置的 parcels.area_tolerance_percent（1% 为本项目建议），椭球面积 / ellipsoidal area",
        "登记面积 {area_registered_m2:.2f} 平方米，图形椭球面积 {area_whole_m2:.2f} 平方米",
        "registered {area_registered_m2:.2f} m2, measured on the ellipsoid {area_whole_m2:.2f} m2",
        _area_mismatch,
    ),
    Rule(
        "area_unit_doubtful",
        "error",
        "登记面积单位存疑",
        "Unit of registered areas in doubt",
        "1 公顷 = 10000 平方米，1 亩 = 10000/15 平方米 / the median parcel is off by the size of a unit",
        "登记面积的中位数是图形面积的 {ratio:.3g} 倍，单位可能是 {unit}（配置 parcels.area_unit）",
        "registered areas are {ratio:.3g} times the measured ones at the median: likely {unit} "
        "(parcels.area_unit)",
    ),
    Rule(
        "area_sums",
        "warning",
        "登记面积分项之和与总数不符",
        "Registered areas that do not add up",
        "登记簿各分项面积之和等于总面积（register_sums 表，四舍五入以内） / parts add up within rounding",
        "登记面积不闭合：{sums}",
        "registered areas do not add up: {sums}",
        lambda rows: rows["sums"].notna(),
    ),
    Rule(
        "value_unusable",
        "warning",
        "字段取值无法使用或不在字典内",
        "Values that cannot be used or are in no dictionary",
        "登记数据字典（rights 表、configs/rights.yaml、parcels.dictionaries）和字段类型 / attribute domains",
        "字段取值无法使用或不在字典内：{doubts}",
        "values that cannot be used or are in no dictionary: {doubts}",
        lambda rows: rows["doubts"].notna(),
    ),
    Rule(
        "text_suspicious",
        "warning",
        "文本疑似公式、脚本或路径",
        "Text that looks like a formula, a script or a path",
        "CWE-1236、CWE-79、CWE-22 / what a spreadsheet, browser or file system could take for a command",
        "文本疑似公式、脚本或路径，按纯文本保存：{suspects}",
        "text that looks like a formula, a script or a path is kept as plain text: {suspects}",
        lambda rows: rows["suspects"].notna(),
    ),
    Rule(
        "register_elsewhere",
        "error",
        "登记数据不在试点区",
        "Register outside the area",
        "坐标系与试点区边界 / the CRS against the outline",
        "登记数据的 {count} 个地块均不在试点区，其中部位于 {lon:.4f}, {lat:.4f}{hint_zh}",
        "none of the register's {count} parcels lies in the area; they are around "
        "{lon:.4f}, {lat:.4f}{hint_en}",
    ),
)

OBSERVATION_RULES = (
    Rule(
        "built_but_vegetated",
        "warning",
        "登记为建设用地，现状以植被为主",
        "Registered as built-up, seen as vegetation",
        "可见面积一半以上（本项目建议）；TD/T 1055-2019 地类 / more than half of the area seen",
        "登记地类 {dlbm} 为建设用地，影像中植被 {vegetation_m2:.2f} 平方米",
        "registered as built-up ({dlbm}), {vegetation_m2:.2f} m2 seen as vegetation",
        _built_but_green,
    ),
    Rule(
        "green_but_built",
        "error",
        "登记为农用地、湿地或水域，现状以建设用地为主",
        "Registered as green or water, seen as built-up",
        "土地管理法 土地用途管制（可见面积一半以上，本项目建议） / control of land use",
        "登记地类 {dlbm}，影像中建设用地 {built_m2:.2f} 平方米，超过可见面积一半",
        "registered as {dlbm}, {built_m2:.2f} m2 seen as built-up, over half of the area seen",
        _green_but_built,
    ),
    Rule(
        "wetland_built",
        "error",
        "湿地（三调 00）内有建设用地",
        "Built-up in wetland (group 00)",
        "湿地保护法 严格控制占用湿地（可见面积 10% 以上，本项目建议） / use of wetland is restricted",
        "湿地地块（三调 00 类，{dlbm}）内建设用地 {built_m2:.2f} 平方米",
        "{built_m2:.2f} m2 built-up in a wetland parcel (group 00 of the third survey, {dlbm})",
        _wetland_built,
    ),
    Rule(
        "wetland_lost",
        "error",
        "湿地（三调 00）较上期被占用",
        "Wetland built on since the last period",
        "湿地保护法 第十九条 国家严格控制占用湿地（4 个像元且地块 5% 以上，本项目建议） / 4 pixels and 5 %",
        "湿地地块（三调 00 类，{dlbm}）较上期有 {built_gained_m2:.2f} 平方米变为建设用地",
        "{built_gained_m2:.2f} m2 of a wetland parcel ({dlbm}) became built-up since the last period",
        _wetland_lost,
    ),
    Rule(
        "farmland_gone",
        "error",
        "耕地较上期被占用",
        "Farmland built on since the last period",
        "土地管理法 第四条 土地用途管制（4 个像元且地块 5% 以上，本项目建议） / four pixels and 5 %",
        "耕地地块（{dlbm}）较上期有 {built_gained_m2:.2f} 平方米变为建设用地",
        "{built_gained_m2:.2f} m2 of a farmland parcel ({dlbm}) became built-up since the last period",
        _farmland_gone,
    ),
    Rule(
        "vegetation_loss",
        "warning",
        "植被覆盖度明显下降",
        "Loss of vegetation",
        "平均植被覆盖度下降超过 0.15（SL 190-2007 一级的宽度，本项目建议） / a drop by one grade",
        "平均植被覆盖度由 {fvc_before:.3f} 降至 {fvc_mean:.3f}",
        "mean vegetation cover fell from {fvc_before:.3f} to {fvc_mean:.3f}",
        _vegetation_loss,
    ),
    Rule(
        "never_clear",
        "info",
        "本期无晴空观测",
        "Never seen clear",
        "本期全部观测被云、阴影遮挡或缺失 / all looks clouded or lost",
        "本期 {period} 没有晴空观测，各项指标为空",
        "no clear look in {period}; all measures are null",
        _never_clear,
    ),
)

_RESTRICTIONS = "生态保护红线：三条控制线指导意见（2019）；永久基本农田：土地管理法 第三十五条"

RESTRICTION_RULES = (
    Rule(
        "restricted_part",
        "info",
        "地块涉及限制范围",
        "Parcel inside a restricting layer",
        f"{_RESTRICTIONS} / the rules of each kind of layer",
        "地块有 {inside_m2:.2f} 平方米位于{kind_zh}范围内",
        "{inside_m2:.2f} m2 of the parcel lie inside the {kind_en}",
        lambda rows: rows["period"].isna(),
    ),
    Rule(
        "restricted_built",
        "warning",
        "限制范围内有建设用地",
        "Built-up inside a restricting layer",
        f"{_RESTRICTIONS}（1 个像元以上，本项目建议） / a pixel or more",
        "{period} 期{kind_zh}范围内的 {inside_m2:.2f} 平方米中，影像显示建设用地 {built_m2:.2f} 平方米",
        "{built_m2:.2f} m2 seen as built-up in {period}, of {inside_m2:.2f} m2 inside the {kind_en}",
        lambda rows: rows["built_m2"].ge(MIN_INSIDE_M2),
    ),
    Rule(
        "restricted_change",
        "error",
        "限制范围内新增建设用地",
        "Newly built-up inside a restricting layer",
        f"{_RESTRICTIONS}（4 个像元以上，本项目建议） / four pixels or more",
        "{period} 期较上期，{kind_zh}范围内新增建设用地 {became_built_m2:.2f} 平方米",
        "{became_built_m2:.2f} m2 inside the {kind_en} became built-up in {period} since the last period",
        lambda rows: rows["became_built_m2"].ge(MIN_LOST_M2),
    ),
)

_SECTIONS = (
    "断面登记表与监测数据按编号、名称、别名匹配，见 sections_unmatched / sections matched to their register"
)

SECTION_RULES = (
    Rule(
        "section_not_registered",
        "warning",
        "监测断面未登记",
        "Section not registered",
        _SECTIONS,
        "{count} 个有监测数据的断面不在断面登记表中：{names}",
        "{count} sections with readings are not in the register of sections: {names}",
    ),
    Rule(
        "section_ambiguous",
        "warning",
        "断面名称不唯一",
        "Ambiguous name of a section",
        _SECTIONS,
        "{count} 个监测断面的名称对应多个登记断面，未能匹配：{names}",
        "{count} names of sections fit several of the register and are matched to none: {names}",
    ),
    Rule(
        "section_unsampled",
        "warning",
        "登记断面无监测数据",
        "Registered section without readings",
        _SECTIONS,
        "{count} 个登记断面在运行时段内没有监测数据：{names}",
        "{count} registered sections have no reading in the days of the run: {names}",
    ),
    Rule(
        "section_misplaced",
        "warning",
        "登记断面所属区域无法确定",
        "Registered section of no known area",
        _SECTIONS,
        "{count} 个登记断面的所属区域或坐标不在已知试点区内，未列入：{names}",
        "{count} registered sections are of no known area and are not listed: {names}",
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.id: rule for rule in (*REGISTER_RULES, *OBSERVATION_RULES, *RESTRICTION_RULES, *SECTION_RULES)}
)
