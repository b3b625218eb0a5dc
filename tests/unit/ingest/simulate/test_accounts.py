"""What accounts are made from in the simulated world agrees with its formulas, and is called simulated."""

import csv
import hashlib
import sqlite3
from contextlib import closing
from datetime import date

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import rasterio
import shapely
import xarray as xr
from pyproj import Transformer
from rasterio.warp import Resampling, reproject

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import project_all, unproject
from pipeline.ingest.simulate import account_sources, accounts, climate, ground_layers, terrain, towns, world
from pipeline.ingest.simulate import yearbook as book
from pipeline.periods import list_periods

CRS = "EPSG:32651"
YEARS = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")
SQUARE = shapely.box(395_000, 3_486_000, 397_500, 3_488_000)


@pytest.fixture(scope="module")
def tiny():
    part = Part("guangyang", "小岛", "Islet", unproject(SQUARE, CRS), None)
    return world.plan_world(Aoi("tiny", "小区", "Tiny", (part,), CRS, "test", "exact"), YEARS)


@pytest.fixture(scope="module")
def folder(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("accounts")
    accounts.write_accounts(tiny, folder)
    return folder


def read_at(path, x, y):
    """Numbers of a raster of longitude and latitude at places of the grid, as they are stored."""
    with rasterio.open(path) as source:
        lon, lat = Transformer.from_crs(CRS, source.crs, always_xy=True).transform(x, y)
        return np.array([value[0] for value in source.sample(zip(lon, lat, strict=True))], dtype=float)


def test_the_slope_by_formula_is_that_of_the_elevation_file(tiny, folder):
    """Of differences over 60 m of the file, interpolated onto the pixels."""
    tile = tiny.tiles[0]
    planted = np.tan(terrain.measure_slope(tiny, tile, tile.grid))
    metres = np.zeros(tile.grid.shape)
    with rasterio.open(folder / "elevation.tif") as source:
        place = {"dst_transform": tile.grid.transform, "dst_crs": CRS, "resampling": Resampling.bilinear}
        reproject(rasterio.band(source, 1), metres, **place)
    east = (metres[3:-3, 6:] - metres[3:-3, :-6]) / 60
    north = (metres[6:, 3:-3] - metres[:-6, 3:-3]) / 60
    found, planted = np.hypot(east, north), planted[3:-3, 3:-3]
    assert planted.max() > 0.1
    assert np.corrcoef(found.ravel(), planted.ravel())[0, 1] > 0.998
    assert found.mean() == pytest.approx(planted.mean(), rel=0.01)


def test_elevation_says_its_unit_and_its_vertical_datum(folder):
    with rasterio.open(folder / "elevation.tif") as source:
        assert source.units == ("m",)
        assert "EGM2008 height" in source.crs.to_wkt()
        assert source.dtypes == ("float32",)


@pytest.mark.parametrize("name", list(climate.CLIMATE_FILES))
def test_a_year_of_climate_files_comes_to_the_field_of_its_formula(tiny, folder, name):
    grid = tiny.tiles[0].grid
    planted = climate.measure_climate(tiny, name, 2024, grid)
    with closing(xr.open_dataset(folder / f"{name}.nc", engine="h5netcdf")) as found:
        year = found[account_sources.CLIMATE_VARIABLES[name]].sel(time="2024").sum("time")
        lon, lat = Transformer.from_crs(CRS, "EPSG:4490", always_xy=True).transform(
            grid.left + grid.width * 5, grid.top - grid.height * 5
        )
        middle = float(year.interp(lon=lon, lat=lat))
        assert found.sizes["time"] == 2 * len(climate.CLIMATE_FILES[name].course)
    assert middle == pytest.approx(planted.mean(), rel=2e-3)
    assert planted.max() / planted.min() < 1.01


def test_the_course_of_a_year_is_whole():
    assert all(sum(kept.course) == pytest.approx(1) for kept in climate.CLIMATE_FILES.values())


def test_two_years_differ(tiny):
    grid = tiny.tiles[0].grid
    one, other = (climate.measure_climate(tiny, "rain", year, grid).mean() for year in (2023, 2024))
    assert abs(one / other - 1) > 0.005


@pytest.mark.parametrize("name", ["sand", "silt", "clay", "organic_carbon", "npp"])
def test_a_ground_layer_holds_the_field_of_its_formula(tiny, folder, name):
    grid = tiny.tiles[0].grid
    planted = ground_layers.measure_ground(tiny, name, grid)
    rows, cols = np.random.default_rng(2).integers(0, 200, (2, 200))
    x, y = grid.x_of(grid.whole)[cols], grid.y_of(grid.whole)[rows]
    with rasterio.open(folder / f"{name}.tif") as source:
        scale, nodata = source.scales[0], source.nodata
    found = read_at(folder / f"{name}.tif", x, y)
    assert (found != nodata).all()
    assert found * scale == pytest.approx(planted[rows, cols], rel=0.05)


def test_sand_silt_and_clay_are_the_whole_soil(folder):
    parts = []
    for name in ("sand", "silt", "clay"):
        with rasterio.open(folder / f"{name}.tif") as source:
            parts.append(source.read(1).astype(int))
    assert (sum(parts) == 1000).all()


def test_towns_are_the_area_without_a_gap_and_without_an_overlap(tiny):
    table = towns.build_towns(tiny)
    cut = project_all(shapely.intersection(table.geometry.to_numpy(), tiny.aoi.geometry), CRS)
    assert table["XZQDM"].is_unique
    assert (shapely.area(cut) > 0).all()
    assert shapely.area(cut).sum() == pytest.approx(SQUARE.area, rel=1e-6)
    assert shapely.union_all(cut).area == pytest.approx(SQUARE.area, rel=1e-6)
    assert (~shapely.covers(tiny.aoi.geometry, table.geometry.to_numpy())).all()


def test_projects_lie_in_the_area(tiny):
    table = towns.build_projects(tiny)
    assert set(table["kind"]) == {"belt", "village", "pledged"}
    assert table["project"].is_unique
    outlines = project_all(table.geometry.to_numpy(), CRS)
    assert shapely.is_valid(outlines).all()
    assert shapely.covers(SQUARE.buffer(0.01), outlines).all()
    assert (shapely.area(outlines) > 10_000).all()


def test_the_workbook_holds_the_figures_that_are_planted(tiny, folder):
    """Numbers may stand as texts with thousands apart."""
    sheets = openpyxl.load_workbook(folder / "statistics" / "tiny_统计年鉴.xlsx")
    planted = {(entry.kept.name, entry.year): entry.printed for entry in book.list_figures(tiny)}
    seen = 0
    for name in ("农林牧渔", "水资源", "综合"):
        sheet = sheets[name]
        years = [int(str(cell.value).removesuffix("年")) for cell in sheet[3][3:5]]
        for row in sheet.iter_rows(min_row=4, values_only=True):
            for year, value in zip(years, row[3:5], strict=True):
                if row[1] != "一般公共预算收入":
                    assert float(str(value).replace(",", "")) == planted[row[1], year]
                    seen += 1
    assert seen == 2 * (14 + 10 + 6)


def test_the_total_of_the_towns_is_their_sum(tiny, folder):
    sheet = openpyxl.load_workbook(folder / "statistics" / "tiny_统计年鉴.xlsx")["分镇旅游"]
    rows = [row for row in sheet.iter_rows(min_row=3, values_only=True) if row[0] == 2024]
    assert [row[1] for row in rows] == [*towns.build_towns(tiny)["XZQMC"], "合计"]
    assert np.array([row[2:5] for row in rows[:-1]]).sum(axis=0) == pytest.approx(rows[-1][2:5])


def test_emissions_come_as_a_long_table_in_gbk(tiny, folder):
    text = (folder / "statistics" / "tiny_环境统计.csv").read_bytes().decode("gbk")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 2 * 6
    planted = {(entry.kept.name, entry.year): entry.value for entry in book.list_figures(tiny)}
    assert all(float(row["数值"]) == planted[row["指标"], int(row["年份"])] for row in rows)
    assert {row["地区"] for row in rows} == {"小区"}


def test_every_file_says_that_it_is_simulated(folder):
    for path in folder.glob("*.tif"):
        with rasterio.open(path) as source:
            assert "模拟" in source.tags()["simulated"], path.name
    for path in folder.glob("*.nc"):
        with closing(xr.open_dataset(path, engine="h5netcdf")) as found:
            assert "模拟" in found.attrs["title"], path.name
    for name in ("towns", "projects"):
        table = gpd.read_file(folder / f"{name}.gpkg")
        assert table["XZQMC" if name == "towns" else "name"].str.contains("模拟").all()
        with closing(sqlite3.connect(folder / f"{name}.gpkg")) as file:
            ((identifier, description),) = file.execute("SELECT identifier, description FROM gpkg_contents")
        assert "模拟" in identifier + description
    sheets = openpyxl.load_workbook(folder / "statistics" / "tiny_统计年鉴.xlsx")
    assert all("模拟" in str(sheet["A1"].value) for sheet in sheets)
    assert "模拟" in (folder / "statistics" / "tiny_环境统计.csv").read_bytes().decode("gbk")
    for name in ("price_index", "parameters"):
        assert "模拟" in (folder / f"{name}.csv").read_text(encoding="utf-8")


def test_the_same_world_has_the_same_bytes(tiny, folder, tmp_path):
    accounts.write_accounts(tiny, tmp_path)
    assert digests_of(tmp_path) == digests_of(folder)


def digests_of(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_file_that_is_named_was_written(folder):
    named = account_sources.describe_accounts(folder)
    paths = [source.path for source in named.layers.sources.values()]
    paths += [named.regions.path, named.projects[0].path, named.price_index, named.parameters]
    assert all((folder / path).is_file() for path in paths)
    assert len(paths) + 2 == len(digests_of(folder))
