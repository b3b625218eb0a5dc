"""Settings by keywords are those of the same words in a file; mistakes are named like those of a file."""

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline.errors import SettingsError

WORDS = {
    "label": "2024",
    "aoi": ["guangyang_island"],
    "scenes": {"provider": "simulated", "start": date(2023, 1, 1), "end": date(2024, 12, 31)},
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({**WORDS, "out": "here"}), encoding="utf-8")
    return path


@given(
    period=st.sampled_from(["month", "quarter", "season", "year"]),
    cloud=st.integers(0, 100),
    indices=st.lists(st.sampled_from(["ndvi", "evi", "mndwi", "bsi"]), min_size=1, unique=True),
    language=st.sampled_from(["zh", "en"]),
)
def test_keywords_say_what_the_same_words_of_a_file_say(tmp_path_factory, period, cloud, indices, language):
    scenes = {**WORDS["scenes"], "period": period, "max_cloud_percent": cloud}
    words = {**WORDS, "scenes": scenes, "indices": tuple(indices), "language": language}
    path = tmp_path_factory.mktemp("configs") / "config.yaml"
    path.write_text(yaml.safe_dump({**words, "indices": indices, "out": str(path.parent)}), encoding="utf-8")
    assert pipeline.build_settings(**words, out=path.parent) == pipeline.build_settings(path)


def test_keywords_beside_a_file_change_what_they_name_and_nothing_else(file):
    plain = pipeline.build_settings(file)
    changed = pipeline.build_settings(file, scenes={"period": "quarter"}, indices=["evi"])
    assert changed.scenes == plain.scenes.model_copy(update={"period": "quarter"})
    assert changed.indices == ["evi"]
    assert (changed.aoi, changed.out) == (plain.aoi, str(file.parent / "here"))


def test_a_shipped_config_is_known_by_its_name_wherever_the_process_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert pipeline.build_settings("demo", label="autumn").label == "autumn"
    assert pipeline.build_settings("demo").simulated


def test_settings_pass_as_they_are(file):
    settings = pipeline.build_settings(file)
    assert pipeline.build_settings(settings) is settings


def test_paths_without_a_file_are_those_of_the_folder_of_the_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = pipeline.build_settings(**WORDS, samples=[{"path": Path("water.csv")}])
    assert settings.samples[0].path == str(tmp_path / "water.csv")


def test_every_mistake_of_keywords_is_named_at_once():
    scenes = {**WORDS["scenes"], "period": "weak", "no_such_key": 1}
    with pytest.raises(SettingsError) as caught:
        pipeline.build_settings(**{**WORDS, "scenes": scenes}, indices=7)
    told = str(caught.value)
    assert all(word in told for word in ("scenes.period", "scenes.no_such_key", "indices"))


def test_a_shipped_config_is_known_by_name_and_delivers_where_the_process_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = pipeline.build_settings("demo", aoi=["longyou_bay"])
    assert (settings.aoi, settings.out) == (["longyou_bay"], str(tmp_path / "delivery"))
    assert pipeline.build_settings("demo", out=tmp_path / "there").out == str(tmp_path / "there")


def test_a_config_is_written_for_the_files_of_a_folder_and_never_over_one(out, tmp_path):
    shutil.copy(out.with_name("water.csv"), tmp_path / "水质.csv")
    days = {"start": "2024-01-01", "end": date(2024, 12, 31)}
    path = pipeline.write_config(tmp_path, aoi="guangyang_island", provider="earth-search", **days)
    settings = pipeline.build_settings(path)
    assert (settings.aoi, settings.scenes.provider) == (["guangyang_island"], "earth-search")
    assert [one.path for one in settings.samples] == [str(tmp_path / "水质.csv")]
    with pytest.raises(SettingsError, match=r"ecoledger\.yaml"):
        pipeline.write_config(tmp_path, aoi="guangyang_island", **days)
