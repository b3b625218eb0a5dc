"""Somebody new: from a folder with a catalogue, a Shapefile in GBK and a messy workbook to a delivery.

Nothing but what the quick start says: `init`, `validate`, `run`, and the first notebook. `TRANSCRIPT` in the
environment names a file that is to hold what was typed and what was answered.
"""

import os
import shutil
from pathlib import Path

import geopandas as gpd
import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from programs import ROOT, ecoledger

import pipeline

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client"),
]

MOST_LINES = 12
"""So much of each output is kept."""


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    """What an office hands over: scenes, a register under its own headings, a monthly workbook, sections."""
    world = next(demo.glob("work/artifacts/simulated/*/SIM-guangyang")).parent
    folder = tmp_path_factory.mktemp("office") / "示范区"
    shutil.copytree(world / "SIM-guangyang", folder / "影像" / "SIM-guangyang")
    shutil.copy(world / "catalog.json", folder / "影像")
    (folder / "水质").mkdir()
    (workbook,) = (world / "water").glob("*月报.xlsx")
    shutil.copy(workbook, folder / "水质" / "月报2023-2024.xlsx")
    sections = pd.read_csv(world / "sections.csv").drop(columns="aoi")  # our ids, which no office knows
    sections.to_csv(folder / "断面.csv", index=False, encoding="gbk")
    write_register(world / "register.gpkg", folder / "登记" / "地块.shp")
    return folder


def write_register(source: Path, path: Path) -> None:
    """The simulated register as a Shapefile in GBK, in a projected CRS, under names of its own."""
    path.parent.mkdir()
    told = gpd.read_file(source)
    kept = {"地块编号": "BDCDYH", "地类编码": "DLBM", "权利人": "QLR", "面积": "MJ"}
    columns = {ours: told[theirs] for ours, theirs in kept.items()}
    own = gpd.GeoDataFrame({**columns, "备注": "模拟"}, geometry=told.geometry, crs=told.crs)
    own.to_crs("EPSG:4545").to_file(path, encoding="GBK")


@pytest.fixture(scope="module")
def transcript(folder):
    """What was typed and answered, from the folder to the delivery."""
    lines = [f"$ find {folder.name} -not -path '*/SIM-*' -type f", *list_files(folder)]
    for words in (
        ["init", folder.name, "--language", "zh"],
        ["validate", f"{folder.name}/ecoledger.yaml"],
        ["run", f"{folder.name}/ecoledger.yaml", "--quiet"],
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ECOLEDGER_LANGUAGE", "zh")
            done = ecoledger(*words, cwd=folder.parent)
        lines += ["", f"$ ecoledger {' '.join(words)}", done.stdout + done.stderr]
    lines += ["", "$ jupyter nbconvert --execute notebooks/01_first_look.ipynb", *look(folder)]
    if place := os.environ.get("TRANSCRIPT"):
        Path(place).write_text("\n".join(lines), encoding="utf-8")
    return "\n".join(lines)


def look(folder: Path) -> list[str]:
    """What the cells of the first notebook print of the delivery."""
    path = ROOT / "notebooks" / "01_first_look.ipynb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECOLEDGER_DELIVERY", str(folder / "delivery"))
        patch.setenv("ECOLEDGER_AOI", folder.name)
        notebook = nbformat.read(path, as_version=4)
        done = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": path.parent}}).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    shown = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
    return ["\n".join(text.splitlines()[:MOST_LINES]) for text in shown if text]


def list_files(folder: Path) -> list[str]:
    names = [str(path.relative_to(folder.parent)) for path in folder.rglob("*") if path.is_file()]
    return sorted(name for name in names if "/SIM-" not in name)


def test_three_commands_lead_from_the_folder_to_a_delivery(transcript, folder):
    assert "地块编号 → parcel_no" in transcript
    assert "EPSG:4545" in transcript
    assert "gbk" in transcript
    assert "5 个断面中属于本区的 5 个" in transcript
    published = folder / "delivery" / folder.name / "2024"
    assert (published / f"{folder.name}_2024.html").exists()
    assert f"{folder.name}" in transcript


def test_a_notebook_reads_the_delivery_by_the_line_that_init_told(transcript, folder):
    (line,) = (one for one in transcript.splitlines() if "pipeline.open_delivery(" in one)
    place = line.partition('open_delivery("')[2].partition('"')[0]
    delivery = pipeline.open_delivery(folder.parent / place)
    register = gpd.read_file(folder / "登记" / "地块.shp", encoding="GBK")
    assert len(delivery.parcels) == len(register)
    assert {"vegetation_cover_share_land", "mean_fvc_land"} <= set(delivery.indicators["indicator"])
    assert len(delivery.sections)


def test_the_area_that_was_drawn_holds_the_whole_register(transcript, folder):
    assert "area.geojson" in transcript
    drawn = gpd.read_file(folder / "area.geojson").union_all()
    parcels = gpd.read_file(folder / "登记" / "地块.shp", encoding="GBK").to_crs("EPSG:4490")
    assert parcels.geometry.within(drawn).all()
