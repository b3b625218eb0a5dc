"""Headings on two rows or more, made into one: 氨氮 over 类别 and 浓度(mg/L), 浓度(mg/L) over 氨氮 and 总磷.

The lower row gets headings that say what both say, as `headings` understands them. What no heading says, such
as a maximum under a parameter, keeps both texts and is not recognised: it is named and never read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from pipeline.ingest.samples.cells import NOTHING
from pipeline.ingest.samples.figures import read_numbers
from pipeline.ingest.samples.headings import (
    BRACKETED,
    Name,
    find_divisor,
    fold,
    is_unit,
    load_parameter_codes,
    read_heading,
)
from pipeline.ingest.samples.layouts import READ
from pipeline.ingest.samples.sheets import Sheet

_MEASURED = frozenset({"parameter", "value", "unit", "detection_limit"})
_KEYS = READ - _MEASURED
"""Roles of columns that say of what a reading is; their headings reach over all rows of headings."""

_SECTIONS = frozenset({"section", "section_id"})
_MOST_LEVELS = 3
"""So many rows below the first of a heading are joined to it, one after the other."""

_UNIT = "单位"
_WORDS = re.compile(r"[,;、:]")


def join_levels(sheet: Sheet, mapping: Mapping[str, str]) -> Sheet:
    """The sheet with one row of headings wherever it has two or more; itself where it has none such."""
    cells = sheet.cells
    for start in _find_beginnings(sheet, mapping):
        for row in range(max(start - 1, 1), min(start + _MOST_LEVELS, len(cells))):
            upper, lower = (_read_row(cells, number) for number in (row, row + 1))
            joined = join_rows(upper, lower, mapping)
            if joined is None and row >= start:
                break
            if joined is not None:
                cells = cells.copy() if cells is sheet.cells else cells
                cells.loc[row + 1] = joined
                cells.loc[row] = [""] * len(upper) if _begins_table(upper, mapping) else upper
    return sheet if cells is sheet.cells else replace(sheet, cells=cells)


def _read_row(cells: pd.DataFrame, number: int) -> list[str]:
    return [str(text) for text in cells.loc[number]]


def _find_beginnings(sheet: Sheet, mapping: Mapping[str, str]) -> list[int]:
    """The first row that begins a table, and those that begin it once more, by the heading of the section."""
    first = next((texts for texts in sheet.head if _begins_table(texts, mapping)), None)
    if first is None:
        return []
    position = next(place for place, text in enumerate(first) if _is_section(text, mapping))
    return [int(row) for row in sheet.cells.index[sheet.cells[position] == first[position]]]


def join_rows(upper: Sequence[str], lower: Sequence[str], mapping: Mapping[str, str]) -> list[str] | None:
    """Headings of two rows in one; None where they are not the two levels of one."""
    if _begins_table(upper, mapping):
        return _join_below(upper, lower, mapping)
    return _join_above(upper, lower, mapping) if _begins_table(lower, mapping) else None


def _join_below(upper: Sequence[str], lower: Sequence[str], mapping: Mapping[str, str]) -> list[str] | None:
    """Headings, of which the upper row holds those of the section and the time."""
    pairs = list(zip(upper, lower, strict=True))
    further = [text for above, text in pairs if not _repeats(above, text)]
    goes_on = all(
        _repeats(above, text) or _is_key(text, mapping) for above, text in pairs if _is_key(above, mapping)
    )
    if not further or not goes_on or _hold_numbers([*upper, *further]) or all(map(is_unit, further)):
        return None
    return _join(_spread(upper, lower, mapping), lower, mapping, keeps_unknown=True)


def _join_above(upper: Sequence[str], lower: Sequence[str], mapping: Mapping[str, str]) -> list[str] | None:
    """Headings, of which the upper row only holds groups; it may as well be a title, or a line of a form."""
    told = {fold(text) for text in upper} - NOTHING
    if not told or any(text.startswith(_UNIT) for text in told) or _hold_numbers([*told, *lower]):
        return None
    pairs = zip(upper, lower, strict=True)
    is_group = all(_repeats(below, above) for above, below in pairs if _is_key(below, mapping))
    keeps_unknown = is_group and len(told) > 1
    return _join(_spread(upper, lower, mapping), lower, mapping, keeps_unknown=keeps_unknown)


def _join(
    upper: Sequence[str], lower: Sequence[str], mapping: Mapping[str, str], *, keeps_unknown: bool
) -> list[str]:
    return [
        _join_texts(above, below, mapping, keeps_unknown=keeps_unknown)
        for above, below in zip(upper, lower, strict=True)
    ]


def _join_texts(above: str, below: str, mapping: Mapping[str, str], *, keeps_unknown: bool) -> str:
    """The heading of a column that stands in two cells."""
    if not fold(above) or _repeats(above, below):
        return above if fold(above) else below
    group, name = _name(above, mapping), _name(below, mapping)
    if group and _is_parameter(group):
        return _join_parameter(above, below, group, name)
    if _is_key(below, mapping):
        return below
    if group and not _means_one_of(group, _MEASURED):
        return above
    if _is_parameter(name) and name and (_means_one_of(group, _MEASURED) or not keeps_unknown):
        return _add_unit(below, name, _find_unit(above))
    return f"{above} {below}" if keeps_unknown else below


def _join_parameter(above: str, below: str, group: Name, name: Name | None) -> str:
    """The heading of a column under a parameter."""
    if name and (name.means == "unused" or (name.means == group.means and not group.unit)):
        return below
    if name and name.means == group.means and name.unit in {None, group.unit}:
        return above
    parts = BRACKETED.fullmatch(fold(below))
    unit = below if is_unit(below) else parts["inner"] if parts else name and name.unit
    if is_unit(below) or _means_one_of(name, {"value"}):
        return f"{above}({unit})" if unit else above
    return f"{above} {below}"


def _add_unit(heading: str, name: Name, unit: str | None) -> str:
    """A heading with the unit of its group, where it has none of its own and that one can be meant."""
    if unit is None or name.unit is not None:
        return heading
    can_be_meant = find_divisor(name.means, unit) is not None or not is_unit(unit)
    return f"{heading}({unit})" if can_be_meant else heading


def _find_unit(text: str) -> str | None:
    """The unit of a group, in brackets perhaps with other words: (mg/L, pH除外); also one not known."""
    parts = BRACKETED.fullmatch(fold(text))
    words = _WORDS.split(parts["inner"]) if parts else []
    known = next((word for word in words if is_unit(word)), None)
    bare = read_heading(text)
    return known or (bare.unit if bare else None) or next((word for word in words if "/" in word), None)


def _spread(upper: Sequence[str], lower: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    """The upper row, whose texts reach to the right over blank cells as long as something stands below."""
    spread, reaches = [""], False
    for above, below in zip(upper, lower, strict=True):
        is_below = bool(fold(below)) and not _is_key(below, mapping)
        spread.append(spread[-1] if not fold(above) and is_below and reaches else above)
        reaches = is_below and not _is_key(spread[-1], mapping)
    return spread[1:]


def _name(text: str, mapping: Mapping[str, str]) -> Name | None:
    """What a heading names, by the settings or else by the tables of names."""
    ours = next((role for role, heading in mapping.items() if fold(heading) == fold(text)), None)
    return Name(ours) if ours else read_heading(text)


def _means_one_of(name: Name | None, roles: frozenset[str] | set[str]) -> bool:
    return name is not None and name.means in roles


def _is_parameter(name: Name | None) -> bool:
    return name is not None and name.means in load_parameter_codes().values()


def _is_key(text: str, mapping: Mapping[str, str]) -> bool:
    return _means_one_of(_name(text, mapping), _KEYS)


def _is_section(text: str, mapping: Mapping[str, str]) -> bool:
    return _means_one_of(_name(text, mapping), _SECTIONS)


def _begins_table(texts: Sequence[str], mapping: Mapping[str, str]) -> bool:
    """Whether a row names a section and something else that readings are told by."""
    keys = {name.means for text in texts if (name := _name(text, mapping)) and name.means in _KEYS}
    return bool(keys & _SECTIONS) and len(keys) > 1


def _repeats(above: str, below: str) -> bool:
    """Whether the cell below says nothing more."""
    return fold(below) in NOTHING or fold(below) == fold(above)


def _hold_numbers(texts: Sequence[str]) -> bool:
    """Whether any of some texts is a number, so that they are readings and no headings."""
    found = read_numbers(pd.Series(list(texts), dtype=str))
    return bool((found["value"].notna() | found["censored"]).any())
