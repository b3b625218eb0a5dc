"""What a bulletin says of the sections of an area: how many are good, which got worse or better."""

import re

from pipeline.legends import WATER_CLASS
from pipeline.outputs.bulletin.comparing import AreaFigures
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.bulletin.wording import write_period
from pipeline.outputs.columns import Language, describe_parameter
from pipeline.outputs.published import Row
from pipeline.outputs.texts import find_text

_EVALUATION, _CHANGE = "rivers_evaluation", "sections_change"
_COUNTS = ("sections_graded", "good_sections", "worst_sections")
_SHARES = ("good_percent", "worst_percent")
_POLLUTANTS = "main_pollutants"


def say_waters(area: AreaFigures, evidence: EvidenceBook) -> list[str]:
    """How the sections of an area are, water body by water body; nothing where none was graded."""
    rows = area.delivery.list_rows(_EVALUATION, scope=["area"], period=[area.moments.now.label])
    return [_say_evaluation(row, evidence) for row in rows if row.find("sections_graded") > 0]


def say_section_changes(area: AreaFigures, evidence: EvidenceBook) -> list[tuple[float, str]]:
    """Sections whose class changed since the period before, with by how many classes it rose."""
    rows = area.delivery.list_rows(
        _CHANGE, from_period=[area.moments.before.label], to_period=[area.moments.now.label]
    )
    changes = [(float(row.find("class_change")), row) for row in rows]
    return [(change, _say_change(change, row, area, evidence)) for change, row in changes if abs(change) > 0]


def _say_change(change: float, row: Row, area: AreaFigures, evidence: EvidenceBook) -> str:
    language = evidence.language
    return find_text(f"bulletin.section.{'better' if change > 0 else 'worse'}", language).format(
        area=area.delivery.name(language),
        section=row.text("section"),
        period=write_period(area.moments.before.label, area, evidence),
        before=_name_class(row.find("class_before"), language),
        after=_name_class(row.find("class_after"), language),
    )


def _say_evaluation(row: Row, evidence: EvidenceBook) -> str:
    units = {**dict.fromkeys(_COUNTS, ""), **dict.fromkeys(_SHARES, "percent")}
    figures = {column: evidence.write_cell(row.cell(column, unit)) for column, unit in units.items()}
    body = find_text(f"bulletin.{row.text('water_body')}", evidence.language)
    said = find_text("bulletin.waters", evidence.language).format(body=body, **figures)
    return f"{said}{_say_pollutants(row, evidence)}"


def _say_pollutants(row: Row, evidence: EvidenceBook) -> str:
    listed = re.findall(r"(\w+)\(([\d.]+%)\)", row.text(_POLLUTANTS))
    if not listed:
        return ""
    names = [
        f"{describe_parameter(code).name(evidence.language)} {evidence.write_words(row, _POLLUTANTS, share)}"
        for code, share in listed
    ]
    comma = find_text("bulletin.list", evidence.language)
    return find_text("bulletin.pollutants", evidence.language).format(pollutants=comma.join(names))


def _name_class(code: float, language: Language) -> str:
    found = WATER_CLASS.by_code().get(int(code))
    return found.name(language) if found else find_text("legend.other", language)
