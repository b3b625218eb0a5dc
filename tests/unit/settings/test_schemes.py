"""Scheme files: the shipped ones are whole and say what is unconfirmed; mistakes have their lines."""

import pytest

from pipeline import standards
from pipeline.errors import SettingsError
from pipeline.settings import load_settings
from pipeline.settings.schemes import list_schemes, load_scheme

CONFIG = """
label: t
aoi: [longyou_bay]
scenes: {start: 2024-01-01, end: 2024-12-31}
sections: {targets: t.csv, schemes: [jiangsu_2021, own.yaml], rules: {year_months: 10}}
"""


@pytest.mark.parametrize("name", list_schemes())
def test_a_shipped_scheme_has_its_source_and_what_in_it_is_unconfirmed(name):
    scheme = load_scheme(name)
    assert scheme.source
    assert scheme.unconfirmed
    assert {entry.code for entry in scheme.factors} <= set(standards.table("water_limits")["code"])


def test_a_scheme_of_neither_kind_or_place_is_a_settings_error(tmp_path):
    with pytest.raises(SettingsError, match="missing"):
        load_scheme(str(tmp_path / "none.yaml"))
    path = tmp_path / "own.yaml"
    path.write_text("kind: three_way\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_scheme(str(path))
    assert len(caught.value.problems) == 1


def test_all_mistakes_of_a_scheme_are_told_with_their_lines(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "kind: two_way\nname_zh: 甲\nname_en: a\nsource: b\nperiod: week\namount_unit: 1e4 CNY\n"
        "factors: []\ntiers:\n  - {amount: 1}\nunconfirmed: []\n",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError) as caught:
        load_scheme(str(path))
    places = [problem.place for problem in caught.value.problems]
    assert len(places) == 2
    assert f"{path}:5" in places[0]
    assert f"{path}:7" in places[1]


@pytest.mark.parametrize(
    "tiers",
    ["[{up_to: 1, amount: 1}]", "[{up_to: 2, amount: 1}, {up_to: 1, amount: 2}, {amount: 3}]",
     "[{amount: 1}, {amount: 2}]", "[{up_to: 1, amount: -1}, {amount: 2}]"],
)  # fmt: skip
def test_tiers_rise_and_only_the_last_has_no_end(tmp_path, tiers):
    path = tmp_path / "own.yaml"
    path.write_text(
        "kind: two_way\nname_zh: 甲\nname_en: a\nsource: b\nperiod: month\namount_unit: 1e4 CNY\n"
        f"factors: [{{code: TP}}]\ntiers: {tiers}\nunconfirmed: []\n",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError):
        load_scheme(str(path))


def test_targets_and_own_schemes_are_relative_to_the_config_and_shipped_ones_are_named(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    sections = load_settings(path).sections
    assert sections.targets == str(tmp_path / "t.csv")
    assert sections.schemes == ["jiangsu_2021", str(tmp_path / "own.yaml")]
    assert (sections.rules.year_months, sections.rules.censored_share) == (10, 0.5)
