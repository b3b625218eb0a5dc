"""The national automatic monitoring release with all its mess, planted row by row and found again."""

import csv
import json
import os
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shapely.geometry import Point

from pipeline.errors import InputError
from pipeline.ingest.samples import read_records, read_samples, streams
from pipeline.ingest.samples.cells import IN_THE_FUTURE
from pipeline.settings import SampleFile

HEADINGS = [
    "省份", "流域", "断面名称", "监测时间", "水质类别", "水温(℃)", "pH(无量纲)", "溶解氧(mg/L)",
    "电导率(μS/cm)", "浊度(NTU)", "高锰酸盐指数(mg/L)", "氨氮(mg/L)", "总磷(mg/L)", "总氮(mg/L)",
    "叶绿素α(mg/L)", "藻密度(cells/L)", "站点情况",
]  # fmt: skip
GOOD = ["18.2", "7.5", "8.1", "310", "12", "2.5", "0.2", "0.05", "1.5", "0.004", "100000", "正常"]


def _row(section="甲", time="04-05 08:00", **cells):
    row = ["江苏", "长江", section, time, "Ⅱ", *GOOD]
    for heading, text in cells.items():
        row[next(i for i, name in enumerate(HEADINGS) if name.startswith(heading))] = text
    return row


def _release(folder, rows, name="2024-04-06.json"):
    path = folder / name
    path.write_text(json.dumps({"thead": HEADINGS, "tbody": rows}, ensure_ascii=False), encoding="utf-8")
    return path


def _as_csv(folder, rows, name="2024-04-06.csv"):
    path = folder / name
    with path.open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows([HEADINGS, *rows])
    return path


def _read(path, **settings):
    return read_samples([SampleFile(path=str(path), **settings)])


def test_the_raw_value_is_read_and_the_published_one_is_kept(tmp_path):
    row = _row(
        氨氮="<span title='原始值：0.1483'>0.15</span>", 总磷='<span title="原始值：0.0461">0.05</span>'
    )
    samples, rejects = _read(_release(tmp_path, [row]))
    found = samples.set_index("parameter")
    assert rejects.empty
    assert found.loc["NH3N", ["value", "published"]].tolist() == [0.1483, 0.15]
    assert found.loc["TP", ["value", "published"]].tolist() == [0.0461, 0.05]
    assert pd.isna(found.loc["pH", "published"])


def test_headings_in_the_markup_of_the_page_are_read_with_their_units(tmp_path):
    wrapped = [
        re.sub(r"(.+)(\(.+\))", r"\1<br/><span class='unit'>\2</span>", heading) for heading in HEADINGS
    ]
    wrapped[HEADINGS.index("氨氮(mg/L)")] = "氨氮<br/><span class='unit'>(μg/L)</span>"
    row = _row(氨氮="<span title='原始值：148.3'>148</span>")
    row[2] = "<span title='所在地市:泰州市&#10;所属河流:长江'>甲</span>"
    answer = {"result": 1, "records": 1, "total": 1, "thead": wrapped, "tbody": [row]}
    path = tmp_path / "2024-04-06.json"
    path.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    table = tmp_path / "2024-04-06.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([wrapped, row])
    for samples, rejects in (_read(path), _read(table)):
        assert rejects.empty
        assert samples["section"].unique().tolist() == ["甲"]
        found = samples.set_index("parameter")["value"]
        assert found["NH3N"] == pytest.approx(0.1483)
        assert found[["pH", "DO", "EC"]].tolist() == [7.5, 8.1, 310]


def test_a_value_that_is_not_its_raw_value_rounded_is_rejected(tmp_path):
    row = _row(pH="<span title='原始值：8.26'>8.3</span>", 氨氮="<span title='原始值：0.148'>1.5</span>")
    samples, rejects = _read(_release(tmp_path, [row]))
    assert samples.set_index("parameter").loc["pH", ["value", "published"]].tolist() == [8.26, 8.3]
    assert rejects[["column", "value"]].to_numpy().tolist() == [["氨氮(mg/L)", "1.5"]]
    assert rejects["reason"].str.contains("raw value").all()


@pytest.mark.parametrize("pack", [list, lambda answers: {"page1": answers[0], "page2": answers[1]}])
def test_every_answer_of_a_file_is_read_and_not_only_the_first(tmp_path, pack):
    answers = [{"thead": HEADINGS, "tbody": [_row(section)]} for section in ("甲", "乙")]
    path = tmp_path / "2024-04-06.json"
    path.write_text(json.dumps(pack(answers), ensure_ascii=False), encoding="utf-8")
    samples, _ = _read(path)
    assert samples["section"].unique().tolist() == ["甲", "乙"]


def test_what_the_standard_has_no_limit_for_is_kept_under_its_name(tmp_path):
    samples, _ = _read(_release(tmp_path, [_row()]))
    units = dict(zip(samples["parameter"], samples["unit"], strict=True))
    assert {"EC": "μS/cm", "Turb": "NTU", "Chla": "mg/L", "Algae": "cells/L"}.items() <= units.items()


def test_json_and_csv_of_a_release_give_the_same_readings_and_rejects(tmp_path):
    rows = [_row(), _row("乙", "*"), _row("丙", 站点情况="停运"), _row("丁", pH="77"), _row()]
    tables = [_read(_release(tmp_path, rows)), _read(_as_csv(tmp_path, rows))]
    (one, lost), (other, also_lost) = (
        (samples.drop(columns="file"), rejects.drop(columns="file")) for samples, rejects in tables
    )
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(lost, also_lost)


@pytest.mark.parametrize(
    ("name", "year", "time", "found"),
    [
        ("2023.json", None, "04-05 08:00", "2023-04-05 08:00"),
        ("release_20230406_0900.json", None, "04-05 08:00", "2023-04-05 08:00"),
        ("release_2023.json", 2021, "04-05 08:00", "2021-04-05 08:00"),
        ("2024-01-02.json", None, "12-31 20:00", "2023-12-31 20:00"),
        ("release.json", None, "04-05 08:00", "2022-04-05 08:00"),
    ],
)
def test_the_year_comes_from_the_setting_the_name_or_the_download(tmp_path, name, year, time, found):
    path = _release(tmp_path, [_row(time=time)], name)
    os.utime(path, (1650000000, 1650000000))
    samples, _ = _read(path, year=year)
    assert samples["time"].unique().tolist() == [pd.Timestamp(found, tz="Asia/Shanghai")]


def test_a_reading_in_the_future_is_refused(tmp_path):
    rows = [_row(time="04-08 08:00"), _row("乙")]
    _, rejects = _read(_release(tmp_path, rows))
    assert rejects[["row", "value", "reason"]].to_numpy().tolist() == [[2, "04-08 08:00", IN_THE_FUTURE]]
    now = pd.Timestamp("2024-04-05 00:00", tz="Asia/Shanghai").to_pydatetime()
    samples, rejects, _ = read_records(
        [SampleFile(path=str(_release(tmp_path, rows, "2024.json")))], latest=now
    )
    assert samples.empty
    assert rejects["reason"].tolist() == [IN_THE_FUTURE] * 2


def test_a_day_in_the_name_bounds_full_times_too_and_the_time_of_the_file_does_not(tmp_path):
    rows = [_row(time=time) for time in ("2024-04-06 23:59", "2024-04-07 00:00", "2024年4月8日")]
    _, rejects = _read(_release(tmp_path, rows, "water_20240406.json"))
    assert rejects[["row", "reason"]].to_numpy().tolist() == [[3, IN_THE_FUTURE], [4, IN_THE_FUTURE]]
    path = _release(tmp_path, rows, "water.json")
    os.utime(path, (1650000000, 1650000000))
    samples, rejects = _read(path)
    assert samples["row"].nunique() == 3
    assert rejects.empty
    _, rejects = _read(_release(tmp_path, rows, "water_2024-04-06.json"), year=2024)
    assert rejects.empty


def test_rows_that_contradict_are_both_whole_and_rows_that_repeat_go(tmp_path):
    rows = [_row(), _row(氨氮="0.9"), _row(), _row("乙"), _row("乙", 总磷="--")]
    samples, rejects, _ = read_records([SampleFile(path=str(_release(tmp_path, rows)))])
    assert samples.loc[samples["flag"] == "contradicts", "row"].unique().tolist() == [2, 3]
    assert samples.groupby("row").size().to_dict() == {2: 11, 3: 11, 5: 11}
    assert rejects.groupby("row").size().to_dict() == {4: 11, 6: 10}


def test_a_sensor_that_stands_still_is_flagged_and_then_rejected(tmp_path):
    times = pd.date_range("2024-01-01", periods=100, freq="4h").strftime("%Y-%m-%d %H:%M")
    moving = np.round(np.linspace(5, 6, 100), 3)
    rows = [
        f"甲,{time},{value},{7.1 if number < 12 else value},8.0"
        for number, (time, value) in enumerate(zip(times, moving, strict=True))
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["断面,时间,高锰酸盐指数,pH,溶解氧", *rows]), encoding="utf-8")
    samples, rejects = _read(path)
    assert samples.loc[samples["flag"] == "stuck", "parameter"].tolist() == ["pH"] * 12
    assert rejects["column"].tolist() == ["溶解氧"] * 100
    assert rejects["reason"].str.contains("stuck").all()


def test_a_date_and_a_clock_in_two_columns_are_one_time(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "断面,采样日期,采样时间,氨氮\n甲,2024-04-05,10:30,0.3\n甲,2024-04-06,,0.3\n", encoding="utf-8"
    )
    samples, _ = _read(path)
    assert samples["time"].dt.strftime("%m-%d %H:%M").tolist() == ["04-05 10:30", "04-06 00:00"]


def test_points_are_read_by_their_attributes(tmp_path):
    points = gpd.GeoDataFrame(
        {"断面名称": ["甲", "乙"], "监测时间": ["2024-04-05", "2024-04-06"], "氨氮": [0.3, None]},
        geometry=[Point(120, 32), Point(121, 32)],
        crs="EPSG:4326",
    )
    for name in ("a.geojson", "a.gpkg"):
        points.to_file(tmp_path / name)
        samples, rejects = _read(tmp_path / name)
        assert samples[["section", "value", "row"]].to_numpy().tolist() == [["甲", 0.3, 2]]
        assert rejects.empty


LONG = [
    ["断面", "省份", "时间", "项目", "结果", "单位", "检出限", "站点情况", "色度"],
    ["甲", "江苏", "2024-04-05 08:00", "pH", "7.1", "", "", "正常", ""],
    ["甲", "江苏", "2024-04-05 08:00", "氨氮", "350", "μg/L", "", "正常", ""],
    ["甲", "江苏", "2024-04-05 08:00", "氨氮", "0.350", "mg/L", "", "正常", ""],
    ["甲", "江苏", "2024-04-05 08:00", "氨氮", "0.9", "mg/L", "", "正常", ""],
    ["乙", "", "2024-02-30", "pH", "7.1", "", "", "正常", ""],
    ["乙", "", "--", "pH", "7.1", "", "", "正常", ""],
    ["乙", "", "2024-04-05", "pH", "71", "", "", "正常", ""],
    ["", "", "2024-04-05", "pH", "7.1", "", "", "正常", ""],
    ["乙", "", "2024-04-05", "天知道", "7.1", "", "", "正常", ""],
    ["乙", "", "2024-04-05", "总磷", "7.1", "ppm", "", "正常", ""],
    ["乙", "", "2024-04-05", "总磷", "ND", "mg/L", "0.01", "正常", ""],
    ["乙", "", "2024-04-05", "总氮", "未检出", "mg/L", "", "正常", ""],
    ["乙", "", "2024-04-05", "氨氮", "<span title='原始值：0.1483'>0.15</span>", "", "", "正常", ""],
    ["丙", "", "2024-04-05", "氨氮", "0.2", "", "", "停运", ""],
    ["丙", "", "2024-04-05", "氨氮", "--", "", "", "正常", ""],
    ["丙", "", "2024-04-05", "氨氮", "停", "", "", "正常", ""],
]


def _compared(samples, rejects):
    texts = samples.drop(columns=["text", "file"]).astype(object)
    return texts.where(texts.notna(), None).to_numpy().tolist(), rejects.drop(
        columns=["file", "value"]
    ).to_numpy().tolist()


def test_a_stream_says_what_a_sheet_says(tmp_path, monkeypatch):
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(LONG)
    as_sheet = _compared(*read_records([SampleFile(path=str(path))])[:2])
    monkeypatch.setattr(streams, "LEAST_BYTES", 0)
    assert _compared(*read_records([SampleFile(path=str(path))])[:2]) == as_sheet
    table = pa.table({name: [row[place] for row in LONG[1:]] for place, name in enumerate(LONG[0])})
    pq.write_table(table, tmp_path / "long.parquet")
    assert _compared(*read_records([SampleFile(path=str(tmp_path / "long.parquet"))])[:2]) == as_sheet
    assert len(as_sheet[0]) == 5
    assert len(as_sheet[1]) == 1 + 10


def test_typed_columns_of_parquet_are_readings_too(tmp_path):
    times = pd.to_datetime(["2024-04-05 08:00", "2024-04-05 12:00"]).tz_localize("Asia/Shanghai")
    table = pd.DataFrame({"section": "甲", "time": times, "parameter": "pH", "value": [7.1, float("nan")]})
    table.to_parquet(tmp_path / "a.parquet")
    samples, rejects = _read(tmp_path / "a.parquet")
    assert samples[["time", "value"]].to_numpy().tolist() == [[times[0], 7.1]]
    assert rejects.empty


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", b"PAR1"),
        ("a.json", b"{"),
        ("a.json", b'{"a": [1]}'),
        ("a.gpkg", b"x"),
        ("a.geojson", b"[]"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_an_input_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        _read(tmp_path / name)
