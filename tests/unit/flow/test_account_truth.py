"""The planted truth of accounts, by formulas of its own, is what services give on the same ground."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_series_equal

from pipeline import standards
from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.services.registry import SERVICES
from pipeline.accounts.valuing import Method, value_services
from pipeline.aoi import Aoi, Part
from pipeline.flow.account_files import list_parameter_tables
from pipeline.geodesy import unproject
from pipeline.ingest.simulate import account_estate, account_ground, account_truth, accounts, parcels, scenes
from pipeline.ingest.simulate import yearbook as book
from pipeline.ingest.simulate.account_sources import complete_accounts, describe_accounts
from pipeline.ingest.simulate.water import describe_sections
from pipeline.ingest.simulate.world import plan_world
from pipeline.periods import list_periods
from pipeline.settings.accounts import Accounts
from pipeline.settings.parameters import read_parameters

CRS = "EPSG:32651"
START, END = date(2023, 1, 1), date(2024, 12, 31)
YEARS = list_periods(START, END, "year")
PROFILES = ["national-2022", "gbt46869-2025", "chongqing-2023", "shanghai-chongming", "jiangsu-nantong"]
OTHER_CHOICES = {
    "soil_practice": "without_p",
    "products": "net",
    "flood_vegetation": "runoff",
    "oxygen": "biomass",
    "air_purification": "capacity",
    "water_purification": "discharge",
    "pollution_price": "cost",
    "plant_cooling": "growth",
    "evaporation": "without_r",
    "tourism": "spend",
}
LOCAL = "key,class,value,unit,source\nintermediate_share,,0.42,1,test\nstorm_runoff_coefficient,,0.3,1,test\n"


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A small world of every zone, its folder, and its ground in the second year."""
    square = shapely.box(395_000, 3_486_000, 398_000, 3_488_500)
    part = Part("dongtan", "小滩", "Flat", unproject(square, CRS), None)
    world = plan_world(Aoi("tiny", "小区", "Tiny", (part,), CRS, "test", "exact"), YEARS)
    folder = tmp_path_factory.mktemp("planted")
    parcels.write_register(world, folder)
    accounts.write_accounts(world, folder)
    passes = scenes.list_acquisitions(world, START, END, ["sentinel-2"])
    slopes = {"slope_length_m": 30.0, "level_slope": 0.01}
    ground = account_ground.tabulate_ground(world, passes, folder / "register.gpkg", YEARS[1], **slopes)
    return world, folder, ground


def rules_of(folder, profile, **given):
    told = complete_accounts(
        Accounts.model_validate({"profile": profile, **given}), describe_accounts(folder)
    )
    found = told.load_profile("tiny")
    tables = read_parameters(list_parameter_tables(told, "tiny"))
    return account_estate.AccountRules(tuple(found.services), found.choices, tables, 30.0, 0.01)


def sums_of(ground):
    """The ground as ACCOUNT_SUMS: a unit for each class, in one region."""
    types = {row["code"]: row["ecosystem"] for row in standards.read_rows("land_classes")}
    registered = ground["dlbm"] != ""
    number = ground.index.astype(str)
    table = pd.DataFrame(
        {
            "unit_id": "U" + number,
            "kind": np.where(registered, "parcel", "outside"),
            "parcel_id": ("P" + number).where(registered, None),
            "region": "town",
            "project": None,
            "counted": True,
            "period": "2024",
            "dlbm": ground["dlbm"].where(registered, None),
            "ecosystem": ground["dlbm"].map(types).astype(object).where(registered, None),
            "mapped": ground["cover"],
            "area_m2": ground["area_m2"],
        }
    )
    for name in ground.columns.drop(["dlbm", "cover", "area_m2"]):
        table[name], table[f"{name}_m2"] = ground[name], ground["area_m2"]
    return table


def statistics_of(world):
    entries = book.list_figures(world)
    graded = describe_sections(world, YEARS[1:]).values()
    worst = max(entry["periods"]["2024"]["water_class"] for entry in graded)
    grade = {"region": "tiny", "year": 2024, "item": "water_class", "value": worst, "unit": "class"}
    table = pd.DataFrame(
        {
            "region": [entry.region if entry.region == "tiny" else "town" for entry in entries],
            "year": [entry.year for entry in entries],
            "item": [entry.kept.item for entry in entries],
            "product": [entry.kept.product for entry in entries],
            "value": [entry.value for entry in entries],
            "unit": ["m3" if entry.kept.product == "木材" else "t" for entry in entries],
        }
    )
    return pd.concat([table, pd.DataFrame([grade])], ignore_index=True)


def valued(planted, rules):
    world, _, ground = planted
    index = PriceIndex({"": book.list_price_index(world)})
    method = Method(rules.services, rules.choices.model_dump(), 2023)
    parameters = ParameterBook.of(rules.tables, "tiny")
    told = value_services(sums_of(ground), statistics_of(world), parameters, index, method, aoi_id="tiny")
    items = told.items[told.items["basis"] == "registered"]
    return items.groupby(["service", "item"])[["quantity", "value_yuan"]].sum(min_count=1)


def truth_of(planted, rules):
    world, _, ground = planted
    told = account_truth.account_ground(world, ground, rules, 2024)
    told.pop(account_truth.OUTSIDE)
    rows = {(code, key): entry for code, items in told.items() for key, entry in items.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["service", "item"])


def assert_alike(found, truth):
    """Where nothing supplies the truth is 0 and services have no row."""
    assert set(found.index) <= set(truth.index)
    both = found.reindex(truth.index)
    for name in ("quantity", "value_yuan"):
        without = both[name].isna()
        assert (truth[name][without].isna() | (truth[name][without] == 0)).all()
        assert_series_equal(both[name][~without], truth[name][~without].astype(float), rtol=1e-9)


@pytest.mark.parametrize("profile", PROFILES)
def test_services_give_the_truth_on_the_ground_of_the_truth(planted, profile):
    rules = rules_of(planted[1], profile)
    truth = truth_of(planted, rules)
    assert_alike(valued(planted, rules), truth)
    assert len(truth.dropna()) > 20


def test_every_variant_of_a_formula_is_planted_too(planted, tmp_path):
    local = tmp_path / "local.csv"
    local.write_text(LOCAL, encoding="utf-8")
    given = {"parameters": str(local), "include": ["REG-06c", "REG-07", "REG-11"], "exclude": ["REG-06a"]}
    rules = rules_of(planted[1], "national-2022", choices=OTHER_CHOICES, **given)
    truth = truth_of(planted, rules)
    assert_alike(valued(planted, rules), truth)
    usual = truth_of(planted, rules_of(planted[1], "national-2022", parameters=str(local)))
    common = usual.index.intersection(truth.index)
    moved = ~np.isclose(usual.loc[common, "value_yuan"], truth.loc[common, "value_yuan"], equal_nan=True)
    changed = {service for service, _ in common[moved]}
    assert {"MAT-01", "REG-02a", "REG-05d", "REG-08", "REG-10a", "CUL-01"} <= changed


def test_what_the_truth_does_not_tell_is_what_the_world_does_not_have():
    """Pests, ions, land spared and existence."""
    beyond = {"REG-02c", "REG-13", "REG-14", "CUL-04"}
    assert set(SERVICES) - set(account_truth.FORMULAS) == beyond
