"""What a bulletin says of the value of what nature gives: GEP, or the partial sum that is none."""

from pipeline.outputs.bulletin.comparing import AreaFigures
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.bulletin.wording import write_period
from pipeline.outputs.published import Moment, Row
from pipeline.outputs.texts import find_text, find_texts

_TABLE, _SUMS = "account_totals", ("GEP", "partial")


def say_values(area: AreaFigures, evidence: EvidenceBook) -> list[str]:
    """The sum of an area on the basis that stands first, beside that of the period before if it is alike."""
    before = _list_sums(area, area.moments.before)
    return [
        _say_value(row, next((one for one in before if _is_alike(row, one)), None), area, evidence)
        for row in _list_sums(area, area.moments.now)[:1]
    ]


def _list_sums(area: AreaFigures, moment: Moment) -> list[Row]:
    return area.delivery.list_rows(_TABLE, region=[area.delivery.aoi], service=_SUMS, period=[moment.label])


def _is_alike(one: Row, other: Row) -> bool:
    """Whether two sums are on one basis and of as many indicators; else they are not the same thing."""
    return all(one.find(column) == other.find(column) for column in ("basis", "service", "known", "of"))


def _say_value(row: Row, before: Row | None, area: AreaFigures, evidence: EvidenceBook) -> str:
    words = find_texts("bulletin", evidence.language)
    value = row.cell("value_yuan", "yuan")
    said = words["value"].format(
        area=area.delivery.name(evidence.language),
        sum=words[f"code.service.{row.text('service')}"],
        basis=words[f"code.basis.{row.text('basis')}"],
        value=evidence.write_cell(value),
        known=evidence.write_cell(row.cell("known", "")),
        of=evidence.write_cell(row.cell("of", "")),
        mark=_mark_indicative(row, evidence),
    )
    if before is None:
        return said + words["stop"]
    change = evidence.write_change(value, before.cell("value_yuan", "yuan"))
    since = words["since"].format(
        period=write_period(area.moments.before.label, area, evidence), change=change
    )
    return said + words["comma"] + since + words["stop"]


def _mark_indicative(row: Row, evidence: EvidenceBook) -> str:
    if not row.find("indicative"):
        return ""
    language = evidence.language
    return find_text("bulletin.comma", language) + find_text("assessment.indicative", language)
