"""The row of headings of a register of rights, and what each column is of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.ingest.rights.cells import is_blank
from pipeline.ingest.rights.words import AMOUNTS, RightsHeading, is_amount_unit, read_rights_heading
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.statistics.titles import Title, read_title
from pipeline.settings.rights import RightsFile

_NOTE = re.compile(r"(?:注|说明|备注|填报|填表|制表|审核|数据来源|资料来源|模拟|单位|第.*页)")
_SEARCHED_ROWS = 20
_LEAST_KNOWN = 2
"""So many columns of a row are known where it is one of headings."""

Row = Sequence[str]


@dataclass(frozen=True)
class RightsLayout:
    """How a sheet is read: the row of its headings, the first of its body, what its columns are of.

    `columns` has what each position is of; `title` what stands above. `unread` are positions of unknown
    headings, `doubled` our names that several columns have without being amounts.
    """

    heading_row: int
    first_row: int
    texts: tuple[str, ...]
    columns: dict[int, RightsHeading]
    unread: tuple[int, ...]
    doubled: tuple[str, ...]
    title: Title

    def find(self, ours: str) -> int | None:
        """The position of a column that is no amount."""
        return next((place for place, heading in self.columns.items() if heading.ours == ours), None)

    def list_amounts(self) -> list[tuple[int, RightsHeading]]:
        """Positions and headings of columns of amounts."""
        return [(place, heading) for place, heading in self.columns.items() if is_amount(heading.ours)]


def is_amount(ours: str | None) -> bool:
    """Whether a column is of amounts of a resource."""
    return ours is not None and ours.partition(".")[0] in AMOUNTS


def find_rights_layout(sheet: Sheet, register: RightsFile) -> RightsLayout | None:
    """The layout of a sheet; None where no row is one of headings.

    It is the row of which most columns are known, the first of equal ones; the row below belongs to it where
    both together say more, as 有效期 over 起 and 止.
    """
    rows: list[Row] = [[str(text) for text in row] for row in sheet.cells.to_numpy(dtype=object)]
    given = tuple((theirs, ours) for ours, theirs in register.columns.items())
    found = [
        (_count(headings), -levels, -number, headings)
        for number in range(min(len(rows), _SEARCHED_ROWS))
        for levels in (1, 2)
        if (headings := _read_levels(rows[number : number + levels], register.kind, given)) is not None
    ]
    best = max(found, key=lambda one: one[:3], default=None)
    if best is None or best[0] < _LEAST_KNOWN:
        return None
    _, levels, number, headings = best
    top, bottom = -number, -number - levels
    return _build_layout(sheet, register, rows, (top, bottom), headings)


def _read_levels(
    levels: Sequence[Row], kind: str, given: tuple[tuple[str, str], ...]
) -> list[RightsHeading] | None:
    """What columns say over one or two rows of headings; None where the lower row has no word of its own."""
    if len(levels) == 1:
        return [read_rights_heading(kind, text, given) for text in levels[0]]
    return [_join(upper, lower, kind, given) for upper, lower in zip(*levels, strict=True)]


def _join(upper: str, lower: str, kind: str, given: tuple[tuple[str, str], ...]) -> RightsHeading:
    """What two texts above one another say: either of them, or both in either order."""
    above, below = read_rights_heading(kind, upper, given), read_rights_heading(kind, lower, given)
    if upper == lower or not lower:
        return above
    whole = _strip(upper), _strip(lower)
    both = [read_rights_heading(kind, "".join(texts), given) for texts in (whole, whole[::-1])]
    found = next((one for one in both if one.ours), None) or (below if not upper else RightsHeading(None))
    return replace(
        found,
        unit=found.unit or below.unit or above.unit or _find_unit(lower) or _find_unit(upper),
        year=found.year or below.year or above.year,
    )


def _strip(text: str) -> str:
    """A heading without brackets at its end."""
    return fold(text).split("(")[0]


def _find_unit(text: str) -> str | None:
    inner = fold(text).partition("(")[2].rstrip(")")
    return inner if inner and is_amount_unit(inner) else None


def _count(headings: Sequence[RightsHeading]) -> int:
    """How many things columns are of, each once."""
    return len({(heading.ours, heading.year) for heading in headings if heading.ours})


def _build_layout(
    sheet: Sheet,
    register: RightsFile,
    rows: Sequence[Row],
    span: tuple[int, int],
    headings: Sequence[RightsHeading],
) -> RightsLayout:
    """`span` are the positions of the first row of headings and of the first row of the body."""
    top, bottom = span
    texts = [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*rows[top:bottom], strict=True)]
    body = rows[bottom:]
    known = {
        place: _settle_unit_column(heading, [row[place] for row in body], register)
        for place, heading in enumerate(headings)
        if heading.ours and not _repeats(sheet, texts, top, place)
    }
    single = [heading.ours for heading in known.values() if heading.ours and not is_amount(heading.ours)]
    doubled = {ours for ours in single if single.count(ours) > 1 and ours != "ignored"}
    return RightsLayout(
        top + 1,
        bottom + 1,
        tuple(texts),
        {place: heading for place, heading in known.items() if heading.ours != "ignored"},
        tuple(
            place
            for place, heading in enumerate(headings)
            if not heading.ours and texts[place] and any(not is_blank(row[place]) for row in body)
        ),
        tuple(sorted(doubled)),
        read_title(sheet.name, rows[:top], []),
    )


def _repeats(sheet: Sheet, texts: Sequence[str], top: int, place: int) -> bool:
    """Whether the heading of a column is that of the one before, under one merge."""
    marks = sheet.repeats
    return place > 0 and texts[place] == texts[place - 1] and marks is not None and bool(marks[top, place])


def _settle_unit_column(heading: RightsHeading, cells: Sequence[str], register: RightsFile) -> RightsHeading:
    """单位 heads units of amounts, or the units that hold and trade: their cells tell."""
    if heading.ours != "unit" or "unit" in register.columns:
        return heading
    if all(is_amount_unit(text) for text in set(cells) if not is_blank(text)):
        return heading
    return replace(heading, ours="party" if register.kind.endswith("_trade") else "holder")


def list_body(sheet: Sheet, layout: RightsLayout) -> pd.DataFrame:
    """Rows below the headings that say something, by number, their positions as columns.

    Left out are blank rows, headings that a printed page repeats, and notes, whose text fills a row.
    """
    body = sheet.cells.loc[layout.first_row :]
    kept = [_is_record([*row], layout.texts) for row in body.to_numpy(dtype=object)]
    return body[kept]


def _is_record(row: Row, headings: Row) -> bool:
    said = [text for text in row if not is_blank(text)]
    is_note = len(set(said)) == 1 and (len(said) > _LEAST_KNOWN or bool(_NOTE.match(said[0])))
    return bool(said) and not is_note and [*row] != [*headings]
