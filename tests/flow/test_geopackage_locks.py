"""Locks and bytes of the GeoPackage, while somebody reads it and whenever it is written."""

import hashlib
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest

from pipeline.errors import WorkspaceError
from pipeline.outputs.geopackage import write_geopackage
from pipeline.storage.delivered import FileFacts
from pipeline.storage.publish import publish
from pipeline.storage.tables import save_json
from tests.deliveries import small_delivery

PROJECT = Path(__file__).resolve().parents[2]
READ = """
import sqlite3, sys
import fiona
rows = iter(fiona.open(sys.argv[1], layer="parcels"))
cursor = sqlite3.connect(sys.argv[1]).execute("SELECT parcel_id, owner_subject FROM parcels ORDER BY fid")
owners = [next(rows)["properties"]["owner_subject"]]
pairs = [cursor.fetchone()]
print("open", flush=True)
sys.stdin.readline()
owners += [row["properties"]["owner_subject"] for row in rows]
pairs += cursor.fetchall()
check = cursor.execute("PRAGMA integrity_check").fetchone()[0]
print(check, len(owners), len(pairs), "|".join(sorted({*owners, *(owner for _, owner in pairs)})), flush=True)
"""
WRITE = """
import sys
from pathlib import Path
from pipeline.outputs.geopackage import write_geopackage
from tests.deliveries import small_delivery
write_geopackage(small_delivery(), Path(sys.argv[1]))
"""


def finished(folder, owner):
    """A delivery folder whose parcels all have one owner."""
    folder.mkdir()
    delivery = small_delivery()
    write_geopackage(
        replace(delivery, parcels=delivery.parcels.assign(owner_subject=owner)), folder / "inventory.gpkg"
    )
    facts = FileFacts.of(folder / "inventory.gpkg")
    files = {"inventory.gpkg": {"bytes": facts.size, "sha256": facts.sha256}}
    save_json(folder / "manifest.json", {"aoi": "delta", "label": "2024", "config": {}, "files": files})
    return folder


@pytest.fixture
def target(tmp_path):
    """A published delivery."""
    target = tmp_path / "delta" / "2024"
    target.parent.mkdir()
    publish(finished(tmp_path / "first", "旧主体"), target)
    return target


def test_whoever_reads_the_old_geopackage_is_not_disturbed(target, tmp_path):
    words = [sys.executable, "-c", READ, str(target / "inventory.gpkg")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "open\n"
        publish(finished(tmp_path / "second", "新主体"), target)
        told, _ = reader.communicate("go on\n", timeout=60)
    assert reader.returncode == 0
    assert told.split() == ["ok", "40", "40", "旧主体"]
    assert set(gpd.read_file(target / "inventory.gpkg", layer="parcels")["owner_subject"]) == {"新主体"}
    assert {path.name for path in target.iterdir()} == {"inventory.gpkg", "manifest.json"}
    with closing(sqlite3.connect(target / "inventory.gpkg")) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA journal_mode").fetchall() == [("delete",)]


@pytest.mark.slow
def test_two_runs_at_two_times_give_the_same_sha256(tmp_path):
    sums = []
    for number, (zone, date) in enumerate(
        [("Asia/Shanghai", ""), ("America/Lima", "2001-02-03T04:05:06.000Z")]
    ):
        path = tmp_path / str(number) / "inventory.gpkg"
        path.parent.mkdir()
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TZ": zone, "PYTHONHASHSEED": str(number)}
        environment |= {"OGR_CURRENT_DATE": date} if date else {}
        started = time.time()
        subprocess.run([sys.executable, "-c", WRITE, str(path)], check=True, env=environment, cwd=tmp_path)
        time.sleep(max(0.0, 1.1 - (time.time() - started)))
        sums.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert sums[0] == sums[1]
    print(f"sha256 of both: {sums[0]}")


@pytest.mark.parametrize("guard", ["-wal", "-shm"])
def test_nothing_is_published_over_a_geopackage_that_is_open_for_writing(target, tmp_path, guard):
    before = (target / "inventory.gpkg").read_bytes()
    (target / f"inventory.gpkg{guard}").write_bytes(b"somebody's edits")
    second = finished(tmp_path / "second", "新主体")
    with pytest.raises(WorkspaceError, match=f"inventory.gpkg{guard} exists: close the program"):
        publish(second, target)
    assert (target / "inventory.gpkg").read_bytes() == before
    assert (target / f"inventory.gpkg{guard}").read_bytes() == b"somebody's edits"
    assert (target.parent / "latest").read_text(encoding="utf-8") == "2024\n"
    assert (second / "inventory.gpkg").exists()
