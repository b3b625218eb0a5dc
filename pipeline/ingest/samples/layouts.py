"""How a sheet is to be read: which row holds its headings, and what each column is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from pipeline.ingest.samples.headings import (
    BRACKETED,
    Name,
    find_divisor,
    find_unit,
    fold,
    load_divisors,
    load_parameter_codes,
    read_heading,
)
from pipeline.ingest.samples.markup import strip_tag
from pipeline.ingest.samples.unit_lines import UnitLine, read_unit_line, read_unit_row, read_upper_units

READ = frozenset(
    {
        "section_id", "province", "basin", "section", "lon", "lat", "time", "year", "month", "day", "clock",
        "state", "parameter", "value", "unit", "detection_limit",
    }
)  # fmt: skip
"""Roles of columns that readings are made of; other known columns say nothing about them."""

TIMES = ("time", "year", "month", "day")
"""Roles of the columns that tell a day: as a whole, or in parts."""

UNKNOWN_COLUMN = "列名无法识别 (column not recognised)"
UNKNOWN_UNIT = "单位无法识别 (unit not known)"
UNITS_DIFFER = "表头与单位行的单位不一致 (the heading and the row of units tell different units)"
UNIT_LINE_UNREAD = (
    "单位说明无法识别，请在表头写明单位 (the line of units cannot be read: write them into headings)"
)
UNIT_ASSUMED = (
    "未注明单位，按{unit}读取，而同表别的列用其他单位 "
    "(no unit told, read in {unit}, though another column of the table has another)"
)
BESIDE = (
    "位于第二个断面或时间列之后，归属不明 (behind a second column of sections or times: of which is unclear)"
)
COLUMN_TWICE = "同一内容出现两列，只读第一列 (stands twice, the first column is read)"
MAPPED_COLUMN_MISSING = "设置中指定的列不存在 (named in the settings, not in this sheet)"

KEYS = frozenset({"section_id", "section", "time", "year", "month"})
"""Roles of columns that tell where and when: what a table of readings begins with."""

HEADING_ROWS = 40
"""So many first rows are searched for headings."""

HEAD_ROWS = HEADING_ROWS + 1
"""With a row of units below the last of them."""

ROWS_ABOVE = 6
"""So many rows above headings are searched for a line of units."""
_NO_DIMENSION = "-"
_CONCENTRATION = "mg/L"
_DATES = frozenset({"日期", "date"})
_CLOCKS = frozenset({"时间", "time"})


@dataclass(frozen=True)
class Fault:
    """A column that is not read, and why; `readings_lost` where it is known to hold readings."""

    position: int | None
    heading: str
    reason: str
    readings_lost: bool = False

    @property
    def counts(self) -> bool:
        """Whether it depends on its content what is said of it: how many readings, or, nameless, if any."""
        return self.readings_lost or not fold(self.heading)


@dataclass(frozen=True)
class ParameterColumn:
    """A column of a wide table: its values divided by `divisor` are in the unit of the standard."""

    position: int
    heading: str
    code: str
    divisor: float


@dataclass(frozen=True)
class SheetLayout:
    """How a sheet is to be read.

    `roles` gives the position and heading of each key column, `parameters` those of a wide table (empty
    for a long one). Of a long table `value_unit` and `limit_unit` are the units in the headings of the
    columns of values and of detection limits; `unit_line` is what the sheet says of units above it.
    """

    heading_row: int
    first_row: int
    roles: Mapping[str, tuple[int, str]]
    parameters: tuple[ParameterColumn, ...]
    faults: tuple[Fault, ...] = field(default=())
    value_unit: str | None = None
    limit_unit: str | None = None
    unit_line: UnitLine | None = None

    @property
    def time_heading(self) -> str:
        """Heading of the column of times, or of those that hold their parts."""
        return " ".join(self.heading(role) for role in TIMES if role in self.roles)

    def shift(self, rows: int) -> "SheetLayout":
        """The same layout so many rows below."""
        return replace(self, heading_row=self.heading_row + rows, first_row=self.first_row + rows)

    def has_columns_of(self, other: "SheetLayout | None") -> bool:
        """Whether another layout reads the same columns in the same units, whatever its rows."""
        return other is not None and replace(self, heading_row=0, first_row=0) == replace(
            other, heading_row=0, first_row=0
        )

    @property
    def is_long(self) -> bool:
        """Whether each row holds one reading, its parameter named in a column."""
        return {"parameter", "value"} <= set(self.roles)

    def position(self, role: str) -> int | None:
        """Position of a key column, None where the table has none."""
        return self.roles[role][0] if role in self.roles else None

    def heading(self, role: str) -> str:
        """Heading of a key column, empty where the table has none."""
        return self.roles[role][1] if role in self.roles else ""

    @property
    def beyond_headings(self) -> list[int]:
        """Positions behind the last heading of the row."""
        nameless = [fault.position for fault in self.faults if not fold(fault.heading)]
        last = max(position for position in self.positions if position not in nameless)
        return [position for position in nameless if position is not None and position > last]

    @property
    def number_positions(self) -> list[int]:
        """Positions of the columns that hold values and detection limits."""
        roles = [self.roles[role][0] for role in ("value", "detection_limit") if role in self.roles]
        return [*roles, *(column.position for column in self.parameters)]

    @property
    def positions(self) -> list[int]:
        """Positions of the columns that are read, each once; of others only those whose content counts."""
        roles = [position for position, _ in self.roles.values()]
        faults = [fault.position for fault in self.faults if fault.position is not None and fault.counts]
        return list(dict.fromkeys([*roles, *(column.position for column in self.parameters), *faults]))


def find_layout(
    head: Sequence[Sequence[str]], mapping: Mapping[str, str], known: UnitLine | None = None
) -> SheetLayout | None:
    """Layout by the first row of a table's head that names a section, a time and something measured.

    `mapping` gives their heading for our role or parameter code and goes before the tables of names; `known`
    is a line of units that holds where none stands above the headings. None where no row does so.
    """
    found = (read_layouts(head, row, mapping, known) for row in range(1, len(head[:HEADING_ROWS]) + 1))
    return next((layouts[0] for layouts in found if layouts), None)


def read_layouts(
    rows: Sequence[Sequence[str]], row: int, mapping: Mapping[str, str], known: UnitLine | None = None
) -> list[SheetLayout]:
    """Layouts of the tables, one or several side by side, whose headings stand in a row, counted from 1.

    None for a row that holds no headings of a table. For `mapping` and `known` see `find_layout`.
    """
    headings = [strip_tag(text) for text in rows[row - 1]]
    names = _split_time(headings, read_names(headings, mapping))
    if not _is_heading({name.means for name in names if name}):
        return []
    below = read_unit_row(rows[row], headings, names) if row < len(rows) else {}
    above = _read_units_above(rows[row - 2], headings, names) if row > 1 else {}
    lines = (read_unit_line(texts) for texts in reversed(rows[max(0, row - 1 - ROWS_ABOVE) : row - 1]))
    line = next((found for found in lines if found), known)
    first_row = row + (2 if below else 1)
    return [
        _build_layout(row, first_row, span, headings, names, above | below, line, mapping)
        for span in _split_beside(names)
    ]


def read_names(headings: Sequence[str], mapping: Mapping[str, str]) -> list[Name | None]:
    """What headings name, by the mapping of the settings and by the tables of names."""
    theirs = {fold(strip_tag(heading)): ours for ours, heading in mapping.items()}
    return [_apply_mapping(heading, theirs) or read_heading(heading) for heading in headings]


def names_key(names: Sequence[Name | None]) -> bool:
    """Whether a row can only be one of headings: it names a section or a time, and another column."""
    meanings = {name.means for name in names if name}
    return bool(meanings & KEYS) and len(meanings) > 1


def _read_units_above(
    texts: Sequence[str], headings: Sequence[str], names: Sequence[Name | None]
) -> dict[int, str]:
    return read_unit_row(texts, headings, names) or read_upper_units(texts, names)


def _split_beside(names: Sequence[Name | None]) -> list[range]:
    """Columns of the tables that stand side by side: each names section, time and something measured."""
    starts = [0]
    seen: set[str] = set()
    for position, name in enumerate(names):
        if name and name.means in KEYS:
            is_whole = _is_heading(seen) and _is_heading(_list_meanings(names[position:]))
            if name.means in seen and is_whole:
                starts.append(position)
                seen = set()
        seen |= {name.means} if name else set()
    return [range(start, end) for start, end in pairwise([*starts, len(names)])]


def _list_meanings(names: Sequence[Name | None]) -> set[str]:
    return {name.means for name in names if name}


def _split_time(headings: Sequence[str], names: list[Name | None]) -> list[Name | None]:
    """The names where, of two columns of time, one is of days (采样日期) and one of clocks (采样时间)."""
    places = [place for place, name in enumerate(names) if name and name.means == "time"]
    days = [place for place in places if fold(headings[place]).endswith(tuple(_DATES))]
    clocks = [place for place in places if fold(headings[place]).endswith(tuple(_CLOCKS))]
    if len(places) != len(days) + len(clocks) or len(days) != 1 or len(clocks) != 1:
        return names
    return [Name("clock") if place == clocks[0] else name for place, name in enumerate(names)]


def _apply_mapping(heading: str, theirs: Mapping[str, str]) -> Name | None:
    if fold(heading) not in theirs:
        return None
    known = read_heading(heading)
    parts = BRACKETED.fullmatch(fold(heading))
    inner = parts["inner"] if parts and parts["inner"] in load_divisors() else None
    return Name(theirs[fold(heading)], known.unit if known else inner)


def _is_heading(meanings: set[str]) -> bool:
    measured = {"parameter", "value"} <= meanings or bool(meanings & set(load_parameter_codes().values()))
    return bool({"time", "month"} & meanings) and bool({"section", "section_id"} & meanings) and measured


def _build_layout(
    row: int,
    first_row: int,
    span: range,
    headings: Sequence[str],
    names: Sequence[Name | None],
    units: Mapping[int, str],
    line: UnitLine | None,
    mapping: Mapping[str, str],
) -> SheetLayout:
    codes = set(load_parameter_codes().values())
    is_long = {"parameter", "value"} <= _list_meanings([names[position] for position in span])
    roles: dict[str, tuple[int, str]] = {}
    parameters: list[ParameterColumn] = []
    faults = list(_find_missing(mapping, headings))
    is_beside = False
    for position in span:
        heading, name = headings[position], names[position]
        if name is None or (is_long and name.means in codes):
            faults.append(Fault(position, heading, UNKNOWN_COLUMN))
        elif name.means in roles or any(name.means == column.code for column in parameters):
            faults.append(Fault(position, heading, COLUMN_TWICE, readings_lost=name.means in codes))
            is_beside |= name.means in KEYS and bool(parameters)
        elif name.means not in codes:
            roles |= {name.means: (position, heading)} if name.means in READ else {}
        elif is_beside:
            faults.append(Fault(position, heading, BESIDE, readings_lost=True))
        elif isinstance(divisor := _find_divisor(name, units.get(position), line), float):
            parameters.append(ParameterColumn(position, heading, name.means, divisor))
        else:
            faults.append(Fault(position, heading, divisor, readings_lost=True))
    told = {position for position in span if units.get(position) or ((name := names[position]) and name.unit)}
    faults += _find_assumptions(parameters, told, line)
    own = {role: name.unit for role, (position, _) in roles.items() if (name := names[position])}
    limit_unit = own.get("detection_limit")
    return SheetLayout(
        row, first_row, roles, tuple(parameters), tuple(faults), own.get("value"), limit_unit, line
    )


def _find_assumptions(
    parameters: Sequence[ParameterColumn], told: set[int], line: UnitLine | None
) -> Iterator[Fault]:
    """What is to be said of columns without a unit where others of the table have one of their own."""
    if any(column.divisor != 1 for column in parameters if column.position in told):
        for column in parameters:
            unit, stated = find_unit(column.code), line.find_unit(column.code) if line else None
            if column.position not in told and not stated and unit == _CONCENTRATION:
                yield Fault(column.position, column.heading, UNIT_ASSUMED.format(unit=unit))


def _find_divisor(name: Name, of_column: str | None, line: UnitLine | None) -> float | str:
    """What the values of a column are divided by, or why that is not known.

    Its unit is that of its heading or its row of units, else of the line above, else of the standard.
    """
    told = {find_divisor(name.means, unit) for unit in (name.unit, of_column) if unit}
    if len(told) > 1:
        return UNKNOWN_UNIT if None in told else UNITS_DIFFER
    return find_stated_divisor(name.means, name.unit or of_column, line)


def find_stated_divisor(code: str, unit: str | None, line: UnitLine | None) -> float | str:
    """What a value in a unit, else in that of a line of units, is divided by; or why that is not known."""
    if not unit and line and not line.is_read and find_unit(code) != _NO_DIMENSION:
        return UNIT_LINE_UNREAD
    divisor = find_divisor(code, unit or (line.find_unit(code) if line else None))
    return UNKNOWN_UNIT if divisor is None else divisor


def _find_missing(mapping: Mapping[str, str], headings: Sequence[str]) -> Iterator[Fault]:
    present = {fold(heading) for heading in headings}
    for theirs in mapping.values():
        if fold(strip_tag(theirs)) not in present:
            yield Fault(None, theirs, MAPPED_COLUMN_MISSING)
