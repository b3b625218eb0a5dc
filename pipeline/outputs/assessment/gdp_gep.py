"""GDP beside GEP in the report."""

from collections.abc import Iterator, Mapping

import pandas as pd

from pipeline.contracts import JOINT_COURSES, Delivery
from pipeline.outputs.assessment.section import Section, SectionCard, build_section_table
from pipeline.outputs.texts import choose_words, find_texts

_STEM = "gdp_gep"
_COLUMNS = [
    "name", "period", "gdp_yuan", "gdp_rank", "gdp_change", "gep_yuan", "gep_rank", "gep_change",
    "gep_comparable_change", "gep_gdp_ratio", "joint", "partial_yuan", "known", "of", "indicative", "reason",
]  # fmt: skip
_CHANGES = ["gdp_change", "gep_change", "gep_comparable_change"]


def build_gdp_gep_section(delivery: Delivery) -> Section | None:
    """GDP and GEP of area and towns, the newest period first; None where the delivery has no such table."""
    rows = delivery.tables.get(_STEM)
    if rows is None:
        return None
    words = find_texts(_STEM, delivery.language)
    own = delivery.area_name
    named = rows.assign(
        name=rows["name"].mask(rows["region"].eq(delivery.aoi.id), own),
        reason=rows["reason"].map(lambda reason: choose_words(reason, delivery.language), na_action="ignore"),
    )
    order = {period.label: -number for number, period in enumerate(delivery.periods)}
    newest = named.sort_values("period", key=lambda labels: labels.map(order), kind="stable")
    table = build_section_table(words["table"], _STEM, newest[_COLUMNS], delivery, percent=_CHANGES)
    last = named[named["period"].eq(delivery.periods[-1].label)]
    return Section(
        _STEM,
        words["title"],
        tuple(_write_sentences(last, delivery, words)),
        tuple(_list_cards(last, delivery, words)),
        (table,),
        notes=(words["note"],),
    )


def _write_sentences(last: pd.DataFrame, delivery: Delivery, words: Mapping[str, str]) -> Iterator[str]:
    """What fell first, then who stands first, then what is not known."""
    period = delivery.periods[-1].label
    counts = last["joint"].value_counts()
    if len(counts):
        told = {course: int(counts.get(course, 0)) for course in JOINT_COURSES}
        yield words["joint"].format(period=period, **told)
    fallen = last.loc[last["joint"].eq("both_fell"), "name"]
    if len(fallen):
        yield words["fell"].format(names=words["between"].join(fallen))
    tops = {
        name: words["between"].join(last.loc[last[f"{name}_rank"].eq(1).fillna(value=False), "name"]) or "—"
        for name in ("gdp", "gep")
    }
    if set(tops.values()) != {"—"}:
        of = int(last[["gdp_ranked", "gep_ranked"]].max().max())
        yield words["first"].format(period=period, of=of, **tops)
    for row in last.dropna(subset="reason").itertuples():
        yield words["unknown"].format(period=period, name=row.name, reason=row.reason)


def _list_cards(last: pd.DataFrame, delivery: Delivery, words: Mapping[str, str]) -> Iterator[SectionCard]:
    for row in last[last["region"].eq(delivery.aoi.id) & last["gep_gdp_ratio"].notna()].itertuples():
        name = words["ratio"].format(period=row.period)
        yield SectionCard(name, f"{row.gep_gdp_ratio:.4g}", "GEP / GDP")
