"""Evaluated items of sections: the mean and the months it rests on, its class, how far it is beyond."""

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from pipeline.indices.sections.limits import GOOD_CLASS, classify_values, is_saturated, list_upper_limits
from pipeline.indices.sections.months import PLAIN_RULES, MeanRules, compute_period_means
from pipeline.indices.sections.oxygen import compute_saturation
from pipeline.indices.sections.places import PlacedSamples
from pipeline.periods import Period

YEAR_MONTHS = 8
"""Months with data that the mean of a year rests on at least; from knowledge, unconfirmed."""

FEW_MONTHS = "年均值不足{least}个月 (year on fewer than {least} months)"
NOT_EVALUATED = (
    "不属21项评价项目或该水体无分类限值 (not among the 21 items, or without classes in this water)"
)

_YEAR = 12
_COLUMNS = [
    "section_id", "section", "water_body", "period", "parameter", "value", "unit", "months", "samples",
    "censored", "saturation", "water_class", "reference_class", "bound", "multiple", "reason",
]  # fmt: skip
_KINDS: dict[str, Any] = {
    "water_class": "Int64", "reference_class": "Int64", "months": int, "samples": int, "censored": int,
}  # fmt: skip
_OF_SECTION = ["section_id", "section", "water_body", "target_class", "altitude_m"]
_JUDGEMENT = ["class", "reference", "order", "bound", "multiple"]


@dataclass(frozen=True)
class EvaluationRules:
    """How readings become means, and how means are judged.

    Exceedances and main pollutants are measured against one `reference`: class III, or the target class of
    the section (III without one). An item that has data in fewer than `year_months` months of a period of
    twelve months or more is marked, or where `few_months` is `exclude` left out of the evaluation.
    """

    means: MeanRules = PLAIN_RULES
    reference: Literal["III", "target"] = "III"
    year_months: int = YEAR_MONTHS
    few_months: Literal["mark", "exclude"] = "mark"


PLAIN_EVALUATION = EvaluationRules()


def judge_items(
    sections: pd.DataFrame, days: pd.DataFrame, limits: pd.DataFrame, period: Period, rules: EvaluationRules
) -> pd.DataFrame:
    """All means of one period, `days` being its dated samples: one row a place and parameter.

    `mean`, `months` and `samples` that it rests on, `censored` of these; then as `judge_means`, null where
    the item is not evaluated, with `reason`. `saturation` is that of oxygen where it is known,
    `by_saturation` whether it decides; `is_short` marks items of the evaluation with too few months for a
    year.
    """
    means = compute_period_means(days, rules.means).join(sections[_OF_SECTION], on="place")
    judged = judge_means(means, limits, against_target=rules.reference == "target")
    rows = means.join(judged[_JUDGEMENT]).assign(period=period.label)
    is_item = rows["class"].notna()
    is_short = is_item & (rows["months"] < rules.year_months) & (count_months(period) >= _YEAR)
    excluded = is_short & (rules.few_months == "exclude")
    reason = pd.Series(NOT_EVALUATED, index=rows.index, dtype=object).where(~is_item, None)
    rows[_JUDGEMENT] = rows[_JUDGEMENT].mask(excluded)
    return _judge_by_saturation(rows, compute_saturation(days, sections["altitude_m"])).assign(
        is_short=is_short, reason=reason.mask(excluded, FEW_MONTHS.format(least=rules.year_months))
    )


def _judge_by_saturation(rows: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """Oxygen of class I where its saturation at a place, if `known`, is enough."""
    saturation = rows["place"].map(known).where(rows["parameter"] == "DO").astype(float)
    decides = is_saturated(saturation) & (rows["class"] > 1).fillna(value=False)
    return rows.assign(
        saturation=saturation, by_saturation=decides, **{"class": rows["class"].mask(decides, 1)}
    )


def count_months(period: Period) -> int:
    """Calendar months that a period touches."""
    return (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1


def judge_means(means: pd.DataFrame, limits: pd.DataFrame, *, against_target: bool = False) -> pd.DataFrame:
    """Means of the evaluated items in the order of the standard: class, bound to keep, multiple above it.

    `means` has `place` (what a mean is of), `parameter`, `mean`, `water_body`, and `target_class` for a
    judgement `against_target`. Added are `class` (1 to 6), `reference` (III, or the target class where there
    is one), `order` (of the item in `limits`), `bound` (the upper limit of the reference class) and
    `multiple` (C/S - 1, NaN for pH and DO). Items outside the 21-item evaluation and those without classes in
    the water body are left out.
    """
    order = {code: number for number, code in enumerate(limits["code"].unique())}
    evaluated = means[means["parameter"].isin(limits.loc[limits["in_21"] == "1", "code"])]
    classes = classify_values(evaluated["mean"], evaluated["parameter"], evaluated["water_body"], limits)
    items = evaluated.assign(
        **{"class": classes}, reference=GOOD_CLASS, order=evaluated["parameter"].map(order)
    ).dropna(subset="class")
    if against_target:
        items["reference"] = items["target_class"].fillna(GOOD_CLASS).astype(int)
    keys = ["parameter", "water_body", "reference"]
    bounds = list_upper_limits(limits).set_index(keys)["bound"]
    items["bound"] = bounds.reindex(pd.MultiIndex.from_frame(items[keys])).to_numpy()
    items["multiple"] = items["mean"] / items["bound"] - 1
    return items.sort_values(["place", "order"])


def build_item_table(items: pd.DataFrame, found: PlacedSamples) -> pd.DataFrame:
    """The items of `grades.grade_periods` as they are delivered: what each mean rests on and is judged by.

    One row a section, period and parameter: `value`, the mean in `unit`; `months`, `samples` and `censored`
    of them that it rests on; `saturation` of oxygen (a share) where it is known; `water_class`,
    `reference_class`, `bound` (the upper limit of that class) and `multiple` (C/S - 1) where the item is
    evaluated; else `reason`.
    """
    units = found.samples.groupby("parameter", observed=True)["unit"].first()
    rows = items.assign(unit=items["parameter"].map(units)).rename(
        columns={"mean": "value", "class": "water_class", "reference": "reference_class"}
    )
    rows = rows.sort_values(["place", "period", "order", "parameter"], ignore_index=True)
    return rows.reindex(columns=_COLUMNS).astype(_KINDS)
