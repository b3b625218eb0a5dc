import numpy as np
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from pipeline.engine.executors import Threads
from pipeline.geodesy import measure_area_m2, project, unproject
from pipeline.grid import Block, Grid
from pipeline.storage.blocks import Layer, create_store, write_block
from pipeline.zonal.covered import CoveredBlock
from pipeline.zonal.ground import BLOCK_EDGE_PX, Ground

GRID = Grid("EPSG:32651", 300_000.0, 3_500_040.0, 10.0, 2 * BLOCK_EDGE_PX + 76, 2 * BLOCK_EDGE_PX + 300)


@pytest.fixture(scope="module")
def outline():
    """A ring with a hole, wider than a block, that holds one block wholly."""
    centre = shapely.Point(*GRID.transform * (GRID.width / 2, GRID.height / 2))
    hole = shapely.Point(centre.x + 7_000, centre.y - 7_000).buffer(1_234)
    bite = shapely.box(GRID.left, GRID.top - 3_000, GRID.left + 4_000, GRID.top)
    frame = shapely.box(*GRID.block_bounds(GRID.whole)).buffer(-333)
    return unproject(frame - hole - bite, GRID.crs)


@pytest.fixture(scope="module")
def classes():
    return np.random.default_rng(5).integers(1, 5, GRID.shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def store(tmp_path_factory, classes):
    path = tmp_path_factory.mktemp("store") / "land.zarr"
    create_store(path, {"land_cover": Layer("uint8", 255, {})}, GRID, 512)
    for block in GRID.blocks(512):
        write_block(path, block, {"land_cover": classes[block.rows, block.cols]})
    return path


def weights_of_exactextract(outline):
    """Covered area of each pixel of the grid, scaled to the area of the outline."""
    raster = NumPyRasterSource(np.zeros(GRID.shape, dtype=np.uint8), *GRID.block_bounds(GRID.whole))
    feature = {"type": "Feature", "geometry": shapely.geometry.mapping(project(outline, GRID.crs))}
    (found,) = exact_extract(raster, feature, ["cell_id", "coverage"])
    weight = np.zeros(GRID.height * GRID.width)
    cells = found["properties"]["cell_id"]
    weight[cells] = found["properties"]["coverage"] * GRID.pixel_area_m2(GRID.whole).ravel()[cells]
    return weight * measure_area_m2(outline) / weight.sum()


@pytest.mark.parametrize("workers", [1, 3])
def test_areas_by_class_are_those_of_exactextract_over_the_whole_grid(outline, classes, store, workers):
    ground = Ground.of(Threads(workers), GRID, outline, measure_area_m2(outline))
    found = ground.sum_classes(store, "land_cover")
    theirs = np.bincount(classes.ravel(), weights_of_exactextract(outline), 256)
    assert np.allclose(found, theirs, rtol=1e-9)
    assert found.sum() == pytest.approx(measure_area_m2(outline), rel=1e-12)


def test_results_come_in_the_order_of_the_blocks_whoever_is_first(outline):
    ground = Ground.of(Threads(3), GRID, outline, measure_area_m2(outline))
    blocks = ground.map(lambda under: under.block)
    assert blocks == GRID.blocks_over(project(outline, GRID.crs), BLOCK_EDGE_PX)
    sums = [ground.map(lambda under: float(under.weight_m2.sum())) for _ in range(2)]
    assert sums[0] == sums[1]


def test_a_block_that_is_covered_wholly_keeps_no_cells(outline):
    shape = project(outline, GRID.crs)
    blocks = [CoveredBlock.of(shape, block, GRID) for block in GRID.blocks(700)]
    assert any(covered.inside is None for covered in blocks)
    for covered in blocks:
        cells, area = covered.cells_m2(GRID)
        rows, cols = covered.block.shape
        if covered.inside is None:
            assert cells is None
            assert len(area) == rows * cols
        else:
            assert covered.inside.nbytes <= rows * cols / 8 + 1
        exact = shapely.intersection(shape, shapely.box(*GRID.block_bounds(covered.block))).area
        in_crs = (
            area / GRID.pixel_area_m2(covered.block).ravel()[slice(None) if cells is None else cells]
        ).sum()
        assert in_crs * 100 == pytest.approx(exact, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(("x", "y"), [(55, -75), (-1, -1005)])
def test_an_outline_without_a_pixel_is_laid_on_the_nearest(store, classes, x, y):
    left, top = GRID.left + x, GRID.top + y
    crumb = unproject(shapely.box(left, top, left + 1e-7, top + 1e-7), GRID.crs)
    ground = Ground.of(Threads(1), GRID, crumb, 3.0)
    code = classes[int(-y // 10), max(x // 10, 0)]
    found = ground.sum_classes(store, "land_cover")
    assert found[code] == pytest.approx(3.0)
    assert found.sum() == pytest.approx(3.0)


def test_pixels_under_points_beside_the_grid_are_those_at_its_edge():
    far = shapely.Point(GRID.left - 1e6, GRID.top + 1e6)
    assert GRID.pixel_under(far) == Block(0, 1, 0, 1)
    near = shapely.Point(GRID.left + 25, GRID.top - 35)
    assert GRID.pixel_under(near) == Block(3, 4, 2, 3)
