"""Which indicator a name means: by code, by the names of the standards and their aliases, by the config."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pipeline import standards
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.targets import advice
from pipeline.ingest.targets.advice import UnusableTarget

_NOTE = re.compile(r"[(\[][^()\[\]]*[)\]]$")
_NUMBERED = re.compile(r"^(?:[(]?(?:[一二三四五六七八九十]+|[0-9]{1,2})(?:[)、]|[.](?![0-9])))+")
_CLOSE = 0.5
_MOST_NAMED = 3


@dataclass(frozen=True)
class IndicatorNames:
    """Codes by folded name; `own` are those that the config maps."""

    own: Mapping[str, str]

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "IndicatorNames":
        """With names of a config, whose codes are known."""
        return cls({fold(theirs): code for theirs, code in given.items()})

    def find(self, text: str) -> str:
        """The code of an indicator; UnusableTarget where no indicator, or more than one, has that name."""
        plain = _NUMBERED.sub("", fold(text))
        if plain in self.own:
            return self.own[plain]
        known = _load_names()
        codes = known.get(plain) or known.get(_NOTE.sub("", plain)) or ()
        if len(codes) == 1:
            return codes[0]
        if codes:
            raise UnusableTarget(advice.AMBIGUOUS_INDICATOR, text, "indicator", candidates=_describe(codes))
        raise UnusableTarget(
            advice.UNKNOWN_INDICATOR, text, "indicator", nearest=_describe(_list_nearest(plain))
        )

    def knows(self, text: str) -> bool:
        """Whether an indicator has that name, or several have it."""
        plain = _NUMBERED.sub("", fold(text))
        return plain in self.own or plain in _load_names()


def list_strange_codes(given: Mapping[str, str]) -> list[str]:
    """Codes of a config that no indicator has."""
    return sorted(set(given.values()) - set(load_units()))


@cache
def load_units() -> Mapping[str, str]:
    """Units of the indicators by code."""
    return {row["indicator"]: row["unit"] for row in standards.read_rows("indicator_names")}


@cache
def _load_names() -> Mapping[str, tuple[str, ...]]:
    """Codes by every name; one in full goes before one that others have but for their brackets."""
    full: dict[str, dict[str, None]] = {}
    short: dict[str, dict[str, None]] = {}
    for row in standards.read_rows("indicator_names"):
        full.setdefault(fold(row["indicator"]), {})[row["indicator"]] = None
        for name in (fold(row["name_zh"]), fold(row["name_en"])):
            full.setdefault(name, {})[row["indicator"]] = None
            short.setdefault(_NOTE.sub("", name), {})[row["indicator"]] = None
    for row in standards.read_rows("indicator_aliases"):
        full.setdefault(fold(row["alias"]), {})[row["indicator"]] = None
    return {name: tuple(codes) for name, codes in {**short, **full}.items()}


def _list_nearest(plain: str) -> list[str]:
    names = difflib.get_close_matches(plain, list(_load_names()), n=_MOST_NAMED, cutoff=_CLOSE)
    return list(dict.fromkeys(code for name in names for code in _load_names()[name]))


def _describe(codes: tuple[str, ...] | list[str]) -> str:
    names = {row["indicator"]: row["name_zh"] for row in standards.read_rows("indicator_names")}
    return "; ".join(f"{code} {names[code]}" for code in list(codes)[: 2 * _MOST_NAMED]) or "—"
