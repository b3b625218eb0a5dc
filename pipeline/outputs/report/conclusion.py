"""The conclusion of a delivery in sentences that figures make: what failed, what got worse, what better."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.legends import WATER_CLASS
from pipeline.outputs.assessment.section import Section, State
from pipeline.outputs.figures import Course, measure_setback, write_figure
from pipeline.outputs.report.standing import Standing
from pipeline.outputs.texts import find_texts, name_period

_MOST_NAMED = 3
_GRAVITY: tuple[State, ...] = ("bad", "fair", "unknown", "plain", "good")


@dataclass(frozen=True)
class Sentence:
    """What is concluded, and its colour."""

    words: str
    state: State


def conclude(
    standings: Sequence[Standing], sections: Sequence[Section], delivery: Delivery
) -> list[Sentence]:
    """What the figures of the newest period come to, the worst first."""
    words = find_texts("report.lead", delivery.language)
    period = name_period(delivery.periods[-1].label, delivery.language)
    return [
        *_say_leading(sections),
        *_say_sections(delivery, period, words),
        *_say_course("worse", standings, delivery, words),
        *_say_course("better", standings, delivery, words),
        *_say_rest(standings, words),
    ]


def _say_leading(sections: Sequence[Section]) -> Iterator[Sentence]:
    """What each section that leads says first, in the colour of the gravest of its figures."""
    for section in sections:
        if section.leads and section.sentences:
            states = {card.state for card in section.cards}
            yield Sentence(section.sentences[0], next((one for one in _GRAVITY if one in states), "plain"))


def _say_sections(delivery: Delivery, period: str, words: dict[str, str]) -> Iterator[Sentence]:
    """How many sections missed the class that is their target, and which, the worst first."""
    newest = pd.DataFrame(delivery.sections[delivery.sections["period"] == delivery.periods[-1].label])
    judged = newest[newest["target_met"].notna()]
    failed = judged[~judged["target_met"].astype(bool)]
    if judged.empty:
        return
    if failed.empty:
        yield Sentence(words["sections.met"].format(period=period, of=len(judged)), "good")
        return
    classes = {entry.code: entry.name(delivery.language) for entry in WATER_CLASS.classes}
    ranked = failed.sort_values(["water_class", "section"], ascending=[False, True], kind="stable")
    named = [
        words["sections.one"].format(
            section=row["section"],
            water_class=classes[row["water_class"]],
            target=classes[row["target_class"]],
        )
        for row in ranked.head(_MOST_NAMED).to_dict("records")
    ]
    told = words["sections.failed"].format(
        period=period, of=len(judged), failed=len(failed), named=_join(named, len(failed), words)
    )
    yield Sentence(told, "bad")


def _say_course(
    course: Course, standings: Sequence[Standing], delivery: Delivery, words: dict[str, str]
) -> Iterator[Sentence]:
    """How many indicators took a course, and which, the greatest change first."""
    taken = [one for one in standings if one.course == course]
    taken.sort(key=lambda one: -abs(_measure_change(one)))
    if taken:
        named = [_say_change(one, delivery, words) for one in taken[:_MOST_NAMED]]
        told = words[course].format(count=len(taken), named=_join(named, len(taken), words))
        yield Sentence(told, "bad" if course == "worse" else "good")


def _measure_change(standing: Standing) -> float:
    return measure_setback(standing.now, standing.comparisons[0].then, "higher")


def _say_change(standing: Standing, delivery: Delivery, words: dict[str, str]) -> str:
    then, now = standing.comparisons[0].then, standing.now
    assert now is not None
    before, after = (write_figure(one.value, one.unit, delivery.language) for one in (then, now))
    return words["one"].format(name=standing.name, then=before, now=after)


def _say_rest(standings: Sequence[Standing], words: dict[str, str]) -> Iterator[Sentence]:
    """How many indicators are as they were, or cannot be told, so that none is passed over."""
    level = sum(one.course in {"same", "unclear"} for one in standings)
    if level:
        yield Sentence(words["level"].format(count=level), "plain")
    if not any(one.comparisons for one in standings):
        yield Sentence(words["alone"], "plain")


def _join(named: Sequence[str], count: int, words: dict[str, str]) -> str:
    listed = words["list"].join(named)
    return listed if count <= len(named) else words["and_more"].format(listed=listed)
