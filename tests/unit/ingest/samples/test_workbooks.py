"""Workbooks of Excel and LibreOffice are read as a person reads them, and never past their size."""

import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
import xlsxwriter

from pipeline.errors import InputError
from pipeline.ingest.samples import read_samples
from pipeline.ingest.samples.workbooks import read_workbook
from pipeline.settings import SampleFile
from tests.spreadsheets import write_excel_97, write_open_document

HEAD = ["断面名称", "监测时间", "pH", "氨氮(mg/L)"]
STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": (
        b"http://purl.oclc.org/ooxml/spreadsheetml/main"
    ),
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
}


def _texts(sheet):
    return sheet.cells.to_numpy().tolist()


def _workbook(path, rows, *, merges=(), formats=(), options=None):
    """A workbook as Excel writes it; `formats` are number formats by row and column."""
    book = xlsxwriter.Workbook(path, options or {})
    sheet = book.add_worksheet("一")
    known = {place: book.add_format({"num_format": text}) for place, text in dict(formats).items()}
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            sheet.write(row, column, value, *filter(None, [known.get((row, column))]))
    for area in merges:
        sheet.merge_range(area, "并")
    book.close()
    return path


def _text(text):
    return 'office:value-type="string"', text


def _number(value, shown=None):
    return f'office:value-type="float" office:value="{value}"', value if shown is None else shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (2024, "2024"),
        (2024.0, "2024"),
        (-0.0, "0"),
        (320682000001, "320682000001"),
        (1_500_000_000_000_000, "1500000000000000"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "1e-07"),
        (True, "True"),
        ("  前后 ", "  前后 "),
        (datetime(2024, 4, 5, 10, 30), "2024-04-05 10:30:00"),  # noqa: DTZ001 - a workbook knows no zone
        (datetime(2024, 4, 5), "2024-04-05 00:00:00"),  # noqa: DTZ001
        (date(2024, 4, 5), "2024-04-05 00:00:00"),
        (time(10, 30), "10:30:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        ("#DIV/0!", "#DIV/0!"),
    ],
)
def test_a_cell_is_read_as_it_was_typed(tmp_path, value, shown):
    book = openpyxl.Workbook()
    book.active.append([value])
    book.save(tmp_path / "a.xlsx")
    assert _texts(read_workbook(tmp_path / "a.xlsx")[0]) == [[shown]]


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("General", "45388.4375"),
        ("0.00%", "45388.4375"),
        ('0.00"m"', "45388.4375"),
        ("[Red]0.00", "45388.4375"),
        ("yyyy-mm-dd", "2024-04-06 10:30:00"),
        ('yyyy"年"m"月"d"日"', "2024-04-06 10:30:00"),
        ("[$-804]yyyy/m/d h:mm", "2024-04-06 10:30:00"),
    ],
)
def test_a_number_is_a_moment_where_its_format_says_so(tmp_path, form, shown):
    path = _workbook(tmp_path / "a.xlsx", [[45388.4375]], formats={(0, 0): form})
    assert _texts(read_workbook(path)[0]) == [[shown]]
    stranger = openpyxl.load_workbook(path).active["A1"].value
    assert str(stranger) == shown


def test_a_day_of_the_1904_calendar_is_that_day(tmp_path):
    day = datetime(2024, 4, 5, 10)  # noqa: DTZ001
    formats = {(0, 0): "yyyy-mm-dd hh:mm"}
    path = _workbook(tmp_path / "a.xlsx", [[day]], formats=formats, options={"date_1904": True})
    assert _texts(read_workbook(path)[0]) == [["2024-04-05 10:00:00"]]


def test_merges_repeat_their_text_and_are_known_even_beyond_the_last_value(tmp_path):
    path = _workbook(tmp_path / "a.xlsx", [["a", "b"]], merges=["B2:C3"])
    sheet = read_workbook(path)[0]
    assert _texts(sheet) == [["a", "b", ""], ["", "并", "并"], ["", "并", "并"]]
    assert sheet.repeats.tolist() == [[False] * 3, [False, False, True], [False, True, True]]


def test_a_cell_with_an_error_is_rejected_with_its_place(tmp_path):
    rows = [HEAD, ["甲", "2024-04-05", 7.1, 0.3], ["乙", "2024-04-05", 7.2, 0.4]]
    path = _workbook(tmp_path / "a.xlsx", rows)
    book = openpyxl.load_workbook(path)
    book.active["D3"] = "#DIV/0!"
    book.save(path)
    samples, rejects = read_samples([SampleFile(path=str(path))])
    assert samples["value"].tolist() == [7.1, 0.3, 7.2]
    assert rejects[["sheet", "row", "column", "value"]].to_numpy().tolist() == [
        ["一", 3, "氨氮(mg/L)", "#DIV/0!"]
    ]


def test_hidden_sheets_are_known_as_such_and_sheets_of_charts_are_none(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    book.add_worksheet("明").write(0, 0, "x")
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=明!$A$1:$A$2"})
    book.add_chartsheet("图").set_chart(chart)
    hidden = book.add_worksheet("暗")
    hidden.write(0, 0, "y")
    hidden.hide()
    book.close()
    sheets = read_workbook(tmp_path / "a.xlsx")
    assert [(sheet.name, _texts(sheet), sheet.traits.is_hidden) for sheet in sheets] == [
        ("明", [["x"]], False), ("暗", [["y"]], True),
    ]  # fmt: skip


def test_strict_open_xml_is_read_as_any_other(tmp_path):
    path = _workbook(tmp_path / "a.xlsx", [HEAD, ["甲", "2024-04-05", 7.1, 0.3]])
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "strict.xlsx", "w") as archive:
        for name, content in members.items():
            for usual, strict in STRICT.items():
                content = content.replace(usual, strict)  # noqa: PLW2901
            archive.writestr(name, content)
    samples, rejects = read_samples([SampleFile(path=str(tmp_path / "strict.xlsx"))])
    assert samples["value"].tolist() == [7.1, 0.3]
    assert rejects.empty


def test_a_workbook_that_reaches_too_far_is_refused_before_its_cells_are_held(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    book.active["XFD1048576"] = 2
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError) as caught:
        read_workbook(tmp_path / "a.xlsx")
    assert caught.value.problems[0].found == "sheet Sheet: 1048576 rows and 16384 columns"


def test_an_open_document_is_read_with_its_days_and_whole_numbers(tmp_path):
    day = 'office:value-type="date" office:date-value="2024-04-05"', "2024年4月5日"
    moment = 'office:value-type="date" office:date-value="2024-04-06T10:30:00"', "昨天"
    rows = [[_text(name) for name in HEAD], [_text("甲"), day, _number("7"), _number("0.3")]]
    path = write_open_document(
        tmp_path / "a.ods", *rows, [_number("2024"), moment, _number("7.2"), _text("0.05L")]
    )
    samples, rejects = read_samples([SampleFile(path=str(path))])
    assert samples["section"].unique().tolist() == ["甲", "2024"]
    assert samples["value"].tolist() == [7, 0.3, 7.2, 0.05]
    assert samples["time"].dt.strftime("%m-%d %H:%M").unique().tolist() == ["04-05 00:00", "04-06 10:30"]
    assert rejects.empty


@pytest.mark.parametrize(
    "cell",
    [
        ('office:value-type="string" office:string-value="" calcext:value-type="error"', "#DIV/0!"),
        _number("0", "#DIV/0!"),
        _number("0", "Err:502"),
    ],
)
def test_a_cell_of_an_open_document_with_an_error_is_rejected_and_never_reads_as_zero(tmp_path, cell):
    rows = [[_text(name) for name in HEAD], [_text("甲"), _text("2024-04-05"), _number("7"), cell]]
    path = write_open_document(tmp_path / "a.ods", *rows)
    samples, rejects = read_samples([SampleFile(path=str(path))])
    assert samples[["parameter", "value"]].to_numpy().tolist() == [["pH", 7.0]]
    assert rejects[["row", "column", "value"]].to_numpy().tolist() == [[2, "氨氮(mg/L)", cell[1]]]


def test_a_workbook_of_excel_97_is_read(tmp_path):
    path = write_excel_97(tmp_path / "a.xls", [HEAD, ["甲", 45388.4375, 7, 0.3]])
    samples, rejects = read_samples([SampleFile(path=str(path))])
    assert samples[["section", "parameter", "value", "row"]].to_numpy().tolist() == [
        ["甲", "pH", 7.0, 2], ["甲", "NH3N", 0.3, 2],
    ]  # fmt: skip
    assert samples["time"].dt.strftime("%Y-%m-%d %H:%M").unique().tolist() == ["2024-04-06 10:30"]
    assert rejects.empty


@pytest.mark.parametrize("name", ["a.xlsx", "a.xlsm", "a.xls", "a.ods"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no workbook", b"<html><table>"])
def test_what_is_no_workbook_is_an_input_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        read_workbook(tmp_path / name)


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods"])
def test_a_zip_that_holds_no_workbook_is_an_input_error(tmp_path, name):
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("a.txt", "nothing")
    with pytest.raises(InputError):
        read_workbook(tmp_path / name)
