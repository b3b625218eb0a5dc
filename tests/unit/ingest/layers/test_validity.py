"""What a raster says of nothing is obeyed at the door of layers: files, maps of land cover, variables."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.layers.door import open_layer
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.land_maps import open_map
from pipeline.ingest.layers.layer import NO_CODE
from pipeline.settings.layers import LayerFile, LayerVariable
from pipeline.settings.maps import LandMap
from tests.declared import PLACE, Declared
from tests.scenery import UTM
from tests.unit.ingest.layers.planted import DEGREES, GRID, cube, drawn, lattice, toy

NUMBERS = np.arange(100, 100 + GRID.height * GRID.width).reshape(GRID.shape)
HIDDEN = (NUMBERS % 5 == 0) | (NUMBERS > 2500)
WAYS = {
    "its own nodata": Declared("nodata", -9999, "int32"),
    "a mask within": Declared("mask"),
    "a mask within and a nodata": Declared("mask", 7),
    "a mask beside": Declared("msk"),
    "an alpha band": Declared("alpha"),
    "an alpha band and a nodata": Declared("alpha", 65535),
    "NaN": Declared("nodata", float("nan"), "float32"),
}


def read_file(path, layer=None, **fields):
    layer = layer or toy("nearest")
    return read_layer(open_layer(layer, LayerFile(path=str(path), **fields), GRID), GRID, GRID.whole)


@pytest.mark.parametrize("declared", WAYS.values(), ids=WAYS)
def test_a_file_hides_numbers_and_classes_however_it_says_so(tmp_path, declared):
    path = declared.write(tmp_path / "a.tif", NUMBERS, HIDDEN)
    assert np.array_equal(read_file(path), np.where(HIDDEN, np.nan, NUMBERS), equal_nan=True)
    if declared.dtype != "float32":
        assert (read_file(path, toy("mode")) == np.where(HIDDEN, NO_CODE, NUMBERS)).all()


def test_a_number_that_is_the_nodata_of_a_file_with_a_mask_is_nothing_too(tmp_path):
    path = Declared("mask", 104).write(tmp_path / "a.tif", NUMBERS, NUMBERS == 101)
    found = read_file(path)
    assert np.isnan(found[np.isin(NUMBERS, (101, 104))]).all()
    assert np.isnan(found).sum() == 2


@pytest.mark.parametrize(
    "tags",
    [
        {"valid_range": "{200,2000}"},
        {"valid_range": "200 2000"},
        {"valid_min": "200", "valid_max": "2000"},
        {"valid_range": "2000, 200"},
    ],
    ids=str,
)
def test_the_valid_range_that_a_file_keeps_from_its_netcdf_is_obeyed(tmp_path, tags):
    path = Declared("nothing").write(tmp_path / "a.tif", NUMBERS, HIDDEN)
    with rasterio.open(path, "r+") as file:
        file.update_tags(1, **tags)
    beside = (NUMBERS < 200) | (NUMBERS > 2000)
    assert np.array_equal(read_file(path), np.where(beside, np.nan, NUMBERS), equal_nan=True)


def test_a_mask_that_is_put_beside_a_file_makes_it_another_one(tmp_path):
    path = Declared("nothing").write(tmp_path / "a.tif", NUMBERS, HIDDEN)
    before = open_layer(toy(), LayerFile(path=str(path)), GRID).checksum()
    mask = Declared("msk").write(tmp_path / "b.tif", NUMBERS, HIDDEN).with_suffix(".tif.msk")
    mask.rename(tmp_path / "a.tif.msk")
    assert open_layer(toy(), LayerFile(path=str(path)), GRID).checksum() != before
    assert np.isnan(read_file(path)[HIDDEN]).all()


@pytest.mark.parametrize("declared", [WAYS["a mask within"], WAYS["a mask beside"], WAYS["an alpha band"]])
def test_a_map_of_land_cover_is_unknown_where_its_mask_says_so(tmp_path, declared):
    codes = NUMBERS % 3 + 1
    path = declared.write(tmp_path / "map.tif", codes, HIDDEN)
    given = LandMap(path=str(path), product="ours", classes={1: "forest", 2: "crop", 3: "water"})
    found = read_layer(open_map(given).layer, GRID, GRID.whole)
    assert (found == np.where(HIDDEN, NO_CODE, codes)).all()


@pytest.mark.parametrize("band", [2, "2024"])
def test_a_map_in_a_file_of_several_bands_is_the_one_that_the_config_names(tmp_path, band):
    codes = NUMBERS % 3 + 1
    declared = Declared("nothing", bands=2, band=2, names=("2021", "2024"))
    path = declared.write(tmp_path / "map.tif", codes, HIDDEN)
    given = LandMap(path=str(path), product="ours", classes={1: "forest", 2: "crop", 3: "water"})
    with pytest.raises(InputError, match=r"map\.tif: found 2 bands: 1 2021, 2 2024.*Name one by `band`"):
        open_map(given)
    found = read_layer(open_map(given.model_copy(update={"band": band})).layer, GRID, GRID.whole)
    assert (found == codes).all()


@pytest.mark.parametrize(
    ("transform", "crs", "why"),
    [
        (Affine(10, 0, 4e5, 0, 0, 3e6), UTM, "pixels of 10 x 0"),
        (Affine(float("nan"), 0, 4e5, 0, -10, 3e6), UTM, "the transform"),
        (Affine(10, 0, 1e12, 0, -10, 3e6), UTM, "40 rows and 70 columns, with a corner at"),
        (Affine(10, 0, 4e5, 0, -10, 3e6), DEGREES, "pixels of 10 x 10"),
        (PLACE, 'LOCAL_CS["site",UNIT["metre",1]]', "site"),
    ],
)
@pytest.mark.parametrize("resampling", ["mean", "mode"])
def test_a_raster_that_lies_nowhere_on_the_earth_is_refused_by_name(
    tmp_path, transform, crs, why, resampling
):
    path = Declared("nothing", transform=transform, crs=crs).write(tmp_path / "a.tif", NUMBERS, HIDDEN)
    with pytest.raises(InputError, match=rf"a\.tif: found ({why}|no CRS)"):
        read_file(path, toy(resampling))


@pytest.mark.parametrize("resampling", ["mean", "mode", "nearest"])
def test_pixels_that_are_too_many_for_the_memory_are_refused_by_name(tmp_path, resampling):
    tiny = replace(Declared("nothing"), transform=PLACE * Affine.scale(2e-3))
    path = tiny.write(tmp_path / "a.tif", NUMBERS, HIDDEN)
    with pytest.raises(InputError, match=r"a\.tif: found pixels of 0.02 m; expected"):
        read_file(path, toy(resampling))


def as_netcdf(dataset: xr.Dataset, path: Path, encoding: dict) -> str:
    dataset.to_netcdf(path, engine="h5netcdf", encoding={"rain": encoding})
    return str(path)


def read_variable(path, layer=None):
    given = LayerVariable(path=path, variable="rain")
    return read_layer(open_layer(layer or toy("nearest", unit="mm"), given, GRID), GRID, GRID.whole)


def still(values):
    """A variable without time on a lattice of degrees that holds the grid."""
    dataset = cube(values[None], np.array(["2024-05-01"], dtype="datetime64[ns]"), 4e-4)
    return dataset.isel(time=0, drop=True)


def on_grid(values):
    """What the nearest pixel of a lattice holds on the grid."""
    lon, lat = lattice(4e-4, values.shape)
    plain = still(values)
    assert np.allclose(plain["lon"], lon)
    assert np.allclose(plain["lat"], lat)
    with TemporaryDirectory() as folder:
        path = as_netcdf(plain.astype("float64"), Path(folder) / "plain.nc", {"_FillValue": -1e9})
        return read_variable(path)


PLANTED = np.rint(drawn((30, 40), holes=0) * 10)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_what_was_never_written_to_a_netcdf_is_nothing(tmp_path, dtype):
    fill = {"int16": -32767, "int32": -2147483647}.get(dtype, 9.969209968386869e36)
    holes = PLANTED % 7 == 0
    values = np.where(holes, fill, PLANTED).astype(dtype)
    path = as_netcdf(still(values), tmp_path / "a.nc", {"_FillValue": None})
    expected = on_grid(np.where(holes, np.nan, PLANTED))
    assert np.array_equal(read_variable(path), expected, equal_nan=True)


@pytest.mark.parametrize("key", ["_FillValue", "missing_value"])
@pytest.mark.parametrize("packed", [True, False])
def test_the_fill_that_a_variable_states_is_nothing(tmp_path, key, packed):
    holes = PLANTED % 7 == 0
    values = np.where(holes, np.nan, PLANTED)
    encoding = {"dtype": "int32", key: np.int32(-5), **({"scale_factor": 0.5} if packed else {})}
    path = as_netcdf(still(values), tmp_path / "a.nc", encoding)
    assert np.array_equal(read_variable(path), on_grid(values), equal_nan=True)


@pytest.mark.parametrize(
    "ends", [np.array([80, 900], dtype="int16"), np.array([40.0, 450.0])], ids=["as stored", "as meant"]
)
def test_a_valid_range_holds_in_stored_numbers_or_in_the_ones_that_are_meant(tmp_path, ends):
    values = np.rint(PLANTED / 5) * 5
    dataset = still(values)
    dataset["rain"].attrs["valid_range"] = ends
    path = as_netcdf(dataset, tmp_path / "a.nc", {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -9})
    inside = (values >= 40) & (values <= 450)
    expected = on_grid(np.where(inside, values, np.nan))
    assert np.array_equal(read_variable(path), expected, equal_nan=True)


def test_a_variable_with_an_empty_axis_is_refused_by_name(tmp_path):
    path = as_netcdf(still(PLANTED).isel(lat=slice(0, 0)), tmp_path / "a.nc", {})
    with pytest.raises(InputError, match=r"a\.nc, rain: found nothing along lat"):
        read_variable(path)


def test_the_fill_of_a_zarr_variable_is_nothing(tmp_path):
    values = np.where(PLANTED % 7 == 0, np.nan, PLANTED)
    encoding = {"rain": {"dtype": "int16", "_FillValue": -77}}
    still(values).to_zarr(tmp_path / "a.zarr", encoding=encoding, consolidated=False)
    assert np.array_equal(read_variable(str(tmp_path / "a.zarr")), on_grid(values), equal_nan=True)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["nodata", "mask", "msk", "alpha"]),
    st.sampled_from([None, 7, 250, 0]),
    st.sampled_from(["uint8", "uint16", "int16", "int32"]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_a_raster_gives_the_planted_classes_or_is_refused(way, nodata, dtype, bands, band, named, seed):
    rng = np.random.default_rng(seed)
    codes, hidden = rng.integers(1, 7, GRID.shape), rng.random(GRID.shape) < 0.2
    nodata = 0 if way == "nodata" and nodata is None else nodata
    declared = Declared(way, nodata, dtype, min(band, bands), bands)
    with TemporaryDirectory() as folder:
        path = declared.write(Path(folder) / "a.tif", codes, hidden)
        fields = {"band": declared.band} if named else {}
        if bands > 1 and not named:
            with pytest.raises(InputError, match=rf"a\.tif: found {bands} bands"):
                read_file(path, toy("mode"), **fields)
        else:
            found = read_file(path, toy("mode"), **fields)
            assert (found == np.where(hidden, NO_CODE, codes)).all()
