"""The simulated water samples have the messes of real ones and keep the classes that were planted."""

from datetime import date
from itertools import pairwise

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import project_all, unproject
from pipeline.ingest.samples import read_sections
from pipeline.ingest.simulate import water, world
from pipeline.ingest.simulate.landscape import WATER
from pipeline.periods import list_periods

CRS = "EPSG:32651"
YEARS = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")


def tiny_world(periods=YEARS, aoi_id="tiny"):
    square = shapely.box(395_000, 3_486_000, 396_500, 3_487_500)
    part = Part("tiny", "小区", "Tiny", unproject(square, CRS), None)
    return world.plan_world(Aoi(aoi_id, "小区", "Tiny", (part,), CRS, "test", "exact"), periods)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    water.write_samples(tiny_world(), YEARS, folder)
    return folder


@pytest.fixture(scope="module")
def sheet(folder):
    return openpyxl.load_workbook(folder / "water" / "tiny_月报.xlsx").active


def file_in(folder, word):
    return next(path for path in (folder / "water").iterdir() if word in path.name)


def test_the_workbook_has_a_title_above_its_chinese_header_and_merged_names(sheet):
    assert "模拟" in sheet.title
    assert "模拟" in sheet["A1"].value
    assert [cell.value for cell in sheet[2]][:2] == ["断面名称", "采样日期"]
    assert "溶解氧（mg/L）" in [cell.value for cell in sheet[2]]
    assert any(
        area.min_col == area.max_col == 1 and area.size["rows"] > 3 for area in sheet.merged_cells.ranges
    )


def test_every_mess_of_staff_is_somewhere_in_the_workbooks(tmp_path):
    texts = []
    blanks = 0
    for number in range(4):
        place = tmp_path / str(number)
        small = tiny_world(aoi_id=f"area{number}")
        water.write_samples(small, YEARS, place)
        rows = openpyxl.load_workbook(file_in(place, "月报")).active.iter_rows(
            min_row=3, min_col=3, values_only=True
        )
        cells = [cell for row in rows for cell in row]
        texts += [cell for cell in cells if isinstance(cell, str)]
        blanks += sum(cell is None for cell in cells)
    assert {"<0.025", "0.025L", "ND", "<0.01", "0.01L"} <= set(texts)
    assert any("１" in text or "０" in text for text in texts)
    assert any(text != text.strip() for text in texts)
    assert blanks


def test_one_section_goes_by_an_alias_in_the_workbook_and_the_register_knows_it(folder, sheet):
    register = pd.read_csv(folder / "sections.csv")
    *named, below_all = [cell.value for cell in sheet["A"][2:] if cell.value]
    names = set(named)
    assert below_all == "检出限"
    assert names & set(register["section"])
    assert names & set(register["aliases"])
    assert names <= set(register["section"]) | set(register["aliases"])
    assert 3 <= len(register) <= 6
    assert register["section"].str.contains("模拟").all()


def test_the_csv_files_have_their_encodings_and_shapes(folder):
    ledger, long = file_in(folder, "台账"), file_in(folder, "长表")
    with pytest.raises(UnicodeDecodeError):
        ledger.read_text("utf-8")
    wide = pd.read_csv(ledger, encoding="gbk")
    assert {"断面名称", "采样日期", "氨氮（mg/L）"} <= set(wide.columns)
    assert long.read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(long, encoding="utf-8-sig")
    assert {"监测项目", "监测值", "单位"} <= set(table.columns)
    assert {"pH", "溶解氧", "总磷", "水温"} <= set(table["监测项目"])
    for each in (wide, table):
        assert (each["备注"] == "模拟数据").all()


@pytest.mark.parametrize("kind", ["year", "quarter", "month"])
def test_the_means_of_what_is_written_give_the_planted_class(kind):
    periods = list_periods(
        date(2023, 1, 1), date(2023, 12, 31) if kind == "month" else date(2024, 12, 31), kind
    )
    small = tiny_world(periods)
    found = water.describe_sections(small, periods)
    classes = set()
    for section in water.place_sections(small):
        for period in periods:
            planted, decider = water.plan_class(small, section, period)
            graded = found[section.section_id]["periods"][period.label]
            assert graded["water_class"] == planted
            assert decider in graded["decided_by"]
            classes.add(planted)
    assert len(classes) > 1


def test_values_below_detection_cannot_change_the_class():
    small = tiny_world()
    for section in water.place_sections(small):
        table = water.draw_samples(small, section, YEARS)
        for period in YEARS:
            rows = table[table["period"] == period.label]
            planted, _ = water.plan_class(small, section, period)
            for share in (0.0, 0.5, 1.0):
                grades = []
                for code in ("CODMn", "NH3N", "TP", "DO"):
                    low = rows["below"].str.contains(code)
                    grades.append(
                        water._grade(
                            code,
                            float(np.where(low, rows[code] * share, rows[code])[rows[code].notna()].mean()),
                        )
                    )
                assert max(grades) == planted


def test_samples_are_monthly_and_inside_their_period():
    small = tiny_world()
    section = water.place_sections(small)[0]
    table = water.draw_samples(small, section, YEARS)
    assert len(table) == 24
    for period in YEARS:
        days = table.loc[table["period"] == period.label, "day"]
        assert days.between(period.first, period.last).all()
        assert len({day.month for day in days}) == 12


def test_the_same_samples_have_the_same_bytes(folder, tmp_path):
    water.write_samples(tiny_world(), YEARS, tmp_path)
    for path in sorted(tmp_path.rglob("*.*")):
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes(), path.name


def test_sections_stand_on_the_water_of_the_world_between_two_units():
    small = tiny_world()
    (tile,) = small.tiles
    sections = water.place_sections(small)
    grid = tile.coarser(20)
    kind = world.build_surface(small, grid, tile, YEARS[0].first).kind
    spots = project_all(shapely.points([(section.lon, section.lat) for section in sections]), grid.crs)
    cols = ((shapely.get_x(spots) - grid.left) // grid.resolution_m).astype(int)
    rows = ((grid.top - shapely.get_y(spots)) // grid.resolution_m).astype(int)
    assert (kind[rows, cols] == WATER).all()
    for upper, lower in pairwise(sections):
        assert upper.downstream_unit == lower.upstream_unit != upper.upstream_unit
    assert {section.river for section in sections} == {"模拟一河", "模拟二河"}


def test_the_register_carries_rivers_reaches_and_units(folder):
    register = read_sections(folder / "sections.csv")
    assert register[["river", "upstream_unit", "downstream_unit"]].notna().to_numpy().all()
    assert register["reach"].dropna().tolist() == ["小区水流登记单元（模拟）"]
