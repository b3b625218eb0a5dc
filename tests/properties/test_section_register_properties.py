"""However staff lay out a register of sections, each section is the planted one, or the file is refused."""

from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.samples import read_sections

HEADINGS = {
    "section_id": ["断面编号", "断面编码", "section_id"],
    "section": ["断面名称", "监测断面", "section"],
    "water_body": ["水体类型", "water_body"],
    "target_class": ["水质目标", "目标类别"],
    "lon": ["经度", "lon"],
    "lat": ["纬度", "lat"],
    "altitude_m": ["海拔", "海拔高度"],
}
CLASSES = {1: ["Ⅰ", "I类"], 2: ["Ⅱ类", "ii"], 3: ["III", "Ⅲ类", 3], 4: ["Ⅳ", "4"], 5: ["Ⅴ类", "五"]}
BODIES = {"river": ["河流", "river"], "lake": ["湖库", "湖泊"]}

sections = st.fixed_dictionaries(
    {
        "target_class": st.integers(1, 5),
        "water_body": st.sampled_from(["river", "lake"]),
        "lon": st.integers(12_000, 12_299).map(lambda number: number / 100),
        "lat": st.integers(3_000, 3_299).map(lambda number: number / 100),
        "altitude_m": st.integers(-3, 4_000),
    }
)


def _spell_degrees(value, form):
    """Degrees as a number, as a text of degrees, or of degrees and minutes."""
    whole = int(value)
    return {"number": value, "text": f"{value}°", "minutes": f"{whole}°{(value - whole) * 60:.1f}′"}[form]


@st.composite
def registers(draw):
    """Rows of cells below a row of headings, and the planted sections."""
    planted = [
        {"section_id": f"S{number:02d}", "section": f"断面{number}", **row}
        for number, row in enumerate(draw(st.lists(sections, min_size=1, max_size=4)))
    ]
    order = draw(st.permutations(list(HEADINGS)))
    degrees = draw(st.sampled_from(["number", "text", "minutes"]))
    rows = []
    for row in planted:
        told = row | {
            "target_class": draw(st.sampled_from(CLASSES[row["target_class"]])),
            "water_body": draw(st.sampled_from(BODIES[row["water_body"]])),
            **{axis: _spell_degrees(row[axis], degrees) for axis in ("lon", "lat")},
        }
        rows.append([told[name] for name in order])
    headings = [draw(st.sampled_from(HEADINGS[name])) for name in order]
    if draw(st.booleans()):
        place = draw(st.integers(0, len(order)))
        headings.insert(place, "备注")
        rows = [[*row[:place], "见附图", *row[place:]] for row in rows]
    titles = draw(st.lists(st.sampled_from([["断面登记表"], []]), max_size=2))
    return [*titles, headings, *rows], planted


def _write(path, tables):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(tables):
        sheet = book.create_sheet(f"第{number + 1}页")
        for row in rows:
            sheet.append(row)
    book.save(path)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(register=registers(), parts=st.integers(1, 2), spare=st.booleans())
def test_every_section_is_the_planted_one_whatever_the_layout(register, parts, spare):
    rows, planted = register
    body = len(rows) - len(planted)
    middle = body + (len(planted) + 1) // 2
    tables = [rows] if parts == 1 else [rows[:middle], [*rows[:body], *rows[middle:]]]
    tables = [table for table in tables if len(table) > body]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sections.xlsx"
        _write(path, [[["填表说明"]], *tables] if spare else tables)
        found = read_sections(path)
    expected = pd.DataFrame(planted)
    for name in expected:
        if name in {"lon", "lat"}:
            assert found[name].tolist() == pytest.approx(expected[name].tolist(), abs=1e-3)
        else:
            assert found[name].tolist() == expected[name].tolist()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(register=registers(), column=st.sampled_from(["target_class", "lon", "section_id"]))
def test_a_cell_that_says_nothing_of_its_kind_is_refused_by_row_and_column(register, column):
    rows, _ = register
    heading = next(row for row in rows if len(row) > 1)
    place = next(one for one, text in enumerate(heading) if text in HEADINGS[column])
    rows[-1][place] = {"target_class": "优良", "lon": "东经", "section_id": None}[column]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sections.xlsx"
        _write(path, [rows])
        with pytest.raises(InputError) as error:
            read_sections(path)
    assert any(f"row {len(rows)}, {column}" in str(problem) for problem in error.value.problems)
