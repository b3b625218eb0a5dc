"""Planted readings in several tables of a sheet, however written: the planted figure or a named refusal."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.samples import read_records, streams
from pipeline.settings import SampleFile

NAMES = {"pH": "pH", "DO": "溶解氧", "NH3N": "氨氮", "TP": "总磷", "Pb": "铅", "Hg": "汞"}
TYPICAL = {"pH": 7.5, "DO": 8.1, "NH3N": 0.35, "TP": 0.085, "Pb": 0.004, "Hg": 0.00004}
TIMES = {"mg/L": 1, "μg/L": 1000}

table = st.fixed_dictionaries(
    {
        "columns": st.permutations(["section", "time", *NAMES]),
        "unit": st.sampled_from(list(TIMES)),
        "place": st.sampled_from(["heading", "markup", "row", "line", "cell"]),
        "scales": st.lists(st.floats(0.3, 1.7), min_size=1, max_size=3),
        "censored": st.booleans(),
        "title": st.booleans(),
    }
)


def _write_number(value, mark):
    return f"{value:.7g}".replace(".", mark)


def _write_heading(code, form):
    unit = "" if code == "pH" or form["place"] not in {"heading", "markup"} else f"({form['unit']})"
    return NAMES[code] + (f"<br/><span class='unit'>{unit}</span>" if form["place"] == "markup" else unit)


def _write_table(number, form, mark):
    """Lines of a table, and its planted values by section, day and parameter."""
    day = date(2024, 1, 1) + timedelta(days=40 * number)
    times, states = TIMES[form["unit"]], f" {form['unit']}" if form["place"] == "cell" else ""
    keys = {"section": "断面", "time": "时间"}
    lines = [["某市水质"]] if form["title"] else []
    lines += [[f"单位：{form['unit']}（pH无量纲）"]] if form["place"] == "line" else []
    lines.append([keys.get(code) or _write_heading(code, form) for code in form["columns"]])
    if form["place"] == "row":
        units = {"section": "单位", "time": "", "pH": "无量纲"}
        lines.append([units.get(code, form["unit"]) for code in form["columns"]])
    planted = {}
    for place, scale in enumerate(form["scales"]):
        truth = {code: float(f"{value * scale:.4g}") for code, value in TYPICAL.items()}
        cells = {"section": f"断面{place}", "time": f"{day:%Y-%m-%d}"}
        for code, value in truth.items():
            text = _write_number(value * (1 if code == "pH" else times), mark)
            sign = "<" if form["censored"] and code == "Pb" else ""
            cells[code] = f"{sign}{text}{states if code != 'pH' else ''}"
            planted[f"断面{place}", f"{day:%m-%d}", code] = value
        lines.append([cells[code] for code in form["columns"]])
    return lines, planted


@settings(max_examples=30)
@given(st.lists(table, min_size=1, max_size=3), st.sampled_from([".", ","]), st.booleans())
def test_every_planted_reading_is_right_or_refused_by_name(forms, mark, as_stream):
    first = {"place": forms[0]["place"] if forms[0]["place"] != "line" else "row", "title": False}
    forms = [forms[0] | first, *forms[1:]] if as_stream else forms
    written = [_write_table(number, form, mark) for number, form in enumerate(forms)]
    width = len(NAMES) + 2
    rows = [[*line, *[""] * (width - len(line))] for lines, _ in written for line in lines]
    planted = {key: value for _, values in written for key, value in values.items()}
    with TemporaryDirectory() as folder, mock.patch.object(streams, "LEAST_BYTES", 0 if as_stream else 2**20):
        path = Path(folder) / "water.csv"
        path.write_text("\n".join(";".join(row) for row in rows) + "\n", encoding="utf-8")
        samples, rejects, _ = read_records([SampleFile(path=str(path))])
    days = samples["time"].dt.strftime("%m-%d")
    found = dict(
        zip(zip(samples["section"], days, samples["parameter"], strict=True), samples["value"], strict=True)
    )
    assert set(found) <= set(planted)
    assert found == pytest.approx({key: planted[key] for key in found}, rel=1e-6)
    assert len(planted) - len(found) <= rejects["readings"].sum()
    assert len(found) >= len(planted) // 2 or rejects["reason"].str.contains("comma or point").any()
