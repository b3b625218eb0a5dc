"""Where zones, tiles and pixels of different files meet, nothing shows in what is made of them."""

from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject

from pipeline.aoi import Aoi, Part
from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.geodesy import measure_areas_m2, project, project_all
from pipeline.grid import Block, Grid, build_grid
from tests.composing import compose
from tests.scenery import LEFT, TOP, UTM, at, grid_of_px, planted_scene, request_of

DAY = datetime(2024, 5, 1, 2, 30, tzinfo=UTC)


BANDS = ("nir", "red")
BORDERS = {
    "32/33": ("EPSG:32632", "EPSG:32633", 12.0, 47.0),
    "50/51": ("EPSG:32650", "EPSG:32651", 120.0, 31.4),
}
TILE_PX = 180


def aoi_over(lon, lat, width=0.016, height=0.012, crs=None):
    """An area of about 1 km, its middle at a place."""
    outline = shapely.box(lon - width / 2, lat - height / 2, lon + width / 2, lat + height / 2)
    return Aoi("a", "甲", "A", (Part("1", "甲", "A", outline, None),), crs, "drawn", "exact")


def surface(lon, lat):
    """Reflectance in 1e-4 as a smooth function of the place, whatever the CRS."""
    return 3000 + 900 * np.sin(lon * 300) + 700 * np.cos(lat * 380)


def tile_of(folder, name, crs, place, ground):
    """A tile in a zone with its middle at a place, on the lattice of 10 m of that zone."""
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(*place)
    left, top = (round(corner / 60) * 60 for corner in (x - 5 * TILE_PX, y + 5 * TILE_PX))
    cols, rows = np.meshgrid(np.arange(TILE_PX) + 0.5, np.arange(TILE_PX) + 0.5)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(
        left + 10 * cols, top - 10 * rows
    )
    numbers = np.rint(surface(np.mod(lon, 360), lat)).astype(np.uint16)
    bands = {"red": numbers, "nir": numbers + 1000}
    mask = np.full(numbers.shape, ground, dtype=np.uint8)
    return planted_scene(folder, name, bands, mask, crs=crs, left=left, top=top, when=DAY)


def seen_in_two_zones(folder, western, eastern, lon, lat):
    """One pass over a border, cut into a tile of each zone, which overlap around the border."""
    span = 0.006
    return [
        tile_of(folder, "west", western, (lon - span, lat), 4),
        tile_of(folder, "east", eastern, (lon + span, lat), 4),
    ]


def check_no_seam(aoi, scenes):
    grid = build_grid(aoi, resolution_m=10)
    outline = project(aoi.geometry, grid.crs)
    request = request_of(grid, scenes, BANDS)
    layers = compose(type(request)(**{**vars(request), "outline": outline}))
    inside = grid.mask_geometry(outline, grid.whole)
    assert set(np.unique(layers["looks"][inside])) == {1}, "no gap, and nothing is counted twice"
    x, y = np.meshgrid(grid.x_of(grid.whole), grid.y_of(grid.whole))
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    expected = surface(np.mod(lon, 360), lat)
    apart = np.abs(layers["red"] - expected)[inside]
    assert np.quantile(apart, 0.98) < 1.5
    assert apart.max() < 25, "half a pixel, where a tile ends and bilinear has no neighbour"
    assert (layers["nir"] - layers["red"])[inside].min() >= 999
    assert (layers["nir"] - layers["red"])[inside].max() <= 1001
    return grid


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("side", [0, 1])
def test_a_border_of_utm_zones_leaves_no_seam_and_areas_are_right(tmp_path, border, side):
    *zones, lon, lat = BORDERS[border]
    scenes = seen_in_two_zones(tmp_path, *zones, lon, lat)
    aoi = aoi_over(lon, lat, crs=zones[side])
    grid = check_no_seam(aoi, scenes)
    check_areas(aoi, grid)


def test_an_area_over_180_degrees_has_no_seam_and_its_areas_are_right(tmp_path):
    west = shapely.box(179.993, -16.856, 180, -16.844)
    east = shapely.box(-180, -16.856, -179.993, -16.844)
    both = shapely.MultiPolygon([west, east])
    scenes = [
        tile_of(tmp_path, "west", "EPSG:32760", (179.994, -16.85), 4),
        tile_of(tmp_path, "east", "EPSG:32701", (-179.994, -16.85), 4),
    ]
    for crs in ("EPSG:32760", "EPSG:32701"):
        aoi = Aoi("a", "甲", "A", (Part("1", "甲", "A", both, None),), crs, "drawn", "exact")
        grid = check_no_seam(aoi, scenes)
        check_areas(aoi, grid)


def check_areas(aoi, grid):
    """Parcels of a planted net, measured by exact shares of pixels, are right to 0.01 %."""
    parcels = np.array(
        [
            shapely.intersection(aoi.geometry, shapely.box(west, south, west + 0.004, south + 0.004))
            for part in shapely.get_parts(aoi.geometry)
            for west in np.arange(part.bounds[0], part.bounds[2], 0.004)
            for south in np.arange(part.bounds[1], part.bounds[3], 0.004)
        ],
        dtype=object,
    )
    parcels = parcels[shapely.area(parcels) > 1e-9]
    pixels = grid.pixel_area_m2(grid.whole)
    on_ellipsoid = measure_areas_m2(parcels)
    assert on_ellipsoid.sum() == pytest.approx(aoi.area_m2, rel=1e-9)
    shares = (measured(grid, pixels, outline) for outline in project_all(parcels, grid.crs))
    np.testing.assert_allclose(np.fromiter(shares, dtype=float), on_ellipsoid, rtol=1e-4)


def measured(grid, pixels, outline):
    """Area of an outline by the covered share of each pixel times the pixel's area on the ellipsoid."""
    window = grid.block_over(outline.bounds)
    rows, cols = np.mgrid[window.row_from : window.row_to, window.col_from : window.col_to]
    left, top = grid.left + cols * 10, grid.top - rows * 10
    shares = shapely.area(shapely.intersection(shapely.box(left, top - 10, left + 10, top), outline)) / 100
    return float((shares * pixels[window.rows, window.cols]).sum())


@pytest.mark.parametrize("resolution_m", [10, 20, 30])
@pytest.mark.parametrize("pixel_m", [10.0, 20.0, 30.0])
def test_a_checkerboard_stays_in_its_place(tmp_path, pixel_m, resolution_m):
    """A file on edges of the grid comes back pixel by pixel; a finer one as the means that rasterio takes."""
    edge = int(60 * 12 // pixel_m)
    rows, cols = np.mgrid[0:edge, 0:edge]
    numbers = np.where((rows + cols) % 2 == 0, 2000, 6000).astype(np.uint16)
    place = {"pixel_m": {"red": pixel_m, "mask": pixel_m}}
    scene = planted_scene(tmp_path, "a", {"red": numbers}, np.full(numbers.shape, 4, dtype=np.uint8), **place)
    grid = grid_of_px(720 // resolution_m, 720 // resolution_m, resolution_m)
    layers = compose(request_of(grid, [scene], ("red",)))
    with rasterio.open(scene.assets["red"].href) as source:
        assert source.transform == Affine(pixel_m, 0, LEFT, 0, -pixel_m, TOP)
        assert grid.transform == Affine(resolution_m, 0, LEFT, 0, -resolution_m, TOP)
        theirs = np.zeros(grid.shape, dtype=np.float64)
        reproject(
            numbers.astype(np.float64),
            theirs,
            src_transform=source.transform,
            src_crs=UTM,
            dst_transform=grid.transform,
            dst_crs=UTM,
            resampling=Resampling.average if resolution_m > pixel_m else Resampling.nearest,
        )
    if resolution_m % pixel_m == 0 or pixel_m % resolution_m == 0:
        assert np.abs(layers["red"] - theirs).max() <= 0.5
    assert np.abs(layers["red"].mean() - 4000) < 60
    assert (layers["looks"] == 1).all()


def test_a_point_of_light_is_where_it_was_put(tmp_path):
    """The centre of mass of one bright pixel does not move, whatever the pixels of file and grid."""
    for pixel_m, resolution_m, shift in [(10, 10, 0), (20, 10, 0), (30, 10, 15), (10, 20, 0), (10, 30, 0)]:
        edge = 1200 // pixel_m
        numbers = np.full((edge, edge), 1000, dtype=np.uint16)
        row, col = 600 // pixel_m, 540 // pixel_m
        numbers[row, col] = 9000
        left, top = LEFT - shift, TOP + shift
        scene = planted_scene(
            tmp_path,
            f"p{pixel_m}_{resolution_m}",
            {"red": numbers},
            np.full(numbers.shape, 4, dtype=np.uint8),
            pixel_m={"red": float(pixel_m), "mask": float(pixel_m)},
            left=left,
            top=top,
        )
        grid = Grid(UTM, LEFT, TOP, float(resolution_m), 1140 // resolution_m, 1140 // resolution_m)
        layers = compose(request_of(grid, [scene], ("red",)))
        light = (layers["red"] - 1000).astype(float)
        x, y = np.meshgrid(grid.x_of(grid.whole), grid.y_of(grid.whole))
        middle = (light * x).sum() / light.sum(), (light * y).sum() / light.sum()
        planted = left + (col + 0.5) * pixel_m, top - (row + 0.5) * pixel_m
        shared = resolution_m / 2 if resolution_m > pixel_m else 0.5
        assert middle == pytest.approx(planted, abs=max(shared, 0.5)), (pixel_m, resolution_m)


def test_all_bands_and_the_mask_of_a_pixel_come_from_one_item(tmp_path):
    """Two tiles overlap, each with holes and clouds of its own and with numbers that give it away."""
    rng = np.random.default_rng(12)
    bands = ("blue", "nir", "red", "swir16")
    grid = grid_of_px(90, 120)
    scenes = []
    for number, first in enumerate((0, 40)):
        numbers = {
            band: np.full((90, 80), 1000 * (number + 1) + place, dtype=np.uint16)
            for place, band in enumerate(bands)
        }
        for values in numbers.values():
            values[rng.random(values.shape) < 0.05] = 0
        mask = np.where(rng.random((90, 80)) < 0.3, 9, 4).astype(np.uint8)
        scene = planted_scene(tmp_path, "we"[number], numbers, mask, left=LEFT + 10 * first, when=DAY)
        scenes.append(at(scene, datetime=DAY))
    layers = compose(request_of(grid, scenes, bands))
    seen = layers["looks"] > 0
    first = layers[bands[0]]
    for place, band in enumerate(bands):
        assert (layers[band][seen] == first[seen] + place).all()
        assert (layers[band][~seen] == REFLECTANCE_NODATA).all()
    assert set(np.unique(first[seen])) == {1000, 2000}
    assert set(np.unique(layers["looks"])) == {0, 1}
    for block in (Block(0, 45, 0, 60), Block(45, 90, 60, 120)):
        part = compose(request_of(grid, scenes, bands, block=block))
        assert all((part[band] == layers[band][block.rows, block.cols]).all() for band in bands)
