"""Codes of existing maps on a grid: whatever their CRS, pixel size, nodata."""

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from pipeline.errors import InputError
from pipeline.geodesy import project, unproject, unproject_all
from pipeline.grid import Grid
from pipeline.ingest.layers import gridding
from pipeline.ingest.layers.files import RasterFile
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.land_maps import open_map
from pipeline.ingest.layers.layer import NO_CODE
from pipeline.settings.crs import GivenCrs
from pipeline.settings.maps import LandMap
from pipeline.settings.placing import parse_crs
from tests.scenery import LEFT, TOP, UTM, grid_of_px, written

GRID = grid_of_px(40, 70)
OWN = {1: "forest", 2: "crop", 7: "water", 40: "built"}


def drawn(seed, shape):
    return np.random.default_rng(seed).choice(np.array([1, 2, 7, 40], dtype=np.uint8), shape)


def opened(path, product="ours", classes=OWN):
    return open_map(LandMap(path=str(path), product=product, classes=classes))


def codes_on(file, grid, block):
    return read_layer(file.layer, grid, block)


def of_cells(numbers, ratio):
    """The numbers of the map under each pixel (y, x, number), which its edges share."""
    height, width = numbers.shape
    cells = numbers.reshape(height // ratio, ratio, width // ratio, ratio)
    return cells.transpose(0, 2, 1, 3).reshape(height // ratio, width // ratio, -1)


def commonest(cell, nodata):
    found, count = np.unique(cell[cell != nodata], return_counts=True)
    return int(found[np.argmax(count)]) if len(found) else NO_CODE


@pytest.mark.parametrize("ratio", [2, 3, 5, 10])
def test_a_finer_map_gives_the_code_of_most_of_a_pixel_and_the_lower_one_of_two(tmp_path, ratio):
    numbers = drawn(ratio, (40 * ratio, 70 * ratio))
    numbers[:ratio, :ratio] = 0
    numbers[:ratio, ratio : 2 * ratio] = 0
    numbers[0, ratio] = 40
    found = codes_on(opened(written(tmp_path / "map.tif", numbers, pixel_m=10 / ratio)), GRID, GRID.whole)
    cells = of_cells(numbers, ratio)
    expected = np.array([[commonest(cell, 0) for cell in row] for row in cells])
    assert found.dtype == np.int32
    assert (found == expected).all()
    assert (found[0, 0], found[0, 1]) == (NO_CODE, 40)
    counts = np.sort(np.stack([(cells == code).sum(axis=2) for code in OWN]), axis=0)
    assert ratio > 3 or (counts[-1] == counts[-2]).sum() > 100


def test_a_coarser_map_gives_the_pixel_that_holds_the_centre(tmp_path):
    numbers = drawn(3, (14, 25))
    path = written(tmp_path / "map.tif", numbers, pixel_m=30, left=LEFT - 7, top=TOP + 4)
    row, col = (np.arange(40) * 10 + 9) // 30, (np.arange(70) * 10 + 12) // 30
    assert (codes_on(opened(path), GRID, GRID.whole) == numbers[row[:, None], col]).all()


def planted(lon, lat):
    """Code by place: slanting belts about 120 m wide."""
    return np.array([1, 2, 7, 40], dtype=np.uint8)[(np.floor(lon * 800 + lat * 500) % 4).astype(int)]


@pytest.mark.parametrize("step", [1 / 12000, 1 / 3000])
def test_a_map_in_degrees_lies_where_it_belongs(tmp_path, step):
    block = GRID.whole
    x, y = np.meshgrid(GRID.x_of(block), GRID.y_of(block))
    lon, lat = degrees(x, y)
    left, top = np.floor(lon.min() / step) * step - 5 * step, np.ceil(lat.max() / step) * step + 5 * step
    size = int((lat.max() - lat.min()) / step) + 12, int((lon.max() - lon.min()) / step) + 12
    across, down = left + (np.arange(size[1]) + 0.5) * step, top - (np.arange(size[0]) + 0.5) * step
    numbers = planted(*np.meshgrid(across, down))
    path = written(tmp_path / "map.tif", numbers, pixel_m=step, left=left, top=top, crs="EPSG:4326")
    right = codes_on(opened(path), GRID, block) == planted(lon, lat)
    near = np.abs((lon * 800 + lat * 500 + 0.5) % 1 - 0.5) < step * 800
    print(f"step {step:.6f}: right {right.mean():.4f}, away from borders {right[~near].mean():.4f}")
    assert (~near).mean() > 0.4
    assert right[~near].all()


def degrees(x, y):
    found = shapely.get_coordinates(unproject_all(shapely.points(x.ravel(), y.ravel()), UTM))
    return found[:, 0].reshape(x.shape), found[:, 1].reshape(x.shape)


def test_pixels_of_codes_without_a_class_keep_them_and_nothing_lies_beside_the_file(tmp_path):
    numbers = np.full((20, 70), 9, dtype=np.uint16)
    numbers[3, 5], numbers[4] = 60_000, 65_535
    path = written(tmp_path / "map.tif", numbers, nodata=65_535)
    found = codes_on(opened(path), GRID, GRID.whole)
    assert (found[3, 5], found[2, 5]) == (60_000, 9)
    assert (found[4] == NO_CODE).all()
    assert (found[20:] == NO_CODE).all()
    assert (found[:4] != NO_CODE).all()


@pytest.mark.parametrize("pixel_m", [3.7, 10.0, 26.0])
@pytest.mark.parametrize("crs", [UTM, "EPSG:32650"])
def test_every_cut_into_blocks_gives_the_same_codes(tmp_path, monkeypatch, pixel_m, crs):
    shift = {UTM: (0, 0), "EPSG:32650": (570_280, 9_040)}[crs]
    numbers = drawn(8, (int(3000 / pixel_m), int(3000 / pixel_m)))
    path = written(
        tmp_path / "map.tif",
        numbers,
        pixel_m=pixel_m,
        left=LEFT - 900 + shift[0],
        top=TOP + 900 + shift[1],
        crs=crs,
    )
    file = opened(path)
    whole = codes_on(file, GRID, GRID.whole)
    assert (whole != NO_CODE).mean() > 0.5
    for edge, window in ((7, 2048), (32, 2048), (64, 16)):
        monkeypatch.setattr(gridding, "_WINDOW_PX", window)
        for block in GRID.blocks(edge):
            assert (codes_on(file, GRID, block) == whole[block.rows, block.cols]).all()


def test_windows_of_a_very_fine_map_stay_small(tmp_path, monkeypatch):
    numbers = drawn(2, (1600, 2800))
    file = opened(written(tmp_path / "map.tif", numbers, pixel_m=0.25))
    read, sizes = RasterFile.read, []

    def counted(file, window):
        sizes.append((window.height, window.width))
        return read(file, window)

    monkeypatch.setattr(RasterFile, "read", counted)
    monkeypatch.setattr(gridding, "_WINDOW_PX", 640)
    codes_on(file, GRID, GRID.whole)
    assert len(sizes) == 3 * 5
    assert max(max(size) for size in sizes) <= 641


def raster(path, numbers, **profile):
    made = {"driver": "GTiff", "crs": UTM, "transform": Affine(10, 0, LEFT, 0, -10, TOP), "nodata": 0}
    bands = numbers if numbers.ndim == 3 else numbers[None]
    shape = {"count": len(bands), "height": bands.shape[1], "width": bands.shape[2], "dtype": bands.dtype}
    with rasterio.open(path, "w", **{**made, **shape, **profile}) as target:
        target.write(bands)
    return path


BYTES = np.ones((4, 4), dtype=np.uint8)


@pytest.mark.parametrize(
    ("numbers", "profile", "words"),
    [
        (BYTES.astype(np.float32), {}, "numbers of type float32"),
        (np.stack([BYTES] * 3), {}, "3 bands"),
        (BYTES, {"crs": None}, "no CRS"),
        (BYTES, {"transform": Affine(10, 1, LEFT, 1, -10, TOP)}, "turned"),
        (BYTES, {"nodata": 7}, "nodata 7, which is the code of 'water'"),
    ],
)
def test_a_file_that_is_no_map_is_refused_by_what_it_is(tmp_path, numbers, profile, words):
    path = raster(tmp_path / "map.tif", numbers, **profile)
    with pytest.raises(InputError, match=words) as caught:
        opened(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_one_that_is_no_raster_are_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"gone.tif: found no such file"):
        opened(tmp_path / "gone.tif")
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(InputError, match=r"text.tif"):
        opened(tmp_path / "text.tif")


def test_without_a_declared_nodata_no_class_is_taken_for_it(tmp_path):
    path = raster(tmp_path / "map.tif", BYTES, nodata=None)
    assert opened(path).nodata == 255
    assert opened(path, classes={255: "water", 254: "crop", 1: "forest"}).nodata == 253


def test_a_file_that_breaks_between_its_header_and_its_pixels_is_the_users_to_mend(tmp_path):
    path = written(tmp_path / "map.tif", drawn(1, (400, 700)), pixel_m=1)
    file = opened(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match=r"map.tif"):
        codes_on(file, Grid(UTM, LEFT, TOP, 10.0, 40, 70), GRID.whole)


XIAN = GivenCrs(
    name="EPSG:2385",
    seven_parameters={"dx_m": -10, "dy_m": 60, "dz_m": 30, "rx_arcsec": 1, "rotation": "coordinate_frame"},
    accuracy_m=0.5,
    source="测绘院 2019",
)


def test_a_map_of_another_datum_is_refused_or_moved_by_what_the_config_gives(tmp_path):
    """Two classes meet in the middle of the grid, where 43 m between the datums are four pixels."""
    x, y = LEFT + 350, TOP - 200
    east, north = shapely.get_coordinates(project(unproject(shapely.Point(x, y), UTM), bind(XIAN)))[0]
    codes = np.repeat(np.array([[1, 2]], dtype=np.uint8), 100, axis=1).repeat(200, axis=0)
    place = Affine.translation(east - 1000, north + 1000) * Affine.scale(10, -10)
    path = tmp_path / "map.tif"
    about = {"count": 1, "dtype": "uint8", "height": 200, "width": 200, "crs": XIAN.name}
    with rasterio.open(path, "w", driver="GTiff", transform=place, **about) as file:
        file.write(codes, 1)
    given = {"path": str(path), "product": "ours", "classes": OWN}
    with pytest.raises(InputError, match=r"map\.tif.*Xian 1980.*seven_parameters"):
        open_map(LandMap(**given))
    found = codes_on(open_map(LandMap(**given, crs=XIAN)), GRID, GRID.whole)
    assert set(np.unique(found)) == {1, 2}
    assert (found[20, :34] == 1).all()
    assert (found[20, 36:] == 2).all()


def bind(crs):
    return parse_crs("", crs).to_wkt()
