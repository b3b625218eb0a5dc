"""Tables of measures as offices have them: the right figure, or a reject that says where and why."""

from datetime import date

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.errors import InputError
from pipeline.ingest.health.measures import read_measures
from pipeline.ingest.health.words import HealthWords, list_unit_names, read_amount
from pipeline.settings.health import MeasureFile

WORDS = HealthWords.of(
    [("R1", ["甲河", "甲江"]), ("L1", ["乙湖"])], {"水体整洁程度": "tidiness", "鱼类保有指数": "fish"}
)
HEADINGS = ["河湖名称", "年度", "指标名称", "数值", "单位"]


def write_book(path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def write_csv(path, rows, encoding="utf-8"):
    path.write_bytes(pd.DataFrame(rows).to_csv(index=False, header=False).encode(encoding))
    return path


def read(path, **told):
    return read_measures([MeasureFile(path=str(path), **told)], WORDS)


def values_of(found):
    return {(row["body"], row["measure"]): row["value"] for row in found.readings.to_dict("records")}


def test_a_long_table_is_read_in_the_units_of_its_measures(tmp_path):
    rows = [
        ["2024年河湖健康评价指标表"],
        HEADINGS,
        ["甲河", "2024年", "鱼类保有指数", "75%", None],
        ["甲江", "2024年", "公众满意度", 92, "分"],
        ["乙湖", "2024", "浮游植物密度", 620000, "个/L"],
        ["甲河", "2024年", "水体整洁程度", 85, "赋分"],
        ["甲河", "2024年", "鱼类保有指数", 60, "赋分"],
        ["甲河", None, "多年平均流量", "１２０", "m³/s"],
    ]
    found = read(write_book(tmp_path / "a.xlsx", ("指标", rows)))
    assert found.lost == []
    assert values_of(found) == {
        ("R1", "fish_index"): 0.75, ("R1", "public_view"): 92, ("L1", "plankton_density"): pytest.approx(62),
        ("R1", "score:tidiness"): 85, ("R1", "score:fish"): 60, ("R1", "mean_flow"): 120,
    }  # fmt: skip
    first = found.readings.iloc[0]
    assert (first["first"].date(), first["last"].date()) == (date(2024, 1, 1), date(2024, 12, 31))
    assert first["place"] == "a.xlsx, 指标, row 3"
    assert found.readings["first"].isna().sum() == 1


def test_a_wide_table_has_a_measure_in_each_column_and_units_in_headings(tmp_path):
    rows = [
        ["河流", "月份", "最小日均流量(m3/s)", "防洪达标率（%）", "备注"],
        ["甲河", "2024年7月", "35.5", "90", "汛期"],
        ["甲河", "2024-08", "--", "", None],
    ]
    found = read(write_csv(tmp_path / "a.csv", rows, "gbk"))
    assert values_of(found) == {("R1", "flow"): 35.5, ("R1", "flood_share"): 0.9}
    assert found.readings["first"].dt.date.unique().tolist() == [date(2024, 7, 1)]
    assert found.lost == []


def test_a_sheet_that_is_called_by_its_body_needs_no_column_of_bodies(tmp_path):
    rows = [["日期", "流量(m3/s)"], ["2024-07-01", 30], ["2024-07-02", 20]]
    found = read(write_book(tmp_path / "a.xlsx", ("甲河", rows), ("丙河", rows)))
    assert found.readings["body"].unique().tolist() == ["R1"]
    assert found.readings["value"].tolist() == [30, 20]
    assert [reject.found for reject in found.lost] == ["丙河", "丙河"]


def test_the_config_names_columns_and_the_period_of_a_table(tmp_path):
    rows = [["对象", "啥", "多少", "量纲"], ["甲河", "防洪达标率", "0.9", "比例"]]
    columns = {"body": "对象", "measure": "啥", "value": "多少", "unit": "量纲"}
    found = read(write_csv(tmp_path / "a.csv", rows), columns=columns, period="2024")
    assert values_of(found) == {("R1", "flood_share"): 0.9}


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        (["丙河", "2024", "鱼类保有指数", "75", "%"], "河湖名称", "名录"),
        (["甲河", "去年", "鱼类保有指数", "75", "%"], "数值", "年份"),
        (["甲河", "2024", "鱼的数量", "75", "%"], "数值", "已知评价指标"),
        (["甲河", "2024", "鱼类保有指数", "0.75", None], "数值", "单位"),
        (["甲河", "2024", "鱼类保有指数", "75", "m3/s"], "数值", "可换算为"),
        (["甲河", "2024", "鱼类保有指数", "许多", "%"], "数值", "一个数"),
        (["甲河", "2024", "鱼类保有指数", "<5", "%"], "数值", "一个数"),
        (["甲河", "2024", "防洪达标率", "130", "%"], "数值", "0 至 1"),
        (["甲河", "2024", "公众满意度", "101", "分"], "数值", "0 至 100"),
        (["甲河", "2024", "水体整洁程度", "120", "赋分"], "数值", "0 至 100"),
        (["甲河", "2024", "无此项", "80", "赋分"], "数值", "赋分"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_cell_and_what_should_stand_there(
    tmp_path, row, column, expected
):
    found = read(write_book(tmp_path / "a.xlsx", ("指标", [HEADINGS, row])))
    (reject,) = found.lost
    assert found.readings.empty
    assert (reject.file, reject.sheet, reject.row, reject.column) == ("a.xlsx", "指标", 2, column)
    assert expected in reject.advice.expected
    assert reject.advice.todo


def test_repetitions_count_once_and_contradictions_not_at_all(tmp_path):
    rows = [HEADINGS, *[["甲河", "2024", "防洪达标率", value, "%"] for value in (90, "0.9e2")]]
    rows += [["乙湖", "2024年", "防洪达标率", value, "%"] for value in (80, 81)]
    found = read(write_book(tmp_path / "a.xlsx", ("指标", rows)))
    assert values_of(found) == {("R1", "flood_share"): pytest.approx(0.9)}
    assert [reject.row for reject in found.lost] == [3, 5, 4]
    assert "a.xlsx, 指标, row 5" in found.lost[-1].advice.todo


def test_columns_of_one_kind_hidden_sheets_and_strange_files_are_told(tmp_path):
    doubled = [["河湖名称", "数值", "值", "指标", "年份", "单位"], ["甲河", 1, 2, "防洪达标率", 2024, "%"]]
    path = write_book(tmp_path / "a.xlsx", ("双", doubled), ("空白", [["说明"], ["无"]]))
    book = openpyxl.load_workbook(path)
    book.create_sheet("藏").append(HEADINGS)
    book["藏"].sheet_state = "hidden"
    book.save(path)
    (tmp_path / "b.csv").write_bytes(b"\x00\xff\xfe\x00\x01")
    found = read(tmp_path / "*")
    assert found.readings.empty
    told = [(reject.file, reject.sheet, reject.column) for reject in found.lost]
    assert ("a.xlsx", "双", "数值") in told
    assert ("a.xlsx", "双", "值") in told
    assert {("a.xlsx", "空白", ""), ("a.xlsx", "藏", "")} <= set(told)
    assert any(file == "b.csv" for file, *_ in told)


def test_a_path_that_leads_nowhere_is_refused_by_name(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path / "none*.xlsx")
    assert str(tmp_path / "none*.xlsx") in caught.value.problems[0].place


@pytest.mark.parametrize(
    ("text", "amount"),
    [("82%", (82, "%")), ("７５％", (75, "%")), ("12.5 km2", (12.5, "km2")), ("1,234.5", (1234.5, None)),
     ("1e-3", (0.001, None)), ("-4", (-4, None)), ("约80", (None, None)), ("80左右", (None, None)),
     ("ND", (None, None)), ("3亩", (3, "亩")), ("30 m³/s", (30, "m³/s"))],
)  # fmt: skip
def test_a_cell_is_a_number_with_its_own_unit(text, amount):
    assert read_amount(text) == amount


MEASURES = [row for row in standards.read_rows("health_measures") if row["unit"] != "1"]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(MEASURES),
    st.floats(0.001, 0.999),
    st.data(),
    st.sampled_from(["cell", "column", "heading"]),
    st.permutations(range(5)),
)
def test_a_planted_figure_comes_back_in_any_unit_spelling_and_order_of_columns(
    tmp_path_factory, measure, share, data, where, order
):
    """Values are planted as a share of the measure's range, and written in one of its units."""
    rows = [row for row in standards.read_rows("health_units") if row["unit"] == measure["unit"]]
    rows = [row for row in standards.read_rows("health_units") if row["unit"] == measure["unit"]]
    factors = {row["alias"]: float(row["factor"]) for row in rows}
    unit = data.draw(st.sampled_from(sorted(factors)))
    assert list_unit_names(measure["unit"])
    value = float(measure["low"]) + share * (float(measure["high"]) - float(measure["low"]))
    name = data.draw(st.sampled_from(measure["aliases"].split(";")))
    number = f"{value / factors[unit]:.10g}"
    headings = ["水体", "年份", "指标", f"数值({unit})" if where == "heading" else "数值", "单位"]
    row = [
        "甲河",
        "2024",
        name,
        f"{number}{unit}" if where == "cell" else number,
        unit if where == "column" else "",
    ]
    rows = [[cells[place] for place in order] for cells in (headings, row)]
    path = write_csv(tmp_path_factory.mktemp("m") / "a.csv", rows)
    found = read(path)
    assert [reject.advice.expected for reject in found.lost] == []
    assert found.readings["value"].tolist() == pytest.approx([value])
    assert found.readings["measure"].tolist() == [measure["measure"]]
