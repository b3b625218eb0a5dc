import hashlib
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.outputs.delivery import write
from tests.deliveries import HOSTILE

PROJECT = Path(__file__).resolve().parents[3]
WRITE = """
import sys
from pathlib import Path
from pipeline.outputs.delivery import write
from tests.deliveries import small_delivery
write(small_delivery(), Path(sys.argv[1]))
"""


def hashes(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_folder_holds_what_users_rely_on(folder, delivery):
    names = set(hashes(folder))
    for raster in delivery.rasters:
        assert {f"rasters/{raster.name}.tif", f"items/{raster.name}.json"} <= names
    assert {f"tables/{stem}.csv" for stem in delivery.tables} <= names
    assert {"inventory.gpkg", "inventory.xlsx", "inventory.parquet", "report.html", "catalog.json"} <= names


def test_the_files_are_returned_sorted(tmp_path, delivery):
    files = write(delivery, tmp_path)
    assert files == sorted(path for path in tmp_path.rglob("*") if path.is_file())


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
    assert read["indicator"][2] == HOSTILE


def test_every_table_of_simulated_data_says_so(folder):
    for path in (folder / "tables").iterdir():
        assert set(pd.read_csv(path)["data_label"]) == {"模拟数据"}


def test_the_parquet_file_is_the_inventory(folder, delivery):
    read = gpd.read_parquet(folder / "inventory.parquet")
    assert read.crs.to_epsg() == 4490
    assert len(read) == len(delivery.inventory)
    assert read["product_id"].is_monotonic_increasing
    assert (
        read.set_index("product_id")["area_ha"].sort_index()
        == delivery.inventory.set_index("product_id")["area_ha"].sort_index()
    ).all()
