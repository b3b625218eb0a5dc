"""一季一调度: eight quarters on a schedule, each beside the last and that of last year, none read twice."""

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest
import yaml
from docx import Document
from programs import ROOT, ecoledger

from pipeline.periods import list_periods
from tests.bulletins import NUMBER, assert_held, list_numbers, read_evidence, read_words

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


def find_simulated(out, name):
    """The folder of a simulated artifact."""
    (folder,) = (out / "work" / "artifacts" / name).glob("*/")
    return folder


def list_sources(out):
    """What a config names in place of the simulated world: its catalogue and its files."""
    world = find_simulated(out, "simulated")
    return {
        "targets": {"tables": [{"path": str(find_simulated(out, "simulated_part_targets") / "*.xlsx")}]},
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
    out, read = tmp_path_factory.mktemp("schedule"), [set()]
    for quarter in QUARTERS:
        told = {"label": quarter.label, "scenes.end": str(quarter.last), **list_sources(whole)}
        words = [word for key, value in told.items() for word in ("--set", f"{key}={json.dumps(value)}")]
        ecoledger("run", DISPATCH, "--aoi", AREA, "--out", out, "--quiet", *words)
        ecoledger("bulletin", out, "--quarter", quarter.label, "--to", out / f"{quarter.label}.docx")
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


@pytest.mark.parametrize(("column", "back"), [("before", 1), ("year_ago", 4)])
def test_targets_stand_beside_the_figures_that_were_told_then(schedule, column, back):
    for now, then in zip(QUARTERS[back:], QUARTERS, strict=False):
        rows = table_of(schedule[0], now.label, "targets").query(f"period == '{now.label}'")
        told = table_of(schedule[0], then.label, "indicators").set_index(["indicator", "period"])["value"]
        known = rows[rows["indicator"].isin(told.index.get_level_values(0))]
        assert len(known)
        assert set(known[f"{column}_period"]) == {then.label}
        figures = [told[indicator, then.label] for indicator in known["indicator"]]
        assert known[f"{column}_value"].tolist() == pytest.approx(figures, rel=1e-12)


def test_where_a_run_does_not_reach_back_nothing_is_compared_and_it_says_why(schedule):
    rows = table_of(schedule[0], "2023Q1", "targets")
    assert rows[["before_value", "year_ago_value"]].isna().all(axis=None)
    assert rows["compared_reason"].str.contains("scenes.start").all()


def test_the_bulletin_of_each_quarter_tells_its_figures_beside_those_of_the_last(schedule):
    for before, now in pairwise(QUARTERS):
        told = [table_of(schedule[0], one.label, "indicators") for one in (now, before)]
        shares = [one.set_index(["indicator", "period"])["value"] for one in told]
        key = "vegetation_cover_share_land"
        expected = [f"{share[key, one.label]:.2%}" for share, one in zip(shares, (now, before), strict=True)]
        tables = Document(str(schedule[0] / f"{now.label}.docx")).tables
        rows = [[cell.text for cell in row.cells] for table in tables for row in table.rows]
        assert any(row[0].startswith("植被覆盖率（陆域") and row[1:3] == expected for row in rows), now.label


@pytest.mark.parametrize("quarter", QUARTERS, ids=lambda quarter: quarter.label)
def test_every_quarter_has_a_bulletin_beside_the_last_and_the_same_of_last_year(schedule, quarter, tmp_path):
    out, place = schedule[0], QUARTERS.index(quarter)
    path = tmp_path / "bulletin.docx"
    ecoledger("bulletin", out, "--quarter", quarter.label, "--to", path)
    rows = read_evidence(path.with_suffix(".csv"))
    assert {row["delivery"] for row in rows} == {f"{AREA}/{quarter.label}"}
    figures = table_of(out, quarter.label, "indicators").set_index(["indicator", "period"])["value"]
    for count, earlier in ((1, "上期"), (4, "上年同期")):
        then = QUARTERS[place - count].label if place >= count else None
        said = find_row(path, "植被覆盖率（陆域，不含水面）")[earlier]
        expected = f"{figures['vegetation_cover_share_land', then]:.2%}" if then else "—"
        assert said == expected
    for row in rows:
        if row["origin"] in {"cell", "text", "difference"}:
            assert_held(out, row)
    names = set(table_of(out, quarter.label, "sections")["section"])
    told = {number for row in rows for number in NUMBER.findall(row["text"])}
    assert list_numbers(path, names) - told == set()
    assert "调度表" in " ".join(read_words(path))


def find_row(path, name):
    """The row of an indicator in the table of the area, by its headings."""
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in Document(path).tables]
    rows = [(row, rows[0]) for rows in tables for row in rows if "趋向" in rows[0]]
    (found,) = [dict(zip(heads, row, strict=True)) for row, heads in rows if row[0] == name]
    return found
