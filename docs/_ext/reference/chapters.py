"""What generated pages are made of: chapters of tables, whose words are said in both languages."""

from dataclasses import dataclass
from typing import NamedTuple


class Said(NamedTuple):
    """Words in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class English:
    """Words that the code has in English alone; `docs/locale/` has their Chinese, as it has that of pages."""

    text: str


@dataclass(frozen=True)
class Code:
    """What stands as it is typed; `anchor` is where a link to this row leads."""

    text: str
    anchor: str = ""


@dataclass(frozen=True)
class Color:
    """A colour as `#rrggbb`, shown."""

    code: str


@dataclass(frozen=True)
class Lines:
    """Several things in one cell, one below the other."""

    lines: tuple["str | Said | English | Code", ...]


Cell = str | Said | English | Code | Color | Lines
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Chapter:
    """A heading, perhaps a sentence, and a table; `anchor` is its place in the page."""

    anchor: str
    title: Cell
    heads: tuple[Said, ...]
    rows: tuple[Row, ...]
    sentence: Cell = ""
