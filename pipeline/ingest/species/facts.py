"""What a table of surveys says of a record in one place: a heading, a row, a title, the config."""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import NamedTuple

from pipeline.ingest.samples.headings import fold
from pipeline.ingest.species.days import read_days
from pipeline.ingest.species.names import SpeciesNames
from pipeline.ingest.species.sites import Sites
from pipeline.ingest.species.words import (
    is_count_unit,
    load_groups,
    load_headings,
    load_species_words,
    split_heading,
)
from pipeline.settings.species import SurveyFile

_LONGEST = 80


@dataclass(frozen=True)
class SurveyFacts:
    """Texts by role, empty where the place does not tell."""

    species: str = ""
    latin: str = ""
    species_group: str = ""
    site: str = ""
    date: str = ""
    count_unit: str = ""
    method: str = ""
    observers: str = ""

    def over(self, other: "SurveyFacts") -> "SurveyFacts":
        """These facts, and for what they do not tell those of another place."""
        names = [one.name for one in fields(self)]
        return SurveyFacts(**{name: getattr(self, name) or getattr(other, name) for name in names})

    @property
    def is_axis(self) -> bool:
        """Whether they tell a species, a site or a date, as headings of wide tables do."""
        return bool(self.species or self.site or self.date)


class SurveyHeading(NamedTuple):
    """What a heading names: the role of its column, or what its counts are of; `unit` stands in brackets."""

    role: str = ""
    facts: SurveyFacts = SurveyFacts()
    unit: str = ""


BESIDE = SurveyHeading("beside")
"""Of a column that says nothing of records: a total, a number of the row, a remark."""


@dataclass(frozen=True)
class SurveyWords:
    """What texts of a file mean, by the tables and the config; `year` is that of dates told without one."""

    names: SpeciesNames
    sites: Sites
    file: SurveyFile
    year: int | None = None
    _known: dict[str, SurveyHeading | None] = field(default_factory=dict, compare=False)

    @cached_property
    def roles(self) -> dict[str, str]:
        """Roles by heading, those of the config first."""
        own = {fold(theirs): ours for ours, theirs in self.file.columns.items()}
        return {**load_headings("surveys"), **own}

    def find_role(self, text: str) -> str | None:
        """The role of a column that a heading names; None where it names none."""
        return self.roles.get(fold(text)) or self.roles.get(split_heading(text)[0])

    def read(self, text: str) -> SurveyHeading | None:
        """What a heading names; None where that is not known."""
        if text not in self._known:
            self._known[text] = self._read(text) if text and len(text) <= _LONGEST else None
        return self._known[text]

    def _read(self, text: str) -> SurveyHeading | None:
        base, unit = split_heading(text)
        if role := self.find_role(text):
            return (
                SurveyHeading(role, unit=unit) if role != "count" or not unit or is_count_unit(unit) else None
            )
        if base in load_species_words("beside") | load_species_words("total"):
            return BESIDE
        if facts := self._read_axis(text) or self._read_both(text):
            return SurveyHeading("", facts)
        facts = self._read_axis(base) if is_count_unit(unit) else None
        return SurveyHeading("", facts, unit) if facts else None

    def _read_axis(self, text: str) -> SurveyFacts | None:
        """A site, a day or a species."""
        if fold(text) in self.sites.known:
            return SurveyFacts(site=text)
        if not isinstance(read_days(text, self.year), str):
            return SurveyFacts(date=text)
        return SurveyFacts(species=text) if self.names.knows(text) else None

    def _read_both(self, text: str) -> SurveyFacts | None:
        """Two of them in one text, apart by a blank or a line."""
        first, _, second = text.partition("\n") if "\n" in text else text.partition(" ")
        read = [self._read_axis(part.strip()) for part in (first, second) if part.strip()]
        return read[0].over(read[1]) if len(read) > 1 and read[0] and read[1] else None


def name_group(text: str) -> str | None:
    """The code of a group by any of its names."""
    return load_groups().get(fold(text))
