from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

from pipeline.grid import Grid
from pipeline.zonal.covered import CoveredBlock

GRID = Grid("EPSG:32651", 300_000.0, 3_500_000.0, 10.0, 1040, 1040)


def ragged(seed):
    """A star of random rays."""
    turns = np.linspace(0, 2 * np.pi, 3_000, endpoint=False)
    reach = np.random.default_rng(seed).uniform(4_500, 5_000, len(turns))
    middle = GRID.left + GRID.width * 5, GRID.top - GRID.height * 5
    return shapely.Polygon(np.column_stack([np.cos(turns), np.sin(turns)]) * reach[:, None] + middle)


def pixels_of(covered):
    inside = np.prod(covered.block.shape) if covered.inside is None else np.unpackbits(covered.inside).sum()
    return inside + covered.fraction.sum()


def test_blocks_of_one_outline_may_be_covered_side_by_side():
    """GEOS ends the process where threads share a prepared geometry, so none may be left with one."""
    blocks = list(GRID.blocks(260))
    with ThreadPoolExecutor(8) as pool:
        for outline in map(ragged, range(4)):
            found = list(pool.map(lambda block, of=outline: CoveredBlock.of(of, block, GRID), blocks))
            area_m2 = sum(map(pixels_of, found)) * GRID.resolution_m**2
            assert area_m2 == pytest.approx(outline.area, rel=1e-6)
            assert not shapely.is_prepared(outline)
