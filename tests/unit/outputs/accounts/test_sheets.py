import re
from dataclasses import replace
from typing import get_args

import openpyxl
import pandas as pd
import pytest

from pipeline.outputs import spreadsheet
from pipeline.outputs.languages import say
from pipeline.outputs.texts import find_texts
from pipeline.settings.accounts import Choices
from tests.books import REASON, with_accounts
from tests.deliveries import HOSTILE, small_delivery

SHEETS = [
    *(
        "生态产品目录清单",
        "公布清单",
        "清单明细",
        "核算总表",
        "分项表",
        "分镇表",
        "地块分项表",
        "方法表",
        "参数表",
        "来源表",
    ),
    *("图层表", "平衡表", "口径差异表", "变化分解表", "核算选项", "数据字典", "汇总", "说明"),
]


@pytest.fixture(scope="module")
def workbook(folder):
    return openpyxl.load_workbook(folder / "inventory.xlsx")


def table_of(sheet):
    header, *rows = sheet.iter_rows(values_only=True)
    return pd.DataFrame(rows, columns=header)


def column_of(sheet, head):
    return next(cell.column for cell in sheet[1] if cell.value.startswith(head))


def follow(workbook, cell):
    """The sheet and the row that a cell leads to."""
    name, row = re.fullmatch(r"'(.+)'!A(\d+)", cell.hyperlink.location).groups()
    sheet = workbook[name]
    return sheet, int(row)


def row_of(sheet, row):
    return {head.value: cell for head, cell in zip(sheet[1], sheet[row], strict=True)}


def test_the_sheets_of_the_accounts_stand_behind_the_inventory_and_none_is_empty(workbook):
    assert workbook.sheetnames == SHEETS
    assert all(sheet.max_row > 1 for sheet in workbook)


def test_three_clicks_lead_from_every_yuan_of_the_inventory_to_quantity_parameters_and_layers(workbook):
    inventory = workbook["清单明细"]
    value = column_of(inventory, "生态价值")
    for number in range(2, inventory.max_row + 1):
        cell = inventory.cell(number, value)
        place = {head: given.value for head, given in row_of(inventory, number).items()}
        item = row_of(*follow(workbook, cell))
        assert item["地块标识"].value == place["地块标识"]
        assert str(item["核算期"].value) == str(place["核算期"])
        assert item["指标代码"].value == place["二级类代码"]
        assert item["价值量（现价） (元)"].value == pytest.approx(cell.value)
        assert item["实物量"].value * item["单价（元每单位）"].value == pytest.approx(cell.value)
        parameter = row_of(*follow(workbook, item["参数"]))
        assert parameter["指标代码"].value == place["二级类代码"]
        assert parameter["数值"].value == 8.1753
        source = row_of(*follow(workbook, parameter["图层与统计"]))
        assert source["指标代码"].value == place["二级类代码"]
        assert source["来源"].value == "climate/rain_2024.nc"


def test_a_raster_of_the_inputs_opens_from_its_cell(workbook, folder):
    sheet = workbook["来源表"]
    column = column_of(sheet, "栅格成果")
    targets = [
        cell.hyperlink.target.replace("\\", "/")
        for (cell,) in sheet.iter_rows(2, None, column, column)
        if cell.value
    ]
    assert targets == ["rasters/land_cover_2024.tif"] * 2
    assert all((folder / target).is_file() for target in targets)


def test_links_lead_to_the_right_rows_also_where_the_parcels_fill_several_sheets(
    tmp_path, accounted, monkeypatch
):
    monkeypatch.setattr(spreadsheet, "ROWS_PER_SHEET", 77)
    spreadsheet.write_workbook(accounted, tmp_path / "book.xlsx")
    found = openpyxl.load_workbook(tmp_path / "book.xlsx")
    for name in ("清单明细", "清单明细2"):
        sheet = found[name]
        for number in range(2, sheet.max_row + 1):
            item = row_of(*follow(found, sheet.cell(number, column_of(sheet, "生态价值"))))
            assert item["地块标识"].value == row_of(sheet, number)["地块标识"].value
    assert "地块分项表7" in found.sheetnames


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_choice_of_a_profile_and_each_of_its_options_has_a_name(language):
    words = {key: find_texts(f"accounts.code.{key}", language) for key in ("choice", "option")}
    for name, field in Choices.model_fields.items():
        assert name in words["choice"]
        assert {*get_args(field.annotation)} - {"A", "B"} <= set(words["option"])


def test_a_sheet_without_room_for_more_links_keeps_its_figures(tmp_path, accounted, monkeypatch):
    monkeypatch.setattr(spreadsheet, "_MOST_LINKS", 10)
    spreadsheet.write_workbook(accounted, tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["清单明细"]
    assert sum(cell.hyperlink is not None for row in sheet.iter_rows() for cell in row) == 10
    assert table_of(sheet)["生态价值(价值量) (CNY)"].notna().sum() == 80


def test_the_totals_of_both_bases_have_interval_comparable_sum_gdp_and_how_many_are_known(workbook):
    rows = table_of(workbook["核算总表"])
    assert rows["地类口径"].tolist() == ["登记地类", "制图类别"] * 2
    newest = rows.iloc[2]
    assert newest["合计名称"] == "部分合计"
    assert (newest["已核算指标数"], newest["应核算指标数"]) == (4, 5)
    assert newest["合计 (万元)"] == pytest.approx(36884.892, abs=1e-3)
    assert newest["下限 (万元)"] < newest["合计 (万元)"] < newest["上限 (万元)"]
    assert newest["与GDP之比"] == pytest.approx(newest["合计 (万元)"] / 44000)
    assert newest["标记"] == "参考"


def test_what_is_missing_is_empty_with_its_reason_and_never_zero(workbook):
    rows = table_of(workbook["分项表"])
    missing = rows[rows["指标代码"] == "CUL-01"]
    assert missing[["实物量", "价值量（现价） (万元)"]].isna().all(axis=None)
    assert set(missing["原因"]) == {say(REASON, "zh")}


def test_towns_are_ranked_within_each_year(workbook):
    rows = table_of(workbook["分镇表"])
    assert rows["排名"].tolist() == [1, 2, 1, 2]
    parts = rows[["物质供给 (万元)", "调节服务 (万元)"]].sum(axis=1)
    assert parts.tolist() == pytest.approx(rows["合计 (万元)"].tolist())


def test_every_account_sheet_says_that_it_is_simulated_and_holds_no_formula(workbook):
    for name in SHEETS[1:15]:
        sheet = workbook[name]
        assert set(table_of(sheet)["数据性质"]) == {"模拟数据"}
        assert "模拟数据" in sheet.oddHeader.center.text
        assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert HOSTILE in table_of(workbook["参数表"])["来源"].iloc[0]


def test_small_parameters_are_shown_with_all_their_digits(workbook):
    sheet = workbook["参数表"]
    small = sheet.cell(3, column_of(sheet, "数值"))
    assert small.value == 0.00042
    assert small.number_format == "General"


def test_an_english_workbook_of_accounts_has_no_chinese_heading(tmp_path):
    spreadsheet.write_workbook(with_accounts(small_delivery(language="en")), tmp_path / "book.xlsx")
    found = openpyxl.load_workbook(tmp_path / "book.xlsx")
    words = [*found.sheetnames, *(cell.value for sheet in found for cell in sheet[1] if cell.value)]
    assert not [word for word in words if any("\u4e00" <= letter <= "\u9fff" for letter in word)]
    assert max(map(len, found.sheetnames)) <= 31


def test_the_notes_tell_profile_and_basis_once_and_not_the_formula_of_each_product(accounted):
    base = "像元二分模型"
    formulas = [
        f"{base}；公式 {number % 3}" if number else base for number in range(len(accounted.inventory))
    ]
    told = accounted.inventory.assign(method=formulas, param_set="某方案；可比价 2023 年")
    about = dict(spreadsheet.build_about(replace(accounted, inventory=told)).to_numpy().tolist())
    assert about["核算方法"] == base
    assert about["核算方案"] == "某方案；可比价 2023 年"
    assert about["核算地类口径"] == "登记地类"
    assert "不是可贷额度" in about["价值量说明"]
