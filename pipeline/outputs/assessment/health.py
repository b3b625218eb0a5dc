"""The health of rivers and lakes in the report: what is worst first, both sides of a body, zones."""

from collections.abc import Hashable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.legends import WATER_CLASS
from pipeline.outputs.assessment.layer_maps import draw_layer_map
from pipeline.outputs.assessment.section import (
    Section,
    SectionCard,
    SectionTable,
    State,
    build_section_table,
)
from pipeline.outputs.texts import find_texts

Row = Mapping[Hashable, Any]

_STEM = "health_cards"
_STATES: Mapping[str, State] = MappingProxyType(
    {"1": "good", "2": "good", "3": "fair", "4": "bad", "5": "bad", "excellent": "good", "good": "good",
     "fair": "fair", "poor": "bad", "severe": "bad"}
)  # fmt: skip
_COLUMNS: Mapping[str, list[str]] = MappingProxyType(
    {
        "cards": [
            "period", "body_name", "kind", "score", "health_class", "known_weight", "lowest", "left_out",
            "sides", "sections", "before_score", "change", "year_ago_score", "year_ago_change", "indicative",
            "reason",
        ],
        "sides": [
            "period", "body_name", "side", "registers", "units", "sections", "water_class", "class_position",
            "decided_by", "good_share", "met_share", "reason",
        ],
        "layers": ["period", "body_name", "name", "score", "weight", "known_weight", "indicative", "reason"],
        "criteria": [
            "period", "body_name", "name", "value", "unit", "numerator", "denominator", "score", "weight",
            "basis", "inputs", "source", "indicative", "reason",
        ],
        "sections": [
            "period", "body_name", "side", "register", "section", "linked_by", "distance_m", "water_class",
            "target_class", "target_met", "decided_by", "reason",
        ],
        "reaches": [
            "period", "body_name", "measure", "value", "unit", "numerator", "denominator", "share_inside",
            "in_card", "indicative", "reason",
        ],
        "zones": [
            "period", "zone_name", "variant", "target_class", "sections", "rounds", "rounds_met",
            "met_share", "met", "exceeded", "indicative", "reason",
        ],
    }
)  # fmt: skip
_PERCENT = ("known_weight", "good_share", "met_share", "weight", "share_inside")
_STEMS: Mapping[str, str] = MappingProxyType({"zones": "zone_compliance"})


def build_health_section(delivery: Delivery) -> Section | None:
    """Health of the bodies and compliance of the zones of a delivery; None where it has no such table."""
    cards = delivery.tables.get(_STEM)
    if cards is None:
        return None
    words = find_texts("health", delivery.language)
    last = delivery.periods[-1].label
    latest = cards[cards["period"].eq(last)].sort_values("score", kind="stable", na_position="last")
    sentences = chain(
        *(_write_body(card, words, delivery) for card in latest.to_dict("records")),
        _write_zones(delivery, last, words),
    )
    layer = draw_layer_map("water_bodies", delivery)
    return Section(
        "health",
        words["title"],
        tuple(sentences),
        tuple(_build_card(card, words, delivery) for card in latest.to_dict("records")),
        tuple(_build_tables(delivery, words)),
        maps=(layer,) if layer else (),
        notes=(words["note.scheme"], words["note.sides"], words["note.zones"]),
    )


def _write_body(card: Row, words: Mapping[str, str], delivery: Delivery) -> Iterator[str]:
    said = {"period": card["period"], "name": card["body_name"]}
    if pd.isna(card["score"]):
        yield words["unknown"].format(**said, reason=card["reason"])
    else:
        yield words["body"].format(
            **said,
            scheme=card["scheme"],
            score=f"{card['score']:.1f}",
            klass=_name_class(card, words, delivery),
            known=f"{card['known_weight']:.1%}",
            sections=card["sections"],
            sides=_say_or(card["sides"], words["nothing"]),
        )
        for name in ("change", "year_ago"):
            yield from _write_change(card, name, words)
        yield words["lowest"].format(
            lowest=card["lowest"], left_out=_say_or(card["left_out"], words["nothing"])
        )
    yield from _write_sides(card, words, delivery)


def _say_or(text: Any, nothing: str) -> str:
    return nothing if pd.isna(text) else str(text)


def _write_change(card: Row, name: str, words: Mapping[str, str]) -> Iterator[str]:
    prefix, change = ("before", "change") if name == "change" else (name, f"{name}_change")
    if not pd.isna(card[change]):
        yield words[name].format(before=card[f"{prefix}_period"], change=f"{card[change]:+.1f}")


def _write_sides(card: Row, words: Mapping[str, str], delivery: Delivery) -> Iterator[str]:
    """The sides of a body beside each other, where it has several."""
    rows = delivery.tables["health_sides"]
    own = rows[rows["body"].eq(card["body"]) & rows["period"].eq(card["period"])]
    if len(own) > 1:
        told = (
            words["side"].format(
                side=row["side"], klass=_name_water_class(row["water_class"], words), sections=row["sections"]
            )
            for row in own.to_dict("records")
        )
        yield words["sides"].format(period=card["period"], name=card["body_name"], sides="；".join(told))


def _name_water_class(number: Any, words: Mapping[str, str]) -> str:
    if pd.isna(number):
        return words["class.unknown"]
    entry = next(entry for entry in WATER_CLASS.classes if entry.code == number)
    worst = WATER_CLASS.classes[-1].code
    return (
        words["class.worse"] if number == worst else words["class"].format(number=entry.name_zh.strip("类"))
    )


def _name_class(card: Row, words: Mapping[str, str], delivery: Delivery) -> str:
    named = card[f"class_{delivery.language}"]
    return words["open"] if pd.isna(named) else str(named)


def _write_zones(delivery: Delivery, period: str, words: Mapping[str, str]) -> Iterator[str]:
    """Zones of the area that complied in a period, and which did not."""
    rows = delivery.tables["zone_compliance"]
    own = rows[rows["round"].isna() & rows["period"].eq(period) & rows["here"]]
    for variant, zones in own.groupby("variant", sort=False):
        judged = zones[zones["met"].notna()]
        said = {"period": period, "variant": words[str(variant)]}
        if judged.empty:
            yield words["no_zone"].format(**said)
            continue
        met = judged["met"].astype(bool)
        names = "、".join(judged.loc[~met, "zone_name"])
        failed = words["failed"].format(names=names) if names else ""
        yield words["zones"].format(**said, met=int(met.sum()), judged=len(judged), failed=failed)


def _build_card(card: Row, words: Mapping[str, str], delivery: Delivery) -> SectionCard:
    value: str = "—" if pd.isna(card["score"]) else f"{card['score']:.1f}"
    note = words["card.note"].format(
        klass=_name_class(card, words, delivery), known=f"{card['known_weight']:.1%}"
    )
    state: State = (
        "unknown" if pd.isna(card["health_class"]) else _STATES.get(str(card["health_class"]), "plain")
    )
    return SectionCard(f"{card['body_name']} {card['period']}", value, note, state)


def _build_tables(delivery: Delivery, words: Mapping[str, str]) -> Iterator[SectionTable]:
    for name, columns in _COLUMNS.items():
        stem = _STEMS.get(name, f"health_{name}")
        rows = delivery.tables[stem].rename(columns={f"name_{delivery.language}": "name"})
        shown = rows[rows["round"].isna()] if name == "zones" else rows
        percent = [column for column in _PERCENT if column in columns]
        if name in {"criteria", "reaches"}:
            percent = ["value"]
        if len(shown):
            yield build_section_table(words[f"table.{name}"], stem, shown[columns], delivery, percent=percent)
