"""Cards of health: criteria of a scheme from figures of a body, joined to layers and one score and class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.assessment.health.criteria import Figures, join_texts, judge_criterion
from pipeline.assessment.health.scores import find_class
from pipeline.contracts import HEALTH_CARDS, HEALTH_CRITERIA, HEALTH_LAYERS, check_table
from pipeline.settings.health_schemes import HealthScheme, SchemeLayer
from pipeline.settings.sections import WaterBody

TOO_LITTLE = (
    "已知权重 {known:.1%}，低于 {least:.0%}，不定级 / {known:.1%} of weight known, no class below {least:.0%}"
)
NOTHING_KNOWN = "没有任何指标有数据 / no criterion has data"
NO_LAYER = "本层没有任何指标有数据 / no criterion of the layer has data"
OTHER_CRITERIA = "{label} 有数据的指标不同，不作比较 / other criteria known in {label}: not compared"

_CHANGES = {"before": "change", "year_ago": "year_ago_change"}
_SAME = 1e-9
_FULL = 100.0

Card = dict[str, Any]
"""A row of HEALTH_CARDS."""


@dataclass(frozen=True)
class BodyPeriod:
    """A body in a period and all that is known of it."""

    body: str
    name: str
    kind: WaterBody
    period: str
    figures: Figures
    sections: int = 0
    sides: tuple[str, ...] = ()


class HealthTables(NamedTuple):
    """HEALTH_CRITERIA, HEALTH_LAYERS and HEALTH_CARDS."""

    criteria: pd.DataFrame
    layers: pd.DataFrame
    cards: pd.DataFrame


def build_cards(
    bodies: Sequence[BodyPeriod],
    schemes: Mapping[WaterBody, tuple[str, HealthScheme]],
    periods: Sequence[str],
    cycle: int,
    least_weight: float,
) -> HealthTables:
    """Criteria, layers and cards of bodies by the scheme of their kind: its id, and what it says.

    A layer's score is the mean of the known scores of its criteria by their weights, the card's that of the
    layers that have one. So many labels of `periods` before one, `cycle` is that of a year ago.
    """
    parts = [_judge_body(body, *schemes[body.kind]) for body in bodies]
    criteria = _join([part for part, _ in parts], HEALTH_CRITERIA)
    layers = _join([part for _, part in parts], HEALTH_LAYERS)
    cards = [
        _build_card(body, *schemes[body.kind], judged, least_weight)
        for body, judged in zip(bodies, parts, strict=True)
    ]
    compared = pd.DataFrame(_compare(cards, periods, cycle), columns=list(HEALTH_CARDS.columns))
    return HealthTables(criteria, layers, check_table(compared, HEALTH_CARDS))


def _join(parts: Sequence[list[dict[str, Any]]], schema: Any) -> pd.DataFrame:
    rows = [row for part in parts for row in part]
    joined: pd.DataFrame = check_table(pd.DataFrame(rows, columns=list(schema.columns)), schema)
    return joined


def _judge_body(
    body: BodyPeriod, scheme_id: str, scheme: HealthScheme
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    own = {"body": body.body, "body_name": body.name, "period": body.period, "scheme": scheme_id}
    criteria = [
        {**own, **judge_criterion(layer, criterion, body.figures)}
        for layer, criterion in scheme.list_criteria()
    ]
    layers = [{**own, **_join_layer(layer, criteria)} for layer in scheme.layers]
    return criteria, layers


def _join_layer(layer: SchemeLayer, criteria: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rows = [row for row in criteria if row["layer"] == layer.key]
    known = [row for row in rows if not np.isnan(row["score"])]
    weight = sum(row["weight_in_layer"] for row in known)
    score = _average(known, "weight_in_layer")
    return {
        "layer": layer.key,
        "name_zh": layer.name_zh,
        "name_en": layer.name_en,
        "score": score,
        "weight": layer.weight.value,
        "known_weight": min(1.0, weight),
        "criteria": len(rows),
        "criteria_known": len(known),
        "indicative": not layer.weight.confirmed or any(row["indicative"] for row in rows),
        "reason": None if known else NO_LAYER,
    }


def _build_card(
    body: BodyPeriod,
    scheme_id: str,
    scheme: HealthScheme,
    judged: tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]],
    least_weight: float,
) -> dict[str, Any]:
    criteria, layers = judged
    scored = [row for row in criteria if not np.isnan(row["score"])]
    return {
        "body": body.body,
        "body_name": body.name,
        "period": body.period,
        "kind": body.kind,
        "scheme": scheme_id,
        "scheme_name": scheme.name_zh,
        **_rate(scheme, layers, min(1.0, sum(row["weight"] for row in scored)), least_weight),
        "criteria": len(criteria),
        "criteria_known": len(scored),
        "left_out": join_texts(row["name_zh"] for row in criteria if np.isnan(row["score"])),
        "lowest": min(scored, key=lambda row: row["score"])["name_zh"] if scored else None,
        "sides": join_texts(body.sides),
        "sections": body.sections,
        "indicative": not scheme.classes.confirmed or any(row["indicative"] for row in layers),
    }


def _average(known: Sequence[Mapping[str, Any]], weight: str) -> float:
    """The mean of scores by their weights, 100 at most however it is rounded; NaN of none."""
    if not known:
        return np.nan
    total: float = sum(row["score"] * row[weight] for row in known) / sum(row[weight] for row in known)
    return min(_FULL, total)


def _rate(
    scheme: HealthScheme, layers: Sequence[Mapping[str, Any]], known_weight: float, least_weight: float
) -> dict[str, Any]:
    """Score and class from the layers that have one; no class where too little is known."""
    known = [row for row in layers if not np.isnan(row["score"])]
    score = _average(known, "weight")
    enough = bool(known) and known_weight >= least_weight * (1 - _SAME)
    found = find_class(score, scheme.classes) if enough else None
    short = TOO_LITTLE.format(known=known_weight, least=least_weight) if known else NOTHING_KNOWN
    return {
        "score": score,
        "health_class": found.key if found else None,
        "class_zh": found.name_zh if found else None,
        "class_en": found.name_en if found else None,
        "known_weight": known_weight,
        "least_weight": least_weight,
        "reason": None if enough else short,
    }


def _compare(cards: Sequence[Card], periods: Sequence[str], cycle: int) -> list[Card]:
    """Cards beside those of the period before and of a year ago, where the run reaches so far back.

    A change is told where the same criteria are known in both.
    """
    found = {(card["body"], card["period"]): card for card in cards}
    place = {label: number for number, label in enumerate(periods)}
    back = {"before": 1, "year_ago": cycle}
    compared = []
    for card in cards:
        number = place[card["period"]]
        earlier = {name: periods[number - count] for name, count in back.items() if number >= count}
        then = {name: found.get((card["body"], label)) for name, label in earlier.items()}
        compared.append({**card, **_compare_card(card, earlier, then)})
    return compared


def _compare_card(card: Card, earlier: Mapping[str, str], then: Mapping[str, Card | None]) -> Card:
    added: Card = {}
    reasons = [card["reason"]]
    for name, change in _CHANGES.items():
        other = then.get(name)
        added[f"{name}_period"] = earlier.get(name)
        added[f"{name}_score"] = other["score"] if other else np.nan
        same = other is not None and other["left_out"] == card["left_out"]
        added[change] = card["score"] - added[f"{name}_score"] if same else np.nan
        if not same and not np.isnan(card["score"] + added[f"{name}_score"]):
            reasons.append(OTHER_CRITERIA.format(label=earlier[name]))
    return {**added, "reason": join_texts(reasons)}
