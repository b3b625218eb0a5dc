"""Maps of the report: a picture of a raster with outlines, points, scale bar and north arrow over it as SVG.

The picture holds colours only; every word is text of the page, so no font is needed here.
"""

import base64
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import Raster
from pipeline.geodesy import project
from pipeline.grid import Grid
from pipeline.legends import Legend
from pipeline.outputs.ramps import Stops, find_stops

WIDTH_PX = 1000
_BAR_SHARE = 0.2
_NICE = (1, 2, 5)
_PALER = 4
_ARROW = (91.0, 0.0, 100.0, 11.0)
_LETTER, _LINE, _GAP = 3.4, 4.0, 2.2
"""Size of a name beside a point, in hundredths of the width as a phone shows it, and its distance."""


@dataclass(frozen=True)
class ScaleBar:
    """A round length in metres and how long it is on the picture, in hundredths of its width."""

    metres: int
    length: float

    @property
    def label(self) -> str:
        """Length in km or m."""
        kilometres, rest = divmod(self.metres, 1000)
        return f"{self.metres} m" if rest else f"{kilometres} km"


@dataclass(frozen=True)
class Spot:
    """A point of a map in hundredths of its width, its colour, and its name beside it.

    The name stands at `across` and `down` from the point, and ends there where `ends` is set.
    """

    x: float
    y: float
    color: str
    name: str
    across: float
    down: float
    ends: bool


@dataclass(frozen=True)
class Picture:
    """A map drawn 100 units wide and `tall` units high: a PNG as data URI, or none, under an SVG path."""

    tall: float
    image: str
    outline: str
    bar: ScaleBar


def draw_picture(
    raster: Raster, path: Path, grid: Grid, outline: BaseGeometry, *, pale: bool = False
) -> Picture:
    """The map of a written raster, at most 1000 pixels wide, with the outline of the area (EPSG:4490).

    A `pale` one is a ground for points: its colours are mixed with white.
    """
    shrink = max(1.0, grid.width / WIDTH_PX)
    shape = max(1, round(grid.height / shrink)), max(1, round(grid.width / shrink))
    stops = () if raster.legend is not None else find_stops(raster, path)
    return Picture(
        tall=measure_height(grid),
        image=_encode_png(color_pixels(path, shape, raster.legend, stops), pale=pale),
        outline=draw_path(project(outline, grid.crs), grid),
        bar=choose_scale_bar(grid),
    )


def draw_outline(grid: Grid, outline: BaseGeometry) -> Picture:
    """A map without a picture: the outline of the area (EPSG:4490) alone."""
    return Picture(
        measure_height(grid), "", draw_path(project(outline, grid.crs), grid), choose_scale_bar(grid)
    )


def measure_height(grid: Grid) -> float:
    """Height of a map of the grid in hundredths of its width."""
    return round(100 * grid.height / grid.width, 2)


def choose_scale_bar(grid: Grid) -> ScaleBar:
    """The longest bar of 1, 2 or 5 times a power of ten that fits a fifth of the width."""
    room = grid.width * grid.resolution_m * _BAR_SHARE
    power = 10 ** math.floor(math.log10(room))
    metres = max(factor * power for factor in _NICE if factor * power <= room)
    return ScaleBar(metres, round(metres / _compute_unit_m(grid), 2))


def locate_points(points: gpd.GeoSeries, grid: Grid) -> list[tuple[float, float] | None]:
    """Where points (EPSG:4490) lie on a map of the grid, in hundredths of its width; None for no point."""
    moved = points.to_crs(grid.crs)
    spots = _to_map(np.column_stack([moved.x, moved.y]), grid).tolist()
    return [None if math.isnan(across) else (across, down) for across, down in spots]


def place_spots(
    points: Sequence[tuple[float, float] | None], colors: Sequence[str], names: Sequence[str], tall: float
) -> list[Spot]:
    """Points with their names: right of the point, or left, below or above where that would hide another.

    A name that has no free place is left out; that of a point that is nowhere too.
    """
    taken = [_ARROW]
    found = []
    every = zip(points, colors, names, strict=True)
    known = [(*point, color, name) for point, color, name in every if point is not None]
    taken += [(x - 1.2, y - 1.2, x + 1.2, y + 1.2) for x, y, _, _ in known]
    for x, y, color, name in known:
        long = sum(_LETTER * (0.55 if letter.isascii() else 1) for letter in name)
        free = next((place for place in _list_boxes(x, y, long) if _is_free(place[0], taken, tall)), None)
        if free:
            taken.append(free[0])
        box, ends = free or ((0.0,) * 4, False)
        at = (box[2] if ends else box[0]) - x
        found.append(Spot(x, y, color, name if free else "", round(at, 2), round(box[3] - 1 - y, 2), ends))
    return found


def _list_boxes(x: float, y: float, long: float) -> Iterator[tuple[tuple[float, float, float, float], bool]]:
    """Boxes (left, top, right, bottom) that a name may take, and whether it ends at the point."""
    for shift in (0.0, -2.6, 2.6, -4.4, 4.4):
        top, bottom = y + shift - _LINE / 2, y + shift + _LINE / 2
        yield (x + _GAP, top, x + _GAP + long, bottom), False
        yield (x - _GAP - long, top, x - _GAP, bottom), True


def _is_free(
    box: tuple[float, float, float, float], taken: Sequence[tuple[float, float, float, float]], tall: float
) -> bool:
    left, top, right, bottom = box
    if left < 0 or top < 0 or right > 100 or bottom > tall:  # noqa: PLR2004 (a map is 100 units wide)
        return False
    return not any(left < r and right > x and top < b and bottom > t for x, t, r, b in taken)


def _compute_unit_m(grid: Grid) -> float:
    return grid.width * grid.resolution_m / 100


def _to_map(points: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    moved = (points - [grid.left, grid.top]) * [1, -1] / _compute_unit_m(grid)
    return np.round(moved, 2) + 0.0  # no negative zero


def color_pixels(
    path: Path, shape: tuple[int, int], legend: Legend | None, stops: Stops
) -> NDArray[np.uint8]:
    """A written raster as (band, y, x) of red, green, blue and alpha, in so many rows and columns.

    Classes have the colours of their legend; without one its values, unpacked, have those of a ramp.
    """
    method = Resampling.nearest if legend is not None else Resampling.average
    with rasterio.open(path) as file:
        values = file.read(1, out_shape=shape, resampling=method, masked=True)
        scale = file.scales[0]
    known = ~np.ma.getmaskarray(values)
    if legend is not None:
        colors = _color_classes(values.filled(0), legend)
    else:
        colors = _color_ramp(values.filled(0) * scale, stops)
    alpha = np.where(known, 255, 0).astype(np.uint8)
    return np.concatenate([colors, alpha[None]])


def _color_classes(codes: NDArray[Any], legend: Legend) -> NDArray[np.uint8]:
    palette = np.zeros((256, 3), dtype=np.uint8)
    for entry in legend.classes:
        palette[entry.code] = entry.rgb
    return np.moveaxis(palette[codes], -1, 0)


def _color_ramp(values: NDArray[Any], stops: Stops) -> NDArray[np.uint8]:
    ends = [value for value, _ in stops]
    colors = np.array([list(bytes.fromhex(color.removeprefix("#"))) for _, color in stops])
    bands = [np.interp(values, ends, colors[:, band]) for band in range(3)]
    return np.round(np.stack(bands)).astype(np.uint8)


def _encode_png(rgba: NDArray[np.uint8], *, pale: bool) -> str:
    if pale:
        rgba = np.concatenate([255 - (255 - rgba[:3]) // _PALER, rgba[3:]])
    packed = io.BytesIO()
    Image.fromarray(np.moveaxis(rgba, 0, -1)).save(packed, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode('ascii')}"


def draw_path(shape: BaseGeometry, grid: Grid) -> str:
    """The rings and lines of a shape in the CRS of the grid as an SVG path, in hundredths of its width."""
    simple = shapely.simplify(shape, _compute_unit_m(grid) / 20, preserve_topology=True)
    parts = shapely.get_parts(simple)
    rings = shapely.get_rings([part for part in parts if part.geom_type == "Polygon"])
    lines = [(ring, "Z") for ring in rings]
    lines += [(part, "") for part in parts if part.geom_type == "LineString"]
    drawn = ((_to_map(shapely.get_coordinates(line), grid).tolist(), end) for line, end in lines)
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in line) + end for line, end in drawn)
