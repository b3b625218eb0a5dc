"""Maps of the report: a picture of a raster with outlines, points, scale bar and north arrow over it as SVG.

The picture holds colours only; every word is text of the page, so no font is needed here.
"""

import base64
import io
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import Raster
from pipeline.geodesy import project
from pipeline.grid import Block, Grid
from pipeline.legends import LAND_COVER, Legend
from pipeline.outputs.delivered_rasters import open_raster
from pipeline.outputs.frames import Frame
from pipeline.outputs.ramps import Stops, find_stops

WIDTH_PX = 1000
_BAR_SHARE = 0.2
_NICE = (1, 2, 5)
_PALER = 4
_COVER, _GROUND = "fvc_", "land_cover_"
"""How the names of the files begin that hold vegetation cover, and the classes of the ground beside it."""
_NO_CLASS = 0
_KEPT = 8
"""Of what was read of maps of classes, so much is kept for whoever asks next."""

WATER = LAND_COVER.by_code()[LAND_COVER.code("water")]
"""The class that maps of vegetation cover show as what it is."""
UNKNOWN_COLOR = "#c4c4c4"
"""Of ground that nothing is known of."""


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
class Picture:
    """A map drawn 100 units wide and `tall` units high: a PNG as data URI, or none, under an SVG path.

    `ground` is the colour of what nothing is known of, empty where all of the area is known; `has_water`
    tells whether it shows water over a measure of plants.
    """

    tall: float
    image: str
    outline: str
    bar: ScaleBar
    ground: str = ""
    has_water: bool = False


@dataclass(frozen=True)
class Painting:
    """A map as pixels (band, y, x) of red, green, blue and alpha, nothing outside the outline of the area.

    `ground` and `has_water` are those of a Picture.
    """

    rgba: NDArray[np.uint8]
    ground: str
    has_water: bool


def draw_picture(
    raster: Raster, path: Path, frame: Frame, outline: BaseGeometry, *, pale: bool = False
) -> Picture:
    """What a frame shows of a written raster, at most 1000 pixels wide, within the outline (EPSG:4490).

    A `pale` one is a ground for points: its colours are mixed with white.
    """
    stops = () if raster.legend is not None else find_stops(raster, path)
    own = project(outline, frame.grid.crs)
    painting = paint(path, _choose_shape(frame.grid), raster.legend, stops, frame, own)
    return Picture(
        tall=measure_height(frame.grid),
        image=_encode_png(painting.rgba, pale=pale),
        outline=draw_path(own, frame.grid),
        bar=choose_scale_bar(frame.grid),
        ground="" if pale else painting.ground,
        has_water=painting.has_water,
    )


def paint(
    path: Path,
    shape: tuple[int, int],
    legend: Legend | None,
    stops: Stops,
    frame: Frame,
    outline: BaseGeometry,
) -> Painting:
    """What a frame shows of a written raster within an outline in the CRS of its grid, in such a shape."""
    rgba = color_pixels(path, shape, legend, stops, block=frame.block)
    inside = _mask(outline, frame.grid, shape, whole=True)
    unknown = bool((inside & (rgba[3] == 0)).any())
    rgba[3, ~_mask(outline, frame.grid, shape)] = 0
    water = read_water(path, shape, block=frame.block)
    return Painting(rgba, UNKNOWN_COLOR if unknown else "", bool((water & inside).any()))


def draw_outline(grid: Grid, outline: BaseGeometry) -> Picture:
    """A map without a picture: the outline of the area (EPSG:4490) alone."""
    return Picture(
        measure_height(grid), "", draw_path(project(outline, grid.crs), grid), choose_scale_bar(grid)
    )


def _choose_shape(grid: Grid) -> tuple[int, int]:
    shrink = max(1.0, grid.width / WIDTH_PX)
    return max(1, round(grid.height / shrink)), max(1, round(grid.width / shrink))


def _mask(
    outline: BaseGeometry, grid: Grid, shape: tuple[int, int], *, whole: bool = False
) -> NDArray[np.bool_]:
    """Pixels of a picture that an outline in the CRS of the grid touches, or that lie in it as a `whole`."""
    step = grid.width * grid.resolution_m / shape[1]
    picture = Grid(grid.crs, grid.left, grid.top, step, *shape)
    return picture.mask_geometry(shapely.buffer(outline, -1.5 * step) if whole else outline, picture.whole)


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


def _compute_unit_m(grid: Grid) -> float:
    return grid.width * grid.resolution_m / 100


def _to_map(points: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    moved = (points - [grid.left, grid.top]) * [1, -1] / _compute_unit_m(grid)
    return np.round(moved, 2) + 0.0  # no negative zero


def color_pixels(
    path: Path, shape: tuple[int, int], legend: Legend | None, stops: Stops, *, block: Block | None = None
) -> NDArray[np.uint8]:
    """A written raster, or a block of it, as (band, y, x) of red, green, blue and alpha in such a shape.

    Classes have the colours of their legend; without one its values, unpacked, have those of a ramp, and in a
    map of vegetation cover water has its own (`read_water`). What is unknown is transparent.
    """
    method = Resampling.nearest if legend is not None else Resampling.average
    values, scale = _read_values(path, shape, method, block)
    known = ~np.ma.getmaskarray(values)
    if legend is not None:
        colors = _color_classes(values.filled(_NO_CLASS), legend)
    else:
        colors = _color_ramp(values.filled(0) * scale, stops)
        water = read_water(path, shape, block=block)
        colors[:, water] = np.array(WATER.rgb, dtype=np.uint8)[:, None]
        known |= water
    alpha = np.where(known, 255, 0).astype(np.uint8)
    return np.concatenate([colors, alpha[None]])


def read_water(path: Path, shape: tuple[int, int], *, block: Block | None = None) -> NDArray[np.bool_]:
    """Where a written map of vegetation cover has water: by the land cover of the same time beside it.

    Water bears no plants, so that its cover of 0 is not that of bare land. Without such a map, and for any
    other raster, nowhere.
    """
    beside = path.with_name(path.name.replace(_COVER, _GROUND, 1))
    if not path.name.startswith(_COVER) or not beside.is_file():
        return np.zeros(shape, dtype=bool)
    return _find_water(beside, beside.stat().st_mtime_ns, shape, block)


@lru_cache(maxsize=_KEPT)
def _find_water(
    path: Path, _changed_ns: int, shape: tuple[int, int], block: Block | None
) -> NDArray[np.bool_]:
    """Where a map of land cover has water; a picture, its legend and the map of the page ask alike."""
    classes, _ = _read_values(path, shape, Resampling.mode, block)
    water: NDArray[np.bool_] = np.asarray(classes.filled(_NO_CLASS) == WATER.code)
    water.flags.writeable = False
    return water


def find_codes(path: Path) -> frozenset[int]:
    """The codes that a written raster of classes holds."""
    return _find_codes(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=_KEPT)
def _find_codes(path: Path, _changed_ns: int) -> frozenset[int]:
    counts = np.zeros(np.iinfo(np.uint8).max + 1, dtype=np.int64)
    with open_raster(path) as file:
        for _, window in file.block_windows(1):
            counts += np.bincount(file.read(1, window=window).ravel(), minlength=len(counts))
    return frozenset(np.flatnonzero(counts).tolist())


def _read_values(
    path: Path, shape: tuple[int, int], method: Resampling, block: Block | None
) -> tuple[np.ma.MaskedArray[Any, Any], float]:
    """The values of a raster, or of a block, masked where unknown, and the scale that unpacks them."""
    with open_raster(path) as file:
        window = Window.from_slices(block.rows, block.cols) if block else None
        return file.read(1, window=window, out_shape=shape, resampling=method, masked=True), file.scales[0]


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
