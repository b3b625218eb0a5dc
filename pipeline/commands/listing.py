"""Rows of results as a terminal shows them: nothing is cut, whatever its width."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

_NARROW = 12
"""Cells below which a column that would need more of them is hard to read."""
_BORDER = 3
_WORD = re.compile(r"[!-~]+")
_NONE = "—"


def lay_out_rows(rows: Sequence[Mapping[str, Any]], width: int) -> Iterator[RenderableType]:
    """A table; or a block of lines a row, where columns are too many for the width or hold mappings."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    lines = [[tell_value(row.get(name)) for name in names] for row in rows]
    needed = [max(map(_measure_whole, column)) for column in zip(names, *lines, strict=True)]
    has_parts = any(isinstance(value, Mapping) for row in rows for value in row.values())
    if has_parts or sum(cells + _BORDER for cells in needed) >= width:
        yield from _lay_out_blocks(rows)
        return
    columns = zip(names, needed, strict=True)
    table = Table(*(Column(Text(name), overflow="fold", min_width=cells) for name, cells in columns))
    for line in lines:
        table.add_row(*map(Text, line))
    yield table


def _measure_whole(text: str) -> int:
    """The cells below which a text is hard to read, or an id, a number or a time in it is cut in two."""
    return max([min(cell_len(text), _NARROW), *map(len, _WORD.findall(text))])


def _lay_out_blocks(rows: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Name and value of what a row says, a line each, a rule between rows."""
    for row in rows:
        block = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2))
        for name, value in row.items():
            block.add_row(Text(str(name), style="bold"), Text(tell_value(value)))
        yield Rule(style="dim")
        yield block


def tell_value(value: Any) -> str:
    """A value as people read it: parts of a mapping a line each, parts of a list behind each other."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {told}" for name, told in _flatten("", value)) or _NONE
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(tell_value, value)) or _NONE
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return _NONE if value is None else str(value)


def _flatten(prefix: str, values: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", tell_value(value)
