"""What generated pages are made of: chapters of tables, whose words are said in both languages."""

from dataclasses import dataclass
from typing import NamedTuple


class Said(NamedTuple):
    """Words in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Code:
    """What stands as it is typed; `anchor` is where a link to this row leads."""

    text: str
    anchor: str = ""


@dataclass(frozen=True)
class Color:
    """A colour as `#rrggbb`, shown."""

    code: str


Cell = str | Said | Code | Color
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Chapter:
    """A heading, perhaps a sentence, and a table; `anchor` is its place in the page."""

    anchor: str
    title: Cell
    heads: tuple[Said, ...]
    rows: tuple[Row, ...]
    sentence: Cell = ""
