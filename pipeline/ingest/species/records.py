"""The records of a table of surveys: who was found, or not, where, when and how many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.cells import NOTHING, narrow
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.species import faults
from pipeline.ingest.species.counts import (
    NONE,
    NOT_SURVEYED,
    NOTHING_TOLD,
    OTHER_UNIT,
    SOME,
    Count,
    read_count,
)
from pipeline.ingest.species.days import Days, read_days
from pipeline.ingest.species.facts import SurveyFacts, SurveyWords, name_group
from pipeline.ingest.species.layouts import SurveyLayout
from pipeline.ingest.species.names import KnownSpecies
from pipeline.ingest.species.sites import Site
from pipeline.ingest.species.words import load_groups, load_species_words
from pipeline.ingest.statistics.figures import Unusable
from pipeline.settings.species import SurveyFile

_TAXA = ("目", "科", "属", "纲", "门")


@dataclass(frozen=True)
class Record:
    """A species at a site on some days; `species` is None where none of the group was found at all.

    `group` is that which the survey was after, by the table's own account, else that of the species;
    `source` is the entry of the config that names the table.
    """

    source: SurveyFile
    species: KnownSpecies | None
    group: str
    site: Site
    days: Days
    count: Count
    method: str
    observers: str
    file: str
    sheet: str
    row: int
    column: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as a message names it."""
        return ", ".join(part for part in (self.file, self.sheet, f"row {self.row}", self.column) if part)

    def reject(self, advice: Advice, **facts: object) -> Reject:
        """Why it is not used as it stands."""
        return Reject(self.file, self.sheet, self.row, self.column, self.text, advice).fill(**facts)


def read_survey_records(
    sheet: Sheet, layout: SurveyLayout, words: SurveyWords, given: SurveyFacts
) -> tuple[list[Record], list[Reject]]:
    """Records of a table, and what of it cannot be used; `given` is what the config tells beside it."""
    if layout.doubled:
        named = ", ".join(layout.headings[layout.roles[role]] for role in layout.doubled)
        return [], [Reject(sheet.file, sheet.name, layout.heading_row, "", named, faults.DOUBLED)]
    reader = _Reader(sheet, layout, words, layout.title.over(given))
    found = [*reader.read()]
    blank = {(one.column, one.advice): one for one in reversed(reader.blanks)}
    lost = [one for one in found if isinstance(one, Reject)]
    return [one for one in found if isinstance(one, Record)], [
        *lost,
        *reader.reject_columns(),
        *blank.values(),
    ]


class _Reader:
    """Reads the rows of one table."""

    def __init__(self, sheet: Sheet, layout: SurveyLayout, words: SurveyWords, around: SurveyFacts) -> None:
        self._sheet, self._layout, self._words, self._around = sheet, layout, words, around
        body = sheet.cells.loc[layout.first_row : layout.last_row]
        self._rows: dict[int, list[str]] = {
            int(number): [str(text) for text in row]
            for number, row in zip(body.index, body.to_numpy(dtype=object).tolist(), strict=True)
        }
        self._is_wide = any(facts.is_axis for facts in layout.counts.values())
        self.blanks: list[Reject] = []

    def read(self) -> Iterator[Record | Reject]:
        """Records and rejects in the order of rows."""
        for number, row in self._rows.items():
            if not self._is_beside(row):
                yield from self._read_row(number, row)

    def reject_columns(self) -> Iterator[Reject]:
        """A reject for each column with counts of which nothing is known."""
        for place in self._layout.unread:
            told = (read_count(row[place]) for row in self._rows.values())
            if any(isinstance(count, Count) for count in told):
                heading = self._layout.headings[place]
                yield self._reject(self._layout.heading_row, heading, heading, faults.UNKNOWN_COLUMN)

    def _is_beside(self, row: Sequence[str]) -> bool:
        """Whether a row is blank, a total, or a heading of taxa or groups among the species."""
        if all(fold(text) in NOTHING for text in row):
            return True
        name = self._find_text(row, "species") or self._find_text(row, "latin")
        totals = load_species_words("total")
        if name:
            is_total = fold(name) in totals
            is_heading = name.split(" ")[0].endswith(_TAXA) or fold(name).rstrip(":") in load_groups()
        else:
            is_total = any(fold(text) in totals for text in row)
            is_heading = bool({"species", "latin"} & self._layout.roles.keys())
        has_none = all(fold(row[place]) in NOTHING or row[place] == name for place in self._layout.counts)
        return is_total or (is_heading and has_none)

    def _read_row(self, number: int, row: Sequence[str]) -> Iterator[Record | Reject]:
        own = SurveyFacts(**{role: self._find_text(row, role) for role in self._layout.roles})
        places: list[int | None] = [*self._layout.counts] or [None]
        for place in places:
            facts = own if place is None else self._layout.counts[place].over(own)
            found = self._try_cell(number, row, place, facts)
            if found is not None and not self._repeats_left(number, place):
                yield found

    def _try_cell(
        self, number: int, row: Sequence[str], place: int | None, facts: SurveyFacts
    ) -> Record | Reject | None:
        try:
            return self._read_cell(number, row, place, facts.over(self._around))
        except Unusable as fault:
            role = self._layout.roles.get(fault.role, place)
            column = "" if role is None else self._layout.headings[role]
            found = fault.found or ("" if place is None or fault.role else row[place])
            return self._reject(number, column, found, fault.advice, **fault.facts)

    def _read_cell(
        self, number: int, row: Sequence[str], place: int | None, facts: SurveyFacts
    ) -> Record | None:
        """The record of a cell; None where nobody looked, or the cell tells nothing."""
        text = "" if place is None else row[place]
        count = SOME if place is None else self._read_count(number, place, text, facts)
        if count is None:
            return None
        group = name_group(facts.species_group)
        if facts.species_group and group is None:
            raise Unusable(faults.UNKNOWN_GROUP, facts.species_group, "species_group")
        species, count = self._find_species(facts, count)
        if species is None and group is None:
            raise Unusable(faults.NO_GROUP, facts.species, "species_group")
        sought = group or (species.group if species else "")
        column = "" if place is None else self._layout.headings[place]
        return Record(
            self._words.file, species, sought, self._find_site(facts), self._find_days(facts), count,
            facts.method, facts.observers, self._sheet.file, self._sheet.name, number, column,
            text or facts.species,
        )  # fmt: skip

    def _read_count(self, number: int, place: int, text: str, facts: SurveyFacts) -> Count | None:
        told = read_count(text, facts.count_unit)
        if isinstance(told, Count):
            if self._is_merged(number, place):
                raise Unusable(faults.MERGED)
            return told
        if told is None:
            raise Unusable(faults.NOT_A_COUNT)
        if told == OTHER_UNIT:
            raise Unusable(faults.ZERO_OF_UNIT)
        if told == NOTHING_TOLD and not self._is_wide:
            return self._note_blank(number, place, facts)
        assert told in {NOTHING_TOLD, NOT_SURVEYED}
        return None

    def _note_blank(self, number: int, place: int, facts: SurveyFacts) -> Count | None:
        """Nothing, and a reject, for a blank beside a species; that none was found needs no count."""
        if fold(facts.species) in load_species_words("none") | load_species_words("absent"):
            return NONE
        found = " ".join(filter(None, (facts.species, facts.latin)))
        self.blanks.append(self._reject(number, self._layout.headings[place], found, faults.BLANK_COUNT))
        return None

    def _find_species(self, facts: SurveyFacts, count: Count) -> tuple[KnownSpecies | None, Count]:
        """The species, None where the row says that none was found, and its count."""
        if fold(facts.species) in load_species_words("none") | load_species_words("absent"):
            return None, NONE
        return self._words.names.find(facts.species, facts.latin), count

    def _find_site(self, facts: SurveyFacts) -> Site:
        if not facts.site:
            raise Unusable(faults.NO_SITE, "", "site")
        return self._words.sites.find(facts.site)

    def _find_days(self, facts: SurveyFacts) -> Days:
        days = read_days(facts.date, self._words.year)
        if isinstance(days, str):
            raise Unusable(faults.NO_DAY, facts.date, "date", why=days)
        return days

    def _find_text(self, row: Sequence[str], role: str) -> str:
        """What stands in the column of a role, without marks of nothing."""
        place = self._layout.roles.get(role)
        text = "" if place is None else narrow(row[place])
        return "" if fold(text) in NOTHING else text

    def _repeats_left(self, number: int, place: int | None) -> bool:
        """Whether a cell is part of a merge that began in the same row, under the same heading."""
        if not place or self._layout.headings.get(place - 1) != self._layout.headings[place]:
            return False
        return self._is_repeated(number, place)

    def _is_repeated(self, number: int, place: int) -> bool:
        marks = self._sheet.repeats
        is_marked = marks is not None and number <= len(marks) and place < marks.shape[1]
        return is_marked and bool(marks is not None and marks[number - 1, place])

    def _is_merged(self, number: int, place: int) -> bool:
        """Whether a count is merged with others, so that one number stands for several."""
        row, below = self._rows[number], self._rows.get(number + 1, [])
        goes_right = self._is_repeated(number, place + 1) and row[place + 1] == row[place]
        goes_down = self._is_repeated(number + 1, place) and below[place : place + 1] == [row[place]]
        return self._is_repeated(number, place) or goes_right or goes_down

    def _reject(self, row: int, column: str, found: str, advice: Advice, **facts: object) -> Reject:
        return Reject(self._sheet.file, self._sheet.name, row, column, found, advice).fill(**facts)
