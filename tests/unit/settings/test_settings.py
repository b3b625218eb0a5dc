"""The config: every mistake at once, each with its line."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipeline.aoi import PROJECT_ROOT, list_aois
from pipeline.errors import SettingsError
from pipeline.settings import (
    Clear,
    Endmembers,
    Settings,
    build_schema,
    load_settings,
)
from pipeline.settings.sources import INSTRUMENTS, LocalArchive, StacApi, StaticCatalog, load_providers

SMALL = """\
label: "2024"
aoi: [guangyang_island]
scenes:
  start: 2023-01-01
  end: 2024-12-31
"""

FULL = """\
label: "2024"
aoi: [chongming_wetlands, guangyang_island, longyou_bay]
scenes:
  provider: earth-search
  missions: [sentinel-2, landsat-8, landsat-9]
  start: 2023-01-01
  end: 2024-12-31
  period: year
  max_cloud_percent: 80
  composite: median
  clear: {scl: [4, 5, 6, 7, 11], open_px: 2, dilate_px: 5}
  harmonise: auto
  resolution_m: 10
  max_failed_share: 0.05
indices: [ndvi, evi, mndwi, ndbi, bsi]
vegetation: {endmembers: [5, 95], freeze: true, cover_threshold: 0.3}
land_cover: {}
samples:
  - {path: water/*.xlsx, water_body: river, columns: {section: 断面名称}}
sections: {register: sections.csv}
parcels: {path: register.gpkg, layer: 宗地, encoding: auto, columns: {parcel_no: 宗地号}, mask_holders: true}
compute: {cluster: local, workers: auto, memory: 2 GiB}
language: zh
outputs: {composite: false}
out: delivery/
"""


def loaded(folder: Path, text: str, *overrides: str) -> Settings:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, list(overrides))


def mistakes(folder: Path, text: str, *overrides: str) -> dict[str, str]:
    """Expected, by place without the folder."""
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text, *overrides)
    return {problem.place.replace(f"{folder}/", ""): problem.expected for problem in caught.value.problems}


def test_the_example_of_the_interface_parses_with_the_values_that_stand_in_it(tmp_path):
    settings = loaded(tmp_path, FULL)
    assert settings.scenes.harmonised
    assert settings.compute.memory == 2 * 2**30
    assert settings.vegetation.endmembers == (5, 95)
    assert [period.label for period in settings.scenes.periods] == ["2023", "2024"]


def test_what_the_example_shows_are_the_defaults(tmp_path):
    full, small = loaded(tmp_path, FULL), loaded(tmp_path, SMALL)
    for name in ("scenes", "indices", "vegetation", "land_cover", "compute", "language", "outputs", "out"):
        assert getattr(small, name) == getattr(full, name)


def test_the_shipped_demo_config_parses():
    assert load_settings(PROJECT_ROOT / "configs" / "demo.yaml").simulated


def test_all_mistakes_are_told_at_once_each_with_its_line_and_place(tmp_path):
    text = SMALL + (
        "  period: week\n"
        "  clear: {scl: [4, 99, 0], opne_px: 3}\n"
        "indizes: [ndvi]\n"
        "samples:\n"
        "  - {path: a.csv, water_body: sea}\n"
        "  - {water_body: lake}\n"
        "language: fr\n"
    )
    assert set(mistakes(tmp_path, text)) == {
        "config.yaml:6, scenes.period",
        "config.yaml:7, scenes.clear.scl.1",
        "config.yaml:7, scenes.clear.scl.2",
        "config.yaml:7, scenes.clear.opne_px",
        "config.yaml:8, indizes",
        "config.yaml:10, samples.0.water_body",
        "config.yaml:11, samples.1.path",
        "config.yaml:12, language",
    }


def test_a_missing_key_is_told_at_the_line_of_its_section(tmp_path):
    text = "label: a\naoi: [guangyang_island]\nscenes:\n  start: 2023-01-01\n"
    assert set(mistakes(tmp_path, text)) == {"config.yaml:3, scenes.end"}


def test_a_key_that_stands_twice_is_a_mistake_at_its_second_line(tmp_path):
    text = SMALL + "  start: 2023-02-01\nlabel: other\n"
    assert mistakes(tmp_path, text) == {
        "config.yaml:6, start": "each key once",
        "config.yaml:7, label": "each key once",
    }


def test_where_several_forms_are_allowed_one_problem_says_what_each_expects(tmp_path):
    (place, expected), *others = mistakes(tmp_path, SMALL + "  provider: {statc: x}\n").items()
    assert place == "config.yaml:6, scenes.provider"
    assert "static: Field required" in expected
    assert "api: Field required" in expected
    assert not others
    assert set(mistakes(tmp_path, SMALL + "vegetation: {endmembers: [5, x]}\n")) == {
        "config.yaml:6, vegetation.endmembers"
    }


@pytest.mark.parametrize(
    ("text", "todo"),
    [
        ("scenes: {start: 2024-01-02, end: 2024-01-01}", "lies before start"),
        ("vegetation: {endmembers: [95, 5]}", "must lie above"),
        ("rsei: {trim: [98, 2]}", "must lie above the first"),
        ("rsei: {wetness: msi}", "surface"),
        ("vegetation: {growing_season: [10, 4]}", "must not lie before"),
        ("vegetation: {growing_season: [0, 4]}", "greater than or equal to 1"),
        ("vegetation: {ndvi: mean}", "maximum"),
        ("greenness: {test: spearman}", "hirsch-slack"),
        ("water: {seldom: 0.5, mostly: 0.5}", "mostly must lie above seldom"),
        ("vegetation: {endmembers: {soil: 0.8, vegetation: 0.1}}", "vegetation must lie above soil"),
        ("vegetation: {endmembers: {soil: .nan, vegetation: 0.1}}", "finite"),
        ("land_cover: {water_mndwi: .inf}", "finite"),
        ("compute: {memory: 1.2.3 GiB}", "a size such as 2 GiB"),
        (f"compute: {{memory: {'9' * 400} GiB}}", "a size such as 2 GiB"),
        ("compute: {memory: 2}", "greater than"),
        ("compute: {workers: 0}", "greater than"),
        ("scenes: {start: 2023-01-01, end: 9999-12-31}", "2099-12-31"),
        ("scenes: {start: 0001-01-01, end: 2023-12-31}", "1972-01-01"),
        ("scenes: {missions: [], start: 2023-01-01, end: 2023-12-31}", "at least 1"),
        ("label: ..", "pattern"),
        ("label: a/b", "pattern"),
        ("label: .hidden", "pattern"),
        ("label: latest", "a name other than"),
        ("label: 2024.10", "quotation marks"),
        ("label: [a]", "valid string"),
        ("aoi: guangyang_island", "valid list"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, text, todo):
    content = {**yaml.safe_load(SMALL), **yaml.safe_load(text)}
    assert todo in "".join(mistakes(tmp_path, yaml.safe_dump(content)).values())


@pytest.mark.parametrize(
    "text",
    [
        "- a\n- b\n",
        "a",
        "3",
        "",
        "null",
        "a: [",
        "? [a]\n: 3\n",
        "a: &a [*a]",
        "a: &a {b: *a}",
        "a: 2024-13-45",
        "a: \x01",
        "a: " + "[" * 3000,
        "a: " + "9" * 5000,
        "--- a\n--- b\n",
        "a: !!int x",
        "a: !!python/object/apply:os.system [ls]",
        "1: 2",
        "<<: 3",
        "a: =",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_text_that_is_no_config_is_a_settings_error(tmp_path, text):
    assert mistakes(tmp_path, text)


def test_a_config_that_is_not_utf8_or_not_there_is_a_settings_error(tmp_path):
    path = tmp_path / "config.yaml"
    for content in (None, b"\xff\xfe\x00", SMALL.encode("utf-16")):
        if content:
            path.write_bytes(content)
        with pytest.raises(SettingsError, match=re.escape(str(path))):
            load_settings(path)
    with pytest.raises(SettingsError):
        load_settings(tmp_path)


def test_the_line_of_broken_yaml_is_told(tmp_path):
    assert list(mistakes(tmp_path, SMALL + "x: {a: 1\n")) == ["config.yaml:7"]


def test_variables_come_from_the_environment_and_all_unset_ones_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACE", "here")
    monkeypatch.setenv("HANDS", "3")
    settings = loaded(tmp_path, SMALL + 'out: "${PLACE}/x${PLACE}"\ncompute: {workers: "${HANDS}"}\n')
    assert settings.out == str(tmp_path / "here/xhere")
    assert settings.compute.workers == 3
    monkeypatch.delenv("HANDS")
    text = SMALL + 'out: "${GONE}"\nsamples:\n  - path: "${HANDS}/${GONE}"\n'
    assert set(mistakes(tmp_path, text)) == {"config.yaml:6, out", "config.yaml:8, samples.0.path"}


def test_what_came_from_the_environment_appears_in_no_message(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "hush")
    path = tmp_path / "config.yaml"
    path.write_text(SMALL + '  provider: {api: "https://host/${TOKEN}", nope: 1}\nlanguage: "${TOKEN}"\n')
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert "hush" not in str(caught.value)
    assert "${TOKEN}" in str(caught.value)


def test_nothing_but_plain_variables_is_evaluated(tmp_path, monkeypatch):
    monkeypatch.setenv("A", "${B}")
    monkeypatch.setenv("B", "no")
    assert loaded(tmp_path, SMALL + 'out: "/${A}/$B/$(ls)"\n').out == "/${B}/$B/$(ls)"


def test_overrides_are_read_as_yaml_and_win(tmp_path):
    settings = loaded(
        tmp_path,
        SMALL,
        "scenes.period=month",
        "aoi=[longyou_bay]",
        "compute.memory=1 GiB",
        "scenes.clear.scl=[4]",
        "vegetation.endmembers={soil: 0.1, vegetation: 0.9}",
    )
    assert settings.scenes.period == "month"
    assert settings.aoi == ["longyou_bay"]
    assert settings.compute.memory == 2**30
    assert settings.scenes.clear == Clear(scl=[4])
    assert settings.vegetation.endmembers == Endmembers(soil=0.1, vegetation=0.9)


def test_an_override_opens_an_empty_section(tmp_path):
    text = "label: a\naoi: [guangyang_island]\nscenes:\n"
    assert loaded(tmp_path, text, "scenes.start=2023-01-01", "scenes.end=2023-01-31").scenes.periods


@pytest.mark.parametrize(
    "override",
    [
        "scenes",
        "",
        "=",
        "=3",
        "label.x=3",
        "samples.0.path=x",
        "scenes.period=[",
        "scenes.start=2024-13-45",
        "aoi=[a, b, {c: 1}]",
        "scenes.period=week",
        "scenes=",
        "nope=1",
        "label=\x01",
    ],
)
def test_a_bad_override_is_a_settings_error(tmp_path, override):
    assert mistakes(tmp_path, SMALL, override)


def test_a_mistake_in_an_override_is_placed_at_the_override(tmp_path):
    text = SMALL + "language: fr\n"
    assert set(mistakes(tmp_path, text, "scenes.period=week", "aoi=[{c: 1}]")) == {
        "--set scenes.period",
        "--set aoi.0",
        "config.yaml:6, language",
    }


def test_relative_paths_are_relative_to_the_config_and_absolute_ones_stay(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "area.geojson").touch()
    monkeypatch.chdir(elsewhere)
    text = SMALL.replace("[guangyang_island]", "[guangyang_island, area.geojson, /abs/area.gpkg]") + (
        "  provider: {static: stac/catalog.json}\n"
        "samples: [{path: water/*.xlsx}, {path: /abs/w.csv}]\n"
        "sections: {register: sections.csv}\n"
        "parcels: {path: register.gpkg}\n"
    )
    settings = loaded(tmp_path, text)
    assert settings.aoi == ["guangyang_island", str(tmp_path / "area.geojson"), "/abs/area.gpkg"]
    assert settings.scenes.provider == StaticCatalog(static=str(tmp_path / "stac/catalog.json"))
    assert [entry.path for entry in settings.samples] == [str(tmp_path / "water/*.xlsx"), "/abs/w.csv"]
    assert settings.sections.register_path == str(tmp_path / "sections.csv")
    assert settings.parcels is not None
    assert settings.parcels.path == str(tmp_path / "register.gpkg")
    assert settings.out == str(tmp_path / "delivery")


def test_the_folder_of_an_archive_is_relative_to_the_config_too(tmp_path):
    settings = loaded(tmp_path, SMALL + "  provider: {local: scenes/2024}\n")
    assert settings.scenes.provider == LocalArchive(local=str(tmp_path / "scenes/2024"))


def test_addresses_are_not_paths(tmp_path):
    settings = loaded(tmp_path, SMALL + "  provider: {static: https://host/catalog.json}\n")
    assert settings.scenes.provider == StaticCatalog(static="https://host/catalog.json")


@pytest.mark.parametrize(
    ("harmonise", "missions", "expected"),
    [
        ("auto", "[sentinel-2]", False),
        ("auto", "[landsat-8, landsat-9]", False),
        ("auto", "[sentinel-2, landsat-8]", True),
        ("auto", "[landsat-5, landsat-7]", False),
        ("auto", "[landsat-7, landsat-8]", True),
        ("false", "[landsat-5, landsat-9]", False),
        ("true", "[sentinel-2]", True),
        ("false", "[sentinel-2, landsat-8]", False),
    ],
)
def test_auto_harmonises_only_where_instruments_stand_side_by_side(tmp_path, harmonise, missions, expected):
    text = SMALL + f"  harmonise: {harmonise}\n  missions: {missions}\n"
    assert loaded(tmp_path, text).scenes.harmonised is expected


def test_the_schema_is_valid_and_takes_what_the_models_take():
    published = build_schema()
    jsonschema.Draft202012Validator.check_schema(published)
    validator = jsonschema.Draft202012Validator(published)
    right = yaml.safe_load(FULL)
    right["scenes"] |= {"start": "2023-01-01", "end": "2024-12-31"}  # JSON has no dates
    assert not list(validator.iter_errors(right))
    assert list(validator.iter_errors({**right, "nope": 1}))
    assert list(validator.iter_errors({**right, "language": "fr"}))


def test_every_named_provider_is_whole():
    known = load_providers()
    assert isinstance(known["earth-search"], StacApi)
    assert known["earth-search"].collections["sentinel-2"] == ["sentinel-2-c1-l2a", "sentinel-2-l2a"]
    assert set(known["earth-search"].collections) == set(INSTRUMENTS)
    assert set(known) == {"earth-search", "planetary-computer", "cdse", "usgs-landsatlook"}
    assert set(known["cdse"].collections) == {"sentinel-2"}
    assert "sentinel-2" not in known["usgs-landsatlook"].collections


def test_every_shipped_area_can_be_named(tmp_path):
    text = SMALL.replace("[guangyang_island]", str(list_aois()))
    assert loaded(tmp_path, text).aoi == list_aois()


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("{}", True),
        ("{method: classifier}", False),
        ("{method: classifier, samples: {path: a.gpkg}}", True),
        ("{method: classifier, model: {path: m, sha256: %s}}" % ("0a" * 32), True),
        ("{method: classifier, samples: {path: a}, model: {path: m, sha256: %s}}" % ("0a" * 32), False),
        ("{samples: {path: a.gpkg}}", False),
        ("{method: classifier, model: {path: m, sha256: abc}}", False),
    ],
)
def test_a_classifier_has_samples_or_a_model_and_the_rules_have_neither(tmp_path, given, right):
    text = f"{SMALL}land_cover: {given}\n"
    if right:
        cover = loaded(tmp_path, text).land_cover
        files = [file.path for file in (cover.samples, cover.model) if file]
        assert all(file.startswith(str(tmp_path)) for file in files)
    else:
        assert "land_cover" in str(mistakes(tmp_path, text))


def test_an_aoi_may_say_its_layer_and_is_chosen_by_its_path(tmp_path, monkeypatch):
    text = SMALL.replace("[guangyang_island]", "[guangyang_island, {path: area.kml, layer: 核心区}]")
    settings = loaded(tmp_path, text)
    island, file = settings.aoi
    assert (island, file.path, file.layer) == ("guangyang_island", str(tmp_path / "area.kml"), "核心区")
    monkeypatch.chdir(tmp_path)
    assert settings.choose_aoi([]) == [island, file]
    assert settings.choose_aoi(["area.kml", "longyou_bay"]) == [file, "longyou_bay"]
    assert settings.choose_aoi([str(tmp_path / "area.kml")]) == [file]
    assert Settings.model_validate(settings.model_dump(mode="json", by_alias=True)).aoi == settings.aoi
