"""A manifest may be anyone's: it has no variable of the environment but those that the command names."""

import json

import pytest

from pipeline import addresses, redaction
from pipeline.addresses import fill
from pipeline.commands.repeat import read_manifest
from pipeline.errors import SettingsError

SECRET = "tk-9Zq4w7Lm"


@pytest.fixture(autouse=True)
def knowing_nothing(monkeypatch):
    monkeypatch.setattr(addresses, "_KNOWN", addresses._Known())
    monkeypatch.setattr(redaction, "_HIDDEN", redaction._Hidden())
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("OTHER", f"{SECRET}-other")
    monkeypatch.delenv("NOWHERE", raising=False)


def write_manifest(folder, address, **config):
    scenes = {"provider": {"api": address}, "start": "2024-01-01", "end": "2024-12-31", "period": "year"}
    content = {
        "config": {"label": "2024", "aoi": ["guangyang_island"], "scenes": scenes, **config},
        **{key: {} for key in ("inputs", "files", "versions")},
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_variable_that_is_named_fills_the_address_and_is_told_by_its_name(tmp_path):
    path = write_manifest(tmp_path, "https://stac.example/${TOKEN}/v1")
    api = read_manifest(path, ["TOKEN"]).settings.scenes.provider.api
    assert fill(api) == f"https://stac.example/{SECRET}/v1"
    assert str(api) == "https://stac.example/${TOKEN}/v1"


@pytest.mark.parametrize(
    ("address", "env", "words"),
    [
        ("https://evil.example/${TOKEN}", [], ["--env TOKEN", "config.scenes.provider.api"]),
        ("https://evil.example/${TOKEN}/${OTHER}", ["TOKEN"], ["--env OTHER"]),
        ("https://evil.example/${NOWHERE}", ["NOWHERE"], ["not set"]),
        ("https://...@evil.example/v1", [], ["Run the config itself"]),
        ("https://evil.example/v1?key=...", [], ["Run the config itself"]),
    ],
)
def test_a_manifest_that_needs_other_secrets_is_refused_and_is_sent_none(tmp_path, address, env, words):
    with pytest.raises(SettingsError) as refused:
        read_manifest(write_manifest(tmp_path, address), env)
    for word in words:
        assert word in str(refused.value)
    assert SECRET not in str(refused.value)


def test_all_secrets_that_are_lacking_are_told_at_once(tmp_path):
    path = write_manifest(tmp_path, "https://evil.example/${TOKEN}/${OTHER}/${NOWHERE}")
    with pytest.raises(SettingsError) as refused:
        read_manifest(path)
    assert len(refused.value.problems) == 3


def test_a_scheduler_of_another_machine_needs_no_secret_as_it_is_not_obeyed(tmp_path):
    path = write_manifest(tmp_path, "https://stac.example/v1", compute={"cluster": "tcp://${TOKEN}:8786"})
    assert read_manifest(path) is not None


def test_a_config_is_no_manifest(tmp_path):
    path = tmp_path / "my.json"
    path.write_text(json.dumps({"label": "2024"}), encoding="utf-8")
    assert read_manifest(path) is None
