"""Cards: what is known counts by its weight, what is not is left out and said."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assessment.health import cards
from pipeline.assessment.health.cards import BodyPeriod, build_cards
from pipeline.assessment.health.criteria import HealthFigure
from pipeline.settings.health_schemes import HealthScheme, load_health_scheme

UNIT = {"source": "s", "confirmed": True}
STRAIGHT = {"kind": "linear", "points": [[0, 0], [1, 100]], **UNIT}
MEASURES = {
    "fish": ["fish_index"],
    "flow": ["flow_share_wet", "flow_share_dry"],
    "flood": ["flood_share"],
    "tidy": [],
}
LAYERS = {"water": (0.6, {"flow": 0.75, "tidy": 0.25}), "life": (0.4, {"fish": 0.5, "flood": 0.5})}


def build_criterion(key, weight, take):
    parts = [{"measure": name, "scoring": STRAIGHT} for name in MEASURES[key]]
    named = {"key": key, "name_zh": f"{key}项", "name_en": key}
    return {**named, "weight": {"value": weight, **UNIT}, "parts": parts, "take": take}


def build_scheme(*, confirmed=True, take="least"):
    layers = [
        {
            "key": key,
            "name_zh": f"{key}层",
            "name_en": key,
            "weight": {"value": weight, "source": "s", "confirmed": confirmed},
            "criteria": [build_criterion(*pair, take) for pair in criteria.items()],
        }
        for key, (weight, criteria) in LAYERS.items()
    ]
    bounds = [
        {"key": "1", "at_least": 60, "name_zh": "好", "name_en": "Good"},
        {"key": "2", "at_least": 0, "name_zh": "差", "name_en": "Poor"},
    ]
    about = {"name_zh": "试行", "name_en": "trial", "source": "s", "water_body": "river", "unconfirmed": []}
    return HealthScheme.model_validate({**about, "classes": {"bounds": bounds, **UNIT}, "layers": layers})


def judge(*periods, least=0.6, scheme=None, cycle=4):
    """Tables of one river over periods, each given by its figures."""
    labels = [f"2024Q{number}" for number in range(1, len(periods) + 1)]
    bodies = [
        BodyPeriod("R", "甲河", "river", label, {name: told(value) for name, value in figures.items()})
        for label, figures in zip(labels, periods, strict=True)
    ]
    return build_cards(bodies, {"river": ("own", scheme or build_scheme())}, labels, cycle, least)


def told(value):
    return value if isinstance(value, HealthFigure) else HealthFigure(value, "table", "a.xlsx, row 2")


FULL = {
    "fish_index": 0.8,
    "flow_share_wet": 0.9,
    "flow_share_dry": 0.5,
    "flood_share": 0.4,
    "score:tidy": 70.0,
}


def test_a_card_is_the_sum_of_layers_that_are_sums_of_criteria():
    found = judge(FULL)
    (card,) = found.cards.to_dict("records")
    water, life = 0.75 * 50 + 0.25 * 70, 0.5 * 80 + 0.5 * 40
    assert found.layers["score"].tolist() == pytest.approx([water, life])
    assert card["score"] == pytest.approx(0.6 * water + 0.4 * life)
    assert (card["known_weight"], card["criteria"], card["criteria_known"]) == (1.0, 4, 4)
    assert (card["health_class"], card["class_zh"]) == ("2", "差")
    assert card["lowest"] == "flood项"
    assert card["left_out"] is None
    assert not card["indicative"]
    assert card["reason"] is None


def test_the_least_part_decides_unless_the_scheme_takes_the_mean():
    (row,) = judge(FULL).criteria.query("criterion == 'flow'").to_dict("records")
    assert (row["score"], row["measure"], row["value"]) == (50, "flow_share_dry", 0.5)
    assert "丰水期最小流量占比 0.9 → 90" in row["inputs"]
    mean = judge(FULL, scheme=build_scheme(take="mean")).criteria.query("criterion == 'flow'")
    assert mean["score"].tolist() == pytest.approx([70])


def test_a_criterion_without_data_is_left_out_with_its_weight():
    lacking = {name: value for name, value in FULL.items() if name != "fish_index"}
    lacking["fish_index"] = HealthFigure(math.nan, "table", reason="没有调查")
    found = judge(lacking)
    (card,) = found.cards.to_dict("records")
    assert card["known_weight"] == pytest.approx(0.8)
    assert card["left_out"] == "fish项"
    assert card["score"] == pytest.approx(0.6 * 55 + 0.4 * 40)
    (row,) = found.criteria.query("criterion == 'fish'").to_dict("records")
    assert math.isnan(row["score"])
    assert row["weight"] == pytest.approx(0.2)
    assert "没有调查" in row["reason"]
    assert found.layers.set_index("layer").loc["life", "known_weight"] == pytest.approx(0.5)


@pytest.mark.parametrize(("least", "known"), [(0.45, True), (0.4499, True), (0.4501, False)])
def test_a_card_has_a_class_from_the_least_weight_on(least, known):
    (card,) = judge({"flow_share_wet": 0.9, "flow_share_dry": 0.5}, least=least).cards.to_dict("records")
    assert card["known_weight"] == pytest.approx(0.45)
    assert (card["health_class"] is not None) == known
    assert card["score"] == pytest.approx(50)
    assert ("不定级" in (card["reason"] or "")) != known


def test_a_body_of_which_nothing_is_known_has_neither_score_nor_class():
    found = judge({})
    (card,) = found.cards.to_dict("records")
    assert math.isnan(card["score"])
    assert card["health_class"] is None
    assert card["known_weight"] == 0
    assert "没有任何指标有数据" in card["reason"]
    assert found.layers["score"].isna().all()
    assert found.layers["reason"].notna().all()


def test_a_score_that_is_told_goes_before_one_of_parts():
    (row,) = judge(FULL | {"score:fish": 33.0}).criteria.query("criterion == 'fish'").to_dict("records")
    assert (row["score"], row["basis"]) == (33.0, "score")


def test_a_part_that_lacks_makes_the_criterion_indicative():
    rows = judge({"flow_share_wet": 0.9}).criteria.query("criterion == 'flow'").to_dict("records")
    assert rows[0]["score"] == 90
    assert rows[0]["indicative"]
    assert "flow_share_dry" in rows[0]["reason"]


def test_what_rests_on_an_unconfirmed_figure_is_indicative():
    assert judge(FULL, scheme=build_scheme(confirmed=False)).cards["indicative"].all()
    unsure = judge(FULL | {"flood_share": HealthFigure(0.4, "maps", indicative=True)})
    assert unsure.cards["indicative"].all()
    assert unsure.layers.set_index("layer")["indicative"].to_dict() == {"water": False, "life": True}


def test_a_card_stands_beside_the_period_before_and_a_year_ago():
    better = FULL | {"fish_index": 1.0}
    cards = judge(FULL, FULL, FULL, FULL, better).cards
    last = cards.iloc[-1]
    assert (last["before_period"], last["year_ago_period"]) == ("2024Q4", "2024Q1")
    assert last["change"] == pytest.approx(0.4 * 0.5 * 20)
    assert last["year_ago_change"] == pytest.approx(0.4 * 0.5 * 20)
    assert cards.loc[0, ["before_period", "change"]].isna().all()


def test_cards_of_other_criteria_are_not_compared():
    cards = judge(FULL, {name: value for name, value in FULL.items() if name != "fish_index"}).cards
    assert math.isnan(cards.loc[1, "change"])
    assert cards.loc[1, "before_score"] == pytest.approx(cards.loc[0, "score"])
    assert "2024Q1 有数据的指标不同" in cards.loc[1, "reason"]


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FULL)), st.floats(0, 1)), st.floats(0, 1))
def test_any_figures_give_scores_between_the_lowest_and_the_highest_known(figures, least):
    known = {name: value * 100 if name.startswith("score:") else value for name, value in figures.items()}
    found = judge(known, least=least)
    (card,) = found.cards.to_dict("records")
    scores = found.criteria["score"].dropna()
    if scores.empty:
        assert math.isnan(card["score"])
        return
    assert scores.min() - 1e-9 <= card["score"] <= scores.max() + 1e-9
    weight = found.criteria.loc[found.criteria["score"].notna(), "weight"].sum()
    assert card["known_weight"] == pytest.approx(weight)
    assert (card["health_class"] is None) == (weight < least - 1e-9)


@pytest.mark.parametrize(
    "name", ["guide-2020-river", "slt793-2020-river", "chongqing-2025-river", "tennant-river"]
)
def test_a_shipped_scheme_gives_full_marks_where_every_criterion_is_told_at_its_best(name):
    scheme = load_health_scheme(name)
    figures = {
        f"score:{criterion.key}": HealthFigure(100, "score") for _, criterion in scheme.list_criteria()
    }
    cards = build_cards(
        [BodyPeriod("R", "甲", "river", "2024", figures)], {"river": (name, scheme)}, ["2024"], 1, 0.6
    )
    assert cards.cards["score"].tolist() == pytest.approx([100])
    assert cards.cards["health_class"].tolist() == [scheme.classes.bounds[0].key]


def test_full_scores_are_a_full_score_however_their_weights_are_added():
    weights = (0.02, 0.02, 0.35, 0.01)
    assert sum(100 * weight for weight in weights) / sum(weights) > 100
    assert cards._average([{"score": 100.0, "weight": weight} for weight in weights], "weight") == 100
    assert math.isnan(cards._average([], "weight"))
