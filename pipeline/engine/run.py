"""One run: finds what is finished, builds what is missing, records it, publishes it."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Protocol, TypeVar

from pipeline import ingest, storage
from pipeline.contracts import ReadRecord
from pipeline.engine.executors import Cluster
from pipeline.engine.progress import Bars
from pipeline.grid import Block, Grid
from pipeline.ingest.reading.readers import Source, reader_of
from pipeline.storage.cause import Artifact, Cause, measure_files
from pipeline.storage.ledger import Cost, CostKind
from pipeline.storage.publish import publish, remove
from pipeline.storage.workspace import Workspace

_LOG = logging.getLogger("ecoledger")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class BlockDone:
    """What a block task gives back: the checksum of what it wrote, what became of its reads, what it took."""

    checksum: str
    records: tuple[ReadRecord, ...] = ()
    seconds: float = 0.0

    @property
    def looks(self) -> int:
        """How many scenes were read; 1 where none was."""
        return len({record.scene_id for record in self.records}) or 1


class StoreTask(Protocol):
    """The request of one block task: where it writes and which block."""

    @property
    def store(self) -> Path:
        """The Zarr store to write to."""

    @property
    def block(self) -> Block:
        """The region to write."""


Task = TypeVar("Task", bound=StoreTask)


@dataclass(frozen=True)
class Run:
    """One run over a held workspace; `source` makes what reads its files, from anywhere unless given.

    `repeats` is the folder of the delivery that is made once more, if one is.
    """

    workspace: Workspace
    cluster: Cluster
    bars: Bars
    refresh: bool = False
    source: Source = field(default_factory=Source)
    repeats: Path | None = None

    @property
    def reader(self) -> "ingest.reading.reader.Reader":
        """Reads the files of the run."""
        return reader_of(self.source)

    def artifact(
        self, title: str, cause: Cause, build: Callable[[Path], None], *, anew: bool = False
    ) -> Artifact:
        """The folder that a cause gives: found if finished (and not wanted anew), else built by `build`."""
        found = None if anew else self.workspace.find(cause)
        if found:
            self.bars.settle(cause.step)
            return found
        _LOG.info("begun", extra={"step": cause.step, "key": cause.key})
        part = self.workspace.part(cause)
        if part.exists():
            remove(part)
        part.mkdir(parents=True)
        with self.step(title, cause):
            build(part)
        return self._enter(cause)

    @contextmanager
    def step(self, title: str, cause: Cause) -> Iterator[None]:
        """What is made at once inside: shown while it is made, and entered with what it took."""
        begun = perf_counter()
        with self.bars.step(title, cause.step):
            yield
        pixels = math.prod(cause.settings.get("grid", {}).get("shape", (0,)))
        cost = Cost(cause.step, "whole", 1, pixels, perf_counter() - begun)
        self.workspace.ledger.add_costs([cost])

    def store(
        self,
        title: str,
        cause: Cause,
        *,
        layers: "Mapping[str, storage.blocks.Layer]",
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
            self.bars.settle(cause.step)
            return found
        part = self.workspace.resume_part(cause)
        kept = self._find_intact_blocks(cause, part, layers, blocks, at_once)
        if not kept:
            storage.blocks.create_store(part, layers, grid, block_px)
        known = {"step": cause.step, "key": cause.key}
        _LOG.info("begun", extra={**known, "blocks": len(blocks), "kept": len(kept)})
        remaining, spent = [block for block in blocks if block.id not in kept], _Spent(cause.step)
        bar = self.bars.start(title, len(blocks), len(kept), cause.step)

        def report(results: Sequence[tuple[int, BlockDone]]) -> None:
            done = [(remaining[number], result) for number, result in results]
            entries = [(block.id, result.checksum, result.records) for block, result in done]
            begun = perf_counter()
            self.workspace.ledger.enter_blocks(cause.key, entries)
            spent.add("ledger", len(done), perf_counter() - begun)
            for block, result in done:
                spent.add("block", math.prod(block.shape) * result.looks, result.seconds)
                self.bars.advance(bar)
                _LOG.info("block finished", extra={**known, "block": block.id})
                _log_reads(result.records)

        tasks = (task(part, block) for block in remaining)
        self.cluster.each_together(partial(_work_on, work, known), tasks, report, at_once=at_once)
        self.workspace.ledger.add_costs(spent.costs.values())
        storage.blocks.clear_strays(part)
        self.bars.settle(cause.step)
        return self._enter(cause)

    def each(
        self,
        title: str,
        function: Callable[[Item], Result],
        items: Sequence[Item],
    ) -> list[Result]:
        """A function of every item, on the cluster, in the order of the items."""
        results: dict[int, Result] = {}
        self.stream(title, function, items, results.__setitem__, count=len(items))
        return [results[number] for number in range(len(items))]

    def stream(
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

        def report(number: int, result: Result) -> None:
            put(number, result)
            self.bars.advance(bar)

        self.cluster.each(function, items, report)

    def is_published(self, cause: Cause, target: Path) -> bool:
        """Whether a delivery of this cause stands at its target, unaltered."""
        return target.is_dir() and self.workspace.find_delivery(target) == (cause.key, *measure_files(target))

    def has_published(self, target: Path) -> bool:
        """Whether the ledger knows a delivery at a target, whatever became of it."""
        return self.workspace.find_delivery(target) is not None

    def publish(self, cause: Cause, part: Path, target: Path) -> list[str]:
        """Publish a finished folder and enter it in the ledger; the files of people that it took over."""
        carried = publish(part, target, known=self.has_published(target))
        self.workspace.enter_delivery(target, cause.key, *measure_files(target))
        _LOG.info("published", extra={"step": cause.step, "target": str(target), "carried": carried})
        return carried

    def _enter(self, cause: Cause) -> Artifact:
        artifact = self.workspace.enter(cause)
        _LOG.info("built", extra={"step": cause.step, "key": cause.key})
        return artifact

    def _find_intact_blocks(
        self,
        cause: Cause,
        part: Path,
        layers: "Mapping[str, storage.blocks.Layer]",
        blocks: Sequence[Block],
        at_once: int | None,
    ) -> set[str]:
        """Blocks of an unfinished store whose content is still what the ledger says."""
        finished = self.workspace.ledger.list_blocks(cause.key) if part.exists() else {}
        entered = [block for block in blocks if block.id in finished]
        measure = partial(storage.blocks.checksum_of_block, part, names=tuple(layers))
        found = self.cluster.map(measure, entered, at_once=at_once)
        return {
            block.id for block, checksum in zip(entered, found, strict=True) if checksum == finished[block.id]
        }


@dataclass(frozen=True)
class _Spent:
    """What the blocks of a map have taken so far."""

    step: str
    costs: dict[CostKind, Cost] = field(default_factory=dict)

    def add(self, kind: CostKind, pixels: int, seconds: float) -> None:
        """One more block, or one more writing of the ledger."""
        before = self.costs.get(kind) or Cost(self.step, kind, 0, 0, 0.0)
        total = replace(before, times=before.times + 1, pixels=before.pixels + pixels)
        self.costs[kind] = replace(total, seconds=before.seconds + seconds)


def _work_on(work: Callable[[Task], BlockDone], known: Mapping[str, str], task: Task) -> BlockDone:
    """The work of a block, its beginning told in the log of the process that does it."""
    _LOG.info("block begun", extra={**known, "block": task.block.id})
    begun = perf_counter()
    done = work(task)
    return replace(done, seconds=perf_counter() - begun)


def _log_reads(records: Iterable[ReadRecord]) -> None:
    """Warn of every read that failed, or had to be tried again."""
    for record in records:
        if record.error:
            message = "read failed" if record.outcome == "failed" else "read, not at once"
            _LOG.warning(message, extra={"scene": record.scene_id, **asdict(record)})
