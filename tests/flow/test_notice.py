"""The end of a run, told in one line and to a command, whatever the end."""

import json
import sys

import pytest
from programs import ROOT, ecoledger, write_config

KEEPS = (
    "import os, pathlib, sys\n"
    "pathlib.Path(sys.argv[1]).write_text(os.environ['ECOLEDGER_EXIT_CODE'] + ' ' + sys.stdin.read())\n"
)


@pytest.fixture
def config(tmp_path):
    """A config whose catalogue is broken, and a command that keeps what it is told."""
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    return write_config(
        tmp_path / "run.yaml",
        {
            "label": "2024",
            "aoi": ["longyou_bay"],
            "scenes": {"provider": {"static": "broken.json"}, "start": "2024-01-01", "end": "2024-12-31"},
            "notify": {"command": [sys.executable, "-c", KEEPS, str(tmp_path / "told")]},
            "out": str(tmp_path / "out"),
        },
    )


def test_a_run_that_fails_tells_so_in_one_line_and_to_the_command(config, tmp_path):
    done = ecoledger("run", config, "--json", expected=3)
    told = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert (told["exit_code"], told["label"], told["deliveries"]) == (3, "2024", [])
    assert "broken.json" in told["message"]
    assert (tmp_path / "told").read_text(encoding="utf-8") == f"3 {done.stdout}"
    assert told["run"] in ecoledger("status", tmp_path / "out", "--json").stdout


def test_a_command_that_fails_changes_nothing_but_warns(config):
    failing = ["--set", f"notify.command=[{sys.executable}, -c, raise SystemExit(9)]"]
    done = ecoledger("run", config, *failing, expected=3)
    assert "warning: notify:" in done.stderr
    assert "ended with code 9" in done.stderr


def test_a_run_that_ends_well_tells_of_its_deliveries(demo):
    config = ROOT / "configs" / "demo.yaml"
    told = json.loads(ecoledger("run", config, "--out", demo, "--aoi", "longyou_bay", "--json").stdout)
    assert (told["exit_code"], told["message"]) == (0, "")
    folder = str(demo / "longyou_bay" / "2024")
    (published,) = told["deliveries"]
    assert (published["area"], published["folder"], published["state"]) == ("longyou_bay", folder, "kept")
    assert {row["时段 period"] for row in told["headlines"]} == {"2023", "2024"}


def test_a_config_that_is_wrong_is_told_to_the_command_as_well(config, tmp_path):
    done = ecoledger(
        "run", config, "--json", "--set", "scenes.period=yeer", "--set", "parcels.path=no.gpkg", expected=2
    )
    told = json.loads(done.stdout)
    assert {one["place"] for one in told["problems"]} == {"--set scenes.period", "--set parcels.path"}
    assert (tmp_path / "told").read_text(encoding="utf-8") == f"2 {done.stdout}"


def test_a_missing_file_is_told_to_the_command_with_the_label_and_the_areas(config, tmp_path):
    done = ecoledger("run", config, "--json", "--set", "parcels.path=no.gpkg", expected=2)
    told = json.loads(done.stdout)
    assert (told["label"], told["areas"], told["exit_code"]) == ("2024", ["longyou_bay"], 2)
    assert (tmp_path / "told").read_text(encoding="utf-8") == f"2 {done.stdout}"
