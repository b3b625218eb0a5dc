"""Figures of a delivery, found again by other means, and the way from each back to its scenes."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.features import shapes
from shapely.geometry import shape

AREAS = ["chongming_wetlands", "guangyang_island", "longyou_bay"]
PERIODS = ["2023", "2024"]
SOIL, VEGETATION = 0.11, 0.89


@pytest.fixture(params=AREAS)
def folder(request, demo):
    return demo / request.param / "2024"


def raster(folder, name):
    with rasterio.open(folder / "rasters" / f"{name}.tif") as source:
        return source.read(1)


def table(folder, name):
    return pd.read_csv(folder / "tables" / f"{name}.csv", encoding="utf-8-sig", dtype={"period": str})


@pytest.mark.parametrize("period", PERIODS)
def test_cover_is_what_its_ndvi_and_its_endmembers_give(folder, period):
    ndvi, fvc = raster(folder, f"ndvi_{period}"), raster(folder, f"fvc_{period}")
    expected = np.clip((ndvi * 1e-4 - SOIL) / (VEGETATION - SOIL), 0, 1)
    seen = ndvi != -32768
    assert ((fvc != -32768) == seen).all()
    assert np.abs(expected - fvc * 1e-4)[seen].max() < 0.6e-4


def test_change_patches_have_the_area_of_the_transitions_that_reach_the_minimum_mapping_unit(folder):
    patches = gpd.read_file(folder / "inventory.gpkg", layer="change_patches")
    moves = table(folder, "transitions_2023_2024")
    known = (moves[["from", "to"]] != "unknown").all(axis=1)
    changed = known & (moves["from"] != moves["to"])
    kept = moves.loc[changed, "area_counted_m2"].sum()
    assert patches["area_m2"].sum() == pytest.approx(kept, rel=1e-6)
    assert kept < moves.loc[changed, "area_m2"].sum()
    for column in ("area_m2", "area_counted_m2"):
        assert moves[column].sum() == pytest.approx(moves["area_m2"].sum(), rel=1e-9)


def test_a_change_too_small_to_count_is_in_no_map_and_in_the_figures_beside(folder):
    codes = raster(folder, "change_2023_2024")
    patches = shapes(codes, mask=(codes != 0) & (codes != 255))
    assert min(shape(outline).area for outline, _ in patches) >= 6
    figures = table(folder, "indicators").set_index("indicator")["value"]
    assert figures["changed_share"] < figures["changed_share_unfiltered"]


def test_every_figure_leads_to_the_scenes_of_its_own_period(folder):
    scenes = pd.DataFrame(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["scenes"])
    assert scenes["item_sha256"].str.len().eq(64).all()
    assert set(table(folder, "reads")["scene_id"]) <= set(scenes["id"])
    days = scenes["datetime"].str[:10]
    inventory = gpd.read_file(folder / "inventory.gpkg", layer="inventory")
    indicators = table(folder, "indicators")
    for period in PERIODS:
        own = days[days.str.startswith(period)]
        words = f"{len(own)} 景 ", f"{own.min()}/{own.max()}"
        cover = indicators[indicators["indicator"].str.contains("fvc") & indicators["period"].eq(period)]
        for texts in (cover["source"], inventory.loc[inventory["period"] == period, "data_source"]):
            assert len(texts)
            assert all(texts.str.contains(word, regex=False).all() for word in words)


def test_the_mean_by_percentiles_names_its_own_endmembers(folder):
    sources = table(folder, "indicators").set_index("indicator")["source"]
    assert sources["mean_fvc_land"].str.contains("given in the config").all()
    assert sources["mean_fvc_land_percentiles"].str.contains("percentiles 5 and 95").all()
