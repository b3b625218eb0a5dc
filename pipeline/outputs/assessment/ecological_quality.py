"""The ecological quality index (EQI) in the report."""

from collections.abc import Iterator, Mapping

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.ecological_index import (
    choose_names,
    find_latest,
    list_rejects,
    write_change,
)
from pipeline.outputs.assessment.section import Section, SectionCard, build_section_table
from pipeline.outputs.texts import find_text, find_texts

_STEM = "ecological_quality"
_COLUMNS = [
    "period", "level", "name", "value", "weight", "weighted", "grade", "before_change", "change_word",
    "indicative", "reason",
]  # fmt: skip


def build_ecological_quality_section(delivery: Delivery) -> Section | None:
    """EQI of the periods of a delivery; None where it has no such table."""
    rows = delivery.tables.get(_STEM)
    if rows is None:
        return None
    words = find_texts("eqi", delivery.language)
    words["change"] = find_text("ei.change", delivery.language)
    named = choose_names(rows, delivery)
    table = build_section_table(words["table.index"], _STEM, named[_COLUMNS], delivery)
    return Section(
        _STEM,
        words["title"],
        tuple(_write_sentences(named[named["level"].eq(0)], words)),
        tuple(_list_cards(named, words)),
        (table, *list_rejects(_STEM, delivery)),
        notes=(words["note.scheme"],),
    )


def _write_sentences(totals: pd.DataFrame, words: Mapping[str, str]) -> Iterator[str]:
    for _, total in totals.iloc[::-1].iterrows():
        said = {"period": total["period"]}
        if pd.isna(total["value"]):
            yield words["none"].format(**said, reason=total["reason"])
            continue
        yield words["value"].format(**said, value=f"{total['value']:.2f}", grade=total["grade"])
        yield from write_change(total, words)


def _list_cards(rows: pd.DataFrame, words: Mapping[str, str]) -> Iterator[SectionCard]:
    total = find_latest(rows[rows["level"].eq(0)]).iloc[0]
    known = pd.notna(total["value"])
    value = f"{total['value']:.2f}" if known else "—"
    grade = total["grade"] if known else ""
    yield SectionCard(f"{total['name']} {total['period']}", value, grade, "plain" if known else "unknown")
    for _, part in rows[rows["level"].eq(1) & rows["period"].eq(total["period"])].iterrows():
        value = "—" if pd.isna(part["value"]) else f"{part['value']:.2f}"
        weight = "—" if pd.isna(part["weight"]) else f"{part['weight']:g}"
        note = words["card"].format(period=part["period"], weight=weight)
        yield SectionCard(part["name"], value, note, "unknown" if value == "—" else "plain")
