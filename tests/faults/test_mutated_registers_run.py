"""Spoilt registers and names of people through the real program: what is refused, published and hidden."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.geodesy import CGCS2000, measure_area_m2
from tests.mutated_registers import COLUMNS, KINDS, base, write

KIND, DOOR = "a spoilt register", "run"
HOLDER = "欧阳锋克"
OUTLINE = shapely.box(121.812, 31.407, 121.838, 31.4265)
REDLINE = shapely.box(121.80, 31.40, 121.82, 31.44)

pytestmark = pytest.mark.slow


def ecoledger(*words):
    program = Path(sys.executable).with_name("ecoledger")
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)


def config_of(folder: Path, parcels: dict) -> Path:
    """A simulated world of one mission over a square, with a register of its own."""
    outline = gpd.GeoDataFrame({"id": ["flat"], "name": ["滩"]}, geometry=[OUTLINE], crs=CGCS2000)
    outline.to_file(folder / "flat.geojson")
    gpd.GeoDataFrame({"a": [1]}, geometry=[REDLINE], crs=CGCS2000).to_file(folder / "redline.gpkg")
    config = {
        "label": "t",
        "aoi": ["flat.geojson"],
        "scenes": {
            "provider": "simulated",
            "missions": ["sentinel-2"],
            "start": "2023-01-01",
            "end": "2024-12-31",
        },
        "indices": ["ndvi"],
        "parcels": parcels,
        "restricting": [{"path": "redline.gpkg", "kind": "ecological_red_line"}],
    }
    (folder / "run.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return folder / "run.yaml"


def texts_of(content: bytes) -> bytes:
    """All bytes of a file; of archives in it those of their members, of Parquet its cells."""
    if content[:4] == b"PAR1":
        return pd.read_parquet(io.BytesIO(content)).to_csv().encode()
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return b"".join(texts_of(archive.read(name)) for name in archive.namelist())
    return content


def files_with(word: str, folder: Path) -> list[str]:
    """Files of a folder that hold a word as UTF-8 or UTF-16, plainly, escaped for JSON or HTML, or as hex."""
    plain = word.encode()
    html = "".join(f"&#{ord(letter)};" for letter in word).encode()
    forms = [
        plain,
        word.encode("utf-16-le"),
        json.dumps(word).strip('"').encode(),
        html,
        plain.hex().encode(),
    ]
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path.name for path in found if any(form in texts_of(path.read_bytes()) for form in forms)]


def register_with_names(path: Path) -> None:
    table = base()
    table["QLR"] = HOLDER
    table.loc[3, "SYZK"] = f"由{HOLDER}承包"
    table.loc[4, "DJDYMC"] = f"{HOLDER}登记单元"
    table.loc[5, "SYQZTLX"] = HOLDER
    table.loc[6, "BDCDYH"] = f"{HOLDER}的宗地"
    table.to_file(path)


@pytest.mark.parametrize("masked", [True, False])
def test_a_holders_name_is_in_no_file_unless_the_config_says_so(tmp_path, masked):
    register_with_names(tmp_path / "register.gpkg")
    parcels = {"path": "register.gpkg", "columns": COLUMNS, "mask_holders": masked}
    config = config_of(tmp_path, parcels)
    done = ecoledger("run", config, "--out", tmp_path / "out", "--log", tmp_path / "log.jsonl")
    assert done.returncode == 0, done.stderr
    named = files_with(HOLDER, tmp_path / "out")
    assert HOLDER not in done.stdout + done.stderr + (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    if masked:
        assert named == []
    else:
        assert {"inventory.gpkg", "inventory.xlsx", "inventory.parquet"} <= set(named)


def test_what_lies_in_the_red_line_is_delivered_with_its_area(tmp_path):
    base().to_file(tmp_path / "register.gpkg")
    config = config_of(tmp_path, {"path": "register.gpkg", "columns": COLUMNS})
    done = ecoledger("run", config, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    delivery = tmp_path / "out" / "flat" / "t" / "inventory.gpkg"
    parcels = gpd.read_file(delivery, layer="parcels")
    inside = (parcels["ecological_red_line_share"] * parcels["area_m2"]).sum()
    truth = measure_area_m2(
        shapely.intersection_all([REDLINE, OUTLINE, shapely.box(121.81, 31.405, 121.842, 31.429)])
    )
    assert inside == pytest.approx(truth, rel=1e-6)
    findings = gpd.read_file(delivery, layer="findings").set_index("rule")
    parts = findings.loc["restricted_part", "message_en"].str.extract(r"^([\d.]+) m2")[0].astype(float)
    assert parts.sum() == pytest.approx(truth, abs=0.1)


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("prefix in the file only", True),
        ("cut short", True),
        ("nested values", False),
        ("huge text", False),
        ("path in an id", False),
    ],
)
def test_a_spoilt_register_is_refused_before_any_pixel_or_published_whole(tmp_path, kind, refused):
    make, expected = KINDS[kind]
    file = write(make(np.random.default_rng(11)), tmp_path)
    config = config_of(tmp_path, {"path": file.path, "columns": file.columns})
    done = ecoledger("run", config, "--out", tmp_path / "out", "--quiet")
    assert "Traceback" not in done.stderr
    if refused:
        assert done.returncode == 3, done.stderr
        assert "register" in done.stderr
        assert not (tmp_path / "out" / "flat").exists()
        assert not list((tmp_path / "out" / "work").glob("artifacts/composite*"))
    else:
        assert done.returncode == 0, done.stderr
        found = gpd.read_file(tmp_path / "out" / "flat" / "t" / "inventory.gpkg", layer="findings")
        assert set(found["rule"]) & expected
