"""Blocks are cut for what a task may meet, not for all scenes of an area of many tiles."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.flow.scenes import choose_for_study, find_items
from pipeline.grid import Block, Grid
from pipeline.maps.layout import place_scenes, plan_layout
from pipeline.maps.registry import STEPS
from pipeline.maps.step import Footprint

PX = 40_960
TILE_PX = 10_240


@pytest.fixture
def spread(planted):
    """An area of tiles side by side, each seen on so many dates, and its scenes."""
    (one, *_) = choose_for_study(
        planted, planted.settings.scenes.provider, find_items(planted, planted.settings.scenes.provider)
    ).candidates

    def lay(tiles, dates):
        grid = Grid("EPSG:32651", 300_000.0, 3_600_000.0, 10.0, 2048, TILE_PX * tiles)
        wide = replace(planted, grid=grid)
        whole = shapely.box(*grid.block_bounds(grid.whole))
        wide.__dict__["outline"] = whole
        west, south, east, north = whole.bounds
        edges = pairwise(np.linspace(west, east, tiles + 1))
        outlines = [shapely.box(left, south, right, north) for left, right in edges]
        return wide, [Footprint(one.scene, outline) for outline in outlines for _ in range(dates)]

    return lay


def test_more_tiles_make_no_smaller_blocks(spread):
    one, two, many = (plan_layout(*spread(tiles, 70), STEPS) for tiles in (1, 2, 40))
    assert many.block_bytes == two.block_bytes
    assert many.blocks.edge_px == two.blocks.edge_px >= 256
    assert one.block_bytes < two.block_bytes, "where two tiles meet, a task reads the scenes of both"


def test_more_dates_of_a_tile_do(spread):
    few, many = (plan_layout(*spread(4, dates), STEPS) for dates in (20, 300))
    assert many.block_bytes > few.block_bytes
    assert many.blocks.edge_px <= few.blocks.edge_px


def test_no_task_meets_more_scenes_than_its_memory_is_counted_for(spread):
    study, footprints = spread(5, 60)
    layout = plan_layout(study, footprints, STEPS)
    tasks = layout.wide.tasks(study.blocks(layout.wide.edge_px))
    tree = shapely.STRtree([one.outline for one in footprints])
    most = max(len(tree.query(shapely.box(*study.grid.block_bounds(task)), "intersects")) for task in tasks)
    at_the_bound = plan_layout(study, footprints[:1] * most, STEPS)
    assert layout.wide_bytes >= at_the_bound.wide_bytes


def test_scenes_of_one_outline_are_placed_where_each_alone_would_be(planted):
    provider = planted.settings.scenes.provider
    found = choose_for_study(planted, provider, find_items(planted, provider)).candidates
    scenes = [one.scene for one in found]
    outlines = [one.outline for one in found]
    together = place_scenes(planted, scenes, outlines)
    for footprint, scene, outline in zip(together, scenes, outlines, strict=True):
        (alone,) = place_scenes(planted, [scene], [outline])
        assert footprint.scene == scene
        assert footprint.outline.equals_exact(alone.outline, 0)


@given(
    left=st.integers(-9, 9),
    top=st.integers(-9, 9),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    size=st.integers(1, 17),
)
@settings(max_examples=40, deadline=None)
def test_frames_are_the_bounds_of_their_blocks(left, top, height, width, size):
    grid = Grid("EPSG:32651", 60.0 * left, 60.0 * top, 10.0, height, width)
    blocks = list(grid.blocks(size))
    frames = grid.frame_blocks(blocks)
    assert [frame.bounds for frame in frames] == [grid.block_bounds(block) for block in blocks]
    assert len(grid.frame_blocks([])) == 0
    assert grid.blocks_over(frames[-1].centroid, size) == [blocks[-1]]
    assert isinstance(blocks[0], Block)
