"""The demo from end to end: the planted truth comes back, areas add up, runs repeat and resume."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from programs import ROOT, ecoledger, files_of

from pipeline.geodesy import measure_area_m2
from tests.unit.test_start_up import load_libraries

ROW = ("值 value", "植入真值 planted truth")
AREAS = ["chongming_wetlands", "guangyang_island", "longyou_bay"]
PERIODS = ["2023", "2024"]


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "tables" / f"{name}.csv", encoding="utf-8-sig", dtype={"period": str})


def truth_of(out: Path, aoi: str) -> dict:
    texts = [path.read_text(encoding="utf-8") for path in out.glob("work/artifacts/simulated/*/truth.json")]
    return next(truth for truth in map(json.loads, texts) if truth["aoi"] == aoi)


@pytest.fixture(params=AREAS)
def area(request, demo):
    """Delivery folder and planted truth of each area."""
    return demo / request.param / "2024", truth_of(demo, request.param)


@pytest.fixture(params=AREAS)
def accounts(request, demo):
    """Delivery folder, totals of the area by registered class, and planted truth of its accounts."""
    folder = demo / request.param / "2024"
    key = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["inputs"]["account_truth"]
    path = demo / "work" / "artifacts" / "account_truth" / key[:24] / "truth.json"
    totals = table(folder, "account_totals")
    own = totals["region"].eq(request.param) & totals["basis"].eq("registered")
    return folder, totals[own].fillna({"item": ""}), json.loads(path.read_text(encoding="utf-8"))["periods"]


def planted_items(truth):
    """Period, service, item and what is planted of it."""
    for period, services in truth.items():
        for service, items in services.items():
            for item, planted in items.items():
                yield (period, service, item), planted


def is_told(service):
    """Whether a service is wholly told by statistics."""
    return service.startswith(("MAT-", "CUL-")) or service in {"REG-04", "REG-05b", "REG-11", "outside"}


def test_every_quantity_and_value_of_the_accounts_is_the_planted_one(accounts):
    """Of pixels within 2 %, of statistics exactly."""
    folder, totals, truth = accounts
    found = totals.set_index(["period", "service", "item"])
    worst = 0.0
    for key, planted in planted_items(truth):
        for name in ("quantity", "value_yuan"):
            if key[1] == "outside" and name == "quantity":
                continue
            within = 1e-9 if is_told(key[1]) else 0.02
            assert found.loc[key, name] == pytest.approx(planted[name], rel=within), (key, name)
            if planted[name]:
                worst = max(worst, abs(found.loc[key, name] / planted[name] - 1))
    print(f"{folder.parent.name}: {len([*planted_items(truth)])} items, the furthest off {worst:.2%}")


def test_gep_is_whole_and_near_the_planted_one(accounts):
    _, totals, truth = accounts
    gep = totals[totals["service"] == "GEP"].set_index("period")
    for period in PERIODS:
        planted = sum(entry["value_yuan"] for key, entry in planted_items(truth) if key[0] == period)
        assert gep.loc[period, "value_yuan"] == pytest.approx(planted, rel=0.02)
        assert gep.loc[period, "known"] == gep.loc[period, "of"]


def test_the_books_of_the_accounts_balance(accounts):
    folder, totals, _ = accounts
    balance = table(folder, "account_balance")
    books = balance["parts"].isin(["units", "regions", "classes"])
    assert books.sum() > 100
    assert balance.loc[books, "difference"].abs().max() <= 1e-9
    assert balance.loc[~books, "difference"].abs().max() <= 1e-6  # of coverage in single precision
    regions = table(folder, "account_totals")
    towns = regions[regions["basis"].eq("registered") & regions["region"].ne(totals["region"].iloc[0])]
    parts = towns.fillna({"item": ""}).groupby(["period", "service", "item"])["quantity"].sum()
    whole = totals.set_index(["period", "service", "item"])["quantity"].dropna()
    assert parts.loc[whole.index].to_numpy() == pytest.approx(whole.to_numpy(), rel=1e-9)


@pytest.mark.parametrize("period", PERIODS)
def test_mean_vegetation_cover_of_the_land_is_the_planted_one(area, period):
    folder, truth = area
    figures = table(folder, "indicators").set_index(["indicator", "period"])["value"]
    planted = truth["periods"][period]["mean_fvc"]
    by_percentiles = figures["mean_fvc_land_percentiles", period]
    print(
        f"{truth['aoi']} {period}: planted {planted:.4f}, found {figures['mean_fvc_land', period]:.4f}, "
        f"with percentiles 5/95 {by_percentiles:.4f} (bias {by_percentiles - planted:+.4f})"
    )
    assert figures["mean_fvc_land", period] == pytest.approx(planted, abs=0.02)
    assert by_percentiles != figures["mean_fvc_land", period]


def test_every_planted_change_is_found_with_its_area(area):
    folder, truth = area
    patches = gpd.read_file(folder / "inventory.gpkg", layer="change_patches")
    for planted in truth["planted"]:
        outline = shapely.from_geojson(json.dumps(planted["polygon"]))
        found = patches[patches.intersects(outline)]
        inside = sum(measure_area_m2(patch.intersection(outline.buffer(0.0002))) for patch in found.geometry)
        print(f"{truth['aoi']} {planted['name']}: planted {planted['area_m2']:.0f} m2, found {inside:.0f} m2")
        assert inside == pytest.approx(planted["area_m2"], rel=0.05)


@pytest.mark.parametrize("period", PERIODS)
def test_sections_have_their_planted_class(area, period):
    folder, truth = area
    sections = table(folder, "sections")
    found = sections[sections["period"] == period].set_index("section_id")["water_class"]
    for section, classes in truth["sections"].items():
        assert found[section] == classes["periods"][period]["water_class"]


@pytest.mark.parametrize("period", PERIODS)
def test_classes_and_unknown_fill_every_parcel(area, period):
    folder, _ = area
    measures = table(folder, "parcel_measures")
    classes = measures[measures["measure"].str.startswith("class_area:") & (measures["period"] == period)]
    parcels = gpd.read_file(folder / "inventory.gpkg", layer="parcels").set_index("parcel_id")["area_m2"]
    by_parcel = classes.groupby("parcel_id")
    total = by_parcel["value"].sum() + by_parcel["unknown_area_m2"].first()
    assert len(total) == len(parcels) > 20
    assert np.abs(total / parcels.loc[total.index] - 1).max() < 1e-6


@pytest.mark.parametrize("period", PERIODS)
def test_the_area_balance_adds_up(area, period):
    folder, _ = area
    rows = table(folder, "area_balance")
    items = rows[rows["period"] == period].set_index("item")["value_m2"]
    assert items["overlaps"] > 0
    assert items["outside"] > 0
    assert items["parcels"] - items["overlaps"] + items["outside"] == pytest.approx(items["aoi"], rel=1e-6)
    classes = items[items.index.str.startswith("class:")].sum()
    assert classes + items["unknown"] == pytest.approx(items["aoi"], rel=1e-6)


def test_every_headline_of_the_assessment_is_the_planted_one(demo):
    words = ["run", ROOT / "configs" / "demo.yaml", "--out", demo, "--quiet", "--json"]
    rows = json.loads(ecoledger(*words).stdout)["headlines"]
    of_parts = {"植物物种", "动物物种", "达到种群", "居住用地", "生态环境", "生态质量"}
    planted = [row for row in rows if row["植入真值 planted truth"] and row["指标 indicator"][:4] in of_parts]
    assert {row["指标 indicator"][:4] for row in planted} == of_parts
    for row in planted:
        found, truth = (float(row[key].partition("（")[0].replace(",", "")) for key in ROW)
        assert found == pytest.approx(truth, rel=0.02, abs=0.02), row


def test_everything_that_is_simulated_says_so(area):
    folder, _ = area
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["simulated"] is True
    assert "模拟数据" in (folder / "report.html").read_text(encoding="utf-8")
    inventory = gpd.read_file(folder / "inventory.gpkg", layer="inventory")
    assert inventory["data_source"].str.contains("模拟").all()
    assert table(folder, "indicators")["source"].str.contains("模拟|GB 3838").all()
    for raster in (folder / "rasters").glob("*.tif"):
        with rasterio.open(raster) as source:
            assert "模拟" in " ".join(source.tags().values()), raster.name


def test_the_bridge_between_the_years_leads_from_one_to_the_other(accounts):
    folder, totals, _ = accounts
    bridge = table(folder, "account_bridge").fillna({"item": ""})
    steps = ["extent_yuan", "intensity_yuan", "price_yuan", "method_yuan", "scope_yuan"]
    whole = bridge.dropna(subset=["opening_yuan", "closing_yuan", *steps])
    assert len(whole) > 50
    ends = whole["opening_yuan"] + whole[steps].sum(axis=1) - whole["closing_yuan"]
    assert ends.abs().max() <= 1e-6
    silt = totals[totals["service"].eq("REG-02a")].set_index("period")["value_yuan"]
    own = bridge["region"].eq(folder.parent.name) & bridge["basis"].eq("registered")
    rows = bridge[own & bridge["service"].eq("REG-02a") & bridge["account_class"].notna()]
    for column, period in (("opening_yuan", "2023"), ("closing_yuan", "2024")):
        assert rows[column].sum() == pytest.approx(silt[period], rel=1e-9)


def test_a_second_run_recomputes_nothing_and_keeps_every_byte(demo):
    before = {aoi: files_of(demo / aoi, but="") for aoi in AREAS}
    done = ecoledger("demo", "--out", demo, "--quiet")
    assert done.stdout.count("unchanged, kept") == len(AREAS)
    assert {aoi: files_of(demo / aoi, but="") for aoi in AREAS} == before


@pytest.mark.slow
def test_a_run_killed_in_the_middle_resumes_to_the_same_bytes(demo, tmp_path):
    words = ["run", Path(__file__).parents[2] / "configs" / "demo.yaml", "--aoi", "longyou_bay", "--quiet"]
    program = Path(sys.executable).with_name("ecoledger")
    out = tmp_path / "killed"
    for wanted in ("artifacts/simulated", "artifacts/composite", "artifacts/statistics"):
        running = subprocess.Popen([program, *map(str, words), "--out", str(out)], stderr=subprocess.DEVNULL)
        while running.poll() is None and not (out / "work" / wanted).exists():
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
        assert not (out / "longyou_bay" / "2024").exists()
    ecoledger(*words, "--out", out)
    assert files_of(out / "longyou_bay") == files_of(demo / "longyou_bay")


def test_a_run_that_changes_nothing_loads_nothing_that_computes_maps_or_draws(demo):
    config = ROOT / "configs" / "demo.yaml"
    loaded = load_libraries("run", config, "--out", demo, "--aoi", "longyou_bay", "--quiet", "--json")
    assert not loaded & {"zarr", "sklearn", "exactextract", "pyogrio", "bokeh", "xlsxwriter", "openpyxl"}
    assert not loaded & {"pystac", "pystac_client", "distributed"}
    assert "pandas" in loaded


def test_a_second_run_beside_a_running_one_stops_at_once_with_code_5(tmp_path):
    words = ["run", Path(__file__).parents[2] / "configs" / "demo.yaml", "--aoi", "longyou_bay", "--quiet"]
    program = Path(sys.executable).with_name("ecoledger")
    running = subprocess.Popen([program, *map(str, words), "--out", str(tmp_path)], stderr=subprocess.DEVNULL)
    try:
        while running.poll() is None and not (tmp_path / "work" / "artifacts").exists():
            time.sleep(0.02)
        done = ecoledger(*words, "--out", tmp_path, expected=5)
        assert "Another run holds" in done.stderr
    finally:
        running.kill()
        running.wait()


def test_an_interrupted_run_exits_130_and_a_terminated_one_143(tmp_path):
    words = ["run", Path(__file__).parents[2] / "configs" / "demo.yaml", "--aoi", "longyou_bay", "--quiet"]
    program = Path(sys.executable).with_name("ecoledger")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        out = tmp_path / str(code)
        running = subprocess.Popen(
            [program, *map(str, words), "--out", str(out)], stderr=subprocess.PIPE, env=os.environ
        )
        while running.poll() is None and not (out / "work" / "artifacts").exists():
            time.sleep(0.02)
        running.send_signal(number)
        _, message = running.communicate()
        assert running.returncode == code
        assert "run again to resume" in message.decode()
