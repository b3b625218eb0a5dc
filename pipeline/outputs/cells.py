"""Text in the cells of a workbook: what a cell can hold, and how wide it is."""

import re

_MOST_LETTERS = 32_767
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def to_cell(text: str) -> str:
    """What of a text a cell can hold."""
    return _NOT_XML.sub("", text)[:_MOST_LETTERS]


def measure_words(words: str) -> int:
    """Width in letters; a letter beyond ASCII is as wide as two."""
    return sum(1 if letter.isascii() else 2 for letter in words)
