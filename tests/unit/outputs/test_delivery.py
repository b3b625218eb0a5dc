import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from pipeline.errors import ContractError
from pipeline.outputs.delivery import begin_delivery
from pipeline.storage.csv_texts import restore_texts
from pipeline.storage.delivered import FORMER_NAMES
from tests.deliveries import AS_OF, HOSTILE, written

HEAD = {"simulated": True, "as_of": AS_OF, "language": "zh"}
PROJECT = Path(__file__).resolve().parents[3]
WRITE = """
import sys
from pathlib import Path
from tests.deliveries import small_delivery, written
written(small_delivery(), Path(sys.argv[1]))
"""


def hashes(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_folder_holds_what_users_rely_on(folder, delivery):
    names = set(hashes(folder))
    for raster in delivery.rasters:
        assert {f"rasters/{raster.name}.tif", f"items/{raster.name}.json"} <= names
    assert {f"tables/{stem}.csv" for stem in delivery.tables} <= names
    named = {delivery.name_file(suffix) for suffix in FORMER_NAMES}
    assert {*named, "catalog.json"} <= names


def test_files_tell_area_and_label_and_former_names_lead_to_them(folder, delivery):
    stem = f"{delivery.aoi.id}_{delivery.label}"
    assert {suffix: (folder / name).readlink().name for suffix, name in FORMER_NAMES.items()} == {
        suffix: f"{stem}{suffix}" for suffix in FORMER_NAMES
    }


def test_the_files_are_returned_sorted(tmp_path, delivery):
    files = written(delivery, tmp_path)
    assert files == sorted(path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink())


def test_rasters_are_written_while_the_rest_is_not_there_yet(tmp_path, delivery):
    with begin_delivery(tmp_path, delivery.rasters, delivery.grid, **HEAD) as rasters:
        for name, done in rasters.rasters.items():
            assert tmp_path / "rasters" / f"{name}.tif" in done.result(timeout=60)
    assert {path.name for path in tmp_path.iterdir()} == {"rasters"}


def test_no_raster_is_begun_once_what_they_are_for_has_failed(tmp_path, delivery, monkeypatch):
    gate, written_names = threading.Event(), []

    def write_raster(raster, **_):
        gate.wait(60)
        written_names.append(raster.name)

    monkeypatch.setattr("pipeline.outputs.delivery.write_raster", write_raster)
    many = [replace(delivery.rasters[0], name=f"looks_{number}") for number in range(50)]
    threading.Timer(0.5, gate.set).start()
    with pytest.raises(OSError, match="full"), begin_delivery(tmp_path, many, delivery.grid, **HEAD):
        raise OSError("full")
    assert len(written_names) < 50


def test_a_raster_that_is_not_as_promised_stops_the_delivery_by_its_name(tmp_path, delivery):
    wrong = replace(delivery.rasters[0], values=delivery.rasters[0].values.astype("float64"))
    with pytest.raises(ContractError, match=wrong.name):
        written(replace(delivery, rasters=(wrong, *delivery.rasters[1:])), tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere priority is of the process")
def test_only_the_writers_of_rasters_stand_back(tmp_path, delivery, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "pipeline.outputs.delivery.write_raster",
        lambda *_, **__: seen.append(os.getpriority(os.PRIO_PROCESS, 0)),
    )
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with begin_delivery(tmp_path, delivery.rasters, delivery.grid, **HEAD) as rasters:
        wait(rasters.rasters.values())
    assert set(seen) == {before + 5}
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_the_same_delivery_gives_the_same_bytes_in_another_process_at_another_time(folder, tmp_path):
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "America/Lima", "PYTHONPATH": str(PROJECT)}
    subprocess.run([sys.executable, "-c", WRITE, str(tmp_path)], check=True, env=environment, cwd="/")
    assert hashes(folder) == hashes(tmp_path)


def test_tables_keep_every_digit_and_open_in_a_spreadsheet(folder, delivery):
    path = folder / "tables" / "indicators.csv"
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    read = pd.read_csv(path, encoding="utf-8-sig")
    assert read["value"][0] == delivery.tables["indicators"]["value"][0]
    assert pd.isna(read["value"][2])
    assert restore_texts(read)["indicator"][2] == HOSTILE


def test_every_table_of_simulated_data_says_so(folder):
    for path in (folder / "tables").iterdir():
        assert set(pd.read_csv(path)["data_label"]) == {"模拟数据"}


@pytest.mark.parametrize(
    ("suffix", "layer", "key"),
    [(".parquet", "inventory", "product_id"), ("_parcels.parquet", "parcels", "parcel_id")],
)
def test_the_parquet_files_are_the_inventory_and_its_parcels(folder, delivery, suffix, layer, key):
    read = gpd.read_parquet(folder / delivery.name_file(suffix)).set_index(key)
    given = getattr(delivery, layer).set_index(key)
    assert read.crs.to_epsg() == 4490
    assert (
        read["area_ha" if layer == "inventory" else "area_m2"]
        .sort_index()
        .equals(given["area_ha" if layer == "inventory" else "area_m2"].sort_index())
    )
    assert read.geometry.sort_index().geom_equals(given.geometry.sort_index()).all()
