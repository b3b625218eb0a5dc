"""What a heading names: a role or a parameter, and its unit, by the tables of names."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pipeline import standards
from pipeline.ingest.samples.markup import strip_tag

BRACKETED = re.compile(r"(?P<base>.+?)[/,_:;]?[(\[](?P<inner>[^()\[\]]*(?:\([^()]*\))?[^()\[\]]*)[)\]]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_SHORTEST_BARE_UNIT = 2
_MARKS_OF_NOTHING = frozenset({"-", "/", "无"})


@dataclass(frozen=True)
class Name:
    """What a heading names: a role or a parameter code, and the unit it gives, None if it gives none."""

    means: str
    unit: str | None = None


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
def load_divisors() -> Mapping[str, Mapping[str, float]]:
    """By the name of a unit, what values in it are divided by to be in each unit of the standard."""
    units = standards.table("water_units")
    return {
        fold(str(alias)): {
            unit: float(divisor) for unit, divisor in zip(group["unit"], group["divisor"], strict=True)
        }
        for alias, group in units.groupby("alias")
    }


def is_unit(text: str) -> bool:
    """Whether a text is the name of a unit, and no mark that stands for nothing as well."""
    plain = fold(text)
    return plain in load_divisors() and plain not in _MARKS_OF_NOTHING


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
    return 1.0 if not unit else load_divisors().get(fold(unit), {}).get(find_unit(code))


@cache
def read_heading(heading: str) -> Name | None:
    """What a heading names, None if it is not in the tables.

    `氨氮`, `氨氮(mg/L)`, `氨氮 mg/L`, `氨氮/(mg·L-1)`, `高锰酸盐指数(CODMn)（mg/L）` all name a parameter,
    and so does `氨氮<br/><span class='unit'>(mg/L)</span>`.
    What stands in brackets behind a parameter and is no other name of it is taken for its unit.
    """
    text = fold(strip_tag(heading))
    if text in _load_meanings():
        return Name(_load_meanings()[text])
    bare = _split_bare_unit(text)
    if bare:
        return bare
    parts = BRACKETED.fullmatch(text)
    outer = read_heading(parts["base"]) if parts else None
    if parts is None or outer is None or outer.unit:
        return None
    inner = parts["inner"]
    if outer.means not in load_parameter_codes().values() and inner not in load_divisors():
        return outer
    return outer if load_parameter_codes().get(inner) == outer.means else Name(outer.means, inner)


def _split_bare_unit(text: str) -> Name | None:
    """Name and unit of a heading such as `氨氮mg/l`."""
    for unit in sorted(load_divisors(), key=len, reverse=True):
        base = text.removesuffix(unit).rstrip("/,_:;")
        if len(unit) >= _SHORTEST_BARE_UNIT and text.endswith(unit) and base in _load_meanings():
            return Name(_load_meanings()[base], unit)
    return None
