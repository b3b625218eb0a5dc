"""Several tables in a sheet, one below the other or side by side, and what streams make of them."""

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.ingest.samples import read_records, streams
from pipeline.settings import SampleFile

MAY = [["断面", "时间", "pH", "溶解氧", "氨氮", "总磷"], ["东断面", "2024-05-06", 7.5, 8.0, 0.3, 0.08]]
JUNE = [
    ["断面", "时间", "pH", "氨氮(μg/L)", "溶解氧", "总磷"],
    ["东断面", "2024-06-06", 7.4, 400, 8.1, 0.09],
    ["西断面", "2024-06-06", 7.5, 1300, 7.1, 0.26],
]


def _workbook(folder, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "water.xlsx")
    return folder / "water.xlsx"


def _csv(folder, rows, name="water.csv"):
    lines = (",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def _read(path, **settings):
    samples, rejects, _ = read_records([SampleFile(path=str(path), **settings)])
    days = samples["time"].dt.strftime("%m-%d")
    keys = zip(samples["section"], days, samples["parameter"], strict=True)
    return dict(zip(keys, samples["value"].round(9), strict=True)), rejects


def _is_right(found):
    assert len(found) == 12
    assert found["东断面", "05-06", "NH3N"] == 0.3
    assert (found["东断面", "06-06", "DO"], found["东断面", "06-06", "NH3N"]) == (8.1, 0.4)
    assert (found["西断面", "06-06", "DO"], found["西断面", "06-06", "NH3N"]) == (7.1, 1.3)
    return True


def test_headings_that_come_again_in_another_order_and_unit_begin_another_table(tmp_path):
    found, rejects = _read(_workbook(tmp_path, *MAY, [None], ["2024年6月"], *JUNE))
    assert _is_right(found)
    assert rejects[["row", "column", "readings"]].to_numpy().tolist() == [[5, "溶解氧", 0], [5, "总磷", 0]]
    assert rejects["reason"].str.contains("no unit told").all()


def test_a_file_that_is_big_or_parquet_is_divided_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "LEAST_BYTES", 0)
    assert _is_right(_read(_csv(tmp_path, [*MAY, *JUNE]))[0])
    rows = [[str(cell) for cell in row] for row in [*MAY, *JUNE]]
    table = {name: [row[place] for row in rows[1:]] for place, name in enumerate(rows[0])}
    pq.write_table(pa.table(table), tmp_path / "water.parquet")
    assert _is_right(_read(tmp_path / "water.parquet")[0])


def test_pages_with_the_same_headings_are_one_table_with_one_row_of_limits(tmp_path):
    head = ["断面", "时间", "铅"]
    path = _workbook(
        tmp_path, head, ["甲", "2024-05-06", "ND"], head, ["乙", "2024-05-06", 0.002], ["检出限", None, 0.001]
    )
    found, rejects = _read(path)
    assert found == {("甲", "05-06", "Pb"): 0.001, ("乙", "05-06", "Pb"): 0.002}
    assert rejects.empty


def test_headings_that_lack_something_lose_the_rows_below_them_and_say_so(tmp_path):
    path = _workbook(
        tmp_path, *MAY, ["断面", "达标情况", "水质类别"], ["西断面", "2024-06-06", 3, 5, 6, 7], *JUNE[:2]
    )
    found, rejects = _read(path)
    assert {(section, day) for section, day, _ in found} == {("东断面", "05-06"), ("东断面", "06-06")}
    assert rejects.loc[rejects["reason"].str.contains("表头"), "row"].tolist() == [3]


def test_tables_side_by_side_have_their_own_sections_and_times(tmp_path):
    path = _workbook(
        tmp_path,
        ["断面", "时间", "pH", None, "断面", "时间", "铅(μg/L)"],
        ["甲", "2024-05-06", 7.5, None, "乙", "2024-06-07", 3],
    )
    found, rejects = _read(path)
    assert found == {("甲", "05-06", "pH"): 7.5, ("乙", "06-07", "Pb"): 0.003}
    assert rejects.empty


@pytest.mark.parametrize("key", ["断面", "时间"])
def test_what_stands_behind_a_second_section_or_time_is_nobodys(tmp_path, key):
    path = _workbook(
        tmp_path, ["断面", "时间", "pH", None, key, "总磷"], ["甲", "2024-05-06", 7.5, None, "乙", 0.08]
    )
    found, rejects = _read(path)
    assert found == {("甲", "05-06", "pH"): 7.5}
    assert rejects[["column", "readings"]].to_numpy().tolist() == [[key, 0], ["总磷", 1]]


def test_headings_of_the_settings_begin_a_table_where_they_come_again(tmp_path, monkeypatch):
    rows = [["where", "when", "ammo", "P"], ["甲", "2024-05-06", 0.3, 0.08]]
    again = [["where", "when", "P", "ammo"], ["甲", "2024-06-06", 0.09, 0.4]]
    columns = {"section": "where", "time": "when", "NH3N": "ammo", "TP": "P"}
    for least in (2**20, 0):
        monkeypatch.setattr(streams, "LEAST_BYTES", least)
        found, _ = _read(_csv(tmp_path, [*rows, *again]), columns=columns)
        assert found["甲", "06-06", "NH3N"] == 0.4
        assert found["甲", "06-06", "TP"] == 0.09


@pytest.mark.parametrize("least", [2**20, 0])
def test_decimal_commas_are_read_and_rows_that_they_part_are_rejected(tmp_path, monkeypatch, least):
    monkeypatch.setattr(streams, "LEAST_BYTES", least)
    text = (
        "section;time;pH;DO;NH3-N;TP\n"
        "东断面;2024-05-06;7,5;8,0;0,350;0,085\n"
        "西断面;2024-05-06;7,6;7,1;1,200;0,250\n"
    )
    for mark, suffix in ((";", "csv"), ("\t", "tsv")):
        path = tmp_path / f"water.{suffix}"
        path.write_text(text.replace(";", mark), encoding="utf-8")
        found, rejects = _read(path)
        assert found["东断面", "05-06", "NH3N"] == 0.35
        assert found["西断面", "05-06", "NH3N"] == 1.2
        assert (found["东断面", "05-06", "TP"], found["西断面", "05-06", "TP"]) == (0.085, 0.25)
        assert rejects.empty
    path.with_suffix(".csv").write_text(text.replace(";", ","), encoding="utf-8")
    samples, rejects, _ = read_records([SampleFile(path=str(path.with_suffix(".csv")))])
    assert samples.empty
    assert rejects.loc[rejects["row"] > 1, "reason"].str.contains("commas").all()
    assert rejects.loc[rejects["row"] > 1, "row"].tolist() == [2, 3]


def test_a_sheet_without_second_headings_is_as_it_was(tmp_path):
    found, rejects = _read(_workbook(tmp_path, ["某市2024年"], *MAY))
    assert found["东断面", "05-06", "TP"] == 0.08
    assert rejects.empty
    assert isinstance(rejects, pd.DataFrame)
