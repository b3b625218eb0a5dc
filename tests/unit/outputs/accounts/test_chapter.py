import re
from dataclasses import replace

import pytest

from pipeline.outputs import report
from pipeline.outputs.accounts.book import find_book
from pipeline.outputs.accounts.chapter import build_chapter
from pipeline.outputs.accounts.evidence import build_anchor, list_evidence, list_parcels
from pipeline.outputs.languages import say
from tests.books import REASON, with_accounts
from tests.deliveries import HOSTILE, small_delivery
from tests.unit.outputs.report.test_report import LATER, foreign, parsed


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def chapter(page):
    return re.search(r'<section id="accounts">.*?</section>', page, re.DOTALL).group()


@pytest.fixture(scope="module")
def content(book, folder):
    return build_chapter(book, folder / "rasters")


def write_page(delivery, folder, path):
    """The report of a delivery over the rasters of another."""
    (path / "rasters").symlink_to(folder / "rasters")
    return report.write_report(delivery, path).read_text(encoding="utf-8")


def complete(book):
    """The same accounts with the sum known in full."""
    totals = book.totals.assign(
        service=book.totals["service"].replace({"partial": "GEP"}), known=book.totals["of"]
    )
    return find_book(replace(book.delivery, tables={**book.delivery.tables, "account_totals": totals}))


def test_a_partial_sum_says_so_with_how_many_of_how_many_and_is_never_called_gep(chapter):
    assert "本期仅核算了 5 项指标中的 4 项" in chapter
    headline = re.search(r'<div class="money">.*?</div>', chapter, re.DOTALL).group()
    assert "<b>3.69 亿元</b><span>部分合计 4/5 2024</span>" in headline
    assert "95 %: 3.14 – 4.50 亿元 · 参考" in headline


def test_a_full_sum_is_gep_without_a_caution(book, folder):
    found = build_chapter(complete(book), folder / "rasters")
    assert found["caution"] == ""
    assert found["headlines"][0].name == "生态产品总值（GEP） 5/5 2024"


def test_gep_stands_beside_gdp(content):
    figures = {figure.name: figure for figure in content["headlines"]}
    assert figures["与地区生产总值之比"].value == "83.8%"
    assert figures["与地区生产总值之比"].note == "GDP 4.40 亿元"


def test_what_is_missing_is_listed_with_its_reason_and_its_years(content):
    missing = content["missing"]
    assert missing.rows == [["旅游康养", "2023, 2024", say(REASON, "zh")]]


def test_every_indicator_says_quantity_price_value_interval_and_whether_it_is_indicative(content):
    rows = {row[0]: row for row in content["services"].rows}
    water, carbon = rows["水源涵养"], rows["固碳"]
    assert water[1:4] == ["40,618,033 m³", "36,556,230 – 48,741,640", "8.1753 元/m³"]
    assert water[4:7] == ["33,206.46", "26,565.17 – 43,168.40", "31,326.85"]
    assert (water[-1], carbon[-1]) == ("", "参考")


def test_both_bases_stand_side_by_side_with_their_difference(content):
    bases = content["bases"]
    assert bases.rows[1] == ["2024", "部分合计 4/5", "36,884.89", "34,302.95", "-2,581.94"]


def test_the_difference_of_the_bases_is_explained_by_class_to_its_whole(content):
    gaps = [float(row[-1].replace(",", "")) for row in content["gaps"].rows]
    assert {row[0] for row in content["gaps"].rows} == {"湿地", "0303 红树林地", "1106 内陆滩涂"}
    assert sum(gaps) == pytest.approx(float(content["bases"].rows[1][-1].replace(",", "")), abs=0.02)


def test_the_balance_says_how_many_checks_and_the_worst_of_them(content):
    name, table = content["books"][-1]
    assert name == "核算平衡"
    assert ["价值量", "核算单元", "1", "2.0e-12"] in table.rows


def test_towns_are_ranked_by_their_sum(content):
    regions = content["regions"]
    assert [row[:2] for row in regions.rows] == [["1", "东滩镇"], ["2", f"西沙乡{HOSTILE}"]]


def test_three_clicks_lead_from_the_yuan_of_a_parcel_to_parameters_and_layers(chapter, folder):
    """One opens the parcel, one goes to the indicator, where the parameters stand; one opens the raster."""
    parcel = re.search(r'<details class="parcel">.*?</details>', chapter, re.DOTALL).group()
    assert re.search(r"<td>[\d,]+ m³</td><td>8\.1753 元/m³</td><td>[\d,.]+ 万元</td>", parcel)
    anchor = re.search(r'<a href="#([\w-]+)">水源涵养</a>', parcel).group(1)
    proof = re.search(rf'<div class="proof" id="{anchor}">.*?</table>', chapter, re.DOTALL).group()
    assert "单位库容造价" in proof
    assert "8.1753 元/m³" in proof
    assert "climate/rain_2024.nc" in proof
    raster = re.search(r'<a href="(rasters/[\w.]+)">', proof).group(1)
    assert (folder / raster).is_file()


def test_every_indicator_that_any_row_links_to_is_told_of(book, content):
    told = {entry.anchor for entry in list_evidence(book)}
    parcels = {anchor for parcel in list_parcels(book) for anchor in parcel.anchors}
    assert {*content["services"].anchors, *parcels} <= told
    assert build_anchor('X"><b>') == "method-X---b-"


def test_the_page_with_accounts_asks_nobody_and_runs_no_text(page, folder):
    anchors = set(re.findall(r'id="([\w-]+)"', page))
    found = parsed(page)
    for link in found.links:
        inside = link.startswith("#") and link[1:] in anchors
        assert inside or link.startswith("data:") or link in LATER or (folder / link).is_file()
    assert HOSTILE in "".join(found.text)
    assert [tag for tag, _ in found.opened].count("script") == page.count("<script")


def test_the_map_of_value_says_its_unit_and_that_it_is_simulated(chapter):
    figure = re.search(r"<figure>.*?</figure>", chapter, re.DOTALL).group()
    assert "(元/公顷)</figcaption>" in figure
    assert 'class="mark"' in figure
    assert 'class="ramp"' in figure


def test_the_chapter_is_chinese_on_a_chinese_page_and_english_on_an_english_one(chapter, folder, tmp_path):
    codes = re.compile(r"(?:MAT|REG|CUL)-\d\d[a-z]?|GDP|treatment_cost_so2")
    latin = foreign(codes.sub("", chapter), lambda text: bool(re.search("[a-z]{4}", text)))
    assert [words for words in latin if HOSTILE.casefold()[:4] not in words] == []
    page = write_page(with_accounts(small_delivery(language="en")), folder, tmp_path)
    assert "Of 5 indicators of the profile 4 are known" in page
    assert not foreign(page, lambda text: any("\u4e00" <= letter <= "\u9fff" for letter in text))


def test_a_delivery_without_accounts_has_no_trace_of_them(folder, tmp_path):
    page = write_page(small_delivery(), folder, tmp_path)
    assert "accounts" not in re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
