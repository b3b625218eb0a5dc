"""What stands around a table of surveys: site, date, observers and method of all its records."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline.ingest.samples.cells import narrow
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.species.facts import SurveyFacts, SurveyWords, name_group
from pipeline.ingest.species.numerals import write_digits

_ROWS = 8
_TOLD = re.compile(r"(?P<key>[^\s:,，;；]{2,8}):\s*(?P<value>.*?)(?=\s+[^\s:]{2,8}:|\s{2,}|[;；]|$)")
_DAYS = re.compile(r"[12][0-9]{3}年[0-9]{1,2}月(?:[0-9]{1,2}日)?(?:[-至~—]+(?:[0-9]{1,2}月)?[0-9]{1,2}日)?")
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_OF_THE_PAPER = re.compile(r"填表|填报|编制|印发|打印|录入|审核|截至|下载")
_ROLES = frozenset({"site", "date", "method", "observers", "species_group"})


def read_survey_title(sheet: str, above: Sequence[Sequence[str]], words: SurveyWords) -> SurveyFacts:
    """What the rows above a table and the name of its sheet say.

    Read are `调查地点：东滩`, and days that a title without a colon names, unless it says that they are those
    of the paper (填报, 编制). A sheet may be called by a site, a day or a group.
    """
    lines = [narrow(text) for text in dict.fromkeys(text for row in above[-_ROWS:] for text in row) if text]
    told = SurveyFacts()
    for line in lines:
        told = told.over(_read_pairs(line, words)).over(_read_line(line, words))
    group = SurveyFacts(species_group=sheet if name_group(sheet) else "")
    return told.over(_read_line(narrow(sheet), words)).over(group)


def find_year(texts: Iterable[str]) -> int | None:
    """The one year that texts name, None where they name several."""
    years = {int(year) for text in texts for year in _YEAR.findall(write_digits(narrow(text)))}
    return years.pop() if len(years) == 1 else None


def _read_pairs(line: str, words: SurveyWords) -> SurveyFacts:
    """What a line tells as key and value."""
    told = {
        words.roles.get(fold(parts["key"]), ""): parts["value"].strip()
        for parts in _TOLD.finditer(line.replace("：", ":"))
    }
    return replace(SurveyFacts(), **{role: value for role, value in told.items() if role in _ROLES})


def _read_line(line: str, words: SurveyWords) -> SurveyFacts:
    """The site that a line is called by, and the one span of days in it."""
    if ":" in line or "：" in line or _OF_THE_PAPER.search(line):
        return SurveyFacts()
    heading = words.read(line)
    if heading and heading.facts.is_axis and not heading.facts.species:
        return heading.facts
    days = set(_DAYS.findall(write_digits(line)))
    return SurveyFacts(date=days.pop()) if len(days) == 1 else SurveyFacts()
