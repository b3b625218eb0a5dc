"""Examples of the config, one for each block: they are valid, complete and explained in both languages."""

import re
from pathlib import Path

import pytest
import yaml

from pipeline.aoi import PROJECT_ROOT
from pipeline.flow.validation import validate_settings
from pipeline.settings import Settings, load_settings

EXAMPLES = sorted((PROJECT_ROOT / "configs" / "examples").glob("*.yaml"))
OWN = "# 换成您自己的文件 With files of your own:\n"


def read_own(example: Path) -> dict:
    """What an example shows for files of one's own, which stands there as comments."""
    _, _, own = example.read_text(encoding="utf-8").partition(OWN)
    return yaml.safe_load(re.sub("^# ?", "", own, flags=re.MULTILINE)) or {}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_config_without_a_mistake(example):
    validate_settings(load_settings(example))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_what_an_example_shows_for_files_of_ones_own_is_valid_too(example, tmp_path):
    whole = yaml.safe_load(example.read_text(encoding="utf-8")) | read_own(example)
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    assert load_settings(path).label


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_begins_with_what_it_shows_in_both_languages(example):
    modeline, chinese, english, *_ = example.read_text(encoding="utf-8").splitlines()
    assert modeline == "# yaml-language-server: $schema=../schema.json"
    assert re.match(r"# [\u4e00-\u9fff]", chinese)
    assert re.match(r"# [A-Z][a-z]", english)


def test_every_block_of_the_config_has_an_example():
    contents = [yaml.safe_load(path.read_text(encoding="utf-8")) | read_own(path) for path in EXAMPLES]
    shown = {key for content in contents for key in content}
    assert shown == set(Settings.model_fields)


def test_what_the_examples_say_of_files_is_more_than_a_few():
    assert sum(bool(read_own(path)) for path in EXAMPLES) > len(EXAMPLES) / 2
