"""Files about rivers and lakes of the simulated world: as planted, said to be so, with bytes that repeat."""

import hashlib
import json
import sqlite3
from datetime import date

import openpyxl
import pandas as pd
import pytest
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import project, unproject
from pipeline.grid import Grid
from pipeline.ingest.health.bodies import read_bodies
from pipeline.ingest.health.measures import read_measures
from pipeline.ingest.health.words import HealthWords
from pipeline.ingest.simulate.health import write_health
from pipeline.ingest.simulate.health_estate import (
    LAKE,
    LOST,
    NAMES,
    OWN,
    SHARED,
    list_measure_statements,
    look_at,
    measure_water,
)
from pipeline.ingest.simulate.health_paths import complete_health
from pipeline.ingest.simulate.water import write_samples
from pipeline.ingest.simulate.world import build_surface, find_kinds, plan_world
from pipeline.periods import list_periods
from pipeline.settings.health import Health

CRS = "EPSG:32651"
YEARS = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")
SQUARE = shapely.box(395_000, 3_486_000, 397_200, 3_488_000)


@pytest.fixture(scope="module")
def planned():
    part = Part("longyou", "小区", "Small", unproject(SQUARE, CRS), None)
    return plan_world(Aoi("tiny", "小区", "Small", (part,), CRS, "test", "exact"), YEARS)


@pytest.fixture(scope="module")
def folder(planned, tmp_path_factory):
    base = tmp_path_factory.mktemp("world")
    write_samples(planned, YEARS, base)
    write_health(planned, base, base / "health")
    return base / "health"


def hash_of(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_world_writes_the_same_bytes(planned, folder, tmp_path):
    write_health(planned, folder.parent, tmp_path / "again")
    assert hash_of(tmp_path / "again") == hash_of(folder)


def test_every_file_says_that_it_is_simulated(folder):
    assert "模拟数据" in json.loads((folder / "truth.json").read_text(encoding="utf-8"))["simulated"]
    for path in folder.glob("*.csv"):
        encoding = "utf-8-sig" if path.stem == "邻省名录" else "gbk"
        assert "模拟" in path.read_text(encoding=encoding), path
    for path in folder.glob("*.xlsx"):
        cells = [
            cell for row in openpyxl.load_workbook(path).active.iter_rows(values_only=True) for cell in row
        ]
        assert "模拟数据" in " ".join(map(str, cells)), path
    with sqlite3.connect(folder / "河湖名录.gpkg") as base:
        ((about,),) = base.execute("select description from gpkg_contents").fetchall()
    assert "模拟数据" in about


def test_a_block_is_completed_in_what_it_does_not_name(folder):
    block = complete_health(Health(), folder)
    assert [len(files) for files in (block.bodies, block.tables, block.zones, block.registers)] == [
        1,
        2,
        1,
        1,
    ]
    own = complete_health(Health.model_validate({"bodies": "taipu_river", "bank_width_m": 30}), folder)
    assert [file.path for file in own.bodies] == ["taipu_river"]
    assert own.tables == []
    assert own.bank_width_m == 30


def test_bodies_lie_where_they_should_in_the_area(folder):
    rows = read_bodies(complete_health(Health(), folder).bodies).set_index("id")
    shares = {
        body: project(shape, CRS).intersection(SQUARE).area / project(shape, CRS).area
        for body, shape in rows.geometry.items()
    }
    assert shares[OWN] == pytest.approx(1)
    assert shares[LAKE] == pytest.approx(1)
    assert 0.05 < shares[SHARED] < 0.95


def test_the_lake_lost_what_was_planted_by_the_first_period(planned, folder):
    rows = read_bodies(complete_health(Health(), folder).bodies).set_index("id")
    water = measure_water(planned, YEARS[0].first)
    assert water > 0
    assert 1 - water / rows.loc[LAKE, "reference_m2"] == pytest.approx(LOST)


def test_every_planted_figure_is_read_from_its_messy_cell(planned, folder):
    words = HealthWords.of(
        [(body, [name]) for body, name in NAMES.items()],
        {"水体整洁程度": "tidiness", "湖泊连通指数": "connectivity"},
    )
    found = read_measures(complete_health(Health(), folder).tables, words)
    read = {(row.body, row.measure, row.first): row.value for row in found.readings.itertuples(index=False)}
    for one in list_measure_statements(planned):
        first = pd.NaT if one.year is None else pd.Timestamp(one.year, 1, 1)
        key = next(
            key for key in read if key[:2] == (one.body, one.measure) and (pd.isna(first) or key[2] == first)
        )
        assert read[key] == pytest.approx(one.value)


def test_what_lies_under_a_shape_is_laid_there_alone_and_as_the_whole_tile_has_it(planned, monkeypatch):
    (tile,), day, laid = planned.tiles, date(2024, 12, 31), []

    def lay(world, grid, *others):
        laid.append(grid)
        return find_kinds(world, grid, *others)

    monkeypatch.setattr("pipeline.ingest.simulate.health_estate.find_kinds", lay)
    whole = tile.coarser(5.0)
    rows, cols = slice(40, 60), slice(30, 70)
    shape = shapely.box(
        whole.left + 5 * cols.start,
        whole.top - 5 * rows.stop,
        whole.left + 5 * cols.stop,
        whole.top - 5 * rows.start,
    )
    expected = build_surface(planned, whole, tile, day).kind[rows, cols]
    assert look_at(planned, shape, day).tolist() == expected.ravel().tolist()
    assert laid == [Grid(whole.crs, whole.left + 150, whole.top - 200, 5.0, 20, 40)]
    beyond = shapely.affinity.translate(shape, -1e5, 0)
    assert look_at(planned, beyond, day).size == 0
