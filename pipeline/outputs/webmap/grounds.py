"""Pictures beneath the layers: maps of the delivery in Web Mercator, in the colours of their legends."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.transform import from_bounds
from rasterio.warp import calculate_default_transform, reproject, transform_bounds

from pipeline.contracts import Delivery, Raster
from pipeline.grid import Grid
from pipeline.outputs.pictures import WIDTH_PX, color_pixels
from pipeline.outputs.ramps import find_stops
from pipeline.outputs.webmap.keys import key_classes, key_stops

_GROUNDS = ("land_cover", "fvc")
"""How the names of the maps begin that lie beneath."""
_MERCATOR = "EPSG:3857"
_DEGREES = "EPSG:4326"


def list_grounds(delivery: Delivery, rasters: Path) -> list[dict[str, Any]]:
    """The maps that may lie beneath, each with a picture a period."""
    return [ground for stem in _GROUNDS if (ground := _build_ground(stem, delivery, rasters))]


def _build_ground(stem: str, delivery: Delivery, rasters: Path) -> dict[str, Any] | None:
    labels = {f"{stem}_{period.label}": period.label for period in delivery.periods}
    held = [raster for raster in delivery.rasters if raster.name in labels]
    if not held:
        return None
    images = {labels[one.name]: _draw_image(one, rasters / f"{one.name}.tif", delivery.grid) for one in held}
    title = held[-1].title_zh if delivery.language == "zh" else held[-1].title_en
    legend = _build_legend(held, rasters, delivery)
    return {"id": stem, "title": title, "legend": legend, "images": images}


def _build_legend(held: list[Raster], rasters: Path, delivery: Delivery) -> dict[str, Any]:
    newest = held[-1]
    if newest.legend is None:
        return key_stops(find_stops(newest, rasters / f"{newest.name}.tif"), "", delivery.language)
    codes: set[int] = set()
    for raster in held:
        with rasterio.open(rasters / f"{raster.name}.tif") as file:
            codes |= {int(code) for code in np.unique(file.read(1))}
    return key_classes(newest.legend, codes, delivery.language)


def _draw_image(raster: Raster, path: Path, grid: Grid) -> dict[str, Any]:
    shrink = max(1.0, grid.width / WIDTH_PX)
    shape = max(1, round(grid.height / shrink)), max(1, round(grid.width / shrink))
    stops = () if raster.legend is not None else find_stops(raster, path)
    pixels, bounds = _warp(color_pixels(path, shape, raster.legend, stops), grid)
    packed = io.BytesIO()
    Image.fromarray(np.moveaxis(pixels, 0, -1)).save(packed, format="PNG")
    url = f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode('ascii')}"
    return {"url": url, "bounds": bounds}


def _warp(pixels: NDArray[np.uint8], grid: Grid) -> tuple[NDArray[np.uint8], list[float]]:
    """Pixels of the grid on the map of the page, and where they lie there, in degrees."""
    height, width = pixels.shape[1:]
    right = grid.left + grid.width * grid.resolution_m
    bottom = grid.top - grid.height * grid.resolution_m
    source = from_bounds(grid.left, bottom, right, grid.top, width, height)
    transform, across, down = calculate_default_transform(
        grid.crs, _MERCATOR, width, height, grid.left, bottom, right, grid.top
    )
    warped = np.zeros((len(pixels), down, across), dtype=np.uint8)
    reproject(
        pixels,
        warped,
        src_transform=source,
        src_crs=grid.crs,
        dst_transform=transform,
        dst_crs=_MERCATOR,
        resampling=Resampling.nearest,
    )
    west, north = transform.c, transform.f
    east, south = west + across * transform.a, north + down * transform.e
    degrees = transform_bounds(_MERCATOR, _DEGREES, west, south, east, north)
    return warped, [round(side, 7) for side in degrees]
