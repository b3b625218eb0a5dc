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

from pipeline.cluster import Cluster, in_order
from pipeline.geodesy import project
from pipeline.grid import Block, Grid
from pipeline.legends import NODATA_CLASS
from pipeline.plan.area import Area
from pipeline.rights_registry.ground import Cover
from pipeline.stores import read_block

WINDOW_PX = 1024

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
    """The pixels under an outline; `scale` brings what they add up to to its ellipsoidal area."""

    cluster: Cluster
    grid: Grid
    covers: tuple[Cover, ...]
    scale: float

    @classmethod
    def of(cls, cluster: Cluster, grid: Grid, outline: BaseGeometry, area_m2: float) -> "Ground":
        """The ground of an outline (EPSG:4490) of a known ellipsoidal area.

        An outline that the extraction gives no pixel (too small, or on the very edge) is wholly laid on the
        one under it.
        """
        shape = project(outline, grid.crs)
        windows = grid.blocks_over(shape, WINDOW_PX)
        found = in_order(cluster, partial(_covered, shape=shape, grid=grid), windows)
        covered_m2 = sum(area for _, area in found)
        if covered_m2 > 0:
            return cls(cluster, grid, tuple(cover for cover, _ in found), area_m2 / covered_m2)
        pixel = grid.pixel_under(shapely.point_on_surface(shape))
        return cls(cluster, grid, (Cover.whole(pixel),), area_m2 / float(grid.pixel_area_m2(pixel).sum()))

    def each(self, function: Callable[[Under], Sums]) -> list[Sums]:
        """A function of what is under every window, on the cluster; the results in the order of windows."""
        return in_order(self.cluster, _OfCover(function, self.grid, self.scale), self.covers)

    def areas_m2(self, store: Path, layer: str) -> NDArray[np.float64]:
        """Area of the ground by the class code of a layer, from 0 to 255."""
        areas: NDArray[np.float64] = np.sum(self.each(partial(_areas, store=store, layer=layer)), axis=0)
        return areas


@dataclass(frozen=True)
class _OfCover(Generic[Sums]):
    """A function of what is under a window, applied to its cover."""

    function: Callable[[Under], Sums]
    grid: Grid
    scale: float

    def __call__(self, cover: Cover) -> Sums:
        cells, area_m2 = cover.cells_m2(self.grid)
        return self.function(Under(cover.window, cells, area_m2 * self.scale))


def ground_of(cluster: Cluster, area: Area) -> Ground:
    """The ground of an area."""
    return Ground.of(cluster, area.grid, area.aoi.geometry, area.aoi.area_m2)


def _covered(window: Block, *, shape: BaseGeometry, grid: Grid) -> tuple[Cover, float]:
    """What a shape covers of a window, and its area before it is scaled."""
    cover = Cover.of(shape, window, grid)
    return cover, float(cover.cells_m2(grid)[1].sum())


def _areas(under: Under, *, store: Path, layer: str) -> NDArray[np.float64]:
    areas = np.bincount(under.layer(store, layer), weights=under.weight_m2, minlength=NODATA_CLASS + 1)
    return areas.astype(np.float64)
