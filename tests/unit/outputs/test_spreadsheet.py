from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from pipeline.outputs import spreadsheet
from tests.deliveries import AS_OF, HOSTILE, small_delivery


@pytest.fixture(scope="module")
def book(tmp_path_factory, delivery):
    path = tmp_path_factory.mktemp("book") / "inventory.xlsx"
    spreadsheet.write_workbook(delivery, path)
    return openpyxl.load_workbook(path)


def table_of(sheet):
    header, *rows = sheet.iter_rows(values_only=True)
    return pd.DataFrame(rows, columns=header)


PRINTED = "生态产品目录清单"
SHEETS = [PRINTED, "公布清单", "清单明细", "数据字典", "汇总", "说明"]


def test_the_catalogue_stands_before_the_sheets_that_staff_know(book):
    assert book.sheetnames == SHEETS


def test_every_row_of_the_inventory_is_there_under_chinese_headers(book, delivery):
    rows = table_of(book["清单明细"])
    assert len(rows) == len(delivery.inventory)
    assert set(rows["所有权主体(类型)"]) == {"全民所有", "集体所有"}
    expected = delivery.inventory.set_index("product_id")["area_ha"]
    found = rows.set_index("生态产品编码")["面积 (ha)"]
    # a workbook keeps sixteen digits
    assert found.sort_index().tolist() == pytest.approx(expected.sort_index().tolist(), rel=1e-15)
    assert set(rows["数据性质"]) == {"模拟数据"}


def test_headers_stay_in_sight_and_filter(book):
    sheet = book["清单明细"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert "模拟数据" in sheet.oddHeader.center.text


def test_nothing_from_data_is_a_formula(book):
    assert HOSTILE in {cell.value for row in book["清单明细"].iter_rows() for cell in row}
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert all(not sheet._hyperlinks for sheet in book)


def test_unknown_is_empty_and_never_zero(book):
    assert table_of(book["清单明细"])["变化"].isna().sum() == 40


def test_totals_add_up_to_the_inventory(book, delivery):
    totals = table_of(book["汇总"])
    inventory = delivery.inventory
    for grouping in ("所有权主体(类型)", "生态系统类型", "一级类", "质量等级"):
        part = totals[(totals["分组"] == grouping) & (totals["核算期"] == "2024")]
        assert part["面积（公顷）"].sum() == pytest.approx(
            inventory.query("period == '2024'")["area_ha"].sum()
        )
        assert part["清单行数"].sum() == 40


def test_a_parcel_with_two_products_counts_once_in_an_area(delivery):
    rows = pd.DataFrame(delivery.inventory.drop(columns="geometry"))
    twice = pd.concat([rows, rows.assign(cat2_name="固碳", product_id=rows["product_id"] + "-2")])
    once, both = spreadsheet.sum_totals([rows], delivery), spreadsheet.sum_totals([twice], delivery)
    owner = "所有权主体(类型)"
    assert both.loc[both["分组"] == owner, "面积（公顷）"].tolist() == pytest.approx(
        once.loc[once["分组"] == owner, "面积（公顷）"].tolist()
    )


def test_every_column_is_in_the_dictionary(book, delivery):
    entries = table_of(book["数据字典"])
    assert set(delivery.inventory.columns) - {"geometry"} <= set(
        entries.loc[entries["表"] == "inventory", "字段"]
    )
    for name, table in delivery.tables.items():
        assert set(table.columns) <= set(entries.loc[entries["表"] == name, "字段"])
    for name in ("parcels", "sections", "change_patches", "findings"):
        columns = set(getattr(delivery, name).columns) - {"geometry"}
        assert columns <= set(entries.loc[entries["表"] == name, "字段"])
    sheet = entries[entries["表"] == "汇总"]
    assert set(table_of(book["汇总"]).columns) == set(sheet["字段"])
    assert sheet.set_index("字段").loc["面积（公顷）", "单位"] == "ha"
    assert entries["中文名称"].notna().all()


def test_an_english_workbook_has_no_chinese_heading(tmp_path):
    spreadsheet.write_workbook(small_delivery(language="en"), tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    words = [*book.sheetnames, *(cell.value for sheet in book for cell in sheet[1] if cell.value)]
    assert len(words) > 60
    assert not [word for word in words if any("\u4e00" <= letter <= "\u9fff" for letter in word)]


def test_an_english_workbook_names_its_area_in_english_in_print_and_in_its_title(tmp_path):
    delivery = small_delivery(language="en")
    spreadsheet.write_workbook(delivery, tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.properties.title.startswith(f"{delivery.aoi.name_en} {delivery.label}")
    printed = "".join(
        str(part.text)
        for sheet in book
        for band in (sheet.oddHeader, sheet.oddFooter)
        for part in (band.left,)
    )
    assert delivery.aoi.name_en in printed
    assert delivery.aoi.name_zh not in printed


def test_sheets_are_ready_for_the_printer(book):
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows == ("$3:$4" if sheet.title == PRINTED else "$1:$1")
        assert sheet.page_setup.paperSize == (8 if sheet.title in (PRINTED, "清单明细") else 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
        assert "&P" in f"{sheet.oddFooter.center.text}{sheet.oddHeader.right.text}"
    assert book["清单明细"].print_title_cols == "$A:$A"


def test_the_workbook_is_dated_by_its_data(book):
    assert book.properties.created == AS_OF.replace(tzinfo=None)
    about = dict(table_of(book["说明"]).to_numpy().tolist())
    assert about["数据性质"] == "模拟数据"
    assert about["数据截至"] == "2024-11-28 02:31:09 UTC"


def test_long_inventories_go_on_in_further_sheets(tmp_path, delivery, monkeypatch):
    monkeypatch.setattr(spreadsheet, "ROWS_PER_SHEET", 33)
    spreadsheet.write_workbook(delivery, tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    details = ["清单明细", "清单明细2", "清单明细3"]
    assert book.sheetnames[:6] == [PRINTED, f"{PRINTED}2", "公布清单", *details]
    assert sum(book[name].max_row - 1 for name in details) == 80


def test_what_no_cell_can_hold_is_cut_or_left_out(tmp_path, delivery):
    inventory = delivery.inventory.copy()
    inventory["cat3_name"] = "长" * 40_000 + "\x00\x07"
    inventory["quantity"] = np.inf
    spreadsheet.write_workbook(replace(delivery, inventory=inventory), tmp_path / "book.xlsx")
    rows = table_of(openpyxl.load_workbook(tmp_path / "book.xlsx")["清单明细"])
    assert set(rows["三级类/产品名称"]) == {"长" * 32_767}
    assert rows["数量"].isna().all()


def test_an_empty_inventory_still_has_its_headers(tmp_path):
    delivery = small_delivery()
    spreadsheet.write_workbook(
        replace(delivery, inventory=delivery.inventory.iloc[:0]), tmp_path / "book.xlsx"
    )
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book["清单明细"]["A1"].value == "生态产品编码"
    assert book["汇总"]["A1"].value == "分组"
