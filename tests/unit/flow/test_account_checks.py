"""Accounts of a config that cannot be right are refused before a pixel is read, all at once and by name."""

import pytest

from pipeline.errors import InputError, SettingsError
from pipeline.flow.validation import validate_settings
from pipeline.settings import load_settings

CONFIG = """
label: t
aoi: [guangyang_island, longyou_bay]
scenes: {{provider: simulated, start: 2023-01-01, end: 2024-12-31, period: {period}}}
accounts: {{{accounts}}}
"""
YEARS = "".join(f"{year},{year - 1900}\n" for year in range(2003, 2025))


def check(folder, accounts="", *, period="year", local="", index=""):
    (folder / "local.csv").write_text(f"key,value,unit,source\n{local}", encoding="utf-8")
    (folder / "index.csv").write_text(f"year,index\n{index}", encoding="utf-8")
    path = folder / "c.yaml"
    path.write_text(CONFIG.format(period=period, accounts=accounts), encoding="utf-8")
    validate_settings(load_settings(path))


def list_problems(kind, *args, **given):
    with pytest.raises(kind) as caught:
        check(*args, **given)
    return [str(problem) for problem in caught.value.problems]


def test_accounts_that_are_right_pass(tmp_path):
    check(tmp_path)
    check(
        tmp_path,
        "parameters: local.csv, price_index: index.csv, price_year: 2020",
        local="electricity_price,0.61,yuan/kWh,供电局\n",
        index=YEARS,
    )


def test_accounts_of_months_are_refused_with_the_way_out(tmp_path):
    (problem,) = list_problems(SettingsError, tmp_path, period="month")
    assert "scenes.period: year" in problem


def test_an_area_without_a_profile_is_named(tmp_path):
    (problem,) = list_problems(SettingsError, tmp_path, "profile: {longyou_bay: jiangsu-nantong}")
    assert "guangyang_island" in problem


def test_services_that_do_not_exist_or_count_twice_are_named(tmp_path):
    strange, twice = list_problems(SettingsError, tmp_path, "include: [REG-99, REG-06b], exclude: [REG-98]")
    assert "REG-99, REG-98" in strange
    assert "REG-06a and REG-06b" in twice
    assert "accounts.exclude" in twice
    check(tmp_path, "include: [REG-06b], exclude: [REG-06a]")


def test_a_parameter_of_the_config_that_no_service_reads_is_named(tmp_path):
    local = "electricity_price,0.61,yuan/kWh,供电局\nforest_height,9,m,林业站\n"
    (problem,) = list_problems(InputError, tmp_path, "parameters: local.csv", local=local)
    assert "local.csv, row 3, column key: found forest_height" in problem
    check(tmp_path, "parameters: local.csv, include: [REG-14]", local=local)


def test_a_parameter_that_stands_in_for_a_statistic_or_a_layer_is_read(tmp_path):
    check(tmp_path, "parameters: local.csv", local="hot_days,60,d,气象局\n")


def test_prices_of_a_year_without_an_index_are_named_unless_a_later_table_gives_another(tmp_path):
    index = YEARS.replace("2010,110\n", "")
    problems = list_problems(InputError, tmp_path, "price_index: index.csv", index=index)
    assert any("electricity_price in prices of 2010" in problem for problem in problems)
    given = list_problems(
        InputError,
        tmp_path,
        "price_index: index.csv, parameters: local.csv",
        local="electricity_price,0.61,yuan/kWh,供电局\n",
        index=index,
    )
    assert len(given) == len(problems) - 1


def test_the_year_of_comparable_prices_needs_an_index_too(tmp_path):
    problems = list_problems(InputError, tmp_path, "price_index: index.csv, price_year: 2002", index=YEARS)
    assert all("2002" in problem for problem in problems)
