"""Chinese numerals: 二〇二四年, 三百二十, 十余."""

import re

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_MYRIAD = "万"
_RUN = re.compile("[零〇○一二两三四五六七八九]+")
_NUMERAL = re.compile("[零〇○一二两三四五六七八九十百千万]+")


def write_digits(text: str) -> str:
    """A text with its Chinese numerals in digits: 二〇二四年三月十五日 as 2024年3月15日."""
    return _NUMERAL.sub(lambda found: str(_read_numeral(found[0])), text)


def _read_numeral(text: str) -> int | str:
    """The number that a numeral writes; digits one by one where it names no tens."""
    if _RUN.fullmatch(text):
        return "".join(str(_DIGITS[digit]) for digit in text)
    whole, _, rest = text.rpartition(_MYRIAD)
    return (
        _read_below_myriad(whole or "一") * 10_000 + _read_below_myriad(rest)
        if _MYRIAD in text
        else (_read_below_myriad(text))
    )


def _read_below_myriad(text: str) -> int:
    total, digit = 0, 0
    for sign in text:
        if sign in _TENS:
            total, digit = total + (digit or 1) * _TENS[sign], 0
        else:
            digit = _DIGITS.get(sign, digit)
    return total + digit
