"""The workbook opened by the real LibreOffice, with text from the data that wants to be more than text."""

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
import xlsxwriter

from pipeline.outputs import spreadsheet
from pipeline.outputs.catalogue.printing import write_catalogue
from tests.catalogues import planted_listing
from tests.deliveries import HOSTILE, small_delivery

PROGRAM = shutil.which("soffice") or shutil.which("libreoffice")
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
MOST = 100
WICKED = (
    *("=1+1", "+1+1", "-1+1", "@SUM(A1:A9)", "\t=1+1", "\r=1+1", HOSTILE, '=HYPERLINK("http://x.example")'),
    *("bell\x07", "no letter \uffff\ufffe", "_x0041_", "]]>&amp;<c/>", " lead", "1e5", "2024-01-01", "TRUE"),
)
READ = {"bell\x07": "bell", "no letter \uffff\ufffe": "no letter "}


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    """Every sheet as LibreOffice reads it: name, and rows of (text, formula)."""
    if PROGRAM is None:
        pytest.skip(
            "no LibreOffice is installed (Debian: apt-get install --no-install-recommends libreoffice-calc)"
        )
    folder = tmp_path_factory.mktemp("book")
    delivery = small_delivery()
    names = [WICKED[number % len(WICKED)] for number in range(len(delivery.inventory))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spreadsheet, "ROWS_PER_SHEET", 33)
        wicked = replace(delivery, inventory=delivery.inventory.assign(cat3_name=names))
        spreadsheet.write_workbook(wicked, folder / "inventory.xlsx")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    words = [
        PROGRAM,
        profile,
        "--headless",
        "--convert-to",
        "fods",
        "--outdir",
        folder,
        folder / "inventory.xlsx",
    ]
    subprocess.run(words, check=True, capture_output=True, timeout=180)
    root = ET.parse(folder / "inventory.fods").getroot()
    return {table.get(f"{TABLE}name"): list(rows_of(table)) for table in root.iter(f"{TABLE}table")}


def rows_of(table):
    for row in table.iter(f"{TABLE}table-row"):
        cells = [cell for cell in row if cell.tag == f"{TABLE}table-cell"]
        times = [int(cell.get(f"{TABLE}number-columns-repeated", "1")) for cell in cells]
        read = [(words_of(cell), cell.get(f"{TABLE}formula")) for cell in cells]
        found = [cell for cell, count in zip(read, times, strict=True) for _ in range(min(count, MOST))]
        if any(words for words, _ in found):
            yield found


def words_of(cell):
    lines = []
    for paragraph in cell.findall(f"{TEXT}p"):
        parts = [paragraph.text or ""]
        for child in paragraph:
            inner = {f"{TEXT}tab": "\t", f"{TEXT}s": " "}.get(child.tag, child.text or "")
            parts += [inner, child.tail or ""]
        lines.append("".join(parts))
    return "\n".join(lines)


def test_no_text_from_the_data_is_a_formula(sheets):
    formulas = [formula for rows in sheets.values() for row in rows for _, formula in row if formula]
    assert not formulas


def test_all_rows_are_there_over_all_sheets(sheets):
    details = ["清单明细", "清单明细2", "清单明细3"]
    printed = [name for name in sheets if name.startswith("生态产品目录清单")]
    assert list(sheets) == [*printed, "公布清单", *details, "数据字典", "汇总", "说明"]
    inventory = [row for name in details for row in sheets[name][1:]]
    ids = {row[0][0] for row in inventory}
    assert len(inventory) == len(ids) == 80


def test_every_text_is_read_as_it_was_given(sheets):
    column = [words for words, _ in sheets["清单明细"][0]].index("三级类/产品名称")
    found = Counter(
        row[column][0] for name, rows in sheets.items() if name.startswith("清单明细") for row in rows[1:]
    )
    assert found == Counter({READ.get(words, words): 80 // len(WICKED) for words in WICKED})


@pytest.mark.slow
def test_a_catalogue_as_long_as_that_of_chongming_prints_on_at_most_twelve_a3_pages(tmp_path):
    """998 products and 11 parcels without one, all columns filled, kinds and totals beside."""
    if PROGRAM is None:
        pytest.skip("no LibreOffice is installed")
    few = planted_listing()
    told = {
        "protection_status": "划入保护地",
        "use_status": "养殖",
        "dlbm": "1105 沿海滩涂",
        "remark": "已核",
    }
    products = [
        few.products.assign(parcel_id=few.products["parcel_id"] + str(number), **told)
        for number in range(167)
    ]
    others = [few.others.assign(parcel_id=f"N{number}") for number in range(11)]
    long = replace(few, products=pd.concat(products).head(998), others=pd.concat(others))
    path = tmp_path / "catalogue.xlsx"
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        write_catalogue(book, long, "目录", 1_000_000)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    words = [PROGRAM, profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, path]
    subprocess.run(words, check=True, capture_output=True, timeout=180)
    pages = re.findall(
        rb"/Type\s*/Page\b.*?/MediaBox\s*\[([^]]*)\]", path.with_suffix(".pdf").read_bytes(), re.DOTALL
    )
    assert 8 <= len(pages) <= 12
    width, height = (float(edge) for edge in pages[0].split()[2:])
    assert (round(width), round(height)) == (1191, 842), "A3, landscape"
