"""Accounts valued anew: what was delivered comes back, other parameters change what rests on them."""

import hashlib
import json
import time

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline.accounts.intervals import add_intervals
from pipeline.accounts.methods import describe_methods
from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.totals import total_services
from pipeline.accounts.valuing import Method, value_services
from pipeline.cli import app
from pipeline.commands.account import (
    compare_totals,
    load_accounts,
    revalue,
    tabulate_totals,
    write_revaluation,
)
from pipeline.errors import InputError
from pipeline.outputs.delivery import write_csv
from pipeline.settings.accounts import Choices
from pipeline.settings.parameters import read_parameters

AREA = "longyou_bay"
SERVICES = ("REG-01", "REG-06a", "REG-10a", "CUL-01", "MAT-03")
NATIONAL = """key,class,region,value,low,high,unit,price_year,source,confirmed
reservoir_unit_cost,,,7,,,yuan/m3,2010,s,yes
runoff_coefficient,森林,,3,,,%,,s,yes
runoff_coefficient,0301,,2.67,,,%,,s,yes
runoff_coefficient,湿地,,0,,,%,,s,yes
carbon_rate,森林,,1,0.5,2,t C/ha/a,,s,no
carbon_rate,湿地,,0.5,,,t C/ha/a,,s,no
carbon_price,,,1200,,,yuan/t C,2014,s,yes
transpiration_heat,森林,,2837.27,,,kJ/m2/d,,s,no
air_conditioner_efficiency,,,3,,,1,,s,yes
electricity_price,,,0.53,,,yuan/kWh,2010,s,yes
energy_price,,,0.53,,,yuan/kWh,2010,s,yes
hot_days,,石港镇,50,,,d,,s,no
hot_days,,,60,,,d,,s,yes
"""
REGIONAL = """key,class,region,value,unit,source
carbon_rate,湿地,东社镇,2,t C/ha/a,s
travel_expense,,,50,yuan/visit,s
travel_time_value,,,300,yuan/visit,s
consumer_surplus,,,500,yuan/visit,s
"""
INDEX = {"": {year: 80.0 + year - 2005 for year in range(2008, 2026)}}


def make_sums(parcels, seed=5):
    random = np.random.default_rng(seed)
    kinds = [("0301", "森林"), ("1108", "湿地"), ("1101", "湿地"), ("0702", "城镇")]
    rows = [
        {
            "unit_id": f"u{number}", "kind": "parcel", "parcel_id": f"p{number}", "project": None,
            "region": ("东社镇", "石港镇")[number % 2], "counted": True, "period": period, "dlbm": code,
            "ecosystem": name, "mapped": mapped, "area_m2": random.uniform(1e3, 1e5),
        }
        for number in range(parcels)
        for code, name in kinds[number % len(kinds) :][:1]
        for period in ("2023", "2024")
        for mapped in ("vegetation", "water")
    ]  # fmt: skip
    sums = pd.DataFrame(rows)
    for name, size in (("rain", 1100), ("evapotranspiration", 750), ("deficit", -1), ("hot_days", 60)):
        sums[name] = sums["area_m2"] * size * random.uniform(0.9, 1.1, len(sums))
        sums[f"{name}_m2"] = sums["area_m2"]
    return sums


def make_statistics():
    told = {"energy_output": (2e6, "kWh"), "visits": (1e5, "person")}
    rows = [(AREA, year, item, *figure) for year in (2023, 2024) for item, figure in told.items()]
    table = pd.DataFrame(rows, columns=["region", "year", "item", "value", "unit"])
    return table.assign(product=None, source="s", file="f.xlsx", sheet=None, row=2)


def deliver(folder, *, parcels=24, levels=INDEX, options=(), draws=0, services=SERVICES, without=()):
    """A delivery folder with accounts as a run leaves them: tables, and their digests in the manifest."""
    tables = folder / "tables"
    tables.mkdir(parents=True)
    for name, text in (("national.csv", NATIONAL), ("regional.csv", REGIONAL)):
        (folder / name).write_text(text, encoding="utf-8")
    book = ParameterBook.of(read_parameters([folder / "national.csv", folder / "regional.csv"]), AREA)
    choices = Choices().model_dump() | dict(options)
    method, index = Method(tuple(services), choices, 2023), PriceIndex(levels)
    sums, statistics = make_sums(parcels).drop(columns=[*without]), make_statistics()
    valuation = value_services(sums, statistics, book, index, method, aoi_id=AREA)
    prices = [(kind, year, level) for kind, told in levels.items() for year, level in told.items()]
    for name, table in {
        "account_sums": sums,
        "account_statistics": statistics,
        "account_parameters": book.tabulate(valuation.used),
        "account_prices": pd.DataFrame(prices, columns=["index_kind", "year", "price_index"]),
        "account_choices": pd.DataFrame(
            [*choices.items(), ("price_year", 2023)], columns=["choice", "option"]
        ),
        "account_totals": add_intervals(
            total_services(valuation, statistics, index, method, aoi_id=AREA),
            valuation.items,
            sums,
            statistics,
            book,
            index,
            method,
            aoi_id=AREA,
            draws=draws,
            seed=5,
        ),
        "account_methods": describe_methods(method, statistics, aoi_id=AREA),
        "account_parcels": valuation.items,
    }.items():
        write_csv(table, tables / f"{name}.csv")
    manifest = {
        "aoi": AREA,
        "config": {"accounts": {"intervals": {"draws": draws, "seed": 5}}},
        "files": {
            f"tables/{path.name}": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in tables.iterdir()
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    return deliver(tmp_path_factory.mktemp("delivery") / AREA, draws=60)


def local(folder, *rows):
    path = folder / "local.csv"
    path.write_text("\n".join(["key,class,region,value,unit,price_year,source", *rows]), encoding="utf-8")
    return path


def take(found, service, period="2024", region=AREA, basis="registered"):
    told = compare_totals(found)
    row = told[
        (told[["region", "period", "basis", "service"]] == [region, period, basis, service]).all(axis=1)
    ]
    return row.iloc[0]


def test_without_other_parameters_every_figure_is_the_delivered_one(delivery):
    found = revalue(load_accounts(delivery))
    delivered = pd.read_csv(delivery / "tables" / "account_parcels.csv", encoding="utf-8-sig")
    names = ["quantity", "price", "value_yuan", "comparable_yuan", "unknown_m2"]
    np.testing.assert_array_equal(found.valuation.items[names], delivered[names])
    assert compare_totals(found)["difference_yuan"].abs().max() == 0
    bounds = ["quantity_low", "quantity_high", "value_low", "value_high"]
    assert found.totals[bounds].notna().any().all()
    np.testing.assert_allclose(found.totals[bounds], found.stored.totals[bounds], rtol=1e-12)
    assert not found.unused


def test_a_parameter_that_stands_in_for_a_layer_travels_with_the_delivery(delivery, tmp_path):
    stored = load_accounts(deliver(tmp_path / "d", without=("hot_days", "hot_days_m2")))
    used = revalue(stored).parameters.set_index("key")["services"]
    assert list(used["hot_days"]) == ["REG-10a", "REG-10a"]
    assert compare_totals(revalue(stored))["difference_yuan"].abs().max() == 0
    found = revalue(stored, parameters=local(tmp_path, "hot_days,,石港镇,100,d,,气象局"))
    cooling = take(found, "REG-10a", region="石港镇")
    assert cooling["value_yuan"] == pytest.approx(2 * cooling["delivered_yuan"], rel=1e-12)
    assert "hot_days" not in set(revalue(load_accounts(delivery)).parameters["key"])


def test_a_local_price_moves_the_value_that_rests_on_it_in_its_ratio_and_nothing_else(delivery, tmp_path):
    table = local(tmp_path, "electricity_price,,,0.61,yuan/kWh,2024,供电局")
    found = revalue(load_accounts(delivery), parameters=table)
    cooling = take(found, "REG-10a")
    moved = 0.53 * (80 + 19) / (80 + 5)
    assert cooling["value_yuan"] == pytest.approx(cooling["delivered_yuan"] * 0.61 / moved, rel=1e-12)
    assert cooling["comparable_yuan"] == pytest.approx(cooling["value_yuan"] * 98 / 99, rel=1e-12)
    for service in ("REG-01", "REG-06a", "CUL-01", "MAT-03"):
        assert take(found, service)["difference_yuan"] == 0
    assert "local.csv" in set(found.parameters["origin"])


def test_a_local_rate_of_one_town_and_class_changes_that_town_alone(delivery, tmp_path):
    table = local(tmp_path, "carbon_rate,1108,石港镇,5,t C/ha/a,,监测", "carbon_rate,0303,,9,t C/ha/a,,监测")
    found = revalue(load_accounts(delivery), parameters=table)
    assert take(found, "REG-06a", region="东社镇")["difference_yuan"] == 0
    sums = load_accounts(delivery).sums
    marsh = sums[(sums["dlbm"] == "1108") & (sums["region"] == "石港镇") & (sums["period"] == "2024")]
    gained = marsh["area_m2"].sum() * 1e-4 * (5 - 0.5) * 1200 * (80 + 19) / (80 + 9)
    assert take(found, "REG-06a", region="石港镇")["difference_yuan"] == pytest.approx(gained, rel=1e-9)
    assert [row.land_class for row in found.unused] == ["0303"]


def test_another_price_year_moves_comparable_values_alone(delivery):
    found = revalue(load_accounts(delivery), price_year=2020)
    before = revalue(load_accounts(delivery))
    for service in ("REG-01", "REG-06a", "REG-10a", "MAT-03"):
        one, other = take(found, service), take(before, service)
        assert one["value_yuan"] == other["value_yuan"]
        assert one["comparable_yuan"] == pytest.approx(other["comparable_yuan"] * 95 / 98, rel=1e-12)


def test_all_that_cannot_be_is_refused_at_once(delivery, tmp_path):
    table = local(
        tmp_path,
        "forest_height,森林,,9,m,,林业站",
        "carbon_rate,湿地,别处镇,1,t C/ha/a,,监测",
        "electricity_price,,,0.61,yuan/kWh,1999,供电局",
    )
    with pytest.raises(InputError) as caught:
        revalue(load_accounts(delivery), parameters=table, price_year=2001)
    words = [str(problem) for problem in caught.value.problems]
    assert "row 2, column key: found forest_height" in words[0]
    assert "row 3, column region" in words[1]
    assert "东社镇" in words[1]
    assert "electricity_price in prices of 1999" in words[2]
    assert all("account_parameters.csv" in word and "2001" in word for word in words[3:])
    assert len(words) > 3


def test_a_coefficient_that_pixels_rest_on_needs_a_run(tmp_path):
    stored = load_accounts(deliver(tmp_path / "d", options={"negative_water": "cut"}.items()))
    table = local(tmp_path, "runoff_coefficient,0301,,4.65,%,,测站")
    with pytest.raises(InputError, match="run the config again"):
        revalue(stored, parameters=table)


def test_prices_without_an_index_stay_and_are_not_brought_to_another_year(tmp_path):
    stored = load_accounts(deliver(tmp_path / "d", levels={}))
    assert compare_totals(revalue(stored))["difference_yuan"].abs().max() == 0
    with pytest.raises(InputError, match=r"accounts\.price_index"):
        revalue(stored, price_year=2020)


def test_a_folder_without_accounts_or_with_a_table_that_was_edited_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"manifest\.json"):
        load_accounts(tmp_path)
    (tmp_path / "manifest.json").write_text('{"aoi": "x", "files": {}}', encoding="utf-8")
    with pytest.raises(InputError, match="Put accounts: into the config"):
        load_accounts(tmp_path)
    folder = deliver(tmp_path / "d")
    path = folder / "tables" / "account_sums.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("u0", "u9"), encoding="utf-8")
    with pytest.raises(InputError, match="not as it was delivered"):
        load_accounts(folder)
    path.unlink()
    with pytest.raises(InputError, match="no such table"):
        load_accounts(folder)


def test_a_delivery_of_a_version_that_knew_fewer_choices_is_refused(tmp_path):
    folder = deliver(tmp_path / "d")
    path = folder / "tables" / "account_choices.csv"
    path.write_text("choice,option\nprice_year,2023\nevaporation,with_r\n", encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["tables/account_choices.csv"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match="negative_water"):
        load_accounts(folder)


def test_the_command_writes_its_tables_and_says_what_was_not_used(delivery, tmp_path):
    table = local(tmp_path, "carbon_rate,0303,,9,t C/ha/a,,监测")
    words = ["account", str(delivery), "--parameters", str(table), "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "carbon_rate 0303" in done.stderr
    rows = json.loads(done.stdout)
    assert {row["service"] for row in rows} >= set(SERVICES)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "account_totals.csv", "account_parcels.csv", "account_parameters.csv", "account_differences.csv"
    }  # fmt: skip


def test_people_read_names_and_a_dash_for_what_is_not_known(delivery):
    rows = tabulate_totals(revalue(load_accounts(delivery)))
    water = next(row for row in rows if row["指标 indicator"].startswith("REG-01"))
    assert "水源涵养" in water["指标 indicator"]
    assert "—" in {row["数量 quantity"] for row in rows}


def test_a_thousand_parcels_are_valued_anew_from_their_tables(tmp_path):
    folder = deliver(tmp_path / "d", parcels=1000, draws=2000)
    began = time.perf_counter()
    write_revaluation(revalue(load_accounts(folder), price_year=2022), tmp_path / "out")
    print(f"1,000 parcels in {time.perf_counter() - began:.2f} s")
    items = pd.read_csv(tmp_path / "out" / "account_parcels.csv", encoding="utf-8-sig")
    assert items["parcel_id"].nunique() == 1000
