import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.geodesy import project, unproject
from pipeline.grid import Grid
from pipeline.outputs.frames import plan_frames

GRID = Grid("EPSG:32651", 300_000.0, 3_540_000.0, 10.0, 4000, 8000)


def square(left_km, top_km, side_km):
    """A part, placed from the upper left corner of the grid."""
    left, top = GRID.left + 1000 * left_km, GRID.top - 1000 * top_km
    return unproject(shapely.box(left, top - 1000 * side_km, left + 1000 * side_km, top), GRID.crs)


def test_parts_near_each_other_share_one_picture_of_the_whole_grid():
    (frame,) = plan_frames([square(0, 0, 20), square(25, 5, 12)], GRID)
    assert (frame.grid, frame.block, frame.parts) == (GRID, GRID.whole, (0, 1))


def test_a_small_part_far_away_fills_a_picture_of_its_own():
    """Of a picture 1000 pixels wide the far part would have 25, its neighbour 275."""
    frames = plan_frames([square(0, 0, 2), square(58, 10, 22)], GRID)
    assert [frame.parts for frame in frames] == [(0,), (1,)]
    assert frames[0].grid.width * GRID.resolution_m == pytest.approx(2080, abs=40)
    block = frames[1].block
    edges = [block.row_from, block.row_to, block.col_from, block.col_to]
    assert edges == pytest.approx([912, 3288, 5712, 8000], abs=1)


def test_a_frame_is_a_piece_of_the_grid():
    _, frame = plan_frames([square(0, 0, 2), square(58, 10, 22)], GRID)
    assert frame.grid.left == GRID.left + 10 * frame.block.col_from
    assert frame.grid.top == GRID.top - 10 * frame.block.row_from
    assert (frame.grid.shape, frame.grid.crs, frame.grid.resolution_m) == (frame.block.shape, GRID.crs, 10.0)


@given(st.lists(st.tuples(st.floats(0, 76), st.floats(0, 36), st.floats(0.05, 4)), min_size=1, max_size=12))
def test_every_part_lies_whole_in_the_one_frame_that_names_it_and_frames_are_few(places):
    parts = [square(*place) for place in places]
    frames = plan_frames(parts, GRID)
    assert sorted(number for frame in frames for number in frame.parts) == list(range(len(parts)))
    assert len(frames) <= 6
    for frame in frames:
        ground = shapely.box(*GRID.block_bounds(frame.block)).buffer(1)
        assert all(ground.contains(project(parts[number], GRID.crs)) for number in frame.parts)
