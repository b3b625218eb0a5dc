"""A step of one's own, in one file, is found in plan, workspace, rasters, tables, manifest and diff."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import rasterio

from pipeline.commands.diff import compare_deliveries
from pipeline.commands.estimate import estimate_study
from pipeline.flow.deliveries import deliver
from pipeline.indices.indicators import build_share
from pipeline.maps import registry
from pipeline.maps.encoding import COUNT
from pipeline.maps.step import Show, Step, build_raster, each_period, keep_layers, need_same
from pipeline.storage.blocks import open_store
from pipeline.storage.tables import load_json

OVER = 500
"""NIR, in steps of 1e-4, from which ground is bright."""


def find_bright(inputs, *, times):
    """How often, at most, a pixel was seen, times a factor, where its NIR is bright; else 0."""
    layers = inputs.read("composite", ["nir", "looks"])
    return {"bright": np.where(layers["nir"] > OVER, layers["looks"] * times, 0).astype(np.uint16)}


def sum_bright(under, *, store):
    return float(under.weight_m2[under.read_layer(store, "bright") > 0].sum())


def list_rows(view, when):
    part = partial(sum_bright, store=view.maps.path("bright", when))
    whole = view.study.aoi.area_m2
    share = build_share
    yield share("bright_share", when.label, sum(view.ground.map(part)), whole, unseen=0, source="toy")


def list_rasters(maps, when):
    yield build_raster(maps, "bright", when, "bright", titles=("亮地", "Bright ground"))


def collect_tables(view):
    return {"bright": pd.DataFrame({"period": [when.label for when in view.maps.of("bright")]})}


BRIGHT = Step(
    name="bright",
    version=1,
    title="亮地 bright ground",
    times=each_period,
    needs=need_same("composite"),
    settings=lambda _maps, _when: {"over": OVER},
    parameters=lambda _maps, _when: {"times": 1},
    layers=keep_layers({"bright": COUNT}),
    kernel=find_bright,
    show=Show(rasters=list_rasters, rows=list_rows, tables=collect_tables),
)
TWICE = replace(BRIGHT, version=2, parameters=lambda _maps, _when: {"times": 2})


@pytest.fixture
def deliveries(run, planted, monkeypatch):
    """The planted study delivered with the toy step, and again with another version of it."""
    made, steps = [], registry.STEPS
    for step, label in ((BRIGHT, "one"), (TWICE, "two")):
        monkeypatch.setattr(registry, "STEPS", (*steps, step))
        study = replace(planted, settings=planted.settings.model_copy(update={"label": label}))
        made.append((study, deliver(run, study).folder))
    return made


def test_a_step_in_one_file_is_found_everywhere(deliveries, tmp_path):
    (study, one), (_, two) = deliveries
    assert estimate_study(study).maps["bright"] == 1
    (period,) = study.periods
    manifest = load_json(one / "manifest.json")
    assert manifest["steps"]["bright"] == 1
    (key,) = manifest["artifacts"]["bright"]
    store = open_store(tmp_path / "out" / "work" / "artifacts" / "bright" / key[:24])
    with rasterio.open(one / "rasters" / f"bright_{period.label}.tif") as source:
        values = source.read(1)
    assert (values == store["bright"].to_numpy()).all()
    assert values.any()
    with rasterio.open(two / "rasters" / f"bright_{period.label}.tif") as source:
        assert (source.read(1) == 2 * values).all()
    figures = pd.read_csv(one / "tables" / "indicators.csv", encoding="utf-8-sig").set_index("indicator")
    found = figures.loc["bright_share"]
    assert found["value"] == pytest.approx(found["numerator"] / study.aoi.area_m2)
    assert 0 < found["value"] <= 1
    assert (one / "tables" / "bright.csv").is_file()
    reasons = compare_deliveries(one, two).reasons
    assert reasons["what"].str.contains("bright").sum() == 1
    assert reasons["what"].str.contains("1 → 2").any()
