"""The blocks of EI and EQI and their schemes: what they refuse, with every mistake and its line."""

import pytest
import yaml
from pydantic import ValidationError

from pipeline.errors import SettingsError
from pipeline.settings.assessment import Assessment
from pipeline.settings.ecological_index import (
    QualityIndex,
    StatusIndex,
    find_quality_scheme,
    find_status_scheme,
    load_quality_scheme,
    load_status_scheme,
)


def shipped(find, block):
    return yaml.safe_load(find(block).read_text(encoding="utf-8"))


def write(path, content):
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return str(path)


def test_two_limits_of_one_year_are_refused():
    with pytest.raises(ValidationError, match="one limit for each year"):
        StatusIndex(limits=[{"year": 2024, "level": 1}, {"year": 2024, "level": 2}])


@pytest.mark.parametrize("wrong", [{"level": 4}, {"level": 0}, {"year": 24}])
def test_levels_and_years_that_do_not_exist_are_refused(wrong):
    with pytest.raises(ValidationError):
        StatusIndex(limits=[{"year": 2024, "level": 2} | wrong])


def test_a_config_without_the_blocks_asks_for_neither():
    assert (Assessment().ei, Assessment().eqi) == (None, None)


def test_every_unconfirmed_figure_of_the_shipped_schemes_says_so():
    status, quality = load_status_scheme(StatusIndex()), load_quality_scheme(QualityIndex())
    figures = (
        status.vegetation_coefficient,
        status.least_known_share,
        status.least_seen_share,
        status.most_plausible,
    )
    assert not any(figure.confirmed for figure in figures)
    assert all(figure.source for figure in figures)
    levels = [one for top in quality.levels for one in top.walk()]
    assert not any(one.confirmed for one in levels)
    assert all(one.source for one in levels)
    assert status.unconfirmed
    assert quality.unconfirmed


def test_a_scheme_of_ones_own_is_taken(tmp_path):
    content = shipped(find_status_scheme, StatusIndex())
    content["vegetation_coefficient"] = {"value": 0.0125, "source": "正式文本", "confirmed": True}
    content["greatest"] = {"value": 100, "source": "正式文本", "confirmed": True}
    block = StatusIndex(scheme=write(tmp_path / "own.yaml", content))
    found = load_status_scheme(block)
    assert (found.vegetation_coefficient.value, found.greatest.value) == (0.0125, 100)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda scheme: scheme["levels"][0].update(weight=0.5), "sum to 1, not 1.14"),
        (lambda scheme: scheme["classes"].reverse(), "must fall"),
        (lambda scheme: scheme["changes"].reverse(), "must rise from 0"),
        (lambda scheme: scheme["levels"][1].update(key="pattern"), "none twice"),
        (lambda scheme: scheme.update(weight=1), "no such key"),
    ],
)
def test_a_scheme_that_cannot_be_right_is_refused(tmp_path, spoil, expected):
    content = shipped(find_quality_scheme, QualityIndex())
    spoil(content)
    with pytest.raises(SettingsError) as error:
        load_quality_scheme(QualityIndex(scheme=write(tmp_path / "own.yaml", content)))
    assert any(expected in problem.expected for problem in error.value.problems), error.value.problems


def test_all_mistakes_of_a_scheme_are_said_at_once_with_their_lines(tmp_path):
    content = shipped(find_status_scheme, StatusIndex())
    content["vegetation_coefficient"]["value"] = "zero"
    content["least_known_share"].pop("source")
    with pytest.raises(SettingsError) as error:
        load_status_scheme(StatusIndex(scheme=write(tmp_path / "own.yaml", content)))
    places = [problem.place for problem in error.value.problems]
    assert len(places) == 2
    assert all("own.yaml:" in place for place in places)


def test_a_scheme_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError) as error:
        load_quality_scheme(QualityIndex(scheme=str(tmp_path / "none.yaml")))
    assert error.value.problems[0].place == "assessment.eqi.scheme"
