"""The ecological indices of a whole run come to what the simulated world planted."""

import json
import subprocess

import pandas as pd
import pytest
import yaml

from tests.small_runs import CONFIG, PROGRAM

AREA = "guangyang_island"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("indices")
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config = {key: config[key] for key in ("label", "scenes", "vegetation")}
    config |= {"aoi": [AREA], "assessment": {"ei": {"ndvi": "statistics"}, "eqi": {}}}
    path = folder / "indices.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    subprocess.run([PROGRAM, "run", path, "--out", folder, "--quiet"], check=True, capture_output=True)
    return folder


def truth_of(out, part):
    (path,) = (out / "work" / "artifacts" / f"simulated_part_{part}").glob("*/truth.json")
    return json.loads(path.read_text(encoding="utf-8"))["years"]


def table_of(out, name):
    folder = out / AREA / (out / AREA / "latest").read_text(encoding="utf-8").strip()
    return pd.read_csv(folder / "tables" / f"{name}.csv", encoding="utf-8-sig", dtype={"period": str})


@pytest.mark.slow
def test_every_planted_sub_index_and_ei_come_back(out):
    """Land to the width of a pixel of 20 m along the edges of parcels, the rest to the last figure."""
    rows = table_of(out, "ecological_index")
    counted = rows[rows["counted"]].set_index(["period", "sub_index"])
    truth = truth_of(out, "ecological_index")
    assert set(truth) == {"2023", "2024"}
    for label, year in truth.items():
        for key, value in year["values"].items():
            near = 0.3 if key in ("biological_abundance", "land_stress") else 1e-6
            assert counted.loc[(label, key), "value"] == pytest.approx(value, abs=near), key
        total = counted.loc[(label, "ei")]
        assert total["value"] == pytest.approx(year["ei"], abs=0.15)
        assert total["grade"].startswith(year["grade"])
        assert (total["known"], total["parts"]) == (5, 5)
    assert counted.loc[("2024", "ei"), "before_change"] == pytest.approx(truth["2024"]["change"], abs=0.15)


@pytest.mark.slow
def test_the_planted_eqi_comes_back(out):
    rows = table_of(out, "ecological_quality").query("level == 0").set_index("period")
    for label, year in truth_of(out, "ecological_quality").items():
        assert rows.loc[label, "value"] == pytest.approx(year["eqi"])
        assert rows.loc[label, "grade"].startswith(year["grade"])
    assert rows.loc["2024", "before_change"] == pytest.approx(
        truth_of(out, "ecological_quality")["2024"]["change"]
    )
