"""What a workbook says beside its values is obeyed or said: formulas, calendars, months, what is hidden."""

import openpyxl
import pytest
import xlsxwriter

from pipeline.errors import InputError
from pipeline.ingest.samples import cells, read_records, read_samples
from pipeline.ingest.samples.reasons import UNRESOLVED_NAME
from pipeline.ingest.samples.workbooks import read_workbook
from pipeline.settings import SampleFile
from tests.spreadsheets import (
    Formula,
    Percent,
    Shown,
    change_open_xml,
    write_excel_97,
    write_open_document,
)

HEAD = ["断面名称", "监测时间", "氨氮(mg/L)", "总磷(mg/L)"]


def _read(path, **settings):
    samples, rejects, _ = read_records([SampleFile(path=str(path), **settings)])
    return samples, rejects


def _tell(samples):
    return dict(zip(samples["parameter"], samples["value"], strict=True))


def _months(samples):
    return dict(zip(samples["time"].dt.strftime("%Y-%m"), samples["value"], strict=True))


def _open_xml(path, rows, *, formats=(), recalculates=False, epoch=None, hidden=()):
    book = openpyxl.Workbook()
    book.calculation.fullCalcOnLoad = recalculates
    if epoch is not None:
        book.epoch = epoch
    for row in rows:
        book.active.append(row)
    for place, form in dict(formats).items():
        book.active[place].number_format = form
    for row in hidden:
        book.active.row_dimensions[row].hidden = True
    book.save(path)
    return path


def _text(text):
    return 'office:value-type="string"', text


def _number(value, shown=None, more=""):
    return f'office:value-type="float" office:value="{value}" {more}', value if shown is None else shown


@pytest.mark.parametrize("formula", ["=AVERAGE(0.2,0.4)", "=D2*2", "=0.6/2"])
def test_a_formula_without_a_result_is_rejected_by_name_and_never_blank_or_zero(tmp_path, formula):
    path = _open_xml(tmp_path / "a.xlsx", [HEAD, ["甲", "2024-05-06", formula, 0.08]])
    samples, rejects = _read(path)
    assert _tell(samples) == {"TP": 0.08}
    assert rejects[["row", "column", "value", "reason", "readings"]].to_numpy().tolist() == [
        [2, "氨氮(mg/L)", formula, cells.NO_RESULT, 1]
    ]


def test_a_result_of_a_workbook_that_wants_to_be_calculated_as_it_is_opened_does_not_hold(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet()
    for column, (heading, value) in enumerate(zip(HEAD, ["甲", "2024-05-06", None, 0.08], strict=True)):
        sheet.write(0, column, heading)
        sheet.write(1, column, value)
    sheet.write_formula(1, 2, "=0.6/2")
    book.close()
    samples, rejects = _read(tmp_path / "a.xlsx")
    assert _tell(samples) == {"TP": 0.08}
    assert rejects["value"].tolist() == ["=0.6/2"]


@pytest.mark.parametrize(
    ("cell", "told", "said"),
    [
        ('<c r="C2"><f>0.6/2</f><v>0.3</v></c>', {"NH3N": 0.3, "TP": 0.08}, "1"),
        ('<c r="C2" t="str"><f>"&lt;"&amp;0.3</f><v>&lt;0.3</v></c>', {"NH3N": 0.3, "TP": 0.08}, "1"),
        ('<c r="C2" t="str"><f>IF(D2&gt;1,1,"")</f><v></v></c>', {"TP": 0.08}, "1"),
        ('<c><f t="shared" si="0"/></c>', {"TP": 0.08}, "="),
        ('<c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', {"TP": 0.08}, "#DIV/0!"),
        ('<c r="C2" t="e"><v>#N/A</v></c>', {"TP": 0.08}, "#N/A"),
    ],
)
def test_a_stored_result_is_read_and_said_to_be_one(tmp_path, cell, told, said):
    path = _open_xml(tmp_path / "a.xlsx", [HEAD, ["甲", "2024-05-06", 0.7, 0.08]])
    samples, rejects = _read(change_open_xml(path, {'<c r="C2" t="n"><v>0.7</v></c>': cell}))
    assert _tell(samples) == told
    assert said in rejects["value"].tolist()


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("cell", ["=A1&A2", "#REF!"])
def test_a_row_whose_name_or_time_is_unresolved_is_rejected(tmp_path, column, cell):
    row = ["甲", "2024-05-06", 0.3, 0.08]
    row[column] = cell
    samples, rejects = _read(_open_xml(tmp_path / "a.xlsx", [HEAD, row, ["乙", "2024-05-06", 0.4, 0.1]]))
    assert samples["section"].unique().tolist() == ["乙"]
    assert rejects.loc[rejects["readings"] == 2, ["row", "column"]].to_numpy().tolist() == [[2, HEAD[column]]]
    reasons = {0: UNRESOLVED_NAME, 1: cells.NO_RESULT if cell[0] == "=" else cells.NOT_A_TIME}
    assert reasons[column] in rejects["reason"].tolist()


def test_a_document_type_in_a_worksheet_is_refused(tmp_path):
    path = _open_xml(tmp_path / "a.xlsx", [HEAD, ["甲", "2024-05-06", "=1", 0.08]])
    bomb = '<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet xmlns'
    with pytest.raises(InputError):
        read_workbook(change_open_xml(path, {"<worksheet xmlns": bomb}))


@pytest.mark.parametrize(
    ("serial", "is_1904", "day"),
    [(43956, True, "2024-05-06"), (43956, False, "2020-05-05"), (45418, False, "2024-05-06")],
)
def test_a_plain_serial_number_is_counted_in_the_calendar_of_its_workbook(tmp_path, serial, is_1904, day):
    row = ["甲", serial, 0.3, 0.08]
    epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904 if is_1904 else None
    null_date = '<table:null-date table:date-value="1904-01-01"/>' if is_1904 else ""
    paths = [
        _open_xml(tmp_path / "a.xlsx", [HEAD, row], epoch=epoch),
        write_excel_97(tmp_path / "a.xls", [HEAD, row], is_1904=is_1904),
        write_open_document(
            tmp_path / "a.ods",
            [_text(name) for name in HEAD],
            [_text("甲"), *map(_number, row[1:])],
            settings=f"<table:calculation-settings>{null_date}</table:calculation-settings>",
        ),
    ]
    for path in paths:
        samples, rejects = _read(path)
        assert samples["time"].dt.strftime("%Y-%m-%d").tolist() == [day, day], path.suffix
        assert rejects.empty


YEAR = [round(2024 + month / 10, 1) for month in range(1, 10)] + [2024.1, 2024.11, 2024.12]


def _year(october):
    return [["甲", month, place / 10] for place, month in enumerate([*YEAR[:9], october, *YEAR[10:]], 1)]


@pytest.mark.parametrize("form", ["0.00", "0.00_ ", "#,##0.00", '0.00"月"', "0.00;[Red]-0.00"])
def test_october_is_told_from_january_by_the_format_of_its_number(tmp_path, form):
    path = _open_xml(tmp_path / "a.xlsx", [HEAD[:3], *_year(2024.1)], formats={"B11": form})
    samples, rejects = _read(path)
    assert _months(samples) == {f"2024-{month:02d}": month / 10 for month in range(1, 13)}
    assert rejects.empty


@pytest.mark.parametrize("form", ["General", "0.0", "0.000", "0.00E+00", "0.00%"])
def test_a_number_that_may_be_january_or_october_is_rejected_as_such(tmp_path, form):
    path = _open_xml(tmp_path / "a.xlsx", [HEAD[:3], *_year(2024.1)], formats={"B2": form, "B11": form})
    samples, rejects = _read(path)
    assert sorted(set(range(1, 13)) - {int(month[-2:]) for month in _months(samples)}) == [1, 10]
    assert rejects["reason"].tolist() == [cells.AMBIGUOUS_MONTH] * 2


def test_two_januaries_of_one_section_are_not_believed_even_where_another_october_is_shown(tmp_path):
    rows = [HEAD[:3], ["甲", 2024.1, 0.1], ["甲", 2024.1, 1.0], ["乙", 2024.1, 0.2], ["乙", 2024.1, 2.0]]
    samples, rejects = _read(_open_xml(tmp_path / "a.xlsx", rows, formats={"B5": "0.00"}))
    assert samples["section"].tolist() == ["乙", "乙"]
    assert _months(samples) == {"2024-01": 0.2, "2024-10": 2.0}
    assert rejects["row"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["2024.1", "2024.9", "2024.10"], ["2024-01", "2024-09", "2024-10"]),
        (["2024.1", "2024.9"], ["2024-09"]),
        (["2024.1", "2023.10"], ["2023-10"]),
        (["2024年10月", "202410", "2024-1", "2024/1"], ["2024-10", "2024-10", "2024-01", "2024-01"]),
        (["2024.01", "2024.10"], ["2024-01", "2024-10"]),
    ],
)
def test_months_in_a_text_file_are_read_where_their_column_tells_them_apart(tmp_path, texts, told):
    lines = [f"断面{place},{text},0.3" for place, text in enumerate(texts)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([",".join(HEAD[:3]), *lines]), "utf-8")
    samples, rejects = _read(path)
    assert samples["time"].dt.strftime("%Y-%m").tolist() == told
    assert rejects["reason"].tolist() == [cells.AMBIGUOUS_MONTH] * (len(texts) - len(told))


def test_a_hidden_sheet_is_left_out_with_its_name_and_the_number_of_its_readings(tmp_path):
    book = openpyxl.Workbook()
    hidden = book.create_sheet("草稿")
    for sheet, value in ((book.active, 0.3), (hidden, 1.9)):
        sheet.append(HEAD)
        sheet.append(["甲", "2024-05-06", value, 0.08])
    hidden.sheet_state = "veryHidden"
    book.save(tmp_path / "a.xlsx")
    samples, rejects = _read(tmp_path / "a.xlsx")
    assert _tell(samples) == {"NH3N": 0.3, "TP": 0.08}
    assert rejects[["sheet", "row", "readings"]].to_numpy().tolist() == [["草稿", 0, 2]]
    assert "草稿" not in samples["sheet"].tolist()


def test_a_workbook_with_nothing_but_a_hidden_table_is_refused_with_the_way_out(tmp_path):
    book = openpyxl.Workbook()
    hidden = book.create_sheet("草稿")
    hidden.append(HEAD)
    hidden.append(["甲", "2024-05-06", 0.3, 0.08])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="unhide"):
        read_samples([SampleFile(path=str(tmp_path / "a.xlsx"))])


def test_hidden_rows_and_columns_are_read_and_said(tmp_path):
    rows = [HEAD, *(["甲", f"2024-05-0{day}", 0.3 + day / 100, 0.08] for day in range(1, 7))]
    path = _open_xml(tmp_path / "a.xlsx", rows, hidden=[3, 4, 6])
    book = openpyxl.load_workbook(path)
    book.active.column_dimensions["D"].hidden = True
    book.save(path)
    binary = write_excel_97(tmp_path / "a.xls", rows, hidden_rows=[2, 3, 5])
    document = write_open_document(
        tmp_path / "a.ods",
        [_text(name) for name in HEAD],
        *([_text("甲"), _text(row[1]), *map(_number, row[2:])] for row in rows[1:]),
        hidden_rows=[2, 3, 5],
    )
    for source in (path, binary, document):
        samples, rejects = _read(source)
        assert len(samples) == 12
        assert rejects["value"].tolist() == (["3-4, 6", "4"] if source == path else ["3-4, 6"])
        assert rejects["readings"].sum() == 0


@pytest.mark.parametrize(
    ("cell", "told", "said"),
    [
        (('table:formula="of:=0.6/2"', None), {"TP": 0.08}, "=0.6/2".removeprefix("=")),
        (('table:formula="of:=0.6/2" office:value-type="float"', None), {"TP": 0.08}, "0.6/2"),
        (_number("0.3", more='table:formula="of:=0.6/2"'), {"NH3N": 0.3, "TP": 0.08}, "1"),
        (('table:formula="of:=IF(1;&quot;&quot;)"', ""), {"TP": 0.08}, "1"),
    ],
)
def test_formulas_of_an_open_document_are_read_by_their_results_or_rejected(tmp_path, cell, told, said):
    row = [_text("甲"), _text("2024-05-06"), cell, _number("0.08")]
    path = write_open_document(tmp_path / "a.ods", [_text(name) for name in HEAD], row)
    samples, rejects = _read(path)
    assert _tell(samples) == told
    assert [value.removeprefix("=") for value in rejects["value"]] == [said]


@pytest.mark.parametrize(
    ("cell", "is_calculated", "told", "said"),
    [
        (Formula(0.3), True, {"NH3N": 0.3, "TP": 0.08}, "1"),
        (Formula(), True, {"TP": 0.08}, "1"),
        (Formula(0.0), False, {"TP": 0.08}, "="),
        (Formula(), False, {"TP": 0.08}, "="),
        (Formula(error=0x07), True, {"TP": 0.08}, "#DIV/0!"),
        (Formula(error=0x2A), True, {"TP": 0.08}, "#N/A"),
    ],
)
def test_formulas_of_excel_97_hold_where_a_program_calculated_them(tmp_path, cell, is_calculated, told, said):
    rows = [HEAD, ["甲", "2024-05-06", cell, 0.08]]
    samples, rejects = _read(write_excel_97(tmp_path / "a.xls", rows, is_calculated=is_calculated))
    assert _tell(samples) == told
    assert said in rejects["value"].tolist()


def test_october_is_told_in_older_workbooks_and_open_documents_too(tmp_path):
    rows = _year(Shown(2024.1))
    months = {f"2024-{month:02d}": month / 10 for month in range(1, 13)}
    binary = write_excel_97(tmp_path / "a.xls", [HEAD[:3], *rows])
    shown = [
        [
            _text("甲"),
            _number(2024.1, "2024.10") if isinstance(time, Shown) else _number(time),
            _number(value),
        ]
        for _, time, value in rows
    ]
    document = write_open_document(tmp_path / "a.ods", [_text(name) for name in HEAD[:3]], *shown)
    for path in (binary, document):
        samples, rejects = _read(path)
        assert _months(samples) == months
        assert rejects.empty


def test_a_merged_section_and_a_merged_value_mean_the_same_in_every_kind_of_workbook(tmp_path):
    rows = [HEAD, ["甲", "2024-05-06", 0.3, 0.08], [None, "2024-05-07", 0.4, None]]
    book = openpyxl.load_workbook(_open_xml(tmp_path / "a.xlsx", rows))
    book.active.merge_cells("A2:A3")
    book.active.merge_cells("D2:D3")
    book.save(tmp_path / "a.xlsx")
    write_excel_97(tmp_path / "a.xls", rows, merges=[(1, 0, 2, 0), (1, 3, 2, 3)])
    tall, covered = 'table:number-rows-spanned="2" table:number-columns-spanned="1" ', ("", None)
    write_open_document(
        tmp_path / "a.ods",
        [_text(name) for name in HEAD],
        [
            (tall + _text("")[0], "甲"),
            _text("2024-05-06"),
            _number(0.3),
            (tall + _number(0.08)[0], 0.08),
        ],
        [covered, _text("2024-05-07"), _number(0.4), covered],
    )
    for suffix in ("xlsx", "xls", "ods"):
        samples, rejects = _read(tmp_path / f"a.{suffix}")
        assert samples[["section", "parameter", "value", "row"]].to_numpy().tolist() == [
            ["甲", "NH3N", 0.3, 2], ["甲", "TP", 0.08, 2], ["甲", "NH3N", 0.4, 3],
        ]  # fmt: skip
        assert rejects.empty


@pytest.mark.parametrize(
    ("form", "is_percent"),
    [
        ("0%", True),
        ("0.00%", True),
        ('"约"0.0%', True),
        ('0.0"%"', False),
        (r"0.0\%", False),
        ("0.00", False),
    ],
)
def test_a_cell_of_a_workbook_is_a_percent_where_its_format_shows_it_so(tmp_path, form, is_percent):
    path = _open_xml(tmp_path / "a.xlsx", [["目标"], [0.917], [82]], formats={"A2": form})
    (sheet,) = read_workbook(path)
    assert sheet.cells[0].tolist() == ["目标", "0.917", "82"]
    assert ([] if sheet.percents is None else sheet.percents[:, 0].tolist()) == (
        [False, True, False] if is_percent else []
    )


def test_percents_are_told_in_every_kind_of_workbook_and_under_a_merge(tmp_path):
    book = openpyxl.load_workbook(_open_xml(tmp_path / "a.xlsx", [[0.82, 3]], formats={"A1": "0%"}))
    book.active.merge_cells("A1:A2")
    book.save(tmp_path / "a.xlsx")
    write_excel_97(tmp_path / "a.xls", [[Percent(0.82), 3.0], [None, None]], merges=[(0, 0, 1, 0)])
    tall = 'table:number-rows-spanned="2" table:number-columns-spanned="1" '
    percent = (tall + 'office:value-type="percentage" office:value="0.82"', "82%")
    write_open_document(tmp_path / "a.ods", [percent, _number(3)], [("", None), ("", None)])
    for name in ("a.xlsx", "a.xls", "a.ods"):
        (sheet,) = read_workbook(tmp_path / name)
        assert sheet.percents[:, 0].tolist() == [True, True]
        assert not sheet.percents[:, 1].any()
