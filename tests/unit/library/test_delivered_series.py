"""Series from a delivery: every look that it keeps, else its maps by period; what it lacks by name."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

import pipeline
from pipeline.errors import SettingsError
from tests.unit.library.conftest import LOOKS

PLACE = "delivery/delta/2024"


@pytest.fixture
def fields():
    """One in the east of the raster, one over its middle, one far away."""
    with rasterio.open(f"{PLACE}/rasters/ndvi_looks_2024.tif") as file:
        left, bottom, right, top = file.bounds
        crs, step, width = file.crs, file.res[0], file.width
    middle, y = left + (width // 2) * step, (bottom + top) / 2
    boxes = [
        shapely.box(right - 4000, y, right - 1333, y + 1700),
        shapely.box(middle - 3 * step, y, middle + step, y + 5 * step),
        shapely.box(right + 50000, y, right + 50300, y + 500),
    ]
    return gpd.GeoDataFrame({"parcel_id": ["east", "middle", "far"]}, geometry=boxes, crs=crs)


def test_every_look_that_a_delivery_keeps_is_told_without_its_scenes(fields):
    found = pipeline.time_series(fields, "ndvi", delivery=PLACE).set_index("parcel_id")
    east = found.loc["east"].sort_values("time")
    of_2024 = east[east["day"].notna()]
    assert [f"{row.day} {row.mission}" for row in of_2024.itertuples()] == list(LOOKS)
    np.testing.assert_allclose(of_2024["value"], list(LOOKS.values()), atol=1e-4)
    np.testing.assert_allclose(of_2024["clear_share"], 1)
    assert (found["data_label"] != "").all()


def test_a_field_that_was_half_clouded_tells_which_part_was_seen(fields):
    found = pipeline.time_series(fields, "ndvi", delivery=PLACE)
    row = found[(found["parcel_id"] == "middle") & (found["mission"] == "sentinel-2")].iloc[-1]
    assert row["value"] == pytest.approx(0.5, abs=1e-4)
    assert row["clear_share"] == pytest.approx(0.25, abs=0.01)
    assert row["area_m2"] == pytest.approx(row["clear_share"] * row["place_area_m2"])


def test_a_field_outside_has_one_row_that_says_so(fields):
    found = pipeline.time_series(fields, "ndvi", delivery=PLACE)
    (row,) = found[found["parcel_id"] == "far"].to_dict("records")
    assert pd.isna(row["time"])
    assert pd.isna(row["value"])
    assert "outside the area of the delivery" in row["reason"]


def test_without_looks_a_series_is_told_by_period_as_the_maps_have_it(fields):
    layer = pipeline.open_delivery(PLACE).maps["fvc"]
    found = pipeline.library.delivered_series.read_series(
        pipeline.library.places.PlaceSet.of(fields.head(1)), ["fvc"], PLACE
    )
    assert found["time"].dt.year.astype(str).tolist() == list(layer["period"].values)
    assert found["day"].isna().all()
    half = abs(layer.rio.resolution()[0]) / 2
    x, y = np.meshgrid(layer["x"].values, layer["y"].values)
    share = shapely.area(
        shapely.intersection(shapely.box(x - half, y - half, x + half, y + half), fields.geometry.iloc[0])
    )
    for period, value in zip(layer["period"].values, found["value"], strict=True):
        values = layer.sel(period=period).values
        known = np.isfinite(values) & (share > 0)
        expected = (values[known] * share[known]).sum() / share[known].sum()
        assert value == pytest.approx(expected, abs=1e-3)


def test_what_a_delivery_has_no_map_of_and_what_is_told_from_nothing_is_refused(fields):
    with pytest.raises(SettingsError, match="no map of ndsi"):
        pipeline.time_series(fields, "ndsi", delivery=PLACE)
    with pytest.raises(SettingsError, match="neither"):
        pipeline.time_series(fields, "ndvi")
