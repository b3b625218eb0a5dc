"""Registers of rights as staff have them: every figure right, or refused by its place."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.errors import InputError
from pipeline.ingest.rights import read_rights
from pipeline.ingest.rights.words import read_rights_heading
from pipeline.settings.rights import RightsFile

CODE = "91110000802100433B"
LICENCE = {
    "取水许可证编号": "C1",
    "取水权人": "模拟甲水务有限公司",
    "有效期": "2021-01-01至2025-12-31",
    "许可取水量（万m3）": 120.5,
}


@pytest.fixture
def read(tmp_path):
    """Reads rows as a register of a kind, from a CSV file in GB18030 unless told otherwise."""

    def write_and_read(kind, *rows, top="", name="register.csv", encoding="gb18030", **options):
        text = top + pd.DataFrame(list(rows)).to_csv(index=False)
        (tmp_path / name).write_bytes(text.encode(encoding))
        return read_rights([RightsFile(kind=kind, path=str(tmp_path / name), **options)])

    return write_and_read


def list_lost(found):
    """Row and column of what is not used."""
    return list(zip(found.rejects["row"], found.rejects["column"], strict=True))


def test_a_workbook_with_merged_titles_and_two_rows_of_headings_is_read(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("取水")
        sheet.merge_range(0, 0, 0, 6, "某区2023年取水许可台账（模拟）")
        sheet.write(1, 0, "单位：万立方米")
        sheet.merge_range(2, 0, 3, 0, "取水许可证编号")
        sheet.merge_range(2, 1, 3, 1, "取水权人名称")
        sheet.merge_range(2, 2, 2, 3, "有效期")
        sheet.write_row(3, 2, ["起", "止"])
        sheet.merge_range(2, 4, 3, 4, "年许可取水量")
        sheet.merge_range(2, 5, 3, 5, "年实际取水量")
        sheet.write_row(4, 0, ["C1", "模拟甲水务有限公司", "2021/3/1", "20260228", "1,200.5", 98.25])
        sheet.write_row(5, 0, ["C2", "张模拟", "2019年1月1日", "长期", 3, "2.5万m3"])
        sheet.write_row(6, 0, ["合计", "", "", "", 1203.5, 100.75])
        sheet.write(7, 0, "注：模拟数据")
    found = read_rights([RightsFile(kind="water_licence", path=str(tmp_path / "a.xlsx"))])
    rights = found.rights.set_index("number")
    assert list(rights["first"]) == [date(2021, 3, 1), date(2019, 1, 1)]
    assert rights.loc["C1", "last"] == date(2026, 2, 28)
    assert list(rights["endless"]) == [False, True]
    assert list(rights["holder"]) == ["模拟甲水务有限公司", "张＊＊"]
    amounts = found.amounts.set_index(["right_id", "what"])
    assert amounts.loc[("water_licence:C1", "granted"), "value"] == 12_005_000
    assert amounts.loc[("water_licence:C1", "used"), ["value", "year"]].tolist() == [982_500, 2023]
    assert amounts.loc[("water_licence:C2", "used"), "value"] == 25_000
    assert amounts.xs("granted", level="what")["year"].isna().all()
    assert list_lost(found) == [(7, "")]


def test_every_usual_name_of_a_column_means_what_the_table_says():
    rows = standards.read_rows("rights_fields")
    for row in rows:
        kind = "water_licence" if row["kind"] == "*" else row["kind"]
        own = {one["theirs"].casefold(): one["ours"] for one in rows if one["kind"] == kind}
        expected = own.get(row["theirs"].casefold(), row["ours"])
        assert read_rights_heading(kind, row["theirs"]).ours == expected, row


UNITS = [row for row in standards.read_rows("rights_units") if row["unit"] == "m3"]


@pytest.mark.parametrize("where", ["cell", "column"])
def test_an_amount_comes_to_m3_from_every_unit_of_its_row(read, where):
    units = [row for row in UNITS if where == "column" or not row["alias"][0].isdigit()]
    rows = [
        {"取水许可证编号": f"C{number}", "许可取水量": "12.5" + row["alias"] * (where == "cell")}
        | ({"单位": row["alias"]} if where == "column" else {})
        for number, row in enumerate(units)
    ]
    found = read("water_licence", *rows)
    assert found.amounts["value"].tolist() == pytest.approx(
        [12.5 * float(row["factor"]) for row in units], rel=1e-12
    )


@pytest.mark.parametrize("row", UNITS[:2] + UNITS[-2:], ids=lambda row: row["alias"])
@pytest.mark.parametrize("where", ["heading", "title", "config"])
def test_an_amount_comes_to_m3_from_a_unit_wherever_that_is_told(read, row, where):
    unit = row["alias"]
    heading = f"许可取水量（{unit}）" if where == "heading" else "许可取水量"
    top = f"单位：{unit}\n" if where == "title" else ""
    units = {"granted.water": unit} if where == "config" else {}
    found = read("water_licence", {"取水许可证编号": "C1", heading: 12.5}, top=top, units=units)
    assert found.amounts["value"].tolist() == pytest.approx([12.5 * float(row["factor"])], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"许可取水量": 3}, "许可取水量"),
        ({"许可取水量（吨）": 3}, "许可取水量（吨）"),
        ({"许可取水量（万m3）": "约3"}, "许可取水量（万m3）"),
        ({"许可取水量（万m3）": -3}, "许可取水量（万m3）"),
        ({"许可取水量（万m3）": 3, "单位": "m3"}, "许可取水量（万m3）"),
        ({"实际取水量（m3）": 3}, "实际取水量（m3）"),
    ],
    ids=["no unit", "another unit", "no number", "below 0", "two units", "no year"],
)
def test_an_amount_that_cannot_be_right_is_refused_at_its_place(read, change, column):
    found = read("water_licence", {"取水许可证编号": "C1", **change})
    assert found.amounts.empty
    assert list_lost(found) == [(2, column)]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"有效期": "5年"}, "有效期"),
        ({"有效期": "2025-12-31至2021-01-01"}, ""),
        ({"统一社会信用代码": CODE[:-1] + "C"}, "统一社会信用代码"),
        ({"统一社会信用代码": "不详有限公司"}, "统一社会信用代码"),
        ({"经度": 31.2, "纬度": 121.5}, "经度"),
        ({"经度": 121.5, "纬度": ""}, "纬度"),
        ({"经度": "一百二十一", "纬度": 31.2}, "经度"),
        ({"保证金": 3}, "保证金"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_and_the_row_kept(read, change, column):
    found = read("water_licence", LICENCE | change)
    assert len(found.rights) == 1
    assert column in found.rejects["column"].tolist()


def test_what_names_neither_right_nor_holder_is_not_lost_in_silence(read):
    found = read("water_licence", LICENCE, dict.fromkeys(LICENCE, "") | {"许可取水量（万m3）": 7})
    assert len(found.rights) == 1
    assert list_lost(found) == [(3, "")]


def test_a_wrong_check_character_is_told_with_the_right_one(read):
    found = read("water_licence", LICENCE | {"统一社会信用代码": CODE[:-1] + "C"})
    assert "B" in found.rejects["expected"].iloc[0]
    assert found.rights["credit_code"].isna().all()


def test_names_and_numbers_of_persons_go_no_further(read):
    person = {"取水许可证编号": "C9", "取水权人": "张模拟", "统一社会信用代码": "110101199003070011"}
    found = read("water_licence", LICENCE | person, LICENCE)
    told = found.rights.drop(columns="geometry").to_csv() + found.rejects.to_csv()
    assert "张模拟" not in told
    assert "199003070011" not in told
    assert found.rights["holder_id"].tolist() == ["person-1", "模拟甲水务有限公司"]


def test_names_of_persons_stay_where_the_config_says_so(read):
    found = read("water_licence", LICENCE | {"取水权人": "张模拟"}, mask_holders=False)
    assert found.rights["holder"].tolist() == ["张模拟"]


def test_outlets_of_one_licence_add_up_and_repetitions_count_once(read):
    base = {"排污许可证编号": "P1", "单位名称": "模拟丙化工有限公司", "年度": 2023}
    rows = [
        base
        | {"排放口编号": "DW001", "污染物": "化学需氧量", "许可排放量（t）": 18, "实际排放量（kg）": 9000},
        base | {"排放口编号": "DW002", "污染物": "COD", "许可排放量（t）": 12, "实际排放量（kg）": 1000},
        base | {"排放口编号": "DW002", "污染物": "COD", "许可排放量（t）": 12, "实际排放量（kg）": 2000},
        base | {"排放口编号": "DW001", "污染物": "尘", "许可排放量（t）": 1, "实际排放量（kg）": 1},
    ]
    found = read("discharge_licence", *rows)
    assert len(found.rights) == 1
    amounts = found.amounts.set_index("what")["value"]
    assert amounts["granted"] == 30
    assert amounts["used"] == 9.0, "of the two uses of DW002 that contradict each other none counts"
    assert (5, "污染物") in list_lost(found)
    assert found.rejects["row"].tolist().count(4) == 2


def test_a_number_of_several_holders_is_several_rights(read):
    found = read("water_licence", LICENCE, LICENCE | {"取水权人": "模拟乙水务有限公司"})
    assert found.rights["right_id"].tolist() == ["water_licence:C1", "water_licence:C1#2"]


def test_one_unit_is_known_by_its_code_its_name_and_the_code_of_the_register(tmp_path):
    licences = pd.DataFrame([LICENCE | {"统一社会信用代码": CODE, "WIU_CD": "W7"}])
    licences.to_csv(tmp_path / "licences.csv", index=False)
    trades = pd.DataFrame(
        {
            "uniqueCode": ["T1", "T2"], "buyer": ["W7", ""], "buyerName": ["", "模拟甲水务有限公司"],
            "salerName": "模拟乙灌区管理中心", "waterAmount": "3万m3", "成交日期": "2023-05-01",
        }
    )  # fmt: skip
    trades.to_csv(tmp_path / "trades.csv", index=False)
    found = read_rights([
        RightsFile(kind="water_licence", path=str(tmp_path / "licences.csv")),
        RightsFile(kind="water_trade", path=str(tmp_path / "trades.csv")),
    ])  # fmt: skip
    assert found.rights["holder_id"].tolist() == [CODE]
    assert found.sides.loc[found.sides["side"].eq("buyer"), "holder_id"].tolist() == [CODE, CODE]


TRADE = {
    "交易编号": "T1",
    "买入方": "模拟甲有限公司",
    "卖出方": "模拟乙有限公司",
    "交易水量（m3）": 500,
    "成交日期": "2023-5-1",
}


def test_a_trade_has_two_sides_that_sum_to_nothing(read):
    found = read("water_trade", TRADE)
    assert found.sides["value"].tolist() == [500, -500]
    assert found.sides["year"].tolist() == [2023, 2023]


@pytest.mark.parametrize(
    ("change", "lost", "sides"),
    [
        ({"卖出方": ""}, [(2, "卖出方")], [500]),
        ({"成交日期": ""}, [(2, "成交日期")], [500, -500]),
        ({"交易水量（m3）": ""}, [(2, "")], []),
        ({"交易水量（m3）": "多"}, [(2, "交易水量（m3）")], []),
    ],
)
def test_what_a_trade_lacks_is_named(read, change, lost, sides):
    found = read("water_trade", LICENCE_LIKE, TRADE | change)
    assert [(row - 1, column) for row, column in list_lost(found)] == lost
    assert found.sides.loc[found.sides["trade"].eq("T1"), "value"].tolist() == sides


LICENCE_LIKE = TRADE | {"交易编号": "T0"}


def test_one_sided_registers_tell_who_bought_and_who_sold(read):
    rows = [
        {
            "交易编号": "N1",
            "交易主体": "模拟甲有限公司",
            "买卖方向": "卖出",
            "交易量（tce）": 50,
            "成交日期": "20230301",
        },
        {
            "交易编号": "N1",
            "交易主体": "模拟乙有限公司",
            "买卖方向": "受让",
            "交易量（tce）": 40,
            "成交日期": "20230301",
        },
        {
            "交易编号": "N2",
            "交易主体": "模拟乙有限公司",
            "买卖方向": "质押",
            "交易量（tce）": 40,
            "成交日期": "20230301",
        },
    ]
    found = read("energy_trade", *rows)
    assert found.sides[["side", "value"]].to_numpy().tolist() == [["seller", -50.0], ["buyer", 40.0]]
    assert list_lost(found) == [(4, "买卖方向")]


def test_the_same_trade_twice_counts_once_and_another_day_is_another_lot(read):
    found = read("water_trade", TRADE, TRADE, TRADE | {"成交日期": "2023-6-1"})
    assert sorted(found.sides["value"]) == [-500, -500, 500, 500]
    assert set(found.rejects["row"]) == {3}


def test_two_amounts_of_one_trade_and_day_are_neither_used(read):
    found = read("water_trade", LICENCE_LIKE, TRADE, TRADE | {"交易水量（m3）": 700})
    assert set(found.sides["trade"]) == {"T0"}
    assert set(found.rejects["row"]) == {3, 4}


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4549"])
@pytest.mark.parametrize("shape", ["polygon", "point"])
def test_shapes_of_a_vector_file_come_with_their_rows(tmp_path, crs, shape):
    spot = shapely.Point(119.9, 31.8)
    shapes = [spot.buffer(0.001) if shape == "polygon" else spot, None]
    rows = gpd.GeoDataFrame(
        {"项目编号": ["P1", "P2"], "项目业主": "模拟乙有限公司"}, geometry=shapes, crs="EPSG:4490"
    )
    rows.to_crs(crs).to_file(tmp_path / "p.gpkg", layer="a")
    found = read_rights([RightsFile(kind="carbon_project", path=str(tmp_path / "p.gpkg"))])
    placed = found.rights.set_index("number").geometry
    assert placed["P1"].centroid.distance(spot) < 1e-7
    assert placed["P2"] is None
    assert found.rejects.empty


def test_lines_are_no_place_of_a_right_and_ground_goes_before_points(tmp_path):
    spot = shapely.Point(119.9, 31.8)
    shapes = [shapely.LineString([(119.9, 31.8), (119.91, 31.8)]), spot, spot.buffer(0.001)]
    rows = gpd.GeoDataFrame(
        {"项目编号": ["P1", "P2", "P2"], "项目业主": "模拟乙有限公司"}, geometry=shapes, crs="EPSG:4490"
    )
    rows.to_file(tmp_path / "p.gpkg", layer="a")
    found = read_rights([RightsFile(kind="carbon_project", path=str(tmp_path / "p.gpkg"))])
    placed = found.rights.set_index("number").geometry
    assert placed["P1"] is None
    assert placed["P2"].geom_type == "Polygon"
    assert list_lost(found) == [(1, "")]


def test_coordinates_in_another_crs_are_brought_to_degrees(read):
    plain = gpd.GeoSeries([shapely.Point(119.9, 31.8)], crs="EPSG:4490").to_crs("EPSG:4549")
    cells = {"经度": plain.x[0], "纬度": plain.y[0]}
    found = read("water_licence", LICENCE | cells, crs="EPSG:4549")
    assert shapely.get_coordinates(found.rights.geometry[0])[0] == pytest.approx([119.9, 31.8], abs=1e-8)
    assert read("water_licence", LICENCE | cells).rights.geometry.isna().all()


def test_degrees_without_a_crs_are_taken_as_cgcs2000_and_that_is_said(read):
    found = read("water_licence", LICENCE | {"经度": "121°30′36″", "纬度": 31.2})
    assert shapely.get_coordinates(found.rights.geometry[0])[0] == pytest.approx([121.51, 31.2])
    assert "CGCS2000" in found.rejects["todo"].iloc[0]


def test_everything_that_cannot_be_opened_is_told_at_once(tmp_path):
    (tmp_path / "bad.xlsx").write_bytes(b"not a workbook")
    registers = [
        RightsFile(kind="water_licence", path=str(tmp_path / "none*.csv")),
        RightsFile(kind="water_trade", path=str(tmp_path / "bad.xlsx")),
    ]
    with pytest.raises(InputError) as caught:
        read_rights(registers)
    assert len(caught.value.problems) == 2


def test_a_register_without_a_single_usable_row_is_refused_with_its_places(read):
    with pytest.raises(InputError, match=r"register\.csv"):
        read("water_licence", {"甲": 1, "乙": 2})


NUMBERS = st.decimals(0, 10**6, places=3).map(float)
ORDER = st.permutations(range(5))
SCALES = st.sampled_from([("m3", 1.0), ("万m3", 1e4), ("万立方米", 1e4), ("亿立方米", 1e8), ("", None)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
@given(
    value=NUMBERS,
    order=ORDER,
    scale=SCALES,
    spelled=st.sampled_from(["{:.3f}", " {:.3f} ", "{:,.3f}", "text"]),
)
def test_planted_amounts_come_back_from_any_table_or_are_refused(tmp_path, value, order, scale, spelled):
    unit, factor = scale
    text = "若干" if spelled == "text" else spelled.format(value)
    cells = [
        ("取水许可证编号", "C1"), ("取水权人", "模拟甲水务有限公司"), ("备注", "模拟"),
        ("有效期", "20210101-20251231"), (f"年许可取水量({unit})" if unit else "年许可取水量", text),
    ]  # fmt: skip
    table = pd.DataFrame([dict(cells[place] for place in order)])
    table.to_csv(tmp_path / "planted.csv", index=False)
    found = read_rights([RightsFile(kind="water_licence", path=str(tmp_path / "planted.csv"))])
    if factor is None or spelled == "text":
        assert found.amounts.empty
        assert len(found.rejects) == 1
    else:
        assert found.amounts["value"].tolist() == pytest.approx([value * factor], rel=1e-12, abs=1e-9)
    assert np.array_equal(found.rights["number"], ["C1"])
