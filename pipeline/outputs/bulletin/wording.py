"""Conclusions in sentences made from figures, what got worse first."""

from collections.abc import Iterator, Sequence

from pipeline.outputs.bulletin.comparing import AreaFigures, Compared, Known
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.columns import Language
from pipeline.outputs.figures import Course
from pipeline.outputs.texts import choose_words, find_texts, name_period


def write_period(label: str, area: AreaFigures, evidence: EvidenceBook) -> str:
    """A period as people say it, which the delivery of an area is compared by."""
    return evidence.write_fact(name_period(label, evidence.language), area.delivery.id)


def say_courses(areas: Sequence[AreaFigures], course: Course, evidence: EvidenceBook) -> list[str]:
    """A sentence for each indicator that took a course, the greatest change first."""
    every = [(area, one) for area in areas for one in area.compared if one.course == course]
    every.sort(key=lambda pair: -abs(pair[1].setback))
    return [_say_course(area, one, evidence) for area, one in every]


def say_gaps(areas: Sequence[AreaFigures], language: Language) -> Iterator[str]:
    """What is not known of the indicators that are good or bad, and why: a sentence an area and reason."""
    words = find_texts("bulletin", language)
    for area in areas:
        reasons: dict[str, list[str]] = {}
        for one in area.compared:
            if one.better and one.now is None:
                reason = choose_words(one.reason, language) or words["no_reason"]
                reasons.setdefault(reason, []).append(one.name(language))
        for reason, names in reasons.items():
            listed = words["list"].join(names)
            yield words["unknown"].format(area=area.delivery.name(language), indicators=listed, reason=reason)


def _say_course(area: AreaFigures, one: Compared, evidence: EvidenceBook) -> str:
    words = find_texts("bulletin", evidence.language)
    parts = [
        words["since"].format(period=write_period(label, area, evidence), change=change)
        for label, change in _list_changes(area, one, evidence)
    ]
    return words["course"].format(
        course=words[f"courses.{one.course}"],
        area=area.delivery.name(evidence.language),
        indicator=one.name(evidence.language),
        value=evidence.write_cell(one.now.cell if one.now else None),
        changes=words["comma"].join(parts),
    )


def _list_changes(area: AreaFigures, one: Compared, evidence: EvidenceBook) -> Iterator[tuple[str, str]]:
    moments = area.moments
    for moment, then in ((moments.before, one.before), (moments.year_ago, one.year_ago)):
        if then is not None and (moment is moments.before or moments.year_ago != moments.before):
            yield moment.label, write_known_change(one.now, then, evidence)


def write_known_change(now: Known | None, then: Known | None, evidence: EvidenceBook) -> str:
    """By how much an indicator rose or fell, in words."""
    return evidence.write_change(now.cell if now else None, then.cell if then else None)
