"""Our tile reader beside GDAL and imagecodecs, over the same deflated tiles, in one run.

    make bench-tiles
    make bench-tiles TILES="--size 2048 --rounds 3"

prints CPU seconds a gigapixel and ratios for uint16 with differences (predictor 2) and for uint8 without, as
bands and masks are packed, and for the other two, in tiles of 512 and of 1024. Every way reads every tile of
a file that is open and in the page cache, window by window, in one thread. Then the first window of many
files of a server with 40 ms a request, opened and read by the threads of a Reader, ours and GDAL by turns.
The numbers of all are compared. Figures are the median of the rounds, ratios are taken within a round.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import imagecodecs
import numpy as np
import rasterio
from bench_engine import serve
from numpy.typing import NDArray
from rasterio.windows import Window
from scipy import ndimage

from pipeline.contracts import Asset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.gdal import ONLY_BAND
from pipeline.ingest.reading.headers import Fetch, Tiling, read_header
from pipeline.ingest.reading.reader import Reader, Trail
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.ingest.reading.tiles import read_tiles

WINDOW_PX = 1024
FILES, LATENCY_MS = 48, 40
KINDS = (("uint16", 2), ("uint16", 1), ("uint8", 2), ("uint8", 1))
TILES_PX = (512, 1024)
Read = Callable[[Window], NDArray[Any]]


def make_surface(dtype: str, size: int) -> NDArray[Any]:
    """Fields with noise as reflectance has it, or classes in patches as a mask has them."""
    rng = np.random.default_rng(5)
    coarse = rng.normal(0, 1, (size // 64 + 3,) * 2).astype(np.float32)
    fields = ndimage.zoom(coarse, 64, order=1)[:size, :size]
    if dtype == "uint8":
        blurred = fields + rng.normal(0, 0.05, fields.shape)
        return (4 + 3 * (blurred > 0.3) + 2 * (blurred > 0.9)).astype(np.uint8)
    return (2000 + 600 * fields + rng.normal(0, 20, fields.shape)).clip(1).astype(np.uint16)


def write_tiles(path: Path, numbers: NDArray[Any], tile: int, predictor: int) -> None:
    """The numbers as a deflated GeoTIFF in the tiles asked for."""
    height, width = numbers.shape
    layout = {"tiled": True, "blockxsize": tile, "blockysize": tile}
    place = {"crs": "EPSG:32651", "transform": rasterio.Affine(10, 0, 399960, 0, -10, 3500040)}
    packing = {"compress": "deflate", "predictor": predictor, "zlevel": 6}
    size = {"height": height, "width": width, "count": 1, "dtype": numbers.dtype}
    with rasterio.open(path, "w", driver="GTiff", **size, **layout, **place, **packing) as target:
        target.write(numbers, 1)


@contextmanager
def by_gdal(path: Path) -> Iterator[Read]:
    """GDAL with one thread and a cache that holds a window: no tile is unpacked twice, none is kept."""
    with rasterio.Env(GDAL_NUM_THReadS="1"), rasterio.open(path) as dataset:
        yield lambda window: dataset.read(1, window=window)


@contextmanager
def by_ours(path: Path) -> Iterator[Read]:
    """Ours, as the engine calls it."""
    with fetching(path) as fetch:
        tiling = tiling_of(fetch)
        yield lambda window: read_tiles(tiling, window, fetch)


@contextmanager
def by_imagecodecs(path: Path) -> Iterator[Read]:
    """The codecs of imagecodecs, each a call a tile: inflate, then add up."""
    with fetching(path) as fetch:
        tiling = tiling_of(fetch)
        yield lambda window: decode_tiles(tiling, window, fetch)


WAYS = {"gdal": by_gdal, "imagecodecs": by_imagecodecs, "ours": by_ours}


@contextmanager
def fetching(path: Path) -> Iterator[Fetch]:
    """What gives bytes of a file."""
    file = os.open(path, os.O_RDONLY)
    try:
        yield lambda first, size: os.pread(file, size, first)
    finally:
        os.close(file)


def tiling_of(fetch: Fetch) -> Tiling:
    """The tiles of a file that ours can unpack."""
    with ThreadPoolExecutor(1) as opener:
        header = read_header(fetch, opener)
    assert header is not None
    assert header.tiling is not None
    return header.tiling


def decode_tiles(tiling: Tiling, window: Window, fetch: Fetch) -> NDArray[Any]:
    """The numbers of a window whose edges are those of tiles."""
    numbers = np.empty((window.height, window.width), dtype=tiling.dtype)
    height, width = tiling.height, tiling.width
    for top in range(0, window.height, height):
        for left in range(0, window.width, width):
            row, col = (window.row_off + top) // height, (window.col_off + left) // width
            first, size = tiling.spans[row, col].tolist()
            content = imagecodecs.deflate_decode(fetch(first, size), out=tiling.tile_bytes)
            tile = np.frombuffer(content, dtype=tiling.dtype).reshape(height, width)
            part = numbers[top : top + height, left : left + width]
            if tiling.differences:
                imagecodecs.delta_decode(tile, axis=-1, out=part)
            else:
                part[...] = tile
    return numbers


def cpu_seconds(read: Read, windows: list[Window]) -> float:
    """CPU seconds of reading every window once."""
    begun = process_time()
    for window in windows:
        read(window)
    return process_time() - begun


def compare(path: Path, numbers: NDArray[Any], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each way by round; an error where one reads other numbers than were written."""
    edge = numbers.shape[0]
    windows = [
        Window(col, row, WINDOW_PX, WINDOW_PX)
        for row in range(0, edge, WINDOW_PX)
        for col in range(0, edge, WINDOW_PX)
    ]
    for way, opened in WAYS.items():
        with opened(path) as read:
            for window in windows:
                assert (read(window) == numbers[window.toslices()]).all(), way
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, opened in WAYS.items():
            with opened(path) as read:
                found[way].append(cpu_seconds(read, windows))
    return found


def over_gdal(reader: Reader, href: str, window: Window) -> NDArray[Any]:
    """A window of a file that GDAL opens and reads."""
    return reader.take(href, Trail(), partial(ONLY_BAND.read, window=window))


def over_ours(reader: Reader, href: str, window: Window) -> NDArray[Any]:
    """A window of a file whose header and tiles are fetched and unpacked here."""
    return ItemReader(reader).read_window(Asset(href), window)


def compare_remote(url: str, numbers: NDArray[Any], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds and CPU seconds of opening and reading every file of a server, by round."""
    window, hrefs = Window(0, 0, WINDOW_PX, WINDOW_PX), [f"{url}/{number}.tif" for number in range(FILES)]
    found: dict[str, list[tuple[float, float]]] = {"gdal": [], "ours": []}
    for _ in range(rounds):
        for way, read in (("gdal", over_gdal), ("ours", over_ours)):
            with open_reader(Source()) as reader:
                begun, cpu = perf_counter(), process_time()
                futures = reader.submit(partial(read, reader, window=window), hrefs, network=True)
                windows = [future.result() for future in futures]
                found[way].append((perf_counter() - begun, process_time() - cpu))
            assert all((one == numbers[window.toslices()]).all() for one in windows), way
    return found


def format_remote(name: str, found: dict[str, list[tuple[float, float]]]) -> str:
    """Seconds and CPU seconds of both, and how many times those of ours GDAL takes."""
    parts = []
    for number, what in enumerate(("s", "CPU s")):
        taken = {way: [one[number] for one in rounds] for way, rounds in found.items()}
        ratio = median(a / b for a, b in zip(taken["gdal"], taken["ours"], strict=True))
        seconds = " ".join(f"{way} {median(taken[way]):5.2f}" for way in taken)
        parts.append(f"{what}: {seconds} gdal/ours {ratio:4.2f}")
    return f"{name:28s} {FILES} files over HTTP, {LATENCY_MS} ms: {'   '.join(parts)}"


def format_line(name: str, pixels: int, found: dict[str, list[float]]) -> str:
    """CPU seconds a gigapixel of each way, and how many times those of ours the others take."""
    seconds = " ".join(f"{way} {median(found[way]) * 1e9 / pixels:6.2f}" for way in WAYS)
    ratios = " ".join(
        f"{way}/ours {median(a / b for a, b in zip(found[way], found['ours'], strict=True)):5.2f}"
        for way in WAYS
        if way != "ours"
    )
    return f"{name:28s} CPU s/Gpx: {seconds}   {ratios}"


def main() -> None:
    """Measure every kind of tile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=4096, help="edge of each file in pixels, 2048 at least")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for dtype, predictor in KINDS:
            numbers = make_surface(dtype, asked.size)
            for tile in TILES_PX:
                path = Path(folder) / f"{dtype}_{predictor}_{tile}.tif"
                write_tiles(path, numbers, tile, predictor)
                name = f"{dtype}, predictor {predictor}, tile {tile}"
                print(format_line(name, numbers.size, compare(path, numbers, asked.rounds)), flush=True)
        for dtype, predictor in KINDS:
            numbers = make_surface(dtype, 2 * WINDOW_PX)
            for number in range(FILES):
                write_tiles(Path(folder) / f"{number}.tif", numbers, TILES_PX[0], predictor)
            with serve(Path(folder), LATENCY_MS) as url:
                name = f"{dtype}, predictor {predictor}, tile {TILES_PX[0]}"
                print(format_remote(name, compare_remote(url, numbers, asked.rounds)), flush=True)


if __name__ == "__main__":
    main()
