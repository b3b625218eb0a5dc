"""The health of rivers and lakes of a whole run comes to what the simulated world planted."""

import json
import subprocess

import pandas as pd
import pytest
import yaml

from tests.small_runs import CONFIG, PROGRAM

AREA = "guangyang_island"
MAPPED = {"area_loss", "shoreline", "illegal_use"}
NEAR = 0.08
"""Share of a strip of some pixels' width that a map of mixed pixels may miss."""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("health")
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config = {key: config[key] for key in ("label", "scenes", "vegetation")}
    config |= {"aoi": [AREA], "assessment": {"health": {}}}
    path = folder / "health.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    subprocess.run([PROGRAM, "run", path, "--out", folder, "--quiet"], check=True, capture_output=True)
    return folder


def truth_of(out):
    (path,) = (out / "work" / "artifacts" / "simulated_part_health").glob("*/truth.json")
    return json.loads(path.read_text(encoding="utf-8"))


def table_of(out, name):
    folder = out / AREA / (out / AREA / "latest").read_text(encoding="utf-8").strip()
    return pd.read_csv(
        folder / "tables" / f"{name}.csv", encoding="utf-8-sig", dtype={"period": str, "health_class": str}
    )


@pytest.mark.slow
def test_every_planted_card_comes_back(out):
    """Ground to what a classifier of maps sees of it, the rest to the last figure."""
    cards = table_of(out, "health_cards").set_index(["body", "period"])
    criteria = table_of(out, "health_criteria").set_index(["body", "period", "criterion"])["score"]
    for body, facts in truth_of(out)["bodies"].items():
        for period, told in facts["periods"].items():
            assert cards.loc[(body, period), "score"] == pytest.approx(told["score"], abs=4)
            known = cards.loc[(body, period), "health_class"]
            assert (None if pd.isna(known) else known) == told["health_class"]
            exact = told["scores"].keys() - MAPPED
            found = {criterion: criteria[(body, period, criterion)] for criterion in exact}
            assert found == pytest.approx({criterion: told["scores"][criterion] for criterion in exact})


@pytest.mark.slow
def test_planted_shares_of_the_ground_come_back(out):
    reaches = table_of(out, "health_reaches").set_index(["body", "period", "measure"])["value"]
    for body, facts in truth_of(out)["bodies"].items():
        for period, told in facts["periods"].items():
            for measure, share in told["ground"].items():
                assert reaches[(body, period, measure)] == pytest.approx(share, abs=NEAR), measure
