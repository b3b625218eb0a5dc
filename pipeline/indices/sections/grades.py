"""River sections graded by the worst single factor against GB 3838-2002; shares of good, of targets met."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.indices.sections.months import (
    PLAIN_RULES,
    MeanRules,
    compute_period_means,
    date_samples,
    select_period,
)
from pipeline.indices.sections.places import REGISTERED, PlacedSamples, place_samples
from pipeline.periods import Period

WORSE_THAN_V = 6
GOOD_CLASS = 3

_CLASS_COLUMNS = [f"class_{number}" for number in range(1, 6)]
# a mean of 0.2, 0.2 and 0.2 is 0.20000000000000004 and still 0.2
_SAME = 1e-12
_STATUS_COLUMNS = [
    "section_id", "province", "basin", "section", "water_body", "period", "samples", "items", "water_class",
    "decided_by", "exceedance", "target_class", "target_met", "lon", "lat", "aoi", *REGISTERED,
    "months", "reason",
]  # fmt: skip

_KINDS: dict[str, Any] = {
    "samples": int, "months": int, "water_class": "Int64", "target_class": "Int64", "target_met": "boolean",
    "lon": float, "lat": float,
}  # fmt: skip

NO_SAMPLES = "本期无监测数据 (no samples in the period)"
NO_ITEMS = "无参评项目 (no item of the evaluation was measured)"
SOME_MONTHS = "{all}个月中{some}个月有数据 (months with data: {some} of {all})"
NO_GRADED = "本期无可评价断面 (no section could be graded in the period)"
NO_TARGETS = "无设定目标且可评价的断面 (no graded section has a target class)"


def classify_value(code: str, value: float, water_body: str, limits: pd.DataFrame) -> int:
    """Class of one value, 1 to 6 (worse than V); ValueError for an item that has no classes there."""
    found = classify_values(pd.Series([value]), pd.Series([code]), pd.Series([water_body]), limits).iloc[0]
    if pd.isna(found):
        raise ValueError(f"{code} = {value} has no class in a {water_body}")
    return int(found)


def classify_values(
    values: pd.Series, codes: pd.Series, water_bodies: pd.Series, limits: pd.DataFrame
) -> pd.Series:
    """Classes 1 to 6 (`Int64`) of values in the units of the standard, aligned with them.

    `limits` is the table `water_limits`. A value on a limit belongs to the better class; values are told
    apart from a limit by more than 1e-12 of it. pH is of class I inside its range, both ends included, and
    worse than V outside. Null where the value is NaN or the item has no classes in that water body.
    """
    found = np.full(len(values), np.nan)
    numbers = values.to_numpy(dtype=float)
    rows = pd.DataFrame({"code": codes.to_numpy(), "body": water_bodies.to_numpy()})
    kinds = rows.drop_duplicates()
    numbers_of_kind = rows.groupby(["code", "body"], sort=False).ngroup()
    for number, (code, body) in enumerate(zip(kinds["code"], kinds["body"], strict=True)):
        places = np.flatnonzero(numbers_of_kind == number)
        limit = _find_limit(limits, code, body)
        if limit is not None:
            found[places] = _classify_item(numbers[places], limit)
    found[np.isnan(numbers)] = np.nan
    return pd.Series(pd.array(found, dtype="Float64"), index=values.index).astype("Int64")


def _find_limit(limits: pd.DataFrame, code: str, water_body: str) -> "pd.Series[str] | None":
    here = limits["water_body"].isin(["any", water_body]) & (limits["rule"] != "none")
    rows = limits[here & (limits["code"] == code)]
    return None if rows.empty else rows.iloc[0]


def _classify_item(values: NDArray[np.float64], limit: "pd.Series[str]") -> NDArray[np.float64]:
    if limit["rule"] == "range":
        low, high = (float(part) for part in limit["class_1"].split("-"))
        inside = (values >= low * (1 - _SAME)) & (values <= high * (1 + _SAME))
        return np.where(inside, 1.0, float(WORSE_THAN_V))
    sign = -1.0 if limit["rule"] == "min" else 1.0
    bounds = sign * limit[_CLASS_COLUMNS].to_numpy(dtype=float)
    beyond = np.searchsorted(bounds + np.abs(bounds) * _SAME, sign * values, side="left")
    return (beyond + 1).astype(float)


def grade_sections(
    samples: pd.DataFrame,
    periods: Sequence[Period],
    limits: pd.DataFrame,
    register: pd.DataFrame | None = None,
    *,
    rules: MeanRules = PLAIN_RULES,
) -> pd.DataFrame:
    """`grade_periods` for samples (`contracts.SAMPLES`, with `time`, perhaps `section_id`) by their sections.

    `register` has the columns of `ingest.samples.read_sections`. A sample belongs to the section of the
    register with its id, else its name, else its alias, where province and basin agree as far as both are
    given and only one section fits.
    """
    return grade_periods(place_samples(samples, register), periods, limits, rules=rules)


def grade_periods(
    found: PlacedSamples, periods: Sequence[Period], limits: pd.DataFrame, *, rules: MeanRules = PLAIN_RULES
) -> pd.DataFrame:
    """Status of every section in every period (`contracts.SECTION_STATUS`), by the worst single factor.

    `limits` is the table `water_limits`. Days are those of China. A period's mean is the mean of its monthly
    means over the months with data (`reason` says how many, where some have none); pH is averaged as hydrogen
    ions, faecal coliforms geometrically (unconfirmed); `rules` say the rest. The class is the worst over the
    items of the 21-item evaluation that are present; it is null, with the reason, where there is none.
    `samples` counts sampling times, `decided_by` lists the items of that worst class, `exceedance` those
    beyond the target class (III without a target) as `code(C/S - 1)`, worst class first; pH and DO have no
    multiple. `months` counts the months with data; `aoi` and `REGISTERED` are those of the register. A
    parameter outside `limits` that was measured has its mean too, behind those of `limits`.
    """
    days = date_samples(found.samples)
    parts = [
        _grade_period(found.sections, select_period(days, period), limits, period, rules)
        for period in periods
    ]
    means = _list_mean_columns(limits, found.samples)
    columns = [*_STATUS_COLUMNS, *means]
    status = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return status.reindex(columns=columns).astype(_KINDS | dict.fromkeys(means, float))


def _list_mean_columns(limits: pd.DataFrame, samples: pd.DataFrame) -> list[str]:
    listed = limits["code"].unique().tolist()
    others = sorted(set(samples["parameter"].unique()) - set(listed))
    return [f"mean_{code}" for code in [*listed, *others]]


def _grade_period(
    sections: pd.DataFrame, days: pd.DataFrame, limits: pd.DataFrame, period: Period, rules: MeanRules
) -> pd.DataFrame:
    """Status of all sections in one period from its samples."""
    means = compute_period_means(days, rules)
    items = judge_means(means.join(sections[["water_body", "target_class"]], on="place"), limits)
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
    )
    status = status.assign(
        samples=status["samples"].fillna(0),
        months=status["months"].fillna(0).astype(int),
        items=status["items"].astype(object).fillna(""),
        target_met=(status["water_class"] <= status["target_class"]).astype("boolean"),
    )
    status["reason"] = _explain(status, period)
    wide = means.pivot_table(index="place", columns="parameter", values="mean").add_prefix("mean_")
    return status.join(wide)


def judge_means(means: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Means of the evaluated items in the order of the standard: class, bound to keep, multiple above it.

    `means` has `place` (what a mean is of), `parameter`, `mean`, `water_body`, `target_class`; added are
    `class` (1 to 6), `reference` (the target class, III without one), `order` (of the item in `limits`),
    `bound` (the upper limit of the reference class) and `multiple` (C/S - 1, NaN for pH and DO). Items
    outside the 21-item evaluation and those without classes in the water body are left out.
    """
    order = {code: number for number, code in enumerate(limits["code"].unique())}
    evaluated = means[means["parameter"].isin(limits.loc[limits["in_21"] == "1", "code"])]
    items = evaluated.assign(
        **{
            "class": classify_values(
                evaluated["mean"], evaluated["parameter"], evaluated["water_body"], limits
            )
        },
        reference=evaluated["target_class"].fillna(GOOD_CLASS).astype(int),
        order=evaluated["parameter"].map(order),
    ).dropna(subset="class")
    items = items.merge(list_upper_limits(limits), on=["parameter", "water_body", "reference"], how="left")
    items["multiple"] = items["mean"] / items["bound"] - 1
    return items.sort_values(["place", "order"])


def list_upper_limits(limits: pd.DataFrame) -> pd.DataFrame:
    """Upper limits, one row per parameter, water body and class."""
    upper = limits[limits["rule"] == "max"].rename(columns={"code": "parameter"})
    bodies = {"any": ["river", "lake"], "river": ["river"], "lake": ["lake"]}
    upper = upper.assign(water_body=upper["water_body"].map(bodies)).explode("water_body")
    long = upper.melt(["parameter", "water_body"], _CLASS_COLUMNS, var_name="reference", value_name="bound")
    number = long["reference"].str.removeprefix("class_").astype(int)
    return long.assign(reference=number, bound=long["bound"].astype(float))


def _join_exceedances(items: pd.DataFrame) -> pd.Series:
    """Items beyond the reference class at each place, the worst class first, then the largest multiple."""
    beyond = items[items["class"] > items["reference"]]
    beyond = beyond.sort_values(["class", "multiple", "order"], ascending=[False, False, True])
    texts = [
        code if np.isnan(multiple) else f"{code}({multiple:.2f})"
        for code, multiple in zip(beyond["parameter"], beyond["multiple"], strict=True)
    ]
    return pd.Series(texts, index=beyond.index, dtype=object).groupby(beyond["place"]).agg(";".join)


def _explain(status: pd.DataFrame, period: Period) -> pd.Series:
    """Why there is no class, how many months have data where some have none, what the section lacks."""
    whole, some = count_months(period), status["months"]
    counted = some.map(lambda number: SOME_MONTHS.format(some=number, all=whole)).where(some < whole)
    ungraded = counted.mask(status["water_class"].isna(), NO_ITEMS).mask(status["samples"] == 0, NO_SAMPLES)
    pairs = zip(ungraded, status["note"], strict=True)
    texts = ["；".join(text for text in pair if isinstance(text, str)) or None for pair in pairs]
    return pd.Series(texts, index=status.index, dtype=object)


def count_months(period: Period) -> int:
    """Calendar months that a period touches."""
    return (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1


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
