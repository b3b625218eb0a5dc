"""The register of sections in files with several tables, and with places of its own."""

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.errors import InputError
from pipeline.ingest.samples import read_sections

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
