"""River sections graded by the worst single factor against GB 3838-2002; shares of good, of targets met."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.indices.sections.items import (
    FEW_MONTHS,
    PLAIN_EVALUATION,
    EvaluationRules,
    count_months,
    judge_items,
)
from pipeline.indices.sections.limits import GOOD_CLASS
from pipeline.indices.sections.months import date_samples, select_period
from pipeline.indices.sections.places import REGISTERED, PlacedSamples, place_samples
from pipeline.periods import Period

_STATUS_COLUMNS = [
    "section_id", "province", "basin", "section", "water_body", "period", "samples", "items", "water_class",
    "decided_by", "exceedance", "reference_class", "target_class", "target_met", "lon", "lat", "aoi",
    *REGISTERED, "months", "few_months_items", "reason",
]  # fmt: skip

_KINDS: dict[str, Any] = {
    "samples": int, "months": int, "water_class": "Int64", "reference_class": "Int64",
    "target_class": "Int64", "target_met": "boolean", "lon": float, "lat": float,
}  # fmt: skip

NO_SAMPLES = "本期无监测数据 (no samples in the period)"
NO_ITEMS = "无参评项目 (no item of the evaluation was measured)"
SOME_MONTHS = "{all}个月中{some}个月有数据 (months with data: {some} of {all})"
LEFT_OUT = "{few}，不参评 (left out): {items}"
NO_GRADED = "本期无可评价断面 (no section could be graded in the period)"
NO_TARGETS = "无设定目标且可评价的断面 (no graded section has a target class)"


class GradedSections(NamedTuple):
    """`status` of every section and period (`contracts.SECTION_STATUS`); `items` of `items.judge_items`."""

    status: pd.DataFrame
    items: pd.DataFrame


def grade_sections(
    samples: pd.DataFrame,
    periods: Sequence[Period],
    limits: pd.DataFrame,
    register: pd.DataFrame | None = None,
    *,
    rules: EvaluationRules = PLAIN_EVALUATION,
) -> GradedSections:
    """`grade_periods` for samples (`contracts.SAMPLES`, with `time`, perhaps `section_id`) by their sections.

    `register` has the columns of `ingest.samples.read_sections`. A sample belongs to the section of the
    register with its id, else its name, else its alias, where province and basin agree as far as both are
    given and only one section fits.
    """
    return grade_periods(place_samples(samples, register), periods, limits, rules=rules)


def grade_periods(
    found: PlacedSamples,
    periods: Sequence[Period],
    limits: pd.DataFrame,
    *,
    rules: EvaluationRules = PLAIN_EVALUATION,
) -> GradedSections:
    """Status of every section in every period, by the worst single factor, and the items that it rests on.

    `limits` is the table `water_limits`. Days are those of China. A period's mean is the mean of its monthly
    means over the months with data (`reason` says how many, where some have none); pH is averaged as hydrogen
    ions, faecal coliforms geometrically (unconfirmed); `rules` say the rest. The class is the worst over the
    items of the 21-item evaluation that are present; it is null, with the reason, where there is none.
    `samples` counts sampling times, `decided_by` lists the items of that worst class, `exceedance` those
    beyond `reference_class` as `code(C/S - 1)`, worst class first; pH and DO have no multiple. `months`
    counts the months with data, `few_months_items` names the items that have too few for a year as
    `code(months)`; `aoi` and `REGISTERED` are those of the register. A parameter outside `limits` that was
    measured has its mean too, behind those of `limits`.
    """
    days = date_samples(found.samples)
    parts = [
        _grade_period(found.sections, select_period(days, period), limits, period, rules)
        for period in periods
    ]
    means = _list_mean_columns(limits, found.samples)
    columns = [*_STATUS_COLUMNS, *means]
    if not parts:
        return GradedSections(pd.DataFrame(columns=columns), pd.DataFrame())
    status = pd.concat([part.status for part in parts], ignore_index=True)
    items = pd.concat([part.items for part in parts], ignore_index=True)
    return GradedSections(status.reindex(columns=columns).astype(_KINDS | dict.fromkeys(means, float)), items)


def _list_mean_columns(limits: pd.DataFrame, samples: pd.DataFrame) -> list[str]:
    listed = limits["code"].unique().tolist()
    others = sorted(set(samples["parameter"].unique()) - set(listed))
    return [f"mean_{code}" for code in [*listed, *others]]


def _grade_period(
    sections: pd.DataFrame, days: pd.DataFrame, limits: pd.DataFrame, period: Period, rules: EvaluationRules
) -> GradedSections:
    """Status of all sections in one period from its samples."""
    means = judge_items(sections, days, limits, period, rules)
    items = means.dropna(subset="class").sort_values(["place", "order"])
    by_place = items.groupby("place")
    worst = items[items["class"] == by_place["class"].transform("max")]
    status = sections.assign(
        period=period.label,
        samples=days.groupby("place")["time"].nunique(),
        months=days.groupby("place")["month"].nunique(),
        water_class=by_place["class"].max(),
        items=by_place["parameter"].agg(";".join),
        decided_by=worst.groupby("place")["parameter"].agg(";".join),
        exceedance=_join_exceedances(items),
        reference_class=by_place["reference"].first(),
        few_months_items=_name_short(means),
    )
    status = status.assign(
        samples=status["samples"].fillna(0),
        months=status["months"].fillna(0).astype(int),
        items=status["items"].astype(object).fillna(""),
        target_met=(status["water_class"] <= status["target_class"]).astype("boolean"),
    )
    status["reason"] = _explain(status, period, rules)
    wide = means.pivot_table(index="place", columns="parameter", values="mean").add_prefix("mean_")
    return GradedSections(status.join(wide), means)


def _name_short(means: pd.DataFrame) -> pd.Series:
    """Evaluated items of each place with too few months for a year, as `code(months)` joined by `;`."""
    short = means[means["is_short"]]
    texts = short["parameter"].astype(str) + "(" + short["months"].astype(str) + ")"
    return texts.groupby(short["place"]).agg(";".join).astype(object)


def _join_exceedances(items: pd.DataFrame) -> pd.Series:
    """Items beyond the reference class at each place, the worst class first, then the largest multiple."""
    beyond = items[items["class"] > items["reference"]]
    beyond = beyond.sort_values(["class", "multiple", "order"], ascending=[False, False, True])
    texts = [
        code if np.isnan(multiple) else f"{code}({multiple:.2f})"
        for code, multiple in zip(beyond["parameter"], beyond["multiple"], strict=True)
    ]
    return pd.Series(texts, index=beyond.index, dtype=object).groupby(beyond["place"]).agg(";".join)


def _explain(status: pd.DataFrame, period: Period, rules: EvaluationRules) -> pd.Series:
    """Why there is no class, what was left out, how many months have data, what the section lacks."""
    whole, some = count_months(period), status["months"]
    counted = some.map(lambda number: SOME_MONTHS.format(some=number, all=whole)).where(some < whole)
    ungraded = counted.mask(status["water_class"].isna(), NO_ITEMS).mask(status["samples"] == 0, NO_SAMPLES)
    pairs = zip(ungraded, _say_left_out(status["few_months_items"], rules), status["note"], strict=True)
    texts = ["；".join(text for text in pair if isinstance(text, str)) or None for pair in pairs]
    return pd.Series(texts, index=status.index, dtype=object)


def _say_left_out(few_months_items: pd.Series, rules: EvaluationRules) -> pd.Series:
    if rules.few_months != "exclude":
        return pd.Series(None, index=few_months_items.index, dtype=object)
    text = LEFT_OUT.format(few=FEW_MONTHS.format(least=rules.year_months), items="{items}")
    return few_months_items.map(lambda items: text.format(items=items), na_action="ignore")


def build_section_indicators(status: pd.DataFrame, aoi_id: str) -> pd.DataFrame:
    """Share of good sections (优良率) and of met targets (达标率), rows of `contracts.INDICATORS`.

    `good_section_share` = sections of class I to III / graded sections; `target_met_share` = sections that
    keep their target class / graded sections that have one; both from 0 to 1, per period, null with the
    reason where the denominator is 0. `status` holds the sections of the area and no others.
    """
    graded = status["water_class"].notna()
    counts = pd.DataFrame(
        {
            "period": status["period"],
            "graded": graded,
            "good": status["water_class"].le(GOOD_CLASS).fillna(value=False),
            "judged": status["target_met"].notna(),
            "met": status["target_met"].fillna(value=False),
        }
    )
    sums = counts.groupby("period", sort=False).sum().astype(float)
    items = status[graded].groupby("period")["items"].agg(join_items).reindex(sums.index).fillna("")
    return pd.concat(
        [
            _build_share("good_section_share", sums["good"], sums["graded"], items, aoi_id, NO_GRADED),
            _build_share("target_met_share", sums["met"], sums["judged"], items, aoi_id, NO_TARGETS),
        ],
        ignore_index=True,
    )


def join_items(items: pd.Series) -> str:
    """Every item of lists joined by `;`, once, in the order of its first appearance."""
    return ";".join(dict.fromkeys(";".join(items).split(";")))


def _build_share(
    name: str, numerator: pd.Series, denominator: pd.Series, items: pd.Series, aoi_id: str, nothing: str
) -> pd.DataFrame:
    shares = pd.DataFrame(
        {
            "indicator": name,
            "aoi": aoi_id,
            "period": numerator.index,
            "value": (numerator / denominator.where(denominator > 0)).to_numpy(),
            "unit": "share",
            "numerator": numerator.to_numpy(),
            "denominator": denominator.to_numpy(),
            "low": np.nan,
            "high": np.nan,
            "target": np.nan,
            "source": (
                "GB 3838-2002 单因子评价 (worst single factor); 参评项目 (items): " + items
            ).to_numpy(),
        }
    )
    return shares.assign(
        reason=pd.Series(nothing, index=shares.index).where(shares["denominator"] == 0, None)
    )
