"""Every example of configs/examples runs, on simulated data, to a delivery."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from programs import ROOT, ecoledger

from pipeline.legends import LAND_COVER

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


def test_the_simulated_landsat_feels_the_heat_so_that_the_ecological_index_is_seen(out):
    ecoledger(
        "run", ROOT / "configs" / "examples" / "rsei.yaml", "--out", out, "--quiet", "--set", "label=heat"
    )
    folder = out / "guangyang_island" / "heat"
    axis = pd.read_csv(folder / "tables" / "rsei.csv", encoding="utf-8-sig", dtype={"period": str})
    loadings = axis[axis["period"] == "2024"].set_index("component")["loading"]
    assert (np.sign(loadings[["greenness", "wetness", "dryness", "heat"]]) == [1, 1, -1, -1]).all()
    with (
        rasterio.open(folder / "rasters" / "rsei_2024.tif") as index,
        rasterio.open(folder / "rasters" / "land_cover_2024.tif") as cover,
    ):
        score, classes = index.read(1, masked=True), cover.read(1)
        means = {entry.key: score[classes == entry.code].mean() for entry in LAND_COVER.classes}
    assert means["vegetation"] > max(means["bare"], means["built"])
