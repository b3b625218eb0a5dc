"""A store of blocks, built slowly, every execution noted in a file: to be killed in the middle."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.contracts import ReadRecord
from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import BlockDone, Run
from pipeline.grid import Block, Grid
from pipeline.storage.blocks import Layer, write_block
from pipeline.storage.cause import Cause, measure_files
from pipeline.storage.workspace import Workspace

GRID = Grid("EPSG:32651", 0.0, 0.0, 10.0, 64, 64)
BLOCK_PX = 16
CAUSE = Cause("numbers", 1, {}, [])


@dataclass(frozen=True)
class Slow:
    store: Path
    block: Block
    notes: Path
    seconds: float


def work(task: Slow) -> BlockDone:
    with task.notes.open("a") as notes:
        notes.write(f"{task.block.id}\n")
    time.sleep(task.seconds)
    number = np.arange(BLOCK_PX**2, dtype=np.int16).reshape(task.block.shape) + task.block.row_from
    record = ReadRecord("scene", "red", task.block.id, "read", "", "href")
    return BlockDone(write_block(task.store, task.block, {"number": number}), (record,))


def main(root: Path, notes: Path, seconds: float) -> None:
    with Workspace(root).hold() as workspace:
        artifact = Run(workspace, Threads(2), Bars(quiet=True)).store(
            "numbers",
            CAUSE,
            layers={"number": Layer("int16", -1, {})},
            grid=GRID,
            block_px=BLOCK_PX,
            blocks=list(GRID.blocks(BLOCK_PX)),
            task=lambda store, block: Slow(store, block, notes, seconds),
            work=work,
        )
        print(*measure_files(artifact.path), len(workspace.ledger.list_reads([CAUSE.key])))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
