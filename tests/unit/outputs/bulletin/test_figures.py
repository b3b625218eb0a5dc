"""Numbers as they are printed, and what is said of how they went."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.bulletin.graphs import Graph, pack_graph
from pipeline.outputs.figures import KnownFigure, is_nothing, judge_course
from pipeline.outputs.published import Cell
from pipeline.outputs.texts import choose_words, name_period

SHARES = st.floats(0, 1, allow_subnormal=False)


def cell(value: float, unit: str = "share", line: int = 2) -> Cell:
    return Cell("east/2024", "indicators", line, "value", value, unit)


def known(value: float, low: float = float("nan"), high: float = float("nan")) -> KnownFigure:
    return KnownFigure(value, "share", low, high)


@given(after=SHARES, before=SHARES, language=st.sampled_from(["zh", "en"]))
def test_a_difference_is_printed_as_it_is_and_in_the_right_direction(after, before, language):
    evidence = EvidenceBook(language)
    said = evidence.write_change(cell(after), cell(before, line=3))
    shown = re.search(r"\d+\.\d\d", said)
    if shown is None:
        assert said in {"持平", "unchanged"}
        assert abs(after - before) * 100 <= 0.005
        assert evidence.tabulate().empty
        return
    assert float(shown.group()) == pytest.approx(abs(after - before) * 100, abs=0.00501)
    assert ("上升" in said or "up" in said) == (after > before)
    (row,) = evidence.tabulate().to_dict("records")
    assert (row["line"], row["other_line"], row["value"]) == (2, 3, after - before)


@given(value=st.floats(0, 1e9), unit=st.sampled_from(["share", "percent", "1", "m2", "yuan"]))
def test_a_difference_is_nothing_where_no_digit_of_it_shows(value, unit):
    assume(value == 0 or value > 1e-12)
    text = EvidenceBook("zh").write_change(cell(value, unit), cell(0.0, unit))
    assert is_nothing(value, unit) == (text == "持平")
    assert text == "持平" or re.search("[1-9]", text)


@given(now=SHARES, then=SHARES, better=st.sampled_from(["higher", "lower", ""]))
def test_a_course_is_told_by_its_direction_alone(now, then, better):
    course = judge_course(known(now), known(then), better)
    if is_nothing(now - then, "share"):
        assert course == "same"
    elif not better:
        assert course == "plain"
    else:
        assert course == ("better" if (now > then) == (better == "higher") else "worse")


@given(now=SHARES, then=SHARES, width=st.floats(0.01, 0.5), other=st.floats(0.01, 0.5))
def test_a_course_is_unclear_where_the_intervals_meet(now, then, width, other):
    assume(not is_nothing(now - then, "share"))
    assume(abs(abs(now - then) - width - other) > 1e-9)
    course = judge_course(
        known(now, now - width, now + width), known(then, then - other, then + other), "higher"
    )
    assert (course == "unclear") == (abs(now - then) < width + other)


def test_what_has_no_past_has_no_course():
    assert judge_course(known(0.5), None, "higher") == "unknown"
    assert judge_course(None, known(0.5), "higher") == "unknown"
    assert EvidenceBook("zh").write_change(None, cell(0.5)) == "—"


@pytest.mark.parametrize(
    ("label", "zh", "en"),
    [
        ("2024", "2024年", "2024"),
        ("2024Q3", "2024年第三季度", "Q3 2024"),
        ("2024-02", "2024年二月", "February 2024"),
        ("2025-winter", "2025年冬季", "winter 2025"),
    ],
)
def test_periods_are_called_as_people_call_them(label, zh, en):
    assert (name_period(label, "zh"), name_period(label, "en")) == (zh, en)


def test_of_what_is_said_in_both_languages_one_is_chosen():
    assert choose_words("没有数据 / no data", "zh") == "没有数据"
    assert choose_words("没有数据 / no data", "en") == "no data"
    assert choose_words("NDVI", "en") == "NDVI"
    both = "权重合计 5 / the weights sum to 5；没有目标 / no target"
    assert choose_words(both, "zh") == "权重合计 5；没有目标"
    assert choose_words(both, "en") == "the weights sum to 5; no target"


def test_directions_are_of_indicators_that_have_a_name():
    named = {row["indicator"] for row in standards.read_rows("indicator_names")}
    rows = standards.read_rows("indicator_directions")
    assert {row["indicator"] for row in rows} <= named
    assert {row["better"] for row in rows} == {"higher", "lower"}
    assert all(row["basis"] for row in rows)


@given(figures=st.lists(st.one_of(st.none(), SHARES), min_size=2, max_size=6))
def test_a_chart_holds_its_figures_and_leaves_out_what_is_not_known(figures):
    graph = Graph(tuple(f"区{number}" for number in range(len(figures))), (("本期", tuple(figures)),))
    packed = pack_graph(graph)
    assert packed == pack_graph(graph)
    chart = packed.chart.decode()
    cache = re.search("<c:numCache>.*?</c:numCache>", chart)
    points = re.findall(r'<c:pt idx="(\d+)"><c:v>([^<]*)</c:v>', cache.group()) if cache else []
    drawn = {int(place): float(value) for place, value in points}
    assert drawn == pytest.approx({at: value for at, value in enumerate(figures) if value is not None})
    assert 'dispBlanksAs val="gap"' in chart
