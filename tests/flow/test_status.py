"""`ecoledger status`: what is done, what is missing, what failed and why."""

import json
import shutil

import pytest
from programs import ecoledger


def status(out):
    return json.loads(ecoledger("status", out, "--json").stdout)


def test_the_status_of_a_demo_names_its_deliveries_and_its_last_run(demo):
    found = status(demo)
    assert found["running"] is False
    assert [(row["area"], row["label"], row["latest"]) for row in found["deliveries"]] == [
        ("chongming_wetlands", "2024", True),
        ("guangyang_island", "2024", True),
        ("longyou_bay", "2024", True),
    ]
    assert all(row["intact"] for row in found["deliveries"])
    assert found["unfinished"] == []
    assert {run["exit_code"] for run in found["runs"]} <= {0, None}
    assert "deliveries (3)" in ecoledger("status", demo).stdout


@pytest.fixture
def spoilt(demo, tmp_path):
    """The ledger and one delivery of the demo, a figure in it altered by hand."""
    out = tmp_path / "out"
    shutil.copytree(demo / "longyou_bay", out / "longyou_bay")
    (out / "work").mkdir()
    shutil.copy(demo / "work" / "ledger.sqlite", out / "work")
    with (out / "longyou_bay" / "2024" / "tables" / "indicators.csv").open("a", encoding="utf-8") as table:
        table.write("\n")
    return out


def test_a_delivery_that_someone_altered_is_not_intact(spoilt):
    (row,) = status(spoilt)["deliveries"]
    assert row["intact"] is False


def test_a_folder_where_nothing_was_run_is_a_mistake(tmp_path):
    assert "Nothing was run there" in ecoledger("status", tmp_path, expected=2).stderr
