"""Every example of configs/examples runs, on simulated data, to a delivery."""

import json
from pathlib import Path

import pytest
from programs import ROOT, ecoledger

pytestmark = pytest.mark.slow

EXAMPLES = sorted((ROOT / "configs" / "examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """One folder for all, so that scenes of the same days are simulated once."""
    return tmp_path_factory.mktemp("examples")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_to_a_delivery(example, out):
    sets = [f"label={example.stem}", "scenes.resolution_m=60"]
    done = ecoledger(
        "run", example, "--out", out, "--quiet", "--json", *(word for one in sets for word in ("--set", one))
    )
    assert json.loads(done.stdout.splitlines()[-1])["deliveries"]
    assert (out / "guangyang_island" / example.stem / "manifest.json").exists()
