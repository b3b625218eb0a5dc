"""Whatever form a workbook gives to a planted figure and its day, it is that on that day, or rejected."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, to_excel

from pipeline.ingest.samples import read_records
from pipeline.settings import SampleFile
from tests.spreadsheets import Formula, Shown, write_excel_97

NAMES = {"NH3N": "氨氮", "TP": "总磷"}
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

figures = st.integers(1, 99).map(lambda number: number / 100)
days = st.tuples(st.integers(1, 12), st.integers(1, 28))
readings = st.tuples(days, figures, figures)
forms = st.sampled_from(["date", "serial", "text", "parts", "month", "shown month"])


def _write_day(form, month, day, epoch):
    """Cells of a day in a form; the number format of the first, None for the usual one."""
    moment = datetime(2024, month, day)  # noqa: DTZ001 - a workbook knows no zone
    tenths = round(2024 + month / (10 if month < 10 else 100), 2)
    return {
        "date": ([moment], None),
        "serial": ([to_excel(moment, epoch)], None),
        "text": ([f"2024年{month}月{day}日"], None),
        "parts": ([2024, month, day], None),
        "month": ([tenths], None),
        "shown month": ([tenths], "0.00" if month == 10 else None),
    }[form]


def _add_head(sheet, form, codes, has_levels):
    keys = ["年", "月", "日"] if form == "parts" else ["采样日期"]
    if not has_levels:
        sheet.append(["断面名称", *keys, *(f"{NAMES[code]}(mg/L)" for code in codes)])
        return
    sheet.append(["断面名称", *keys, *(text for code in codes for text in (NAMES[code], None))])
    sheet.append([None, *[None] * len(keys), *(["水质类别", "浓度(mg/L)"] * len(codes))])
    for column in range(1, 2 + len(keys)):
        sheet.merge_cells(start_row=1, end_row=2, start_column=column, end_column=column)
    for place in range(len(codes)):
        start = 2 + len(keys) + 2 * place
        sheet.merge_cells(start_row=1, end_row=1, start_column=start, end_column=start + 1)


def _fill(book, form, rows, codes, has_levels, formulas):
    sheet = book.active
    _add_head(sheet, form, codes, has_levels)
    for place, ((month, day), *values) in enumerate(rows):
        told = dict(zip(NAMES, values, strict=True))
        cells, number_format = _write_day(form, month, day, book.epoch)
        shown = [f"={told[code]}*1" if (place, code) in formulas else told[code] for code in codes]
        figures = [cell for value in shown for cell in (5, value)] if has_levels else shown
        sheet.append([f"断面{place}", *cells, *figures])
        if number_format:
            sheet.cell(sheet.max_row, 2).number_format = number_format


def _read(path):
    samples, rejects, _ = read_records([SampleFile(path=str(path))])
    months = samples["time"].dt.strftime("%m-%d")
    found = zip(samples["section"], months, samples["parameter"], samples["value"], strict=True)
    return sorted(found), int(rejects["readings"].sum())


def _list_truths(rows, form):
    whole = form in {"month", "shown month"}
    return {
        (f"断面{place}", f"{month:02d}-{1 if whole else day:02d}", code, value)
        for place, ((month, day), *values) in enumerate(rows)
        for code, value in zip(NAMES, values, strict=True)
    }


@quick
@given(
    st.lists(readings, min_size=1, max_size=5),
    forms,
    st.permutations(list(NAMES)),
    st.booleans(),
    st.booleans(),
    st.sets(st.tuples(st.integers(0, 4), st.sampled_from(list(NAMES)))),
)
def test_a_planted_figure_is_read_on_its_day_or_rejected(rows, form, codes, has_levels, is_1904, formulas):
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904 if is_1904 else CALENDAR_WINDOWS_1900
    _fill(book, form, rows, codes, has_levels, formulas)
    draft = book.copy_worksheet(book.active)
    draft.sheet_state = "hidden"
    with TemporaryDirectory() as folder:
        book.save(Path(folder) / "水质.xlsx")
        found, lost = _read(Path(folder) / "水质.xlsx")
    assert set(found) <= _list_truths(rows, form)
    assert len(found) + lost == 4 * len(rows)
    sure = [place for place, ((month, _), *_) in enumerate(rows) if form != "month" or month not in {1, 10}]
    wanted = {(place, code) for place in sure for code in NAMES} - formulas
    if form != "shown month":
        assert {(int(name[2:]), code) for name, _, code, _ in found} == wanted


@quick
@given(st.lists(readings, min_size=1, max_size=5), st.booleans(), st.booleans(), st.sets(st.integers(0, 4)))
def test_an_older_workbook_gives_the_same_or_rejects_it(rows, is_1904, is_calculated, formulas):
    epoch = CALENDAR_MAC_1904 if is_1904 else CALENDAR_WINDOWS_1900
    lines = [["断面名称", "采样日期", *(f"{name}(mg/L)" for name in NAMES.values())]]
    for place, ((month, day), first, second) in enumerate(rows):
        cell = Formula(first if is_calculated else 0.0) if place in formulas else first
        serial = to_excel(datetime(2024, month, day), epoch)  # noqa: DTZ001
        lines.append([f"断面{place}", Shown(serial), cell, second])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "水质.xls"
        write_excel_97(path, lines, is_1904=is_1904, is_calculated=is_calculated)
        found, lost = _read(path)
    assert set(found) <= _list_truths(rows, "date")
    assert len(found) + lost == 2 * len(rows)
    assert is_calculated or lost == len(formulas & set(range(len(rows))))
