"""Files that a config names by a path or a pattern."""

import os
from pathlib import Path

import pytest

from pipeline.settings.files import is_there
from pipeline.settings.paths import list_matches


@pytest.mark.parametrize("name", ["[a]*{b}", "a?b", "a b", "江"])
def test_signs_of_patterns_in_folders_that_are_there_mean_themselves(tmp_path, name):
    folder = tmp_path / name
    (folder / "in" / "it").mkdir(parents=True)
    for place in ("b.csv", "a.csv", "in/it/c.csv", "d.txt"):
        (folder / place).touch()
    assert list_matches(f"{folder}/*.csv") == [folder / "a.csv", folder / "b.csv"]
    assert list_matches(f"{folder}/**/*.csv") == [folder / "a.csv", folder / "b.csv", folder / "in/it/c.csv"]
    assert list_matches(f"{folder}/i*/it/c.csv") == [folder / "in/it/c.csv"]
    assert is_there(f"{folder}/*.txt")
    assert not is_there(f"{folder}/*.xlsx")


@pytest.mark.parametrize("path", ["/", ".", ""])
def test_a_path_with_nothing_above_it_is_itself(path):
    assert list_matches(path) == [Path(path)]


def test_a_pattern_may_be_relative_and_nothing_fits_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").touch()
    assert [os.fspath(path) for path in list_matches("*.csv")] == ["a.csv"]
    assert list_matches("nowhere/*.csv") == []
