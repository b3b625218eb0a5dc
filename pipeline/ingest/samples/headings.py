"""What the columns of a sheet mean: roles, parameters and units, by the tables of names."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from pipeline import standards

READ = frozenset(
    {
        "section_id", "province", "basin", "section", "lon", "lat", "time", "clock", "state", "parameter",
        "value", "unit", "detection_limit",
    }
)  # fmt: skip
"""Roles of columns that readings are made of; other known columns say nothing about them."""

UNKNOWN_COLUMN = "列名无法识别 (column not recognised)"
UNKNOWN_UNIT = "单位无法识别 (unit not known)"
COLUMN_TWICE = "同一内容出现两列，只读第一列 (stands twice, the first column is read)"
MAPPED_COLUMN_MISSING = "设置中指定的列不存在 (named in the settings, not in this sheet)"

HEADING_ROWS = 40
"""So many first rows are searched for headings."""

HEAD_ROWS = HEADING_ROWS + 1
"""With a row of units below the last of them."""

_BRACKETED = re.compile(r"(?P<base>.+?)[/,_:;]?[(\[](?P<inner>[^()\[\]]*(?:\([^()]*\))?[^()\[\]]*)[)\]]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_SHORTEST_BARE_UNIT = 2
_DATES = frozenset({"日期", "date"})
_CLOCKS = frozenset({"时间", "time"})


@dataclass(frozen=True)
class Name:
    """What a heading names: a role or a parameter code, and the unit it gives, None if it gives none."""

    means: str
    unit: str | None = None


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
    def positions(self) -> list[int]:
        """Positions of the columns that are read, each once; of others only those whose content counts."""
        roles = [position for position, _ in self.roles.values()]
        faults = [fault.position for fault in self.faults if fault.position is not None and fault.counts]
        return list(dict.fromkeys([*roles, *(column.position for column in self.parameters), *faults]))


def fold(text: str) -> str:
    """A name for comparison: one width of characters, one dash, lower case, no blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).translate(_DASHES).casefold()


@cache
def load_parameter_codes() -> Mapping[str, str]:
    """Parameter codes by plain alias."""
    aliases = standards.table("parameter_aliases")
    return {fold(alias): code for alias, code in zip(aliases["alias"], aliases["code"], strict=True)}


@cache
def _load_meanings() -> Mapping[str, str]:
    headings = standards.table("sample_headings")
    roles = {fold(alias): role for alias, role in zip(headings["alias"], headings["role"], strict=True)}
    return {**roles, **load_parameter_codes()}


@cache
def _load_divisors() -> Mapping[str, Mapping[str, float]]:
    units = standards.table("water_units")
    return {
        fold(str(alias)): {
            unit: float(divisor) for unit, divisor in zip(group["unit"], group["divisor"], strict=True)
        }
        for alias, group in units.groupby("alias")
    }


@cache
def find_unit(code: str) -> str:
    """Unit of a parameter in the standard, or the one that is usual where the standard has no limit."""
    return _load_units()[code]


@cache
def _load_units() -> Mapping[str, str]:
    tables = [standards.table(name) for name in ("water_extras", "water_limits")]
    return {code: unit for table in tables for code, unit in zip(table["code"], table["unit"], strict=True)}


def find_divisor(code: str, unit: str | None) -> float | None:
    """What a value in `unit` is divided by to be in the unit of the standard, None for an unknown unit.

    Without a unit, the unit of the standard is meant.
    """
    return 1.0 if not unit else _load_divisors().get(fold(unit), {}).get(find_unit(code))


@cache
def read_heading(heading: str) -> Name | None:
    """What a heading names, None if it is not in the tables.

    `氨氮`, `氨氮(mg/L)`, `氨氮 mg/L`, `氨氮/(mg·L-1)`, `高锰酸盐指数(CODMn)（mg/L）` all name a parameter.
    What stands in brackets behind a parameter and is no other name of it is taken for its unit.
    """
    text = fold(heading)
    if text in _load_meanings():
        return Name(_load_meanings()[text])
    bare = _split_bare_unit(text)
    if bare:
        return bare
    parts = _BRACKETED.fullmatch(text)
    outer = read_heading(parts["base"]) if parts else None
    if parts is None or outer is None or outer.unit:
        return None
    inner = parts["inner"]
    if outer.means not in load_parameter_codes().values() and inner not in _load_divisors():
        return outer
    return outer if load_parameter_codes().get(inner) == outer.means else Name(outer.means, inner)


def _split_bare_unit(text: str) -> Name | None:
    """Name and unit of a heading such as `氨氮mg/l`."""
    for unit in sorted(_load_divisors(), key=len, reverse=True):
        base = text.removesuffix(unit).rstrip("/,_:;")
        if len(unit) >= _SHORTEST_BARE_UNIT and text.endswith(unit) and base in _load_meanings():
            return Name(_load_meanings()[base], unit)
    return None


def find_layout(head: Sequence[Sequence[str]], mapping: Mapping[str, str]) -> SheetLayout | None:
    """Layout by the first row of a table's head that names a section, a time and something measured.

    `mapping` gives their heading for our role or parameter code and goes before the tables of names. None
    where no row does so.
    """
    theirs = {fold(heading): ours for ours, heading in mapping.items()}
    for row, headings in enumerate(head[:HEADING_ROWS], 1):
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
    parts = _BRACKETED.fullmatch(fold(heading))
    inner = parts["inner"] if parts and parts["inner"] in _load_divisors() else None
    return Name(theirs[fold(heading)], known.unit if known else inner)


def _is_heading(meanings: set[str]) -> bool:
    measured = {"parameter", "value"} <= meanings or bool(meanings & set(load_parameter_codes().values()))
    return "time" in meanings and bool({"section", "section_id"} & meanings) and measured


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
        if units and in_place and all(fold(unit) in _load_divisors() for unit in units.values())
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
        if fold(theirs) not in present:
            yield Fault(None, theirs, MAPPED_COLUMN_MISSING)
