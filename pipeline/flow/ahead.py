"""Simulated worlds of areas that are yet to come, built while an area before them is delivered."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Self

from rich.progress import TaskID

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.operating_system import lower_priority

_PATIENCE = 5
"""By how much the thread stands back (nice): a third of the time of one that does not."""


class WorldsAhead:
    """Worlds that one thread builds ahead, in the order of their areas, with what the run leaves it.

    Most of a delivery is the work of one thread, and most of a world that of loops beside Python. Nothing is
    built ahead of a run that has one worker, or workers elsewhere. Leaving it ends what is at work between
    two passes; what that leaves is as a killed run leaves it.
    """

    def __init__(self, run: Run, build: Callable[[Run, Study], None]) -> None:
        self._run, self._build = run, build
        self._left = Event()
        self._thread: ThreadPoolExecutor | None = None
        self._worlds: dict[str, Future[None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        if self._thread:
            self._thread.shutdown(cancel_futures=True)

    def begin(self, studies: Sequence[Study]) -> None:
        """Begin with the worlds of these areas, unless there are any at work already."""
        cluster = self._run.cluster
        simulated = [study for study in studies if study.settings.simulated]
        if self._worlds or not simulated or not isinstance(cluster, Threads) or cluster.workers == 1:
            return
        beside = replace(self._run, cluster=Threads(1, cluster.memory), bars=_Unseen(self._left))
        self._thread = ThreadPoolExecutor(1, "world", lower_priority, (_PATIENCE,))
        self._worlds = {study.aoi.id: self._thread.submit(self._build, beside, study) for study in simulated}

    def wait(self, study: Study) -> None:
        """Wait for the world of an area, if it was begun; raises its error."""
        world = self._worlds.get(study.aoi.id)
        if world is None or (world.done() and world.exception() is None):
            return
        with self._run.bars.step(study.title("simulate"), ""):
            world.result()


class _Unseen(Bars):
    """Bars that nobody sees, and that end the work as soon as nobody waits for it any more."""

    def __init__(self, left: Event) -> None:
        super().__init__(quiet=True)
        self._left = left

    def start(self, title: str, total: int, done: int = 0, step: str = "") -> TaskID | None:
        """See Bars."""
        self._go_on()
        return super().start(title, total, done, step)

    def advance(self, bar: TaskID | None) -> None:
        """See Bars."""
        self._go_on()
        super().advance(bar)

    def _go_on(self) -> None:
        if self._left.is_set():
            raise CancelledError
