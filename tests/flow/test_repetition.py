"""A run is repeated from the manifest of its delivery."""

import json

import pytest
from programs import ecoledger, files_of

from pipeline.commands.repeat import read_manifest
from pipeline.settings.computing import Compute
from pipeline.settings.outputs import Retention


@pytest.fixture
def manifest(demo):
    return demo / "longyou_bay" / "2024" / "manifest.json"


def test_a_manifest_over_its_own_workspace_keeps_the_delivery(demo, manifest):
    done = ecoledger("run", manifest, "--out", demo, "--quiet")
    assert "every byte is as the manifest says" in done.stderr


@pytest.mark.slow
def test_a_manifest_gives_the_same_bytes_elsewhere(manifest, tmp_path):
    done = ecoledger("run", manifest, "--out", tmp_path, "--quiet")
    assert "every byte is as the manifest says" in done.stderr
    assert files_of(tmp_path / "longyou_bay") == files_of(manifest.parents[1])


def test_an_input_that_changed_since_is_named_and_nothing_is_done(manifest, tmp_path):
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["inputs"] |= {"products.yaml": "0" * 64, "gone.csv": "1" * 64}
    changed = tmp_path / "manifest.json"
    changed.write_text(json.dumps(content), encoding="utf-8")
    done = ecoledger("run", changed, "--out", tmp_path / "out", "--quiet", expected=3)
    assert "products.yaml" in done.stderr
    assert "gone.csv: found nothing" in done.stderr
    assert not (tmp_path / "out" / "longyou_bay").exists()


def test_a_file_that_differs_from_the_manifest_is_named(demo, manifest, tmp_path):
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["files"]["longyou_bay_2024.html"]["sha256"] = "0" * 64
    content["versions"]["numpy"] = "1.0"
    changed = tmp_path / "manifest.json"
    changed.write_text(json.dumps(content), encoding="utf-8")
    done = ecoledger("run", changed, "--out", demo, "--quiet")
    assert "other than the manifest says: 2" in done.stderr
    assert "longyou_bay_2024.html" in done.stdout
    assert "numpy" in done.stdout


def test_words_that_would_change_a_repeated_run_are_refused(manifest, tmp_path):
    words = ["--set", "scenes.period=month", "--aoi", "guangyang_island"]
    done = ecoledger("run", manifest, *words, "--out", tmp_path, "--quiet", expected=2)
    assert "--set scenes.period=month" in done.stderr
    assert "--aoi guangyang_island" in done.stderr


@pytest.mark.parametrize(
    "order",
    [{"notify": {"command": ["touch", "PLANTED"]}}, {"out": "/elsewhere"}],
    ids=["notify", "out"],
)
def test_a_manifest_that_would_act_outside_of_its_run_is_refused(manifest, tmp_path, order):
    content = json.loads(manifest.read_text(encoding="utf-8"))
    planted = json.loads(json.dumps(order).replace("PLANTED", str(tmp_path / "ran")))
    content["config"] |= planted
    other = tmp_path / "manifest.json"
    other.write_text(json.dumps(content), encoding="utf-8")
    done = ecoledger("run", other, "--out", tmp_path / "out", "--quiet", expected=2)
    assert f"config.{next(iter(order))}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_where_it_runs_and_what_stays_is_not_for_the_manifest_to_say(manifest, tmp_path):
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["config"]["compute"] = {"cluster": "tcp://stranger:8786", "cache_folder": str(tmp_path / "cache")}
    content["config"]["retention"] = {"deliveries": 1}
    other = tmp_path / "manifest.json"
    other.write_text(json.dumps(content), encoding="utf-8")
    settings = read_manifest(other).build_settings([], [])
    assert (settings.compute, settings.retention) == (Compute(), Retention())


def test_a_manifest_of_another_version_is_said_to_be_one(manifest, tmp_path):
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["config"]["unheard_of"] = 1
    other = tmp_path / "manifest.json"
    other.write_text(json.dumps(content), encoding="utf-8")
    done = ecoledger("run", other, "--out", tmp_path, "--quiet", expected=2)
    assert "config.unheard_of" in done.stderr
