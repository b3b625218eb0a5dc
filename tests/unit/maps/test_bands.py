"""Only the bands that are needed are read; what lacks a band is null with its reason, and the run goes on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.flow import deliver
from pipeline.indices import land_cover, spectral
from pipeline.maps.showing import list_warnings
from pipeline.storage.tables import load_json
from tests.mapmaking import make


def indexed(area, *indices):
    return replace(area, settings=area.settings.model_copy(update={"indices": list(indices)}))


def made(run, area):
    maps = make(run, area)
    return maps, {row[1] for row in run.workspace.ledger.list_reads(maps.keys["composite"])}


@pytest.mark.parametrize("indices", [["ndvi"], ["ndrei", "evi"], ["nbr2"]])
def test_the_bands_of_the_named_indices_and_of_the_land_cover_are_read_and_no_other(run, planted, indices):
    area = indexed(planted, *indices)
    maps, read = made(run, area)
    named = {band for name in [*indices, "ndvi"] for band in spectral.find_index(name).bands}
    assert read - {"mask"} == (named | set(land_cover.BANDS)) - {"rededge071", "rededge075", "rededge078"}
    assert not maps.lacking(["red", "nir"])
    assert bool(list_warnings(maps)) == ("ndrei" in indices)


@pytest.mark.slow
def test_an_index_whose_band_no_scene_has_is_unknown_and_everything_else_is_there(run, planted, tmp_path):
    for item in (tmp_path / "stac").glob("*/item.json"):
        content = load_json(item)
        del content["assets"]["swir16"]
        item.write_text(json.dumps(content), encoding="utf-8")
    area = indexed(planted, "ndvi", "ndmi", "evi")
    delivered = deliver(run, area)
    figures = delivered.indicators.set_index("indicator")
    for name in ("class_share:water", "class_share:vegetation"):
        assert np.isnan(figures.loc[name, "value"])
        assert "swir16" in figures.loc[name, "reason"]
    assert figures.loc["mean_fvc_area", "value"] >= 0
    warnings = load_json(delivered.folder / "manifest.json")["warnings"]
    assert [text.split("：")[0] for text in warnings if "swir16" in text] == ["ndmi", "land_cover"]
    maps, read = made(run, area)
    assert "swir16" not in read
    layers = maps.open("spectral", area.periods[0])
    assert np.isnan(layers["ndmi"].to_numpy()).all()
    assert np.isfinite(layers["evi"].to_numpy()).any()
    assert len(list_warnings(maps)) == 2
