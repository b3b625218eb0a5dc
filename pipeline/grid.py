"""The analysis grid of an area: one CRS, a snapped origin, blocks, and the true area of a pixel."""

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio import Band
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from pipeline.aoi import Aoi
from pipeline.compiled import numba
from pipeline.errors import Problem, SettingsError
from pipeline.geodesy import compute_areal_scale, project, unproject

ORIGIN_STEP_M = 60
_AREA_LATTICE_PX = 32
_LAYOUTS = ((1024, 4), (512, 4), (512, 2), (256, 4), (128, 4))
"""Edge of a block in pixels and how many must fit, in order of preference. Files have tiles of 512 pixels or
more, so that smaller blocks unpack each of them several times."""
_FEW_BLOCKS = 4
_MOST_ABREAST, _TOGETHER, _LEAST_TASKS = 3, 2, 8
"""How many blocks of a row are read as one at most, how many such must fit, how many tasks must be left.
Over HTTP with 40 ms a request 1, 2, 3, 6 abreast took 17, 13, 11, 11 s; fewer tasks leave workers idle."""
BASELINE_BYTES = 720 * 2**20
"""What a process takes besides its blocks: libraries, compiled kernels, open files, caches of GDAL, tables.
Measured: 400 MiB with few files, up to 714 with 3,000 of which 128 are open; a constant, because a
measured one would make the blocks of two machines differ."""

# rasterio silences a warning of its own while it rasterises, which works in one thread only
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Block:
    """A rectangle of grid pixels: half-open rows and columns."""

    row_from: int
    row_to: int
    col_from: int
    col_to: int

    @property
    def id(self) -> str:
        """Name of the block after its upper left pixel."""
        return f"r{self.row_from:05d}c{self.col_from:05d}"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.row_to - self.row_from, self.col_to - self.col_from

    @property
    def rows(self) -> slice:
        """Rows in the grid."""
        return slice(self.row_from, self.row_to)

    @property
    def cols(self) -> slice:
        """Columns in the grid."""
        return slice(self.col_from, self.col_to)

    def within(self, other: "Block") -> tuple[slice, slice]:
        """Rows and columns in another block that holds it."""
        return (
            slice(self.row_from - other.row_from, self.row_to - other.row_from),
            slice(self.col_from - other.col_from, self.col_to - other.col_from),
        )

    def split(self, size: int) -> "Iterator[Block]":
        """All parts of a size, row by row; those at the far edges may be smaller."""
        for row in range(self.row_from, self.row_to, size):
            for col in range(self.col_from, self.col_to, size):
                yield Block(row, min(row + size, self.row_to), col, min(col + size, self.col_to))

    def grow(self, margin: int) -> "Block":
        """The block with a margin on every side, which may reach over the grid."""
        return Block(
            self.row_from - margin, self.row_to + margin, self.col_from - margin, self.col_to + margin
        )


@dataclass(frozen=True)
class Grid:
    """North-up square pixels; `left` and `top` are the outer corner, in metres of `crs`."""

    crs: str
    left: float
    top: float
    resolution_m: float
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def transform(self) -> Affine:
        """From (column, row) to (x, y)."""
        return Affine(self.resolution_m, 0.0, self.left, 0.0, -self.resolution_m, self.top)

    def x_of(self, block: Block) -> NDArray[np.float64]:
        """Pixel centres along a row of a block, which may reach over the grid."""
        return (
            self.left + (np.arange(block.col_from, block.col_to, dtype=np.float64) + 0.5) * self.resolution_m
        )

    def y_of(self, block: Block) -> NDArray[np.float64]:
        """Pixel centres down a column of a block, which may reach over the grid."""
        return (
            self.top - (np.arange(block.row_from, block.row_to, dtype=np.float64) + 0.5) * self.resolution_m
        )

    @property
    def whole(self) -> Block:
        """The grid as one block."""
        return Block(0, self.height, 0, self.width)

    def block_transform(self, block: Block) -> Affine:
        """The transform of a block's own upper left corner."""
        return self.transform * Affine.translation(block.col_from, block.row_from)

    def block_bounds(self, block: Block) -> tuple[float, float, float, float]:
        """Left, bottom, right, top of a block."""
        left, top = self.transform * (block.col_from, block.row_from)
        right, bottom = self.transform * (block.col_to, block.row_to)
        return left, bottom, right, top

    def cut(self, block: Block) -> "Grid":
        """The pixels of a block as a grid of their own."""
        left, _, _, top = self.block_bounds(block)
        return Grid(self.crs, left, top, self.resolution_m, *block.shape)

    def blocks(self, size: int) -> Iterator[Block]:
        """All blocks of a size, row by row; those at the far edges may be smaller."""
        return self.whole.split(size)

    def blocks_over(self, geometry: BaseGeometry, size: int) -> list[Block]:
        """Blocks that touch a geometry in the grid's CRS."""
        shapely.prepare(geometry)
        blocks = list(self.blocks(size))
        touched = shapely.intersects(geometry, self.frame_blocks(blocks))
        return [block for block, is_touched in zip(blocks, touched, strict=True) if is_touched]

    def frame_blocks(self, blocks: Sequence[Block]) -> NDArray[np.object_]:
        """The rectangles of blocks, in the grid's CRS."""
        edges = np.array(
            [(one.row_from, one.row_to, one.col_from, one.col_to) for one in blocks], dtype=float
        )
        top, bottom = self.top - edges.reshape(-1, 4).T[:2] * self.resolution_m
        left, right = self.left + edges.reshape(-1, 4).T[2:] * self.resolution_m
        frames: NDArray[np.object_] = shapely.box(left, bottom, right, top)
        return frames

    def frame_tasks(self, geometry: BaseGeometry) -> NDArray[np.object_]:
        """Rectangles of which one holds any task over a geometry in the grid's CRS, whatever its blocks are.

        They are the largest blocks, with as many on either side as are read as one.
        """
        edge = _LAYOUTS[0][0]
        beside = edge * (_MOST_ABREAST - 1)
        blocks = self.blocks_over(geometry, edge)
        return self.frame_blocks(
            [Block(one.row_from, one.row_to, one.col_from - beside, one.col_to + beside) for one in blocks]
        )

    def block_over(self, bounds: tuple[float, float, float, float]) -> Block:
        """The smallest block that covers bounds in the grid's CRS, cut to the grid."""
        left, bottom, right, top = bounds
        return Block(
            max(0, math.floor((self.top - top) / self.resolution_m)),
            min(self.height, math.ceil((self.top - bottom) / self.resolution_m)),
            max(0, math.floor((left - self.left) / self.resolution_m)),
            min(self.width, math.ceil((right - self.left) / self.resolution_m)),
        )

    def pixel_under(self, point: Point) -> Block:
        """The pixel under a point in the grid's CRS, or the one nearest to it."""
        col = min(max(math.floor((point.x - self.left) / self.resolution_m), 0), self.width - 1)
        row = min(max(math.floor((self.top - point.y) / self.resolution_m), 0), self.height - 1)
        return Block(row, row + 1, col, col + 1)

    def mask_geometry(self, geometry: BaseGeometry, block: Block) -> NDArray[np.bool_]:
        """Pixels of a block that a geometry in the grid's CRS touches."""
        if geometry.is_empty:
            return np.zeros(block.shape, dtype=bool)
        transform = self.block_transform(block)
        with _ONE_AT_A_TIME:
            touched: NDArray[np.bool_] = rasterio.features.geometry_mask(
                [geometry], block.shape, transform, all_touched=True, invert=True
            )
        return touched

    def burn(
        self, shapes: NDArray[np.object_], numbers: NDArray[np.int16], block: Block
    ) -> NDArray[np.int16]:
        """The number of the first of some shapes (in the grid's CRS) that holds a pixel's centre; else -1."""
        burnt = np.full(block.shape, -1, dtype=np.int16)
        pairs = [*zip(shapes.tolist(), numbers.tolist(), strict=True)]
        if pairs:
            with _ONE_AT_A_TIME:
                rasterio.features.rasterize(pairs[::-1], out=burnt, transform=self.block_transform(block))
        return burnt

    def trace_polygons(
        self, classes: NDArray[np.uint8] | NDArray[np.int32] | Band, wanted: NDArray[np.bool_] | Band
    ) -> list[tuple[int, BaseGeometry]]:
        """Connected pixels of one class as polygons along pixel edges in EPSG:4490, in scan order."""
        found = rasterio.features.shapes(classes, mask=wanted, transform=self.transform)
        return [(int(code), unproject(shape(outline), self.crs)) for outline, code in found]

    def pixel_area_m2(self, block: Block) -> NDArray[np.float64]:
        """Area of each pixel of a block on the ellipsoid, by the areal scale of the projection.

        The scale is taken on a lattice of 32 pixels and interpolated linearly; at 10 m that is good to 1e-9.
        """
        rows, cols, scale = _compute_scale(self, block)
        area = np.empty(block.shape)
        _divide(self.resolution_m**2, scale, *_locate_between(rows), *_locate_between(cols), area)
        return area

    def as_dict(self) -> dict[str, Any]:
        """What identifies the grid, for keys and manifests."""
        return {
            "crs": self.crs,
            "left": self.left,
            "top": self.top,
            "resolution_m": self.resolution_m,
            "shape": [self.height, self.width],
        }


def build_grid(aoi: Aoi, *, resolution_m: float) -> Grid:
    """The grid that covers an area, its corners on multiples of 60 m so that Sentinel-2 reads paste."""
    left, bottom, right, top = project(aoi.geometry, aoi.grid_crs).bounds
    step = math.lcm(ORIGIN_STEP_M, int(resolution_m))
    left, top = math.floor(left / step) * step, math.ceil(top / step) * step
    right, bottom = math.ceil(right / step) * step, math.floor(bottom / step) * step
    return Grid(
        crs=aoi.grid_crs,
        left=float(left),
        top=float(top),
        resolution_m=float(resolution_m),
        height=round((top - bottom) / resolution_m),
        width=round((right - left) / resolution_m),
    )


@dataclass(frozen=True)
class BlockPlan:
    """Blocks under a memory bound: their edge in pixels, and how many tasks a process works on at a time.

    `abreast` is how many blocks that lie side by side are one task, at most.
    """

    edge_px: int
    at_once: int
    abreast: int = 1

    def tasks(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks of the tasks, from blocks row by row: neighbours are joined, as evenly as they go."""
        if self.abreast == 1:
            return list(blocks)
        return [joined for row in _list_rows(blocks) for joined in _join_row(row, self.abreast)]


def plan_blocks(grid: Grid, *, block_bytes: int, process_bytes: int, memory: int) -> BlockPlan:
    """Blocks as large as the memory bound of a process (bytes) lets several of them be worked on at a time.

    A block takes `block_bytes` per pixel, and `process_bytes` per pixel are taken once, whatever the number
    of blocks. The size follows from the settings and the area alone, so that it is the same on every machine;
    a machine with more processors works on more blocks at a time, as far as the bound allows. Areas of few
    blocks get smaller ones. Raises SettingsError, with the bound that would do, when not even one block of
    the smallest size fits.
    """
    few = grid.height * grid.width < _FEW_BLOCKS * _LAYOUTS[0][0] ** 2
    room = memory - BASELINE_BYTES
    fitting = [
        edge
        for edge, together in _LAYOUTS[few:]
        if edge**2 * (process_bytes + together * block_bytes) <= room
    ]
    edge = fitting[0] if fitting else _LAYOUTS[-1][0]
    at_once = (room // edge**2 - process_bytes) // block_bytes
    if at_once < 1:
        needed = BASELINE_BYTES + edge**2 * (process_bytes + block_bytes)
        found, expected = (f"{math.ceil(size / 2**20)} MiB" for size in (memory, needed))
        problem = Problem("compute.memory", found, f"at least {expected}", "Or shorter periods")
        raise SettingsError("Not enough memory for one block", [problem])
    return BlockPlan(edge, at_once)


def widen_blocks(
    plan: BlockPlan, blocks: int, *, block_bytes: int, process_bytes: int, memory: int
) -> BlockPlan:
    """The plan for tasks that read files: blocks that lie side by side as one, as far as the bound allows.

    A file has its tiles row by row, so that a wide block asks for fewer and longer stretches of it. There are
    `blocks` in all; for bytes and memory see `plan_blocks`.
    """
    room = (memory - BASELINE_BYTES) // plan.edge_px**2
    fitting = [
        count
        for count in range(2, min(_MOST_ABREAST, blocks // _LEAST_TASKS) + 1)
        if count * (process_bytes + _TOGETHER * block_bytes) <= room
    ]
    if not fitting:
        return plan
    return BlockPlan(plan.edge_px, (room // fitting[-1] - process_bytes) // block_bytes, fitting[-1])


def _list_rows(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Blocks that touch, one beside the other."""
    row: list[Block] = []
    for block in blocks:
        if row and (block.rows, block.col_from) != (row[-1].rows, row[-1].col_to):
            yield row
            row = []
        row.append(block)
    if row:
        yield row


def _join_row(row: Sequence[Block], most: int) -> Iterator[Block]:
    """A row of blocks as blocks of at most so many, the larger ones first."""
    count = math.ceil(len(row) / most)
    for part in np.array_split(np.arange(len(row)), count):
        first, last = row[part[0]], row[part[-1]]
        yield Block(first.row_from, first.row_to, first.col_from, last.col_to)


@lru_cache(maxsize=1024)
def _compute_scale(
    grid: Grid, block: Block
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of a lattice over a block, and the areal scale there.

    Kept, as the same blocks are worked on several times, by threads that would each have to begin with PROJ.
    """
    rows, cols = _build_lattice(block.row_from, block.row_to), _build_lattice(block.col_from, block.col_to)
    x, y = np.meshgrid(grid.left + cols * grid.resolution_m, grid.top - rows * grid.resolution_m)
    return rows, cols, compute_areal_scale(grid.crs, x, y)


def _build_lattice(first: int, last: int) -> NDArray[np.float64]:
    steps = max(4, math.ceil((last - first) / _AREA_LATTICE_PX))
    return np.linspace(first, last, steps + 1)


def _locate_between(lattice: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The lattice point before the centre of each pixel, and how far that is on the way to the next."""
    centres = np.arange(lattice[0], lattice[-1]) + 0.5
    before = np.searchsorted(lattice, centres) - 1
    return before, (centres - lattice[before]) / (lattice[before + 1] - lattice[before])


@numba.njit(nogil=True, cache=True)
def _divide(
    value: float,
    lattice: NDArray[np.float64],
    row: NDArray[np.int64],
    down: NDArray[np.float64],
    col: NDArray[np.int64],
    across: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """A value by what linear interpolation gives between the points of a lattice."""
    for i in range(len(row)):
        above, below = lattice[row[i]], lattice[row[i] + 1]
        line = above + down[i] * (below - above)
        for j in range(len(col)):
            left = line[col[j]]
            out[i, j] = value / (left + across[j] * (line[col[j] + 1] - left))
