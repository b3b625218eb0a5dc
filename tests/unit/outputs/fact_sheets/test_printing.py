"""The PDF of fact sheets: the same bytes again, words as they stand, a stamp on every page."""

import shutil
import subprocess
from xml.etree import ElementTree as ET

import pytest
import typst

from pipeline.errors import WorkspaceError
from pipeline.outputs.fact_sheets.extracts import SIZE_MM, ExtractMaps, list_legend
from pipeline.outputs.fact_sheets.facts import read_parcel_facts
from pipeline.outputs.fact_sheets.fonts import choose_font, find_font
from pipeline.outputs.fact_sheets.printing import build_document, print_fact_sheets
from tests.deliveries import HOSTILE
from tests.planted_facts import WATER, plant_facts, publish_facts

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
CODE = '#panic(1) $x$ *a* _b_ <c> @d \\e "f" [g] //h {i}'


def read_pages(packed: bytes) -> list[str]:
    found = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=packed, stdout=subprocess.PIPE, check=True
    )
    return found.stdout.decode().split("\f")[:-1]


def test_the_same_facts_give_the_same_bytes(facts, published):
    first, second = (print_fact_sheets(facts, published, ["P003", "P010"]) for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF-1.7")


@needs_poppler
def test_each_parcel_begins_a_page_that_is_stamped_and_numbered(facts, published):
    pages = read_pages(print_fact_sheets(facts, published, list(facts.parcels.index)[:4]))
    assert len(pages) >= 4
    assert all("模拟数据" in page and f"共 {len(pages)} 页" in page for page in pages)
    assert [page.count(f"第 {number} 页") for number, page in enumerate(pages, start=1)] == [1] * len(pages)


@needs_poppler
def test_words_of_the_data_are_printed_and_not_run(tmp_path):
    delivery = plant_facts(simulated=False)
    names = {"P010": CODE, "P011": HOSTILE}
    delivery.parcels["right_holder"] = delivery.parcels["parcel_id"].map(names)
    delivery.sections["section"] = CODE
    named = {"scenes": {"start": "2023-01-01", "end": "2024-12-31", "period": "year"}, "language": "zh"}
    published = publish_facts(delivery, tmp_path, config=named | {"catalogue": {"organisation": CODE}})
    facts = read_parcel_facts(published)
    text = "".join(read_pages(print_fact_sheets(facts, published, ["P010", "P011", WATER])))
    together = "".join(text.split())
    for words in (CODE, HOSTILE):
        assert "".join(words.split()) in together
    assert "编制单位：" + "".join(CODE.split()) in together
    assert "模拟数据" not in together


@needs_poppler
def test_an_english_sheet_leaves_a_line_for_who_compiles_it(tmp_path):
    published = publish_facts(plant_facts("en"), tmp_path)
    facts = read_parcel_facts(published)
    (page, *_) = read_pages(print_fact_sheets(facts, published, ["P010"]))
    assert "Compiled by: ＿＿" in page
    assert "Area inside" in page
    assert "simulated data" in page


def test_an_extract_is_a_picture_of_its_own_with_the_parcel_inside_the_frame(facts, published):
    maps = ExtractMaps(facts, published)
    for parcel in (WATER, "P010"):
        extract = maps.draw(parcel)
        root = ET.fromstring(extract.svg)
        links = [value for one in root.iter() for key, value in one.attrib.items() if key.endswith("href")]
        assert all(link.startswith("data:image/png") for link in links)
        (outline,) = (one for one in root.iter() if one.get("stroke") == "#c4161c")
        numbers = [
            float(part)
            for part in outline.get("d").replace("M", " ").replace("L", " ").replace("Z", " ").split()
        ]
        assert all(5 <= number <= 5 + SIZE_MM for number in numbers)
        assert max(numbers) - min(numbers) > SIZE_MM / 4


def test_the_scale_of_an_extract_is_true(facts, published):
    extract = ExtractMaps(facts, published).draw("P010")
    assert extract.crs == "EPSG:4550"
    (outline,) = (one for one in ET.fromstring(extract.svg).iter() if one.get("stroke") == "#c4161c")
    pairs = [pair.split() for pair in outline.get("d").strip("MZ").split("L")]
    wide_mm = max(float(x) for x, _ in pairs) - min(float(x) for x, _ in pairs)
    plane = facts.parcels.loc[["P010"]].to_crs(extract.crs).total_bounds
    assert wide_mm * extract.ratio / 1000 == pytest.approx(plane[2] - plane[0], abs=extract.ratio / 20_000)


def test_the_legend_lists_what_is_drawn_alone(facts, published):
    maps = ExtractMaps(facts, published)
    assert "sections" in list_legend(maps.draw("P010")) or "sections" not in maps.draw("P010").shown
    for parcel in facts.parcels.index[:6]:
        extract = maps.draw(parcel)
        assert ("stroke-dasharray" in extract.svg) == ("patches" in list_legend(extract))
        assert ("<circle" in extract.svg) == ("sections" in list_legend(extract))


def test_a_parcel_without_a_map_of_land_cover_is_drawn_without_it(facts, published):
    maps = ExtractMaps(facts, published)
    maps.__dict__["_raster"] = None
    extract = maps.draw("P010")
    assert "<image" not in extract.svg
    assert "water" not in extract.shown


def test_no_font_with_chinese_letters_is_refused_with_the_way_out():
    latin = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    with pytest.raises(WorkspaceError, match=r"ecoledger\[print\]"):
        choose_font(latin)
    assert find_font().family


def test_columns_take_their_width_from_what_they_hold(facts, published):
    (sheet,) = build_document(facts, published, ["P003"])["sheets"]
    tables = [chapter["table"] for chapter in sheet["below"] if chapter["table"]]
    assert tables
    assert all(len(table["widths"]) == len(table["headings"]) for table in tables)
