import os
from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from pipeline.contracts import Raster
from pipeline.geodesy import unproject
from pipeline.grid import Block, Grid
from pipeline.outputs.frames import Frame
from pipeline.outputs.pictures import (
    UNKNOWN_COLOR,
    WATER,
    choose_scale_bar,
    color_pixels,
    draw_picture,
    find_codes,
    locate_points,
    paint,
    read_water,
)
from pipeline.outputs.ramps import RAMPS

GRID = Grid("EPSG:32651", 600_000.0, 3_500_000.0, 10.0, 300, 500)


@pytest.mark.parametrize(
    ("width", "metres", "label"), [(500, 1000, "1 km"), (120, 200, "200 m"), (7866, 10_000, "10 km")]
)
def test_a_scale_bar_is_round_and_at_most_a_fifth_of_the_width(width, metres, label):
    bar = choose_scale_bar(Grid("EPSG:32651", 0.0, 0.0, 10.0, 10, width))
    assert (bar.metres, bar.label) == (metres, label)
    assert bar.length == pytest.approx(metres / (width * 10) * 100, abs=0.01)
    assert bar.length <= 20


def test_points_lie_where_they_belong_and_null_lies_nowhere():
    spot = unproject(shapely.Point(602_000, 3_499_000), "EPSG:32651")
    found = locate_points(gpd.GeoSeries([spot, None, shapely.Point()], crs="EPSG:4490"), GRID)
    assert found == [(40.0, 20.0), None, None]


def write(path, values, nodata):
    """A raster on the grid, cover scaled as deliveries have it."""
    profile = {"driver": "GTiff", "count": 1, "dtype": values.dtype, "nodata": nodata, "crs": GRID.crs}
    shape = {"height": values.shape[0], "width": values.shape[1], "transform": GRID.transform}
    with rasterio.open(path, "w", **profile, **shape) as file:
        file.write(values, 1)
        file.scales = (1e-4,) if values.dtype == np.int16 else (1.0,)
    return path


@pytest.fixture
def cover(tmp_path):
    """From west to east: bare land of cover 0, water of cover 0, ground that is unknown, dense plants."""
    columns = np.repeat([0, 0, -32768, 10_000], GRID.width // 4).astype(np.int16)
    classes = np.repeat([3, 1, 255, 2], GRID.width // 4).astype(np.uint8)
    write(tmp_path / "land_cover_2024.tif", np.tile(classes, (GRID.height, 1)), 255)
    return write(tmp_path / "fvc_2024.tif", np.tile(columns, (GRID.height, 1)), -32768)


def color_at(rgba, column):
    return "#{:02x}{:02x}{:02x}".format(*rgba[:3, 5, column]), int(rgba[3, 5, column])


def test_water_on_a_map_of_cover_is_neither_bare_land_nor_unknown(cover):
    rgba = color_pixels(cover, (30, 40), None, RAMPS["cover"])
    bare, water, unknown, dense = (color_at(rgba, column) for column in (5, 15, 25, 35))
    assert bare == (RAMPS["cover"][0][1], 255)
    assert water == (WATER.color, 255)
    assert unknown[1] == 0
    assert dense == (RAMPS["cover"][-1][1], 255)
    assert len({bare[0], water[0], dense[0], UNKNOWN_COLOR}) == 4


def test_without_land_cover_beside_it_no_water_is_made_up(cover):
    cover.with_name("land_cover_2024.tif").unlink()
    assert not read_water(cover, (30, 40)).any()
    assert color_at(color_pixels(cover, (30, 40), None, RAMPS["cover"]), 15) == (RAMPS["cover"][0][1], 255)


def test_a_map_of_classes_is_read_once_for_all_who_ask_and_again_when_it_is_another(cover, monkeypatch):
    ground = cover.with_name("land_cover_2024.tif")
    opened, really_open = [], rasterio.open

    def open_and_tell(path, *rest, **more):
        opened.append(path)
        return really_open(path, *rest, **more)

    with monkeypatch.context() as patched:
        patched.setattr(rasterio, "open", open_and_tell)
        seen = [read_water(cover, (30, 40)) for _ in range(3)]
        codes = [find_codes(ground) for _ in range(3)]
    assert opened == [ground, ground]
    assert all(one.any() for one in seen)
    assert set(codes) == {frozenset({1, 2, 3, 255})}
    write(ground, np.full((GRID.height, GRID.width), 2, dtype=np.uint8), 255)
    os.utime(ground, ns=(0, 0))
    assert not read_water(cover, (30, 40)).any()
    assert find_codes(ground) == {2}


def test_water_belongs_to_maps_of_cover_alone(cover, tmp_path):
    with rasterio.open(cover) as file:
        ndvi = write(tmp_path / "ndvi_2024.tif", file.read(1), -32768)
    assert not read_water(ndvi, (30, 40)).any()


def test_a_picture_tells_of_water_and_of_the_unknown_only_where_it_shows_them(cover):
    raster = Raster("fvc_2024", "fvc", "ratio", None, "植被覆盖度", "Cover", *[date(2024, 1, 1)] * 2)
    seen = {}
    for name, cols in (("bare", (0, 125)), ("water", (125, 250)), ("unknown", (250, 375))):
        block = Block(0, GRID.height, *cols)
        outline = unproject(shapely.box(*GRID.block_bounds(block)), GRID.crs)
        picture = draw_picture(raster, cover, Frame(block, GRID.cut(block), (0,)), outline)
        seen[name] = (picture.has_water, picture.ground)
    assert seen == {"bare": (False, ""), "water": (True, ""), "unknown": (False, UNKNOWN_COLOR)}


def test_nothing_is_painted_outside_the_outline(cover):
    outline = shapely.box(GRID.left, GRID.top - 1000, GRID.left + 1000, GRID.top)
    painting = paint(cover, (30, 50), None, RAMPS["cover"], Frame(GRID.whole, GRID, (0,)), outline)
    rows, columns = np.nonzero(painting.rgba[3])
    assert rows.max() <= 10
    assert columns.max() <= 10
