"""Scenes as analysts load them: the planted reflectance look by look, and what is refused by name."""

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

import pipeline
from pipeline.errors import BrokenAsset, InputError, NoScenes, SettingsError
from pipeline.ingest.reading import blocks
from pipeline.ingest.scenes.sensors import OLI_BANDPASS
from pipeline.settings import Clear
from tests.planted_scenes import GRID, LANDSAT, NIR, find_clear, list_fields, plant_scenes, reflect
from tests.scenery import NO_GROWTH

DAYS = list(NIR["north"])


@pytest.fixture(scope="module")
def looks(catalogue, scenes):
    return pipeline.load_scenes(
        scenes, ["red", "nir"], aoi=catalogue.query["aoi"], clear=NO_GROWTH, harmonise=False
    )


def cut(values):
    """The pixels of the planted tile out of a larger grid around it."""
    return values.sel(x=slice(GRID.left, GRID.left + 960), y=slice(GRID.top, GRID.top - 960))


def test_a_row_is_a_scene_with_what_its_offset_rests_on(scenes):
    assert scenes["datetime"].dt.strftime("%Y-%m-%d").tolist() == DAYS
    assert scenes.crs.to_epsg() == 4490
    assert scenes["simulated"].all()
    assert (scenes.loc[scenes["mission"] == "sentinel-2", "offset_source"] == "raster:bands").all()
    assert scenes.attrs["account"]["taken"] == len(DAYS)


@pytest.mark.parametrize("day", [day for day in DAYS if day != LANDSAT])
@pytest.mark.parametrize("band", ["red", "nir"])
def test_a_band_is_the_planted_reflectance_where_its_look_is_clear_and_nan_elsewhere(looks, band, day):
    found = cut(looks[band]).sel(time=day).squeeze("time")
    expected = np.where(find_clear(day), reflect(band, day), np.nan)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.values, expected, atol=6e-5)


def test_a_look_of_coarser_pixels_is_resampled_and_keeps_its_mean(looks):
    found = cut(looks["nir"]).sel(time=LANDSAT).squeeze("time")
    assert float(found.mean()) == pytest.approx(reflect("nir", LANDSAT).mean(), abs=2e-3)


def test_a_dataset_knows_its_place_its_times_and_that_it_is_simulated(looks):
    assert looks.rio.crs.to_epsg() == 32651
    assert looks.rio.resolution() == (10, -10)
    assert looks.sizes["time"] == len(DAYS)
    assert looks["mission"].values.tolist().count("landsat-8") == 1
    assert [str(day) for day in looks["day"].values] == DAYS
    assert looks["nir"].attrs["units"] == "1"
    assert "simulated" in looks.attrs["simulated"]
    assert "simulated" in pipeline.compute_index("ndvi", looks).attrs["simulated"]
    assert looks["time"].dtype.kind == "M"


def test_nothing_is_read_before_it_is_computed_and_a_mask_once_for_all_bands(catalogue, scenes, monkeypatch):
    asked = []
    real = blocks.read_nearest

    def count(files, asset, *rest, **more):
        asked.append(asset.href)
        return real(files, asset, *rest, **more)

    monkeypatch.setattr(blocks, "read_nearest", count)
    lazy = pipeline.load_scenes(scenes.head(1), ["red", "nir", "swir16"], aoi=catalogue.query["aoi"])
    assert asked == []
    lazy.compute()
    assert len([href for href in asked if href.endswith("scl.tif")]) == 1


@pytest.mark.parametrize("chunks", [{"time": -1}, {"time": 2, "y": 40, "x": 33}, {"y": 17}])
def test_chunks_change_no_number(catalogue, scenes, looks, chunks):
    found = pipeline.load_scenes(
        scenes, ["nir"], aoi=catalogue.query["aoi"], clear=NO_GROWTH, harmonise=False, chunks=chunks
    )
    xr.testing.assert_equal(found["nir"].compute(), looks["nir"].compute())


def test_without_a_mask_clouds_are_seen_as_they_are_and_what_no_file_holds_stays_nan(catalogue, scenes):
    found = pipeline.load_scenes(scenes, ["nir"], aoi=catalogue.query["aoi"], clear=False, harmonise=False)
    assert bool(np.isfinite(cut(found["nir"]).sel(time=DAYS[4])).all())
    assert found.attrs["clear"] == "none"
    assert not bool(np.isfinite(found["nir"]).all())


def test_clear_rules_of_ones_own_are_obeyed(catalogue, scenes):
    found = pipeline.load_scenes(
        scenes.iloc[[1]], ["nir"], aoi=catalogue.query["aoi"], clear=Clear(open_px=0, dilate_px=4)
    )
    clear = np.isfinite(cut(found["nir"])).squeeze("time").values
    assert not clear[:20].any()
    assert clear[20:].all()


def test_harmonised_sentinel_2_is_brought_to_oli_where_both_are_there(catalogue, scenes):
    found = pipeline.load_scenes(scenes, ["red"], aoi=catalogue.query["aoi"], clear=NO_GROWTH)
    slope, offset = OLI_BANDPASS["sentinel-2a"]["red"]
    first = cut(found["red"]).isel(time=0)
    np.testing.assert_allclose(first.values, slope * reflect("red", DAYS[0]) + offset, atol=1e-4)
    alone = scenes[scenes["mission"] == "sentinel-2"]
    assert pipeline.load_scenes(alone, ["red"], aoi=catalogue.query["aoi"]).attrs["harmonised"] == 0


def test_a_file_that_is_gone_is_an_error_with_its_scene_unless_it_may_be_skipped(tmp_path):
    catalogue = plant_scenes(tmp_path, lost=(DAYS[2], "nir"))
    scenes = pipeline.search_scenes(**catalogue.query)
    asked = {"aoi": catalogue.query["aoi"], "harmonise": False}
    with pytest.raises(BrokenAsset, match="20240521"):
        pipeline.load_scenes(scenes, ["nir"], **asked).compute()
    found = pipeline.load_scenes(scenes, ["nir"], on_failure="skip", **asked).compute()
    assert np.isfinite(cut(found["nir"])).any(("y", "x")).values.tolist() == [True, True, False, True, False]


def test_rows_that_analysts_drop_and_columns_that_they_add_are_theirs(catalogue, scenes):
    mine = scenes[scenes["mission"] == "sentinel-2"].assign(note="mine").iloc[:2]
    assert pipeline.load_scenes(mine, ["red"], aoi=catalogue.query["aoi"]).sizes["time"] == 2


def test_what_cannot_be_asked_is_refused_by_name(catalogue, scenes):
    aoi = catalogue.query["aoi"]
    with pytest.raises(SettingsError, match=r"'lwir99'.*one of"):
        pipeline.load_scenes(scenes, ["red", "lwir99"], aoi=aoi)
    with pytest.raises(SettingsError, match="10, 20, 30 or 60"):
        pipeline.load_scenes(scenes, ["red"], aoi=aoi, resolution=15)
    with pytest.raises(InputError, match="none over the area"):
        pipeline.load_scenes(scenes, ["red"], aoi=shapely.box(100, 20, 100.1, 20.1))
    with pytest.raises(InputError, match="no column assets"):
        pipeline.load_scenes(scenes.drop(columns="assets"), ["red"], aoi=aoi)
    with pytest.raises(NoScenes, match="20240501"):
        pipeline.search_scenes(**{**catalogue.query, "start": "2020-01-01", "end": "2020-02-01"})
    with pytest.raises(SettingsError, match=r"missions\.0.*landsat-6"):
        pipeline.search_scenes(**catalogue.query, missions=["landsat-6"])
    with pytest.raises(SettingsError, match="out="):
        pipeline.search_scenes(aoi, "2024-01-01", "2024-12-31", provider="simulated")
    with pytest.raises(InputError, match="Point"):
        pipeline.search_scenes(**{**catalogue.query, "aoi": shapely.Point(121, 31)})


def test_a_search_that_is_kept_is_found_again_and_tells_the_same(catalogue, tmp_path, scenes):
    kept = pipeline.search_scenes(**catalogue.query, out=tmp_path)
    again = pipeline.search_scenes(**catalogue.query, out=tmp_path)
    columns = ["id", "datetime", "offset_evidence", "assets"]
    pd.testing.assert_frame_equal(pd.DataFrame(kept[columns]), pd.DataFrame(scenes[columns]))
    pd.testing.assert_frame_equal(pd.DataFrame(kept), pd.DataFrame(again))
    assert (tmp_path / "work" / "ledger.sqlite").is_file()


def test_fields_are_found_by_a_table_in_any_crs(catalogue, scenes):
    by_table = pipeline.search_scenes(**{**catalogue.query, "aoi": list_fields()})
    assert by_table["id"].tolist() == scenes["id"].tolist()
