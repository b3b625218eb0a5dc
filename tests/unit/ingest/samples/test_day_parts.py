"""Years, months and days in columns of their own are one day, or are rejected as none."""

import pandas as pd
import pytest

from pipeline.ingest.samples import cells, day_parts, read_records
from pipeline.settings import SampleFile


def _read(path, **settings):
    samples, rejects, _ = read_records([SampleFile(path=str(path), **settings)])
    return samples["time"].dt.strftime("%Y-%m-%d %H:%M").tolist(), rejects


def _csv(folder, *lines, name="a.csv"):
    (folder / name).write_text("\n".join(lines), "utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("headings", "cells", "moment"),
    [
        ("年,月,日", "2024,5,6", "2024-05-06 00:00"),
        ("年份,月份,日", "2024年,5月,6日", "2024-05-06 00:00"),
        ("日,月,年", "6,05,２０２４", "2024-05-06 00:00"),
        ("年,月,日,时刻", "2024,5,6,8:30", "2024-05-06 08:30"),
        ("年度,月份", "2024年度,五月", "2024-05-01 00:00"),
        ("年,月", "2024,十二月", "2024-12-01 00:00"),
        ("年,日期", "2023,05-06", "2023-05-06 00:00"),
        ("年,日期", "2023,5月6日", "2023-05-06 00:00"),
        ("年,日期", "2023,2024-05-06", "2024-05-06 00:00"),
        ("年,月", "2024,202405", "2024-05-01 00:00"),
        ("月份", "2024年5月", "2024-05-01 00:00"),
        ("月份,日", "2024年5月,6", "2024-05-06 00:00"),
        ("年月", "2024-05", "2024-05-01 00:00"),
    ],
)
def test_the_parts_of_a_day_are_put_together(tmp_path, headings, cells, moment):
    path = _csv(tmp_path, f"断面名称,{headings},氨氮(mg/L)", f"甲,{cells},0.3")
    times, rejects = _read(path)
    assert times == [moment]
    assert rejects.empty


@pytest.mark.parametrize(
    ("headings", "parts", "reason"),
    [
        ("年,月,日", "2024,13,1", cells.NO_SUCH_TIME),
        ("年,月,日", "2024,2,30", cells.NO_SUCH_TIME),
        ("年,月,日", ",5,6", cells.NOT_A_TIME),
        ("年,月,日", "2024,5,", cells.NOT_A_TIME),
        ("年,月,日", "2024,,6", cells.NOT_A_TIME),
        ("年,月,日", "24,5,6", cells.NOT_A_TIME),
        ("年,月", "2023,2024-05", cells.NOT_A_TIME),
        ("年,日期", ",05-06", cells.NOT_A_TIME),
        ("年,月", "2024,十三月", cells.NOT_A_TIME),
        ("年,月,日", ",,", cells.NO_TIME),
        ("月份", "5月", cells.NO_YEAR),
        ("月", "5", cells.NO_YEAR),
    ],
)
def test_a_day_with_a_part_missing_or_wrong_is_rejected_with_the_headings_of_its_parts(
    tmp_path, headings, parts, reason
):
    times, rejects = _read(_csv(tmp_path, f"断面名称,{headings},氨氮(mg/L)", f"甲,{parts},0.3"))
    assert times == []
    assert rejects[["row", "reason", "readings"]].to_numpy().tolist() == [[2, reason, 1]]
    assert set(rejects["column"].iloc[0].split()) <= set(headings.split(","))


def test_a_month_alone_takes_the_year_that_is_set_or_that_the_name_of_its_file_tells(tmp_path):
    lines = ["断面名称,月份,氨氮(mg/L)", "甲,5月,0.3"]
    assert _read(_csv(tmp_path, *lines), year=2023)[0] == ["2023-05-01 00:00"]
    assert _read(_csv(tmp_path, *lines, name="2022年水质.csv"))[0] == ["2022-05-01 00:00"]
    assert _read(_csv(tmp_path, *lines, name="水质20230110.csv"))[0] == []


def test_what_an_export_has_excel_keep_as_text_is_that_text(tmp_path):
    path = _csv(tmp_path, "断面名称,监测时间,氨氮(mg/L)", '="甲",="2024.10",="0.3"', '="甲",="2024.1",0.4')
    times, rejects = _read(path)
    assert times == ["2024-10-01 00:00", "2024-01-01 00:00"]
    assert rejects.empty


def test_the_parts_of_days_in_a_parquet_file_are_numbers(tmp_path):
    table = {
        "断面": ["甲", "乙"],
        "year": [2024, 2024],
        "month": [5.0, 11.0],
        "day": [6, 7],
        "氨氮": [0.3, 0.4],
    }
    pd.DataFrame(table).to_parquet(tmp_path / "a.parquet")
    assert _read(tmp_path / "a.parquet")[0] == ["2024-05-06 00:00", "2024-11-07 00:00"]


@pytest.mark.parametrize("number", range(1, 13))
def test_every_month_is_known_by_its_number_and_its_numeral(number):
    numeral = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"][number - 1]
    forms = [str(number), f"{number:02d}", f"{number}月", f"{numeral}月", f"{number}月份", numeral]
    assert [day_parts.find_month(form) for form in forms] == [number] * 6
