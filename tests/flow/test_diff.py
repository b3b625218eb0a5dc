"""Two runs with a register that changed between them, and what `ecoledger diff` says of it."""

import json

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from programs import ecoledger, write_config

from pipeline.geodesy import CGCS2000, measure_areas_m2

pytestmark = pytest.mark.slow

WEST, SOUTH, STEP = 121.900, 31.480, 0.002


def plot(col, row, cols=1.0, rows=1.0):
    x, y = WEST + col * STEP, SOUTH + row * STEP
    return shapely.box(x, y, x + cols * STEP, y + rows * STEP)


BEFORE = {
    "same": plot(0, 0),
    "rights": plot(1, 0),
    "halved": plot(2, 0),
    "left": plot(0, 1),
    "right": plot(1, 1),
    "shrunk": plot(2, 1),
    "gone": plot(0, 2),
}
AFTER = {
    "same": plot(0, 0),
    "rights": plot(1, 0),
    "half-1": plot(2, 0, 0.5),
    "half-2": plot(2.5, 0, 0.5),
    "both": plot(0, 1, 2),
    "shrunk": plot(2, 1, 0.75),
    "come": plot(2, 2),
}
OWNERS = {"rights": "30"}


def register(path, plots, owners):
    ids = list(plots)
    columns = {"BSM": ids, "DLBM": "0301", "QSXZ": [owners.get(name, "20") for name in ids]}
    gpd.GeoDataFrame(columns, geometry=list(plots.values()), crs=CGCS2000).to_file(path)
    return path


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory):
    """The delivery before and the one after, of one area."""
    folder = tmp_path_factory.mktemp("revised")
    outline = gpd.GeoDataFrame({"id": ["shore"]}, geometry=[plot(-0.5, -0.5, 4, 4)], crs=CGCS2000)
    outline.to_file(folder / "shore.geojson")
    for label, plots, owners in (("before", BEFORE, {}), ("after", AFTER, OWNERS)):
        config = {
            "label": label,
            "aoi": [str(folder / "shore.geojson")],
            "scenes": {
                "provider": "simulated",
                "missions": ["sentinel-2"],
                "start": "2024-04-01",
                "end": "2024-09-30",
                "resolution_m": 20,
            },
            "parcels": {"path": str(register(folder / f"{label}.gpkg", plots, owners))},
            "vegetation": {"endmembers": {"soil": 0.11, "vegetation": 0.89}},
        }
        run = write_config(folder / f"{label}.yaml", config)
        ecoledger("run", run, "--out", folder / "out", "--quiet")
    return folder / "out" / "shore" / "before", folder / "out" / "shore" / "after"


def test_every_event_of_a_revised_register_is_told_and_areas_balance(deliveries, tmp_path):
    before, after = deliveries
    told = json.loads(ecoledger("diff", before, after, "--json").stdout)
    events = {row["kind"]: (row["old_ids"], row["new_ids"]) for row in told["parcels"]}
    assert events["split"] == ("halved", "half-1;half-2")
    assert events["merged"] == ("left;right", "both")
    assert events["gone"] == ("gone", None)
    assert events["appeared"] == (None, "come")
    changed = {row["old_ids"]: row["aspects"] for row in told["parcels"] if row["kind"] == "changed"}
    assert set(changed) == {"rights", "shrunk"}
    assert "attributes" in changed["rights"]
    assert "geometry" in changed["shrunk"]
    balance = {row["item"]: row["value"] for row in told["balance"]}
    assert balance["old"] == pytest.approx(sum(measure_areas_m2(BEFORE.values())))
    assert balance["new"] == pytest.approx(sum(measure_areas_m2(AFTER.values())))
    assert abs(balance["difference"]) < 1e-12
    ecoledger("diff", before, after, "--out", tmp_path / "changes")
    pieces = pyogrio.read_dataframe(tmp_path / "changes" / "revisions.gpkg", layer="pieces")
    assert {"split", "merged", "gone", "appeared", "changed"} <= set(pieces["kind"])
    table = pd.read_csv(tmp_path / "changes" / "parcels.csv", encoding="utf-8-sig")
    assert len(table) == len(told["parcels"])


def test_a_delivery_beside_itself_has_no_change_and_what_is_none_is_refused(deliveries, tmp_path):
    before, _ = deliveries
    told = json.loads(ecoledger("diff", before, before, "--json").stdout)
    assert told["parcels"] == told["figures"] == told["findings"] == []
    ecoledger("diff", before, tmp_path, expected=3)
