"""The wheel brings all that a run needs, wherever it is installed."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.pages import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The command of the wheel in an environment that has its dependencies, and no checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    built = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*built, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("ecoledger-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    target = Path(
        sysconfig.get_path("purelib", vars={"base": str(folder / "env"), "platbase": str(folder / "env")})
    )
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", str(wheel), str(target)], check=True, capture_output=True
    )
    (target / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (folder / "elsewhere").mkdir()
    return folder / "env" / "bin" / "python", folder / "elsewhere"


def run(program, *words):
    python, folder = program
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [python, "-c", "from pipeline.cli import main; main()", *words],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_is_the_wheel_that_runs_and_not_the_checkout(program):
    python, folder = program
    asked = "import pipeline; print(pipeline.__file__)"
    done = subprocess.run([python, "-c", asked], cwd=folder, capture_output=True, text=True, check=True)
    assert str(ROOT) not in done.stdout


def test_configs_areas_standards_and_pages_are_inside(program):
    planned = run(program, "plan", "demo.yaml", "--json")
    assert planned.returncode == 0, planned.stderr
    assert {row["aoi"] for row in json.loads(planned.stdout)} == {
        "chongming_wetlands",
        "guangyang_island",
        "longyou_bay",
    }
    for words in (["validate", "demo.yaml"], ["rules"], ["providers"], ["doctor", "--offline"]):
        done = run(program, *words)
        assert done.returncode == 0, done.stderr


def test_the_bill_of_materials_is_inside(program):
    python, _ = program
    (shipped,) = python.parents[1].glob(
        "lib/python*/site-packages/ecoledger-*.dist-info/sboms/ecoledger.cdx.json"
    )
    assert shipped.read_bytes() == (ROOT / "packaging" / "ecoledger.cdx.json").read_bytes()


def test_the_demo_of_an_area_runs_from_an_empty_folder(program):
    done = run(program, "demo", "--quiet", "--aoi", "guangyang_island", "--out", "delivery", "--json")
    assert done.returncode == 0, done.stderr
    published = program[1] / "delivery" / "guangyang_island" / "2024"
    assert (published / "guangyang_island_2024.gpkg").is_file()
    assert json.loads(done.stdout)["exit_code"] == 0
