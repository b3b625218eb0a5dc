"""Where files lie: turned and south up, and what lies nowhere on the earth."""

import math
import struct
from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from rasterio.windows import Window

from pipeline.contracts import NEVER_READABLE, REFLECTANCE_NODATA, Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.blocks import read_looks
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.places import find_flaw
from tests.declared import PLACE, Declared
from tests.scenery import LEFT, TOP, UTM, band_of, grid_of_px, planted_scene, request_of

GRID = grid_of_px(60, 70)
Y, X = np.indices((120, 130))
SMOOTH = (3000 + 900 * np.sin(Y / 9) + 700 * np.cos(X / 11 + Y / 30)).astype(np.uint16)
CLEAR = np.full(SMOOTH.shape, 4, dtype=np.uint8)
NOTHING = np.zeros(SMOOTH.shape, dtype=bool)
MARGIN = Affine.translation(LEFT - 300, TOP + 300)


def scene_at(tmp_path, transform, *, mask=CLEAR, crs=UTM):
    """A scene whose band and mask lie by a transform."""
    scene = planted_scene(tmp_path, "a", {"red": SMOOTH}, mask)
    declared = Declared("nothing", transform=transform, crs=crs)
    declared.write(tmp_path / "a" / "red.tif", SMOOTH, NOTHING)
    replace(declared, dtype="uint8").write(tmp_path / "a" / "mask.tif", mask, NOTHING)
    return scene


def truth_at(transform):
    """What the planted surface is at the centres of the grid, for a file that lies by a transform."""
    x, y = np.meshgrid(GRID.x_of(GRID.whole), GRID.y_of(GRID.whole))
    col, row = ~transform * (x, y)
    row, col = row - 0.5, col - 0.5
    return 3000 + 900 * np.sin(row / 9) + 700 * np.cos(col / 11 + row / 30)


@pytest.mark.parametrize("degrees", [0.005, 1.0, 30.0, 90.0, 180.0, 251.0])
def test_a_file_that_is_turned_gives_what_lies_under_each_pixel(tmp_path, degrees):
    middle = Affine.translation(LEFT + 350, TOP - 300)
    transform = middle * Affine.rotation(degrees) * Affine.translation(-650, 600) * Affine.scale(10, -10)
    (found,) = band_of(request_of(GRID, [scene_at(tmp_path, transform)], ("red",)))
    assert np.abs(found - truth_at(transform)).max() < 6


def test_the_mask_of_a_turned_scene_is_the_nearest_pixel(tmp_path):
    mask = np.where((X + Y) % 5 == 0, 9, 4).astype(np.uint8)
    transform = MARGIN * Affine.rotation(-3) * Affine.scale(10, -10)
    request = request_of(GRID, [scene_at(tmp_path, transform, mask=mask)], ("red",))
    x, y = np.meshgrid(GRID.x_of(GRID.whole), GRID.y_of(GRID.whole))
    col, row = ~transform * (x, y)
    nearest = mask[np.floor(row).astype(int), np.floor(col).astype(int)]
    assert (read_looks(request).owner[0] == (nearest == 4)).all()


@pytest.mark.parametrize("pixel", [(10, 10), (-10, -10), (-10, 10), (20, -10), (10, -20)], ids=str)
def test_pixels_that_run_another_way_or_are_no_squares_lie_where_they_say(tmp_path, pixel):
    width, height = (step * length for step, length in zip(pixel, SMOOTH.shape[::-1], strict=True))
    corner = LEFT - 200 - min(0, width), TOP + 200 - max(0, height)
    transform = Affine(pixel[0], 0, corner[0], 0, pixel[1], corner[1])
    scene = scene_at(tmp_path, transform)
    (found,) = band_of(request_of(GRID, [scene], ("red",)))
    assert np.abs(found - truth_at(transform)).max() < (6 if pixel[0] ** 2 == pixel[1] ** 2 else 40)


def test_a_scene_in_degrees_is_read_and_does_not_hang(tmp_path):
    step = 1e-4
    scene = scene_at(tmp_path, Affine(step, 0, 121.735, 0, -step, 31.461), crs="EPSG:4326")
    (found,) = band_of(request_of(GRID, [scene], ("red",)))
    assert (found != REFLECTANCE_NODATA).all()
    assert abs(int(found[30, 35]) - 3000) < 1700


BAD = {
    "no height": (Affine(10, 0, LEFT, 0, 0, TOP), UTM, "pixels of 10 x 0"),
    "no size at all": (Affine(0, 0, LEFT, 0, 0, TOP), UTM, "pixels of 0 x 0"),
    "a size that is no number": (Affine(math.nan, 0, LEFT, 0, -10, TOP), UTM, "the transform"),
    "an endless size": (Affine(math.inf, 0, LEFT, 0, -10, TOP), UTM, "the transform"),
    "tiny pixels": (Affine(1e-9, 0, LEFT, 0, -1e-9, TOP), UTM, "pixels of 1e-09"),
    "huge pixels": (Affine(1e9, 0, LEFT, 0, -1e9, TOP), UTM, r"pixels of 1e\+09"),
    "rows along columns": (Affine(10, 10, LEFT, 10, 10, TOP), UTM, "pixels of"),
    "metres as degrees": (Affine(10, 0, LEFT, 0, -10, TOP), "EPSG:4326", "pixels of 10 x 10 in EPSG:4326"),
    "a place beyond the earth": (
        Affine(10, 0, 1e12, 0, -10, TOP),
        UTM,
        r"120 rows and 130 columns, with a corner at 1e\+12",
    ),
    "the CRS of a building site": (PLACE, 'LOCAL_CS["site",UNIT["metre",1]]', "the CRS"),
    "the middle of the earth": (PLACE, "EPSG:4978", "the CRS"),
}


@pytest.mark.parametrize(("transform", "crs", "why"), BAD.values(), ids=BAD)
def test_what_lies_nowhere_on_the_earth_is_refused_by_name_at_once(tmp_path, reader, transform, crs, why):
    path = tmp_path / "red.tif"
    Declared("nothing", transform=transform, crs=crs).write(path, SMOOTH, NOTHING)
    with pytest.raises(BrokenAsset, match=rf"red\.tif: {why}|red\.tif: no CRS or no place"):
        ItemReader(reader).read_profile(Asset(str(path)))


def declare_size(path, tags, size):
    """Let a TIFF say that it is larger than it is: width and height, or those of its tiles."""
    content = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, at)
    for entry in range(at + 2, at + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", content, entry)[0] in tags:
            struct.pack_into("<HII", content, entry + 2, 4, 1, size)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("tags", [(256, 257), (256, 257, 322, 323), (257,)], ids=str)
@pytest.mark.parametrize("size", [2**26, 2**31 - 16])
def test_a_size_that_is_absurd_is_refused_by_name_at_once(tmp_path, reader, tags, size):
    path = Declared("nothing").write(tmp_path / "red.tif", SMOOTH, NOTHING)
    declare_size(path, tags, size)
    with pytest.raises(BrokenAsset, match=r"red\.tif: "):
        ItemReader(reader).read_window(Asset(str(path)), Window(0, 0, 20, 20))


def test_tiles_that_are_absurd_are_left_to_gdal_which_refuses_them(tmp_path, reader):
    path = Declared("nothing").write(tmp_path / "red.tif", SMOOTH, NOTHING)
    declare_size(path, (322, 323), 2**20)
    with pytest.raises(BrokenAsset, match=r"red\.tif"):
        ItemReader(reader).read_window(Asset(str(path)), Window(0, 0, 20, 20))


@pytest.mark.parametrize("pixel_m", [0.5, 3.0])
def test_pixels_finer_than_memory_is_planned_for_are_refused_by_name(tmp_path, pixel_m):
    scene = scene_at(tmp_path, Affine(pixel_m, 0, LEFT, 0, -pixel_m, TOP))
    (record,) = read_looks(request_of(GRID, [scene], ("red",))).records
    assert (record.outcome, record.reason) == ("failed", NEVER_READABLE)
    assert "mask.tif: pixels of" in record.error


@pytest.mark.parametrize(
    "crs", ["EPSG:32651", "EPSG:4326", "EPSG:4490", "EPSG:3857", "EPSG:4550", "EPSG:9705"]
)
def test_places_on_the_earth_have_no_flaw(crs):
    degrees = crs in {"EPSG:4326", "EPSG:4490", "EPSG:9705"}
    transform = Affine(1.0, 0, -180, 0, -1.0, 90) if degrees else Affine(10, 0, 4e5, 0, -10, 3.4e6)
    assert find_flaw(Profile(crs, transform, 180, 360)) == ""
