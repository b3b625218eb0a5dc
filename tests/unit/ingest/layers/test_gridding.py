"""Numbers of any raster on a grid: what holds for all of them, and what strangers find."""

from functools import partial

import exactextract
import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.warp import Resampling, reproject

from pipeline.errors import InputError
from pipeline.ingest.layers import gridding
from pipeline.ingest.layers.gridding import read_layer
from tests.scenery import LEFT, TOP, UTM, grid_of_px
from tests.unit.ingest.layers.planted import DEGREES, GRID, TO_DEGREES, drawn, opened

SMALL = grid_of_px(9, 13)
NORTH_UP = {
    "aligned and coarser": Affine(30, 0, LEFT - 60, 0, -30, TOP + 30),
    "shifted and coarser": Affine(37, 0, LEFT - 51, 0, -29, TOP + 44),
    "shifted and finer": Affine(3.7, 0, LEFT - 11, 0, -2.9, TOP + 7),
    "south up": Affine(23, 0, LEFT - 40, 0, 31, TOP - 430),
}
TURNED = Affine(17, 6, LEFT - 90, 5, -21, TOP + 40)
STEP = 0.00031


def degrees(step=STEP):
    """The transform of a raster in degrees around the grid."""
    left, bottom, right, top = GRID.block_bounds(GRID.whole)
    lon, lat = TO_DEGREES.transform([left, right, left, right], [bottom, top, top, bottom])
    return Affine(step, 0, min(lon) - 2.3 * step, 0, -step, max(lat) + 1.6 * step)


def shape_over(transform, grid=GRID, crs=UTM):
    """Rows and columns of a raster that reach beyond a grid."""
    left, bottom, right, top = grid.block_bounds(grid.whole)
    x, y = Transformer.from_crs(UTM, crs, always_xy=True).transform(
        np.array([left, right, left, right]), np.array([bottom, top, top, bottom])
    )
    col, row = ~transform * (x, y)
    return int(row.max()) + 3, int(col.max()) + 3


def pixel_shapes(grid, crs):
    """The pixels of a grid as polygons of a CRS, row by row."""
    x, y = np.meshgrid(
        grid.left + np.arange(grid.width + 1) * grid.resolution_m,
        grid.top - np.arange(grid.height + 1) * grid.resolution_m,
    )
    points = np.stack(Transformer.from_crs(UTM, crs, always_xy=True).transform(x, y), axis=-1)
    rings = np.stack([points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]], axis=2)
    return gpd.GeoDataFrame(geometry=shapely.polygons(rings.reshape(-1, 4, 2)), crs=crs)


def theirs(numbers, transform, crs, grid, operation):
    """What exactextract finds under each pixel of a grid."""
    bounds = rasterio.transform.array_bounds(*numbers.shape, transform)
    source = NumPyRasterSource(numbers, *bounds, nodata=np.nan, name="toy", srs_wkt=CRS(crs).to_wkt())
    table = exactextract.exact_extract(source, pixel_shapes(grid, crs), [operation], output="pandas")
    return table[operation].to_numpy(dtype=float).reshape(grid.shape)


@pytest.mark.parametrize("operation", ["mean", "sum"])
@pytest.mark.parametrize("name", ["aligned and coarser", "shifted and coarser", "shifted and finer"])
def test_means_and_sums_are_those_of_exactextract(name, operation):
    transform = NORTH_UP[name]
    numbers = drawn(shape_over(transform))
    mine = read_layer(opened(numbers, transform, operation), GRID, GRID.whole)
    other = theirs(numbers, transform, UTM, GRID, operation)
    known = np.isfinite(mine)
    print(f"{name}, {operation}: known {known.mean():.3f}, off by {np.abs(mine - other)[known].max():.2g}")
    assert 0.3 < known.mean() < 1.01
    assert np.allclose(mine[known], other[known], rtol=1e-6)
    assert not np.nan_to_num(other[~known]).any()


@pytest.mark.parametrize("operation", ["mean", "sum"])
def test_means_and_sums_from_degrees_are_those_of_exactextract(operation):
    transform = degrees()
    numbers = drawn(shape_over(transform, crs=DEGREES))
    mine = read_layer(opened(numbers, transform, operation, DEGREES), GRID, GRID.whole)
    other = theirs(numbers, transform, DEGREES, GRID, operation)
    known = np.isfinite(mine)
    away = np.abs(mine - other)[known]
    print(
        f"{operation}: off by {away.max():.2g} at most, of {np.nanmean(other):.3g}; known {known.mean():.3f}"
    )
    assert 0.8 < known.mean() < 1
    assert not np.nan_to_num(other[~known]).any()
    assert away.max() < 1e-4 * np.nanmean(other)


def warped(numbers, transform, crs, resampling):
    target = np.full(GRID.shape, np.nan)
    reproject(
        numbers,
        target,
        src_transform=transform,
        src_crs=crs,
        src_nodata=np.nan,
        dst_transform=GRID.transform,
        dst_crs=GRID.crs,
        dst_nodata=np.nan,
        resampling=resampling,
        tolerance=0,
    )
    return target


@pytest.mark.parametrize(
    ("way", "theirs"), [("nearest", Resampling.nearest), ("bilinear", Resampling.bilinear)]
)
@pytest.mark.parametrize(
    ("transform", "crs"), [(NORTH_UP["shifted and coarser"], UTM), (degrees(), DEGREES), (TURNED, UTM)]
)
def test_points_are_those_of_gdal(way, theirs, transform, crs):
    numbers = drawn(shape_over(transform, crs=crs), holes=0)
    mine = read_layer(opened(numbers, transform, way, crs), GRID, GRID.whole)
    other = warped(numbers, transform, crs, theirs)
    inner = np.isfinite(mine) & np.isfinite(other)
    away = np.abs(mine - other)[inner]
    print(f"{way}: off by {away.max():.2g} of {other[inner].mean():.3g}; {inner.mean():.3f} of the grid")
    assert inner.mean() > 0.8
    assert away.max() < 1e-4 * other[inner].mean()


def test_the_mean_of_a_finer_raster_is_that_of_gdal():
    transform = NORTH_UP["shifted and finer"]
    numbers = drawn(shape_over(transform))
    mine = read_layer(opened(numbers, transform, "mean"), GRID, GRID.whole)
    assert np.allclose(mine, warped(numbers, transform, UTM, Resampling.average), rtol=1e-4, equal_nan=True)


@pytest.mark.parametrize(
    ("transform", "crs"), [(TURNED, UTM), (NORTH_UP["south up"], UTM), (degrees(), DEGREES)]
)
def test_a_slope_is_found_where_it_was_planted(transform, crs):
    """A linear field in the raster's own CRS, which a bilinear interpolation gives back."""
    height, width = shape_over(transform, crs=crs)
    col, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = transform * (col, row)
    unit = 1.0 if crs == UTM else 1e5

    def field(x, y):
        return 3 + ((x - transform.c) * 0.02 + (y - transform.f) * 0.05) * unit

    mine = read_layer(opened(field(x, y), transform, "bilinear", crs), GRID, GRID.whole)
    here = np.meshgrid(GRID.x_of(GRID.whole), GRID.y_of(GRID.whole))
    planted = field(*Transformer.from_crs(UTM, crs, always_xy=True).transform(*here))
    pixels = ~transform * Transformer.from_crs(UTM, crs, always_xy=True).transform(*here)
    inner = (pixels[0] > 1) & (pixels[0] < width - 1) & (pixels[1] > 1) & (pixels[1] < height - 1)
    assert inner.mean() > 0.8
    assert np.allclose(mine[inner], planted[inner], atol=2e-3)


@st.composite
def rasters(draw):
    """Rasters that lie wholly inside the small grid: coarser or finer, shifted, stretched, turned."""
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    across, down = draw(st.floats(0.4, 17)), draw(st.floats(0.4, 14))
    turn = draw(st.sampled_from([0.0, 0.0, 12.0, 45.0, 200.0]))
    x, y = draw(st.floats(60, 70)), draw(st.floats(40, 50))
    centre = Affine.translation(LEFT + x, TOP - y) * Affine.rotation(turn)
    fit = 60 / max(60.0, np.hypot(width * across, height * down))
    transform = centre * Affine.scale(across * fit, -down * fit) * Affine.translation(-width / 2, -height / 2)
    values = st.one_of(st.just(np.nan), st.floats(-1e4, 1e4))
    cells = draw(st.lists(values, min_size=height * width, max_size=height * width))
    return np.array(cells).reshape(height, width), transform


@settings(max_examples=150, deadline=None)
@given(rasters())
def test_a_sum_keeps_the_mass_of_every_raster(raster):
    numbers, transform = raster
    total = np.nansum(read_layer(opened(numbers, transform, "sum"), SMALL, SMALL.whole))
    # what covers less than a millionth of a pixel counts as nothing
    assert total == pytest.approx(np.nansum(numbers), abs=1e-6 * np.nansum(np.abs(numbers)) + 1e-2)


@settings(max_examples=100, deadline=None)
@given(rasters(), st.floats(-1e6, 1e6), st.sampled_from(["mean", "nearest", "bilinear"]))
def test_a_constant_stays_what_it_is(raster, value, way):
    numbers = np.where(np.isnan(raster[0]), np.nan, value)
    found = read_layer(opened(numbers, raster[1], way), SMALL, SMALL.whole)
    assert (found[np.isfinite(found)] == value).all()


@settings(max_examples=100, deadline=None)
@given(rasters(), st.sampled_from(["mean", "nearest", "bilinear"]))
def test_no_value_lies_beyond_those_of_the_raster(raster, way):
    numbers, transform = raster
    found = read_layer(opened(numbers, transform, way), SMALL, SMALL.whole)
    if np.isnan(numbers).all():
        assert np.isnan(found).all()
    elif np.isfinite(found).any():
        slack = 1e-9 * np.nanmax(np.abs(numbers))
        assert np.nanmin(found) >= np.nanmin(numbers) - slack
        assert np.nanmax(found) <= np.nanmax(numbers) + slack


@pytest.mark.parametrize("way", ["mean", "sum", "nearest", "bilinear"])
@pytest.mark.parametrize(
    ("transform", "crs"), [(NORTH_UP["shifted and finer"], UTM), (TURNED, UTM), (degrees(), DEGREES)]
)
def test_every_cut_into_blocks_gives_the_same_numbers(monkeypatch, way, transform, crs):
    layer = opened(drawn(shape_over(transform, crs=crs)), transform, way, crs)
    whole = read_layer(layer, GRID, GRID.whole)
    assert np.isfinite(whole).mean() > 0.3
    for edge, part, window in ((7, 512, 2048), (32, 11, 2048), (64, 512, 16)):
        monkeypatch.setattr(gridding, "_PART_PX", part)
        monkeypatch.setattr(gridding, "_WINDOW_PX", window)
        for block in GRID.blocks(edge):
            assert np.array_equal(
                read_layer(layer, GRID, block), whole[block.rows, block.cols], equal_nan=True
            )


@pytest.mark.parametrize("way", ["mean", "sum", "nearest", "bilinear"])
def test_what_lies_beside_a_raster_or_under_nothing_known_is_unknown_and_never_0(way):
    numbers = np.array([[5.0, np.nan], [7.0, 9.0]])
    found = read_layer(opened(numbers, Affine(20, 0, LEFT, 0, -20, TOP), way), SMALL, SMALL.whole)
    unknown = np.ones(SMALL.shape, dtype=bool)
    unknown[:4, :2], unknown[2:4, :4] = False, False
    assert (np.isnan(found) == unknown).all()


def test_a_mean_is_of_the_known_part_and_a_sum_shares_totals_out():
    numbers = np.array([[4.0, np.nan, 10.0], [8.0, np.nan, 30.0]])
    transform = Affine(5, 0, LEFT, 0, -5, TOP)
    mean, summed = (
        read_layer(opened(numbers, transform, way), SMALL, SMALL.whole)[0] for way in ("mean", "sum")
    )
    assert mean[:2].tolist() == [6, 20]
    assert summed[:2].tolist() == [12, 40]
    assert np.isnan(mean[2])
    coarse = read_layer(
        opened(np.array([[90.0]]), Affine(30, 0, LEFT, 0, -30, TOP), "sum"), SMALL, SMALL.whole
    )
    assert coarse[:3, :3] == pytest.approx(10.0)
    assert np.isnan(coarse[3:]).all()


def test_of_several_rasters_the_first_that_knows_a_pixel_counts():
    above = opened(np.array([[1.0, np.nan]]), Affine(20, 0, LEFT, 0, -20, TOP), "mean")
    below = opened(np.array([[2.0, 3.0, 4.0]]), Affine(20, 0, LEFT, 0, -20, TOP), "mean")
    both = partial(type(above), above.layer, "mean")((*above.rasters, *below.rasters))
    found = read_layer(both, SMALL, SMALL.whole)
    assert found[0, :7].tolist()[:6] == [1, 1, 3, 3, 4, 4]
    assert np.isnan(found[0, 6])


def test_a_crs_that_does_not_reach_the_grid_is_refused_by_name():
    far = "+proj=ortho +lat_0=-60 +lon_0=-60"
    with pytest.raises(InputError, match=r"planted: found the CRS \+proj=ortho.*reaches EPSG:32651"):
        read_layer(opened(np.ones((3, 3)), Affine(10, 0, 0, 0, -10, 0), "mean", far), GRID, GRID.whole)


def test_windows_of_a_very_fine_raster_stay_small(monkeypatch):
    transform = Affine(0.25, 0, LEFT, 0, -0.25, TOP)
    layer, sizes = opened(np.ones((1600, 2800)), transform, "mean"), []
    read = type(layer.rasters[0]).read

    def counted(raster, window):
        sizes.append(max(window.height, window.width))
        return read(raster, window)

    monkeypatch.setattr(type(layer.rasters[0]), "read", counted)
    monkeypatch.setattr(gridding, "_WINDOW_PX", 640)
    assert (read_layer(layer, GRID, GRID.whole) == 1).all()
    assert len(sizes) == 3 * 5
    assert max(sizes) <= 643
