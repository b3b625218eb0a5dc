"""The ground of an outline under the maps: exact sums over it, one task a block, in the order of blocks."""

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
from pipeline.indices.change import sum_transitions
from pipeline.legends import LAND_COVER, Legend
from pipeline.storage.blocks import read_block
from pipeline.zonal.covered import CoveredBlock
from pipeline.zonal.kernels import CODE_LIMIT, Pixels, add_class_areas

BLOCK_EDGE_PX = 1024
_PIXEL_BYTES = 128
"""What a pixel takes while its block is worked on, at most: its area, its place, values and codes."""

Sums = TypeVar("Sums")


@dataclass(frozen=True)
class GroundPixels:
    """The pixels under an outline in one block: the covered area of each, and what stores hold there."""

    block: Block
    cells: NDArray[np.int64] | None
    weight_m2: NDArray[np.float64]

    def read(self, store: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """Values of some layers of a store, one a covered pixel."""
        layers = {name: values.ravel() for name, values in read_block(store, self.block, names).items()}
        return layers if self.cells is None else {name: layers[name][self.cells] for name in layers}

    def read_layer(self, store: Path, name: str) -> NDArray[Any]:
        """Values of one layer."""
        return self.read(store, [name])[name]


@dataclass(frozen=True)
class Ground:
    """The pixels under an outline; `scale` brings what they add up to to its ellipsoidal area.

    At most `at_once` blocks are worked on at a time in one process.
    """

    cluster: Cluster
    grid: Grid
    blocks: tuple[CoveredBlock, ...]
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
        touched = grid.blocks_over(shape, BLOCK_EDGE_PX)
        covered = cluster.map(partial(_cover, shape=shape, grid=grid), touched, at_once=at_once)
        covered_m2 = sum(area for _, area in covered)
        blocks = tuple(block for block, _ in covered)
        if covered_m2 <= 0:
            pixel = grid.pixel_under(shapely.point_on_surface(shape))
            blocks = (CoveredBlock.whole(pixel),)
            covered_m2 = float(grid.pixel_area_m2(pixel).sum())
        return cls(cluster, grid, blocks, area_m2 / covered_m2, at_once)

    def map(self, function: Callable[[GroundPixels], Sums]) -> list[Sums]:
        """A function of the pixels of every block, on the cluster; the results in the order of blocks."""
        work = _OfBlock(function, self.grid, self.scale)
        return self.cluster.map(work, self.blocks, at_once=self.at_once)

    def restrict(self, outline: BaseGeometry, area_m2: float) -> "Ground":
        """The ground of another outline, worked on in the same way."""
        return Ground.of(self.cluster, self.grid, outline, area_m2, at_once=self.at_once)

    def sum_classes(self, store: Path, layer: str) -> NDArray[np.float64]:
        """Area of the ground by the class code of a layer, from 0 to 255."""
        areas: NDArray[np.float64] = np.sum(self.map(partial(_sum_classes, store=store, layer=layer)), axis=0)
        return areas

    def sum_transitions(
        self, layer: str, before: Path, after: Path, counted: Path, legend: Legend = LAND_COVER
    ) -> list[NDArray[np.float64]]:
        """Sums of `indices.change.sum_transitions` by blocks: of a layer in two stores, and what counts."""
        return self.map(
            partial(_sum_moves, layer=layer, before=before, after=after, counted=counted, legend=legend)
        )


@dataclass(frozen=True)
class _OfBlock(Generic[Sums]):
    """A function of the pixels of a block, applied to the block."""

    function: Callable[[GroundPixels], Sums]
    grid: Grid
    scale: float

    def __call__(self, covered: CoveredBlock) -> Sums:
        cells, area_m2 = covered.cells_m2(self.grid)
        return self.function(GroundPixels(covered.block, cells, area_m2 * self.scale))


def lay_ground(cluster: Cluster, study: Study) -> Ground:
    """The ground of an area, worked on within the memory bound of its settings."""
    room = study.settings.compute.memory - BASELINE_BYTES
    at_once = max(1, room // (BLOCK_EDGE_PX**2 * _PIXEL_BYTES))
    return Ground.of(cluster, study.grid, study.aoi.geometry, study.aoi.area_m2, at_once=at_once)


def _cover(block: Block, *, shape: BaseGeometry, grid: Grid) -> tuple[CoveredBlock, float]:
    """What a shape covers of a block, and its area before it is scaled."""
    covered = CoveredBlock.of(shape, block, grid)
    return covered, float(covered.cells_m2(grid)[1].sum())


def _sum_classes(under: GroundPixels, *, store: Path, layer: str) -> NDArray[np.float64]:
    sums = np.zeros((1, CODE_LIMIT))
    pixels = Pixels.of_one(under.weight_m2)
    add_class_areas(pixels, under.read_layer(store, layer), np.arange(CODE_LIMIT), sums)
    areas: NDArray[np.float64] = sums[0]
    return areas


def _sum_moves(
    under: GroundPixels, *, layer: str, before: Path, after: Path, counted: Path, legend: Legend
) -> NDArray[np.float64]:
    earlier, later = (under.read_layer(store, layer) for store in (before, after))
    codes = under.read_layer(counted, "change")
    return sum_transitions(earlier, later, codes, under.weight_m2, legend)
