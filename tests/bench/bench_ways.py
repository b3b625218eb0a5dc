"""The ways to a composite that are measured, each in a process of its own.

    python tests/bench/bench_ways.py WAY SIZE DATES ROOT OUT

composes the bench scenes under ROOT (`local` or an address), prints seconds, CPU seconds and peak memory of
the work itself (start-up and compilation are not counted) as JSON, and saves the composite to OUT.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from bench_scenes import BANDS, CRS, OFFSET, Bench, bench_scenes
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.contracts import REFLECTANCE, REFLECTANCE_NODATA, Asset, Scene
from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.grid import Block, BlockPlan, Grid, plan_blocks, widen_blocks
from pipeline.indices import composite
from pipeline.ingest.reading.blocks import BlockRequest, process_bytes
from pipeline.ingest.reading.readers import Source, reader_of
from pipeline.ingest.reading.resampling import Numbers, claim, place_numbers
from pipeline.maps.composite import count_composing_bytes
from pipeline.maps.making import make_block
from pipeline.maps.spectral import count_index_bytes
from pipeline.settings import Clear
from pipeline.storage.blocks import Layer, read_block
from pipeline.storage.cause import Cause
from pipeline.storage.workspace import Workspace
from tests.composing import compose, composing

FOLDER = Path(__file__).parents[2] / "build" / "bench"
WORKERS = 2
MEMORY = 2 * 2**30
CLEAR = [4, 5, 6, 7, 11]
CHUNK = 2048
GDAL = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": 64 * 2**20,
}
"""What a careful reader sets, for the floor."""

Composite = dict[str, NDArray[np.int16]]


def requests(bench: Bench, root: str | None) -> list[BlockRequest]:
    """The bench as requests of blocks, with the masks as they are: others grow no clouds either."""
    scenes = tuple(scene_of(item) for item in bench.items(root))
    frame = shapely.box(*bench.grid.block_bounds(bench.grid.whole))
    reader = reader_of(Source())
    return [
        BlockRequest(
            grid=bench.grid,
            block=block,
            outline=frame,
            scenes=scenes,
            bands=BANDS,
            clear=Clear(open_px=0, dilate_px=0),
            harmonised=False,
            longitude=121.0,
            reader=reader,
        )
        for block in blocks_of(bench)
    ]


def scene_of(item: dict[str, Any]) -> Scene:
    """The scene of an item, as ingest would make it of it."""
    hrefs = {band: asset["href"] for band, asset in item["assets"].items()}
    return Scene(
        id=item["id"],
        mission="sentinel-2",
        platform="sentinel-2a",
        datetime=datetime.fromisoformat(item["properties"]["datetime"]),
        tile="",
        baseline="05.10",
        updated="",
        cloud_percent=0.0,
        crs=CRS,
        assets={band: Asset(hrefs[band], 1e-4, -OFFSET * 1e-4) for band in BANDS},
        mask=Asset(hrefs["scl"]),
        offset_source="pixels",
        offset_evidence="",
        offset_conflict=False,
        item_sha256="",
        simulated=True,
    )


def plan_of(bench: Bench) -> BlockPlan:
    """The blocks that the engine cuts under the default bound."""
    return plan_under(MEMORY, bench.grid, bench.dates)


def blocks_of(bench: Bench) -> list[Block]:
    """The blocks that the engine works on."""
    plan = plan_of(bench)
    return plan.tasks(list(bench.grid.blocks(plan.edge_px)))


def plan_under(memory: int, grid: Grid, dates: int) -> BlockPlan:
    """The blocks that the engine cuts under a bound, and how many of them it reads as one."""
    plan = plan_blocks(
        grid,
        block_bytes=max(count_composing_bytes(dates, len(BANDS), "median"), count_index_bytes(len(BANDS))),
        process_bytes=process_bytes(10),
        memory=memory,
    )
    return widen_blocks(
        plan,
        len(list(grid.blocks(plan.edge_px))),
        block_bytes=count_composing_bytes(dates, len(BANDS), "median"),
        process_bytes=process_bytes(10),
        memory=memory,
    )


def ours(bench: Bench, root: str | None) -> Callable[[], Composite]:
    """Our engine, blocks put together in memory."""
    asked = requests(bench, root)
    found = {band: np.empty(bench.grid.shape, dtype=np.int16) for band in BANDS}

    def keep(number: int, layers: Composite) -> None:
        block = asked[number].block
        for band in BANDS:
            found[band][block.rows, block.cols] = layers[band]

    def work() -> Composite:
        Threads(WORKERS).each(_layers, asked, keep, at_once=plan_of(bench).at_once)
        return found

    return work


def ours_stored(bench: Bench, root: str | None) -> Callable[[], Composite]:
    """Our engine with its Zarr store and ledger written, flushed and checked."""
    asked = {request.block: request for request in requests(bench, root)}
    layers = {
        **dict.fromkeys(BANDS, Layer("int16", REFLECTANCE_NODATA, {})),
        **dict.fromkeys(("looks", "failed"), Layer("uint16", 0, {})),
    }

    def work() -> Path:
        folder = Path(tempfile.mkdtemp(dir=FOLDER, prefix="store_"))
        with Workspace(folder).hold() as workspace:
            run = Run(workspace, Threads(WORKERS), Bars(quiet=True))
            return run.store(
                "bench",
                Cause("composite", 1, {}, []),
                layers=layers,
                grid=bench.grid,
                block_px=plan_of(bench).edge_px,
                blocks=list(asked),
                task=lambda store, block: composing(store, asked[block]),
                work=make_block,
                at_once=plan_of(bench).at_once,
            ).path

    return lambda: _Stored(work(), bench)


class _Stored(dict[str, NDArray[np.int16]]):
    """A store that is read after the clock has stopped."""

    def __init__(self, path: Path, bench: Bench) -> None:
        super().__init__()
        self.path, self.bench = path, bench

    def read(self) -> Composite:
        found = read_block(self.path, self.bench.grid.whole, BANDS)
        for path in sorted(self.path.parents[2].rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self.path.parents[2].rmdir()
        return found


def floor(bench: Bench, root: str | None) -> Callable[[], Composite]:
    """What cannot be saved: reading and decoding the same blocks, then the kernels over data in memory."""
    items = bench.items(root)
    hrefs = [item["assets"][band]["href"] for item in items for band in (*BANDS, "scl")]
    blocks = blocks_of(bench)
    here = threading.local()

    def read(block: Block) -> None:
        if not hasattr(here, "files"):
            rasterio.Env(**GDAL).__enter__()
            here.files = [rasterio.open(href) for href in hrefs]
        for file in here.files:
            times = bench.size // file.height
            file.read(1, window=_window(block, times))

    kernels = _kernels(bench, blocks[0])

    def work() -> Composite:
        for step in (read, kernels):
            with ThreadPoolExecutor(WORKERS) as threads:
                list(threads.map(step, blocks))
        return {}

    return work


def _kernels(bench: Bench, block: Block) -> Callable[[Block], None]:
    """Claiming, placing and composing of one block whose numbers are in memory."""
    rng = np.random.default_rng(1)
    height, width = block.shape
    fine = [rng.integers(OFFSET, 9000, block.shape, dtype=np.uint16) for _ in range(bench.dates)]
    halves = np.arange(height) // 2, np.arange(width) // 2
    clear = [Numbers(rng.random((height // 2, width // 2)) < 0.6, *halves) for _ in range(bench.dates)]
    inside = np.ones(block.shape, dtype=bool)
    asset = Asset("", 1e-4, -0.1)

    def work(_block: Block) -> None:
        owner = np.zeros((bench.dates, *block.shape), dtype=np.uint8)
        stack = np.empty(owner.shape, dtype=np.int16)
        for date in range(bench.dates):
            claim(clear[date], inside, 1, owner[date])
        for band in BANDS:
            for date, numbers in enumerate(fine):
                values = Numbers(numbers, *halves) if band == "swir16" else Numbers.of_block(numbers)
                place_numbers(values, asset, REFLECTANCE, owner[date], 1, stack[date], alone=True)
            composite.compute_median(stack)
        composite.count_looks(owner)

    return work


def odc(bench: Bench, root: str | None) -> Callable[[], Composite]:
    """odc-stac, xarray and dask as people write it."""
    data = _odc_cube(bench, root)

    def work() -> Composite:
        clear = data["scl"].isin(CLEAR)
        reflectance = data[list(BANDS)].where(clear & (data[list(BANDS)] != 0)) * 1e-4 - OFFSET * 1e-4
        found = reflectance.median("time").compute(scheduler="threads", num_workers=WORKERS)
        return {band: as_stored(found[band].to_numpy()) for band in BANDS}

    return work


def odc_fused(bench: Bench, root: str | None) -> Callable[[], Composite]:
    """odc-stac's reading with our kernels, fused into one function of a chunk of all dates."""
    import dask  # noqa: PLC0415 no other way needs it
    import dask.array as da  # noqa: PLC0415 see dask

    data = _odc_cube(bench, root).chunk(time=-1)

    def work() -> Composite:
        lazy = {
            band: da.map_blocks(_fused, data[band].data, data["scl"].data, drop_axis=0, dtype=np.int16)
            for band in BANDS
        }
        (found,) = dask.compute(lazy, scheduler="threads", num_workers=WORKERS)
        return found

    return work


def _fused(numbers: NDArray[np.uint16], classes: NDArray[np.uint8]) -> NDArray[np.int16]:
    owner = np.isin(classes, CLEAR).view(np.uint8)
    stack = np.empty(numbers.shape, dtype=np.int16)
    for date, values in enumerate(numbers):
        place_numbers(
            Numbers.of_block(np.ascontiguousarray(values)),
            Asset("", 1e-4, -OFFSET * 1e-4),
            REFLECTANCE,
            owner[date],
            1,
            stack[date],
            alone=True,
        )
    return composite.compute_median(stack)


def _odc_cube(bench: Bench, root: str | None) -> Any:
    import odc.stac  # noqa: PLC0415 no other way needs it
    import pystac  # noqa: PLC0415 see odc.stac
    from odc.geo.geobox import GeoBox  # noqa: PLC0415 see odc.stac

    odc.stac.configure_rio(cloud_defaults=True)
    items = [pystac.Item.from_dict(item) for item in bench.items(root)]
    return odc.stac.load(
        items,
        bands=[*BANDS, "scl"],
        geobox=GeoBox(bench.grid.shape, bench.grid.transform, CRS),
        chunks={"x": CHUNK, "y": CHUNK},
        groupby="solar_day",
    )


def as_stored(reflectance: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    """Reflectance with NaN as int16 with scale 1e-4."""
    steps = np.rint(reflectance * 1e4)
    return np.where(np.isnan(steps), REFLECTANCE_NODATA, steps).astype(np.int16)


def _layers(request: BlockRequest) -> Composite:
    return compose(request)


def _window(block: Block, times: int) -> Window:
    height, width = block.shape
    return Window(block.col_from // times, block.row_from // times, -(-width // times), -(-height // times))


WAYS = {"floor": floor, "ours": ours, "ours_stored": ours_stored, "odc": odc, "odc_fused": odc_fused}


def peak_mib() -> float:
    """Peak memory of this process; ru_maxrss would begin with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def main(way: str, size: int, dates: int, root: str, out: Path) -> None:
    """Measure one way."""
    bench = bench_scenes(FOLDER, size, dates)
    _kernels(bench, Block(0, 64, 0, 64))(Block(0, 64, 0, 64))
    work = WAYS[way](bench, None if root == "local" else root)
    start, cpu = time.perf_counter(), time.process_time()
    found = work()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = peak_mib()
    found = found.read() if isinstance(found, _Stored) else found
    if found:
        np.savez(out, **found)
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], Path(sys.argv[5]))
