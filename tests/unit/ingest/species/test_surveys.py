"""Surveys as staff have them, long, wide and turned: every record is found, or named with why it is not."""

import math
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError, SettingsError
from pipeline.ingest.species.surveys import read_species
from pipeline.settings.species import Species
from tests.unit.ingest.species.tables import (
    AREA,
    HEADINGS,
    NAMES,
    build_block,
    read,
    tell,
    write_book,
    write_csv,
)

SPECIES = [row[0] for row in NAMES[1:]]
ALIASES = {row[0]: row[2].split("、")[0] or row[0] for row in NAMES[1:]}
LATIN = {row[0]: row[1] for row in NAMES[1:]}
ALIASES |= {"斑嘴鸭": "花嘴鸭", "绿翅鸭": "小水鸭"}
SITES = {"S1": ["东滩甲", "S1", "甲"], "S2": ["东滩乙", "S2", "乙"]}
EXAMPLES = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def draw_name(order, species):
    return order.choice([species, ALIASES[species], f"{species} {LATIN[species]}", LATIN[species]])


def write_day(order, day):
    year, month, date = day.split("-")
    return order.choice([day, f"{year}年{int(month)}月{int(date)}日", f"{year}/{month}/{date}"])


def lay_long(order, truth):
    rows = [
        [draw_name(order, species), order.choice(SITES[site]), write_day(order, day), count, "备注"]
        for (species, site, day), count in truth.items()
    ]
    order.shuffle(rows)
    headings = [
        order.choice(names)
        for names in (["物种", "鸟种", "种名"], ["样点", "监测点", "调查地点"], ["日期", "调查时间"])
    ]
    return [["某地调查记录（试验）"], [*headings, order.choice(["数量", "个体数（只）"]), "备注"], *rows]


def lay_wide(order, truth):
    columns = sorted({key[1:] for key in truth})
    names = sorted({key[0] for key in truth})
    order.shuffle(columns)
    rows = [
        [draw_name(order, name), *(truth.get((name, *column), "") for column in columns), 9] for name in names
    ]
    days = [write_day(order, day) for _, day in columns]
    sites = [order.choice(SITES[site]) for site, _ in columns]
    return [["", *days, ""], ["物种", *sites, "合计"], *rows, ["合计", *(5 for _ in columns), 9]]


def lay_turned(order, truth):
    names = sorted({key[0] for key in truth})
    rows = sorted({key[1:] for key in truth})
    order.shuffle(names)
    body = [
        [
            order.choice(SITES[site]),
            write_day(order, day),
            *(truth.get((name, site, day), "") for name in names),
        ]
        for site, day in rows
    ]
    return [
        ["序号", "样点", "日期", *(draw_name(order, name) for name in names)],
        *([1, *row] for row in body),
    ]


@EXAMPLES
@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from(SPECIES),
            st.sampled_from(sorted(SITES)),
            st.sampled_from(["2024-01-15", "2024-04-02"]),
        ),
        st.integers(0, 10**5),
        min_size=4,
        max_size=12,
    ),
    st.sampled_from([lay_long, lay_wide, lay_turned]),
    st.sampled_from(["utf-8", "gb18030"]),
    st.integers(0, 10**6),
)
def test_planted_counts_come_back_from_any_layout(tmp_path, truth, lay, encoding, seed):
    if lay is lay_turned and len({key[0] for key in truth}) < 2:
        return
    path = write_csv(tmp_path / "surveys.csv", lay(Random(seed), truth), encoding)
    records, _ = read(tmp_path, path)
    assert sorted(tell(records)) == sorted((*key, count, count) for key, count in truth.items())


def test_merged_cells_of_site_and_day_hold_for_all_their_rows(tmp_path):
    rows = [
        HEADINGS,
        ["白头鹤", "东滩甲", "2024年1月15日", 3],
        ["小天鹅", None, None, 5],
        ["斑嘴鸭", None, None, 0],
    ]
    path = write_book(tmp_path / "a.xlsx", [("记录", "B2:B4"), ("记录", "C2:C4")], 记录=rows)
    records, rejects = read(tmp_path, path)
    assert sorted(tell(records)) == [
        ("小天鹅", "S1", "2024-01-15", 5, 5), ("斑嘴鸭", "S1", "2024-01-15", 0, 0),
        ("白头鹤", "S1", "2024-01-15", 3, 3),
    ]  # fmt: skip
    assert rejects.empty


def test_a_merged_count_is_of_no_one_species(tmp_path):
    rows = [
        HEADINGS,
        ["白头鹤", "甲", "2024-01-15", 3],
        ["小天鹅", "甲", "2024-01-15", None],
        ["麻雀", "甲", "2024-01-15", 1],
    ]
    records, rejects = read(tmp_path, write_book(tmp_path / "a.xlsx", [("记录", "D2:D3")], 记录=rows))
    assert [row[0] for row in tell(records)] == ["麻雀"]
    assert list(rejects["row"]) == [2, 3]
    assert rejects["expected"].str.contains("未合并").all()


def test_a_blank_site_of_a_text_file_is_not_filled_from_above(tmp_path):
    rows = [HEADINGS, ["白头鹤", "甲", "2024-01-15", "3"], ["小天鹅", "", "2024-01-15", "5"]]
    records, rejects = read(tmp_path, rows)
    assert [row[0] for row in tell(records)] == ["白头鹤"]
    assert (rejects["row"][0], rejects["column"][0]) == (3, "样点")


def test_titles_and_names_of_sheets_tell_site_day_year_and_group(tmp_path):
    told = [
        "调查地点：东滩甲  调查日期：2024年3月15日",
        "调查人：张三；调查方法：样线法",
        "填表日期：2024年5月1日",
    ]
    form = [*([line] for line in told), ["物种", "数量"], ["白头鹤", 4]]
    yearly = [["2023年冬季水鸟调查"], HEADINGS, ["小天鹅", "乙", "1月12日", 7]]
    none = [["两栖类样线"], HEADINGS, ["未发现", "甲", "2024-05-02", ""]]
    records, rejects = read(tmp_path, write_book(tmp_path / "a.xlsx", 表一=form, 表二=yearly, 两栖类=none))
    told = {row[0]: row[1:] for row in tell(records)}
    assert told["白头鹤"] == ("S1", "2024-03-15", 4, 4)
    assert told["小天鹅"] == ("S2", "2023-01-12", 7, 7)
    assert told[None] == ("S1", "2024-05-02", 0, 0)
    assert rejects.empty
    one = records[records["species"] == "白头鹤"].iloc[0]
    assert (one["survey_method"], one["observers"]) == ("样线法", "张＊")
    assert records[records["species"].isna()]["surveyed_group"].tolist() == ["amphibian"]


def test_a_list_of_species_without_counts_says_that_they_are_there(tmp_path):
    rows = [["样地：甲  调查日期：2024年5月"], ["中文名", "拉丁名"], ["禾本科 Poaceae", ""],
            ["芦苇", "Phragmites australis"], ["苔草", "Carex sp."]]  # fmt: skip
    records, rejects = read(tmp_path, rows)
    assert tell(records) == [("芦苇", "S1", "2024-05-01/2024-05-31", 1, math.inf)]
    assert list(rejects["found"]) == ["苔草 Carex sp."]


def test_not_surveyed_blank_and_none_are_three_things(tmp_path):
    rows = [["物种", "2024-01-15 甲", "2024-01-15 乙", "2024-02-15 甲"], ["白头鹤", "0", "未调查", ""]]
    records, rejects = read(tmp_path, rows)
    assert tell(records) == [("白头鹤", "S1", "2024-01-15", 0, 0)]
    assert rejects.empty


def test_a_blank_count_beside_a_species_is_named_once_for_its_column(tmp_path):
    rows = [
        HEADINGS,
        ["白头鹤", "甲", "2024-01-15", "2"],
        *([name, "甲", "2024-01-15", ""] for name in SPECIES[1:4]),
    ]
    records, rejects = read(tmp_path, rows)
    assert [row[0] for row in tell(records)] == ["白头鹤"]
    assert (len(rejects), rejects["row"][0], rejects["found"][0]) == (1, 3, "小天鹅")


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (["白头鹳", "甲", "2024-01-15", "3"], "物种", "白头鹤"),
        (["野鸭", "甲", "2024-01-15", "3"], "物种", "斑嘴鸭、绿翅鸭"),
        (["Carex sp.", "甲", "2024-01-15", "3"], "物种", "鉴定到种"),
        (["小天鹅", "东滩丙", "2024-01-15", "3"], "样点", "东滩"),
        (["小天鹅", "甲", "冬季", "3"], "日期", "日期"),
        (["小天鹅", "甲", "", "3"], "日期", "日期"),
        (["小天鹅", "甲", "2024-01-15", "一群"], "数量", "个体数"),
        (["小天鹅", "甲", "2024-01-15", "2.5"], "数量", "个体数"),
        (["未发现", "甲", "2024-01-15", "0"], "", "类群"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_cell(tmp_path, row, column, words):
    records, rejects = read(tmp_path, [HEADINGS, ["白头鹤", "甲", "2024-01-15", "2"], row])
    assert len(records) == 1
    assert (rejects["file"][0], rejects["row"][0]) == ("surveys.csv", 3)
    assert rejects["column"][0] == column or column == ""
    assert words in rejects["expected"][0]
    assert rejects["todo"][0]


def test_columns_of_counts_that_nobody_knows_are_named(tmp_path):
    rows = [["物种", "2024-01-15 甲", "2024-01-15 丙", "2024-01-15 乙（盘）"], ["白头鹤", "2", "7", "8"]]
    records, rejects = read(tmp_path, rows)
    assert len(records) == 1
    assert sorted(rejects["column"]) == ["2024-01-15 丙", "2024-01-15 乙（盘）"]


def test_two_columns_of_one_kind_hidden_sheets_and_those_without_headings_are_not_read(tmp_path):
    twice = [["物种", "样点", "日期", "调查日期", "数量"], ["白头鹤", "甲", "2024-01-15", "2024-01-16", 3]]
    good = [HEADINGS, ["小天鹅", "甲", "2024-01-15", 3]]
    none, secret = [["随便写写"]], [HEADINGS, ["麻雀", "甲", "2024-01-15", 3]]
    path = write_book(tmp_path / "a.xlsx", hidden=["藏"], 两列=twice, 好=good, 无表头=none, 藏=secret)
    records, rejects = read(tmp_path, path)
    assert [row[0] for row in tell(records)] == ["小天鹅"]
    assert sorted(rejects["sheet"]) == ["两列", "无表头", "藏"]


def test_equal_entries_count_once_and_say_where_the_other_stands(tmp_path):
    row = ["白头鹤", "甲", "2024-01-15", "3"]
    records, rejects = read(tmp_path, [HEADINGS, row, ["玄鹤", "东滩甲", "2024年1月15日", "3只"]])
    assert tell(records) == [("白头鹤", "S1", "2024-01-15", 3, 3)]
    assert list(rejects["row"]) == [3]
    assert "surveys.csv, row 2" in rejects["todo"][0]


def test_different_entries_leave_the_count_between_them_or_are_flocks(tmp_path):
    rows = [HEADINGS, ["白头鹤", "甲", "2024-01-15", "3"], ["白头鹤", "甲", "2024-01-15", "8"]]
    records, rejects = read(tmp_path, rows)
    assert tell(records) == [("白头鹤", "S1", "2024-01-15", 3, 8)]
    assert "3 至 8" in rejects["todo"][0]
    records, rejects = read(tmp_path, rows, repeats="sum")
    assert tell(records) == [("白头鹤", "S1", "2024-01-15", 11, 11)]
    assert rejects.empty


def test_found_and_not_found_at_once_is_neither(tmp_path):
    rows = [
        HEADINGS,
        ["白头鹤", "甲", "2024-01-15", "0"],
        ["白头鹤", "甲", "2024-01-15", "8"],
        ["麻雀", "甲", "2024-01-15", "1"],
    ]
    records, rejects = read(tmp_path, rows)
    assert [row[0] for row in tell(records)] == ["麻雀"]
    assert list(rejects["row"]) == [2, 3]


def test_counts_of_two_groups_of_observers_stand_side_by_side(tmp_path):
    headings = [*HEADINGS, "调查人"]
    rows = [
        ["白头鹤", "甲", "2024-01-15", "3", "张三、李四"],
        ["白头鹤", "甲", "2024-01-15", "5", "水鸟调查一组"],
    ]
    records, rejects = read(tmp_path, [headings, *rows])
    assert rejects.empty
    assert sorted(records["observers"]) == sorted(["张＊、李＊", "水鸟调查一组"])
    records, _ = read(tmp_path, [headings, *rows], mask_observers=False)
    assert "张三、李四" in set(records["observers"])


def test_records_of_sites_elsewhere_are_left_to_their_own_area(tmp_path):
    rows = [HEADINGS, ["白头鹤", "外滩", "2024-01-15", "3"], ["小天鹅", "甲", "2024-01-15", "3"]]
    records, rejects = read(tmp_path, rows)
    assert [row[0] for row in tell(records)] == ["小天鹅"]
    assert rejects.empty


def test_what_the_config_tells_stands_in_for_what_a_table_does_not(tmp_path):
    rows = [["种群名", "月日", "几只"], ["白头鹤", "1月15日", "3"]]
    columns = {"species": "种群名", "date": "月日", "count": "几只"}
    records, _ = read(tmp_path, rows, columns=columns, site="东滩甲", year=2022, method="样点法")
    assert tell(records) == [("白头鹤", "S1", "2022-01-15", 3, 3)]
    assert list(records["survey_method"]) == ["样点法"]


def test_tables_that_are_not_named_are_refused_all_at_once():
    with pytest.raises(SettingsError) as refused:
        read_species(Species(), AREA)
    assert [problem.place for problem in refused.value.problems] == [
        "species.surveys", "species.names", "species.sites",
    ]  # fmt: skip
    assert refused.value.exit_code == 2


def test_columns_that_are_none_of_ours_are_refused_by_name():
    with pytest.raises(ValueError, match=r"names\.columns with names of ours, not genus"):
        Species.model_validate({"names": {"path": "a.csv", "columns": {"genus": "属"}}})


def test_files_that_are_not_there_and_surveys_of_no_use_are_the_users_data(tmp_path):
    block = build_block(tmp_path, str(tmp_path / "none.xlsx"))
    with pytest.raises(InputError, match="cannot be found"):
        read_species(block, AREA)
    with pytest.raises(InputError) as refused:
        read(tmp_path, [HEADINGS, ["白头鹳", "甲", "2024-01-15", "3"]])
    assert refused.value.exit_code == 3
    assert "row 2" in refused.value.problems[0].place


def test_a_broken_file_is_named_and_the_others_are_read(tmp_path):
    folder = tmp_path / "surveys"
    folder.mkdir()
    (folder / "broken.xlsx").write_bytes(b"no workbook")
    write_csv(folder / "good.csv", [HEADINGS, ["白头鹤", "甲", "2024-01-15", "3"]])
    records, rejects = read(tmp_path, str(folder / "*"))
    assert len(records) == 1
    assert list(rejects["file"]) == ["broken.xlsx"]
