"""A small delivery and a few scenes as they stand in a folder, which is that of the process."""

from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import pipeline
from pipeline.contracts import Raster
from tests.deliveries import PERIODS, small_delivery
from tests.planted_scenes import keep_scenes, plant_scenes
from tests.publishing import publish_delivery

mpl.use("agg")

STORED = {"nir": 3000, "red": 1000}
"""Reflectance of the composite in steps of 1e-4; nothing is known of its first row."""


def plant_composite(shape):
    values = np.stack([np.full(shape, number, dtype=np.int16) for number in STORED.values()])
    values[:, 0] = -32768
    bands = xr.DataArray(values, dims=("band", "y", "x"), coords={"band": list(STORED)})
    days = PERIODS[1].first, PERIODS[1].last
    return Raster("composite_2024", "composite", "reflectance", bands, "合成影像", "Composite", *days)


LOOKS = {"2024-03-05 sentinel-2": 0.2, "2024-06-09 landsat-8": 0.7, "2024-09-01 sentinel-2": 0.5}
"""NDVI of each look of the second period; the western half was clouded at the last."""


def plant_looks(shape):
    values = np.stack([np.full(shape, round(1e4 * ndvi), dtype=np.int16) for ndvi in LOOKS.values()])
    values[2, :, : shape[1] // 2] = -32768
    bands = xr.DataArray(values, dims=("band", "y", "x"), coords={"band": list(LOOKS)})
    days = PERIODS[1].first, PERIODS[1].last
    return Raster("ndvi_looks_2024", "ndvi_looks", "series", bands, "逐景 NDVI", "NDVI of looks", *days)


@pytest.fixture(scope="package")
def small():
    """What is delivered: the small delivery, with the composite and the looks of its second period."""
    whole = small_delivery()
    shape = whole.grid.shape
    return replace(whole, rasters=(*whole.rasters, plant_composite(shape), plant_looks(shape)))


@pytest.fixture(scope="package")
def out(small, tmp_path_factory):
    """The folder of deliveries, beside a table of water samples."""
    folder = tmp_path_factory.mktemp("library") / "delivery"
    publish_delivery(small, folder, inputs={"register.gpkg": "ef" * 32})
    keep_scenes(plant_scenes(folder.with_name("scenes")), folder, folder / "delta" / "2024")
    samples = "断面,时间,氨氮(mg/L)\n北港桥,2024-06-01,0.4\n"
    folder.with_name("water.csv").write_text(samples, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def close_figures():
    """What a test draws is gone with it."""
    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def in_folder_of_deliveries(out, monkeypatch):
    """Where the examples of docstrings are run: `delivery/`, `scenes/` (a catalogue) and `water.csv`."""
    monkeypatch.chdir(out.parent)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """A static catalogue of scenes whose truth is known."""
    return plant_scenes(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="module")
def scenes(catalogue):
    """Its table, as analysts search it."""
    return pipeline.search_scenes(**catalogue.query)
