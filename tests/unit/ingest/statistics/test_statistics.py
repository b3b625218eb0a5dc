"""Statistics as staff have them: the planted figure is found, or what keeps it from being used is named."""

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.errors import InputError
from pipeline.ingest.statistics import read_statistics
from pipeline.ingest.statistics.words import find_factor, fold
from pipeline.settings.statistics import StatisticsFile
from tests.spreadsheets import Formula, write_excel_97, write_open_document
from tests.unit.ingest.statistics.books import (
    AOI,
    NAMES,
    REGIONS,
    Key,
    draw_truths,
    find,
    read,
    write_book,
    write_csv,
)

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _name(name, unit):
    return f"{name}（{unit}）"


def lay_long(columns, _, figures, order):
    rows = [
        [NAMES[region], f"{year}年", columns[place][2], figure, columns[place][3]]
        for (region, year, place), figure in figures.items()
    ]
    order.shuffle(rows)
    return [["某区统计资料"], ["地区", "年份", "指标名称", "数值", "计量单位"], *rows]


def lay_by_years(columns, years, figures, order):
    rows = [
        [NAMES[region], _name(column[2], column[3]), *(figures[region, year, place] for year in years)]
        for region in REGIONS["region"]
        for place, column in enumerate(columns)
    ]
    order.shuffle(rows)
    return [["乡镇", "指标", *(f"{year}年" for year in years)], *rows, ["注：数据为年报数"]]


def lay_by_items(columns, years, figures, order):
    rows = [
        [str(year), NAMES[region], *(figures[region, year, place] for place in range(len(columns)))]
        for region in REGIONS["region"]
        for year in years
    ]
    order.shuffle(rows)
    return [["年度", "行政区", *(_name(name, unit) for _, _, name, unit, _ in columns)], *rows]


def lay_by_regions(columns, years, figures, order):
    towns = list(REGIONS["region"])
    order.shuffle(towns)
    rows = [
        [column[2], column[3], year, *(figures[region, year, place] for region in towns)]
        for year in years
        for place, column in enumerate(columns)
    ]
    return [["统计指标", "单位", "年份", *(NAMES[region] for region in towns)], *rows]


def lay_on_two_rows(columns, years, figures, order):
    """Years over items, each year once over its blank cells."""
    upper = [cell for year in years for cell in (f"{year}年", *[None] * (len(columns) - 1))]
    lower = [_name(name, unit) for _ in years for _, _, name, unit, _ in columns]
    rows = [
        [NAMES[region], *(figures[region, year, place] for year in years for place in range(len(columns)))]
        for region in REGIONS["region"]
    ]
    order.shuffle(rows)
    return [["各镇基本情况"], [None, *upper], ["乡镇", *lower], *rows]


JUNK = ["", "约5", "合计", "小计", "#REF!", "<3", "x", "2023年1-6月", "同比增长(%)", "万亩"]
LAYOUTS = [lay_long, lay_by_years, lay_by_items, lay_by_regions, lay_on_two_rows]


@EXAMPLES
@given(
    truth=draw_truths(),
    lay=st.sampled_from(LAYOUTS),
    kind=st.sampled_from(["xlsx", "utf-8", "utf-8-sig", "gb18030"]),
    order=st.randoms(use_true_random=False),
)
def test_planted_figures_are_found_in_any_layout_unit_name_and_encoding(
    tmp_path_factory, truth, lay, kind, order
):
    columns, years, figures = truth
    folder = tmp_path_factory.mktemp("book")
    rows = lay(columns, years, figures, order)
    path = write_book(folder / "a.xlsx", rows) if kind == "xlsx" else write_csv(folder / "a.csv", rows, kind)
    tables = read(path)
    planted = {
        Key(region, year, columns[place][0], columns[place][1]): figure * columns[place][4]
        for (region, year, place), figure in figures.items()
    }
    assert find(tables) == pytest.approx(planted, rel=1e-12)
    assert tables.rejects.empty


@EXAMPLES
@given(
    truth=draw_truths(),
    lay=st.sampled_from(LAYOUTS),
    damages=st.lists(
        st.tuples(st.integers(0, 99), st.integers(0, 99), st.sampled_from(JUNK)), min_size=1, max_size=4
    ),
    order=st.randoms(use_true_random=False),
)
def test_whatever_is_damaged_no_figure_is_another_and_what_is_lost_is_named(
    tmp_path_factory, truth, lay, damages, order
):
    columns, years, figures = truth
    rows = lay(columns, years, figures, order)
    for row, place, junk in damages:
        cells = rows[1 + row % (len(rows) - 1)]
        cells[place % len(cells)] = junk
    planted = {
        Key(region, year, columns[place][0], columns[place][1]): figure * columns[place][4]
        for (region, year, place), figure in figures.items()
    }
    path = write_csv(tmp_path_factory.mktemp("book") / "a.csv", rows)
    try:
        tables = read(path)
    except InputError:
        return
    found = find(tables)
    assert found == pytest.approx({key: planted[key] for key in found}, rel=1e-12)
    is_silent = {"", "合计", "小计"} & {junk for *_, junk in damages}
    assert len(found) == len(planted) or len(tables.rejects) or is_silent


@pytest.mark.parametrize("row", standards.read_rows("statistic_items"), ids=lambda row: row["code"])
def test_every_name_of_an_item_is_read_as_it_alone(tmp_path, row):
    names = [row["code"], *(alias.partition("[")[0] for alias in row["aliases"].split(";"))]
    unit = next(
        one["alias"]
        for one in standards.read_rows("statistic_units")
        if one["unit"] == row["unit"].split(";")[0]
    )
    value = min(5.0, float(row["most"] or 5))
    told = [["t1", 1950 + number, name, value, unit] for number, name in enumerate(names)]
    path = write_csv(tmp_path / "a.csv", [["地区", "年份", "指标", "数值", "单位"], *told])
    assert read(path).statistics["item"].tolist() == [row["code"]] * len(names)


def test_no_name_means_two_things():
    names = [
        fold(alias.partition("[")[0])
        for row in standards.read_rows("statistic_items")
        for alias in row["aliases"].split(";")
    ]
    products = [
        fold(alias)
        for row in standards.read_rows("statistic_products")
        for alias in row["aliases"].split(";")
    ]
    words = [fold(row["alias"]) for row in standards.read_rows("statistic_words")]
    everything = [*names, *products, *words]
    assert sorted(everything) == sorted(set(everything))


def test_parts_of_products_are_products_of_the_same_kind():
    rows = {row["product"]: row for row in standards.read_rows("statistic_products")}
    for row in rows.values():
        assert not row["part_of"] or rows[row["part_of"]]["kind"] == row["kind"]


@pytest.mark.parametrize(
    ("item", "unit", "expected"),
    [
        ("gdp", "亿元", ("yuan", 1e8)),
        ("visits", "万人次", ("person-visits", 1e4)),
        ("fresh_water.domestic", "万立方米", ("m3", 1e4)),
        ("fresh_water.domestic", "万吨", ("m3", 1e4)),
        ("reservoir_capacity", "亿m³", ("m3", 1e8)),
        ("output.agriculture_managed", "斤", ("t", 5e-4)),
        ("output.forestry_managed", "立方米", ("m3", 1)),
        ("price.livestock_managed", "元/斤", ("yuan/t", 2000)),
        ("pest_area", "亩", ("ha", 1 / 15)),
        ("energy_output", "亿千瓦时", ("kWh", 1e8)),
        ("coast_length", "米", ("km", 1e-3)),
        ("gdp", "亿元（现价）", ("yuan", 1e8)),
        ("gdp", "亿元（不变价）", None),
        ("gdp", "%", None),
        ("visits", "吨", None),
        ("gdp", "亿美元", None),
    ],
)
def test_units_are_brought_to_that_of_the_item_or_refused(item, unit, expected):
    found = find_factor(item, unit)
    assert found == (expected and (expected[0], pytest.approx(expected[1])))


HEAD = ["地区", "年份", "指标", "数值", "单位"]
ONE = ["陈家镇", "2023", "接待游客人次", "12.5", "万人次"]


def change(**cells):
    names = dict(zip(["region", "year", "item", "value", "unit"], ONE, strict=True))
    return [HEAD, list({**names, **cells}.values())]


FAULTS = {
    "no unit": (change(unit=""), "unit"),
    "a unit of something else": (change(unit="吨"), "person-visits"),
    "a share": (change(unit="%"), "person-visits"),
    "no item of ours": (change(item="卫生院数"), "known item"),
    "a year of growth": (change(item="接待游客人次同比增长"), "known item"),
    "no region": (change(region=""), "name or id"),
    "half a year": (change(year="2023年上半年"), "whole year"),
    "another century": (change(year="1023"), "whole year"),
    "no year": (change(year=""), "whole year"),
    "a word": (change(value="约12"), "a number"),
    "below a limit": (change(value="<12"), "a number"),
    "an error of Excel": (change(value="#DIV/0!"), "a number"),
    "below 0": (change(value="-3"), "not below 0"),
    "more days than a year has": (change(item="高温日数", value="367", unit="天"), "at most 366"),
    "two units": ([[*HEAD[:3], "数值(人次)", "单位"], ONE], "one unit"),
}


@pytest.mark.parametrize(("rows", "words"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_right_is_rejected_with_its_place_and_the_way_out(tmp_path, rows, words):
    rows = [*rows, ["新海镇", "2023", "接待游客人次", "10", "万人次" if rows[0][3] == "数值" else ""]]
    tables = read(write_csv(tmp_path / "游客.csv", rows))
    assert find(tables) == {Key("t2", 2023, "visits"): pytest.approx(10e4 if rows[0][3] == "数值" else 10)}
    (reject,) = tables.rejects.to_dict("records")
    assert (reject["file"], reject["row"]) == ("游客.csv", 2)
    assert words in reject["expected"]
    assert all(" / " in reject[name] for name in ("expected", "todo"))


def test_what_is_used_nowhere_is_an_error_with_every_reason(tmp_path):
    path = write_csv(tmp_path / "a.csv", change(unit=""))
    with pytest.raises(InputError, match="row 2") as error:
        read(path)
    assert error.value.exit_code == 3
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "b*.csv")


def test_a_book_as_an_office_keeps_it_is_read_to_the_last_sheet(tmp_path):
    overview = [
        ["崇明区基础资料（2022—2023年）", None, None, None, None],
        ["指标", "单位", "2022年", "2023年", "比上年增长(%)"],
        ["一、地区生产总值", "亿元", 390.5, 410.25, 5.1],
        ["其中：接待游客人次", "万人次", 812.3, "1,020.45", 25.6],
        ["二、高温日数", "天", 31, 28, -9.7],
        ["资料来源：区统计局", None, None, None, None],
    ]
    towns = [
        ["2023年各镇产品产量", None, None],
        [None, None, "单位：吨"],
        ["乡镇", "稻谷产量", "旅游总收入(亿元)"],
        ["陈家镇", 1200, 0.5],
        ["新海镇", 800, 0.25],
        ["新河镇", 80, None],
        ["合计", 2080, 0.75],
    ]
    path = write_book(tmp_path / "资料.xlsx", overview, towns, merges=["A1:E1"])
    tables = read(path, region=AOI.id)
    assert find(tables) == pytest.approx(
        {
            Key(AOI.id, 2022, "gdp"): 390.5e8,
            Key(AOI.id, 2023, "gdp"): 410.25e8,
            Key(AOI.id, 2022, "visits"): 812.3e4,
            Key(AOI.id, 2023, "visits"): 1020.45e4,
            Key(AOI.id, 2022, "hot_days"): 31,
            Key(AOI.id, 2023, "hot_days"): 28,
            Key("t1", 2023, "output.agriculture_managed", "稻谷"): 1200,
            Key("t2", 2023, "output.agriculture_managed", "稻谷"): 800,
            Key("t1", 2023, "visitor_spend"): 0.5e8,
            Key("t2", 2023, "visitor_spend"): 0.25e8,
        }
    )
    gdp = tables.statistics.query("item == 'gdp' and year == 2023").iloc[0]
    assert (gdp["file"], gdp["sheet"], gdp["row"], gdp["source"]) == ("资料.xlsx", "数据", 3, "区统计局")
    assert tables.rejects["found"].tolist() == ["比上年增长(%)", "新河镇"]


def test_a_total_that_is_not_the_sum_of_its_table_rejects_all_of_it(tmp_path):
    rows = [
        ["乡镇", "年份", "常住人口(人)"],
        ["陈家镇", 2023, 100],
        ["新海镇", 2023, 200],
        ["合计", 2023, 350],
    ]
    rows += [["陈家镇", 2022, 90], ["新海镇", 2022, 190], ["合计", 2022, 280]]
    tables = read(write_csv(tmp_path / "a.csv", rows))
    assert find(tables) == {Key("t1", 2022, "population"): 90, Key("t2", 2022, "population"): 190}
    assert tables.rejects["row"].tolist() == [2, 3, 4]
    assert tables.rejects["expected"].str.contains("300").all()


def test_totals_that_were_rounded_are_the_sum_of_parts_that_were_rounded(tmp_path):
    rows = [
        ["乡镇", "年份", "常住人口(万人)"],
        ["陈家镇", 2023, "1.04"],
        ["新海镇", 2023, "2.04"],
        ["合计", 2023, "3.1"],
    ]
    assert len(read(write_csv(tmp_path / "a.csv", rows)).statistics) == 2
    rows[-1][-1] = "3.2"
    with pytest.raises(AssertionError):
        assert len(read(write_csv(tmp_path / "a.csv", rows)).statistics) == 2


def test_a_total_alone_is_of_nobody_knows_what(tmp_path):
    rows = [["乡镇", "年份", "常住人口(人)"], ["合计", 2023, 350]]
    tables = read(write_csv(tmp_path / "a.csv", rows))
    assert tables.statistics.empty
    assert tables.rejects["found"].tolist() == ["350"]


def test_a_total_of_prices_or_days_is_not_that_of_the_area(tmp_path):
    rows = [["乡镇", "年份", "高温天数"], ["陈家镇", 2023, 30], ["新海镇", 2023, 32], ["合计", 2023, 31]]
    tables = read(write_csv(tmp_path / "a.csv", rows))
    assert set(tables.statistics["region"]) == {"t1", "t2"}
    assert tables.rejects["row"].tolist() == [4]


def test_equal_repetitions_count_once_and_contradictions_not_at_all(tmp_path):
    rows = [HEAD, ONE, ["t1", 2023, "visits", 125000, "人次"], ["新海镇", 2023, "visits", 9, "人次"]]
    rows += [["新海镇", 2023, "游客人次", 8, "人次"], ["新海镇", 2022, "游客人次", 8, "人次"]]
    tables = read(write_csv(tmp_path / "a.csv", rows))
    assert find(tables) == {Key("t1", 2023, "visits"): 125000, Key("t2", 2022, "visits"): 8}
    assert tables.rejects["row"].tolist() == [3, 4, 5]
    assert tables.rejects["todo"].str.contains("row 2").tolist() == [True, False, False]


def test_regions_that_tell_more_than_the_area_are_not_used_and_less_is_the_rest(tmp_path):
    def tell(whole, *parts):
        rows = [HEAD, [AOI.id, 2023, "visits", whole, "人次"]]
        rows += [
            [town, 2023, "visits", part, "人次"] for town, part in zip(["t1", "t2"], parts, strict=False)
        ]
        return find(read(write_csv(tmp_path / "a.csv", rows)))

    assert tell(100, 40, 60) == {
        Key(AOI.id, 2023, "visits"): 100,
        Key("t1", 2023, "visits"): 40,
        Key("t2", 2023, "visits"): 60,
    }
    assert tell(100, 40) == {Key(AOI.id, 2023, "visits"): 100, Key("t1", 2023, "visits"): 40}
    assert [tell(100, 120), tell(100, 40, 50), tell(100, 40, 70)] == [{}, {}, {}]
    assert tell("100", "40.3", "60.2")[Key(AOI.id, 2023, "visits")] == pytest.approx(100.5)


def test_the_whole_of_products_is_left_out_where_its_parts_are_given(tmp_path):
    rows = [["地区", "年份", "产品", "产量(吨)"]]
    rows += [
        ["t1", 2023, name, amount] for name, amount in [("粮食", 10), ("薯类", 3), ("马铃薯", 2), ("茶叶", 1)]
    ]
    tables = read(write_csv(tmp_path / "a.csv", rows))
    assert tables.statistics["product"].tolist() == ["茶叶", "马铃薯"]
    assert tables.rejects["row"].tolist() == [2, 3]


def test_a_price_is_by_the_unit_of_its_output_or_refused(tmp_path):
    head = ["地区", "年份", "指标", "产品", "数值", "单位"]
    timber = ["t1", 2023, "output.forestry_managed", "木材", 10, "立方米"]
    right = ["t1", 2023, "price.forestry_managed", "木材", 900, "元/立方米"]
    wrong = ["t1", 2023, "price.forestry_managed", "木材", 900, "元/吨"]
    assert len(read(write_csv(tmp_path / "a.csv", [head, timber, right])).statistics) == 2
    tables = read(write_csv(tmp_path / "a.csv", [head, timber, wrong]))
    assert tables.statistics["item"].tolist() == ["output.forestry_managed"]
    assert "yuan/m3" in tables.rejects["expected"][0]


def test_products_without_a_kind_are_told_by_the_code_of_the_item(tmp_path):
    rows = [["地区", "年份", "指标", "产品", "数值", "单位"], ["t1", 2023, "产量", "清水鱼", 10, "吨"]]
    rows += [["t1", 2023, "output.fishery_wild", "清水鱼", 10, "吨"]]
    tables = read(write_csv(tmp_path / "a.csv", rows))
    assert find(tables) == {Key("t1", 2023, "output.fishery_wild", "清水鱼"): 10}
    assert tables.rejects["row"].tolist() == [2]


def test_a_merged_figure_is_of_several_rows_and_not_used(tmp_path):
    rows = [
        ["乡镇", "年份", "常住人口(人)"],
        ["陈家镇", 2023, 100],
        ["新海镇", 2023, None],
        ["陈家镇", 2022, 90],
    ]
    tables = read(write_book(tmp_path / "a.xlsx", rows, merges=["C2:C3"]))
    assert find(tables) == {Key("t1", 2022, "population"): 90}
    assert set(tables.rejects["row"]) == {2}


def test_merged_names_are_those_of_all_their_rows(tmp_path):
    rows = [["乡镇", "年份", "常住人口(人)"], ["陈家镇", 2022, 100], [None, 2023, 101]]
    tables = read(write_book(tmp_path / "a.xlsx", rows, merges=["A2:A3"]))
    assert find(tables) == {Key("t1", 2022, "population"): 100, Key("t1", 2023, "population"): 101}


def test_the_year_of_a_yearbook_is_not_that_of_its_figures(tmp_path):
    rows = [["2024年统计年鉴"], ["乡镇", "常住人口(人)"], ["陈家镇", 100], ["新海镇", 7]]
    path = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(InputError, match="a whole year"):
        read(path)
    assert {key.year for key in find(read(path, year=2023))} == {2023}


def test_a_hidden_sheet_is_not_read_and_that_is_said(tmp_path):
    path = write_book(tmp_path / "a.xlsx", change(), change(region="新海镇"))
    book = openpyxl.load_workbook(path)
    book["数据1"].sheet_state = "hidden"
    book.save(path)
    tables = read(path)
    assert set(tables.statistics["region"]) == {"t1"}
    assert tables.rejects[["sheet", "row"]].to_numpy().tolist() == [["数据1", 0]]


def test_headings_of_ones_own_are_named_in_the_config(tmp_path):
    rows = [["单元", "统计期", "来客"], ["陈家镇", 2023, 12]]
    path = write_csv(tmp_path / "a.csv", rows)
    columns = {"region": "单元", "year": "统计期", "visits": "来客"}
    with pytest.raises(InputError, match="unit"):
        read(path, columns=columns)
    rows[0][2], columns["visits"] = "来客（万人次）", "来客"
    assert find(read(write_csv(path, rows), columns=columns)) == {Key("t1", 2023, "visits"): 12e4}
    with pytest.raises(ValueError, match="names of ours"):
        StatisticsFile(path="a.csv", columns={"vsits": "来客"})


def test_names_of_regions_of_ones_own_are_told_by_the_config(tmp_path):
    path = write_csv(
        tmp_path / "a.csv", [HEAD, ["崇明区", *ONE[1:]], ["裕安社区", *ONE[1:]], ["别处", *ONE[1:]]]
    )
    names = {"崇明区": AOI.id, "裕安社区": "t1", "别处": "guangyang_island"}
    tables = read(path, names=names)
    assert set(find(tables)) == {Key(AOI.id, 2023, "visits"), Key("t1", 2023, "visits")}
    assert tables.rejects["found"].tolist() == ["别处"]
    assert read(path).statistics.empty


def test_tables_below_each_other_are_read_each_by_its_headings(tmp_path):
    rows = [["单位：吨"], ["乡镇", "年份", "二氧化硫排放量"], ["陈家镇", 2023, 5], [], ["单位：万人"]]
    rows += [["乡镇", "年份", "常住人口"], ["陈家镇", 2023, 5]]
    found = find(read(write_csv(tmp_path / "a.csv", rows)))
    assert found == {Key("t1", 2023, "emission_so2"): 5, Key("t1", 2023, "population"): 5e4}


def test_two_columns_of_one_kind_are_refused(tmp_path):
    rows = [["乡镇", "地区", "年份", "常住人口(人)"], ["陈家镇", "新海镇", 2023, 5]]
    with pytest.raises(InputError, match="one column of a kind"):
        read(write_csv(tmp_path / "a.csv", rows))


def test_figures_of_other_areas_are_left_to_them_and_named_once(tmp_path):
    rows = [
        HEAD,
        ONE,
        ["guangyang_island", 2023, "visits", 5, "人次"],
        ["guangyang_island", 2022, "visits", 5, "人次"],
    ]
    tables = read(write_csv(tmp_path / "a.csv", rows))
    assert find(tables) == {Key("t1", 2023, "visits"): pytest.approx(125000)}
    assert tables.rejects["found"].tolist() == ["guangyang_island"]


def test_a_name_that_two_towns_share_means_neither(tmp_path):
    towns = REGIONS.assign(name=["中心村", "中心村"])
    path = write_csv(tmp_path / "a.csv", [HEAD, ["中心村", *ONE[1:]], ["t2", *ONE[1:]]])
    tables = read_statistics([StatisticsFile(path=str(path))], AOI, towns)
    assert tables.statistics["region"].tolist() == ["t2"]
    assert tables.rejects["found"].tolist() == ["中心村"]


def test_workbooks_of_excel_97_and_of_libreoffice_are_read_as_any(tmp_path):
    rows = [["乡镇", "年份", "常住人口(万人)"], ["陈家镇", 2023.0, 5.25]]
    old = write_excel_97(tmp_path / "a.xls", rows)
    number = 'office:value-type="float" office:value="{}"'
    cells = [
        [("office:value-type='string'", text) for text in rows[0]],
        [
            ("office:value-type='string'", "陈家镇"),
            (number.format(2023), "2023"),
            (number.format(5.25), "5.25"),
        ],
    ]
    for path in (old, write_open_document(tmp_path / "b.ods", *cells)):
        assert find(read(path)) == {Key("t1", 2023, "population"): pytest.approx(52500)}


def test_a_formula_counts_with_its_stored_result_and_an_error_is_no_figure(tmp_path):
    rows = [
        ["乡镇", "年份", "常住人口(人)"],
        ["陈家镇", 2023.0, Formula(7.0)],
        ["新海镇", 2023.0, Formula(error=7)],
    ]
    tables = read(write_excel_97(tmp_path / "a.xls", rows))
    assert find(tables) == {Key("t1", 2023, "population"): 7}
    assert tables.rejects["row"].tolist() == [0, 3]
    assert tables.rejects["found"].tolist()[1] == "#DIV/0!"
