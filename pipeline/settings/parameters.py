"""Tables of parameters of the accounts, as profiles ship them and offices write their own."""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline import standards
from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import InputError
from pipeline.settings.csv_files import CsvFile

_COLUMNS = (
    "key", "value", "unit", "source", "class", "region", "low", "high", "price_year", "confirmed",
)  # fmt: skip
_NEEDED = 4
_YES, _NO = frozenset({"yes", "true", "1", "是"}), frozenset({"", "no", "false", "0", "否"})
_YEARS = range(1949, 2100)


class ParameterRow(NamedTuple):
    """A parameter of a class and region, `None`: of all; `low` and `high` hold it in 95 of 100 cases.

    Its figures are in the `unit` of its key; the source says in which they were given, where in another.
    `origin` is the name of its table, `row` its row there as a spreadsheet counts.
    """

    key: str
    land_class: str | None
    region: str | None
    value: float
    low: float | None
    high: float | None
    unit: str
    price_year: int | None
    source: str
    confirmed: bool
    origin: str
    row: int


@cache
def list_keys() -> Mapping[str, dict[str, str]]:
    """What is told of each key of a parameter: names, unit, bounds, and whether it is told by class."""
    return {row["key"]: row for row in standards.read_rows("account_parameters")}


@cache
def list_classes() -> tuple[str, ...]:
    """Classes that a parameter may be of: survey codes, ecosystem types, what covers the land, subtypes."""
    land = standards.read_rows("land_classes")
    subtypes = standards.read_rows("ecosystem_subtypes")
    codes, types = ([row[name] for row in land] for name in ("code", "ecosystem"))
    cover = [row["cover"] for row in standards.read_rows("land_kinds")]
    return tuple(dict.fromkeys([*codes, *types, *cover, *(row["subtype"] for row in subtypes)]))


@cache
def _list_units(unit: str) -> Mapping[str, float]:
    """Units that a figure may be given in, and what it is then multiplied by."""
    rows = standards.read_rows("account_parameter_units")
    return {unit: 1.0} | {row["alias"]: float(row["factor"]) for row in rows if row["unit"] == unit}


def read_parameters(paths: Sequence[Path]) -> tuple[tuple[ParameterRow, ...], ...]:
    """The rows of each table; InputError with every mistake of all of them, by file, row and column."""
    readings = [_ParameterFile(path) for path in paths]
    tables = tuple(tuple(reading.read()) for reading in readings)
    problems = [problem for reading in readings for problem in reading.problems]
    if problems:
        raise InputError(f"Tables of parameters have {len(problems)} mistake(s)", problems)
    return tables


@cache
def read_elsewhere() -> tuple[ParameterRow, ...]:
    """Figures of other places, which no profile takes, to hold those that are taken against."""
    return read_parameters([PROJECT_ROOT / "configs" / "accounts" / "parameters" / "elsewhere.csv"])[0]


class _ParameterFile(CsvFile):
    def __init__(self, path: Path) -> None:
        super().__init__(path, _COLUMNS, _NEEDED)
        self._rows: dict[tuple[str, str, str], int] = {}

    def read(self) -> Iterator[ParameterRow]:
        for number, told in self.list_rows():
            key = list_keys().get(told["key"])
            if key is None:
                close = difflib.get_close_matches(told["key"], list_keys(), n=3, cutoff=0.5)
                expected = f"a key, such as {', '.join(close)}" if close else "a key of `account_parameters`"
                self.tell(number, "key", repr(told["key"]), expected)
            else:
                self._check_place(number, told, key)
                yield self._convert(number, told, key)

    def _check_place(self, number: int, told: dict[str, str], key: dict[str, str]) -> None:
        """Source and class, and that a key, class and region stand in one row only."""
        if not told["source"]:
            self.tell(number, "source", "nothing", "where the figure is from")
        if told["class"] and not key["by"]:
            self.tell(number, "class", repr(told["class"]), f"nothing, as {key['key']} is of all classes")
        elif told["class"] and told["class"] not in list_classes():
            named = ", ".join(name for name in list_classes() if not name[0].isdecimal())
            self.tell(number, "class", repr(told["class"]), f"a code of the third survey, or one of {named}")
        first = self._rows.setdefault((told["key"], told["class"], told["region"]), number)
        if first != number:
            self.tell(number, "key", f"{told['key']} of the class and region of row {first}", "one row")

    def _convert(self, number: int, told: dict[str, str], key: dict[str, str]) -> ParameterRow:
        factor = self._find_factor(number, told["unit"], key)
        value = self._read_figure(number, "value", told, factor)
        low, high = (self._read_figure(number, name, told, factor) for name in ("low", "high"))
        self._check_figures(number, (low, value, high), key)
        given = " to ".join(filter(None, (told["low"], told["high"])))
        other = f" ({told['value']} {told['unit']}{given and f', {given}'})"
        return ParameterRow(
            key=key["key"],
            land_class=told["class"] or None,
            region=told["region"] or None,
            value=math.nan if value is None else value,
            low=low,
            high=high,
            unit=key["unit"],
            price_year=self._read_year(number, told["price_year"], key),
            source=told["source"] + (other if told["unit"] != key["unit"] else ""),
            confirmed=self._read_flag(number, told["confirmed"]),
            origin=self.path.name,
            row=number,
        )

    def _find_factor(self, number: int, unit: str, key: dict[str, str]) -> float:
        known = _list_units(key["unit"])
        if unit not in known:
            self.tell(number, "unit", repr(unit), f"{key['key']} in one of: {', '.join(known)}")
        return known.get(unit, math.nan)

    def _read_figure(self, number: int, name: str, told: dict[str, str], factor: float) -> float | None:
        if not told[name] and name != "value":
            return None
        try:
            figure = float(told[name])
        except ValueError:
            figure = math.nan
        if not math.isfinite(figure):
            self.tell(number, name, repr(told[name]), "a number")
            return None
        return figure * factor

    def _check_figures(
        self, number: int, figures: tuple[float | None, float | None, float | None], key: dict[str, str]
    ) -> None:
        low, value, high = figures
        if (low is None) != (high is None):
            name = "low" if low is None else "high"
            self.tell(number, name, "nothing", "both of low and high, or neither")
        known = [figure for figure in figures if figure is not None]
        if known != sorted(known):
            self.tell(number, "value", f"{value:g} with {low:g} to {high:g}", "low <= value <= high")
        least, most = (
            float(key[name] or bound) for name, bound in (("least", -math.inf), ("most", math.inf))
        )
        if any(figure < least or figure > most for figure in known):
            found = ", ".join(f"{figure:g}" for figure in known)
            bounds = f"{key['least'] or 'any'} to {key['most'] or 'any'} {key['unit']}"
            self.tell(number, "value", f"{found} {key['unit']}", f"{key['key']} from {bounds}; see its unit")

    def _read_year(self, number: int, text: str, key: dict[str, str]) -> int | None:
        if not text:
            return None
        if not key["unit"].startswith("yuan"):
            self.tell(number, "price_year", text, f"nothing, as {key['key']} is no price")
        if not text.isdecimal() or int(text) not in _YEARS:
            self.tell(number, "price_year", repr(text), f"a year from {_YEARS[0]} to {_YEARS[-1]}")
            return None
        return int(text)

    def _read_flag(self, number: int, text: str) -> bool:
        if text.lower() not in _YES | _NO:
            self.tell(number, "confirmed", repr(text), "yes or no")
        return text.lower() in _YES
