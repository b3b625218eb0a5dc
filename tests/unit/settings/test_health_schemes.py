"""Schemes of health: the shipped ones are whole and sourced; mistakes have their lines."""

import pytest
from pydantic import ValidationError

from pipeline import standards
from pipeline.errors import SettingsError
from pipeline.settings.health import Health
from pipeline.settings.health_schemes import load_health_scheme
from pipeline.settings.paths import list_health_schemes

SMALL = """
name_zh: 甲
name_en: a
source: b
water_body: river
unconfirmed: []
classes: {source: s, confirmed: true, bounds: [{key: "1", at_least: 50, name_zh: 好, name_en: Good},
  {key: "2", at_least: 0, name_zh: 差, name_en: Poor}]}
layers:
  - key: water
    name_zh: 水
    name_en: Water
    weight: {value: 1, source: s, confirmed: true}
    criteria:
      - key: fish
        name_zh: 鱼
        name_en: Fish
        weight: {value: 1, source: s, confirmed: true}
        parts:
          - measure: fish_index
            scoring: {kind: linear, points: [[0, 0], [1, 100]], source: s, confirmed: true}
"""


def written(folder, text):
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", list_health_schemes())
def test_a_shipped_scheme_says_of_every_figure_where_it_is_from(name):
    scheme = load_health_scheme(name)
    figures = [scheme.classes, *(layer.weight for layer in scheme.layers)]
    figures += [criterion.weight for _, criterion in scheme.list_criteria()]
    figures += [part.scoring for _, criterion in scheme.list_criteria() for part in criterion.parts]
    assert all(figure.source for figure in figures)
    assert scheme.unconfirmed
    assert scheme.source


@pytest.mark.parametrize("name", list_health_schemes())
def test_weights_of_a_shipped_scheme_are_shares_of_one_whole(name):
    scheme = load_health_scheme(name)
    whole = sum(layer.weight.value * criterion.weight.value for layer, criterion in scheme.list_criteria())
    assert whole == pytest.approx(1)


@pytest.mark.parametrize("name", list_health_schemes())
def test_scores_of_a_shipped_scheme_lie_at_values_that_its_measures_can_have(name):
    bounds = {row["measure"]: row for row in standards.read_rows("health_measures")}
    for _, criterion in load_health_scheme(name).list_criteria():
        for part in criterion.parts:
            row, scoring = bounds[part.measure], part.scoring
            known = (
                [value for value, _ in scoring.points]
                if scoring.kind == "linear"
                else [step.begins for step in scoring.steps[1:]]
            )
            assert all(float(row["low"]) <= value <= float(row["high"]) for value in known), part.measure


def test_an_own_scheme_is_read_from_its_path(tmp_path):
    scheme = load_health_scheme(written(tmp_path, SMALL), "river")
    assert [criterion.key for _, criterion in scheme.list_criteria()] == ["fish"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("measure: fish_index", "measure: fishes", "fish_index"),
        ("weight: {value: 1,", "weight: {value: 0.4,", "sum to 1"),
        ("points: [[0, 0], [1, 100]]", "points: [[1, 0], [0, 100]]", "rise"),
        ("kind: linear, points: [[0, 0], [1, 100]]", "kind: steps, steps: [{score: 0}, {score: 1}]", "rise"),
        ("at_least: 0", "at_least: 10", "from 0"),
        ("[1, 100]], source: s, confirmed: true", "[1, 100]], source: s", "confirmed"),
    ],
)  # fmt: skip
def test_a_mistake_of_a_scheme_is_named_with_its_file_and_line(tmp_path, old, new, said):
    path = written(tmp_path, SMALL.replace(old, new))
    with pytest.raises(SettingsError) as caught:
        load_health_scheme(path)
    (problem,) = caught.value.problems
    assert problem.place.startswith(f"{path}:")
    assert said in f"{problem.place} {problem.expected}"


def test_a_scheme_that_is_not_there_or_of_the_other_kind_is_refused_by_name(tmp_path):
    with pytest.raises(SettingsError, match="missing"):
        load_health_scheme(str(tmp_path / "none.yaml"))
    with pytest.raises(SettingsError) as caught:
        load_health_scheme("guide-2020-lake", "river")
    assert caught.value.problems[0].place == "assessment.health.schemes.river"


def test_a_path_alone_stands_for_a_file_and_for_a_list_of_one():
    block = Health.model_validate(
        {"bodies": "taipu_river", "tables": ["a.xlsx", {"path": "b.csv", "period": "2024"}]}
    )
    assert [body.path for body in block.bodies] == ["taipu_river"]
    assert [(table.path, table.period) for table in block.tables] == [("a.xlsx", None), ("b.csv", "2024")]


def test_columns_are_names_of_ours():
    with pytest.raises(ValidationError, match="depth"):
        Health.model_validate({"bodies": {"path": "a.gpkg", "columns": {"depth": "水深"}}})
