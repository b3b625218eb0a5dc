"""Rules about what lies, and was built, inside layers that restrict use.

Figures without a named standard are proposals of this project.
"""

from pipeline.rights_registry.rules.rule import LEAST_SHARED_M2, MIN_LOST_M2, Rule

MIN_INSIDE_M2 = 100.0
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
        lambda rows: rows["period"].isna() & rows["inside_m2"].gt(LEAST_SHARED_M2),
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
