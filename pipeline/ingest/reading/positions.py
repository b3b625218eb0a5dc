"""Where the pixels of a grid lie in a file: rows and columns, whatever the CRS of the two."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.compiled import numba
from pipeline.geodesy import find_route
from pipeline.grid import Block, Grid
from pipeline.ingest.reading.headers import Profile

_STRIP_POINTS = 2**17
_LATTICE_PX = 16


def strips(block: Block, share: int) -> Iterator[tuple[Block, slice]]:
    """Rows of a block, so few at a time that their points take little memory, and their place in it."""
    height, width = block.shape
    step = max(1, _STRIP_POINTS // (width * share**2))
    for top in range(0, height, step):
        end = min(top + step, height)
        yield (
            Block(block.row_from + top, block.row_from + end, block.col_from, block.col_to),
            slice(top, end),
        )


def reach(
    profile: Profile, grid: Grid, block: Block, share: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns in a file between which all points of a block lie."""
    row, col = (
        positions(profile, grid, block, share)
        if runs_along(profile, grid)
        else _lattice(profile, grid, block)[:2]
    )
    return np.floor(row).astype(np.int64), np.floor(col).astype(np.int64)


def window_around(rows: NDArray[np.int64], cols: NDArray[np.int64], margin: int) -> Window:
    """The window of a file that holds these rows and columns, with a margin on every side."""
    row, col = int(rows.min()) - margin, int(cols.min()) - margin
    return Window(col, row, int(cols.max()) + margin + 1 - col, int(rows.max()) + margin + 1 - row)


def runs_along(profile: Profile, grid: Grid) -> bool:
    """Whether rows and columns of a file run along those of a grid: same CRS, and not turned in it."""
    return profile.crs == grid.crs and not profile.turned


def fineness(profile: Profile, grid: Grid) -> float:
    """How many pixels of a file lie across one of a grid, in its middle, along the finer axis.

    NaN or infinite where the CRS of the file does not reach there.
    """
    left, bottom, right, top = grid.block_bounds(grid.whole)
    x, y, step = (left + right) / 2, (bottom + top) / 2, grid.resolution_m
    ends = np.array([x, x + step, x]), np.array([y, y, y - step])
    if profile.crs != grid.crs:
        ends = find_route(grid.crs, profile.crs).transform(*ends)
    row, col = _in_file(profile, *ends)
    return float(np.abs([row[1:] - row[0], col[1:] - col[0]]).max())


def positions(
    profile: Profile, grid: Grid, block: Block, share: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column in a file, from its corner, of `share` x `share` points in each pixel of a block.

    Where the file runs along the grid, rows are a column vector and columns a row vector. Else they are
    interpolated between a lattice of the grid's pixels, which is good to 1e-4 of a pixel of 10 m.
    """
    if runs_along(profile, grid):
        x = _subdivide(grid.x_of(block), share, grid.resolution_m)[None, :]
        y = _subdivide(grid.y_of(block), share, -grid.resolution_m)[:, None]
        return _in_file(profile, x, y)
    row, col, top, left = _lattice(profile, grid, block)
    down = _subdivide(_centres(block.row_from, block.row_to), share, 1.0) / _LATTICE_PX - top
    across = _subdivide(_centres(block.col_from, block.col_to), share, 1.0) / _LATTICE_PX - left
    return _between(row, down, across), _between(col, down, across)


def _lattice(
    profile: Profile, grid: Grid, block: Block
) -> tuple[NDArray[np.float64], NDArray[np.float64], int, int]:
    """Row and column in a file of every 16th pixel corner over a block, and the number of the first ones.

    The corners are those of the grid, whatever the block, so that a pixel is the same in every block.
    """
    top, bottom = block.row_from // _LATTICE_PX, -(-block.row_to // _LATTICE_PX)
    left, right = block.col_from // _LATTICE_PX, -(-block.col_to // _LATTICE_PX)
    x, y = np.meshgrid(
        grid.left + np.arange(left, right + 1) * (_LATTICE_PX * grid.resolution_m),
        grid.top - np.arange(top, bottom + 1) * (_LATTICE_PX * grid.resolution_m),
    )
    if profile.crs != grid.crs:
        x, y = find_route(grid.crs, profile.crs).transform(x, y)
    row, col = _in_file(profile, x, y)
    return row, col, top, left


def _in_file(
    profile: Profile, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    inverse = ~profile.transform
    if not profile.turned:
        return y * inverse.e + inverse.f, x * inverse.a + inverse.c
    return x * inverse.d + y * inverse.e + inverse.f, x * inverse.a + y * inverse.b + inverse.c


def _centres(first: int, last: int) -> NDArray[np.float64]:
    return np.arange(first, last, dtype=np.float64) + 0.5


def _subdivide(centres: NDArray[np.float64], share: int, step: float) -> NDArray[np.float64]:
    inside = ((np.arange(share) + 0.5) / share - 0.5) * step
    return (centres[:, None] + inside).ravel()


@numba.njit(nogil=True, cache=True)
def _between(
    lattice: NDArray[np.float64], down: NDArray[np.float64], across: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bilinear interpolation of a lattice at positions counted in its steps."""
    found = np.empty((len(down), len(across)))
    for y in range(len(down)):
        i = int(down[y])
        v = down[y] - i
        for x in range(len(across)):
            j = int(across[x])
            u = across[x] - j
            upper = lattice[i, j] * (1 - u) + lattice[i, j + 1] * u
            lower = lattice[i + 1, j] * (1 - u) + lattice[i + 1, j + 1] * u
            found[y, x] = upper * (1 - v) + lower * v
    return found
