"""Parcel statistics against strangers: exactextract's own, and shapely's intersection with each pixel."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from pipeline.geodesy import CGCS2000, measure_areas_m2, project_all, unproject_all
from pipeline.grid import Block, Grid
from pipeline.zonal import overlay
from tests.parcel_overlay import ParcelLayers, a_year_on, measure, widen

GRID = Grid("EPSG:32651", 350_000.0, 3_480_000.0, 10.0, 260, 300)
CODES = {1: "water", 2: "vegetation", 3: "bare", 4: "built"}


@pytest.fixture(scope="module")
def parcels():
    """Rings, triangles, thin strips and crumbs, some over one another, some with holes."""
    rng = np.random.default_rng(11)
    x = GRID.left + rng.uniform(200, 2700, 120)
    y = GRID.top - rng.uniform(200, 2300, 120)
    round_ones = shapely.buffer(shapely.points(x[:40], y[:40]), rng.uniform(3, 150, 40), quad_segs=6)
    holed = shapely.difference(round_ones[:15], shapely.buffer(shapely.points(x[:15], y[:15]), 5))
    triangles = [
        shapely.Polygon(np.column_stack([a + rng.uniform(-90, 90, 3), b + rng.uniform(-90, 90, 3)]))
        for a, b in zip(x[40:80], y[40:80], strict=True)
    ]
    strips = shapely.box(x[80:], y[80:], x[80:] + rng.uniform(40, 180, 40), y[80:] + rng.uniform(0.5, 4, 40))
    shapes = np.array([*holed, *round_ones[15:], *triangles, *strips], dtype=object)
    shapes = unproject_all(shapes, GRID.crs)
    ids = [f"p{number:03d}" for number in range(len(shapes))]
    return gpd.GeoDataFrame(
        {"parcel_id": ids, "area_m2": measure_areas_m2(shapes)}, geometry=shapes, crs=CGCS2000
    )


@pytest.fixture(scope="module")
def layers():
    rng = np.random.default_rng(12)
    land_cover = rng.choice(
        np.array([1, 2, 3, 4, 255], dtype=np.uint8), GRID.shape, p=[0.2, 0.4, 0.1, 0.1, 0.2]
    )
    fvc = np.where(land_cover == 255, -32768, rng.integers(0, 10001, GRID.shape)).astype(np.int16)
    ndvi = np.where(rng.random(GRID.shape) < 0.1, -32768, rng.integers(-9000, 9000, GRID.shape)).astype(
        np.int16
    )
    looks = rng.integers(0, 30, GRID.shape).astype(np.uint16)
    failed = rng.integers(0, 3, GRID.shape).astype(np.uint16)
    return ParcelLayers(land_cover, fvc, ndvi, looks, failed)


def values_of(parcels, layers, **options):
    return widen(measure(parcels, GRID, layers, **options))


def theirs(parcels, values, ops, nodata=None):
    """exactextract over the whole grid, feature by feature."""
    left, bottom, right, top = GRID.block_bounds(Block(0, GRID.height, 0, GRID.width))
    wkt = gpd.GeoSeries(crs=GRID.crs).crs.to_wkt()
    raster = NumPyRasterSource(values, left, bottom, right, top, nodata=nodata, name="v", srs_wkt=wkt)
    frame = gpd.GeoDataFrame(geometry=project_all(parcels.geometry.to_numpy(), GRID.crs), crs=GRID.crs)
    return exact_extract(raster, frame, ops, output="pandas")


@pytest.fixture
def uniform(monkeypatch):
    """A grid whose pixels are all of one size, as exactextract takes them to be."""
    monkeypatch.setattr(Grid, "pixel_area_m2", lambda _, block: np.full(block.shape, 100.0))


@pytest.mark.parametrize("block_px", [overlay.BLOCK_PX, 3000])
@pytest.mark.usefixtures("uniform")
def test_means_equal_those_of_exactextract_to_1e_9(parcels, layers, block_px):
    ours = values_of(parcels, layers, block_px=block_px)
    for name, values, nodata in (("fvc_mean", layers.fvc, -32768), ("ndvi_mean", layers.ndvi, -32768)):
        mean = theirs(parcels, values, ["mean"], nodata)["mean"].to_numpy() * 1e-4
        assert np.allclose(ours[name], mean, rtol=1e-9, atol=1e-12, equal_nan=True)
    for name, counts in (("looks_mean", layers.looks), ("failed_looks_mean", layers.failed)):
        assert np.allclose(ours[name], theirs(parcels, counts, ["mean"])["mean"], rtol=1e-9)
    touched = theirs(parcels, (layers.failed > 0).astype(np.uint8), ["mean"])["mean"]
    assert np.allclose(ours["failed_share"], touched, rtol=1e-9)
    seen = np.where(layers.fvc == -32768, np.nan, layers.fvc >= 3000)
    share = theirs(parcels, seen, ["mean"], np.nan)["mean"].to_numpy()
    assert np.allclose(ours["vegetated_share"], share, rtol=1e-9, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("block_px", [overlay.BLOCK_PX, 3000])
@pytest.mark.usefixtures("uniform")
def test_class_shares_equal_those_of_exactextract_to_1e_9(parcels, layers, block_px):
    ours = values_of(parcels, layers, block_px=block_px)
    area = parcels.set_index("parcel_id")["area_m2"]
    found = theirs(parcels, layers.land_cover, ["unique", "frac"])
    for code, key in CODES.items():
        share = [
            frac[unique == code].sum() for unique, frac in zip(found["unique"], found["frac"], strict=True)
        ]
        assert np.allclose(ours[f"class_area:{key}"] / area, share, rtol=1e-9, atol=1e-12)


@pytest.mark.usefixtures("uniform")
def test_grades_and_moves_equal_the_means_of_exactextract_over_their_masks_to_1e_9(parcels, layers):
    after = a_year_on(layers, np.roll(layers.land_cover, 1, axis=1))
    found = dict(iter(measure(parcels, GRID, layers, after).groupby(["period", "measure"])["value"]))
    area = parcels["area_m2"].to_numpy()
    before, now = layers.land_cover, after.land_cover
    known = (before != 255) & (now != 255)
    masks = {("2024", "fvc_grade_area:45-60"): (layers.fvc >= 4500) & (layers.fvc < 6000)}
    for code, key in CODES.items():
        masks["2024/2025", f"gained_area:{key}"] = known & (now == code) & (before != code)
        masks["2024/2025", f"lost_area:{key}"] = known & (before == code) & (now != code)
    for (period, name), mask in masks.items():
        share = theirs(parcels, mask.astype(np.uint8), ["mean"])["mean"].to_numpy()
        assert np.allclose(found[period, name], share * area, rtol=1e-9, atol=1e-9)


def test_class_areas_equal_the_exact_intersection_with_every_pixel(parcels, layers):
    """exactextract's fractions are of single precision, so 1e-6 of a pixel is what can be asked."""
    ours = values_of(parcels, layers)
    window = Block(0, GRID.height, 0, GRID.width)
    weight = GRID.pixel_area_m2(window)
    for row in parcels.iloc[::7].itertuples():
        shape = project_all(np.array([row.geometry], dtype=object), GRID.crs)[0]
        near = GRID.block_over(shape.bounds)
        rows, cols = np.mgrid[near.rows, near.cols]
        left, top = GRID.left + cols * 10, GRID.top - rows * 10
        fraction = (
            shapely.area(shapely.intersection(shapely.box(left, top - 10, left + 10, top), shape)) / 100
        )
        area = fraction * weight[near.rows, near.cols]
        area *= row.area_m2 / area.sum()
        for code, key in CODES.items():
            exact = area[layers.land_cover[near.rows, near.cols] == code].sum()
            assert ours.loc[row.parcel_id, f"class_area:{key}"] == pytest.approx(exact, rel=2e-6, abs=1e-3)


def test_the_weights_before_scaling_are_already_the_ellipsoidal_area(parcels):
    """Grid scale and geodesics are two ways to the same area."""
    large = parcels[parcels["area_m2"] > 5000]
    found = np.zeros(len(large))
    for covered in overlay.lay_parcels(large, GRID):
        np.add.at(found, covered.owner, covered.pixels.weight_m2)
    assert np.allclose(found / large["area_m2"], 1, atol=2e-6)
