"""GeoTIFFs packed in one way or another, and their headers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

from pipeline.ingest.reading import headers
from pipeline.ingest.reading.headers import Fetch, Header
from tests.scenery import LEFT, TOP, UTM

HEIGHT, WIDTH = 150, 210
PACKING = {"driver": "GTiff", "tiled": True, "blockxsize": 64, "blockysize": 48, "compress": "deflate"}


def numbers_of(dtype: str) -> NDArray[Any]:
    """Any number that a type can hold, over HEIGHT x WIDTH pixels."""
    return np.random.default_rng(3).integers(0, np.iinfo(dtype).max, (HEIGHT, WIDTH), dtype, endpoint=True)


def pack(path: Path, numbers: NDArray[Any], **options: Any) -> Path:
    """A GeoTIFF with some creation options."""
    transform = rasterio.Affine(10, 0, LEFT, 0, -10, TOP)
    size = {"height": numbers.shape[0], "width": numbers.shape[1], "count": 1, "dtype": numbers.dtype}
    with rasterio.open(
        path, "w", **{"crs": UTM, "transform": transform, **size, **PACKING, **options}
    ) as file:
        file.write(numbers, 1)
    return path


def fetching(path: Path) -> Fetch:
    """What gives bytes of a file as it is now."""
    content = path.read_bytes()
    return lambda first, size: content[first : first + size]


def read_header(fetch: Callable[[int, int], bytes]) -> Header | None:
    """The header of a file, opened by a thread of its own."""
    with ThreadPoolExecutor(1) as opener:
        return headers.read_header(fetch, opener)
