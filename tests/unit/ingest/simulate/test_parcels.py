"""The simulated register has every fault that was planted, and is sound in the rest."""

import sqlite3
from contextlib import closing
from datetime import date

import numpy as np
import pyogrio
import pytest
import shapely

from pipeline import standards
from pipeline.aoi import Aoi, Part
from pipeline.geodesy import measure_areas_m2, project_all, unproject
from pipeline.ingest.simulate import parcels as register
from pipeline.ingest.simulate import world
from pipeline.periods import list_periods

CRS = "EPSG:32651"
YEARS = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")


@pytest.fixture(scope="module")
def tiny():
    square = shapely.box(395_000, 3_486_000, 396_500, 3_487_500)
    part = Part("tiny", "小区", "Tiny", unproject(square, CRS), None)
    return world.plan_world(Aoi("tiny", "小区", "Tiny", (part,), CRS, "test", "exact"), YEARS)


@pytest.fixture(scope="module")
def folder(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("register")
    register.write_register(tiny, folder)
    return folder


@pytest.fixture(scope="module")
def parcels(folder):
    return pyogrio.read_dataframe(folder / "register.gpkg", layer="自然资源登记")


@pytest.fixture(scope="module")
def outlines(parcels):
    return project_all(parcels.geometry.to_numpy(), CRS)


def test_parcels_tile_most_of_the_area_and_reach_over_its_edge(tiny, parcels):
    sound = shapely.make_valid(parcels.geometry.to_numpy())
    union = shapely.union_all(sound)
    area = tiny.aoi.geometry
    assert 40 <= len(parcels) <= 150
    assert 0.8 < union.intersection(area).area / area.area < 0.995
    assert (shapely.intersects(sound, area) & ~shapely.covers(area, sound)).sum() > 5


def test_some_parcels_overlap(outlines):
    sound = outlines[shapely.is_valid(outlines)]
    overlap = shapely.area(sound).sum() - shapely.union_all(sound).area
    assert overlap / shapely.area(sound).sum() > 0.01


def test_slivers_are_two_to_four_metres_wide(outlines):
    width = 2 * shapely.area(outlines) / shapely.length(outlines)
    slivers = width[width < 10]
    assert slivers.size == 3
    assert ((slivers > 1.5) & (slivers < 4.2)).all()


def test_one_ring_crosses_itself(parcels):
    assert (~parcels.geometry.is_valid).sum() == 1
    assert "Self-intersection" in shapely.is_valid_reason(
        parcels.geometry[~parcels.geometry.is_valid].iloc[0]
    )


def test_one_code_and_one_geometry_occur_twice(parcels):
    assert parcels["BDCDYH"].duplicated().sum() == 1
    assert parcels.geometry.to_wkb().duplicated().sum() == 1


def test_one_code_is_malformed_and_one_parcel_lacks_its_class(parcels):
    assert (parcels["BDCDYH"].str.len() != 28).sum() == 1
    assert parcels["DLBM"].isna().sum() == 1
    assert parcels["ZRZYDJDYH"].str.fullmatch(r"\d{15}").all()


def test_a_few_registered_areas_are_off_and_the_rest_are_ellipsoidal(parcels):
    error = parcels["MJ"].to_numpy() / measure_areas_m2(parcels.geometry) - 1
    off = np.abs(error) > 0.04
    assert 2 <= off.sum() <= len(parcels) * 0.3
    assert np.abs(error[~off]).max() < 1e-3
    assert (np.abs(error) < 1e-6).mean() > 0.7


def test_classes_and_codes_are_those_of_the_standards(parcels):
    rights = standards.table("rights")
    for column, dictionary in (("QLLX", "right_type"), ("DJDYLX", "unit_type"), ("SYQZTLX", "owner_type")):
        known = set(rights.loc[rights["dictionary"] == dictionary, "code"])
        assert set(parcels[column]) <= known
    assert set(parcels["DLBM"].dropna()) <= set(standards.table("land_classes")["code"])


def test_land_classes_follow_the_ground(tiny, parcels):
    tile = tiny.tiles[0]
    ground = world.build_surface(tiny, tile.grid, tile, YEARS[0].first).kind
    inner = shapely.buffer(project_all(parcels.geometry.to_numpy(), CRS), -40)
    woods = shapely.union_all(inner[(parcels["DLBM"] == "0301").to_numpy() & shapely.is_valid(inner)])
    x, y = np.meshgrid(tile.grid.x_of(tile.grid.whole), tile.grid.y_of(tile.grid.whole))
    names = np.array([kind.dlbm for kind in world.KINDS])[ground]
    inside = names[shapely.contains_xy(woods, x, y)]
    assert (inside == "0301").mean() > 2 * (names == "0301").mean()


def test_nobody_in_the_register_exists(parcels):
    assert parcels["QLR"].str.startswith("模拟权利人").all()
    collective = parcels["SYQZTLX"] == "2"
    assert (parcels.loc[~collective, "SYQZT"] == "全民所有").all()
    assert parcels.loc[collective, "SYQZT"].str.endswith("（模拟）").all()
    assert parcels["DJDYMC"].str.contains("模拟").all()


def test_the_layer_says_that_it_is_simulated(folder):
    with closing(sqlite3.connect(folder / "register.gpkg")) as file:
        (identifier, description), *_ = file.execute("SELECT identifier, description FROM gpkg_contents")
    assert "模拟" in identifier
    assert "模拟" in description


def test_the_same_register_has_the_same_bytes(tiny, folder, tmp_path):
    register.write_register(tiny, tmp_path)
    assert (tmp_path / "register.gpkg").read_bytes() == (folder / "register.gpkg").read_bytes()
