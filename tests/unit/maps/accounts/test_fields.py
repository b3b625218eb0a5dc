"""Variables of the accounts from planted rasters, through the steps of a study."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from pyproj import CRS

from pipeline.accounts.variables import VARIABLES
from pipeline.flow.inputs import find_inputs
from pipeline.flow.scenes import make_scene_table
from pipeline.geodesy import unproject
from pipeline.indices.erosion import compute_cover_factor, compute_erodibility, compute_erosivity
from pipeline.indices.terrain import compute_ls, compute_slope
from pipeline.legends import LAND_COVER
from pipeline.maps.accounts.checks import ACCOUNT_CHECKS
from pipeline.maps.accounts.rasters import ServiceMaps
from pipeline.maps.accounts.registered import RegisteredGround
from pipeline.maps.making import make_maps
from pipeline.maps.registry import STEPS
from pipeline.maps.showing import list_warnings
from pipeline.settings.account_layers import AccountLayers
from pipeline.settings.accounts import Accounts
from tests.mapmaking import view_of
from tests.scenery import LEFT, TOP, UTM
from tests.unit.conftest import SIZE
from tests.unit.ingest.layers.planted import tif

RUNOFF = {"vegetation": 0.05, "water": 0.0, "built": 0.6, "bare": 0.3}
ALIKE = {
    "reservoir_unit_cost": (6.0, "yuan/m3"),
    "dredging_cost": (15.0, "yuan/m3"),
    "silt_coefficient": (0.24, "1"),
    "soil_bulk_density": (1.3, "t/m3"),
}
FOREST = {"runoff_coefficient": 0.02, "conservation_practice": 0.9}
SOIL = {"sand": 30.0, "silt": 45.0, "clay": 25.0, "organic_carbon": 1.5}


def hills(height=SIZE, width=SIZE, pixel_m=10.0):
    """Elevation (y, x): hills in the west, level ground with noise of centimetres in the east."""
    y, x = np.mgrid[:height, :width] * pixel_m
    west = 80 * np.exp(-(((x - 700) / 500) ** 2) - ((y - 1300) / 700) ** 2)
    noise = np.random.default_rng(7).normal(0, 0.01, (height, width))
    return (west + 4 + noise).astype(np.float32)


def months():
    """Rain of twelve months on large pixels of the grid's CRS, each pixel and month another."""
    return np.random.default_rng(1).uniform(20, 250, (12, 6, 6)).round(1)


def climate(path, values, name, units="mm"):
    """Months of 2024 on pixels of 600 m from the corner of the grid."""
    centres = (np.arange(6) + 0.5) * 600
    data = xr.DataArray(
        values,
        dims=("time", "y", "x"),
        coords={
            "time": pd.date_range("2024-01-01", periods=12, freq="MS"),
            "y": TOP - centres,
            "x": LEFT + centres,
        },
        attrs={"units": units, "grid_mapping": "crs"},
    )
    dataset = data.to_dataset(name=name)
    dataset["crs"] = xr.DataArray(0, attrs=CRS(UTM).to_cf())
    dataset["y"].attrs["axis"], dataset["x"].attrs["axis"] = "Y", "X"
    dataset.to_netcdf(path, engine="h5netcdf")
    return {"path": str(path), "variable": name}


def profile(folder):
    """A profile whose only parameters are coefficients of runoff."""
    rows = ["key,class,value,unit,source"]
    rows += [f"runoff_coefficient,{name},{share},1,toy" for name, share in RUNOFF.items()]
    rows += [f"{key},,{value},{unit},toy" for key, (value, unit) in ALIKE.items()]
    rows += [f"{key},0301,{value},1,toy" for key, value in FOREST.items()]
    (folder / "toy.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    lines = [
        "name_zh: 玩具",
        "name_en: toy",
        "source: toy",
        "services: [REG-01, REG-02a]",
        "parameters: [toy.csv]",
        "unconfirmed: []",
    ]
    (folder / "toy.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder / "toy.yaml")


@pytest.fixture
def sources(tmp_path):
    """Rasters of all kinds over the planted area."""
    rain = months()
    flat = {name: np.full((SIZE, SIZE), value, dtype=np.float32) for name, value in SOIL.items()}
    files = {
        name: {"path": tif(tmp_path / f"{name}.tif", values, units=("%",))} for name, values in flat.items()
    }
    yearly = {
        "storm_rain": ("mm", 310.0),
        "hot_days": ("d", 41.0),
        "water_evaporation": ("mm", 505.0),
        "npp": ("t C/ha", 6.5),
    }
    for name, (unit, value) in yearly.items():
        path = tif(tmp_path / f"{name}.tif", np.full((SIZE, SIZE), value, dtype=np.float32), units=(unit,))
        files[name] = {"path": path}
    return files | {
        "elevation": {"path": tif(tmp_path / "dem.tif", hills(), units=("m",))},
        "rain": climate(tmp_path / "rain.nc", rain, "ppt") | {"convention": "terraclimate"},
        "evapotranspiration": climate(tmp_path / "aet.nc", rain[::-1] * 0.8, "aet"),
    }


def study_of(planted, sources, profile="national-2022"):
    scenes = planted.settings.scenes.model_copy(
        update={"period": "year", "start": date(2024, 1, 1), "end": date(2024, 12, 31)}
    )
    accounts = Accounts(profile=profile, layers=AccountLayers.model_validate(sources))
    return replace(
        planted, settings=planted.settings.model_copy(update={"scenes": scenes, "accounts": accounts})
    )


def made(run, study):
    table = make_scene_table(run, study, find_inputs(run, study)).table
    return make_maps(run, study, table, STEPS)


def over_grid(study, values):
    """A planted raster of the scenes' grid, cut to the grid of the study."""
    top, left = round((TOP - study.grid.top) / 10), round((study.grid.left - LEFT) / 10)
    return values[-top if top < 0 else 0 :][: study.grid.height, left : left + study.grid.width]


def test_all_variables_are_those_of_the_formulas(run, planted, sources, tmp_path):
    study = study_of(planted, sources, profile(tmp_path))
    maps = made(run, study)
    (year,) = study.periods
    fields = {name: values.to_numpy() for name, values in maps.open("account_layers", year).items()}
    inside = study.grid.mask_geometry(study.outline, study.grid.whole)
    assert set(fields) == set(VARIABLES) - {"fvc"}
    assert all((np.isnan(values) | inside).all() for values in fields.values())
    down, across = (round(abs(gap) / 10) for gap in (study.grid.top - TOP, study.grid.left - LEFT))
    cut = (slice(down, down + study.grid.height), slice(across, across + study.grid.width))

    def spread(large):
        return large.repeat(60, axis=-2).repeat(60, axis=-1)[..., cut[0], cut[1]]

    rain, water = spread(months().sum(axis=0)), spread((months()[::-1] * 0.8).sum(axis=0))
    classes = maps.open("land_cover", year)["land_cover"].to_numpy()
    alpha = np.full(256, np.nan)
    for key, share in RUNOFF.items():
        alpha[LAND_COVER.code(key)] = share
    balance = rain * (1 - alpha[classes]) - water
    slope = compute_slope(hills().astype(float), 10.0, 1)[cut[0].start - 1 :, cut[1].start - 1 :]
    slope = slope[: study.grid.height, : study.grid.width]
    soil = compute_erodibility(*(np.array(float(value)) for value in SOIL.values()))
    potential = spread(compute_erosivity(months())) * soil * compute_ls(slope)
    fvc = maps.open("cover", year)["fvc"].to_numpy()
    cover = compute_cover_factor(np.where(fvc == -32768, np.nan, fvc * 1e-4))
    expected = {
        "rain": rain,
        "evapotranspiration": water,
        "deficit": np.where(balance < 0, balance, np.nan),
        "erosion_potential": potential,
        "erosion": potential * cover,
        "storm_rain": np.full(rain.shape, 310.0),
        "hot_days": np.full(rain.shape, 41.0),
        "water_evaporation": np.full(rain.shape, 505.0),
        "npp": np.full(rain.shape, 6.5),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(fields[name][inside], values[inside], rtol=2e-6, err_msg=name)
    assert 0.02 < np.isfinite(fields["deficit"][inside]).mean() < 0.98
    assert np.nanmax(fields["erosion_potential"]) > 50 * np.nanmin(fields["erosion_potential"])
    table = ACCOUNT_CHECKS.show.tables(view_of(maps))["account_layers"].set_index("layer")
    assert table.loc["rain", "moments"] == 12
    assert table.loc["rain", "pixel_m"] == pytest.approx(600)
    assert table.loc["elevation", "known_share"] == 1
    assert any("vertical datum: unknown" in warning for warning in list_warnings(maps))
    check_services(maps, year, expected)


def check_services(maps, year, truth):
    """Water and soil kept by a wood that the register knows, over plants that it does not."""
    grid = maps.study.grid
    left, bottom, right, top = grid.block_bounds(grid.whole)
    halves = [shapely.box(left, bottom, (left + right) / 2, top), shapely.box(left, bottom, right, top)]
    woods = gpd.GeoDataFrame(
        {"land_class": ["0301", None]},
        geometry=[unproject(half, grid.crs) for half in halves],
        crs="EPSG:4490",
    )
    ground = RegisteredGround.of(woods, grid.crs)
    rasters = {raster.name: raster for raster in ServiceMaps(maps, year, ground).list_rasters()}
    assert set(rasters) == {"service_reg_01_2024", "service_reg_02a_2024", "value_per_ha_2024"}
    assert {raster.unit for raster in rasters.values()} == {"m3/ha", "yuan/ha"}
    assert "登记地类" in rasters["value_per_ha_2024"].title_zh
    values = {name: raster.values.to_numpy() for name, raster in rasters.items()}
    inside = grid.mask_geometry(maps.study.outline, grid.whole)
    wood = ground.number_pixels(grid, grid.whole) == 0
    assert 0.45 < wood.mean() < 0.55
    water = (truth["rain"] * (1 - FOREST["runoff_coefficient"]) - truth["evapotranspiration"]) * 10
    kept = truth["erosion_potential"] - truth["erosion"] * FOREST["conservation_practice"]
    silt = kept * 0.24 / 1.3
    where = inside & wood
    np.testing.assert_allclose(values["service_reg_01_2024"][where], water[where], rtol=2e-5)
    np.testing.assert_allclose(values["service_reg_02a_2024"][where], silt[where], rtol=2e-5, atol=1e-5)
    total = water * 6 + silt * 15
    np.testing.assert_allclose(values["value_per_ha_2024"][where], total[where], rtol=2e-5, atol=1e-3)
    assert np.isnan(values["service_reg_02a_2024"][~wood]).all()
    plants = inside & ~wood & (maps.open("land_cover", year)["land_cover"].to_numpy() == 2)
    mapped = (truth["rain"] * 0.95 - truth["evapotranspiration"]) * 60
    np.testing.assert_allclose(values["value_per_ha_2024"][plants], mapped[plants], rtol=2e-5, atol=1e-2)
