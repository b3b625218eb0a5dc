"""The tables of targets of a sheet: where their headings are, what each column is of, what the title says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.ingest.samples.cells import NOTHING
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.statistics.titles import read_title
from pipeline.ingest.targets.spans import TargetSpan, find_spans
from pipeline.ingest.targets.words import TargetHeading, read_target_heading

_NEEDED = frozenset({"indicator", "target"})
_LEVELS = 2
"""So many rows below the first of the headings may be further levels of them."""

Rows = Mapping[int, Sequence[str]]


@dataclass(frozen=True)
class TargetLayout:
    """How a table is read, its rows counted from 1.

    `headings` are what stands above each column, `roles` the positions of columns that say of what a target
    is, `targets` what the columns of targets say of themselves, `baselines` those of baselines. `units`,
    `span` and `source` are of the whole table, empty or None where nothing tells them.
    """

    heading_row: int
    first_row: int
    last_row: int
    headings: Mapping[int, str]
    roles: Mapping[str, int]
    targets: Mapping[int, TargetHeading]
    baselines: Mapping[int, TargetHeading]
    units: Mapping[int, str]
    title_units: tuple[str, ...]
    span: TargetSpan | None
    source: str | None


def list_sheet_rows(sheet: Sheet) -> Rows:
    """Texts of a sheet by row number; a number that a workbook shows as a percent is one: 82%."""
    rows: dict[int, Sequence[str]] = {}
    for number, row in zip(sheet.cells.index, sheet.cells.to_numpy(dtype=object).tolist(), strict=True):
        marks = sheet.percents[number - 1] if sheet.percents is not None else [False] * len(row)
        rows[int(number)] = [
            _show_percent(str(text)) if is_percent else str(text)
            for text, is_percent in zip(row, marks, strict=True)
        ]
    return rows


def find_target_tables(sheet: Sheet, rows: Rows, columns: Mapping[str, str]) -> list[TargetLayout]:
    """The tables of a sheet, one below the other; none where no row names an indicator and a target."""
    starts = list(_find_starts(rows, columns))
    ends = [*(start - 1 for start, _ in starts[1:]), max(rows, default=0)]
    before = [0, *ends]
    return [
        _read_layout(sheet, rows, columns, (previous, start, bottom, last))
        for previous, (start, bottom), last in zip(before, starts, ends, strict=False)
    ]


def _show_percent(text: str) -> str:
    try:
        return f"{float(text) * 100:.12g}%"
    except ValueError:
        return text


def _find_starts(rows: Rows, columns: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """First and last row of the headings of each table."""
    last = 0
    for number in rows:
        if number > last and _names(rows[number], columns, "indicator"):
            bottom = _find_bottom(rows, number, columns)
            if _list_roles(rows, range(number, bottom + 1), columns) >= _NEEDED:
                last = bottom
                yield number, bottom


def _names(row: Sequence[str], columns: Mapping[str, str], role: str) -> bool:
    return any(heading.role == role for text in row if (heading := read_target_heading(text, columns)))


def _list_roles(rows: Rows, numbers: range, columns: Mapping[str, str]) -> set[str | None]:
    texts = (text for number in numbers for text in rows[number])
    return {heading.role for text in texts if (heading := read_target_heading(text, columns))}


def _find_bottom(rows: Rows, top: int, columns: Mapping[str, str]) -> int:
    """Last row of the headings that begin in a row: those below that only go into more detail."""
    bottom = top
    while bottom + 1 in rows and bottom - top < _LEVELS and _goes_on(rows[top], rows[bottom + 1], columns):
        bottom += 1
    return bottom


def _goes_on(top: Sequence[str], below: Sequence[str], columns: Mapping[str, str]) -> bool:
    """Whether all that is new in a row below headings are headings as well."""
    new = [
        text for above, text in zip(top, below, strict=True) if fold(text) not in NOTHING and text != above
    ]
    return bool(new) and all(read_target_heading(text, columns) for text in new)


def _read_layout(
    sheet: Sheet, rows: Rows, columns: Mapping[str, str], span: tuple[int, int, int, int]
) -> TargetLayout:
    previous, start, bottom, last = span
    levels = [rows[number] for number in range(start, bottom + 1)]
    texts = [list(dict.fromkeys(filter(None, column))) for column in zip(*levels, strict=True)]
    told = {place: _join(column, columns) for place, column in enumerate(texts)}
    known = {place: heading for place, heading in told.items() if heading and heading.role}
    above = [rows[number] for number in range(previous + 1, start)]
    title = read_title(sheet.name, above, [])
    return TargetLayout(
        start,
        bottom + 1,
        last,
        {place: " ".join(column) for place, column in enumerate(texts)},
        {str(heading.role): place for place, heading in reversed(known.items())},
        {place: heading for place, heading in known.items() if heading.role == "target"},
        {place: heading for place, heading in known.items() if heading.role == "baseline"},
        {place: heading.unit for place, heading in known.items() if heading.unit},
        title.units,
        _find_span([*above, [sheet.name]]),
        title.source,
    )


def _join(texts: Sequence[str], columns: Mapping[str, str]) -> TargetHeading | None:
    """What the headings above a column say together; None where they contradict each other."""
    joined: TargetHeading | None = TargetHeading()
    for text in texts:
        heading = read_target_heading(text, columns)
        joined = joined.join(heading) if joined and heading else joined
    return joined


def _find_span(lines: Sequence[Sequence[str]]) -> TargetSpan | None:
    """The one time that the rows above a table, or the name of its sheet, tell of."""
    for line in reversed(lines[:-1]):
        found = {span for text in line for span in find_spans(text)}
        if found:
            return found.pop() if len(found) == 1 else None
    found = find_spans(lines[-1][0]) if lines[-1][0] else set()
    return found.pop() if len(found) == 1 else None
