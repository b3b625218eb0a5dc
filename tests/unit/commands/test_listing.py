"""Rows of results on terminals of any width: nothing cut, no dict of Python."""

from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from pipeline.commands.listing import lay_out_rows, tell_value
from tests.terminal import Terminal, count_cells

PROVIDER = {
    "name": "earth-search",
    "api": "https://stac.example.org/a/very/long/address/of/a/catalogue/that/no/narrow/column/holds",
    "collections": {"sentinel-2": ["sentinel-2-c1-l2a", "sentinel-2-l2a"], "landsat-8": ["landsat-c2-l2"]},
    "alternate": None,
    "access": {"hosts": ["*.example.org"], "s3": {"region": "us-west-2", "requester_pays": True}},
    "folders": [],
}


def written(rows, width):
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    console.print(*lay_out_rows(rows, width), sep="\n")
    return Terminal(width).feed(file.getvalue()).lines


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_said_of_a_provider_is_read_line_by_line_and_is_no_dict(width):
    lines = written([PROVIDER], width)
    assert all(count_cells(line) <= width for line in lines)
    text = "\n".join(lines)
    assert not set("{}'…") & set(text)
    for told in (
        "sentinel-2: sentinel-2-c1-l2a, sentinel-2-l2a",
        "s3.region: us-west-2",
        "hosts: *.example.org",
    ):
        assert told in text
    assert PROVIDER["api"] in "".join(line.strip() for line in lines)


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {name: st.text(st.characters(categories=["Lu", "Lo", "Nd"]), max_size=60) for name in "abcde"}
        ),
        min_size=1,
        max_size=3,
    ),
    width=st.sampled_from([60, 80, 120]),
)
@settings(max_examples=60, deadline=None)
def test_no_letter_of_a_row_is_lost_whatever_the_width(rows, width):
    letters = "".join("".join(line.split()) for line in written(rows, width))
    for row in rows:
        for value in row.values():
            assert all(letters.count(letter) >= value.count(letter) for letter in set(value))
    assert "…" not in letters or any("…" in value for row in rows for value in row.values())


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_ids_numbers_and_times_are_never_cut_in_two(width):
    row = {
        "area": "guangyang_island",
        "label": "2024",
        "latest": True,
        "published": "2026-11-29T16:55:41+00:00",
        "parcels": 1_234_567,
        "findings": 163,
        "message": "三 个 区 的 交付 done",
    }
    lines = written([row, {**row, "area": "龙游湾"}], width)
    assert all(count_cells(line) <= width for line in lines)
    for word in ("guangyang_island", "2026-11-29T16:55:41+00:00", "1234567", "163"):
        assert any(word in line for line in lines)


def test_two_names_that_begin_alike_are_told_apart_in_a_table():
    name = "平均植被覆盖度（陆域，{}）"
    rows = [
        {"indicator": name.format(kind), "value": "0.61"} for kind in ("不含水面", "端元取百分位，供对照")
    ]
    text = "".join(written(rows, 30))
    assert "不含水面" in text.replace("│", "").replace(" ", "")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "—"),
        ([], "—"),
        ({}, "—"),
        (["a", 2], "a, 2"),
        ({"a": {"b": None, "c": [1]}}, "a.b: —\na.c: 1"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        (0, "0"),
        (True, "✓"),
        ([False], "✗"),
    ],
)
def test_a_value_is_told_in_words(value, told):
    assert tell_value(value) == told


def test_text_from_data_is_no_markup():
    assert any("[red]x[/red]" in line for line in written([{"a": "[red]x[/red]"}], 80))


def test_no_rows_are_shown_as_no_table():
    assert [line for line in written([], 80) if line.strip()] == []
