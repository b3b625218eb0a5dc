"""The register of sections in files with several tables, and with places of its own."""

import warnings

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.samples import read_sections
from pipeline.ingest.samples.objects import find_point_shifts
from pipeline.ingest.samples.places import read_angles

LONG = 3207241234567890121


def write_layer(path, name, rows, **columns):
    numbers = pd.array([number for number, *_ in rows], dtype="Int64")
    frame = gpd.GeoDataFrame(
        {"断面编号": numbers, "断面名称": [name for _, name, _ in rows], **columns},
        geometry=[shapely.Point(place) for *_, place in rows],
        crs="EPSG:4490",
    )
    pyogrio.write_dataframe(frame.to_crs("EPSG:4549"), path, layer=name)


def test_sections_of_every_layer_are_read_with_the_places_that_they_have(tmp_path):
    path = tmp_path / "s.gpkg"
    write_layer(path, "国考", [(LONG, "甲", (121.1, 31.2)), (LONG + 1, "乙", (121.2, 31.3))])
    write_layer(path, "省考", [(LONG + 2, "丙", (121.3, 31.4))])
    write_layer(path, "监测船", [(1, "船", (121.3, 31.4))], 断面名称=["船"])
    found = read_sections(path)
    assert found["section_id"].tolist()[:3] == [str(LONG), str(LONG + 1), str(LONG + 2)]
    assert found["lon"].tolist()[:3] == pytest.approx([121.1, 121.2, 121.3], abs=1e-8)
    assert found["lat"].tolist()[:3] == pytest.approx([31.2, 31.3, 31.4], abs=1e-8)


def test_numbers_of_sections_keep_their_digits_beside_a_null_and_a_fraction(tmp_path):
    path = tmp_path / "s.gpkg"
    rows = [(LONG, "甲", (121.1, 31.2)), (None, None, (121.2, 31.3))]
    write_layer(path, "s", rows, altitude_m=[1.5, None])
    assert read_sections(path)["section_id"].tolist() == [str(LONG)]


def write_sheets(path, *sheets):
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets:
        sheet = workbook.create_sheet(name)
        for row in [["断面编号", "断面名称", "对照断面"], *rows]:
            sheet.append(row)
    workbook.save(path)
    return workbook


def test_sections_of_every_sheet_are_one_register_and_a_hidden_one_is_none(tmp_path):
    path = tmp_path / "s.xlsx"
    workbook = write_sheets(
        path, ("国考", [["A1", "甲", ""]]), ("省考", [["B1", "乙", "甲"]]), ("旧", [["A1", "甲", ""]])
    )
    workbook["旧"].sheet_state = "hidden"
    workbook.save(path)
    found = read_sections(path)
    assert found["section_id"].tolist() == ["A1", "B1"]
    assert found["control"].tolist()[1] == "A1"
    assert pd.isna(found["control"].iloc[0])


def test_a_section_on_two_sheets_is_told_with_its_sheet(tmp_path):
    path = tmp_path / "s.xlsx"
    write_sheets(path, ("国考", [["A1", "甲", ""]]), ("省考", [["A1", "乙", ""]]))
    with pytest.raises(InputError, match=r"s\.xlsx, 省考, row 2, section_id: found 'A1'"):
        read_sections(path)


def _write_rows(path, *rows, merges=(), state="visible"):
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet("断面")
    for row in rows:
        sheet.append(row)
    for area in merges:
        sheet.merge_cells(area)
    sheet.sheet_state = state
    workbook.save(path)
    return path


def test_a_register_has_its_headings_on_two_rows_and_its_names_merged(tmp_path):
    path = _write_rows(
        tmp_path / "s.xlsx",
        ["断面编号", "断面名称", "河流", "位置", None],
        [None, None, None, "经度", "纬度"],
        ["A1", "甲", "长江", 121.1, 31.2],
        ["A2", "乙", None, 121.2, 31.3],
        merges=["A1:A2", "B1:B2", "C1:C2", "D1:E1", "C3:C4"],
    )
    found = read_sections(path)
    assert found[["section_id", "river", "lon", "lat"]].to_numpy().tolist() == [
        ["A1", "长江", 121.1, 31.2], ["A2", "长江", 121.2, 31.3],
    ]  # fmt: skip


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("cell", ["=A9", "#N/A"])
def test_a_cell_of_the_register_that_is_unresolved_is_named(tmp_path, column, cell):
    headings, row = ["断面编号", "断面名称", "河流", "水质目标", "经度"], ["A1", "甲", "长江", "Ⅲ", None]
    row[column] = cell
    with pytest.raises(InputError) as caught:
        read_sections(_write_rows(tmp_path / "s.xlsx", headings, row))
    assert any(problem.found == repr(cell) for problem in caught.value.problems)


def test_two_columns_that_mean_the_same_are_refused_where_they_differ_and_read_where_not(tmp_path):
    headings = ["断面编号", "断面名称", "水质目标", "考核目标"]
    same = _write_rows(tmp_path / "a.xlsx", headings, ["A1", "甲", "Ⅲ", "Ⅲ"], ["A2", "乙", "Ⅱ", None])
    assert read_sections(same)["target_class"].tolist() == [3, 2]
    other = _write_rows(tmp_path / "b.xlsx", headings, ["A1", "甲", "Ⅲ", "Ⅲ"], ["A2", "乙", None, "Ⅱ"])
    with pytest.raises(InputError) as caught:
        read_sections(other)
    (problem,) = caught.value.problems
    assert problem.place == "b.xlsx, 断面, row 3, target_class"
    assert problem.found == "水质目标 '', 考核目标 'Ⅱ'"


def test_targets_of_two_years_under_one_heading_are_refused(tmp_path):
    rows = [
        ["断面编号", "断面名称", "水质目标", None],
        [None, None, "2023年", "2024年"],
        ["A1", "甲", "Ⅲ", "Ⅱ"],
    ]
    with pytest.raises(InputError, match="says two things"):
        read_sections(_write_rows(tmp_path / "s.xlsx", *rows, merges=["C1:D1"]))


def test_a_register_that_is_hidden_is_refused_with_its_sheet(tmp_path):
    path = _write_rows(tmp_path / "s.xlsx", ["断面编号", "断面名称"], ["A1", "甲"], state="hidden")
    with pytest.raises(InputError, match="unhide") as caught:
        read_sections(path)
    assert caught.value.problems[0].place == "s.xlsx, 断面"


def test_points_of_a_datum_that_leads_nowhere_are_refused_and_of_another_are_moved_and_told(tmp_path):
    rows = pd.DataFrame({"断面编号": ["S1"], "断面名称": ["甲"]})
    for code, name in [("EPSG:2385", "xian.gpkg"), ("EPSG:2437", "beijing.gpkg"), ("EPSG:4490", "own.gpkg")]:
        places = gpd.GeoDataFrame(rows, geometry=[shapely.Point(121.5, 31.4)], crs="EPSG:4490")
        moved = places.set_crs("EPSG:4490").to_crs("EPSG:4549").set_crs(code, allow_override=True)
        (places if code == "EPSG:4490" else moved).to_file(tmp_path / name)
    with pytest.raises(InputError, match=r"xian\.gpkg.*Xian 1980"):
        read_sections(tmp_path / "xian.gpkg")
    assert find_point_shifts(tmp_path / "xian.gpkg") == []
    found = read_sections(tmp_path / "beijing.gpkg")
    assert 20 < 111_000 * abs(found["lat"][0] - 31.4) + 95_000 * abs(found["lon"][0] - 121.5) < 150
    (told,) = find_point_shifts(tmp_path / "beijing.gpkg")
    assert (told.accuracy_m, told.doubtful) == (15, True)
    assert find_point_shifts(tmp_path / "own.gpkg")[0].changes_nothing
    assert find_point_shifts(tmp_path / "other.csv") == []


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("121.50416667", "31.40111111"),
        ("121.50416667°", "北纬31.40111111度"),
        ("121°30′15″", "31°24′4″"),
        ("121°30'15\"E", "N31°24'4\""),
        ("东经121度30分15秒", "北纬31度24分4秒"),
        ("121º30.25’", "31º24.066667’"),
        ("１２１°３０′１５″", "31°24′04.0″N"),
    ],
)
def test_degrees_minutes_and_seconds_are_the_place_that_they_name(tmp_path, lon, lat):
    path = tmp_path / "s.csv"
    pd.DataFrame({"断面编号": ["S1"], "断面名称": ["甲"], "经度": [lon], "纬度": [lat]}).to_csv(
        path, index=False
    )
    found = read_sections(path)
    assert found[["lon", "lat"]].loc[0].tolist() == pytest.approx([121.504167, 31.401111], abs=1e-6)


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("40512345", "3476000"),
        ("31.4", "121.5"),
        ("121°61′0″", "31°0′0″"),
        ("121.5°30′", "31.4"),
        ("512345.6", "31.4"),
    ],
)
def test_places_that_are_no_degrees_are_refused_with_what_was_expected(tmp_path, lon, lat):
    path = tmp_path / "s.csv"
    pd.DataFrame({"断面编号": ["S1"], "断面名称": ["甲"], "经度": [lon], "纬度": [lat]}).to_csv(
        path, index=False
    )
    with pytest.raises(InputError, match=r"s\.csv.*row 2, (lon|lat).*metres of a map"):
        read_sections(path)


@given(st.text())
def test_any_text_is_an_angle_or_stays_as_it_is(text):
    (found,) = read_angles(pd.Series([text], dtype=object))
    assert found == text or abs(float(found)) < 1001


def write_points(path, rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no CRS is the point
        gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy([121.7], [31.5])).to_file(path)


def test_points_without_a_crs_are_refused_unless_columns_tell_the_place(tmp_path):
    rows = pd.DataFrame({"断面编号": ["S1"], "断面名称": ["甲"]})
    write_points(tmp_path / "s.gpkg", rows)
    with pytest.raises(InputError, match=r"points without a CRS.*longitude"):
        read_sections(tmp_path / "s.gpkg")
    write_points(tmp_path / "own.gpkg", rows.assign(经度=121.5, 纬度=31.4))
    assert read_sections(tmp_path / "own.gpkg")[["lon", "lat"]].loc[0].tolist() == [121.5, 31.4]
