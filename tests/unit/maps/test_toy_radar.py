"""A radar and a layer of heights, each an entry of one file, go from their files into a delivery."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from pipeline.commands.diff import compare_deliveries
from pipeline.commands.estimate import estimate_study
from pipeline.contracts import REFLECTANCE_NODATA, Packing
from pipeline.flow.deliveries import deliver
from pipeline.geodesy import unproject
from pipeline.indices.indicators import build_share
from pipeline.ingest.layers.door import open_layer
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.layer import Layer
from pipeline.ingest.scenes import sensors
from pipeline.ingest.scenes.sensors import Band, Sensor
from pipeline.maps import registry
from pipeline.maps.composite import compose_block
from pipeline.maps.encoding import COUNT, INDEX, encode_band
from pipeline.maps.step import Show, Step, build_raster, each_period, keep_layers
from pipeline.settings import sources
from pipeline.settings.layers import LayerFile
from pipeline.settings.sources import StaticCatalog
from pipeline.storage.blocks import open_store
from pipeline.storage.tables import load_json
from tests.scenery import UTM, written
from tests.stac import write_catalogue
from tests.unit.conftest import GRID, SIZE

HELD = Packing(0.01, 0.0, REFLECTANCE_NODATA, "dB")
RADAR = Sensor(
    mission="toy-radar",
    platforms=("toy-1",),
    collections=("toy-gamma0",),
    bands={"vv": Band(("VV",), Packing(0.02, 1.0, -9999, "dB"), 10)},
    look="orbit",
)
HEIGHT = Layer("height", "Toy heights", "m", "mean")
PASSES = 3


def sum_low(under, *, store, layer, below):
    values = under.read_layer(store, layer)
    return float(under.weight_m2[values < below].sum())


def list_shares(step, layer, below, view, when):
    part = partial(sum_low, store=view.maps.path(step, when), layer=layer, below=below)
    low, whole = sum(view.ground.map(part)), view.study.aoi.area_m2
    yield build_share(f"low_{layer}_share", when.label, low, whole, unseen=0, source=view.source(when))


def list_rasters(step, layer, titles, maps, when):
    yield build_raster(maps, step, when, layer, titles=titles)


def compose_radar(inputs):
    """The median of all passes, in degrees of a scale that a raster has."""
    layers = compose_block(inputs, method="median")
    unpacked = np.where(layers["vv"] == REFLECTANCE_NODATA, np.nan, layers["vv"] * HELD.scale)
    return {**layers, "backscatter": unpacked.astype(np.float32)}


def read_heights(inputs, *, heights):
    return {"height": read_layer(heights, inputs.grid, inputs.block).astype(np.float32)}


def backscatter_step(version):
    layers = {"vv": encode_band(HELD), "backscatter": INDEX, "looks": COUNT, "failed": COUNT}
    return Step(
        name="backscatter",
        version=version,
        title="后向散射 backscatter",
        times=each_period,
        bands=lambda _study, _scenes: ("vv",),
        layers=keep_layers(layers),
        kernel=compose_radar,
        show=Show(
            rasters=partial(list_rasters, "backscatter", "backscatter", ("后向散射", "Backscatter")),
            rows=partial(list_shares, "backscatter", "backscatter", -15.0),
        ),
    )


def height_step(version, path):
    def opened(maps, _when):
        return {"heights": open_layer(HEIGHT, LayerFile(path=str(path)), maps.study.grid)}

    return Step(
        name="height",
        version=version,
        title="高程 height",
        times=each_period,
        settings=lambda maps, when: {"file": opened(maps, when)["heights"].checksum()},
        parameters=opened,
        layers=keep_layers({"height": INDEX}),
        kernel=read_heights,
        show=Show(
            rasters=partial(list_rasters, "height", "height", ("高程", "Height")),
            rows=partial(list_shares, "height", "height", 40.0),
        ),
    )


def decibels(orbit):
    """What a pass sees: falling to the south-east, each pass above the one before."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    return (-400 - x - 2 * y + 30 * orbit).astype(np.int16)


def heights():
    y, x = np.mgrid[0 : SIZE * 2, 0 : SIZE * 2]
    return (x / 7 + y / 11).astype(np.float32)


def radar_items(folder):
    outline = unproject(shapely.box(*GRID.block_bounds(GRID.whole)), UTM)
    for orbit in range(1, PASSES + 1):
        path = written(folder / f"pass{orbit}" / "vv.tif", decibels(orbit), nodata=-9999)
        when = datetime(2024, 5, 2, 10) + timedelta(days=6 * orbit)  # noqa: DTZ001 written as UTC
        yield {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": f"pass{orbit}",
            "collection": "toy-gamma0",
            "geometry": shapely.geometry.mapping(outline),
            "bbox": list(outline.bounds),
            "links": [],
            "properties": {
                "datetime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
                "platform": "toy-1",
                "eo:cloud_cover": 0.0,
                "sat:absolute_orbit": orbit,
            },
            "assets": {"VV": {"href": f"./{path.name}"}},
        }


@pytest.fixture
def radar(planted, tmp_path, monkeypatch):
    """The planted aoi seen by the toy radar alone."""
    monkeypatch.setitem(sensors._SENSORS, RADAR.mission, RADAR)
    monkeypatch.setitem(sensors._STORED, "vv", HELD)
    monkeypatch.setitem(sources.INSTRUMENTS, RADAR.mission, "SAR")
    catalog = write_catalogue(tmp_path / "radar", list(radar_items(tmp_path / "radar")))
    scenes = planted.settings.scenes.model_copy(
        update={"missions": [RADAR.mission], "provider": StaticCatalog(static=str(catalog))}
    )
    return replace(planted, settings=planted.settings.model_copy(update={"scenes": scenes}))


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_radar_without_a_mask_and_a_layer_are_found_everywhere(run, radar, tmp_path, monkeypatch):
    written(tmp_path / "heights.tif", heights(), pixel_m=5, nodata=-1)
    steps, folders = registry.STEPS, []
    for version in (1, 2):
        toys = (backscatter_step(version), height_step(version, tmp_path / "heights.tif"))
        monkeypatch.setattr(registry, "STEPS", (*steps, *toys))
        study = replace(radar, settings=radar.settings.model_copy(update={"label": f"v{version}"}))
        folders.append(deliver(run, study).folder)
    (period,) = radar.periods
    planned = estimate_study(radar)
    assert (planned.maps["backscatter"], planned.maps["height"]) == (1, 1)
    assert planned.band_reads >= PASSES * planned.blocks
    rows, cols = (slice(round(start), round(start) + length) for start, length in places(radar.grid))
    mean = heights().reshape(SIZE, 2, SIZE, 2).mean(axis=(1, 3))[rows, cols]
    vv = (decibels(2) * 0.02 + 1.0)[rows, cols]
    manifest = load_json(folders[0] / "manifest.json")
    figures = pd.read_csv(folders[0] / "tables" / "indicators.csv", encoding="utf-8-sig")
    reasons = compare_deliveries(*folders).reasons["what"]
    for step, layer, truth in (("backscatter", "backscatter", vv), ("height", "height", mean)):
        (key,) = manifest["artifacts"][step]
        assert manifest["steps"][step] == 1
        store = open_store(tmp_path / "out" / "work" / "artifacts" / step / key[:24])[layer].to_numpy()
        known = np.isfinite(store)
        assert known.mean() > 0.5
        np.testing.assert_allclose(store[known], truth[known], atol=0.0051)
        with rasterio.open(folders[0] / "rasters" / f"{layer}_{period.label}.tif") as source:
            np.testing.assert_array_equal(source.read(1)[known], store[known])
        row = figures[figures["indicator"] == f"low_{layer}_share"].iloc[0]
        assert 0 < row["value"] < 1
        assert reasons.str.contains(step).sum() == 1
    assert figures.set_index("indicator").loc["class_share:water", "reason"]


def places(grid):
    """First row and first column of a grid in the files, and its rows and columns."""
    return ((GRID.top - grid.top) / 10, grid.height), ((grid.left - GRID.left) / 10, grid.width)
