"""一季一调度: eight quarters on a schedule, each beside the last and that of last year, none read twice."""

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest
import yaml
from programs import ROOT, ecoledger

from pipeline.periods import list_periods

DISPATCH = ROOT / "configs" / "dispatch.yaml"
AREA = "guangyang_island"
FIRST, LAST = date(2023, 1, 1), date(2024, 12, 31)
QUARTERS = list_periods(FIRST, LAST, "quarter")

pytestmark = pytest.mark.slow


def table_of(out, label, name):
    path = out / AREA / label / "tables" / f"{name}.csv"
    return pd.read_csv(path, encoding="utf-8-sig", dtype={"period": str})


def reads_of(out):
    """Scenes, bands and blocks that a workspace has read."""
    with closing(sqlite3.connect(out / "work" / "ledger.sqlite")) as ledger:
        return set(ledger.execute("select key, scene_id, band, block from reads").fetchall())


def list_sources(world):
    """What a config names in place of the simulated world: its catalogue and its files."""
    return {
        "scenes.provider": {"static": str(world / "catalog.json")},
        "samples": [{"path": str(world / "water" / "*")}],
        "sections.register": str(world / "sections.csv"),
        "parcels": {"path": str(world / "register.gpkg")},
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """All eight quarters in one run."""
    out = tmp_path_factory.mktemp("whole")
    ecoledger("run", DISPATCH, "--aoi", AREA, "--out", out, "--quiet")
    return out


@pytest.fixture(scope="module")
def schedule(whole, tmp_path_factory):
    """The quarters one by one, as their scenes come in: the folder, and what each run read."""
    (world,) = (whole / "work" / "artifacts" / "simulated").glob("*/")
    out, read = tmp_path_factory.mktemp("schedule"), [set()]
    for quarter in QUARTERS:
        told = {"label": quarter.label, "scenes.end": str(quarter.last), **list_sources(world)}
        words = [word for key, value in told.items() for word in ("--set", f"{key}={json.dumps(value)}")]
        ecoledger("run", DISPATCH, "--aoi", AREA, "--out", out, "--quiet", *words)
        read.append(reads_of(out))
    return out, [after - before for before, after in pairwise(read)]


def test_the_dispatch_is_of_eight_quarters():
    scenes = yaml.safe_load(DISPATCH.read_text(encoding="utf-8"))["scenes"]
    assert (scenes["start"], scenes["end"], scenes["period"]) == (FIRST, LAST, "quarter")
    assert [quarter.label for quarter in QUARTERS][::7] == ["2023Q1", "2024Q4"]


def test_every_quarter_reads_its_own_scenes_and_no_other(schedule):
    for quarter, read in zip(QUARTERS, schedule[1], strict=True):
        days = {date.fromisoformat(f"{d[:4]}-{d[4:6]}-{d[6:8]}") for d in map(find_day, read)}
        assert days
        assert {day for day in days if not quarter.first <= day <= quarter.last + timedelta(days=1)} == set()


def find_day(read):
    return next(part for part in read[1].split("_") if part.isdigit() and len(part) == len("20240101"))


def test_the_last_quarter_on_a_schedule_tells_what_one_run_tells(schedule, whole):
    keys = ["indicator", "period"]
    one = table_of(whole, "2024Q4", "indicators").set_index(keys)["value"]
    other = table_of(schedule[0], "2024Q4", "indicators").set_index(keys)["value"]
    assert one.index.sort_values().equals(other.index.sort_values())
    pd.testing.assert_series_equal(other.sort_index(), one.sort_index(), rtol=1e-12)
