"""The first page tells what failed and what got worse before anything else, beside what each is made of."""

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs.embedding import MapPart
from pipeline.outputs.figures import find_better
from pipeline.outputs.report.conclusion import conclude
from pipeline.outputs.report.key_figures import list_key_figures
from pipeline.outputs.report.leading import build_leading_page
from pipeline.outputs.report.page import render_report
from pipeline.outputs.report.standing import list_standings
from pipeline.periods import list_periods
from tests.deliveries import small_delivery

SECTIONS, COVER = ("good_section_share", "target_met_share"), "vegetation_cover_share_land"
NAMES = {"good_section_share": "水质优良断面比例", "target_met_share": "水质达标断面比例"}
YEARS = [period.label for period in small_delivery().periods]


def tell(**figures):
    """Rows of the table of indicators; a figure of a year is a value, or numerator and denominator."""
    return pd.DataFrame(
        [
            _tell_one(code, period, value)
            for code, values in figures.items()
            for period, value in values.items()
        ]
    )


def _tell_one(code, period, value):
    above, below = value if isinstance(value, tuple) else (None, None)
    known = above / below if below else value
    ends = {"low": None, "high": None, "target": None}
    parts = {"numerator": above, "denominator": below, "source": "planted"}
    reason = "没有样本 / no samples" if known is None else None
    own = {"indicator": code, "aoi": "delta", "period": period, "value": known, "unit": "share"}
    return {**own, **parts, **ends, "reason": reason}


def deliver(table, language="zh", **more):
    delivery = small_delivery(language=language)
    return replace(delivery, tables={**delivery.tables, "indicators": table}, **more)


@pytest.fixture(scope="module")
def seen():
    """What was seen of an island: all sections good, and fewer of them at their target than before."""
    shares = {"good_section_share": ((3, 5), (5, 5)), "target_met_share": ((3, 5), (2, 5))}
    cover = dict(zip(YEARS, ((4e6, 1e7), (6e6, 1e7)), strict=True))
    told = {code: dict(zip(YEARS, pair, strict=True)) for code, pair in shares.items()}
    return deliver(tell(**told, **{COVER: cover}))


def test_a_falling_share_of_targets_met_stands_beside_and_before_the_good_sections(seen):
    figures = list_key_figures(list_standings(seen), None, seen)
    assert [figure.name for figure in figures[:2]] == [NAMES["target_met_share"], NAMES["good_section_share"]]
    fallen, risen = figures[:2]
    assert (fallen.value, fallen.made_of, fallen.state) == ("40.00%", "2 / 5 个断面", "bad")
    assert (risen.value, risen.made_of, risen.state) == ("100.00%", "5 / 5 个断面", "good")
    ((down,), (up,)) = fallen.moves, risen.moves
    assert (down.amount, down.word, down.since) == ("↓ 20.00 个百分点", "变差", "较2023年")
    assert (up.amount, up.word) == ("↑ 40.00 个百分点", "好转")
    assert re.sub("<[^>]+>", "", figures[2].made_of) == "600.00 / 1,000.00 公顷"


def test_the_conclusion_names_what_failed_and_what_got_worse_before_what_got_better(seen):
    told = conclude(list_standings(seen), [], seen)
    assert [one.state for one in told] == ["bad", "bad", "good"]
    missed, worse, better = (one.words for one in told)
    assert missed == (
        "2024年 3 个断面中 2 个未达到目标类别：西沙湾（Ⅴ类，目标Ⅲ类）、东旺沙水闸（Ⅲ类，目标Ⅲ类）。"
    )
    assert worse == "变差 1 项：水质达标断面比例 60.00% → 40.00%。"
    assert better.startswith("好转 2 项：水质优良断面比例 60.00% → 100.00%、")


def test_it_is_all_above_the_chapters_of_the_page_in_both_languages(seen, folder):
    for language, fall in (("zh", "↓ 20.00 个百分点 变差"), ("en", "↓ 20.00 percentage points Worse")):
        page = render_report(replace(seen, language=language), folder, MapPart("", "", (), ()))
        lead = page[page.index('<section id="lead"') : page.index('<section id="map"')]
        assert lead.index("40.00%") < lead.index("100.00%</b>")
        assert fall in lead
        assert lead.count("<figure>") == 1


def test_what_is_not_known_is_a_dash_with_its_reason():
    delivery = deliver(tell(good_section_share={YEARS[1]: None}))
    (figure,) = list_key_figures(list_standings(delivery), None, delivery)
    assert (figure.value, figure.made_of, figure.state, figure.moves) == ("—", "没有样本", "unknown", ())


def test_without_an_earlier_period_nothing_is_called_better_or_worse():
    delivery = deliver(tell(good_section_share={YEARS[1]: (1, 2)}))
    (figure,) = list_key_figures(list_standings(delivery), None, delivery)
    assert (figure.state, figure.moves) == ("plain", ())
    assert conclude(list_standings(delivery), [], delivery)[-1].words == "没有往期可比。"


def test_a_quarter_is_compared_with_the_one_before_and_with_that_of_last_year():
    quarters = tuple(list_periods(date(2023, 1, 1), date(2024, 3, 31), "quarter"))
    values = dict(zip([one.label for one in quarters], (0.5, 0.6, 0.7, 0.8, 0.6), strict=True))
    delivery = deliver(tell(**{COVER: values}), periods=quarters)
    (standing,) = list_standings(delivery)
    assert [(one.period.label, one.course, one.since) for one in standing.comparisons] == [
        ("2023Q4", "worse", "before"),
        ("2023Q1", "better", "year_ago"),
    ]
    (figure,) = list_key_figures([standing], None, delivery)
    assert [move.since for move in figure.moves] == ["较2023年第四季度（环比）", "较2023年第一季度（同比）"]
    assert figure.state == "bad"


def test_a_change_is_compared_with_the_change_before_it():
    periods = tuple(list_periods(date(2022, 1, 1), date(2024, 12, 31), "year"))
    delivery = deliver(
        tell(vegetation_loss_share={"2022/2023": 0.01, "2023/2024": 0.03, "2022/2024": 0.9}), periods=periods
    )
    (standing,) = list_standings(delivery)
    assert standing.now.value == 0.03
    assert [(one.then.value, one.course) for one in standing.comparisons] == [(0.01, "worse")]


SHARES = st.integers(0, 10_000).map(lambda whole: whole / 10_000)


@given(
    st.dictionaries(
        st.sampled_from(["good_section_share", "mean_fvc_land", "vegetation_loss_share", "class_share:bare"]),
        st.tuples(SHARES, SHARES),
        min_size=1,
    )
)
def test_every_indicator_is_told_once_as_better_worse_level_or_neither(planted):
    told = {code: dict(zip(YEARS, pair, strict=True)) for code, pair in planted.items()}
    standings = list_standings(deliver(tell(**told)))
    signs = {"higher": 1, "lower": -1, "": 0}
    for standing in standings:
        before, now = planted[standing.code]
        turn = round((now - before) * 10_000) * signs[find_better(standing.code)]
        level = "same" if now == before else "plain"
        assert standing.course == ("better" if turn > 0 else "worse" if turn < 0 else level)
    assert {one.code for one in standings} == set(planted)


def test_the_areas_of_classes_stand_in_the_order_of_the_legend_and_add_up():
    items = ["unknown", "class:built", "class:water", "aoi", "class:bare", "class:vegetation"]
    values = {"2023": (1, 2, 3, 21, 5, 10), "2024": (0, 4, 3, 21, 4, 10)}
    rows = [
        {"aoi": "delta", "period": period, "item": item, "value_m2": value * 1e4, "note": None}
        for period, column in values.items()
        for item, value in zip(items, column, strict=True)
    ]
    delivery = small_delivery()
    delivery = replace(delivery, tables={**delivery.tables, "area_balance": pd.DataFrame(rows)})
    areas = build_leading_page(None, [], [], delivery)["areas"]
    plain = [[re.sub("<[^>]+>", "", cell) for cell in row] for row in areas.rows]
    assert [row[0] for row in plain] == ["水体", "植被", "裸地", "建设用地", "未知", "合计"]
    assert plain[3] == ["建设用地", "2.00", "4.00", "+2.00"]
    assert sum(float(row[2]) for row in plain[:-1]) == float(plain[-1][2]) == 21


def test_the_gravest_findings_stand_first_then_those_of_which_there_are_most():
    delivery = small_delivery()
    first = delivery.findings.iloc[[0]]
    kinds = [("info", "never_clear", 9), ("warning", "overlap", 2), ("error", "b", 1), ("error", "a", 3)]
    rows = [
        first.assign(severity=severity, rule=rule, finding_id=f"{rule}{number}", message_zh=f"{rule}{number}")
        for severity, rule, count in kinds
        for number in range(count)
    ]
    worst = build_leading_page(None, [], [], replace(delivery, findings=pd.concat(rows)))["worst"]
    assert [(one.severity, one.count, one.message) for one in worst] == [
        ("错误", 3, "a0"),
        ("错误", 1, "b0"),
        ("警告", 2, "overlap0"),
    ]
