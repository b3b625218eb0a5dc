"""Nothing of a table is cut without a way to the rest."""

import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest

from pipeline.outputs.embedding import MapPart
from pipeline.outputs.report.chapters import tabulate_findings, tabulate_sections
from pipeline.outputs.report.files import link_tables
from pipeline.outputs.report.indicators import tabulate_indicators
from pipeline.outputs.report.page import render_report
from pipeline.outputs.tables import MOST_LISTED, MOST_ROWS, format_hectares, format_table
from tests.deliveries import small_delivery

NO_MAP = MapPart("", "", (), ())


def with_indicators(delivery, count):
    first = delivery.tables["indicators"].iloc[0]
    rows = [first.to_dict() | {"indicator": f"planted_{number}", "target": None} for number in range(count)]
    return replace(delivery, tables={**delivery.tables, "indicators": pd.DataFrame(rows)})


def with_sections(delivery, count):
    """So many sections in both periods; each third misses its target in the newest one."""
    first = delivery.sections.iloc[0]
    rows = [
        first.to_dict()
        | {"section_id": f"S{number}", "section": f"断面{number:03d}", "period": period.label}
        | {"water_class": 1 + number % 6, "target_class": 3, "target_met": number % 3 != 0}
        for number in range(count)
        for period in delivery.periods
    ]
    return replace(delivery, sections=gpd.GeoDataFrame(rows, crs=delivery.sections.crs))


@pytest.fixture(scope="module")
def page(folder):
    delivery = with_sections(with_indicators(small_delivery(), 101), 49)
    return render_report(delivery, folder, NO_MAP)


def test_all_indicators_and_all_sections_are_in_the_page_the_first_of_them_open(page):
    for number in range(101):
        assert f"<td>planted_{number}</td>" in page
    for number in range(49):
        assert f"<td>断面{number:03d}</td>" in page
    opened = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    assert opened.count("<td>planted_") == MOST_ROWS
    assert f"展开其余 {101 - MOST_ROWS} 行" in page
    assert f"展开其余 {98 - MOST_ROWS} 行" in page


def test_sections_that_miss_their_target_come_first_the_worst_of_them_ahead():
    table = tabulate_sections(with_sections(small_delivery(), 49))
    cells = pd.DataFrame([[cell[0] for cell in row] for row in table.rows], columns=table.headers)
    newest = cells[cells["核算期"] == "2024"]
    met = newest["是否达标"].tolist()
    assert met == ["✗"] * 17 + ["✓"] * 32
    ranks = newest["水质类别"].map(["Ⅰ类", "Ⅱ类", "Ⅲ类", "Ⅳ类", "Ⅴ类", "劣Ⅴ类"].index)
    assert ranks.iloc[:17].is_monotonic_decreasing
    assert cells.index[cells["核算期"] == "2023"].min() > newest.index.max()


@pytest.mark.parametrize("count", [0, 3, MOST_LISTED, MOST_LISTED + 7])
def test_what_the_page_does_not_hold_is_counted_beside_the_file_that_has_it(count):
    table = format_table(pd.DataFrame({"a": range(count)}), file="tables/a.csv")
    assert len(table.rows) + table.left_out == count
    assert table.left_out == max(0, count - MOST_LISTED)
    assert table.file == "tables/a.csv"


def test_every_table_names_a_file_that_is_there(folder):
    delivery = small_delivery()
    for table in (tabulate_indicators(delivery), tabulate_sections(delivery), tabulate_findings(delivery)):
        assert (folder / table.file).is_file(), table.file


def test_hectares_keep_their_exact_figure_beside_the_words():
    assert format_hectares(1234.5678) == '<data class="ha" value="1234.5678">1,234.57</data>'
    assert format_hectares(0.25, signed=True) == '<data class="ha" value="0.25">+0.25</data>'
    assert format_hectares(float("nan")) == "—"
    assert format_table(pd.DataFrame({"面积": [2.0]}), hectares=["面积"]).rows == [[format_hectares(2.0)]]


def test_a_table_that_a_text_names_is_a_link_and_nothing_else_of_it_is_markup():
    said = link_tables("见 tables/a_1.csv <b> tables/../x.csv")
    link = '<a href="tables/a_1.csv">tables/a_1.csv</a>'
    assert said == f"见 {link} &lt;b&gt; tables/../x.csv"
