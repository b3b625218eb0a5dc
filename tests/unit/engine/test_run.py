"""The run: what is finished is found, what is missing is built."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import BlockDone, Run
from pipeline.errors import BrokenAsset
from pipeline.grid import Block, Grid
from pipeline.storage.blocks import Layer, read_block, write_block
from pipeline.storage.cause import Cause, measure_files
from pipeline.storage.ownership import BEGUN
from pipeline.storage.workspace import Workspace

GRID = Grid("EPSG:32651", 0.0, 0.0, 10.0, 10, 13)
LAYERS = {"number": Layer("int16", -1, {})}
CAUSE = Cause("numbers", 1, {}, [])


@dataclass(frozen=True)
class Numbered:
    store: Path
    block: Block


def work(task: Numbered) -> BlockDone:
    number = np.full(task.block.shape, task.block.row_from * 100 + task.block.col_from, dtype=np.int16)
    return BlockDone(write_block(task.store, task.block, {"number": number}))


class Worker:
    """Work that is counted, and that breaks after some blocks if told so."""

    def __init__(self, breaks_after: int = 99) -> None:
        self.breaks_after = breaks_after
        self.done: list[Block] = []

    def __call__(self, task: Numbered) -> BlockDone:
        if len(self.done) == self.breaks_after:
            raise BrokenAsset(task.block.id)
        self.done.append(task.block)
        return work(task)


@pytest.fixture
def run(tmp_path):
    with Workspace(tmp_path / "work").hold() as workspace:
        yield Run(workspace, Threads(1), Bars(quiet=True))


def stored(run, worker):
    blocks = list(GRID.blocks(4))
    return run.store(
        "numbers", CAUSE, layers=LAYERS, grid=GRID, block_px=4, blocks=blocks, task=Numbered, work=worker
    )


def test_a_store_has_every_block_and_is_found_the_second_time(run):
    worker = Worker()
    artifact = stored(run, worker)
    assert set(worker.done) == set(GRID.blocks(4))
    assert len(worker.done) == len(set(worker.done))
    for block in GRID.blocks(4):
        (number,) = np.unique(read_block(artifact.path, block, LAYERS)["number"])
        assert number == block.row_from * 100 + block.col_from
    assert stored(run, Worker(breaks_after=0)) == artifact


def test_after_an_error_only_what_is_missing_is_done(run, tmp_path):
    first, second = Worker(breaks_after=5), Worker()
    with pytest.raises(BrokenAsset):
        stored(run, first)
    assert run.workspace.find(CAUSE) is None
    path = stored(run, second).path
    assert not set(first.done) & set(second.done)
    assert len(first.done) + len(second.done) == len(list(GRID.blocks(4)))
    with Workspace(tmp_path / "other").hold() as fresh:
        assert measure_files(path) == measure_files(
            stored(Run(fresh, Threads(2), Bars(quiet=True)), Worker()).path
        )


@pytest.mark.parametrize("damage", ["changed", "truncated", "gone", "metadata gone", "everything gone"])
def test_a_block_that_is_not_what_the_ledger_says_is_done_again(run, damage):
    first, second = Worker(breaks_after=6), Worker()
    with pytest.raises(BrokenAsset):
        stored(run, first)
    part, block = run.workspace.part(CAUSE), first.done[0]
    chunk = part / "number" / "c" / str(block.row_from // 4) / str(block.col_from // 4)
    match damage:
        case "changed":
            write_block(part, block, {"number": np.full(block.shape, 7, dtype=np.int16)})
        case "truncated":
            chunk.write_bytes(chunk.read_bytes()[:7])
        case "gone":
            chunk.unlink()
        case "metadata gone":
            (part / "number" / "zarr.json").unlink()
        case "everything gone":
            for path in sorted(part.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
    path = stored(run, second).path
    assert block in second.done
    for each in GRID.blocks(4):
        assert (read_block(path, each, LAYERS)["number"] == each.row_from * 100 + each.col_from).all()


def test_an_artifact_is_built_once_and_its_part_starts_empty(run):
    part = run.workspace.part(CAUSE)
    part.mkdir(parents=True)
    (part / "left.txt").touch()
    built = []

    def build(folder: Path) -> None:
        built.append(folder)
        assert list(folder.iterdir()) == []
        (folder / "a.txt").write_text("a")

    artifact = run.artifact("a", CAUSE, build)
    assert run.artifact("a", CAUSE, build) == artifact
    assert len(built) == 1
    assert run.artifact("a", CAUSE, build, anew=True) == artifact
    assert len(built) == 2


def test_a_build_that_fails_leaves_no_artifact(run):
    with pytest.raises(ZeroDivisionError):
        run.artifact("a", CAUSE, lambda _: 1 / 0)
    assert run.workspace.find(CAUSE) is None


def test_results_come_in_the_order_of_the_items(tmp_path):
    with Workspace(tmp_path / "work").hold() as workspace:
        run = Run(workspace, Threads(2), Bars(quiet=True))
        assert run.each("squares", abs, [-3, 2, -1, -3]) == [3, 2, 1, 3]
        assert run.each("nothing", abs, []) == []


def test_a_delivery_is_known_by_cause_and_content(run):
    target = run.workspace.root.parent / "bay" / "2024"
    part = target.with_name(".2024.part")
    part.mkdir(parents=True)
    (part / BEGUN).touch()
    (part / "report.html").write_text("a")
    assert not run.is_published(CAUSE, target)
    run.publish(CAUSE, part, target)
    assert run.is_published(CAUSE, target)
    assert not run.is_published(Cause("numbers", 2, {}, []), target)
    (target / "report.html").write_text("b")
    assert not run.is_published(CAUSE, target)


def test_a_store_whose_entering_was_cut_short_is_entered_and_no_block_done_again(run):
    path = stored(run, Worker()).path
    run.workspace.ledger.reopen_artifact(CAUSE.key, [CAUSE.key])
    second = Worker(breaks_after=0)
    assert stored(run, second).path == path
    assert run.workspace.find(CAUSE) is not None


def test_a_finished_store_that_someone_changed_is_not_gone_on_with(run):
    path = stored(run, Worker()).path
    (path / "number" / "zarr.json").write_text("{}")
    second = Worker()
    assert stored(run, second).path == path
    assert set(second.done) == set(GRID.blocks(4))


def test_what_a_killed_write_left_beside_the_chunks_is_not_in_the_store(run):
    first = Worker(breaks_after=5)
    with pytest.raises(BrokenAsset):
        stored(run, first)
    (run.workspace.part(CAUSE) / "number" / "c" / "0" / "0.4711.partial").write_text("half")
    assert list(stored(run, Worker()).path.rglob("*.partial")) == []


def test_the_log_tells_of_every_block_that_it_is_begun_and_finished(run, caplog):
    caplog.set_level("INFO", "ecoledger")
    first = Worker(breaks_after=5)
    with pytest.raises(BrokenAsset):
        stored(run, first)
    stored(run, Worker())
    told = [(one.message, getattr(one, "block", None)) for one in caplog.records]
    every = {block.id for block in GRID.blocks(4)}
    assert {block for message, block in told if message == "block begun"} == every
    finished = [block for message, block in told if message == "block finished"]
    assert sorted(finished) == sorted(every)
    assert [one.kept for one in caplog.records if one.message == "begun"] == [0, 5]
