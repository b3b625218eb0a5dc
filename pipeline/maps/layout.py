"""The blocks of all maps of a study, by the memory bound and by what their steps take of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import Scene
from pipeline.engine.study import Study
from pipeline.geodesy import project
from pipeline.grid import BlockPlan, plan_blocks, widen_blocks
from pipeline.ingest.reading.blocks import process_bytes
from pipeline.maps.step import Footprint, Load, Step


@dataclass(frozen=True)
class Layout:
    """Blocks of every map, and of several in a row for `wide` steps; the bytes that a pixel of them takes."""

    blocks: BlockPlan
    wide: BlockPlan
    block_bytes: int
    wide_bytes: int

    def of(self, step: Step) -> BlockPlan:
        """The blocks of a step."""
        return self.wide if step.wide else self.blocks


def place_scenes(study: Study, scenes: Sequence[Scene], outlines: Iterable[BaseGeometry]) -> list[Footprint]:
    """Scenes and their outlines in the CRS of the grid; the passes over one tile often have one outline."""
    placed: dict[bytes, BaseGeometry] = {}
    footprints = []
    for scene, outline in zip(scenes, outlines, strict=True):
        key = shapely.to_wkb(outline)
        if key not in placed:
            placed[key] = project(outline, study.grid.crs)
        footprints.append(Footprint(scene, placed[key]))
    return footprints


@dataclass(frozen=True)
class Meeting:
    """Which scenes meet which of a number of frames; those of one outline are looked at once.

    `outline` is the number of the outline of each scene; `outlines` and `frames` are numbers of outlines and
    of frames that meet, in pairs.
    """

    outline: NDArray[np.intp]
    outlines: NDArray[np.intp]
    frames: NDArray[np.intp]
    count: int

    def sum_by_frame(self, of_scenes: ArrayLike) -> NDArray[np.float64]:
        """A figure of each scene, summed over the scenes that meet each frame."""
        sums = np.bincount(self.outline, weights=np.asarray(of_scenes, dtype=float))
        by_frame = np.bincount(self.frames, weights=sums[self.outlines], minlength=self.count)
        return by_frame.astype(float)

    @property
    def meeting(self) -> NDArray[np.bool_]:
        """Whether each scene meets any frame."""
        return np.isin(self.outline, self.outlines)


def meet_frames(footprints: Sequence[Footprint], frames: NDArray[np.object_]) -> Meeting:
    """Which scenes meet which frames, both in the CRS of the grid."""
    numbers: dict[int, int] = {}
    outline = [numbers.setdefault(id(one.outline), len(numbers)) for one in footprints]
    distinct = np.array([*{id(one.outline): one.outline for one in footprints}.values()], dtype=object)
    outlines, met = shapely.STRtree(frames).query(distinct, predicate="intersects")
    return Meeting(np.array(outline, dtype=np.intp), outlines, met, len(frames))


def plan_layout(study: Study, footprints: Sequence[Footprint], steps: Sequence[Step]) -> Layout:
    """Blocks under the memory bound, by the settings and the scenes alone.

    They are as large as the step that takes most of a pixel allows, the same for all, so that a map may be
    read wherever another one is made. Raises SettingsError where not even the smallest fits.
    """
    load = _measure_load(study, footprints, steps)
    asked = [step for step in steps if step.times(study)]
    block_bytes = max(step.block_bytes(study, load) for step in asked)
    wide_bytes = max(step.block_bytes(study, load) for step in asked if step.wide)
    bounds = {
        "process_bytes": process_bytes(study.grid.resolution_m),
        "memory": study.settings.compute.memory,
    }
    blocks = plan_blocks(study.grid, block_bytes=block_bytes, **bounds)
    wide = widen_blocks(blocks, len(study.blocks(blocks.edge_px)), block_bytes=wide_bytes, **bounds)
    return Layout(blocks, wide, block_bytes, wide_bytes)


def _measure_load(study: Study, footprints: Sequence[Footprint], steps: Sequence[Step]) -> Load:
    """The most that any task may have to hold: over an area of many tiles none meets all scenes."""
    scenes = [one.scene for one in footprints]
    met = meet_frames(footprints, study.grid.frame_tasks(study.outline))

    def count_most(counted: Sequence[bool]) -> int:
        return int(met.sum_by_frame(counted).max(initial=0))

    dates = max(count_most([period.holds(one.datetime) for one in scenes]) for period in study.periods)
    bands = max(len(step.list_bands(study, scenes)) for step in steps if step.wide)
    return Load(dates, count_most([True] * len(scenes)), bands)
