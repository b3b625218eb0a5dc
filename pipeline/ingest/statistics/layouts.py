"""The tables of a sheet of statistics: where their headings are, and what each column is of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from pipeline.ingest.samples.cells import NOTHING
from pipeline.ingest.samples.figures import read_numbers
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.statistics.titles import Title, read_title
from pipeline.ingest.statistics.words import Meaning, Words, is_of_another

Row = Sequence[str]


@dataclass(frozen=True)
class _Grid:
    """Texts of a sheet by row, those of them that are numbers, and what words mean."""

    rows: Sequence[Row]
    numbers: frozenset[str]
    words: Words

    @classmethod
    def of(cls, sheet: Sheet, words: Words) -> "_Grid":
        rows: list[Row] = [[str(text) for text in row] for row in sheet.cells.to_numpy(dtype=object).tolist()]
        texts = pd.Series(sorted({text for row in rows for text in row}), dtype=str)
        return cls(rows, frozenset(texts[read_numbers(texts)["value"].notna()]), words)


_LEVELS = 2
"""So many rows above and below a row of headings may be further levels of it."""

_LEAST_NAMED = 2
"""So many texts of a row are known where it is one of headings."""


@dataclass(frozen=True)
class TableLayout:
    """How a table is read, its rows counted from 1.

    `roles` are the positions of columns that say of what the figures are, `figures` what those of other
    columns are of by their headings; of the columns in `unread` nothing is known. `doubled` are roles that
    several columns claim.
    """

    heading_row: int
    first_row: int
    last_row: int
    headings: Mapping[int, str]
    roles: Mapping[str, int]
    figures: Mapping[int, Meaning]
    unread: tuple[int, ...]
    doubled: tuple[str, ...]
    title: Title


def find_tables(sheet: Sheet, words: Words) -> list[TableLayout]:
    """The tables of a sheet, one below the other; empty where there are no headings."""
    grid = _Grid.of(sheet, words)
    starts = list(_find_heading_rows(grid))
    ends = [*(start - 1 for start in starts[1:]), len(grid.rows)]
    return [
        _read_layout(sheet.name, grid, (previous, start, last))
        for previous, start, last in zip([0, *starts], starts, ends, strict=False)
    ]


def _find_heading_rows(grid: _Grid) -> Iterator[int]:
    """Numbers of rows that begin a table; where no column is named by its role, the first that looks so."""
    likely = [number for number, row in enumerate(grid.rows, 1) if _is_heading(row, grid)]
    named = [number for number in likely if _names_role(grid.rows[number - 1], grid.words)]
    if not named:
        yield from likely[:1]
    yield from (number for before, number in pairwise([-1, *named]) if number > before + 1)


def _is_heading(row: Row, grid: _Grid) -> bool:
    """Whether known words, and no number that is not a year, stand in a row."""
    known = {fold(text) for text in row if grid.words.read(text)}
    return len(known) >= _LEAST_NAMED and not any(
        text in grid.numbers and not grid.words.read(text) for text in row
    )


def _names_role(row: Row, words: Words) -> bool:
    return any(meaning.role for text in row if (meaning := words.read(text)))


def _read_layout(name: str, grid: _Grid, span: tuple[int, int, int]) -> TableLayout:
    """The table whose headings stand in the second row of `span`: after the first row, up to the third."""
    rows, words = grid.rows, grid.words
    previous, start, last = span
    top, bottom = _find_levels(rows, words, span)
    columns = list(zip(*_spread(rows[top - 1 : bottom], words), strict=True))
    meanings = {place: _join_levels(texts, words) for place, texts in enumerate(columns)}
    named = [(meaning.role, place) for place, meaning in meanings.items() if meaning and _is_key(meaning)]
    roles = {str(role): place for role, place in reversed(named)}
    roles |= _find_roles_inside(rows[bottom:last], [p for p, m in meanings.items() if not m], roles, words)
    free = {place: meaning for place, meaning in meanings.items() if place not in roles.values()}
    return TableLayout(
        start,
        bottom + 1,
        last,
        {place: " ".join(dict.fromkeys(filter(None, texts))) for place, texts in enumerate(columns)},
        roles,
        {place: meaning for place, meaning in free.items() if meaning and not _is_key(meaning)},
        tuple(place for place, meaning in free.items() if not meaning),
        tuple(sorted({str(role) for role, place in named if roles[str(role)] != place})),
        read_title(name, rows[previous : top - 1], rows[bottom:last]),
    )


def _is_key(meaning: Meaning) -> bool:
    """Whether a column says of what the figures of its row are."""
    return meaning.role is not None and meaning.role != "value"


def _find_levels(rows: Sequence[Row], words: Words, span: tuple[int, int, int]) -> tuple[int, int]:
    """First and last row of the headings."""
    previous, start, last = span
    top = bottom = start
    while top - 1 > previous and start - top < _LEVELS and _is_group(rows[top - 2], words):
        top -= 1
    while bottom < last and bottom - start < _LEVELS and _goes_on(rows[start - 1], rows[bottom], words):
        bottom += 1
    return top, bottom


def _is_group(row: Row, words: Words) -> bool:
    """Whether a row above headings groups them: all that stands in it is known, and names no role."""
    told = [words.read(text) for text in row if fold(text) not in NOTHING]
    return bool(told) and all(meaning and not meaning.role for meaning in told)


def _goes_on(headings: Row, below: Row, words: Words) -> bool:
    """Whether the row below is a further level: nothing new under the keys, known words elsewhere."""
    pairs = [(above, text) for above, text in zip(headings, below, strict=True) if fold(text) not in NOTHING]
    keys = [
        text for above, text in pairs if (meaning := words.read(above)) and _is_key(meaning) and text != above
    ]
    others = [words.read(text) for above, text in pairs if text != above]
    return bool(others) and all(others) and not any(map(_is_new, map(words.read, keys)))


def _is_new(meaning: Meaning | None) -> bool:
    return meaning is None or meaning.unit is None


def _spread(levels: Sequence[Row], words: Words) -> list[list[str]]:
    """Levels whose texts reach to the right over blank cells, as long as something stands below."""
    spread = []
    for number, level in enumerate(levels):
        full = list(level)
        for place in range(1, len(full)):
            below = [lower[place] for lower in levels[number + 1 :]]
            left = words.read(full[place - 1])
            if fold(full[place]) in NOTHING and any(below) and left and not left.role:
                full[place] = full[place - 1]
        spread.append(full)
    return spread


def _join_levels(texts: Sequence[str], words: Words) -> Meaning | None:
    """What a column is of by all that stands above it; None where its lowest heading says nothing known."""
    told = [text for text in dict.fromkeys(texts) if fold(text) not in NOTHING]
    read = [words.read(text) for text in told]
    strange = [text for text, meaning in zip(told, read, strict=True) if meaning is None]
    if not read or read[-1] is None or any(map(is_of_another, strange)):
        return None
    joined: Meaning | None = Meaning()
    for meaning in filter(None, read):
        joined = joined and joined.join(meaning)
    return joined


def _find_roles_inside(
    body: Sequence[Row], places: Sequence[int], known: Mapping[str, int], words: Words
) -> dict[str, int]:
    """Roles that no heading tells, by what stands in most cells of a column."""
    found: dict[str, int] = {}
    for place in places:
        texts = [row[place] for row in body if fold(row[place]) not in NOTHING]
        told = [role for text in texts if (role := _find_role(text, words))]
        role = max(sorted(set(told)), key=told.count, default=None)
        if role and role not in known and 2 * told.count(role) > len(texts):
            found.setdefault(role, place)
    return found


def _find_role(text: str, words: Words) -> str | None:
    """Of what a cell speaks; a year only where the word stands behind it."""
    meaning = words.read(text)
    if meaning is None or meaning.role:
        return None
    is_item = meaning.item or (meaning.measure and meaning.product)
    told = {
        "item": is_item or meaning.measure,
        "product": meaning.product,
        "region": meaning.region,
        "year": meaning.year and "年" in text,
        "unit": meaning.unit,
    }
    return next((role for role, value in told.items() if value), None)
