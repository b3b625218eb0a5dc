"""Vector tiles: what stands in a layer is found in the tile that lies over it."""

import math

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.geodesy import CGCS2000
from pipeline.outputs.view.chunks import number_tile
from pipeline.outputs.view.parcels import choose_line_zoom
from pipeline.outputs.view.vector_tiles import MAX_ZOOM, choose_min_zoom, write_vector_tiles
from tests.chunks import open_chunks

BOXES = [(121.80, 31.44, 121.81, 31.452), (121.81, 31.44, 121.8194, 31.447), (121.62, 31.52, 121.64, 31.53)]


def find_tile(lon, lat, zoom):
    """Column and row of the tile over a place, by the formula of the web map."""
    x = (lon + 180) / 360 * 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom
    return int(x), int(y)


@pytest.fixture(scope="module")
def geopackage(tmp_path_factory):
    path = tmp_path_factory.mktemp("gpkg") / "land.gpkg"
    shapes = [shapely.MultiPolygon([shapely.box(*box)]) for box in BOXES]
    land = gpd.GeoDataFrame({"parcel_id": ["乙", "甲", "丙"]}, geometry=shapes, crs=CGCS2000)
    pyogrio.write_dataframe(land, path, layer="parcels", driver="GPKG")
    pyogrio.write_dataframe(land.iloc[:0], path, layer="findings", driver="GPKG", append=True)
    return path


@pytest.fixture(scope="module")
def tiles(geopackage, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles") / "parcels"
    columns = {"key": pa.array(["乙", "甲", "丙"]), "cover@2024": pa.array([0.25, None, 1.0])}
    columns["never_known"] = pa.array([None, None, None])
    return write_vector_tiles(geopackage, "parcels", columns, folder), open_chunks(folder)


def read_tile(blob, place, tmp_path):
    """A tile as GDAL reads it, in EPSG:3857."""
    zoom, x, y = place
    path = tmp_path / f"{y}.pbf"
    path.write_bytes(blob)
    return pyogrio.read_dataframe(path, X=str(x), Y=str(y), Z=str(zoom)).to_crs(CGCS2000)


@pytest.mark.parametrize("number", range(3))
def test_a_feature_lies_in_its_tile_with_its_columns_and_null_is_left_out(tiles, tmp_path, number):
    _, blobs = tiles
    shape = shapely.box(*BOXES[number])
    place = MAX_ZOOM, *find_tile(*shape.centroid.coords[0], MAX_ZOOM)
    held = read_tile(blobs[number_tile(*place)], place, tmp_path)
    (found,) = [row for row in held.itertuples() if row.geometry.covers(shape.centroid)]
    assert found.key == ["乙", "甲", "丙"][number]
    shown = held.loc[found.Index].get("cover@2024")
    assert shown == [0.25, None, 1.0][number] or (number == 1 and (shown is None or np.isnan(shown)))


def test_the_pieces_of_a_feature_in_all_tiles_make_its_shape(tiles, tmp_path):
    told, blobs = tiles
    shape = shapely.box(*BOXES[0])
    left, bottom = find_tile(*shape.bounds[:2], MAX_ZOOM)
    right, top = find_tile(*shape.bounds[2:], MAX_ZOOM)
    places = [(MAX_ZOOM, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
    held = [read_tile(blobs[number_tile(*place)], place, tmp_path) for place in places]
    pieces = [geometry for tile in held for geometry in tile.loc[tile["key"] == "乙", "geometry"]]
    joined = shapely.union_all(pieces)
    assert joined.symmetric_difference(shape).area / shape.area < 1e-3
    assert told.bounds == pytest.approx(shapely.total_bounds([shapely.box(*box) for box in BOXES]))


def test_every_zoom_from_all_in_view_to_the_nearest_has_tiles(tiles):
    told, blobs = tiles
    for zoom in range(told.minzoom, told.maxzoom + 1):
        assert number_tile(zoom, *find_tile(121.805, 31.445, zoom)) in blobs


def test_a_layer_without_a_feature_has_no_tiles(geopackage, tmp_path):
    assert write_vector_tiles(geopackage, "findings", {}, tmp_path / "findings") is None


@given(st.floats(0, 300), st.floats(0, 80))
def test_the_farthest_zoom_shows_all_in_a_few_tiles(wide, high):
    zoom = choose_min_zoom((0.0, 0.0, wide, high))
    assert 5 <= zoom < MAX_ZOOM
    assert zoom == 5 or max(wide, high) * 2**zoom / 360 <= 1


@given(st.lists(st.floats(1e-5, 0.5), min_size=1))
def test_lines_are_drawn_from_where_half_of_the_features_are_eight_pixels_wide(widths):
    bounds = np.array([[121.0, 31.0, 121.0 + wide, 31.1] for wide in widths])
    zoom = choose_line_zoom(bounds)
    pixels = np.median(bounds[:, 2] - bounds[:, 0]) / 360 * 512 * 2.0**zoom
    assert pixels >= 7.99 or zoom == MAX_ZOOM
    assert pixels < 16.01 or zoom == 0
    assert choose_line_zoom(np.empty((0, 4))) == 0
