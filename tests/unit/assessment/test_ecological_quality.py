"""EQI: the tree of a scheme, what is told before what is made of parts, classes at and beside every cut."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.assessment.amounts import Amount
from pipeline.assessment.ecological_quality import (
    QualitySources,
    QualityYear,
    build_quality_indicators,
    build_quality_rows,
    evaluate_quality,
    index_indicators,
    name_class,
    name_quality_change,
)
from pipeline.settings.ecological_index import (
    Level,
    QualityIndex,
    QualityScheme,
    load_quality_scheme,
)

SHIPPED = load_quality_scheme(QualityIndex())
FIRST = ("pattern", "function", "biodiversity", "stress")


def tell(indices, indicators=None):
    def find(known):
        return lambda name: Amount(known[name], "s") if name in known else Amount(None, "s", f"没有 {name}")

    return QualitySources(find(indices), find(indicators or {}))


def level(key, weight, **others):
    return Level(key=key, name_zh=key, name_en=key, weight=weight, source="s", confirmed=True, **others)


def scheme_of(*levels):
    return QualityScheme(
        **{**SHIPPED.model_dump(), "levels": [one.model_dump() for one in levels], "confirmed": True}
    )


def test_the_shipped_scheme_has_the_levels_that_were_seen_in_print():
    second = [part for top in SHIPPED.levels for part in top.parts]
    leaves = [one for top in SHIPPED.levels for one in top.walk() if not one.parts]
    assert (len(SHIPPED.levels), len(second), len(leaves)) == (4, 11, 18)
    assert sum(one.weight for one in SHIPPED.levels) == pytest.approx(1)
    assert not SHIPPED.confirmed


@given(values=st.lists(st.floats(0, 100), min_size=4, max_size=4))
def test_eqi_is_the_weighted_sum_of_four_with_stress_inverse(values):
    found = evaluate_quality(SHIPPED, tell(dict(zip(FIRST, values, strict=True))))
    pattern, function, life, stress = values
    expected = 0.36 * pattern + 0.35 * function + 0.19 * life + 0.10 * (100 - stress)
    assert float(found.value) == pytest.approx(expected)
    assert found.indicative


def test_without_one_index_there_is_no_eqi_but_how_many_there_are():
    found = evaluate_quality(SHIPPED, tell({"pattern": 60.0, "function": 60.0, "stress": 30.0}))
    assert (found.value, found.known) == (None, 3)
    assert "4 项指数只有 3 项，缺生物多样性指数" in found.reason
    life = found.parts[2]
    assert "没有 biodiversity" in life.reason
    assert "没有重点保护生物指数、重要生物功能群指数的权重" in life.reason


def test_parts_make_an_index_where_all_have_weights_and_values():
    top = level("a", 1.0, parts=[level("b", 0.7), level("c", 0.3, inverse=True)])
    found = evaluate_quality(scheme_of(top), tell({"b": 50.0, "c": 20.0}))
    assert float(found.value) == pytest.approx(0.7 * 50 + 0.3 * 80)
    assert not found.indicative
    told = evaluate_quality(scheme_of(top), tell({"a": 41.0, "b": 50.0, "c": 20.0}))
    assert told.value == 41


def test_an_indicator_times_its_coefficient_is_an_index():
    top = level("a", 1.0, indicator="vegetation_cover_share_land", coefficient=100.5)
    found = evaluate_quality(scheme_of(top), tell({}, {"vegetation_cover_share_land": 0.82}))
    assert float(found.value) == pytest.approx(82.41)
    missing = evaluate_quality(scheme_of(top), tell({}))
    assert "没有 vegetation_cover_share_land" in missing.parts[0].reason


@pytest.mark.parametrize(
    ("value", "name"),
    [
        *(("70", "一类"), ("69.999", "二类"), ("55", "二类"), ("54.999", "三类"), ("40", "三类")),
        *(("39.999", "四类"), ("30", "四类"), ("29.999", "五类"), ("0", "五类")),
        *(("73.88", "一类"), ("84.81", "一类"), ("32.73", "四类"), ("54.76", "三类")),
        *(("62.7", "二类"), ("59.95", "二类")),
    ],
)
def test_classes_at_and_beside_every_cut_and_of_published_units(value, name):
    """Published: 河南 2024 (73.88 and 84.81, 32.73, 54.76), 宜兴 2021 (62.7), the country 2024 (59.95)."""
    assert name_class(Decimal(value), SHIPPED).startswith(name)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        *(("0", "稳定 /"), ("0.999", "稳定 /"), ("-0.999", "稳定 /"), ("1", "轻微变好"), ("-1", "轻微变差")),
        *(("1.999", "轻微变好"), ("2", "一般变好"), ("-2", "一般变差"), ("4", "一般变好")),
        *(("-4", "一般变差"), ("4.001", "明显变好"), ("-4.001", "明显变差")),
    ],
)
def test_words_for_changes_at_and_beside_every_cut(change, word):
    assert name_quality_change(Decimal(change), SHIPPED).startswith(word)


def test_years_stand_beside_the_year_before():
    values = [
        dict(zip(FIRST, row, strict=True)) for row in ((60.0, 61.0, 50.0, 30.0), (66.0, 61.0, 50.0, 30.0))
    ]
    years = [
        QualityYear("2022Q4", None, None, "不是整年"),
        *(
            QualityYear(str(year), year, evaluate_quality(SHIPPED, tell(told)))
            for year, told in zip((2023, 2024), values, strict=True)
        ),
    ]
    rows = build_quality_rows(years, SHIPPED, "field")
    totals = rows[rows["level"].eq(0)].set_index("period")
    assert len(rows) == 1 + 2 * 29
    assert totals.loc["2024", "before_change"] == pytest.approx(0.36 * 6)
    assert totals.loc["2024", "change_word"] == "一般变好 / moderate, better"
    assert "2022" in totals.loc["2023", "compared_reason"]
    assert totals.loc["2022Q4", "reason"] == "不是整年"
    assert build_quality_indicators(rows)["value"].notna().to_list() == [False, True, True]
    assert set(rows.loc[rows["value"].isna(), "reason"].isna()) == {False}


def test_indicators_are_those_of_the_area_and_the_period():
    table = pd.DataFrame(
        {
            "indicator": ["a", "a", "a", "b"],
            "aoi": ["field", "town", "field", "field"],
            "period": ["2024", "2024", "2023", "2024"],
            "value": [1.0, 2.0, 3.0, None],
            "source": "s",
            "reason": [None, None, None, "没有"],
        }
    )
    found = index_indicators(table, "field", "2024")
    assert {name: amount.value for name, amount in found.items()} == {"a": 1.0, "b": None}
    assert found["b"].reason == "没有"
