"""Pictures of rasters: every pixel has the colour that its style gives to what the raster holds there."""

import io
import math

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rasterio.transform import from_origin
from rasterio.warp import transform

from pipeline.errors import InputError
from pipeline.legends import LAND_COVER
from pipeline.outputs.view.chunks import number_tile
from pipeline.outputs.view.raster_styles import HIDDEN, RasterStyle, read_style
from pipeline.outputs.view.raster_tiles import TILE_PX, write_raster_tiles
from tests.chunks import open_chunks

RAMP = RasterStyle(
    (0.0, 0.25, 1.0), ("0 %", "25 %", "100 %"), ("#c9b48b", "#d9e88f", "#0b4620"), is_ramp=True
)
CLASSES = RasterStyle(
    (1.0, 3.0, 10.0), ("水体", "裸地", "林地"), ("#2b83ba", "#d8b365", "#4dac26"), is_ramp=False
)
CRS = "EPSG:32651"
LEFT, TOP, SIDE = 330_000.0, 3_490_000.0, 10.0
NODATA = -32768


def write_map(path, values, *, nodata, scale=1.0):
    shape = {"height": values.shape[0], "width": values.shape[1], "count": 1, "dtype": values.dtype}
    place = {"crs": CRS, "transform": from_origin(LEFT, TOP, SIDE, SIDE)}
    with rasterio.open(path, "w", driver="GTiff", nodata=nodata, **shape, **place) as file:
        file.write(values, 1)
        file.scales = (scale,)
    return path


def look_at(blobs, zoom, row, col):
    """Red, green, blue and alpha over the middle of a pixel of the raster, 0 where no tile lies."""
    middle = [LEFT + (col + 0.5) * SIDE], [TOP - (row + 0.5) * SIDE]
    (lon,), (lat,) = transform(CRS, "EPSG:4326", *middle)
    x = (lon + 180) / 360 * 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom
    blob = blobs.get(number_tile(zoom, int(x), int(y)))
    if blob is None:
        return 0, 0, 0, 0
    picture = Image.open(io.BytesIO(blob)).convert("RGBA")
    return picture.getpixel((int(x % 1 * TILE_PX), int(y % 1 * TILE_PX)))


@pytest.fixture(scope="module")
def shares():
    """Shares of cover that differ from place to place, with a hole."""
    row, col = np.mgrid[:180, :260]
    values = np.round(5000 + 4900 * np.sin(row / 31) * np.cos(col / 47)).astype(np.int16)
    values[60:75, 100:130] = NODATA
    return values


def test_a_ramp_is_drawn_over_unpacked_values_and_what_is_unknown_is_clear(shares, tmp_path):
    path = write_map(tmp_path / "fvc.tif", shares, nodata=NODATA, scale=1e-4)
    told = write_raster_tiles(path, RAMP, tmp_path / "tiles")
    blobs = open_chunks(tmp_path / "tiles")
    for row, col in [(5, 7), (40, 200), (90, 30), (150, 255), (61, 99)]:
        *color, alpha = look_at(blobs, told.maxzoom, row, col)
        near = shares[row - 1 : row + 2, col - 1 : col + 2] * 1e-4
        ends = [[np.interp(near, RAMP.values, band) for band in zip(*PALETTE, strict=True)]]
        assert alpha == 255
        assert all(
            np.min(bands) - 2 <= one <= np.max(bands) + 2 for one, bands in zip(color, *ends, strict=True)
        )
    assert look_at(blobs, told.maxzoom, 66, 115)[3] == 0


PALETTE = [tuple(bytes.fromhex(color[1:])) for color in RAMP.colors]


def test_where_land_cover_has_water_cover_is_drawn_as_water_and_not_as_bare_ground(shares, tmp_path):
    classes = np.full(shares.shape, 2, dtype=np.uint8)
    classes[100:140, 40:90] = LAND_COVER.code("water")
    classes[60:75, 100:110] = LAND_COVER.code("water")
    cover = write_map(
        tmp_path / "fvc.tif", np.where(classes == 1, 0, shares).astype(np.int16), nodata=NODATA, scale=1e-4
    )
    water = write_map(tmp_path / "land_cover.tif", classes, nodata=255)
    told = write_raster_tiles(cover, RAMP, tmp_path / "tiles", water=water)
    blobs = open_chunks(tmp_path / "tiles")
    blue = LAND_COVER.by_code()[1].rgb
    assert look_at(blobs, told.maxzoom, 120, 60) == (*blue, 255)
    assert look_at(blobs, told.maxzoom, 66, 105) == (*blue, 255)
    assert look_at(blobs, told.maxzoom, 66, 120)[3] == 0
    assert look_at(blobs, told.maxzoom, 120, 120)[:3] != blue


def test_classes_keep_their_colours_at_every_zoom_and_a_class_without_one_is_clear(tmp_path):
    values = np.full((300, 300), 3, dtype=np.uint8)
    values[:, 150:] = 10
    values[200:, :100] = 7
    path = write_map(tmp_path / "classes.tif", values, nodata=255)
    told = write_raster_tiles(path, CLASSES, tmp_path / "tiles")
    blobs = open_chunks(tmp_path / "tiles")
    for zoom in range(told.minzoom + 2, told.maxzoom + 1):
        assert look_at(blobs, zoom, 100, 70) == (0xD8, 0xB3, 0x65, 255)
        assert look_at(blobs, zoom, 100, 230) == (0x4D, 0xAC, 0x26, 255)
        assert look_at(blobs, zoom, 250, 50)[3] == 0
    assert told.maxzoom == 14


@given(st.lists(st.one_of(st.sampled_from([1, 3, 10]), st.integers(0, 255)), min_size=1), st.data())
def test_classes_have_the_place_of_their_code_and_all_else_is_hidden(codes, data):
    known = data.draw(st.lists(st.booleans(), min_size=len(codes), max_size=len(codes)))
    places = {1: 0, 3: 1, 10: 2}
    expected = [places.get(code, HIDDEN) if seen else HIDDEN for code, seen in zip(codes, known, strict=True)]
    assert CLASSES.index(np.array(codes, np.uint8), np.array(known)).tolist() == expected


@given(st.lists(st.floats(-2, 3) | st.just(math.nan), min_size=1))
def test_a_ramp_is_read_off_to_a_quarter_of_a_percent_and_ends_are_kept(values):
    known = ~np.isnan(values)
    palette = np.array(RAMP.palette).reshape(-1, 3)
    for value, place in zip(values, RAMP.index(np.array(values), known), strict=True):
        if math.isnan(value):
            assert place == HIDDEN
            continue
        exact = [np.interp(value, RAMP.values, band) for band in zip(*PALETTE, strict=True)]
        assert np.abs(palette[place] - exact).max() <= 3


def test_a_style_is_read_from_the_file_beside_the_raster(tmp_path):
    qml = tmp_path / "a.qml"
    items = '<item value="1.5" label="多" color="#0b4620"/><item value="0" label="少 元" color="#c9b48b"/>'
    qml.write_text(f"<qgis><colorrampshader>{items}</colorrampshader></qgis>", "utf-8")
    assert read_style(qml) == RasterStyle((0.0, 1.5), ("少 元", "多"), ("#c9b48b", "#0b4620"), is_ramp=True)
    entry = '<paletteEntry value="4" label="a &amp; b" color="#ffffff"/>'
    qml.write_text(f"<qgis><colorPalette>{entry}</colorPalette></qgis>", "utf-8")
    assert read_style(qml) == RasterStyle((4.0,), ("a & b",), ("#ffffff",), is_ramp=False)


@pytest.mark.parametrize(
    "text",
    [
        "no xml",
        "<qgis/>",
        '<qgis><colorrampshader><item value="1" color="#ffffff"/></colorrampshader></qgis>',
    ],
)
def test_a_style_that_draws_nothing_is_refused(tmp_path, text):
    qml = tmp_path / "empty.qml"
    qml.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"empty.qml"):
        read_style(qml)
