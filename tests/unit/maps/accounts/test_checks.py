"""What rasters hold is looked at before anything is made of it; what cannot be is refused by name."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pyproj import CRS

from pipeline import standards
from pipeline.errors import InputError
from pipeline.maps.accounts.checks import ACCOUNT_CHECKS, describe_account_layer
from pipeline.maps.accounts.entries import LAYERS, open_layers
from pipeline.maps.accounts.fields import ACCOUNT_LAYERS
from pipeline.maps.step import Maps
from pipeline.periods import list_periods
from pipeline.settings.account_layers import AccountLayers
from pipeline.settings.accounts import Accounts
from tests.scenery import LEFT, TOP, UTM
from tests.unit.conftest import SIZE
from tests.unit.ingest.layers.planted import tif

WRONG = {
    "rain": (1.09, "mm a year"),
    "evapotranspiration": (-700.0, "upward positive"),
    "sand": (300.0, "convention soilgrids"),
    "organic_carbon": (120.0, "convention soilgrids"),
    "npp": (700.0, "t C/ha a year"),
    "temperature": (290.0, "K have a convention"),
    "elevation": (12000.0, "heights are in m"),
    "hot_days": (400.0, "days of a year"),
}


def study_of(planted, sources):
    accounts = Accounts(layers=AccountLayers.model_validate(sources))
    return replace(planted, settings=planted.settings.model_copy(update={"accounts": accounts}))


def plain(folder, name, value):
    numbers = np.full((SIZE, SIZE), value, dtype=np.float32)
    numbers[:, : SIZE // 4] = np.nan
    return {"path": tif(folder / f"{name}.tif", numbers, units=(LAYERS[name].unit,))}


def test_all_numbers_that_cannot_be_are_refused_by_file_at_once(planted, tmp_path):
    sources = {name: plain(tmp_path, name, value) for name, (value, _) in WRONG.items()}
    study = study_of(planted, sources | {"clay": plain(tmp_path, "clay", 30.0)})
    maps = Maps(study, (), (), None, None)
    with pytest.raises(InputError) as refused:
        ACCOUNT_CHECKS.build(None, maps, study.periods[0], tmp_path)
    told = {problem.place.rpartition("/")[2]: str(problem) for problem in refused.value.problems}
    assert set(told) == {f"{name}.tif" for name in WRONG}
    for name, (_, words) in WRONG.items():
        assert words in told[f"{name}.tif"]


def test_files_that_are_none_are_all_named_at_once(planted, tmp_path):
    study = study_of(planted, {name: {"path": str(tmp_path / f"{name}.tif")} for name in ("rain", "npp")})
    with pytest.raises(InputError) as refused:
        open_layers(study, study.periods[0], tuple(LAYERS), None)
    assert [problem.place.rpartition("/")[2] for problem in refused.value.problems] == ["rain.tif", "npp.tif"]


def test_a_row_says_what_was_found(planted, tmp_path):
    study = study_of(planted, {"npp": plain(tmp_path, "npp", 6.5)})
    (year,) = study.periods
    opened = open_layers(study, year, ("npp",), None)["npp"]
    row = describe_account_layer("npp", opened, study.grid, year.label)
    assert (row["unit"], row["moments"], row["pixel_m"]) == ("t C/ha", 1, pytest.approx(10))
    assert (row["least"], row["mean"], row["most"]) == pytest.approx((6.5, 6.5, 6.5))
    assert 0.5 < row["known_share"] < 1
    assert "it holds in every period" in row["assumed"]


def test_every_layer_has_limits_that_admit_something():
    limits = {row["layer"]: row for row in standards.read_rows("layer_limits")}
    assert set(limits) == set(LAYERS)
    for row in limits.values():
        assert float(row["least"]) <= float(row["least_mean"]) < float(row["most"])
        assert all(row[name] for name in ("hint_zh", "hint_en", "source"))


def test_years_of_one_file_are_maps_of_their_own(planted, tmp_path):
    months = xr.DataArray(
        np.ones((24, 2, 2)),
        dims=("time", "y", "x"),
        coords={
            "time": pd.date_range("2023-01-01", periods=24, freq="MS"),
            "y": [TOP - 500.0, TOP - 1500.0],
            "x": [LEFT + 500.0, LEFT + 1500.0],
        },
        attrs={"units": "mm", "grid_mapping": "crs"},
    ).to_dataset(name="rain")
    months["crs"] = xr.DataArray(0, attrs=CRS(UTM).to_cf())
    months["y"].attrs["axis"], months["x"].attrs["axis"] = "Y", "X"
    months.to_netcdf(tmp_path / "rain.nc", engine="h5netcdf")
    study = study_of(planted, {"rain": {"path": str(tmp_path / "rain.nc"), "variable": "rain"}})
    maps = Maps(study, (), (), None, None)
    years = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")
    for step in (ACCOUNT_CHECKS, ACCOUNT_LAYERS):
        one, other = (step.settings(maps, year) for year in years)
        assert one["sources"] == other["sources"]
        assert one != other
