"""The block `catalogue` of a config: who compiles the catalogue, and what staff completed."""

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import load_settings

BASE = """label: x
aoi: [guangyang_island, longyou_bay]
scenes: {provider: simulated, missions: [sentinel-2], start: 2024-01-01, end: 2024-12-31}
"""


@pytest.fixture
def load(tmp_path):
    def write_and_load(text):
        (tmp_path / "config.yaml").write_text(BASE + text, encoding="utf-8")
        return load_settings(tmp_path / "config.yaml").catalogue

    return write_and_load


def test_a_config_without_it_names_nobody_and_no_file(load):
    assert load("").name_organisation("longyou_bay") == ""
    assert load("").supplement == []


def test_an_organisation_is_that_of_all_areas_or_of_each(load):
    assert (
        load("catalogue: {organisation: 某区规划资源局}\n").name_organisation("longyou_bay")
        == "某区规划资源局"
    )
    of_one = load("catalogue:\n  organisation: {longyou_bay: 某市自然资源局}\n")
    assert of_one.name_organisation("longyou_bay") == "某市自然资源局"
    assert of_one.name_organisation("guangyang_island") == "", "nobody is named for it"


@pytest.mark.parametrize("written", ["done/*.xlsx", "[done/*.xlsx]"])
def test_a_path_is_a_list_of_one_and_follows_the_config(load, tmp_path, written):
    assert load(f"catalogue: {{supplement: {written}}}\n").supplement == [str(tmp_path / "done/*.xlsx")]


@pytest.mark.parametrize("wrong", ["organisation: ''", "supplements: a.xlsx", "supplement: {path: a}"])
def test_what_it_does_not_know_is_refused(load, wrong):
    with pytest.raises(SettingsError, match="mistake"):
        load(f"catalogue:\n  {wrong}\n")
