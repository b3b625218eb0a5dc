"""A measure of one's own, in one file, is found in the table of a delivery, and makes statistics anew."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.flow.deliveries import deliver
from pipeline.geodesy import CGCS2000, project_all
from pipeline.maps.encoding import from_ratio
from pipeline.settings.parcels import ParcelFile
from pipeline.storage.blocks import open_store
from pipeline.storage.tables import load_json
from pipeline.zonal import measures
from pipeline.zonal.layers import MapLayer
from pipeline.zonal.measures import Measure
from pipeline.zonal.tallies import Weighted

NIR = Measure("nir_mean", "1", lambda _: Weighted(MapLayer("composite", "nir")), Weighted.mean)
ABSENT = Measure("snow_mean", "1", lambda _: Weighted(MapLayer("snow", "depth")), Weighted.mean)


@pytest.fixture
def registered(planted, tmp_path):
    """The planted study with two parcels."""
    left, bottom, right, top = planted.aoi.geometry.bounds
    x, y = (right - left) / 10, (top - bottom) / 10
    shapes = [
        shapely.box(left + n * x, bottom + n * y, left + (n + 2) * x, bottom + (n + 3) * y) for n in (2, 5)
    ]
    path = tmp_path / "register.gpkg"
    gpd.GeoDataFrame({"BSM": ["1", "2"], "DLBM": ["0301"] * 2}, geometry=shapes, crs=CGCS2000).to_file(path)
    settings = planted.settings.model_copy(update={"parcels": ParcelFile(path=str(path))})
    return replace(planted, settings=settings), project_all(np.array(shapes, dtype=object), planted.grid.crs)


def test_a_measure_in_one_file_is_found_in_the_delivery(run, registered, tmp_path, monkeypatch):
    study, outlines = registered
    before = load_json(deliver(run, study).folder / "manifest.json")["artifacts"]
    monkeypatch.setattr(measures, "MEASURES", (*measures.MEASURES, NIR, ABSENT))
    again = replace(study, settings=study.settings.model_copy(update={"label": "again"}))
    folder = deliver(run, again).folder
    assert run.bars.outlook.done == run.bars.outlook.total  # found or built, each step is counted once
    after = load_json(folder / "manifest.json")["artifacts"]
    assert after["statistics"] != before["statistics"]
    assert after["composite"] == before["composite"]
    table = pd.read_csv(folder / "tables" / "parcel_measures.csv", encoding="utf-8-sig")
    found = table.loc[table["measure"] == "nir_mean", "value"].tolist()
    store = open_store(tmp_path / "out" / "work" / "artifacts" / "composite" / after["composite"][0][:24])
    nir = from_ratio(store["nir"].to_numpy())
    inside = [study.grid.mask_geometry(outline, study.grid.whole) for outline in outlines]
    assert found == pytest.approx([np.nanmean(nir[mask]) for mask in inside], rel=0.02)
    assert not (table["measure"] == "snow_mean").any()
