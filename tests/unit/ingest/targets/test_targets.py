"""Tables of targets are read as offices write them: every form of a figure, or a refusal by name."""

from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.aoi import PROJECT_ROOT, load_aoi
from pipeline.contracts import DIRECTIONS
from pipeline.errors import InputError, SettingsError
from pipeline.ingest.targets import read_targets
from pipeline.ingest.targets.names import load_units
from pipeline.ingest.targets.spans import read_target_span
from pipeline.ingest.targets.words import find_unit_factor, read_target_heading
from pipeline.settings.targets import TARGET_COLUMNS, TargetFile, Targets

AOI = load_aoi("guangyang_island", relative_to=PROJECT_ROOT)
TOWNS = (("t1", "甲镇"), ("t2", "乙镇"))
HEAD = ["指标", "区域", "时段", "方向", "目标值", "单位"]
ROW = ["水质优良断面比例", "广阳岛", "2024年", "不低于", "91.7%", ""]


def write(path: Path, *sheets, merges=(), formats=()) -> Path:
    """A workbook with a sheet for each table of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"表{number}")
        for row in rows:
            sheet.append(list(row))
    for area in merges:
        book["表0"].merge_cells(area)
    for cell, form in dict(formats).items():
        book["表0"][cell].number_format = form
    book.save(path)
    return path


def read(path: Path, config=None, **options):
    """Targets and rejects of a file."""
    return read_targets(Targets(tables=[TargetFile(path=str(path), **options)], **(config or {})), AOI, TOWNS)


def read_row(tmp_path, *, head=HEAD, formats=(), config=None, **changes):
    """What becomes of one row with some of its cells changed."""
    row = [changes.pop(name, cell) for name, cell in zip(head, [*ROW, *[""] * len(head)], strict=False)]
    return read(write(tmp_path / "a.xlsx", [head, row], formats=formats), config, **changes)


def tell(tables):
    """The one target, or what speaks against it: column, found, a word of what was expected."""
    if tables.targets:
        (one,) = tables.targets
        return one
    (lost,) = tables.rejects.to_dict("records")
    return lost


def test_a_table_with_merged_titles_several_sheets_and_notes_is_read_whole(tmp_path):
    tall = [
        ["广阳岛2024年度生态目标任务分解表"],
        ["（单位：%）"],
        [
            "序号",
            "考核指标",
            "区域/乡镇",
            "要求",
            "目标值",
            "权重（%）",
            "基期值（2022年）",
            "允许偏差",
            "牵头单位",
        ],
        ["一、水环境"],
        [1, "1. 水质优良率", "广阳岛", "≥", 91.7, 60, 85, "±1", "生态环境局"],
        [2, "断面水质达标率", "甲镇", "不低于", "100", 40, None, None, None],
        ["", "合计", "", "", "", 100],
        ["注：数据为测试"],
    ]
    wide = [
        ["指标名称", "乡镇", "计量单位", "目标值", "", "责任部门", "方向"],
        ["", "", "", "2023年", "2025年末", "", ""],
        ["GEP", "乙镇", "亿元", "12.5", "1,300", "发改委", "不少于"],
    ]
    path = write(tmp_path / "a.xlsx", tall, wide, merges=["A1:I1", "A2:I2", "I5:I6"])
    book = openpyxl.load_workbook(path)
    for area in ("A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:F2", "G1:G2"):
        book["表1"].merge_cells(area)
    book.save(path)
    targets, rejects = read(path)
    assert rejects.empty
    first, second, third, fourth = targets
    assert (first.indicator, first.place, first.direction) == ("good_section_share", AOI.id, "at_least")
    assert (first.value, first.decimals, first.weight) == (0.917, 3, 60)
    assert (first.baseline, first.baseline_period.label, first.tolerance) == (0.85, "2022", 0.01)
    assert (first.period.label, first.at_end, first.unit_responsible) == ("2024", False, "生态环境局")
    assert (second.place, second.value, second.unit_responsible) == ("t1", 1.0, "生态环境局")
    assert [(one.value, one.period.label, one.at_end) for one in (third, fourth)] == [
        (1.25e9, "2023", False),
        (1.3e11, "2025-12-31", True),
    ]
    assert (third.place, third.direction, third.sheet, third.row) == ("t2", "at_least", "表1", 3)


@pytest.mark.parametrize(
    ("cell", "unit", "form"),
    [
        ("82%", "", None),
        ("82 ％", "%", None),
        ("82", "%", None),
        (82, "百分比", None),
        ("0.82", "比例", None),
        (0.82, "", "0%"),
        (0.82, "%", "0.0%"),
        ("≥82%", "", None),
        ("820‰", "", None),
    ],
)
def test_a_percent_is_the_same_in_whatever_form_it_is_written(tmp_path, cell, unit, form):
    formats = {"E2": form} if form else {}
    assert tell(read_row(tmp_path, 目标值=cell, 单位=unit, formats=formats)).value == 0.82


@pytest.mark.parametrize(
    ("changes", "column", "found", "word"),
    [
        ({"指标": "蓝天白云满意度"}, "指标", "蓝天白云满意度", "the name or code of an indicator"),
        ({"指标": "水质优良断面比率"}, "指标", "水质优良断面比率", "good_section_share"),
        ({"指标": "植被覆盖率"}, "指标", "植被覆盖率", "vegetation_cover_share_area"),
        ({"区域": ""}, "区域", "", "name or id of a place"),
        ({"区域": "全市"}, "区域", "全市", "name or id of a place"),
        ({"区域": "南通市"}, "区域", "南通市", "one of its regions"),
        ({"时段": ""}, "时段", "", "a time such as"),
        ({"时段": "2025年前"}, "时段", "2025年前", "a time such as"),
        ({"时段": "2024.10"}, "时段", "2024.10", "a time such as"),
        ({"方向": ""}, "目标值", "91.7%", "at least, at most"),
        ({"方向": "力争"}, "方向", "力争", "more than"),
        ({"目标值": "≤91.7%"}, "方向", "不低于", "one direction"),
        ({"目标值": "0.82"}, "目标值", "0.82", "a unit (share"),
        ({"目标值": "82", "单位": "万元"}, "目标值", "万元", "brought to share"),
        ({"目标值": "82%", "单位": "比例"}, "目标值", "%, 比例", "one unit"),
        ({"目标值": "182%"}, "目标值", "182%", "from 0 to 100"),
        ({"目标值": "80%-85%"}, "目标值", "80%-85%", "one number"),
        ({"目标值": "稳定达标"}, "目标值", "稳定达标", "one number"),
        ({"目标值": "约82%"}, "目标值", "约82%", "one number"),
        ({"目标值": "8,2%"}, "目标值", "8,2%", "one number"),
        ({"目标值": ""}, "目标值", "空 nothing", "one number"),
    ],
)
def test_what_cannot_be_right_is_rejected_by_its_place_with_the_way_out(
    tmp_path, changes, column, found, word
):
    second = [*ROW[:4], "50%", ""]
    row = [changes.get(name, cell) for name, cell in zip(HEAD, ROW, strict=True)]
    tables = read(write(tmp_path / "a.xlsx", [HEAD, row, second]))
    assert [one.value for one in tables.targets] == [0.5]
    (lost,) = tables.rejects.to_dict("records")
    assert (lost["file"], lost["sheet"], lost["row"]) == ("a.xlsx", "表0", 2)
    assert (lost["column"], lost["found"]) == (column, found)
    assert word in lost["expected"]
    assert lost["todo"]


@pytest.mark.parametrize(
    ("written", "direction", "value"),
    [
        ("≥82%", "at_least", 0.82), ("不低于82%", "at_least", 0.82), ("82%以上", "at_least", 0.82),
        ("82%及以上", "at_least", 0.82), ("达到82%", "at_least", 0.82), (">82%", "more_than", 0.82),
        ("超过82%", "more_than", 0.82), ("≤82%", "at_most", 0.82), ("82%以内", "at_most", 0.82),
        ("82%以下", "at_most", 0.82), ("不超过82%", "at_most", 0.82), ("低于82%", "less_than", 0.82),
        ("=82%", "equal", 0.82), ("＞＝82%", "at_least", 0.82),
    ],
)  # fmt: skip
def test_a_direction_may_stand_about_the_figure(tmp_path, written, direction, value):
    one = tell(read_row(tmp_path, 方向="", 目标值=written))
    assert (one.direction, one.value) == (direction, value)


@pytest.mark.parametrize(
    "row", [row for row in standards.read_rows("target_words") if row["means"] in DIRECTIONS]
)
def test_every_word_for_a_direction_is_read_in_its_column(tmp_path, row):
    assert tell(read_row(tmp_path, 方向=row["alias"])).direction == row["means"]


@pytest.mark.parametrize(
    "role", [role for role in TARGET_COLUMNS if role not in ("indicator", "target", "baseline")]
)
def test_every_heading_of_the_table_of_words_names_its_column(role):
    aliases = [row["alias"] for row in standards.read_rows("target_words") if row["means"] == role]
    assert aliases
    assert {read_target_heading(alias, {}).role for alias in aliases} == {role}


@pytest.mark.parametrize("code", sorted(load_units()))
def test_every_indicator_has_a_unit_that_a_target_can_be_written_in(code):
    unit = load_units()[code]
    assert find_unit_factor(unit, unit) == 1
    rows = [*standards.read_rows("target_units"), *standards.read_rows("statistic_units")]
    assert any(row["unit"] == unit for row in rows)


@pytest.mark.parametrize("row", standards.read_rows("indicator_aliases"), ids=lambda row: row["alias"])
def test_every_alias_of_an_indicator_is_one_of_an_indicator_that_there_is(row):
    assert row["indicator"] in load_units()


@pytest.mark.parametrize(
    ("text", "label", "first", "at_end"),
    [
        ("2024", "2024", "2024-01-01", False), ("2024年度", "2024", "2024-01-01", False),
        ("2024年末", "2024-12-31", "2024-01-01", True), ("2025年底前", "2025-12-31", "2025-01-01", True),
        ("到2025年", "2025-12-31", "2025-01-01", True), ("“十四五”末", "2025-12-31", "2025-01-01", True),
        ("2024年三季度", "2024Q3", "2024-07-01", False), ("2024Q3", "2024Q3", "2024-07-01", False),
        ("2024年第3季度", "2024Q3", "2024-07-01", False),
        ("2024年三季度末", "2024-09-30", "2024-07-01", True),
        ("2024-09", "2024-09", "2024-09-01", False), ("2024年9月", "2024-09", "2024-09-01", False),
        ("2024年上半年", "2024H1", "2024-01-01", False),
        ("2024年前三季度", "2024-01/2024-09", "2024-01-01", False),
        ("2024年冬季", "2024-winter", "2023-12-01", False), ("2021-2025年", "2021/2025", "2021-01-01", False),
        ("2025-12-31 00:00:00", "2025-12-31", "2025-01-01", True),
        ("2025年12月31日前", "2025-12-31", "2025-01-01", True),
    ],
)  # fmt: skip
def test_a_time_is_read_as_staff_write_it(text, label, first, at_end):
    span = read_target_span(text)
    assert (span.period.label, str(span.period.first), span.at_end) == (label, first, at_end)


@pytest.mark.parametrize(
    "text", ["2025年前", "2024.10", "三季度", "2024年13月", "2025-02-30", "2024-2023", "近期"]
)
def test_a_time_that_is_not_sure_is_none(text):
    assert read_target_span(text) is None


def test_a_quarter_without_its_year_takes_that_of_the_title(tmp_path):
    head = [["广阳岛2024年调度表"], HEAD]
    path = write(tmp_path / "a.xlsx", [*head, ["水质优良率", "广阳岛", "三季度", "≥", "90%", ""]])
    assert tell(read(path)).period.label == "2024Q3"


def test_the_config_may_tell_what_a_table_does_not(tmp_path):
    path = write(tmp_path / "a.xlsx", [["考核事项", "目标值"], ["优良", "90%"]])
    one = tell(
        read(
            path, {"indicators": {"优良": "good_section_share"}}, columns={"indicator": "考核事项"},
            place=AOI.id, period="2024Q2", direction="at_least", source="方案", unit_responsible="局",
        )
    )  # fmt: skip
    assert (one.indicator, one.period.label, one.direction) == ("good_section_share", "2024Q2", "at_least")
    assert (one.source, one.unit_responsible) == ("方案", "局")


def test_their_names_of_places_are_mapped_and_the_whole_is_the_place_of_the_config(tmp_path):
    rows = [HEAD, ["水质优良率", "南岸区", *ROW[2:]], ["水质达标率", "全区", *ROW[2:]]]
    path = write(tmp_path / "a.xlsx", rows)
    targets, _ = read(path, names={"南岸区": AOI.id}, place="t1")
    assert [one.place for one in targets] == [AOI.id, "t1"]


def test_places_elsewhere_are_said_once_a_sheet(tmp_path):
    rows = [HEAD, ROW, *([*ROW[:1], "南通市", *ROW[2:]] for _ in range(3))]
    targets, rejects = read(write(tmp_path / "a.xlsx", rows))
    assert len(targets) == 1
    assert rejects["found"].tolist() == ["南通市"]


def test_what_is_wrong_with_targets_of_elsewhere_does_not_stop_this_area(tmp_path):
    rows = [HEAD, ["蓝天", "南通市", *ROW[2:]], [*ROW[:1], "南通市", *ROW[2:]]]
    book = openpyxl.load_workbook(write(tmp_path / "a.xlsx", rows, [["说明"]]))
    book["表0"].row_dimensions[3].hidden = True
    book.save(tmp_path / "a.xlsx")
    targets, rejects = read(tmp_path / "a.xlsx")
    assert targets == ()
    assert rejects["found"].str.contains("南通市").sum() == 1


def test_equal_repetitions_count_once_and_contradictions_reject_all_concerned(tmp_path):
    rows = [
        HEAD,
        ROW,
        ROW,
        ["GEP", "广阳岛", "2024", "≥", "5", "亿元"],
        ["GEP", "广阳岛", "2024", "≥", "6", "亿元"],
    ]
    targets, rejects = read(write(tmp_path / "a.xlsx", rows))
    assert [one.row for one in targets] == [2]
    assert sorted(rejects["row"].tolist()) == [3, 4, 5]
    assert rejects["todo"].str.contains("row 2").sum() == 1
    bounds = [HEAD, ROW, [*ROW[:3], "不高于", "95%", ""]]
    assert len(read(write(tmp_path / "b.xlsx", bounds)).targets) == 2


@pytest.mark.parametrize(
    ("heading", "cell"), [("允许偏差", "少许"), ("基期值（2022年）", "较好"), ("权重", "高"), ("权重", "-5")]
)
def test_what_cannot_be_read_beside_a_target_is_said_and_the_target_stands(tmp_path, heading, cell):
    tables = read(write(tmp_path / "a.xlsx", [[*HEAD, heading], [*ROW, cell]]))
    (one,) = tables.targets
    assert (one.tolerance, one.baseline, one.weight) == (None, None, None)
    (lost,) = tables.rejects.to_dict("records")
    assert (lost["column"], lost["found"]) == (heading, cell)


def test_a_baseline_that_is_not_before_the_target_is_said_and_not_used(tmp_path):
    tables = read(write(tmp_path / "a.xlsx", [[*HEAD, "基期值（2024年）"], [*ROW, "80%"]]))
    assert (tables.targets[0].baseline, tables.targets[0].baseline_period) == (None, None)
    assert "before the target" in tables.rejects["expected"].iloc[0]


def test_a_figure_merged_over_rows_is_nobodys(tmp_path):
    rows = [HEAD, ROW, ["水质达标率", *ROW[1:4], None, None], ["GEP", "广阳岛", "2024", "≥", "5", "亿元"]]
    targets, rejects = read(write(tmp_path / "a.xlsx", rows, merges=["E2:E3"]))
    assert [one.indicator for one in targets] == ["gep"]
    assert rejects["row"].tolist() == [2, 3]
    assert rejects["expected"].str.contains("of its own").all()


def test_what_nothing_can_be_used_of_is_refused_with_every_reason(tmp_path):
    path = write(tmp_path / "a.xlsx", [HEAD, ["蓝天", *ROW[1:]], [*ROW[:4], "好", ""]])
    with pytest.raises(InputError) as refused:
        read(path)
    assert [problem.found for problem in refused.value.problems] == ["蓝天", "好"]
    assert "row 2, 指标" in refused.value.problems[0].place


@pytest.mark.parametrize("content", [[["标题"], ["甲", "乙"]], [["指标", "数值"], ["a", 1]]])
def test_a_sheet_without_headings_is_named(tmp_path, content):
    with pytest.raises(InputError) as refused:
        read(write(tmp_path / "a.xlsx", content))
    assert "表头" in refused.value.problems[0].expected


def test_the_config_is_refused_where_it_names_nothing_or_what_there_is_not(tmp_path):
    with pytest.raises(SettingsError, match=r"targets\.tables"):
        read_targets(Targets(), AOI)
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.xlsx")
    path = write(tmp_path / "a.xlsx", [HEAD, ROW])
    for config in ({"indicators": {"优良": "good_share"}}, {"tolerance": {"good_share": 0.1}}):
        with pytest.raises(SettingsError, match="good_share"):
            read(path, config)
    with pytest.raises(SettingsError, match="2024年前后"):
        read(path, period="2024年前后")


class Form(NamedTuple):
    """A way to write a share."""

    write: object
    unit: str


FORMS = (
    Form(lambda hundredths: f"{hundredths / 100:.2f}", "小数"),
    Form(lambda hundredths: f"{hundredths}%", ""),
    Form(lambda hundredths: f" {hundredths} ％ ", ""),
    Form(lambda hundredths: hundredths, "%"),
    Form(lambda hundredths: f"{hundredths}", "百分比"),
)
HEADINGS = {
    "指标": ["考核指标", "指标名称", "indicator"],
    "区域": ["乡镇", "区域/乡镇", "place"],
    "时段": ["完成时限", "考核年度", "period"],
    "方向": ["要求", "比较关系", "direction"],
    "目标值": ["目标", "年度目标值", "target"],
    "单位": ["计量单位", "unit"],
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), hundredths=st.integers(0, 100), form=st.sampled_from(FORMS), place=st.sampled_from(TOWNS)
)
def test_a_planted_target_comes_back_whatever_the_headings_their_order_and_its_form(
    tmp_path, data, hundredths, form, place
):
    names = {name: data.draw(st.sampled_from([name, *more])) for name, more in HEADINGS.items()}
    order = data.draw(st.permutations(list(HEADINGS)))
    year = data.draw(st.sampled_from([("2024年", "2024"), (2024, "2024"), ("2024年底", "2024-12-31")]))
    row = dict(
        zip(
            HEAD,
            ["水质优良断面比例", place[1], year[0], "不高于", form.write(hundredths), form.unit],
            strict=True,
        )
    )
    blank = data.draw(st.integers(0, 2))
    rows = [["目标任务表"]] * blank + [[names[name] for name in order], [row[name] for name in order]]
    one = tell(read(write(tmp_path / "a.xlsx", rows)))
    assert (one.value, one.place, one.direction) == (hundredths / 100, place[0], "at_most")
    assert (one.period.label, one.row) == (year[1], blank + 2)
