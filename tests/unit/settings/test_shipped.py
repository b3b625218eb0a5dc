"""Configs that come with the project are known by name in any folder; one's own file comes first."""

from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import load_settings
from pipeline.settings.shipped import CONFIGS, find_config, is_shipped, list_configs


@pytest.mark.parametrize("named", ["demo", "demo.yaml", "configs/demo.yaml", "configs/demo"])
def test_a_shipped_config_is_found_by_its_name_from_any_folder(named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(Path(named)) == CONFIGS / "demo.yaml"
    assert is_shipped(find_config(Path(named)))


def test_a_file_of_this_folder_comes_before_the_shipped_one_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo.yaml").write_text("label: own\n", encoding="utf-8")
    assert find_config(Path("demo.yaml")) == Path("demo.yaml")
    assert not is_shipped(Path("demo.yaml"))


@pytest.mark.parametrize("named", ["absent", "../configs/demo.yaml", "/demo.yaml", "configs"])
def test_what_is_neither_stays_as_it_is_named(named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(Path(named)) == Path(named)


def test_every_config_of_a_run_is_listed_and_found_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = list(list_configs())
    assert {"demo", "dispatch", "schedule/quarterly"} <= set(names)
    assert "products" not in names
    assert all(find_config(Path(name)).is_file() for name in names)


def test_a_config_that_is_nowhere_is_refused_with_the_names_of_the_shipped_ones(tmp_path):
    with pytest.raises(SettingsError) as refusal:
        load_settings(tmp_path / "demi.yaml")
    (problem,) = refusal.value.problems
    assert "demi.yaml" in problem.place
    assert "demo, dispatch" in problem.expected
