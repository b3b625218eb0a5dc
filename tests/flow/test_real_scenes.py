"""Real Sentinel-2 chips through the whole program: South Tyrol and Flanders."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from programs import SHARED, ecoledger, write_config

CATALOG = SHARED / "data" / "real_scenes" / "catalog.json"
pytestmark = pytest.mark.skipif(not CATALOG.exists(), reason="../shared/data/real_scenes is absent")

TYROL = shapely.Polygon([(11.285, 46.470), (11.392, 46.474), (11.398, 46.520), (11.300, 46.517)])
FLANDERS = shapely.Polygon([(5.0520, 51.2162), (5.0600, 51.2160), (5.0598, 51.2211), (5.0530, 51.2213)])


def delivered(folder, outline, name, **scenes):
    """Run over one outline with four quarters of it as parcels; the delivery folder and its label."""
    folder.mkdir(exist_ok=True)
    gpd.GeoDataFrame({"id": [name], "name": [name]}, geometry=[outline], crs="EPSG:4490").to_file(
        folder / "area.geojson"
    )
    middle = outline.centroid
    west, south, east, north = outline.bounds
    quarters = [
        shapely.box(*bounds).intersection(outline)
        for bounds in (
            (west, south, middle.x, middle.y),
            (middle.x, south, east, middle.y),
            (west, middle.y, middle.x, north),
            (middle.x, middle.y, east, north),
        )
    ]
    parcels = gpd.GeoDataFrame(
        {"parcel_no": [f"P{number}" for number in range(4)], "DLBM": ["0301", "0404", "1102", "0101"]},
        geometry=quarters,
        crs="EPSG:4490",
    )
    parcels.to_file(folder / "parcels.gpkg", layer="地块")
    config = {
        "label": "real",
        "aoi": ["area.geojson"],
        "scenes": {"provider": {"static": str(CATALOG)}, "missions": ["sentinel-2"], **scenes},
        "indices": ["ndvi"],
        "parcels": {"path": "parcels.gpkg"},
        "outputs": {"composite": True},
    }
    ecoledger("run", write_config(folder / "run.yaml", config), "--out", folder / "out", "--quiet")
    return folder / "out" / name / "real"


@pytest.fixture(scope="module")
def tyrol(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tyrol")
    return delivered(folder / "run", TYROL, "tyrol", start="2022-06-01", end="2022-06-30", period="month")


@pytest.fixture(scope="module")
def flanders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flanders")
    return delivered(
        folder / "run",
        FLANDERS,
        "flanders",
        start="2023-04-01",
        end="2023-04-30",
        period="month",
        max_cloud_percent=100,
    )


def test_ndvi_of_south_tyrol_is_that_of_the_chips_own_pixels(tyrol):
    chip = CATALOG.parent / "S2_ALPS_20220612"
    with rasterio.open(tyrol / "rasters" / "ndvi_2022-06.tif") as source:
        ndvi = source.read(1, masked=True) * source.scales[0]
        left, top = source.transform * (0, 0)
        with rasterio.open(chip / "red.tif") as red, rasterio.open(chip / "nir.tif") as nir:
            window = rasterio.windows.from_bounds(
                left, top - source.height * 10, left + source.width * 10, top, red.transform
            )
            r, n = (band.read(1, window=window, boundless=True).astype(float) for band in (red, nir))
    expected = (n - r) / (n + r)
    seen = ~np.ma.getmaskarray(ndvi)
    assert seen.sum() > 100_000
    assert np.abs(ndvi[seen] - expected[seen]).max() <= 1e-4


def test_only_the_two_clear_dates_of_flanders_count(flanders):
    with rasterio.open(flanders / "rasters" / "looks_2023-04.tif") as source:
        looks = source.read(1)
    assert looks.max() == 2
    reads = pd.read_csv(flanders / "tables" / "reads.csv", encoding="utf-8-sig")
    with_bands = reads[(reads["band"] == "nir") & (reads["outcome"] == "read")]["scene_id"].unique()
    assert sorted(with_bands) == ["S2_FLANDERS_20230405", "S2_FLANDERS_20230415"]


@pytest.mark.parametrize("place", ["tyrol", "flanders"])
def test_classes_and_unknown_fill_every_parcel(place, request):
    delivery = request.getfixturevalue(place)
    measures = pd.read_csv(delivery / "tables" / "parcel_measures.csv", encoding="utf-8-sig")
    classes = measures[measures["measure"].str.startswith("class_area:")]
    parcels = gpd.read_file(delivery / "inventory.gpkg", layer="parcels").set_index("parcel_id")
    for parcel, rows in classes.groupby("parcel_id"):
        total = rows["value"].sum() + rows["unknown_area_m2"].iloc[0]
        assert total == pytest.approx(parcels.loc[parcel, "area_m2"], rel=1e-6)


def test_land_cover_without_a_swir_band_is_unknown_and_says_so(tyrol):
    indicators = pd.read_csv(tyrol / "tables" / "indicators.csv", encoding="utf-8-sig")
    water = indicators[indicators["indicator"] == "class_share:water"].iloc[0]
    assert pd.isna(water["value"])
    assert "swir16" in water["reason"]
    manifest = json.loads((tyrol / "manifest.json").read_text(encoding="utf-8"))
    assert any(text.startswith("land_cover：") and "swir16" in text for text in manifest["warnings"])
