"""Blocks of any grid and any budget."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.grid import BASELINE_BYTES, BlockPlan, Grid, plan_blocks


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 250))
def test_blocks_of_any_size_tile_any_grid(height, width, size):
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, height, width)
    times = np.zeros(grid.shape, dtype=int)
    for block in grid.blocks(size):
        times[block.rows, block.cols] += 1
    assert (times == 1).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.data())
def test_tasks_are_whole_blocks_and_every_block_is_in_one(rows, cols, abreast, data):
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, 7 * rows - 3, 7 * cols - 3)
    blocks = [block for block in grid.blocks(7) if data.draw(st.booleans())]
    wanted, times = np.zeros((2, *grid.shape), dtype=int)
    for block in blocks:
        wanted[block.rows, block.cols] += 1
    tasks = BlockPlan(7, 1, abreast).tasks(blocks)
    for task in tasks:
        times[task.rows, task.cols] += 1
    assert (times == wanted).all()
    assert all(task.shape[1] <= 7 * abreast for task in tasks)
    assert len({task.id for task in tasks}) == len(tasks)


@given(
    st.integers(1, 30_000),
    st.integers(1, 10_000),
    st.integers(0, 3_000),
    st.integers(0, 2**36),
    st.integers(0, 2**34),
)
def test_more_memory_never_makes_smaller_blocks_and_no_bound_is_passed(edge_px, each, once, memory, more):
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, edge_px, edge_px)

    def size(bound: int) -> int:
        try:
            plan = plan_blocks(grid, block_bytes=each, process_bytes=once, memory=bound)
        except SettingsError:
            return 0
        assert BASELINE_BYTES + plan.edge_px**2 * (once + plan.at_once * each) <= bound
        return plan.edge_px

    assert size(memory) <= size(memory + more)
