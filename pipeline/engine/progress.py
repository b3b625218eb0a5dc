"""Progress on stderr, for who waits: what is at work, what remains of all, a line each of what is done."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from pipeline import messages
from pipeline.engine.outlook import Outlook, Remaining

_BAR = 14
_COUNT = 9
_NARROW = Column(no_wrap=True)


class _CountColumn(ProgressColumn):
    """Parts that are done, of a task that has parts."""

    def render(self, task: Task) -> Text:
        return Text(_count(task), justify="right")


class Bars:
    """A bar for each task at work, gone when it is done, above one for the whole run; nothing when quiet."""

    def __init__(
        self, *, quiet: bool, console: Console | None = None, language: messages.Language = "en"
    ) -> None:
        console = console or Console(stderr=True)
        self.outlook = Outlook()
        self._language = language
        self._quiet = quiet
        self._tasks = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, overflow="fold")),
            BarColumn(_BAR, table_column=_NARROW),
            _CountColumn(Column(no_wrap=True, min_width=_COUNT)),
            TimeElapsedColumn(_NARROW),
            expand=True,
        )
        self._whole = Progress(
            TextColumn("{task.description}", table_column=_NARROW),
            BarColumn(_BAR, table_column=_NARROW),
            TextColumn("{task.fields[remains]}", table_column=Column(ratio=1, overflow="fold")),
            TimeElapsedColumn(_NARROW),
            expand=True,
        )
        self._run = self._whole.add_task(
            messages.translate("all", language), total=1.0, visible=False, remains=""
        )
        self._live = Live(console=console, get_renderable=self.draw)
        self._open: dict[TaskID, int] = {}

    @contextmanager
    def show(self) -> Iterator[Self]:
        """The bars, on screen until what runs inside ends."""
        if self._quiet:
            yield self
            return
        with self._live:
            yield self
        if self.outlook.areas and not self._live.console.is_terminal:
            self._live.console.line()  # which rich leaves out where nothing moves

    def enter_area(self, number: int, areas: int) -> None:
        """The run comes to an area, counted from 1."""
        self.outlook.enter_area(number, areas)
        self._whole.update(self._run, visible=True)

    def expect(self, steps: Iterable[str]) -> None:
        """The kinds of the steps of the area that begins, each as often as it comes."""
        self.outlook.expect(steps, monotonic())

    def settle(self, step: str) -> None:
        """A step of the area is done, or was found."""
        self.outlook.settle(step, monotonic())

    @contextmanager
    def step(self, title: str, step: str) -> Iterator[None]:
        """A step that is built inside, as a task without parts of its own."""
        bar = self.start(title, 1, step=step)
        yield
        self.advance(bar)
        self.settle(step)

    def start(self, title: str, total: int, done: int = 0, step: str = "") -> TaskID | None:
        """A bar for a task of so many parts, which may be a `step` of the area; None where nothing is left.

        A task within one of the same title takes over its bar.
        """
        title = messages.translate(title, self._language)
        self.outlook.begin(step, monotonic())
        if done >= total:
            return None
        within = [
            task.id for task in self._tasks.tasks if task.id in self._open and task.description == title
        ]
        bar = within[0] if within else self._tasks.add_task(title, total=total)
        self._open[bar] = self._open.get(bar, 0) + 1
        self._tasks.update(bar, total=total, completed=done)
        return bar

    def advance(self, bar: TaskID | None) -> None:
        """One more done."""
        if bar is None:
            return
        self._tasks.advance(bar)
        task = next(task for task in self._tasks.tasks if task.id == bar)
        if task.completed < (
            task.total or 0
        ):  # rich calls it finished once it was, whatever is begun within it
            return
        self._open[bar] -= 1
        if not self._open[bar]:
            del self._open[bar]
            self._tasks.remove_task(bar)
            self._print_done(task)

    def draw(self) -> Group:
        """The bars as they stand now."""
        remains = _tell_remains(self.outlook, self.outlook.find_remaining(monotonic()))
        remains = messages.translate(remains, self._language)
        self._whole.update(self._run, completed=self.outlook.share, remains=remains)
        return Group(self._tasks, self._whole)

    def _print_done(self, task: Task) -> None:
        if self._quiet:
            return
        line = Table.grid(
            Column(ratio=1, overflow="fold"),
            Column(no_wrap=True),
            Column(no_wrap=True),
            padding=(0, 1),
            expand=True,
        )
        line.add_row(
            Text(task.description),
            Text(_count(task)),
            Text(_tell_time(task.get_time() - (task.start_time or 0.0))),
        )
        self._live.console.print(line)


def _count(task: Task) -> str:
    total = task.total or 0
    return "" if total == 1 else f"{min(task.completed, total):.0f}/{total:.0f}"


def _tell_remains(outlook: Outlook, remaining: Remaining) -> str:
    """Area and step, of how many, and the time that is left: about, at least, or not known yet."""
    if not outlook.areas:
        return ""
    area = f"area {outlook.area}/{outlook.areas}"
    step = f"step {outlook.done}/{outlook.total}" if outlook.total else ""
    left = ("≈ " if remaining.whole else "≥ ") + _tell_time(remaining.seconds) if remaining.seconds else "?"
    is_over = outlook.area == outlook.areas and outlook.done == outlook.total
    return f"{area} {step}" if is_over else f"{area} {step} left {left}"


def _tell_time(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
