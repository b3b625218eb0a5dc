"""Promises of the sample reader and of the grades that hold for all inputs."""

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from pipeline import contracts, standards
from pipeline.errors import InputError
from pipeline.indices.sections.limits import classify_values
from pipeline.ingest.samples import read_records, read_samples, read_sections, streams
from pipeline.settings import SampleFile

LIMITS = standards.table("water_limits")
NOTHING = {"", "--", "*", "/", "—"}
HEADINGS = [
    "断面名称",
    "断面",
    "监测时间",
    "日期",
    "pH",
    "氨氮(mg/L)",
    "总磷（μg/L）",
    "溶解氧(ppb)",
    "监测项目",
    "结果",
    "单位",
    "检出限",
    "站点情况",
    "采样时间",
    "电导率(μS/cm)",
    "x",
    "",
]
CELLS = [
    "0.3",
    "7",
    "<0.01",
    "0.05L",
    "ND",
    "--",
    "*",
    "",
    "停运",
    "正常",
    "<span title='原始值：0.1483'>0.15</span>",
    "<span title='原始值：'>--</span>",
    "04-05 08:00",
    "02-30 08:00",
    "-1",
    "1e999",
    "15",
    "2024-02-30",
    "2024-04-05",
    "甲",
    "45000",
    "nan",
]

text = st.text(st.characters(codec="utf-8"), max_size=8)
any_cell = st.one_of(st.sampled_from(HEADINGS), st.sampled_from(CELLS), text)
grid = st.lists(st.lists(any_cell, max_size=6), max_size=8)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _read_text(content: bytes, name="samples.csv", reader=None):
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return reader(path) if reader else read_samples([SampleFile(path=str(path))])


def _as_csv(rows):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode("utf-8")


def _survives(content, name="samples.csv", reader=None):
    try:
        return _read_text(content, name, reader)
    except InputError as error:
        return None if error.problems else pytest.fail("an InputError without a problem")


@quick
@given(grid)
def test_no_grid_of_cells_raises_anything_but_an_input_error(rows):
    kept = _survives(_as_csv(rows))
    if kept:
        contracts.check_table(kept[0], contracts.SAMPLES)
    _survives(_as_csv(rows), "sections.csv", read_sections)


@quick
@given(grid)
def test_no_grid_below_a_good_heading_raises_anything_but_an_input_error(rows):
    _survives(_as_csv([["断面名称", "监测时间", "pH", "氨氮(mg/L)", "总磷（μg/L）"], *rows]))
    _survives(_as_csv([["断面", "日期", "监测项目", "结果", "单位", "检出限"], *rows]))


@quick
@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_but_an_input_error(content):
    _survives(content)
    _survives("断面,日期,氨氮\n".encode() + content)
    _survives(content, "samples.xlsx")
    _survives(content, "sections.csv", read_sections)


sheet_cell = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 100000), st.floats(), st.datetimes(), st.dates(), st.times(),
    any_cell.filter(lambda value: not ILLEGAL_CHARACTERS_RE.search(value) and not value.startswith("=")),
)  # fmt: skip


@quick
@given(st.lists(st.lists(sheet_cell, max_size=5), max_size=6), st.booleans())
def test_no_workbook_raises_anything_but_an_input_error(rows, with_heading):
    book = openpyxl.Workbook()
    for row in ([["断面", "日期", "pH", "氨氮", "总磷"]] if with_heading else []) + rows:
        book.active.append(
            [None if isinstance(cell, float) and not np.isfinite(cell) else cell for cell in row]
        )
    stream = io.BytesIO()
    book.save(stream)
    _survives(stream.getvalue(), "samples.xlsx")


json_cell = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), any_cell, st.lists(any_cell, max_size=2)
)


@quick
@given(
    st.one_of(json_cell, st.lists(json_cell, max_size=6)),
    st.lists(st.one_of(json_cell, st.lists(json_cell, max_size=6)), max_size=6),
    st.booleans(),
)
def test_no_release_raises_anything_but_an_input_error(head, body, with_heading):
    heading = ["断面名称", "监测时间", "pH", "氨氮(mg/L)", "站点情况"] if with_heading else head
    _survives(json.dumps({"thead": heading, "tbody": body}).encode(), "release.json")
    features = [{"properties": row} for row in body]
    _survives(json.dumps({"type": "FeatureCollection", "features": features}).encode(), "points.geojson")


@quick
@given(st.binary(max_size=80))
def test_no_bytes_of_other_formats_raise_anything_but_an_input_error(content):
    for name in ("samples.json", "samples.parquet", "samples.gpkg"):
        _survives(content, name)


def _plain(table):
    return table.astype(object).where(table.notna(), None).to_numpy().tolist()


long_row = st.tuples(
    st.sampled_from(["甲", "乙", "检出限", ""]) | any_cell,
    st.sampled_from(["2024-04-05", "2024-04-06", "2024-02-30", "--"]) | any_cell,
    st.sampled_from(["pH", "氨氮", "总磷", "色度"]) | any_cell,
    st.sampled_from(CELLS) | any_cell,
    st.sampled_from(["", "mg/L", "ppm"]) | any_cell,
    st.sampled_from(["", "正常", "停运"]) | any_cell,
)


wide_row = st.tuples(
    st.sampled_from(["甲", "乙", "检出限", ""]) | any_cell,
    st.sampled_from(["2024-04-05", "2024-04-06", "2024-02-30", "--"]) | any_cell,
    st.sampled_from(["120.5", "121", "-181", "", "--"]) | any_cell,
    st.sampled_from(["31.5", "91", ""]) | any_cell,
    *[st.sampled_from(CELLS) | any_cell] * 4,
)


def _read_both_ways(content):
    """What is made of a table as a sheet and as a stream."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "samples.csv"
        path.write_bytes(content)
        source = [SampleFile(path=str(path))]
        sheet = read_records(source)
        with mock.patch.object(streams, "LEAST_BYTES", 0):
            return sheet, read_records(source)


def _agree(sheet, stream):
    columns = ["section", "time", "parameter", "value", "published", "censored", "flag", "row", "column"]
    assert _plain(stream.samples[columns]) == _plain(sheet.samples[columns])
    assert sorted(_plain(stream.rejects)) == sorted(_plain(sheet.rejects))
    assert stream.rejects["row"].tolist() == sheet.rejects["row"].tolist()
    assert _plain(stream.points) == _plain(sheet.points)


@quick
@given(st.lists(long_row, max_size=8))
def test_a_stream_agrees_with_a_sheet_on_any_cells_of_a_long_table(rows):
    headings = ["断面", "日期", "监测项目", "结果", "单位", "站点情况"]
    _agree(*_read_both_ways(_as_csv([headings, *rows])))


@quick
@given(st.lists(wide_row, max_size=8), st.booleans())
def test_a_stream_agrees_with_a_sheet_on_any_cells_of_a_wide_table(rows, has_units):
    headings = ["断面", "日期", "经度", "纬度", "pH", "氨氮(mg/L)", "总磷(unknown)", ""]
    units = [["", "", "", "", "", "mg/L", "", ""]] if has_units else []
    _agree(*_read_both_ways(_as_csv([headings, *units, *rows])))


def _told(cell):
    return "--" not in cell and cell.strip().casefold() not in NOTHING | {"nan"}


@quick
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["甲", "乙", ""]),
            st.sampled_from(
                ["2024-04-05", "2024-02-30", "", "*", "45000", "04-05 08:00", "2024年4月5日10时"]
            ),
            *[st.sampled_from(CELLS)] * 3,
        ),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_readings_in_are_readings_kept_and_rejected(rows, is_long):
    told = sum(_told(cell) for row in rows for cell in row[2:])
    table = [["断面", "时间", "pH", "氨氮(ppb)", "总磷(mg/L)"], *rows]
    if is_long:
        table = [["断面", "时间", "项目", "结果"]] + [
            [section, day, name, value]
            for section, day, *values in rows
            for name, value in zip(["pH", "天知道", "总磷"], values, strict=True)
        ]
    found = _survives(_as_csv(table))
    if found:
        assert len(found[0]) + found[1]["readings"].sum() == told


@quick
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[甲乙丙丁][a-z]{0,3}", fullmatch=True),
            st.datetimes(pd.Timestamp("1992-01-01"), pd.Timestamp("2090-01-01")).map(
                lambda t: t.replace(microsecond=0)
            ),
            st.floats(1, 14),
            st.floats(0, 100) | st.none(),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[:2],
    )
)
def test_what_is_written_is_read_back_bit_by_bit(rows):
    table = [
        [name, time.isoformat(), repr(ph), "" if nitrogen is None else repr(nitrogen)]
        for name, time, ph, nitrogen in rows
    ]
    samples, rejects = _read_text(_as_csv([["断面", "时间", "pH", "氨氮"], *table]))
    assert rejects.empty
    found = samples.set_index(["row", "parameter"])["value"]
    for number, (name, time, ph, nitrogen) in enumerate(rows, 2):
        assert found[(number, "pH")] == ph
        assert found.get((number, "NH3N")) == nitrogen
        here = samples[samples["row"] == number].iloc[0]
        assert (here["section"], here["time"]) == (name, pd.Timestamp(time, tz="Asia/Shanghai"))


@given(
    st.sampled_from(sorted(set(LIMITS["code"]) - {"WT", "pH", "DO"})), st.floats(0, 1e6), st.floats(0, 1e6)
)
@settings(deadline=None)
def test_more_of_a_pollutant_never_makes_a_better_class(code, one, other):
    pair = pd.Series(sorted([one, other]))
    less, more = classify_values(pair, pd.Series([code] * 2), pd.Series(["lake"] * 2), LIMITS)
    assert 1 <= less <= more <= 6
