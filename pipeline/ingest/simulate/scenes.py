"""Scenes of the simulated world: each pass as a STAC item with its files, and their catalogue."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from pipeline.ingest.simulate.heat import prepare_heat
from pipeline.ingest.simulate.items import build_catalog, build_item
from pipeline.ingest.simulate.passes import Acquisition, plan_passes
from pipeline.ingest.simulate.sensing import (
    FILL_QA,
    SENTINEL_OFFSET_DN,
    encode_landsat,
    encode_sentinel,
    prepare_light,
)
from pipeline.ingest.simulate.sky import draw_sky
from pipeline.ingest.simulate.tides import flood
from pipeline.ingest.simulate.world import SIMULATED, Tile, World, build_surface, find_season

_BLOCK_PX = 512


def list_acquisitions(world: World, start: date, end: date, missions: Sequence[str]) -> list[Acquisition]:
    """The passes over every tile from `start` to `end` (both inside), in order of time.

    What the world plans for its periods does not depend on what is asked for here.
    """
    return [
        entry
        for entry in plan_passes(world)
        if entry.mission in missions and start <= entry.moment.date() <= end
    ]


def write_acquisition(world: World, acquisition: Acquisition, folder: Path) -> None:
    """The files of one pass and its item, under `folder`/tile/scene; independent of every other pass.

    The files are tiled with their header first, without overviews.
    """
    tile = world.tile(acquisition.tile_id)
    place = folder / tile.id / acquisition.id
    place.mkdir(parents=True, exist_ok=True)
    numbers = observe(world, acquisition)
    transforms = {band: _find_transform(tile, acquisition, values) for band, values in numbers.items()}
    for band, values in numbers.items():
        _write_band(place / f"{band}.tif", values, transforms[band], tile.grid.crs)
    _write_json(place / f"{acquisition.id}.json", build_item(tile, acquisition, numbers, transforms))


def write_catalog(world: World, acquisitions: Sequence[Acquisition], folder: Path) -> Path:
    """The root catalogue, which links every item; written last, so that its presence means complete."""
    links = [f"./{entry.tile_id}/{entry.id}/{entry.id}.json" for entry in acquisitions]
    path = folder / "catalog.json"
    _write_json(path, build_catalog(world.aoi, links))
    return path


def observe(world: World, acquisition: Acquisition) -> dict[str, NDArray[np.integer]]:
    """Digital numbers (y, x) of every band and of the mask, as the files hold them, by asset key."""
    tile = world.tile(acquisition.tile_id)
    rng = world.random("sky", acquisition.id)
    ground = build_surface(world, tile.grid, tile, acquisition.moment.date())
    if world.tides:
        ground = flood(world, tile, ground, tile.grid, acquisition.moment)
    sky = draw_sky(
        tile,
        acquisition.moment,
        rng,
        cloudiness=acquisition.cloudiness,
        edge=acquisition.edge,
        hazy=acquisition.hazy,
    )
    light = prepare_light(find_season(world, acquisition.moment))
    seed = np.uint64(rng.integers(2**63))
    if acquisition.mission != "sentinel-2":
        return encode_landsat(ground, sky, light, prepare_heat(acquisition.moment), seed=seed)
    offset = SENTINEL_OFFSET_DN if acquisition.radiometry == "offset" else 0
    return encode_sentinel(ground, sky, light, platform=acquisition.platform, offset_dn=offset, seed=seed)


def _find_transform(tile: Tile, acquisition: Acquisition, values: NDArray[np.integer]) -> Affine:
    """Sentinel-2 shares the tile's corner; Landsat's lies 15 m inside."""
    grid = tile.grid
    if acquisition.mission != "sentinel-2":
        return Affine(30.0, 0.0, grid.left + 15, 0.0, -30.0, grid.top - 15)
    pixel = grid.width * grid.resolution_m / values.shape[1]
    return Affine(pixel, 0.0, grid.left, 0.0, -pixel, grid.top)


def _write_band(path: Path, values: NDArray[np.integer], transform: Affine, crs: str) -> None:
    height, width = values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        dtype=values.dtype.name,
        height=height,
        width=width,
        crs=crs,
        transform=transform,
        nodata=FILL_QA if path.stem == "qa_pixel" else 0,
        tiled=True,
        blockxsize=_BLOCK_PX,
        blockysize=_BLOCK_PX,
        compress="deflate",
        zlevel=1,
        predictor=2,
    ) as target:
        target.update_tags(simulated=SIMULATED)
        target.set_band_description(1, path.stem)
        target.write(values, 1)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
