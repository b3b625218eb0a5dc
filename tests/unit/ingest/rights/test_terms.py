"""Days and terms as registers write them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.rights.cells import read_day
from pipeline.ingest.rights.terms import RightTerm, read_term

DAYS = st.dates(date(1960, 1, 1), date(2089, 12, 31))
FORMS = (
    "{0:%Y-%m-%d}",
    "{0.year}/{0.month}/{0.day}",
    "{0.year}年{0.month}月{0.day}日",
    "{0:%Y%m%d}",
    "{0.year}.{0.month:02d}.{0.day:02d}",
    "{0:%Y-%m-%d} 00:00:00",
    " {0.year}年{0.month:02d}月{0.day:02d}日 ",
)
BETWEEN = ("至", "-", "—", "~", "～", " 至 ", "到")


@given(DAYS, st.sampled_from(FORMS))
def test_a_day_is_the_same_in_every_form(day, form):
    assert read_day(form.format(day)) == day


@given(DAYS)
def test_a_serial_number_is_counted_from_the_first_day_of_the_workbook(day):
    for day_0 in (date(1899, 12, 30), date(1904, 1, 1)):
        serial = (day - day_0).days
        if 20_000 <= serial < 80_000:
            assert read_day(str(serial), day_0) == day


@pytest.mark.parametrize(
    "text", ["2025-12", "2025年12月", "2025", "25-1-1", "2025-02-30", "20251301", "待定", "2025.1"]
)
def test_what_is_no_whole_day_is_none(text):
    assert read_day(text) is None


@given(DAYS, st.integers(0, 9000), st.sampled_from(FORMS[:5]), st.sampled_from(BETWEEN))
def test_a_term_has_its_first_and_last_day(first, length, form, between):
    last = first + timedelta(length)
    text = f"{form.format(first)}{between}{form.format(last)}"
    assert read_term(text) == RightTerm(first, last)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("自2021年1月1日起至2025年12月31日止", RightTerm(date(2021, 1, 1), date(2025, 12, 31))),
        ("（2021-01-01至2025-12-31）", RightTerm(date(2021, 1, 1), date(2025, 12, 31))),
        ("至2025.12.31", RightTerm(last=date(2025, 12, 31))),
        ("2021-01-01起", RightTerm(date(2021, 1, 1))),
        ("长期", RightTerm(is_endless=True)),
        ("2021-01-01至长期", RightTerm(date(2021, 1, 1), is_endless=True)),
    ],
)
def test_half_a_term_and_one_without_end_are_told(text, term):
    assert read_term(text) == term


@pytest.mark.parametrize(
    "text",
    ["5年", "2021-01-01", "2021-01至2025-12", "2021-01-01至2025-13-31", "2021-01-01至2023-01-01至2025-01-01",
     "发证后5年至2025-12-31", "2021-01-01至2025-12-31长期"],
)  # fmt: skip
def test_what_does_not_tell_a_term_is_none(text):
    assert read_term(text) is None
