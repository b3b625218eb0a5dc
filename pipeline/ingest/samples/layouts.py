"""How a sheet is to be read: which row holds its headings, and what each column is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.ingest.samples.headings import (
    BRACKETED,
    Name,
    find_divisor,
    fold,
    load_divisors,
    load_parameter_codes,
    read_heading,
)
from pipeline.ingest.samples.markup import strip_tag

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
COLUMN_TWICE = "同一内容出现两列，只读第一列 (stands twice, the first column is read)"
MAPPED_COLUMN_MISSING = "设置中指定的列不存在 (named in the settings, not in this sheet)"

HEADING_ROWS = 40
"""So many first rows are searched for headings."""

HEAD_ROWS = HEADING_ROWS + 1
"""With a row of units below the last of them."""

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
    for a long one); `value_unit` is the unit in the heading of the value column of a long table.
    """

    heading_row: int
    first_row: int
    roles: Mapping[str, tuple[int, str]]
    parameters: tuple[ParameterColumn, ...]
    faults: tuple[Fault, ...] = field(default=())
    value_unit: str | None = None

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
    def time_heading(self) -> str:
        """Heading of the column of times, or of those that hold their parts."""
        return " ".join(self.heading(role) for role in TIMES if role in self.roles)

    @property
    def positions(self) -> list[int]:
        """Positions of the columns that are read, each once; of others only those whose content counts."""
        roles = [position for position, _ in self.roles.values()]
        faults = [fault.position for fault in self.faults if fault.position is not None and fault.counts]
        return list(dict.fromkeys([*roles, *(column.position for column in self.parameters), *faults]))


def find_layout(head: Sequence[Sequence[str]], mapping: Mapping[str, str]) -> SheetLayout | None:
    """Layout by the first row of a table's head that names a section, a time and something measured.

    `mapping` gives their heading for our role or parameter code and goes before the tables of names. None
    where no row does so.
    """
    theirs = {fold(strip_tag(heading)): ours for ours, heading in mapping.items()}
    for row, texts in enumerate(head[:HEADING_ROWS], 1):
        headings = [strip_tag(text) for text in texts]
        names = [_apply_mapping(heading, theirs) or read_heading(heading) for heading in headings]
        names = _split_time(headings, names)
        if _is_heading({name.means for name in names if name}):
            units = _read_unit_row(head[row], headings, names) if row < len(head) else None
            return _build_layout(row, headings, names, units, mapping)
    return None


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


def _read_unit_row(
    texts: Sequence[str], headings: Sequence[str], names: list[Name | None]
) -> dict[int, str] | None:
    """Units by position if the row below the headings holds nothing but units, otherwise None."""
    units = {
        position: text
        for position, text in enumerate(texts)
        if fold(text) not in {"", fold(headings[position])}
    }
    codes = set(load_parameter_codes().values())
    in_place = all((name := names[position]) and name.means in codes for position in units)
    return (
        units
        if units and in_place and all(fold(unit) in load_divisors() for unit in units.values())
        else None
    )


def _build_layout(
    row: int,
    headings: Sequence[str],
    names: list[Name | None],
    units: dict[int, str] | None,
    mapping: Mapping[str, str],
) -> SheetLayout:
    codes = set(load_parameter_codes().values())
    is_long = {"parameter", "value"} <= {name.means for name in names if name}
    roles: dict[str, tuple[int, str]] = {}
    parameters: list[ParameterColumn] = []
    faults = list(_find_missing(mapping, headings))
    for position, (heading, name) in enumerate(zip(headings, names, strict=True)):
        if name is None or (is_long and name.means in codes):
            faults.append(Fault(position, heading, UNKNOWN_COLUMN))
        elif name.means in roles or any(name.means == column.code for column in parameters):
            faults.append(Fault(position, heading, COLUMN_TWICE, readings_lost=name.means in codes))
        elif name.means not in codes:
            roles |= {name.means: (position, heading)} if name.means in READ else {}
        elif factor := find_divisor(name.means, name.unit or (units or {}).get(position)):
            parameters.append(ParameterColumn(position, heading, name.means, factor))
        else:
            faults.append(Fault(position, heading, UNKNOWN_UNIT, readings_lost=True))
    value_name = names[roles["value"][0]] if is_long else None
    return SheetLayout(
        row,
        row + (1 if units is None else 2),
        roles,
        tuple(parameters),
        tuple(faults),
        value_name.unit if value_name else None,
    )


def _find_missing(mapping: Mapping[str, str], headings: Sequence[str]) -> Iterator[Fault]:
    present = {fold(heading) for heading in headings}
    for theirs in mapping.values():
        if fold(strip_tag(theirs)) not in present:
            yield Fault(None, theirs, MAPPED_COLUMN_MISSING)
