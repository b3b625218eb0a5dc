"""The template that staff complete: keys locked, what was completed before in place, read back as written."""

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from pipeline.contracts import SUPPLEMENT, check_table
from pipeline.ingest.supplements import SupplementKeys, read_supplement
from pipeline.outputs.catalogue.template import write_template
from pipeline.rights_registry.supplement import fill_supplement
from tests.catalogues import AREAS_HA, PRODUCTS, list_planted, planted_catalogue

SUPPLIED = {
    parcel: frozenset(code for one, code, *_ in PRODUCTS if one == parcel and code) for parcel in AREAS_HA
}
KEYS = SupplementKeys("delta", frozenset({"delta"}), SUPPLIED)
ENTRIES = [
    ("P000", "MAT-01", "农产品", "local_name", "崇明大米"),
    ("P000", "MAT-01", "农产品", "remark", "获地理标志"),
    ("P001", None, None, "protection_status", "划入红线"),
    ("P003", None, None, "remark", "待核"),
]


def supplement():
    rows = [
        {"parcel_id": parcel, "cat2_code": code, "cat3_name": name, "item": item, "text": text,
         "as_registered": None, "file": "done.xlsx", "sheet": "地块补录", "row": 2}
        for parcel, code, name, item, text in ENTRIES
    ]  # fmt: skip
    return check_table(pd.DataFrame(rows), SUPPLEMENT)


def completed(*, language="zh"):
    """The planted delivery after a run that read the entries."""
    plain = planted_catalogue(language=language)
    told = {"unit_no": None, "protection_status": None, "use_status": None}
    filled = fill_supplement(plain.inventory.assign(**told), supplement())
    return replace(plain, inventory=filled, tables={**plain.tables, "supplement": supplement()})


def written(delivery, folder, most=1000):
    path = folder / "template.xlsx"
    write_template(list_planted(delivery), path, most)
    return path


def rows_of(sheet):
    heads, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_keys_are_locked_and_what_is_to_be_completed_is_open(tmp_path):
    book = openpyxl.load_workbook(written(planted_catalogue(), tmp_path))
    assert book.sheetnames == ["填写说明", "地块补录", "产品补录"]
    for name in ("地块补录", "产品补录"):
        sheet = book[name]
        assert sheet.protection.sheet
        assert not sheet.protection.password
        heads = [cell.value for cell in sheet[1]]
        is_open = {head for head, cell in zip(heads, sheet[2], strict=True) if not cell.protection.locked}
        expected = {"地块补录": {"保护情况", "开发利用情况", "备注"}, "产品补录": {"地方产品名", "备注"}}
        assert is_open == expected[name]
    assert {row["地块标识"] for row in rows_of(book["地块补录"])} == set(AREAS_HA)
    codes = [(row["地块标识"], row["二级类代码"]) for row in rows_of(book["产品补录"])]
    assert codes == [("P000", "MAT-01"), ("P001", "MAT-01"), ("P002", "MAT-01"), ("P000", "CUL-02")]


def test_what_the_register_says_stands_beside_and_is_not_taken_for_what_staff_wrote(tmp_path):
    plain = planted_catalogue()
    land = plain.parcels.assign(protection_status=["一级保护", None, None, None])
    path = written(replace(plain, parcels=land), tmp_path)
    first = next(
        row for row in rows_of(openpyxl.load_workbook(path)["地块补录"]) if row["地块标识"] == "P000"
    )
    assert first["登记的保护情况"] == "一级保护"
    assert first["保护情况"] is None
    assert read_supplement([str(path)], KEYS).entries.empty


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_completed_stands_in_the_next_template_and_is_read_back_the_same(tmp_path, language):
    path = written(completed(language=language), tmp_path)
    found = read_supplement([str(path)], KEYS)
    assert found.rejects.empty
    entries = found.entries[["parcel_id", "cat2_code", "item", "text"]].fillna("")
    expected = sorted((parcel, code or "", item, text) for parcel, code, _, item, text in ENTRIES)
    assert [tuple(row) for row in entries.to_numpy().tolist()] == expected


def test_the_template_names_the_common_product_beside_its_local_name(tmp_path):
    book = openpyxl.load_workbook(written(completed(), tmp_path))
    row = rows_of(book["产品补录"])[0]
    assert (row["三级类/产品名称"], row["地方产品名"]) == ("农产品", "崇明大米")


def test_a_template_with_more_rows_than_a_sheet_holds_goes_on_and_is_read_whole(tmp_path):
    path = written(completed(), tmp_path, most=2)
    assert "地块补录2" in openpyxl.load_workbook(path).sheetnames
    assert len(read_supplement([str(path)], KEYS).entries) == len(ENTRIES)


def test_the_same_delivery_gives_the_same_bytes(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    assert written(completed(), first).read_bytes() == written(completed(), second).read_bytes()


def test_the_catalogue_shows_local_names_protection_and_remarks():
    listing = list_planted(completed())
    rows = listing.products.set_index(["parcel_id", "cat2_code"])
    assert rows.loc[("P000", "MAT-01"), "cat3_name"] == "崇明大米"
    assert rows.loc[("P001", "MAT-01"), "cat3_name"] == "农产品"
    assert rows.loc[("P001", "REG-02a"), "protection_status"] == "划入红线"
    assert rows.loc[("P000", "MAT-01"), "remark"] == "获地理标志"
    assert listing.others["remark"].tolist() == ["待核"]
