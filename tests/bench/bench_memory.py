"""Peak memory of the engine under its bound, over dates and area; one task a block.

    python tests/bench/bench_memory.py                     # 10 to 500 dates, 1 to 16 times the area
    python tests/bench/bench_memory.py DATES SIZE MIB      # one of them, here: prints JSON

Dates are the same files again, by hard links. Prints a table, writes build/bench/memory.csv,
and fails where a peak is above the bound.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import shapely
from bench_scenes import BANDS, FIRST_DAY, Bench, bench_scenes
from bench_ways import peak_mib, plan_under, scene_of

from pipeline.contracts import REFLECTANCE_NODATA, Scene
from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.ingest.reading.blocks import BlockRequest
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.maps.making import make_block
from pipeline.settings import Clear
from pipeline.storage.blocks import Layer
from pipeline.storage.cause import Cause
from pipeline.storage.workspace import Workspace
from tests.composing import composing

OUT = Path(__file__).parents[2] / "build" / "bench"
DATES, SIZES = (10, 40, 160, 500), (1024, 2048, 4096)
BOUND_MIB = 2048
WORKERS = 2


def linked_scenes(bench: Bench, folder: Path, dates: int) -> tuple[Scene, ...]:
    """As many dates as asked for, each with files of its own that share their bytes."""
    items = bench.items()
    scenes = []
    for date in range(dates):
        scene = scene_of(items[date % len(items)])
        here = folder / f"d{date:03d}"
        here.mkdir(parents=True)
        for path in {*(asset.href for asset in scene.assets.values()), scene.mask.href}:
            os.link(path, here / Path(path).name)
        assets = {
            band: replace(asset, href=str(here / f"{band}.tif")) for band, asset in scene.assets.items()
        }
        mask = replace(scene.mask, href=str(here / "scl.tif"))
        when = FIRST_DAY + timedelta(days=date)
        scenes.append(replace(scene, id=f"{date:03d}", datetime=when, assets=assets, mask=mask))
    return tuple(scenes)


def composed_under(bound_mib: int, bench: Bench, dates: int) -> dict[str, float]:
    """Compose in this process: peak MiB of the whole process, blocks, tasks that ran, their edge."""
    plan = plan_under(bound_mib * 2**20, bench.grid, dates)
    blocks = plan.tasks(list(bench.grid.blocks(plan.edge_px)))
    layers = {
        **dict.fromkeys(BANDS, Layer("int16", REFLECTANCE_NODATA, {})),
        **dict.fromkeys(("looks", "failed"), Layer("uint16", 0, {})),
    }
    with tempfile.TemporaryDirectory(dir=bench.folder.parent, prefix="memory_") as name:
        scenes = linked_scenes(bench, Path(name) / "scenes", dates)
        frame = shapely.box(*bench.grid.block_bounds(bench.grid.whole))
        tasks = 0

        def task(store, block):
            nonlocal tasks
            tasks += 1
            request = BlockRequest(
                grid=bench.grid,
                block=block,
                outline=frame,
                scenes=scenes,
                bands=BANDS,
                clear=Clear(),
                harmonised=False,
                longitude=121.0,
                reader=reader,
            )
            return composing(store, request)

        with Workspace(Path(name) / "work").hold() as workspace, open_reader(Source()) as reader:
            Run(workspace, Threads(WORKERS), Bars(quiet=True)).store(
                "memory",
                Cause("composite", 1, {}, []),
                layers=layers,
                grid=bench.grid,
                block_px=plan.edge_px,
                blocks=blocks,
                task=task,
                work=make_block,
                at_once=plan.at_once,
            )
    pixels = {"edge_px": plan.edge_px, "abreast": plan.abreast}
    return {"peak_mib": peak_mib(), "blocks": len(blocks), "tasks": tasks, **pixels}


def measured(dates: int, size: int, bound_mib: int) -> dict[str, float]:
    """The same, in a process of its own."""
    command = [sys.executable, __file__, str(dates), str(size), str(bound_mib)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    """Measure all, print, write."""
    cases = [(dates, SIZES[0]) for dates in DATES] + [(DATES[0], size) for size in SIZES[1:]]
    rows: Sequence[dict[str, float]] = [
        {"dates": dates, "size": size, "bound_mib": BOUND_MIB, **measured(dates, size, BOUND_MIB)}
        for dates, size in cases
    ]
    table = pd.DataFrame(rows)
    print(table.round(1).to_string(index=False))
    table.to_csv(OUT / "memory.csv", index=False)
    assert (table["peak_mib"] <= table["bound_mib"]).all(), "more memory than the bound"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asked_dates, asked_size, asked_mib = map(int, sys.argv[1:4])
        scenes = bench_scenes(OUT, asked_size, 10)
        print(json.dumps(composed_under(asked_mib, scenes, asked_dates)))
    else:
        main()
