"""The tables of a sheet of surveys: where their headings are, and what each column is of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.ingest.samples.cells import NOTHING
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.species.facts import BESIDE, SurveyFacts, SurveyHeading, SurveyWords
from pipeline.ingest.species.titles import read_survey_title

Row = Sequence[str]
_LEVELS = 2
_LEAST_SPECIES = 2
"""So many species stand in a row of headings where none of them is called so."""


@dataclass(frozen=True)
class SurveyLayout:
    """How a table is read, its rows counted from 1.

    `roles` are positions of columns that tell of their row; `counts` what the counts of other columns are of,
    with their unit; empty where species are only listed. Of the columns in `unread` nothing is known,
    `doubled` are roles that several columns claim.
    """

    heading_row: int
    first_row: int
    last_row: int
    headings: Mapping[int, str]
    roles: Mapping[str, int]
    counts: Mapping[int, SurveyFacts]
    unread: tuple[int, ...]
    doubled: tuple[str, ...]
    title: SurveyFacts


def find_survey_tables(sheet: Sheet, words: SurveyWords) -> list[SurveyLayout]:
    """The tables of a sheet, one below the other; empty where there are no headings."""
    rows: list[Row] = [[str(text) for text in row] for row in sheet.cells.to_numpy(dtype=object).tolist()]
    starts = list(_find_heading_rows(rows, words))
    ends = [*(start - 1 for start in starts[1:]), len(rows)]
    return [
        _read_layout(sheet.name, rows, (previous, start, last), words)
        for previous, start, last in zip([0, *starts], starts, ends, strict=False)
    ]


def _find_heading_rows(rows: Sequence[Row], words: SurveyWords) -> Iterator[int]:
    """Numbers of rows that begin a table; of rows below each other that could, the first."""
    likely = [number for number, row in enumerate(rows, 1) if _is_heading(row, words)]
    yield from (number for before, number in pairwise([-1, *likely]) if number > before + 1)


def _is_heading(row: Row, words: SurveyWords) -> bool:
    """Whether a row names the column of species, or species beside a site or a date."""
    roles = {words.find_role(text) for text in row if text}
    if roles & {"species", "latin"}:
        return True
    read = [words.read(text) for text in dict.fromkeys(row)] if roles & {"site", "date"} else []
    return len([heading for heading in read if heading and heading.facts.species]) >= _LEAST_SPECIES


def _read_layout(
    sheet: str, rows: Sequence[Row], span: tuple[int, int, int], words: SurveyWords
) -> SurveyLayout:
    """The table whose headings stand in the second row of `span`: after the first row, up to the third."""
    previous, start, last = span
    top, bottom = _find_levels(rows, words, span)
    columns = list(zip(*_spread(rows[top - 1 : bottom], words), strict=True))
    joined = {place: _join_levels(texts, words) for place, texts in enumerate(columns)}
    texts = {place: " ".join(dict.fromkeys(filter(None, told))) for place, told in enumerate(columns)}
    named = [(heading.role, place) for place, heading in joined.items() if heading and heading.role]
    roles = {role: place for role, place in reversed(named) if role not in {"beside", "count"}}
    return SurveyLayout(
        start,
        bottom + 1,
        last,
        texts,
        roles,
        {place: found for place, heading in joined.items() if (found := _describe_counts(heading))},
        tuple(place for place, heading in joined.items() if heading is None and texts[place]),
        tuple(sorted({role for role, place in named if roles.get(role, place) != place})),
        read_survey_title(sheet, rows[previous : top - 1], words),
    )


def _describe_counts(heading: SurveyHeading | None) -> SurveyFacts | None:
    """What the counts of a column are of; None where it holds none."""
    if heading is None or not (heading.role == "count" or heading.facts.is_axis):
        return None
    return heading.facts.over(SurveyFacts(count_unit=heading.unit))


def _find_levels(rows: Sequence[Row], words: SurveyWords, span: tuple[int, int, int]) -> tuple[int, int]:
    """First and last row of the headings."""
    previous, start, last = span
    top = bottom = start
    keys = {place for place, text in enumerate(rows[start - 1]) if _is_key(words.read(text))}
    while (
        top - 1 > previous
        and start - top < _LEVELS
        and _is_level(rows[top - 2], keys, rows[start - 1], words)
    ):
        top -= 1
    while (
        bottom < last and bottom - start < _LEVELS and _is_level(rows[bottom], keys, rows[start - 1], words)
    ):
        bottom += 1
    return top, bottom


def _is_key(heading: SurveyHeading | None) -> bool:
    return heading is not None and bool(heading.role) and heading.role != "count"


def _is_level(row: Row, keys: set[int], headings: Row, words: SurveyWords) -> bool:
    """Whether a row is a further level of headings: nothing new over the keys, axes or counts elsewhere."""
    told = {place: text for place, text in enumerate(row) if fold(text) not in NOTHING}
    others = [words.read(text) for place, text in told.items() if place not in keys]
    return (
        bool(others)
        and all(text == headings[place] for place, text in told.items() if place in keys)
        and all(
            heading and (heading.facts.is_axis or heading.role in {"count", "beside"}) for heading in others
        )
    )


def _spread(levels: Sequence[Row], words: SurveyWords) -> list[list[str]]:
    """Levels whose sites and dates reach to the right over blank cells, as long as something stands below."""
    spread = []
    for number, level in enumerate(levels):
        full = list(level)
        for place in range(1, len(full)):
            below = [lower[place] for lower in levels[number + 1 :]]
            left = words.read(full[place - 1])
            if not full[place] and any(below) and left and left.facts.is_axis:
                full[place] = full[place - 1]
        spread.append(full)
    return spread


def _join_levels(texts: Sequence[str], words: SurveyWords) -> SurveyHeading | None:
    """What a column is of by all that stands above it; None where a heading says nothing known."""
    told = [text for text in dict.fromkeys(texts) if fold(text) not in NOTHING]
    read = [heading for text in told if (heading := words.read(text))]
    if not read or len(read) != len(told):
        return None
    if any(heading.role == "beside" for heading in read):
        return BESIDE
    facts = SurveyFacts()
    for heading in read:
        facts = facts.over(heading.facts)
    units = [heading.unit for heading in read if heading.unit]
    return SurveyHeading(read[-1].role or read[0].role, facts, units[-1] if units else "")
