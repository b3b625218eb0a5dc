"""Carries the plan out: finds what is finished, builds what is missing, records it, publishes it."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pipeline.contracts import ReadRecord
from pipeline.engine.executors import Cluster, each_numbered
from pipeline.grid import Block, Grid
from pipeline.storage.blocks import Layer, checksum_of_block, clear_strays, create_store
from pipeline.storage.cause import Artifact, Cause, measure_files
from pipeline.storage.publish import publish, remove, restore
from pipeline.storage.workspace import Workspace

_LOG = logging.getLogger("ecoledger")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class BlockDone:
    """What a block task gives back: the checksum of what it wrote, and what became of its reads."""

    checksum: str
    records: tuple[ReadRecord, ...] = ()


class BlockTask(Protocol):
    """The request of one block task: where it writes and which block."""

    @property
    def store(self) -> Path:
        """The Zarr store to write to."""

    @property
    def block(self) -> Block:
        """The region to write."""


Task = TypeVar("Task", bound=BlockTask)


class Bars:
    """Progress on stderr, one bar a step; nothing when quiet."""

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
    def shown(self) -> Iterator["Bars"]:
        """The bars, on screen."""
        with self._progress:
            yield self

    def start(self, title: str, total: int, done: int = 0) -> TaskID:
        """A new bar."""
        return self._progress.add_task(title, total=total, completed=done)

    def advance(self, bar: TaskID) -> None:
        """One more done."""
        self._progress.advance(bar)


@dataclass(frozen=True)
class Run:
    """One run of the plan over a held workspace."""

    workspace: Workspace
    cluster: Cluster
    bars: Bars
    refresh: bool = False

    def artifact(
        self, title: str, cause: Cause, build: Callable[[Path], None], *, anew: bool = False
    ) -> Artifact:
        """The folder that a cause gives: found if finished (and not wanted anew), else built by `build`."""
        found = None if anew else self.workspace.find(cause)
        if found:
            return found
        bar = self.bars.start(title, 1)
        _LOG.info("begun", extra={"step": cause.step, "key": cause.key})
        part = self.workspace.part(cause)
        if part.exists():
            remove(part)
        part.mkdir(parents=True)
        build(part)
        self.bars.advance(bar)
        return self._entered(cause)

    def store(
        self,
        title: str,
        cause: Cause,
        *,
        layers: Mapping[str, Layer],
        grid: Grid,
        block_px: int,
        blocks: Sequence[Block],
        task: Callable[[Path, Block], Task],
        work: Callable[[Task], BlockDone],
        at_once: int | None = None,
    ) -> Artifact:
        """The Zarr store that a cause gives, one task a block; blocks that a killed run finished are kept.

        `task` makes the request of a block, given the store; `work` carries it out on the cluster, at most
        `at_once` of them in one process.
        """
        found = self.workspace.find(cause)
        if found:
            return found
        part = self.workspace.resume_part(cause)
        kept = self._kept_blocks(cause, part, layers, blocks)
        if not kept:
            create_store(part, layers, grid, block_px)
        known = {"step": cause.step, "key": cause.key}
        _LOG.info("begun", extra={**known, "blocks": len(blocks), "kept": len(kept)})
        remaining = [task(part, block) for block in blocks if block.id not in kept]
        bar = self.bars.start(title, len(blocks), len(kept))

        def done(request: Task, result: BlockDone) -> None:
            self.workspace.ledger.enter_block(cause.key, request.block.id, result.checksum, result.records)
            self.bars.advance(bar)
            _LOG.info("block finished", extra={**known, "block": request.block.id})
            for record in result.records:
                if record.error:
                    told = "read failed" if record.outcome == "failed" else "read, not at once"
                    _LOG.warning(told, extra={"scene": record.scene_id, **asdict(record)})

        self.cluster.each(_Noted(work, cause), remaining, done, at_once=at_once)
        clear_strays(part)
        return self._entered(cause)

    def each(
        self,
        title: str,
        function: Callable[[Item], Result],
        items: Sequence[Item],
    ) -> list[Result]:
        """A function of every item, on the cluster, in the order of the items."""
        results: dict[int, Result] = {}
        self.each_into(title, function, items, results.__setitem__, count=len(items))
        return [results[number] for number in range(len(items))]

    def each_into(
        self,
        title: str,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        put: Callable[[int, Result], None],
        *,
        count: int,
    ) -> None:
        """A function of every item (`count` of them, drawn as they are needed), on the cluster.

        `put` takes the number of the item and the result as each comes in, in no order.
        """
        bar = self.bars.start(title, count)

        def done(number: int, result: Result) -> None:
            put(number, result)
            self.bars.advance(bar)

        each_numbered(self.cluster, function, items, done)

    def published(self, cause: Cause, target: Path) -> bool:
        """Whether a delivery of this cause stands at its target, unaltered."""
        restore(target)
        return target.is_dir() and self.workspace.find_delivery(target) == (cause.key, *measure_files(target))

    def publish(self, cause: Cause, part: Path, target: Path) -> None:
        """Publish a finished delivery folder and enter it in the ledger."""
        publish(part, target)
        self.workspace.enter_delivery(target, cause.key, *measure_files(target))
        _LOG.info("published", extra={"step": cause.step, "target": str(target)})

    def _entered(self, cause: Cause) -> Artifact:
        artifact = self.workspace.enter(cause)
        _LOG.info("built", extra={"step": cause.step, "key": cause.key})
        return artifact

    def _kept_blocks(
        self, cause: Cause, part: Path, layers: Mapping[str, Layer], blocks: Sequence[Block]
    ) -> set[str]:
        """Blocks of an unfinished store whose content is still what the ledger says."""
        finished = self.workspace.ledger.list_blocks(cause.key) if part.exists() else {}
        return {
            block.id
            for block in blocks
            if block.id in finished and checksum_of_block(part, block, layers) == finished[block.id]
        }


@dataclass(frozen=True)
class _Noted(Generic[Task]):
    """The work of a block, its beginning told in the log of the process that does it."""

    work: Callable[[Task], BlockDone]
    cause: Cause

    def __call__(self, task: Task) -> BlockDone:
        known = {"step": self.cause.step, "key": self.cause.key, "block": task.block.id}
        _LOG.info("block begun", extra=known)
        return self.work(task)
