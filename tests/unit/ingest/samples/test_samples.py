"""Tables of water samples in the forms that staff have, planted cell by cell and read back."""

from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import contracts, standards
from pipeline.errors import InputError
from pipeline.ingest.samples import cells as cell
from pipeline.ingest.samples import figures, read_records, read_samples, read_sections
from pipeline.ingest.samples import headings as heading
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.day_parts import complete_day
from pipeline.settings import SampleFile

HEAD = "断面名称,监测时间,氨氮(mg/L)"


def _csv(folder, text, encoding="utf-8", name="samples.csv"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def _read(path, **settings):
    samples, rejects = read_samples([SampleFile(path=str(path), **settings)])
    return contracts.check_table(samples, contracts.SAMPLES), rejects


def _workbook(folder, sheets, merges=(), name="samples.xlsx"):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    for title, area in merges:
        book[title].merge_cells(area)
    book.save(folder / name)
    return folder / name


def _moment(text):
    return pd.Timestamp(text, tz="Asia/Shanghai")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_every_common_encoding_gives_the_same_readings(tmp_path, encoding):
    path = _csv(tmp_path, f"{HEAD}\n白龙港,2024-04-05 10:00,0.35\n", encoding)
    samples, rejects = _read(path)
    assert samples[["section", "parameter", "value", "row"]].to_numpy().tolist() == [
        ["白龙港", "NH3N", 0.35, 2]
    ]
    assert samples["time"].iloc[0] == _moment("2024-04-05 10:00")
    assert rejects.empty


def test_quoted_cells_hold_delimiters_and_line_ends_and_rows_count_as_in_a_spreadsheet(tmp_path):
    text = '断面,日期,备注,氨氮\n"甲, ""新""",2024-04-05,"第一行\n第二行, 续",0.3\n\n乙,2024-04-05,\x85,0.4\n'
    samples, rejects = _read(_csv(tmp_path, text))
    assert samples[["section", "row", "value"]].to_numpy().tolist() == [['甲, "新"', 2, 0.3], ["乙", 4, 0.4]]
    assert rejects.empty


def test_a_quotation_mark_that_is_never_closed_swallows_nothing(tmp_path):
    samples, _ = _read(_csv(tmp_path, f'{HEAD}\n"甲,2024-04-05,0.3\n乙,2024-04-05,0.4\n'))
    assert samples["value"].tolist() == [0.3, 0.4]


def test_wide_and_long_csv_and_xlsx_give_the_same_readings(tmp_path):
    wide_rows = [
        ["断面名称", "采样时间", "氨氮(mg/L)", "总磷（mg/L）"],
        ["甲", "2024/4/5 10:00", "0.35", "0.08"],
    ]
    long_rows = [
        ["监测断面", "监测日期", "监测项目", "监测值", "单位"],
        ["甲", "2024年4月5日10时", "NH₃-N", "350", "μg/L"],
        ["甲", "2024-04-05T10:00:00+08:00", "总磷", "0.08", "mg/L"],
    ]
    paths = [
        _csv(tmp_path, "\n".join(map(",".join, wide_rows)), name="wide.csv"),
        _csv(tmp_path, "\n".join(map("\t".join, long_rows)), name="long.tsv"),
        _workbook(tmp_path, {"宽": wide_rows}, name="wide.xlsx"),
        _workbook(tmp_path, {"长": long_rows}, name="long.xlsx"),
    ]
    columns = ["section", "time", "parameter", "value", "unit", "censored", "water_body"]
    tables = [_read(path)[0][columns] for path in paths]
    assert len(tables[0]) == 2
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


def test_titles_above_several_sheets_and_merged_sections_are_understood(tmp_path):
    rows = [
        ["某市2024年地表水监测结果", None, None],
        ["断面名称", "采样日期", "溶解氧"],
        ["甲", datetime(2024, 4, 5, 10), 7.5],  # noqa: DTZ001 - a workbook knows no zone
        [None, 45388.4375, 0.1 + 0.2],
        ["乙", "2024年4月7日", 6],
    ]
    merges = [("一", "A1:C1"), ("一", "A3:A4"), ("二", "A3:A4")]
    path = _workbook(tmp_path, {"一": rows, "二": rows[1:2] + rows[:1] + rows[2:], "空": []}, merges)
    samples, rejects = _read(path)
    first = samples[samples["row"].isin([3, 4, 5])].head(3)
    assert first["section"].tolist() == ["甲", "甲", "乙"]
    assert first["time"].tolist() == [
        _moment("2024-04-05 10:00"), _moment("2024-04-06 10:30"), _moment("2024-04-07"),
    ]  # fmt: skip
    assert first["value"].tolist() == [7.5, 0.3, 6.0]
    assert (rejects.loc[rejects["sheet"] == "空", "reason"].str.startswith("空表")).all()
    assert "空" in rejects["sheet"].tolist()


def test_a_merged_value_is_one_reading_and_is_not_made_into_two(tmp_path):
    rows = [["断面", "日期", "氨氮"], ["甲", "2024-04-05", 0.35], ["乙", "2024-04-05", None]]
    samples, _ = _read(_workbook(tmp_path, {"一": rows}, [("一", "C2:C3")]))
    assert samples["section"].tolist() == ["甲"]


def test_a_row_of_units_below_the_headings_gives_the_units(tmp_path):
    rows = [["断面", "日期", "pH", "氨氮"], [None, None, "无量纲", "μg/L"], ["甲", "2024-04-05", 7.1, 350]]
    samples, _ = _read(_workbook(tmp_path, {"一": rows}, [("一", "A1:A2")]))
    assert dict(zip(samples["parameter"], samples["value"], strict=True)) == {"pH": 7.1, "NH3N": 0.35}


@pytest.mark.parametrize(
    ("text", "code", "unit"),
    [
        ("pH(无量纲)", "pH", "无量纲"),
        ("ｐＨ值", "pH", None),
        ("水温(℃)", "WT", "°c"),
        ("高锰酸盐指数（CODMn）（mg/L）", "CODMn", "mg/l"),
        ("高指", "CODMn", None),
        ("氨氮 mg/L", "NH3N", "mg/l"),
        ("氨氮/(mg·L⁻¹)", "NH3N", "mg·l-1"),
        ("总磷(以P计)(mg/L)", "TP", "mg/l"),
        ("铬（六价）(mg/L)", "Cr6", "mg/l"),
        ("氟化物(以F-计)", "F", None),
        ("COD", "COD", None),
        ("粪大肠菌群（个／L）", "FC", "个/l"),
        ("氨氮(ppb)", "NH3N", "ppb"),
        ("断面名称（点位）", "section", None),
    ],
)
def test_a_heading_is_understood_with_or_without_its_unit(text, code, unit):
    assert heading.read_heading(text) == heading.Name(code, unit)


@pytest.mark.parametrize("text", ["色度(倍)", "蓝藻", "", "(mg/L)", "mg/L"])
def test_a_heading_outside_the_tables_is_not_guessed(text):
    assert heading.read_heading(text) is None


def test_the_alias_table_covers_every_parameter_by_code_and_name_and_no_other():
    limits = standards.table("water_limits")
    aliases = heading.load_parameter_codes()
    for code, name in zip(limits["code"], limits["name_zh"], strict=True):
        assert aliases[heading.fold(code)] == code
        assert aliases[heading.fold(name)] == code
    known = {*limits["code"], *standards.table("water_extras")["code"]}
    assert set(aliases.values()) == known
    assert set(standards.table("plausibility")["code"]) == known
    assert set(standards.table("stuck_sensors")["code"]) <= known


def test_no_alias_means_two_things():
    parameters = standards.table("parameter_aliases")
    roles = standards.table("sample_headings").rename(columns={"role": "code"})
    both = pd.concat([parameters, roles])
    meanings = both.assign(plain=both["alias"].map(heading.fold)).groupby("plain")["code"].nunique()
    assert meanings[meanings > 1].empty


@pytest.mark.parametrize(
    ("text", "value", "censored", "blank"),
    [
        ("０.３５", 0.35, False, False),
        (" 0.35 ", 0.35, False, False),
        ("1,234.5", 1234.5, False, False),
        ("1.2e-3", 0.0012, False, False),
        ("<0.01", 0.01, True, False),
        ("＜ 0.01", 0.01, True, False),
        ("0.01L", 0.01, True, False),
        ("0.01 l", 0.01, True, False),
        ("ND(0.01)", 0.01, True, False),
        ("未检出", None, True, False),
        ("N.D.", None, True, False),
        ("", None, False, True),
        ("　", None, False, True),
        ("--", None, False, True),
        ("*", None, False, True),
    ],
)
def test_a_cell_says_a_number_a_limit_or_nothing(text, value, censored, blank):
    found = figures.read_numbers(pd.Series([text], dtype=str)).iloc[0]
    assert (found["value"] == value) or (value is None and pd.isna(found["value"]))
    assert (found["censored"], found["blank"], found["reason"]) == (censored, blank, None)


@pytest.mark.parametrize(
    "text", ["停运", "0.12①", "5²", "1,5,2", "(0.5)", "0.1.2", ">16", "#DIV/0!", "٣", "1 mg"]
)
def test_a_cell_that_is_no_number_is_not_bent_into_one(text):
    found = figures.read_numbers(pd.Series([text], dtype=str)).iloc[0]
    assert found["reason"] == figures.NOT_A_NUMBER


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-04-05", "2023-04-05"),
        ("2023/4/5 10:00", "2023-04-05 10:00"),
        ("2023.4.5", "2023-04-05"),
        ("20230405", "2023-04-05"),
        ("2023年4月5日", "2023-04-05"),
        ("2023年4月5日 10时30分", "2023-04-05 10:30"),
        ("２０２３－０４－０５", "2023-04-05"),
        ("2023-04-05T02:00:00Z", "2023-04-05 10:00"),
        ("45021", "2023-04-05"),
        ("45021.4166666667", "2023-04-05 10:00"),
        ("2023年4月", "2023-04-01"),
        ("1988-05-01 00:30", "1988-05-01 00:30"),
    ],
)
def test_dates_in_the_forms_people_write_are_local_moments(text, moment):
    assert cell.read_moment(text) == _moment(moment)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("6月3日 8时", "2024-06-03 08:00"),
        ("6月3日8时", "2024-06-03 08:00"),
        ("６月３日　８时３０分", "2024-06-03 08:30"),
        ("06月03日 8:30", "2024-06-03 08:30"),
        ("6月3号8点30分15秒", "2024-06-03 08:30:15"),
        ("6月3日", "2024-06-03"),
        ("6-3 8时", "2024-06-03 08:00"),
        ("6/3 08:00:30", "2024-06-03 08:00:30"),
    ],
)
def test_days_that_do_not_tell_their_year_take_that_of_the_table(text, moment):
    assert cell.read_moment(text, Download(2024)) == _moment(moment)


@given(
    day=st.dates(date(2024, 1, 1), date(2024, 12, 31)),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    form=st.sampled_from(
        [
            "{m}月{d}日 {h}时{i}分",
            "{m}月{d}日{h}时{i}分",
            "{m}月{d}号 {h}:{i:02d}",
            "{m}-{d} {h}点{i}分",
            "{m}/{d} {h}:{i:02d}",
        ]
    ),
)
def test_a_day_without_its_year_is_that_day_in_whatever_form_it_is_written(day, hour, minute, form):
    text = form.format(m=day.month, d=day.day, h=hour, i=minute)
    told = datetime(day.year, day.month, day.day, hour, minute, tzinfo=cell.ZONE)
    assert cell.read_moment(text, Download(2024)) == told
    assert cell.read_moment(complete_day(text, "2024年")) == told


@pytest.mark.parametrize(
    "text", ["6月", "6月3日8", "6月3日 8时30分20", "13月3日 8时", "6月3日 25时", "3日8时"]
)
def test_days_that_tell_no_moment_are_not_guessed(text):
    assert isinstance(cell.read_moment(text, Download(2024, date(2024, 12, 31))), str)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2024-02-30", cell.NO_SUCH_TIME),
        ("2023-13-01", cell.NO_SUCH_TIME),
        ("2023-04-05 25:00", cell.NO_SUCH_TIME),
        ("5/4/2023", cell.NOT_A_TIME),
        ("10:00", cell.NOT_A_TIME),
        ("2023-04-05-10:00", cell.NOT_A_TIME),
        ("2023-04-05 10:00-12:00", cell.NOT_A_TIME),
        ("昨天", cell.NOT_A_TIME),
        ("1850-01-01", cell.YEAR_OUT_OF_RANGE),
        ("", cell.NO_TIME),
        ("--", cell.NO_TIME),
    ],
)
def test_a_date_that_is_none_is_named_as_such(text, reason):
    assert cell.read_moment(text) == reason


def test_every_rejected_cell_row_and_column_has_its_place_and_reason(tmp_path):
    path = _csv(
        tmp_path,
        "表一,,,,,\n"
        "断面名称,监测时间,氨氮(ppb),pH,总磷(mg/L),色度(倍)\n"
        "甲,2024-02-30,1,7.1,0.1,5\n"
        "甲,2024-04-05,1,15,-0.1,5\n"
        ",2024-04-05,1,7.1,0.1,5\n"
        "甲,2024-04-06,1,7.1,停运,5\n"
        "注:L 表示未检出,,,,,\n",
    )
    samples, rejects = _read(path)
    assert samples[["row", "parameter", "value"]].to_numpy().tolist() == [[6, "pH", 7.1]]
    places = rejects[["row", "column", "value", "readings"]].to_numpy().tolist()
    assert places == [
        [2, "氨氮(ppb)", "", 4],
        [2, "色度(倍)", "", 0],
        [3, "监测时间", "2024-02-30", 2],
        [4, "pH", "15", 1],
        [4, "总磷(mg/L)", "-0.1", 1],
        [5, "断面名称", "", 2],
        [6, "总磷(mg/L)", "停运", 1],
    ]
    assert (rejects["file"] == "samples.csv").all()
    assert rejects["reason"].str.contains("(", regex=False).all()


@pytest.mark.parametrize("other", ["0.3", "0.025L", "<0.025"])
def test_not_detected_never_takes_the_limit_of_another_reading(tmp_path, other):
    samples, rejects = _read(_csv(tmp_path, f"{HEAD}\n甲,2024-04-05,ND\n甲,2024-04-06,{other}\n"))
    assert samples["row"].tolist() == [3]
    assert rejects["reason"].str.startswith("未检出但检出限未知").all()
    assert rejects["row"].tolist() == [2]


def test_not_detected_takes_the_limit_of_the_config_where_the_table_states_none(tmp_path):
    path = _csv(tmp_path, f"{HEAD}\n甲,2024-04-05,ND\n")
    samples, rejects = _read(path, detection_limits={"NH3N": 0.05})
    assert samples[["value", "censored"]].to_numpy().tolist() == [[0.05, True]]
    assert rejects.empty
    path.write_text(f"{HEAD}\n检出限,,0.025\n甲,2024-04-05,ND\n", encoding="utf-8")
    samples, _ = _read(path, detection_limits={"NH3N": 0.05})
    assert samples["value"].tolist() == [0.025]


def test_not_detected_takes_the_limit_that_its_table_states(tmp_path):
    told = [
        f"{HEAD}\n检出限,,0.025\n甲,2024-04-05,ND\n",
        f"{HEAD}\n甲,2024-04-05,ND\n检出限,,0.025\n",
        "断面,日期,项目,结果,检出限\n甲,2024-04-05,氨氮,未检出,0.025\n",
    ]
    for text in told:
        samples, rejects = _read(_csv(tmp_path, text))
        assert samples["value"].unique().tolist() == [0.025]
        assert samples["censored"].all()
        assert rejects.empty


def test_identical_repetitions_go_and_contradictions_stay(tmp_path):
    path = _csv(tmp_path, f"{HEAD}\n甲,2024-04-05,0.35\n甲,2024/4/5,0.350\n甲,2024-04-05,0.36\n")
    samples, rejects = _read(path)
    assert samples["value"].tolist() == [0.35, 0.36]
    assert rejects[["row", "column", "value"]].to_numpy().tolist() == [[3, "氨氮(mg/L)", "0.350"]]


def test_an_unknown_parameter_or_unit_in_a_long_table_is_rejected_row_by_row(tmp_path):
    path = _csv(
        tmp_path,
        "断面,日期,项目,结果(mg/L),单位\n甲,2024-04-05,氨氮,0.3,\n甲,2024-04-05,色度,300,倍\n"
        "甲,2024-04-05,总磷,0.3,ppm\n",
    )
    samples, rejects = _read(path)
    assert samples["parameter"].tolist() == ["NH3N"]
    assert rejects["row"].tolist() == [3, 4]
    assert rejects["reason"].str[:4].tolist() == ["监测项目", "单位无法"]


def test_a_table_whose_only_parameter_has_an_unknown_unit_is_rejected_by_its_column(tmp_path):
    samples, rejects, _ = read_records(
        [SampleFile(path=str(_csv(tmp_path, "断面,日期,氨氮(斗)\n甲,2024-04-05,0.3\n乙,2024-02-30,0.3\n")))]
    )
    assert samples.empty
    assert rejects[["row", "column", "readings"]].to_numpy().tolist() == [[1, "氨氮(斗)", 2], [3, "日期", 0]]


def test_the_settings_name_columns_that_no_table_knows(tmp_path):
    path = _csv(tmp_path, "where,when,ammo (μg/L)\n甲,2024-04-05,350\n")
    samples, _ = _read(path, columns={"section": "where", "time": "when", "NH3N": "ammo (μg/L)"})
    assert samples[["parameter", "value"]].to_numpy().tolist() == [["NH3N", 0.35]]
    with pytest.raises(InputError, match="ammonia"):
        _read(path, columns={"ammonia": "ammo"})


def test_names_lose_stray_blanks_and_wide_digits_and_keep_the_rest(tmp_path):
    text = "省份,断面名称,日期,氨氮\n 上海 ,白龙 港１号（新）,2024-04-05,0.3\n*,Long  Bay,2024-04-05,0.3\n"
    samples, _ = _read(_csv(tmp_path, text))
    assert samples["section"].tolist() == ["白龙港1号（新）", "Long Bay"]
    assert samples["province"].iloc[0] == "上海"
    assert pd.isna(samples["province"].iloc[1])


def test_a_pattern_reads_all_its_files_and_a_broken_one_is_named(tmp_path):
    _csv(tmp_path, f"{HEAD}\n甲,2024-04-05,0.3\n", name="a.csv")
    _workbook(tmp_path, {"一": [["断面", "日期", "氨氮"], ["乙", "2024-04-05", 0.4]]}, name="b.xlsx")
    (tmp_path / "c.xlsx").write_bytes(b"no workbook")
    (tmp_path / "~$b.xlsx").write_bytes(b"lock")
    samples, rejects = read_samples([SampleFile(path=str(tmp_path / "*"))])
    assert samples["file"].tolist() == ["a.csv", "b.xlsx"]
    assert rejects["file"].tolist() == ["c.xlsx"]


def test_nothing_usable_raises_with_every_problem(tmp_path):
    path = _csv(tmp_path, f"{HEAD}\n甲,2024-02-30,0.3\n甲,2024-04-05,停运\n")
    with pytest.raises(InputError) as caught:
        _read(path)
    assert [problem.place for problem in caught.value.problems] == [
        "samples.csv, row 2, 监测时间",
        "samples.csv, row 3, 氨氮(mg/L)",
    ]


def test_paths_that_lead_nowhere_are_all_named(tmp_path):
    with pytest.raises(InputError) as caught:
        read_samples([SampleFile(path=str(tmp_path / "a.csv")), SampleFile(path=str(tmp_path / "*.xlsx"))])
    assert len(caught.value.problems) == 2


def test_no_file_at_all_gives_empty_tables():
    samples, rejects = read_samples([])
    assert samples.empty
    assert rejects.empty
    contracts.check_table(samples, contracts.SAMPLES)


def test_the_register_is_read_with_classes_aliases_and_places(tmp_path):
    text = (
        "断面编号,省份,流域,断面名称,别名,水体类型,目标类别,经度,纬度,aoi\n"
        "S1,江苏,长江,焦港桥,焦港闸、焦港,河流,Ⅲ类,120.5,32.1,longyou_bay\n"
        "S2,江苏,长江,龙游湖,,湖库,II,,,\n"
        "S3,江苏,长江,无目标,,,,,,\n"
    )
    register = read_sections(_csv(tmp_path, text, "gbk"))
    assert register["aliases"].tolist() == ["焦港闸;焦港", "", ""]
    assert register["target_class"].tolist() == [3, 2, pd.NA]
    assert register["water_body"].tolist()[:2] == ["river", "lake"]
    assert register["lon"].iloc[0] == 120.5
    assert register[["lon", "lat"]].iloc[1].isna().all()


def test_every_mistake_of_the_register_is_named_with_its_place(tmp_path):
    text = "section_id,section,target_class,lon,lat\nS1,甲,Ⅶ,120.5,32.1\nS1,乙,3,190,32.1\n,丙,3,120,\n"
    with pytest.raises(InputError) as caught:
        read_sections(_csv(tmp_path, text, name="sections.csv"))
    places = [problem.place for problem in caught.value.problems]
    assert places == [
        "sections.csv, row 2, target_class",
        "sections.csv, row 3, lon",
        "sections.csv, row 3, section_id",
        "sections.csv, row 4, lon and lat",
        "sections.csv, row 4, section_id",
    ]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "section_id,section\n"])
def test_a_table_that_is_no_register_is_refused(tmp_path, text):
    with pytest.raises(InputError):
        read_sections(_csv(tmp_path, text))
