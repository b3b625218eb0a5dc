"""The planted statuses of targets, and GDP and GEP by town, come back from a whole run."""

import json
import subprocess

import pandas as pd
import pytest
import yaml

from tests.small_runs import CONFIG, PROGRAM

AREA = "guangyang_island"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("targets")
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config = {key: config[key] for key in ("label", "scenes", "vegetation")}
    config |= {"aoi": [AREA], "targets": {}, "assessment": {"gdp_gep": {"gep": "statistics"}}}
    path = folder / "targets.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    subprocess.run([PROGRAM, "run", path, "--out", folder, "--quiet"], check=True, capture_output=True)
    return folder


def truth_of(out, part):
    (path,) = (out / "work" / "artifacts" / f"simulated_part_{part}").glob("*/truth.json")
    return json.loads(path.read_text(encoding="utf-8"))


def table_of(out, name):
    folder = out / AREA / (out / AREA / "latest").read_text(encoding="utf-8").strip()
    return pd.read_csv(
        folder / "tables" / f"{name}.csv", encoding="utf-8-sig", dtype={"period": str, "region": str}
    )


def test_every_planted_status_is_that_of_the_delivery(out):
    rows = table_of(out, "targets").drop_duplicates(["sheet", "row", "target_period"], keep="last")
    found = zip(rows["indicator"], rows["place_name"], rows["target_period"], rows["status"], strict=True)
    planted = [one for one in truth_of(out, "targets")["targets"] if one["status"]]
    told = [(one["indicator"], one["place"], one["period"], one["status"]) for one in planted]
    assert sorted(found) == sorted(told)
    assert len(table_of(out, "targets_rejected")) == 2


def test_indicators_have_their_targets_and_the_report_begins_with_them(out):
    indicators = table_of(out, "indicators").dropna(subset="target").set_index(["indicator", "period"])
    assert {("good_section_share", "2024"), ("class_share:water", "2023")} <= set(indicators.index)
    assert "targets_met_share" in set(table_of(out, "indicators")["indicator"])
    page = (out / AREA / "2024" / "report.html").read_text(encoding="utf-8")
    assert page.index('id="assessment-targets"') < page.index('id="indicators"')


def test_planted_gdp_and_gep_are_those_of_the_delivery(out):
    rows = table_of(out, "gdp_gep").set_index(["region", "period"])
    for town, by_year in truth_of(out, "gdp_gep")["regions"].items():
        for year, planted in by_year.items():
            row = rows.loc[(town, year)]
            assert row["gdp_yuan"] == pytest.approx(planted["gdp_yuan"])
            assert row["gep_gdp_ratio"] == pytest.approx(planted["ratio"])
            assert (row["gdp_rank"], row["gep_rank"]) == (planted["gdp_rank"], planted["gep_rank"])
