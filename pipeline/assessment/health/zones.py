"""Compliance of water function zones: by round, and over a period, with two factors and with all items."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.assessment.health.criteria import HealthFigure
from pipeline.contracts import INDICATORS, ZONE_COMPLIANCE, check_table
from pipeline.indices.sections.limits import classify_values
from pipeline.indices.sections.months import MeanRules, compute_monthly_means, label_months, select_period
from pipeline.periods import Period

VARIANTS = ("two_factor", "full_factor")
NO_TARGET = "水功能区没有目标类别 / the zone has no target class"
NO_READING = "没有监测数据 / no reading"
NO_FACTOR = "缺氨氮，或高锰酸盐指数与化学需氧量 / without NH3-N, or without CODMn and COD"
NO_ITEM = "没有参评项目 / no item of the evaluation"
NO_ROUND = "时段内没有可评价的轮次 / no round of the period was judged"
NO_ZONE = "没有可评价的水功能区 / no zone was judged"
RULE = "达标轮次比例出自记忆，未见原文（参考） / the share of rounds is from knowledge, unconfirmed"
_SAME = 1e-9
_OXYGEN_DEMAND = ("CODMn", "COD")
_AMMONIA = "NH3N"


class ZoneSamples(NamedTuple):
    """Dated samples with `place`, sections by place, and zones: zone, name, kind, body, target, `places`."""

    days: pd.DataFrame
    sections: pd.DataFrame
    zones: pd.DataFrame


def judge_zones(
    found: ZoneSamples, periods: Sequence[Period], limits: pd.DataFrame, rules: MeanRules, least_rounds: float
) -> pd.DataFrame:
    """ZONE_COMPLIANCE: of every zone, period and variant its rounds, then the period itself.

    A round is a month with readings at a section of the zone; a section meets the target in it where the
    monthly means of its items are of the target class or better. The rule for a period is from knowledge,
    unconfirmed.
    """
    rows = [
        row
        for period in periods
        for row in _judge_period(found, period, _judge_months(found, period, limits, rules), least_rounds)
    ]
    table: pd.DataFrame = check_table(
        pd.DataFrame(rows, columns=list(ZONE_COMPLIANCE.columns)), ZONE_COMPLIANCE
    )
    return table


def _judge_months(found: ZoneSamples, period: Period, limits: pd.DataFrame, rules: MeanRules) -> pd.DataFrame:
    """Monthly means of all sections: place, month, parameter, `class`."""
    means = compute_monthly_means(select_period(found.days, period), rules)
    evaluated = means["parameter"].isin(limits.loc[limits["in_21"] == "1", "code"])
    rows = means[evaluated].reset_index(drop=True)
    bodies = rows["place"].map(found.sections["water_body"])
    classes = classify_values(rows["mean"], rows["parameter"].astype(str), bodies, limits)
    return rows.assign(**{"class": classes}, label=label_months(rows["month"])).dropna(subset="class")


def _judge_period(
    found: ZoneSamples, period: Period, means: pd.DataFrame, least_rounds: float
) -> Iterator[dict[str, Any]]:
    for zone in found.zones.to_dict("records"):
        own = means[means["place"].isin(zone["places"])]
        for variant in VARIANTS:
            facts = {
                "zone": zone["zone"], "zone_name": zone["name"], "zone_kind": zone["kind"],
                "body": zone["body"],
                "place": zone["place"], "period": period.label, "variant": variant,
                "target_class": zone["target_class"], "sections": len(zone["places"]), "here": zone["here"],
                "least_rounds": least_rounds,
            }  # fmt: skip
            rounds = [
                {
                    **facts,
                    **_judge_round(month, zone["target_class"], variant, found.sections),
                    "round": label,
                }
                for label, month in own.groupby("label", sort=True)
            ]
            yield from rounds
            yield {**facts, **_join_rounds(rounds, zone["target_class"], own, least_rounds), "round": None}


def _judge_round(
    month: pd.DataFrame, target: int | None, variant: str, sections: pd.DataFrame
) -> dict[str, Any]:
    """Whether all sections that were sampled in a month, and can be judged, met the target."""
    items = pd.concat([_choose_items(rows, variant) for _, rows in month.groupby("place")])
    sampled = month["place"].nunique()
    if target is None or pd.isna(target) or items.empty:
        without = NO_FACTOR if variant == "two_factor" else NO_ITEM
        reason = NO_TARGET if target is None or pd.isna(target) else without
        return _leave_open(sampled, reason)
    beyond = items[items["class"] > target]
    names = beyond["place"].map(sections["section"])
    short = sampled - items["place"].nunique()
    return {
        "sections_sampled": sampled,
        "items": ";".join(dict.fromkeys(items["parameter"])),
        "exceeded": "；".join(
            f"{code}({name})" for code, name in zip(beyond["parameter"], names, strict=True)
        )
        or None,
        "rounds": 1,
        "rounds_met": int(beyond.empty),
        "met_share": float(beyond.empty),
        "met": beyond.empty,
        "indicative": False,
        "reason": f"{short} 个断面：{NO_FACTOR}" if short else None,
    }


def _choose_items(rows: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Items of a section in a month that a variant judges; none where it has not all that it needs."""
    if variant == "full_factor":
        return rows
    known = set(rows["parameter"])
    demand = next((code for code in _OXYGEN_DEMAND if code in known), None)
    wanted = [demand, _AMMONIA] if demand and _AMMONIA in known else []
    return rows[rows["parameter"].isin(wanted)]


def _leave_open(sampled: int, reason: str) -> dict[str, Any]:
    open_ = {"items": None, "exceeded": None, "rounds": 0, "rounds_met": 0, "met_share": np.nan, "met": None}
    return {**open_, "sections_sampled": sampled, "indicative": False, "reason": reason}


def _join_rounds(
    rounds: Sequence[dict[str, Any]], target: int | None, means: pd.DataFrame, least_rounds: float
) -> dict[str, Any]:
    judged = [one for one in rounds if one["met"] is not None]
    sampled = means["place"].nunique()
    if not judged:
        nothing = NO_TARGET if target is None or pd.isna(target) else NO_ROUND if rounds else NO_READING
        return _leave_open(sampled, nothing)
    met = sum(one["rounds_met"] for one in judged)
    exceeded = [f"{one['round']} {one['exceeded']}" for one in judged if one["exceeded"]]
    items = [code for one in judged for code in one["items"].split(";")]
    return {
        "sections_sampled": sampled,
        "items": ";".join(dict.fromkeys(items)),
        "exceeded": "；".join(exceeded) or None,
        "rounds": len(judged),
        "rounds_met": met,
        "met_share": met / len(judged),
        "met": met / len(judged) >= least_rounds - _SAME,
        "indicative": True,
        "reason": RULE,
    }


def measure_zones(compliance: pd.DataFrame, body: str, period: str) -> HealthFigure:
    """Share of the zones on a body that complied in a period, by two factors."""
    rows = compliance[compliance["round"].isna() & (compliance["variant"] == "two_factor")]
    rows = rows[(rows["body"] == body) & (rows["period"] == period) & rows["met"].notna()]
    if rows.empty:
        return HealthFigure(float("nan"), "sections", reason=NO_ZONE)
    met = float(rows["met"].sum())
    said = f"{met:.0f}/{len(rows)} 个水功能区 zones，双因子 two factors"
    return HealthFigure(met / len(rows), "sections", said, met, float(len(rows)), indicative=True)


def build_zone_indicators(compliance: pd.DataFrame, aoi: str, periods: Sequence[str]) -> pd.DataFrame:
    """INDICATORS: share of the zones of the area that complied, by variant and period; null without one."""
    rows = compliance[compliance["round"].isna() & compliance["here"]]
    found = []
    for variant in VARIANTS:
        for period in periods:
            own = rows[(rows["variant"] == variant) & (rows["period"] == period) & rows["met"].notna()]
            met, judged = float(own["met"].sum()), float(len(own))
            found.append(
                {
                    "indicator": f"zone_compliance_{variant}",
                    "aoi": aoi,
                    "period": period,
                    "value": met / judged if judged else np.nan,
                    "unit": "share",
                    "numerator": met,
                    "denominator": judged,
                    "source": f"zone_compliance; {RULE}",
                    "reason": None if judged else NO_ZONE,
                }
            )
    return pd.DataFrame(found, columns=list(INDICATORS.columns))
