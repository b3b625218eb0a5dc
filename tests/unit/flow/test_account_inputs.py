"""Accounts are made from what the config names, in the simulated world from what it makes for the rest."""

from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.engine.study import Study
from pipeline.flow.account_inputs import list_input_warnings
from pipeline.flow.inputs import find_inputs
from pipeline.settings import Settings
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import save_json, save_tables
from pipeline.storage.workspace import Workspace

PROFILE = "name_zh: 试验\nname_en: trial\nsource: test\nservices: [REG-01]\nunconfirmed: []\n"
TIMES = {"start": "2023-01-01", "end": "2024-12-31", "period": "year", "provider": "simulated"}


@pytest.fixture
def profile(tmp_path):
    path = tmp_path / "profile.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    return path


def inputs(tmp_path, **given):
    settings = Settings.model_validate({"label": "2024", "aoi": ["longyou_bay"], "scenes": TIMES, **given})
    run = SimpleNamespace(workspace=Workspace(tmp_path / "work"))
    return find_inputs(run, Study.of("longyou_bay", settings))


def test_without_accounts_nothing_of_them_is_simulated(tmp_path):
    found = inputs(tmp_path)
    assert found.accounts is None
    assert found.simulated_accounts is None
    assert "simulated_accounts" not in found.checksums


def test_accounts_leave_the_world_of_scenes_as_it_is(tmp_path, profile):
    with_accounts = inputs(tmp_path, accounts={"profile": str(profile)})
    assert with_accounts.simulated == inputs(tmp_path).simulated
    assert with_accounts.checksums["simulated_accounts"] == with_accounts.simulated_accounts.key


def test_what_the_config_does_not_name_is_simulated(tmp_path, profile):
    given = {"profile": str(profile), "layers": {"rain": {"path": "/given/rain.tif"}}}
    found = inputs(tmp_path, accounts=given).accounts
    assert found.layers.rain.path == "/given/rain.tif"
    assert "simulated_accounts" in found.layers.evapotranspiration.path
    assert "simulated_accounts" in found.regions.path
    assert len(found.statistics) == len(found.projects) == 1


def test_no_hot_days_are_simulated_beside_a_temperature_that_is_given(tmp_path, profile):
    given = {"profile": str(profile), "layers": {"temperature": {"path": "/given/t2m.tif"}}}
    assert inputs(tmp_path, accounts=given).accounts.layers.hot_days is None


def test_another_profile_or_another_file_is_another_cause(tmp_path, profile):
    index = tmp_path / "index.csv"
    index.write_text("year,index\n2024,100\n", encoding="utf-8")
    given = {"profile": str(profile), "price_index": str(index)}
    before = inputs(tmp_path, accounts=given).checksums
    profile.write_text(PROFILE.replace("REG-01", "REG-02a"), encoding="utf-8")
    index.write_text("year,index\n2024,101\n", encoding="utf-8")
    after = inputs(tmp_path, accounts=given).checksums
    assert {name for name in before if before[name] != after[name]} == {"profile.yaml", "index.csv"}


def test_bases_and_tables_of_a_profile_are_inputs_too(tmp_path, profile):
    table = tmp_path / "local.csv"
    table.write_text("key\n", encoding="utf-8")
    town = tmp_path / "town.yaml"
    town.write_text(PROFILE + f"base: {profile}\nparameters: [{table}]\n", encoding="utf-8")
    found = inputs(tmp_path, accounts={"profile": {"longyou_bay": str(town)}})
    assert {"town.yaml", "profile.yaml", "local.csv"} <= set(found.checksums)


def test_rasters_of_months_are_all_known(tmp_path, profile):
    for month in ("01", "02"):
        (tmp_path / f"rain_2024{month}.tif").write_bytes(month.encode())
    given = {"profile": str(profile), "layers": {"rain": {"path": str(tmp_path / "rain_{year}{month}.tif")}}}
    found = inputs(tmp_path, accounts=given).checksums
    assert {"rain_202401.tif", "rain_202402.tif"} <= set(found)


def test_what_regions_became_and_how_much_of_statistics_is_not_used_are_warnings(tmp_path):
    save_json(tmp_path / "remarks.json", ["outlines of regions overlap: 12 m2"])
    columns = ["file", "sheet", "row", "column", "found", "expected", "todo"]
    save_tables(
        tmp_path,
        {"statistics_rejected": pd.DataFrame([["a.csv", "", 2, "", "x", "y", "z"]], columns=columns)},
    )
    regions, statistics = list_input_warnings(Artifact("key", tmp_path))
    assert "12 m2" in regions
    assert "1 places not used" in statistics
    assert list(list_input_warnings(None)) == []
