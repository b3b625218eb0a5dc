"""Profiles of accounts: the shipped ones are whole and say what is unconfirmed; mistakes have their lines."""

import csv
import re
from pathlib import Path
from typing import get_args

import pytest

from pipeline.accounts.services.registry import SERVICES, find_double_counting
from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import SettingsError
from pipeline.settings import Settings, load_settings
from pipeline.settings.accounts import Accounts, Choices, load_profile
from pipeline.settings.parameters import list_keys, read_parameters
from pipeline.settings.paths import list_profiles

TABLES = sorted((PROJECT_ROOT / "configs" / "accounts" / "parameters").glob("*.csv"))
KNOWLEDGE = PROJECT_ROOT.parent / "shared" / "knowledge" / "domain"
CONFIG = """
label: t
aoi: [longyou_bay]
scenes: {provider: simulated, start: 2024-01-01, end: 2024-12-31}
"""


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list_profiles())
def test_a_shipped_profile_counts_known_services_once_and_says_what_is_unconfirmed(name):
    profile = load_profile(name)
    assert profile.source
    assert profile.unconfirmed
    assert set(profile.services) <= set(SERVICES)
    assert len(set(profile.services)) == len(profile.services)
    assert not find_double_counting(profile.services)
    for code in profile.services:
        assert SERVICES[code].pick_items(profile.choices.model_dump())


@pytest.mark.parametrize("name", list_profiles())
def test_the_tables_of_a_shipped_profile_are_read_and_all_its_rows_have_a_source(name):
    profile = Accounts(profile=name).load_profile("longyou_bay")
    for table in read_parameters([Path(path) for path in profile.parameters]):
        assert table
        assert all(row.source for row in table)


def test_the_five_profiles_are_there():
    assert list_profiles() == [
        "chongqing-2023", "gbt46869-2025", "jiangsu-nantong", "national-2022", "shanghai-chongming"
    ]  # fmt: skip


def test_services_leave_no_other_choices_than_the_settings_know():
    choices = {name: get_args(field.annotation) for name, field in Choices.model_fields.items()}
    for service in SERVICES.values():
        for options in service.variants:
            for choice, option in zip(service.choices, options, strict=True):
                assert option in choices[choice]
    left = {choice for service in SERVICES.values() for choice in service.choices}
    assert set(choices) - left == {"runoff_table", "share_by"}


def test_every_parameter_that_a_service_reads_is_a_key():
    read = {
        key
        for service in SERVICES.values()
        for items in service.variants.values()
        for item in items
        for key in item.needs.parameters
    }
    assert read <= set(list_keys())


def test_no_figure_that_was_recalled_or_is_of_elsewhere_is_called_confirmed():
    for table in read_parameters(TABLES):
        for row in table:
            doubtful = re.search(
                "unconfirmed|not for the area|proposal of this project|not stated", row.source
            )
            assert not (row.confirmed and doubtful), row


def test_the_runoff_of_rain_under_evergreen_forest_is_7_percent_apart_between_the_tables():
    tables = {
        name: {row.land_class: row.value for row in read_parameters([path])[0]}
        for name in "ab"
        for path in TABLES
        if path.name == f"runoff_{name}.csv"
    }
    kept = {name: 1100 * (1 - table["常绿阔叶林"]) - 750 for name, table in tables.items()}
    assert kept == pytest.approx({"a": 320.63, "b": 298.85})


NOT_A_FIGURE = {
    "RUSLE_R_monthly", "RUSLE_LS", "RUSLE_C", "RUSLE_K_SI", "RUSLE_m_alt", "RUSLE_R_daily", "RUSLE_P",
    "price_index_rule", "farmland_C_rate", "forest_biomass_model", "noise_value", "forest_protect",
    "forest_recreation", "forest_purify_water", "forest_carbon_parts", "leaf_dust_dataset", "tourism_simple",
    "runoff_coefficient_rule", "negative_ion", "saltmarsh_stock_response", "CPI_fixed_base",
}  # fmt: skip
"""Formulas, rules and remarks, which stand in code, choices or docs."""
NO_SERVICE = {
    "saltmarsh_plant_C_stock", "transpiration_coefficient", "climate_unit_value", "fertilizer_price",
    "organic_matter_price", "biodiversity_equivalent", "phragmites_NPP", "silt_reduction_cost",
    "saltmarsh_burial_china_range",
}  # fmt: skip
"""Figures that no formula of a service reads."""


@pytest.mark.skipif(not KNOWLEDGE.is_dir(), reason="the base of facts is not beside the project")
@pytest.mark.parametrize("name", ["gep_parameters.csv", "gep_parameters_new.csv"])
def test_every_figure_of_the_base_of_facts_is_in_a_table(name):
    shipped = set()
    for path in TABLES:
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            shipped |= {float(row[cell]) for cell in ("value", "low", "high") if row[cell]}
            shipped |= {float(number) for number in re.findall(r"\d+(?:\.\d+)?", row["source"])}
    lacking = []
    with (KNOWLEDGE / name).open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["key"] in NOT_A_FIGURE | NO_SERVICE or row["value"] == "not found":
                continue
            numbers = {float(one) for one in re.findall(r"(?<![A-Za-z\d.])\d+(?:\.\d+)?", row["value"])}
            if numbers - shipped:
                lacking.append((row["key"], row["value"]))
    assert not lacking


def test_a_config_without_accounts_does_not_name_them(tmp_path):
    settings = load_settings(write(tmp_path, "c.yaml", CONFIG))
    assert settings.accounts is None
    assert "accounts" not in settings.model_dump(mode="json")
    given = load_settings(write(tmp_path, "c.yaml", CONFIG + "accounts: {}\n"))
    again = Settings.model_validate(given.model_dump(mode="json", by_alias=True))
    assert again.accounts == Accounts()


def test_accounts_repeated_from_a_manifest_are_those_of_their_profile(tmp_path):
    text = CONFIG + "accounts: {profile: chongqing-2023, choices: {negative_water: cut}}\n"
    given = load_settings(write(tmp_path, "c.yaml", text))
    again = Settings.model_validate(given.model_dump(mode="json", by_alias=True))
    one, other = (settings.accounts.load_profile("longyou_bay") for settings in (given, again))
    assert one == other
    assert other.choices.pollution_price == "tax"
    assert other.choices.negative_water == "cut"


def test_choices_of_a_config_go_before_those_of_its_profile_and_these_before_the_base(tmp_path):
    write(tmp_path, "own.csv", "key,value,unit,source\nelectricity_price,0.6,yuan/kWh,供电局\n")
    own = write(
        tmp_path, "own.yaml",
        "name_zh: 甲\nname_en: a\nsource: b\nbase: chongqing-2023\n"
        "choices: {negative_water: cut, evaporation: without_r}\n"
        "parameters: [own.csv]\nunconfirmed: []\n",
    )  # fmt: skip
    text = (
        CONFIG + f"accounts: {{profile: {own.name}, choices: {{evaporation: with_r}}, "
        "exclude: [REG-07], include: [REG-11], parameters: local.csv}\n"
    )
    profile = load_settings(write(tmp_path, "c.yaml", text)).accounts.load_profile("longyou_bay")
    assert profile.choices.negative_water == "cut"
    assert profile.choices.evaporation == "with_r"
    assert profile.choices.pollution_price == "tax"
    assert "REG-07" not in profile.services
    assert profile.services[-1] == "REG-11"
    names = [Path(path).name for path in profile.parameters]
    assert names == ["runoff_a.csv", "national.csv", "chongqing.csv", "own.csv", "local.csv"]
    assert profile.parameters[-2] == str(tmp_path / "own.csv")


def test_each_area_has_a_profile_of_its_own_or_is_named():
    accounts = Accounts(profile={"chongming_wetlands": "shanghai-chongming"})
    assert accounts.load_profile("chongming_wetlands").choices.runoff_table == "B"
    with pytest.raises(SettingsError, match="longyou_bay"):
        accounts.load_profile("longyou_bay")


def test_a_profile_that_is_missing_or_its_own_base_is_a_settings_error(tmp_path):
    with pytest.raises(SettingsError, match="gbt46869-2025"):
        load_profile(str(tmp_path / "none.yaml"))
    head = "name_zh: 甲\nname_en: a\nsource: b\nunconfirmed: []\n"
    one = write(tmp_path, "one.yaml", f"{head}base: two.yaml\n")
    write(tmp_path, "two.yaml", f"{head}base: one.yaml\n")
    with pytest.raises(SettingsError, match="each other's base"):
        load_profile(str(one))


def test_all_mistakes_of_a_profile_are_told_with_their_lines(tmp_path):
    path = write(
        tmp_path, "own.yaml",
        "name_zh: 甲\nname_en: a\nsource: b\nservices: [WATER]\n"
        "choices: {runoff_table: C, oxigen: rate}\nunconfirmed: []\n",
    )  # fmt: skip
    with pytest.raises(SettingsError) as caught:
        load_profile(str(path))
    places = [problem.place for problem in caught.value.problems]
    assert len(places) == 3
    assert f"{path}:4" in places[0]
    assert all(f"{path}:5" in place for place in places[1:])
