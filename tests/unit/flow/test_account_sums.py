"""Sums under units against exactextract and against the area as one piece of ground."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from pipeline.flow.account_sums import make_account_sums
from pipeline.geodesy import CGCS2000, measure_area_m2, measure_areas_m2, project
from pipeline.grid import BlockPlan
from pipeline.legends import LAND_COVER
from pipeline.maps.step import Maps
from pipeline.storage.blocks import Layer, create_store, write_block
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import LongTable, load_json, load_table

STORES = {
    "land_cover": {"land_cover": Layer("uint8", 255, {})},
    "cover": {"fvc": Layer("int16", -32768, {"scale_factor": 1e-4})},
    "account_layers": {"rain": Layer("float32", float("nan"), {}), "npp": Layer("float32", float("nan"), {})},
}


@dataclass
class Ground:
    """A study of one period, its maps, and what they hold."""

    maps: Maps
    values: dict
    register: gpd.GeoDataFrame
    parcels: Artifact


@pytest.fixture
def ground(planted, tmp_path):
    """Maps of no sense, and three parcels, of which the third covers some of the second, at the edge."""
    study, rng, made, values = planted, np.random.default_rng(3), {}, {}
    (period,), shape = study.periods, study.grid.shape
    values["land_cover"] = rng.choice(np.array([1, 2, 3, 4, 255], dtype=np.uint8), shape)
    values["fvc"] = np.where(rng.random(shape) < 0.2, -32768, rng.integers(0, 10001, shape)).astype(np.int16)
    values["rain"] = np.where(rng.random(shape) < 0.1, np.nan, rng.uniform(900, 1400, shape)).astype(
        "float32"
    )
    values["npp"] = np.full(shape, np.nan, dtype="float32")
    for step, layers in STORES.items():
        path = tmp_path / step
        create_store(path, layers, study.grid, 512)
        for block in study.grid.blocks(512):
            write_block(path, block, {name: values[name][block.rows, block.cols] for name in layers})
        made[step, period] = Artifact(step, path)
    left, bottom, right, top = study.aoi.geometry.bounds
    x, y = (right - left) / 10, (top - bottom) / 10
    spans = [(1, 1, 3, 4), (3, 2, 6, 7), (5, 5, 11, 11)]
    boxes = [shapely.box(left + a * x, bottom + b * y, left + c * x, bottom + d * y) for a, b, c, d in spans]
    shapes = shapely.intersection(boxes, study.aoi.geometry)
    table = {
        "parcel_id": ["A", "B", "C"],
        "land_class": ["0301", "1104", None],
        "area_m2": measure_areas_m2(shapes),
    }
    register = gpd.GeoDataFrame(table, geometry=shapes, crs=CGCS2000)
    (tmp_path / "parcels").mkdir()
    with LongTable(tmp_path / "parcels" / "parcels.parquet") as long:
        long.add(register)
    layout = BlockPlan(512, 1)
    maps = Maps(study, (), (), layout, layout, made)
    return Ground(maps, values, register, Artifact("parcels", tmp_path / "parcels"))


def halve(aoi):
    left, bottom, right, top = aoi.geometry.bounds
    middle = left + 0.45 * (right - left)
    sides = [shapely.box(left, bottom, middle, top), shapely.box(middle, bottom, right, top)]
    table = {"region": ["west", "east"], "name": ["西", "东"]}
    return gpd.GeoDataFrame(table, geometry=shapely.intersection(sides, aoi.geometry), crs=CGCS2000)


def whole_of(aoi):
    return gpd.GeoDataFrame({"region": [aoi.id], "name": ["田"]}, geometry=[aoi.geometry], crs=CGCS2000)


@pytest.fixture
def made(run, ground):
    aoi = ground.maps.study.aoi
    belt = gpd.GeoDataFrame({"project": ["belt"]}, geometry=[aoi.geometry.buffer(-0.01)], crs=CGCS2000)
    return make_account_sums(run, ground.maps, ground.parcels, halve(aoi), belt)


def sum_by_exactextract(ground, outline):
    """Areas by class, and of rain the sum and the known area, of an outline by exactextract."""
    grid = ground.maps.study.grid
    raster = NumPyRasterSource(np.zeros(grid.shape, dtype=np.uint8), *grid.block_bounds(grid.whole))
    feature = {"type": "Feature", "geometry": shapely.geometry.mapping(project(outline, grid.crs))}
    (found,) = exact_extract(raster, feature, ["cell_id", "coverage"])
    cells = found["properties"]["cell_id"]
    weight = found["properties"]["coverage"] * grid.pixel_area_m2(grid.whole).ravel()[cells]
    weight *= measure_area_m2(outline) / weight.sum()
    rain = ground.values["rain"].ravel()[cells].astype(float)
    known = np.isfinite(rain)
    classes = np.bincount(ground.values["land_cover"].ravel()[cells], weight, 256)
    return classes, (rain[known] * weight[known]).sum(), weight[known].sum()


def test_sums_of_a_parcel_are_those_of_exactextract(made, ground):
    sums = load_table(made.path, "sums")
    for parcel in ground.register.itertuples():
        own = sums[sums["parcel_id"].eq(parcel.parcel_id) & sums["kind"].eq("parcel")]
        classes, rain, known = sum_by_exactextract(ground, parcel.geometry)
        by_class = own.groupby("mapped", dropna=False)["area_m2"].sum()
        for entry in LAND_COVER.classes:
            assert by_class[entry.key] == pytest.approx(classes[entry.code], rel=1e-6)
        assert by_class[by_class.index.isna()].sum() == pytest.approx(classes[255], rel=1e-6)
        assert own["rain"].sum() == pytest.approx(rain, rel=1e-6)
        assert own["rain_m2"].sum() == pytest.approx(known, rel=1e-6)


def test_what_counts_is_the_area_and_by_class_and_variable_what_lies_under_it_as_a_whole(made, ground):
    sums, whole = load_table(made.path, "sums"), load_table(made.path, "whole")
    counted = sums[sums["counted"]]
    aoi = ground.maps.study.aoi
    assert counted["area_m2"].sum() == pytest.approx(aoi.area_m2, rel=1e-12)
    numbers = ["area_m2", "rain", "rain_m2", "fvc", "fvc_m2", "npp_m2"]
    found = counted.groupby("mapped", dropna=False)[numbers].sum()
    expected = whole.set_index("mapped")[numbers]
    pd.testing.assert_frame_equal(found, expected.loc[found.index], rtol=1e-7, check_names=False)
    total = counted[numbers].sum() / whole[numbers].sum().replace(0, 1)
    assert total.drop("npp_m2").to_numpy() == pytest.approx(1, rel=1e-7)
    assert total["npp_m2"] == 0
    assert load_json(made.path / "closures.json")[""] == pytest.approx(0, abs=1e-9)


def test_rows_say_whose_ground_it_is_and_of_which_registered_class(made):
    sums = load_table(made.path, "sums")
    assert set(sums["unit_id"]) >= {"A/west", "B/west", "B/east", "C/east", "C/east/covered", "outside/west"}
    own = sums[sums["unit_id"].eq("B/east")]
    assert (own["dlbm"].unique().tolist(), own["ecosystem"].unique().tolist()) == (["1104"], ["湿地"])
    of_belt = sums[sums["project"].eq("belt")]
    assert set(of_belt["kind"]) == {"project"}
    assert not of_belt["counted"].any()
    assert sums[sums["parcel_id"].eq("C")]["dlbm"].isna().all()


def test_the_same_ground_is_not_summed_again_and_other_regions_are(run, made, ground):
    aoi = ground.maps.study.aoi
    none = gpd.GeoDataFrame({"project": []}, geometry=[], crs=CGCS2000)
    other = make_account_sums(run, ground.maps, ground.parcels, whole_of(aoi), none)
    again = make_account_sums(run, ground.maps, ground.parcels, whole_of(aoi), none)
    assert other.key == again.key != made.key
