"""Tables of price indices, by which prices of one year become those of another."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipeline import standards
from pipeline.errors import InputError
from pipeline.settings.csv_files import CsvFile

_COLUMNS = ("year", "index", "kind", "source")
_NEEDED = 2
_YEARS = range(1949, 2100)


@cache
def list_index_kinds() -> Mapping[str, str]:
    """Of which kind of index the price of each key is: of consumers, or of construction."""
    return {row["key"]: row["price_index"] for row in standards.read_rows("account_parameters")}


def read_price_index(path: Path) -> dict[str, dict[int, float]]:
    """Fixed-base indices (定基) by kind and year; one kind, if the table has no `kind`, is called ''.

    Raises InputError with every mistake, by row and column. A table of year-on-year indices (上年=100) is
    not told apart by its figures: indices are of one base.
    """
    reading = CsvFile(path, _COLUMNS, _NEEDED)
    found: dict[str, dict[int, float]] = {}
    for number, told in reading.list_rows():
        if not told["year"].isdecimal() or int(told["year"]) not in _YEARS:
            reading.tell(number, "year", repr(told["year"]), "a year")
            continue
        levels = found.setdefault(told["kind"], {})
        if int(told["year"]) in levels:
            reading.tell(number, "year", f"{told['year']} a second time", "each year of a kind once")
        levels[int(told["year"])] = _read_level(reading, number, told["index"])
    strange = sorted(set(found) - {"", *list_index_kinds().values()})
    kinds = ", ".join(sorted({kind for kind in list_index_kinds().values() if kind}))
    for kind in strange:
        reading.tell(1, "kind", repr(kind), f"one of {kinds}")
    if len(found) > 1 and "" in found:
        reading.tell(1, "kind", "some rows without a kind", f"one of {kinds} in every row, or in none")
    if reading.problems:
        raise InputError(f"A table of price indices has {len(reading.problems)} mistake(s)", reading.problems)
    return found


def _read_level(reading: CsvFile, number: int, text: str) -> float:
    try:
        level = float(text)
    except ValueError:
        level = math.nan
    if not (math.isfinite(level) and level > 0):
        reading.tell(number, "index", repr(text), "a number above 0")
    return level
