"""The ground of an outline under the maps: exact sums over it, one task a window, in the order of windows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.engine.executors import Cluster
from pipeline.engine.study import Study
from pipeline.geodesy import project
from pipeline.grid import BASELINE_BYTES, Block, Grid
from pipeline.legends import NODATA_CLASS
from pipeline.storage.blocks import read_block
from pipeline.zonal.covered import CoveredWindow

WINDOW_PX = 1024
_PIXEL_BYTES = 128
"""What a pixel takes while its window is worked on, at most: its area, its place, values and codes."""

Sums = TypeVar("Sums")


@dataclass(frozen=True)
class Under:
    """What lies under an outline in one window: the covered area of each pixel, and what stores hold."""

    window: Block
    cells: NDArray[np.int64] | None
    weight_m2: NDArray[np.float64]

    def read(self, store: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """Values of some layers of a store, one a covered pixel."""
        layers = {name: values.ravel() for name, values in read_block(store, self.window, names).items()}
        return layers if self.cells is None else {name: layers[name][self.cells] for name in layers}

    def layer(self, store: Path, name: str) -> NDArray[Any]:
        """Values of one layer."""
        return self.read(store, [name])[name]


@dataclass(frozen=True)
class Ground:
    """The pixels under an outline; `scale` brings what they add up to to its ellipsoidal area.

    At most `at_once` windows are worked on at a time in one process.
    """

    cluster: Cluster
    grid: Grid
    windows: tuple[CoveredWindow, ...]
    scale: float
    at_once: int | None = None

    @classmethod
    def of(
        cls,
        cluster: Cluster,
        grid: Grid,
        outline: BaseGeometry,
        area_m2: float,
        *,
        at_once: int | None = None,
    ) -> "Ground":
        """The ground of an outline (EPSG:4490) of a known ellipsoidal area.

        An outline that the extraction gives no pixel (too small, or on the very edge) is wholly laid on the
        one under it.
        """
        shape = project(outline, grid.crs)
        blocks = grid.blocks_over(shape, WINDOW_PX)
        found = cluster.map(partial(_covered, shape=shape, grid=grid), blocks, at_once=at_once)
        covered_m2 = sum(area for _, area in found)
        windows = tuple(window for window, _ in found)
        if covered_m2 <= 0:
            pixel = grid.pixel_under(shapely.point_on_surface(shape))
            windows = (CoveredWindow.whole(pixel),)
            covered_m2 = float(grid.pixel_area_m2(pixel).sum())
        return cls(cluster, grid, windows, area_m2 / covered_m2, at_once)

    def each(self, function: Callable[[Under], Sums]) -> list[Sums]:
        """A function of what is under every window, on the cluster; the results in the order of windows."""
        work = _OfWindow(function, self.grid, self.scale)
        return self.cluster.map(work, self.windows, at_once=self.at_once)

    def of_part(self, outline: BaseGeometry, area_m2: float) -> "Ground":
        """The ground of another outline, worked on in the same way."""
        return Ground.of(self.cluster, self.grid, outline, area_m2, at_once=self.at_once)

    def areas_m2(self, store: Path, layer: str) -> NDArray[np.float64]:
        """Area of the ground by the class code of a layer, from 0 to 255."""
        areas: NDArray[np.float64] = np.sum(self.each(partial(_areas, store=store, layer=layer)), axis=0)
        return areas


@dataclass(frozen=True)
class _OfWindow(Generic[Sums]):
    """A function of what is under a window, applied to the window."""

    function: Callable[[Under], Sums]
    grid: Grid
    scale: float

    def __call__(self, covered: CoveredWindow) -> Sums:
        cells, area_m2 = covered.cells_m2(self.grid)
        return self.function(Under(covered.window, cells, area_m2 * self.scale))


def ground_of(cluster: Cluster, study: Study) -> Ground:
    """The ground of an area, worked on within the memory bound of its settings."""
    room = study.settings.compute.memory - BASELINE_BYTES
    at_once = max(1, room // (WINDOW_PX**2 * _PIXEL_BYTES))
    return Ground.of(cluster, study.grid, study.aoi.geometry, study.aoi.area_m2, at_once=at_once)


def _covered(block: Block, *, shape: BaseGeometry, grid: Grid) -> tuple[CoveredWindow, float]:
    """What a shape covers of a block, and its area before it is scaled."""
    window = CoveredWindow.of(shape, block, grid)
    return window, float(window.cells_m2(grid)[1].sum())


def _areas(under: Under, *, store: Path, layer: str) -> NDArray[np.float64]:
    areas = np.bincount(under.layer(store, layer), weights=under.weight_m2, minlength=NODATA_CLASS + 1)
    return areas.astype(np.float64)
