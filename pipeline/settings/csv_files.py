"""Small tables that a config names: CSV in the encodings of offices, all mistakes by row and column."""

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.errors import InputError, Problem

_ENCODINGS = ("utf-8-sig", "gb18030")


class CsvFile:
    """A table while it is read, with what is wrong with it in `problems`.

    `columns` are those it may have, the first `needed` of them those it must have.
    """

    def __init__(self, path: Path, columns: Collection[str], needed: int) -> None:
        self.path = path
        self.columns = tuple(columns)
        self.problems: list[Problem] = []
        self._needed = self.columns[:needed]

    def list_rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Number (as a spreadsheet counts) and cells by column of the rows that say anything.

        InputError where the file cannot be read; without the columns it must have there are no rows.
        """
        lines = _read_lines(self.path)
        heads = [cell.strip() for cell in lines[0]] if lines else []
        if not self._check_heads(heads):
            return
        for number, line in enumerate(lines[1:], start=2):
            cells = [cell.strip() for cell in line]
            if any(cells[len(heads) :]):
                self.tell(number, heads[-1], f"{len(cells)} cells", f"{len(heads)}, as in the first row")
            elif any(cells):
                yield number, dict.fromkeys(self.columns, "") | dict(zip(heads, cells, strict=False))

    def _check_heads(self, heads: list[str]) -> bool:
        lacking = [f"no column {name!r}" for name in self._needed if name not in heads]
        strange = [f"a column {name!r}" for name in heads if name not in self.columns]
        doubled = [f"twice the column {name!r}" for name in sorted(set(heads)) if heads.count(name) > 1]
        expected = f"the columns {', '.join(self.columns)}, of which {', '.join(self._needed)} must be there"
        for found in (*lacking, *strange, *doubled):
            self.problems.append(Problem(f"{self.path}, row 1", found, expected))
        return not self.problems

    def tell(self, number: int, column: str, found: str, expected: str) -> None:
        """One more mistake, with its place."""
        self.problems.append(Problem(f"{self.path}, row {number}, column {column}", found, expected))


def _read_lines(path: Path) -> list[list[str]]:
    try:
        return list(csv.reader(_read_text(path).splitlines(keepends=True)))
    except csv.Error as error:
        problem = Problem(str(path), str(error), "a table, CSV")
        raise InputError("A table of the accounts cannot be read", [problem]) from error


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = Problem(str(path), error.strerror or str(error), "a table, CSV")
        raise InputError("A table of the accounts cannot be read", [problem]) from error
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    problem = Problem(str(path), "neither UTF-8 nor GBK", "a table, CSV in UTF-8")
    raise InputError("A table of the accounts cannot be read", [problem])
