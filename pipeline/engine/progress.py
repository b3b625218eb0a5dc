"""Progress on stderr, for who waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bars:
    """One bar a step; nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            disable=quiet,
        )

    @contextmanager
    def show(self) -> Iterator[Self]:
        """The bars, on screen until what runs inside ends."""
        with self._progress:
            yield self

    def start(self, title: str, total: int, done: int = 0) -> TaskID:
        """A new bar."""
        return self._progress.add_task(title, total=total, completed=done)

    def advance(self, bar: TaskID) -> None:
        """One more done."""
        self._progress.advance(bar)
