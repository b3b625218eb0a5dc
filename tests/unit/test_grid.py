"""The analysis grid: its corners, blocks and the true area of its pixels."""

import numpy as np
import pytest
import shapely

from pipeline.aoi import Aoi, Part, list_aois, load_aoi
from pipeline.errors import SettingsError
from pipeline.geodesy import measure_area_m2, measure_areas_m2, project, unproject
from pipeline.grid import BASELINE_BYTES, Block, BlockPlan, Grid, build_grid, plan_blocks, widen_blocks

ISLAND = Grid("EPSG:32651", 380040.0, 3481020.0, 10.0, 300, 420)
LIMIT_OF_DENSE_EDGES_M = 30.0


def aoi_of(geometry, crs="EPSG:32651"):
    return Aoi("a", "甲", "A", (Part("1", "甲", "A", geometry, None),), crs, "drawn", "exact")


def outline_of(grid: Grid, block: Block):
    frame = shapely.segmentize(shapely.box(*grid.block_bounds(block)), LIMIT_OF_DENSE_EDGES_M)
    return unproject(frame, grid.crs)


@pytest.mark.parametrize("name", list_aois())
@pytest.mark.parametrize("resolution_m", [10, 20, 30, 60])
def test_the_grid_of_an_area_covers_it_snapped_and_without_a_spare_rim(name, resolution_m):
    aoi = load_aoi(name, relative_to=None)
    grid = build_grid(aoi, resolution_m=resolution_m)
    left, bottom, right, top = grid.block_bounds(grid.whole)
    assert {left % 60, bottom % 60, right % 60, top % 60} == {0}
    inner = project(aoi.geometry, grid.crs).bounds
    assert 0 <= inner[0] - left < 60
    assert 0 <= inner[1] - bottom < 60
    assert 0 <= right - inner[2] < 60
    assert 0 <= top - inner[3] < 60


@pytest.mark.parametrize("size", [1, 7, 128, 256, 300, 1024])
def test_blocks_tile_the_grid_and_their_ids_are_unique(size):
    grid = ISLAND if size > 1 else Grid("EPSG:32651", 0.0, 0.0, 10.0, 3, 5)
    times = np.zeros(grid.shape, dtype=int)
    blocks = list(grid.blocks(size))
    for block in blocks:
        assert block.shape == times[block.rows, block.cols].shape
        times[block.rows, block.cols] += 1
    assert (times == 1).all()
    assert len({block.id for block in blocks}) == len(blocks)


def test_pixel_centres_and_bounds_of_a_block_agree_with_the_transform():
    block = Block(10, 13, 20, 24)
    x, y = ISLAND.x_of(block), ISLAND.y_of(block)
    assert (x[0], y[0]) == ISLAND.transform * (20.5, 10.5)
    assert (x[-1], y[-1]) == ISLAND.transform * (23.5, 12.5)
    assert ISLAND.block_bounds(block) == (x[0] - 5, y[-1] - 5, x[-1] + 5, y[0] + 5)
    assert ISLAND.block_transform(block) * (0, 0) == (x[0] - 5, y[0] + 5)
    assert block.grow(2) == Block(8, 15, 18, 26)


def test_only_blocks_that_touch_a_geometry_are_worked_on():
    corner = shapely.box(*ISLAND.block_bounds(Block(0, 50, 0, 50))).buffer(-1)
    assert [block.id for block in ISLAND.blocks_over(corner, 128)] == ["r00000c00000"]
    cross = shapely.LineString([ISLAND.transform * (1, 1), ISLAND.transform * (400, 1)])
    assert [block.col_from for block in ISLAND.blocks_over(cross, 128)] == [0, 128, 256, 384]


def test_a_block_over_bounds_is_the_smallest_that_covers_them_inside_the_grid():
    left, bottom, right, top = ISLAND.block_bounds(Block(3, 5, 7, 9))
    assert ISLAND.block_over((left, bottom, right, top)) == Block(3, 5, 7, 9)
    assert ISLAND.block_over((left - 1, bottom - 1, right + 1, top + 1)) == Block(2, 6, 6, 10)
    assert ISLAND.block_over((0, 0, 1e7, 1e7)) == ISLAND.whole


def test_touched_pixels_are_those_that_share_a_point_with_the_geometry():
    block = Block(5, 15, 5, 15)
    blob = shapely.Point(*ISLAND.transform * (9.7, 9.2)).buffer(33.4)
    touched = ISLAND.mask_geometry(blob, block)
    frames = shapely.box(*_bounds_of_pixels(block)).reshape(block.shape)
    assert (touched == shapely.intersects(blob, frames)).all()
    assert not ISLAND.mask_geometry(shapely.Polygon(), block).any()


def _bounds_of_pixels(block: Block):
    x, y = np.meshgrid(ISLAND.x_of(block), ISLAND.y_of(block))
    return x.ravel() - 5, y.ravel() - 5, x.ravel() + 5, y.ravel() + 5


@pytest.mark.parametrize("crs", ["EPSG:32651", "EPSG:32648", "EPSG:4550"])
@pytest.mark.parametrize(
    "block", [Block(0, 1, 0, 1), Block(3, 4, 0, 420), Block(0, 300, 0, 420), Block(-9, 70, 200, 420)]
)
def test_pixel_areas_sum_to_the_area_of_the_blocks_outline(crs, block):
    left = 480060.0 if crs == "EPSG:4550" else 380040.0
    grid = Grid(crs, left, 3481020.0, 10.0, 300, 420)
    pixels = grid.pixel_area_m2(block)
    assert pixels.shape == block.shape
    assert pixels.sum() == pytest.approx(measure_area_m2(outline_of(grid, block)), rel=1e-7)


def test_pixel_areas_do_not_depend_on_the_block():
    whole = ISLAND.pixel_area_m2(ISLAND.whole)
    for block in ISLAND.blocks(128):
        np.testing.assert_allclose(ISLAND.pixel_area_m2(block), whole[block.rows, block.cols], rtol=1e-9)


def test_polygons_of_a_planted_pattern_have_its_codes_and_areas():
    classes = np.full(ISLAND.shape, 255, dtype=np.uint8)
    classes[10:20, 30:60] = 12
    classes[12:15, 40:45] = 21
    classes[200:201, 400:420] = 12
    classes[0, 0] = classes[1, 1] = 34
    found = ISLAND.trace_polygons(classes, classes != 255)
    assert sorted(code for code, _ in found) == [12, 12, 21, 34, 34]
    pixels = ISLAND.pixel_area_m2(ISLAND.whole)
    for code in (12, 21, 34):
        expected = pixels[classes == code].sum()
        assert measure_areas_m2([shape for value, shape in found if value == code]).sum() == pytest.approx(
            expected, rel=1e-7
        )
    assert ISLAND.trace_polygons(classes, np.zeros(ISLAND.shape, dtype=bool)) == []


def test_the_identity_of_a_grid_holds_all_that_makes_it():
    grids = [
        ISLAND,
        Grid("EPSG:32650", 380040.0, 3481020.0, 10.0, 300, 420),
        Grid("EPSG:32651", 380100.0, 3481020.0, 10.0, 300, 420),
        Grid("EPSG:32651", 380040.0, 3481080.0, 10.0, 300, 420),
        Grid("EPSG:32651", 380040.0, 3481020.0, 20.0, 300, 420),
        Grid("EPSG:32651", 380040.0, 3481020.0, 10.0, 301, 420),
        Grid("EPSG:32651", 380040.0, 3481020.0, 10.0, 300, 421),
    ]
    assert len({str(grid.as_dict()) for grid in grids}) == len(grids)


HUGE = Grid("EPSG:32651", 0.0, 0.0, 10.0, 20_000, 20_000)


def test_four_blocks_stay_within_the_bound_and_no_larger_ones_would():
    for block_bytes, process_bytes, memory in [(60, 64, 2**31), (4000, 64, 2**31), (500, 2304, 3 * 2**30)]:
        plan = plan_blocks(HUGE, block_bytes=block_bytes, process_bytes=process_bytes, memory=memory)

        def taken(edge, at_once, one=block_bytes, once=process_bytes):
            return BASELINE_BYTES + edge**2 * (once + at_once * one)

        assert plan.at_once >= 4
        assert taken(plan.edge_px, plan.at_once) <= memory < taken(plan.edge_px, plan.at_once + 1)
        assert plan.edge_px == 1024 or taken(2 * plan.edge_px, 4) > memory


def test_where_four_of_the_smallest_blocks_do_not_fit_fewer_are_worked_on_at_a_time():
    memory = BASELINE_BYTES + 128**2 * (64 + 2 * 5000) + 100
    assert plan_blocks(HUGE, block_bytes=5000, process_bytes=64, memory=memory) == BlockPlan(128, 2)


def test_two_blocks_of_the_size_of_a_tile_go_before_four_smaller_ones():
    memory = BASELINE_BYTES + 512**2 * (64 + 3 * 1000)
    assert plan_blocks(HUGE, block_bytes=1000, process_bytes=64, memory=memory) == BlockPlan(512, 3)
    memory = BASELINE_BYTES + 512**2 * (64 + 1 * 1000)
    assert plan_blocks(HUGE, block_bytes=1000, process_bytes=64, memory=memory) == BlockPlan(256, 4)


def test_too_small_a_bound_names_the_bound_that_would_do():
    needed = BASELINE_BYTES + 128**2 * (64 + 5000)
    assert plan_blocks(HUGE, block_bytes=5000, process_bytes=64, memory=needed) == BlockPlan(128, 1)
    with pytest.raises(SettingsError, match="found 800 MiB; expected at least 800 MiB") as caught:
        plan_blocks(HUGE, block_bytes=5000, process_bytes=64, memory=needed - 1)
    assert caught.value.problems[0].place == "compute.memory"
    with pytest.raises(SettingsError, match="found 1 MiB; expected at least"):
        plan_blocks(HUGE, block_bytes=1, process_bytes=0, memory=100)


def test_a_small_area_is_cut_into_more_blocks_than_the_bound_demands():
    assert plan_blocks(ISLAND, block_bytes=1, process_bytes=0, memory=2**40).edge_px == 512


def test_blocks_that_touch_in_a_row_are_one_task_and_others_are_not():
    blocks = list(ISLAND.blocks(64))
    assert BlockPlan(64, 4).tasks(blocks) == blocks
    assert [(task.id, task.shape) for task in BlockPlan(64, 4, 3).tasks(blocks)][:4] == [
        ("r00000c00000", (64, 192)),
        ("r00000c00192", (64, 128)),
        ("r00000c00320", (64, 100)),
        ("r00064c00000", (64, 192)),
    ]
    parted = [block for block in blocks if block.row_from == 0 and block.col_from not in {64, 320}]
    assert BlockPlan(64, 4, 3).tasks(parted) == [
        Block(0, 64, 0, 64),
        Block(0, 64, 128, 320),
        Block(0, 64, 384, 420),
    ]
    assert BlockPlan(64, 4, 3).tasks([]) == []


def test_blocks_are_joined_as_far_as_two_tasks_fit_the_bound_and_eight_are_left():
    plan, each, once = BlockPlan(1024, 9), 76, 96

    def joined(memory, blocks=100):
        return widen_blocks(plan, blocks, block_bytes=each, process_bytes=once, memory=memory)

    def needed(abreast, at_once):
        return BASELINE_BYTES + abreast * 1024**2 * (once + at_once * each)

    assert joined(needed(2, 2) - 1) == plan
    assert joined(needed(2, 2)) == BlockPlan(1024, 2, 2)
    assert joined(needed(3, 2) - 1) == BlockPlan(1024, 3, 2)
    assert joined(needed(3, 2)) == BlockPlan(1024, 2, 3)
    assert joined(needed(3, 40)) == BlockPlan(1024, 40, 3)
    assert [joined(2**40, blocks).abreast for blocks in (0, 1, 15, 16, 23, 24, 10**6)] == [
        1,
        1,
        1,
        2,
        2,
        3,
        3,
    ]


def test_a_tiny_area_has_a_grid_that_covers_it():
    grid = build_grid(aoi_of(shapely.box(121.8, 31.45, 121.8 + 1e-6, 31.45 + 1e-6)), resolution_m=10)
    assert grid.shape in {(6, 6), (6, 12), (12, 6), (12, 12)}
