"""The ledger of a workspace at a million blocks: how fast it takes them, its size, how soon it resumes.

    make bench-ledger                                # 10^6 blocks of 20,000 a map, ten reads each
    make bench-ledger LEDGER="--blocks 100000"       # fewer

Blocks are entered one by one, and as many at once as come in together where workers are fast. Then the ledger
is opened once more, as a run that resumes does, and asked what it holds of the map that was not finished.
Prints a table, writes build/bench/ledger.csv; nothing is asserted about time.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from bench_ways import peak_mib

from pipeline.contracts import ReadRecord
from pipeline.storage.ledger import Ledger, open_ledger

OUT = Path(__file__).parents[2] / "build" / "bench"
PER_MAP = 20_000
"""Blocks of a map of 2 million km2."""
ROW_BLOCKS, BLOCK_PX = 200, 1024
ALONE, TOGETHER = 200, 64
Entry = tuple[str, str, list[ReadRecord]]


def list_entries(first: int, count: int, reads: int) -> list[Entry]:
    """Blocks of a map as they come in, from one of all blocks on, each with what was read for it."""
    return [entry_of(number, reads) for number in range(first, first + count)]


def entry_of(number: int, reads: int) -> Entry:
    """A block as it comes in, with what was read for it."""
    row, col = divmod(number % PER_MAP, ROW_BLOCKS)
    block = f"r{row * BLOCK_PX:05d}c{col * BLOCK_PX:05d}"
    scenes = [f"S2A_T51RUQ_202403{day:02d}T023549_L2A" for day in range(1, reads + 1)]
    records = [
        ReadRecord(scene, "red", block, "read", "", f"https://example.org/{scene}/B04.tif")
        for scene in scenes
    ]
    return block, f"{number:064x}", records


def map_key(number: int) -> str:
    """The key of the map that a block belongs to."""
    return f"{number // PER_MAP:064x}"


def enter(ledger: Ledger, blocks: range, together: int, reads: int) -> float:
    """Enter blocks, so many at a time; blocks a second, without what it takes to make them up."""
    seconds = 0.0
    for first in blocks[::together]:
        entries = list_entries(first, min(together, blocks.stop - first), reads)
        begun = time.perf_counter()
        ledger.enter_blocks(map_key(first), entries)
        seconds += time.perf_counter() - begun
    return len(blocks) / seconds


def measure(root: Path, blocks: int, reads: int) -> Iterator[tuple[str, float]]:
    """Every figure by what it is."""
    with open_ledger(root) as ledger:
        yield "one by one, blocks/s", enter(ledger, range(ALONE), 1, reads)
        fast = PER_MAP // TOGETHER * TOGETHER
        yield "first map, blocks/s", enter(ledger, range(ALONE, min(fast, blocks)), TOGETHER, reads)
        last = blocks - min(PER_MAP, blocks // 2)
        if last > fast:
            yield "maps between, blocks/s", enter(ledger, range(fast, last), TOGETHER, reads)
        yield "last map, blocks/s", enter(ledger, range(max(last, fast), blocks), TOGETHER, reads)
    yield "bytes/block", (root / "ledger.sqlite").stat().st_size / blocks
    begun = time.perf_counter()
    with open_ledger(root) as ledger:
        yield "opened and checked, s", time.perf_counter() - begun
        begun = time.perf_counter()
        found = ledger.list_blocks(map_key(blocks - 1))
        yield f"{len(found)} blocks of a map listed, s", time.perf_counter() - begun
        begun = time.perf_counter()
        ledger.count_unfinished_blocks()
        yield "unfinished counted, s", time.perf_counter() - begun
        begun = time.perf_counter()
        ledger.list_failed_reads(10, [map_key(blocks - 1)])
        yield "failed reads of a map, s", time.perf_counter() - begun
    yield "peak MiB", peak_mib()


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--blocks", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=10)
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT, prefix="ledger_") as name:
        (Path(name) / "artifacts").mkdir()
        rows = []
        for what, figure in measure(Path(name), asked.blocks, asked.reads):
            rows.append({"blocks": asked.blocks, "reads": asked.reads, "what": what, "figure": figure})
            print(f"{what:40s} {figure:14,.2f}", flush=True)
    pd.DataFrame(rows).to_csv(OUT / "ledger.csv", index=False)


if __name__ == "__main__":
    main()
