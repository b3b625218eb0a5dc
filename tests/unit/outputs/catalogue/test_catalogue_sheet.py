"""The catalogue as offices print it: what is planted stands there once, and sums say what counts twice."""

from dataclasses import replace
from datetime import date

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.outputs.catalogue.columns import PRINTED_COLUMNS, list_sheet_columns, list_unfilled
from pipeline.outputs.catalogue.kinds import list_published_kinds
from pipeline.outputs.catalogue.lines import _write_numeral, list_lines, list_remarks
from pipeline.outputs.catalogue.listing import choose_periods
from pipeline.outputs.catalogue.printing import write_catalogue
from pipeline.outputs.catalogue.sums import sum_rows
from pipeline.periods import list_periods
from tests.catalogues import (
    AREAS_HA,
    PRODUCTS,
    SHARE_DOUBLE,
    YEARS,
    list_planted,
    planted_catalogue,
    planted_listing,
)
from tests.deliveries import HOSTILE


@pytest.fixture(scope="module")
def listing():
    return planted_listing()


def print_sheet(listing, folder, most=1000):
    path = folder / "catalogue.xlsx"
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        write_catalogue(book, listing, "目录", most)
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def sheet(listing, tmp_path_factory):
    return print_sheet(listing, tmp_path_factory.mktemp("printed"))["目录"]


def read_lines(sheet):
    """Cells by heading of all rows below the headings."""
    names, group = [], ""
    for above, below in zip(sheet[3], sheet[4], strict=True):
        group = above.value or (group if below.value in YEARS else "")
        names.append(f"{group} {below.value}".strip())
    return [dict(zip(names, [cell.value for cell in row], strict=True)) for row in sheet.iter_rows(min_row=5)]


def find_line(sheet, title):
    return next(line for line in read_lines(sheet) if line["类别与产品名称"] == title)


def test_every_product_of_every_parcel_stands_there_once_with_its_years_side_by_side(sheet):
    found = [line for line in read_lines(sheet) if isinstance(line["序号"], (int, float))]
    assert [line["序号"] for line in found] == list(range(1, len(PRODUCTS) + 1))
    assert [line["类别与产品名称"] for line in found] == [
        *("农产品", "农产品", "水产品", "农田土壤保持", "湿地水质净化", "田园休闲"), None,
    ]  # fmt: skip
    first = found[0]
    assert (first["数量 2023"], first["数量 2024"], first["单位"]) == (100, 110, "t")
    assert (first["价值（万元） 2023"], first["价值（万元） 2024"]) == (20, 25)
    assert first["坐落（镇、村）"] == "东滩镇"
    assert [line["不动产单元号"] for line in found][:2] == ["310151P000", "310151P001"]


def test_a_parcel_in_two_towns_names_that_with_most_of_it_first(listing):
    places = listing.parcels.set_index("parcel_id")["place"]
    assert places["P001"] == "西沙乡、东滩镇"


def test_kinds_stand_above_their_products_with_what_these_come_to(sheet):
    line = find_line(sheet, "一、物质供给")
    assert line["价值（万元） 2024"] == pytest.approx(40), "that of P002 is not known"
    assert line["面积（公顷）"] == pytest.approx(9), "each parcel once"
    crops = find_line(sheet, "1. 农产品")
    assert (crops["数量 2023"], crops["数量 2024"]) == (150, 170)
    assert find_line(sheet, "（一）农林产品供给")["数量 2024"] == 178
    assert find_line(sheet, "二、调节服务")["数量 2024"] is None, "t and m3 are no sum"


def test_a_sum_says_what_of_it_counts_twice_and_of_how_many_rows_nothing_is_known(sheet):
    text = find_line(sheet, "一、物质供给")["坐落（镇、村）"]
    assert text == "3 宗地；其中重叠、计两次：0.40 公顷、3.00 万元（2024）；1 行价值未知，未计入"


def test_totals_stand_with_and_without_what_counts_twice(sheet):
    found = {str(line["类别与产品名称"])[:2]: line for line in read_lines(sheet)}
    total, double, net = (found[title] for title in ("合计", "其中", "扣除"))
    assert total["面积（公顷）"] == pytest.approx(sum(AREAS_HA.values()))
    assert double["面积（公顷）"] == pytest.approx(0.4)
    assert net["面积（公顷）"] == pytest.approx(13.6)
    years = list(enumerate(YEARS))
    values = [(parcel, value) for parcel, *_, value, _ in PRODUCTS]
    planted = {year: sum(value[n] or 0 for _, value in values) / 1e4 for n, year in years}
    on_p001 = [value for parcel, value in values if parcel == "P001"]
    twice = {year: SHARE_DOUBLE * sum(value[n] for value in on_p001) / 1e4 for n, year in years}
    for year in YEARS:
        head = f"价值（万元） {year}"
        assert total[head] == pytest.approx(planted[year])
        assert double[head] == pytest.approx(twice[year])
        assert net[head] == pytest.approx(planted[year] - twice[year])


def test_parcels_without_a_product_come_last_and_say_so(sheet):
    titles = [line["类别与产品名称"] for line in read_lines(sheet)]
    assert titles.index("未列产品的地块") > titles.index("田园休闲")
    assert find_line(sheet, "未列产品的地块")["面积（公顷）"] == 5


def test_a_value_that_rests_on_what_is_not_confirmed_has_a_star_and_stays_a_number(sheet):
    starred = [cell for row in sheet.iter_rows(min_row=5) for cell in row if "*" in cell.number_format]
    assert [cell.value for cell in starred] == [6, 8], "the value of soil kept, of both years"


def test_what_nothing_fills_has_no_column_and_is_said_once(listing, sheet):
    heads = [cell.value for cell in sheet[4]]
    assert "保护情况" not in heads
    assert "开发利用情况" not in heads
    texts = [row[0].value for row in sheet.iter_rows() if isinstance(row[0].value, str)]
    assert sum("保护情况、开发利用情况、备注" in text for text in texts) == 1
    shown = {place.column for place in list_sheet_columns(listing)}
    assert shown | set(list_unfilled(listing)) == set(PRINTED_COLUMNS)


def test_what_the_register_says_of_protection_has_a_column():
    delivery = planted_catalogue()
    told = delivery.inventory.assign(protection_status=None)
    told.loc[told["parcel_id"] == "P002", "protection_status"] = "划入生态保护红线，禁止开发" * 5
    filled = list_planted(replace(delivery, inventory=told))
    assert "protection" in [place.column.key for place in list_sheet_columns(filled)]
    assert not any("保护情况" in text for text in list_remarks(filled))


def test_the_head_names_who_compiled_it_and_the_day_of_the_data(tmp_path):
    delivery = replace(planted_catalogue(), organisation="某区规划资源局")
    sheet = print_sheet(list_planted(delivery), tmp_path)["目录"]
    assert sheet["A1"].value == "河口湿地生态产品目录清单（模拟数据）"
    texts = [cell.value for cell in sheet[2] if cell.value]
    assert texts == ["编制单位：某区规划资源局", "时段：2023、2024", "日期：2024年11月28日（数据截至）"]


def test_nobody_named_leaves_a_line_to_fill(sheet):
    assert sheet["A2"].value.startswith("编制单位：＿＿")


def test_headings_stand_on_every_page_of_an_a3_sheet_of_its_width(sheet):
    assert sheet.print_title_rows == "$3:$4"
    assert (int(sheet.page_setup.paperSize), sheet.page_setup.orientation) == (8, "landscape")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToWidth in (None, 1)
    assert sheet.page_setup.fitToHeight == 0
    assert "&P" in sheet.oddFooter.center.text
    merged = {str(area) for area in sheet.merged_cells.ranges}
    assert {"D3:E3", "F3:G3"} <= merged


def test_what_is_more_than_a_sheet_holds_goes_on_in_the_next(tmp_path, listing):
    book = print_sheet(listing, tmp_path, most=5)
    lines = list(list_lines(listing))
    assert len(book.sheetnames) == -(-len(lines) // 5)
    serials = [line["序号"] for sheet in book for line in read_lines(sheet)]
    numbers = [serial for serial in serials if isinstance(serial, int | float)]
    assert numbers == list(range(1, len(PRODUCTS) + 1))


def test_text_from_the_data_is_no_formula_and_one_that_is_long_makes_its_line_higher(tmp_path):
    delivery = planted_catalogue()
    told = delivery.inventory.assign(use_status=HOSTILE, protection_status="长" * 100, quantity=np.inf)
    sheet = print_sheet(list_planted(replace(delivery, inventory=told)), tmp_path)["目录"]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    row = next(row for row in sheet.iter_rows(min_row=5) if isinstance(row[0].value, (int, float)))
    assert sheet.row_dimensions[row[0].row].height >= 8 * 12
    assert row[3].value is None, "no infinite number"


def test_an_english_catalogue_is_numbered_in_english(tmp_path):
    sheet = print_sheet(planted_listing(language="en"), tmp_path)["目录"]
    titles = [str(row[1].value) for row in sheet.iter_rows(min_row=5)]
    assert titles[0].startswith("1 ")
    assert titles[1].startswith("1.1 ")
    assert [cell.value for cell in sheet[4]][:3] == ["No.", "Kind and product", "Unit"]


def test_an_english_catalogue_says_grades_of_every_period_in_english():
    delivery = planted_catalogue(language="en")
    told = delivery.inventory.assign(quality_grade="中高")
    listing = list_planted(replace(delivery, inventory=told))
    grades = {grade for year in YEARS for grade in listing.products[f"quality_grade:{year}"]}
    assert len(grades) == 1
    assert all(letter.isascii() for letter in grades.pop())


def test_a_small_figure_is_not_shown_as_nothing(sheet):
    cells = [cell for row in sheet.iter_rows(min_row=5) for cell in row if isinstance(cell.value, float)]
    assert all("0.00####" in cell.number_format for cell in cells if cell.column > 1)


def test_an_area_without_accounts_and_without_parcels_still_has_its_sheet(tmp_path):
    delivery = planted_catalogue()
    bare = replace(delivery, inventory=delivery.inventory.iloc[:0], tables={})
    sheet = print_sheet(list_planted(bare), tmp_path)["目录"]
    assert [line["类别与产品名称"] for line in read_lines(sheet)][:1] == ["合计（各行之和）"]


def test_periods_side_by_side_are_the_newest_the_one_before_and_that_of_a_year_ago():
    quarters = list_periods(date(2022, 1, 1), date(2024, 9, 30), "quarter")
    assert choose_periods(quarters) == ("2023Q3", "2024Q2", "2024Q3")
    years = list_periods(date(2020, 1, 1), date(2024, 12, 31), "year")
    assert choose_periods(years) == ("2022", "2023", "2024")
    assert choose_periods(years[:1]) == ("2020",)


def test_periods_that_are_not_shown_are_named(listing):
    delivery = listing.delivery
    years = tuple(list_periods(date(2020, 1, 1), date(2024, 12, 31), "year"))
    found = list_planted(replace(delivery, periods=years))
    assert found.periods == ("2022", "2023", "2024")
    assert any("2020、2021" in text for text in list_remarks(found))


@given(number=st.integers(1, 99))
def test_chinese_numerals_count(number):
    digits = dict(zip("一二三四五六七八九", range(1, 10), strict=True))
    text = _write_numeral(number)
    tens, _, ones = text.rpartition("十") if "十" in text else ("", "", text)
    tenfold = 10 * digits.get(tens, 1) if "十" in text else 0
    assert tenfold + digits.get(ones, 0) == number


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.one_of(st.none(), st.floats(0, 1e6)), st.sampled_from(["t", "m3"])),
        min_size=1,
        max_size=20,
    )
)
def test_sums_are_those_of_a_plain_loop(rows):
    frame = pd.DataFrame(
        {
            "parcel_id": [f"P{parcel}" for parcel, _, _ in rows],
            "area_ha": [1.5 + parcel for parcel, _, _ in rows],
            "overlap_ha": [0.25 * parcel for parcel, _, _ in rows],
            "quantity_unit": [unit for _, _, unit in rows],
            **{f"{name}:2024": [np.nan if value is None else value for _, value, _ in rows]
               for name in ("quantity", "eco_value_yuan", "overlap_yuan")},
        }
    )  # fmt: skip
    found = sum_rows(frame, ["2024"])
    known = [value for _, value, _ in rows if value is not None]
    parcels = {parcel for parcel, _, _ in rows}
    assert found.parcels == len(parcels)
    assert found.area_ha == pytest.approx(sum(1.5 + parcel for parcel in parcels))
    assert found.overlap_ha == pytest.approx(sum(0.25 * parcel for parcel in parcels))
    assert found.values_yuan["2024"] == pytest.approx(sum(known) if known else np.nan, nan_ok=True)
    several = len({unit for _, _, unit in rows}) > 1
    expected = np.nan if several or not known else sum(known)
    assert found.quantities["2024"] == pytest.approx(expected, nan_ok=True)
    assert found.unvalued == ({"2024": len(rows) - len(known)} if known else {})


def test_the_published_list_has_its_four_columns_and_what_grows_wild_apart(listing):
    table = list_published_kinds(listing)
    assert list(table.columns) == ["序号", "类别", "核算科目", "具体内容", "数据性质"]
    rows = table[["类别", "核算科目", "具体内容"]].to_numpy().tolist()
    assert rows == [
        ["物质供给", "农林产品供给", "农产品（2 宗地，5.00 公顷）、水产品（1 宗地，4.00 公顷）"],
        ["物质供给", "农产品（野生）", "荠菜"],
        ["物质供给", "农产品（集约化种植）", "稻谷"],
        ["物质供给", "生态能源", "生态能源"],
        ["调节服务", "土壤保持", "农田土壤保持（1 宗地，2.00 公顷）"],
        ["调节服务", "空气净化", "二氧化硫、氮氧化物"],
        ["调节服务", "水质净化", "湿地水质净化（1 宗地，4.00 公顷）"],
        ["文化服务", "休闲游憩", "田园休闲（1 宗地，3.00 公顷）"],
    ]  # fmt: skip
    assert table["序号"].tolist() == list(range(1, 9))
