"""What stands on a terminal after a program wrote to it: enough of one to read tables and bars."""

import re
import unicodedata

_WRITTEN = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b\][^\x07]*\x07|(.)", re.DOTALL)


def count_cells(text: str) -> int:
    """How wide a text is on a terminal."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


class Terminal:
    """Lines of cells, all that was scrolled away among them."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: list[list[str]] = [[]]
        self._row = self._column = 0

    def feed(self, written: str) -> "Terminal":
        """Take in what was written: text, line ends, moves up, erasures."""
        for count, command, letter in _WRITTEN.findall(written):
            if command == "A":
                self._row = max(0, self._row - int(count or 1))
            elif command == "K":
                self._lines[self._row] = []
            elif letter == "\n":  # to which a terminal adds the return
                self._break()
            elif letter == "\r":
                self._column = 0
            elif letter >= " ":
                self._put(letter)
        return self

    @property
    def lines(self) -> list[str]:
        """What is to be read, line by line."""
        return ["".join(line).rstrip() for line in self._lines]

    def _put(self, letter: str) -> None:
        cells = count_cells(letter)
        if self._column + cells > self._width:
            self._break()
        line = self._lines[self._row]
        line.extend(" " * (self._column + cells - len(line)))
        line[self._column : self._column + cells] = [letter, *[""] * (cells - 1)]
        self._column += cells

    def _break(self) -> None:
        self._row, self._column = self._row + 1, 0
        if self._row == len(self._lines):
            self._lines.append([])
