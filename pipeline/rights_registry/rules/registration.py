"""Rules about the register itself: geometry, codes, areas, texts, where it lies.

Figures without a named standard are proposals of this project.
"""

import pandas as pd

from pipeline.rights_registry.identifiers import is_parcel_code, is_unit_code
from pipeline.rights_registry.rules.rule import EDGE_TOLERANCE, LEAST_SHARED_M2, Rule

UNIT_TOLERANCE = 0.05
SLIVER_WIDTH_M = 5.0
SLIVER_COMPACTNESS = 0.2


def _has_area_mismatch(rows: pd.DataFrame) -> pd.Series:
    differs = (rows["area_registered_m2"] - rows["area_whole_m2"]).abs()
    return differs.gt(rows["area_tolerance"] * rows["area_whole_m2"])


def _is_sliver(rows: pd.DataFrame) -> pd.Series:
    return rows["mean_width_m"].lt(SLIVER_WIDTH_M) & rows["compactness"].lt(SLIVER_COMPACTNESS)


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
        lambda rows: rows["share_inside"].lt(1 - EDGE_TOLERANCE) & rows["outside_m2"].gt(LEAST_SHARED_M2),
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
        _is_sliver,
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
        _has_area_mismatch,
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
