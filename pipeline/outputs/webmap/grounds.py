"""Pictures beneath the layers: maps of the delivery in Web Mercator, in the colours of their legends."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.transform import from_bounds
from rasterio.warp import calculate_default_transform, reproject, transform_bounds

from pipeline.contracts import Delivery, Raster
from pipeline.grid import Grid
from pipeline.legends import LAND_COVER
from pipeline.outputs.map_sheets import VALUE
from pipeline.outputs.pictures import WATER, WIDTH_PX, color_pixels, find_codes, read_water
from pipeline.outputs.ramps import Stops, find_stops
from pipeline.outputs.texts import name_unit
from pipeline.outputs.webmap.keys import UNCOLORED, key_classes, key_stops

_GROUNDS = ("land_cover", "fvc", VALUE)
"""How the names of the maps begin that lie beneath."""
_MERCATOR = "EPSG:3857"
_DEGREES = "EPSG:4326"


def list_grounds(delivery: Delivery, rasters: Path) -> list[dict[str, Any]]:
    """The maps that may lie beneath, each with a picture a period; water is water on maps of vegetation."""
    return [ground for stem in _GROUNDS if (ground := _build_ground(stem, delivery, rasters))]


def _build_ground(stem: str, delivery: Delivery, rasters: Path) -> dict[str, Any] | None:
    named = {raster.name: raster for raster in delivery.rasters}
    held = {one.label: named[name] for one in delivery.periods if (name := f"{stem}_{one.label}") in named}
    if not held:
        return None
    newest = list(held.values())[-1]
    stops = () if newest.legend else find_stops(newest, rasters / f"{newest.name}.tif")
    files = {label: rasters / f"{raster.name}.tif" for label, raster in held.items()}
    images = {label: _draw_image(newest, path, delivery.grid, stops) for label, path in files.items()}
    legend = _build_legend(newest, list(files.values()), stops, delivery)
    title = newest.title_zh if delivery.language == "zh" else newest.title_en
    return {"id": stem, "title": title, "legend": legend, "images": images}


def _build_legend(raster: Raster, files: list[Path], stops: Stops, delivery: Delivery) -> dict[str, Any]:
    """The legend of the pictures of a map: its classes that occur, or its ramp, and water if there is any."""
    language = delivery.language
    if raster.legend is not None:
        return key_classes(raster.legend, {code for path in files for code in find_codes(path)}, language)
    shape = _measure_shape(delivery.grid)
    water = {WATER.code} if any(read_water(path, shape).any() for path in files) else set()
    ramp = key_stops(stops, name_unit(raster.unit, language), language, unknown=UNCOLORED)
    return {**ramp, **key_classes(LAND_COVER, water, language)}


def _draw_image(raster: Raster, path: Path, grid: Grid, stops: Stops) -> dict[str, Any]:
    return pack_picture(color_pixels(path, _measure_shape(grid), raster.legend, stops), grid)


def pack_picture(colors: NDArray[np.uint8], grid: Grid) -> dict[str, Any]:
    """Red, green, blue and alpha (band, y, x) over the whole of a grid, as an image of the map."""
    pixels, bounds = _warp(colors, grid)
    packed = io.BytesIO()
    Image.fromarray(np.moveaxis(pixels, 0, -1)).save(packed, format="PNG")
    url = f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode('ascii')}"
    return {"url": url, "bounds": bounds}


def _measure_shape(grid: Grid) -> tuple[int, int]:
    """Rows and columns of a picture of the grid."""
    shrink = max(1.0, grid.width / WIDTH_PX)
    return max(1, round(grid.height / shrink)), max(1, round(grid.width / shrink))


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
