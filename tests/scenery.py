"""Planted scenes as files and items, and where the real ones are; for the tests of ingest and of the plan."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

from pipeline.contracts import Asset, Packing, ReadRecord, Scene
from pipeline.grid import Block, Grid
from pipeline.ingest.reading.blocks import ROOM, BlockRequest, Looks, read_bands, read_looks
from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.reading.readers import Source, reader_of
from pipeline.settings import Clear

SHARED = Path(__file__).resolve().parents[2] / "shared"
needs_responses = pytest.mark.skipif(
    not (SHARED / "data" / "stac_responses").is_dir(),
    reason="recorded STAC answers are not beside the project",
)
needs_real_scenes = pytest.mark.skipif(
    not (SHARED / "data" / "real_scenes").is_dir(), reason="real scenes are not beside the project"
)
NO_GROWTH = Clear(open_px=0, dilate_px=0)
UTM = "EPSG:32651"
LEFT, TOP = 380040.0, 3481020.0


def grid_of_px(height: int, width: int, resolution_m: float = 10.0) -> Grid:
    """A grid with its corner at LEFT, TOP."""
    return Grid(UTM, LEFT, TOP, resolution_m, height, width)


def written(
    path: Path,
    numbers: NDArray[Any],
    *,
    pixel_m: float = 10.0,
    left: float = LEFT,
    top: float = TOP,
    crs: str | None = UTM,
    nodata: int = 0,
    tile: int = 64,
    compress: str = "deflate",
) -> Path:
    """Numbers as a tiled GeoTIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=numbers.shape[0],
        width=numbers.shape[1],
        count=1,
        dtype=numbers.dtype,
        crs=crs,
        transform=Affine(pixel_m, 0, left, 0, -pixel_m, top),
        nodata=nodata,
        tiled=True,
        blockxsize=tile,
        blockysize=tile,
        compress=compress,
    ) as target:
        target.write(numbers, 1)
    return path


def truncated(path: Path) -> None:
    """Cut a file so that its header still opens and its pixels are gone."""
    content = path.read_bytes()
    path.write_bytes(content[: max(600, len(content) // 8)])


def planted_scene(
    folder: Path,
    name: str,
    bands: dict[str, NDArray[Any]],
    mask: NDArray[Any],
    *,
    when: datetime = datetime(2024, 5, 1, 2, 30, tzinfo=UTC),
    mission: str = "sentinel-2",
    platform: str = "sentinel-2a",
    scale: float = 1e-4,
    offset: float = 0.0,
    pixel_m: dict[str, float] | None = None,
    **place: Any,
) -> Scene:
    """A scene of planted numbers; `pixel_m` gives the pixel of what is not at 10 m, `mask` by that name."""
    sizes = pixel_m or {}
    assets = {
        band: Asset(
            str(written(folder / name / f"{band}.tif", numbers, pixel_m=sizes.get(band, 10.0), **place)),
            scale,
            offset,
        )
        for band, numbers in bands.items()
    }
    fill = 0 if mission == "sentinel-2" else 1
    path = written(
        folder / name / "mask.tif", mask, pixel_m=sizes.get("mask", 10.0), **{**place, "nodata": fill}
    )
    return Scene(
        id=name,
        mission=mission,
        platform=platform,
        datetime=when,
        tile="",
        baseline="05.10",
        updated="",
        cloud_percent=0.0,
        crs=UTM,
        assets=assets,
        mask=Asset(str(path), nodata=fill),
        offset_source="product",
        offset_evidence="planted",
        offset_conflict=False,
        item_sha256=name,
        simulated=True,
    )


def request_of(
    grid: Grid,
    scenes: list[Scene],
    bands: tuple[str, ...],
    *,
    block: Block | None = None,
    clear: Clear = NO_GROWTH,
    harmonised: bool = False,
    reader: Reader | None = None,
    packings: Mapping[str, Packing] | None = None,
) -> BlockRequest:
    """A request for a block of a grid, the whole of it unless given, the whole grid being inside.

    Unless a Reader is given, the request has one of its own, as if it were another run.
    """
    return BlockRequest(
        grid=grid,
        block=block or grid.whole,
        outline=shapely.box(*grid.block_bounds(grid.whole)),
        scenes=tuple(scenes),
        bands=bands,
        clear=clear,
        harmonised=harmonised,
        longitude=121.8,
        reader=reader or reader_of(Source()),
        packings=packings or {},
    )


def at(scene: Scene, **changes: Any) -> Scene:
    """A scene with some fields changed."""
    return replace(scene, **changes)


def read_band(request: BlockRequest, looks: Looks, band: str) -> tuple[NDArray[np.int16], list[ReadRecord]]:
    """One band of the looks, and the records of its reads."""
    stacks = np.empty((ROOM, *looks.owner.shape), dtype=np.int16)
    (read,) = read_bands(replace(request, bands=(band,)), looks, stacks)
    return read.stack, list(read.records)


def band_of(request: BlockRequest, band: str = "red") -> NDArray[np.int16]:
    """One band of all looks of a request."""
    return read_band(request, read_looks(request), band)[0]
