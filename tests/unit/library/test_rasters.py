"""Maps of a delivery: the planted pixels, decoded, placed, named, and unknown where nothing is known."""

import shutil

import numpy as np
import pytest
import rasterio
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline.errors import SettingsError
from pipeline.legends import LAND_COVER
from pipeline.library import rasters
from pipeline.storage.blocks import Layer, create_store, write_block

SCALE = 1e-4


@pytest.fixture(scope="module")
def maps(out):
    return pipeline.open_delivery(out, aoi="delta").maps


def find_raster(small, name):
    return next(raster for raster in small.rasters if raster.name == name)


@pytest.mark.parametrize("name", ["fvc", "looks", "land_cover", "change"])
def test_a_map_holds_the_planted_numbers_and_nan_where_nothing_is_known(maps, small, name):
    for dim in ("period", "pair"):
        for when in maps[name].coords[dim].values if dim in maps[name].dims else ():
            stored = find_raster(small, f"{name}_{when.replace('/', '_')}")
            values = stored.values.to_numpy().astype(float)
            unknown = {"ratio": -32768, "classes": 255}.get(stored.kind)
            expected = np.where(values == unknown, np.nan, values) * (SCALE if name == "fvc" else 1)
            np.testing.assert_allclose(maps[name].sel({dim: when}), expected, rtol=1e-6)


def test_maps_lie_where_the_grid_does(maps, small):
    grid = small.grid
    assert maps.rio.crs.to_string() == maps["fvc"].rio.crs.to_string() == grid.crs
    assert maps["fvc"].rio.transform() == grid.transform
    assert maps["fvc"].dims == ("period", "y", "x")
    assert maps["change"].dims == ("pair", "y", "x")


def test_a_period_is_told_by_its_label_and_its_days(maps):
    assert [*maps["period"].values, *maps["pair"].values] == ["2023", "2024", "2023/2024"]
    days = maps.sel(period="2024")
    assert (str(days["first_day"].values)[:10], str(days["last_day"].values)[:10]) == (
        "2024-01-01",
        "2024-12-31",
    )


def test_maps_are_lazy_and_say_what_they_are(maps):
    assert all(array.chunks for array in maps.values())
    assert maps["fvc"].attrs == {
        "long_name": "FVC", "long_name_zh": "植被覆盖度", "units": "1", "simulated": "模拟数据",
    }  # fmt: skip
    assert (maps.attrs["aoi"], maps.attrs["title_zh"], "long_name" in maps.attrs) == (
        "delta",
        "河口湿地",
        False,
    )


def test_classes_have_the_flags_of_their_legend(maps):
    told = maps["land_cover"].attrs
    classes = LAND_COVER.classes
    assert list(told["flag_values"]) == [one.code for one in classes]
    assert told["flag_meanings"].split() == [one.name_en.replace(" ", "_") for one in classes]
    assert told["flag_meanings_zh"].split() == [one.name_zh for one in classes]
    assert [color.lower() for color in told["flag_colors"].split()] == [one.color.lower() for one in classes]
    assert "units" not in told


def test_maps_are_kept_in_a_netcdf_file_as_they_are(maps, tmp_path):
    some = maps[["fvc", "land_cover", "change"]]
    some.to_netcdf(tmp_path / "maps.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "maps.nc", engine="h5netcdf", decode_coords="all") as again:
        xr.testing.assert_allclose(again[["fvc"]].load(), some[["fvc"]].compute())
        assert again["land_cover"].attrs["flag_meanings_zh"] == some["land_cover"].attrs["flag_meanings_zh"]


def test_a_map_of_one_period_is_unknown_in_the_others(out, tmp_path):
    folder = tmp_path / "delivery"
    shutil.copytree(out, folder, symlinks=True)
    manifest = folder / "delta" / "2024" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace("rasters/fvc_2023.tif", "fvc_2023.tif"), "utf-8")
    fvc = pipeline.open_delivery(folder, aoi="delta").maps["fvc"]
    assert np.isnan(fvc.sel(period="2023")).all()
    assert np.isfinite(fvc.sel(period="2024")).any()


LABELS = st.sampled_from(["2024", "2024Q3", "2024-04", "2024-summer", "2023-12", "2023"])


@given(
    name=st.from_regex(r"[a-z]+(_[a-z0-9]+)?", fullmatch=True),
    labels=st.lists(LABELS, min_size=2, max_size=2, unique=True),
)
def test_the_name_of_a_file_is_taken_apart_as_it_was_put_together(name, labels):
    first, second = labels
    assert rasters.split_name(f"{name}_{first}", labels) == (name, "period", first)
    assert rasters.split_name(f"{name}_{first}_{second}", labels) == (name, "pair", f"{first}/{second}")
    assert rasters.split_name(name, labels) == (name, "", "")


def test_a_delivered_composite_has_the_planted_reflectance_by_band():
    composite = pipeline.open_composite("delivery/delta/latest", "2024")
    assert list(composite.data_vars) == ["nir", "red"]
    assert composite["nir"].isel(y=1).values == pytest.approx(0.3)
    assert np.isnan(composite["red"].isel(y=0)).all()
    assert composite.rio.crs.to_epsg() == 32651


def test_a_composite_that_was_not_kept_is_refused_with_the_way_to_it():
    with pytest.raises(SettingsError, match=r"composite_2023\.tif.*composite: true"):
        pipeline.open_composite("delivery/delta/latest", "2023")
    with pytest.raises(SettingsError, match=r"'2022'; expected one of 2023, 2024"):
        pipeline.open_composite("delivery/delta/latest", "2022")


def test_a_composite_of_the_workspace_is_that_of_the_period(out, small, tmp_path):
    folder = tmp_path / "delivery"
    shutil.copytree(out, folder, symlinks=True)
    manifest = folder / "delta" / "2024" / "manifest.json"
    text = manifest.read_text("utf-8")
    assert '"accounts": null' in text
    keys = ["a" * 64, "b" * 64]
    manifest.write_text(text.replace('"accounts": null', f'"composite": {keys!r}'.replace("'", '"')), "utf-8")
    store = folder / "work" / "artifacts" / "composite" / keys[0][:24]
    layers = {
        "red": Layer("int16", -32768, {"scale_factor": SCALE, "units": "1"}),
        "looks": Layer("uint16", 0, {"units": "1"}),
    }
    create_store(store, layers, small.grid, 512)
    block = next(small.grid.blocks(512))
    planes = {"red": np.full(block.shape, 2500, np.int16), "looks": np.full(block.shape, 7, np.uint16)}
    planes["red"][0, 0] = -32768
    write_block(store, block, planes)
    composite = pipeline.open_composite(folder / "delta" / "latest", "2023")
    assert composite.rio.transform() == small.grid.transform
    assert composite.rio.crs.to_string() == small.grid.crs
    assert float(composite["red"][1, 1]) == pytest.approx(0.25)
    assert np.isnan(composite["red"][0, 0])
    assert int(composite["looks"][0, 0]) == 7


def test_maps_read_no_pixel_before_they_are_asked_for(out, monkeypatch):
    read = []
    monkeypatch.setattr(rasterio.DatasetReader, "read", lambda *_, **__: read.append(1), raising=False)
    found = pipeline.open_delivery(out, aoi="delta").maps
    assert (found.sizes["period"], read) == (2, [])
