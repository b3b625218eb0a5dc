"""Codes of units and of persons: what a code is, by its form and its check character."""

import re
from datetime import date
from typing import Literal

_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FORM = re.compile(rf"[{_CHARACTERS}]{{18}}")
_PERSON = re.compile(r"[1-9][0-9]{5}(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})[0-9]{3}[0-9X]")
_OLD_PERSON = re.compile(r"[1-9][0-9]{14}")

CodeState = Literal["right", "wrong", "person", "no_code"]


def compute_check_character(code: str) -> str:
    """The 18th character of a credit code, of its first 17: GB 32100-2015.

    C18 = 31 - mod(sum of C_i x W_i, 31) with W_i = mod(3^(i - 1), 31); 31 is written 0.
    """
    total = sum(_CHARACTERS.index(mark) * pow(3, place, 31) for place, mark in enumerate(code[:17]))
    return _CHARACTERS[-total % 31]


def judge_code(code: str) -> CodeState:
    """Whether a code is a credit code, one with a wrong check character, the number of a person, or none."""
    if _FORM.fullmatch(code) and compute_check_character(code) == code[-1]:
        return "right"
    if _OLD_PERSON.fullmatch(code) or _is_person(code):
        return "person"
    return "wrong" if _FORM.fullmatch(code) else "no_code"


def _is_person(code: str) -> bool:
    """Whether a code has the form of an identity number: region, day of birth, serial, check (GB 11643)."""
    parts = _PERSON.fullmatch(code)
    try:
        return bool(parts and date(*(int(parts[name]) for name in ("year", "month", "day"))))
    except ValueError:
        return False
