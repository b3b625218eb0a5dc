"""Published figures of GEP, reproduced by the public functions within their tolerance."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.accounts.prices import PriceIndex
from pipeline.accounts.service import Amounts
from pipeline.accounts.services.carbon import compute_carbon, compute_carbon_dioxide
from pipeline.accounts.services.climate import compute_evaporation_energy, compute_transpiration
from pipeline.accounts.services.flood import compute_storage_change
from pipeline.accounts.services.purification import compute_treatment_cost
from pipeline.accounts.services.registry import SERVICES
from pipeline.accounts.services.soil import compute_content, compute_mass
from pipeline.accounts.totals import total_services
from pipeline.accounts.valuing import LACKS, Method, Valuation, evaluate
from pipeline.contracts.accounts import ACCOUNT_ITEMS
from pipeline.indices.erosion import compute_erodibility
from pipeline.indices.terrain import compute_ls
from tests.account_worlds import AOI, OPTIONS, build_statistics, build_terms, pick_item
from tests.scenery import SHARED

FILES = ("worked_examples.json", "worked_examples_2.json")
FOLDER = SHARED / "knowledge" / "domain"
OF_OTHER_FIELDS = {"EI", "EQI", "H", "OTHER", "RATIO", "WATER"}
"""Indicators of the second file that are none of GEP: assessments, a register, costs of dams, a river."""
TEN_THOUSAND, HUNDRED_MILLION = 1e4, 1e8
HA = 1e4


def come_to(code, key="", *, area_m2=HA, sums=(), parameters=(), statistics=(), **options):
    """What an item comes to on one row."""
    terms = build_terms(area_m2, sums=sums, parameters=parameters, statistics=statistics)
    return evaluate(pick_item(code, key, **options), terms)


def keep_soil(code, key, soil_t, **parameters):
    """An item of soil retention where so many tonnes of soil are kept."""
    sums = {"erosion_potential": soil_t * 1e4, "erosion": 0.0}
    return come_to(code, key, sums=sums, parameters={"conservation_practice": 1.0} | parameters)


def fix_carbon(dry_t, k, price=1.0):
    growth = {"biomass_growth": dry_t, "co2_per_dry_matter": k, "carbon_price": price}
    return come_to("REG-06c", parameters=growth)


def release_oxygen(dry_t, k, price=1.0):
    growth = {"biomass_growth": dry_t, "oxygen_per_dry_matter": k, "oxygen_price": price}
    return come_to("REG-07", parameters=growth, oxygen="biomass")


def clean_air(key, rate_t_ha, ha, price=1.0):
    parameters = {f"{key}_rate": rate_t_ha, f"{key}_cost": price}
    return come_to("REG-08", key, area_m2=ha * HA, parameters=parameters, air_purification="capacity")


def treat(code, key, tonnes, price):
    """What is emitted, or discharged, at its cost of treatment."""
    emitted = {"REG-08": ("emission", "air_purification"), "REG-09": ("discharge", "water_purification")}
    word, choice = emitted[code]
    parameters, statistics = {f"{key}_cost": price}, {f"{word}_{key}": tonnes}
    return come_to(code, key, parameters=parameters, statistics=statistics, **{choice: word})


def reduce_runoff(ha, mm, share, reduction, price=1.0):
    parameters = {"storm_rain_share": share, "runoff_reduction": reduction, "reservoir_unit_cost": price}
    sums = {"storm_rain": mm * ha * HA}
    return come_to("REG-05d", sums=sums, parameters=parameters, flood_vegetation="reduction")


def keep_water(m2, rain_mm, et_mm, runoff, price=1.0):
    sums = {"rain": rain_mm * m2, "evapotranspiration": et_mm * m2}
    return come_to(
        "REG-01", sums=sums, parameters={"runoff_coefficient": runoff, "reservoir_unit_cost": price}
    )


def sell(tonnes, price):
    code = "agriculture_managed"
    return come_to("MAT-01", code, statistics={f"output.{code}": tonnes, f"price.{code}": price})


def drink(m3, price, water_class=3):
    told = {"fresh_water.domestic": m3, "water_price.domestic": price, "water_class": water_class}
    return come_to("MAT-02", "domestic", statistics=told)


def take_one(code, statistic, amount, key, price):
    """A service whose quantity is one statistic and whose price is one parameter."""
    return come_to(code, statistics={statistic: amount}, parameters={key: price})


def cool(kwh, price):
    parameters = {"transpiration_heat": 3600.0, "air_conditioner_efficiency": 1.0, "electricity_price": price}
    return come_to("REG-10a", sums={"hot_days": kwh}, parameters=parameters)


def cool_by_water(kwh, price):
    parameters = {"latent_heat": 0.0, "humidifier_energy": 1.0, "electricity_price": price}
    return come_to(
        "REG-10b", sums={"water_evaporation": kwh * 1e3}, parameters=parameters, evaporation="without_r"
    )


def travel(visits, expense, time, surplus):
    parameters = {"travel_expense": expense, "travel_time_value": time, "consumer_surplus": surplus}
    return come_to("CUL-01", statistics={"visits": visits}, parameters=parameters)


def total(values, codes=None, regions=None):
    """Totals of services that are worth so much: of any that do not exclude each other, if not named."""
    codes = codes or [code for code in SERVICES if code not in {"REG-02c", "REG-06b", "REG-06c", "CUL-04"}]
    codes = list(codes)[: len(values)]
    regions = regions or [AOI] * len(values)
    items = pd.DataFrame(
        {
            "unit_id": [f"u{number}" for number in range(len(values))],
            "kind": "outside",
            "parcel_id": None,
            "region": regions,
            "project": None,
            "counted": True,
            "period": "2010",
            "basis": "mapped",
            "account_class": [f"class {number}" for number in range(len(values))],
            "area_m2": 1.0,
            "service": codes,
            "item": "",
            "quantity": values,
            "unit": "x",
            "price": 1.0,
            "value_yuan": np.array(values, float),
            "comparable_yuan": values,
            "unknown_m2": 0.0,
            "shared_out": False,
            "indicative": False,
            "reason": None,
        }
    )
    told = {"region": regions, "period": "2010", "basis": "mapped", "mapped_wetland_m2": 0.0}
    spans = pd.DataFrame(told).drop_duplicates()
    valuation = Valuation(ACCOUNT_ITEMS.validate(items), pd.DataFrame(columns=list(LACKS)), spans, ())
    method = Method(tuple(dict.fromkeys(codes)), OPTIONS, 2010)
    table = total_services(valuation, build_statistics(year=2010), PriceIndex({}), method, aoi_id=AOI)
    return table.set_index(["region", "service"])["value_yuan"]


def gep(values, codes=None):
    return total(values, codes)[AOI, "GEP"]


def share(part, whole, code="REG-01"):
    """Per cent of a category in GEP, where the rest of it is of another."""
    rest = "MAT-01" if code != "MAT-01" else "REG-01"
    found = total([part, whole - part], [code, rest])
    return found[AOI, code[0]] / found[AOI, "GEP"] * 100


def one(values):
    return float(np.squeeze(values))


def quantity(amounts, scale=1.0):
    return one(amounts.quantity) / scale


def value(amounts, scale=1.0):
    return one(amounts.value) / scale


def settle(soil_t, lam=1.0, rho=1.0, price=1.0):
    return keep_soil("REG-02a", "", soil_t, silt_coefficient=lam, soil_bulk_density=rho, dredging_cost=price)


def keep_nutrient(key, soil_t, content=1.0, price=1.0):
    return keep_soil("REG-02b", key, soil_t, **{f"soil_{key}": content, f"{key}_cost": price})


def fix_sand(tonnes, rho, h, price=1.0):
    names = ("sand_fixation_rate", "wind_sand_density", "wind_sand_depth", "wind_sand_cost")
    return come_to("REG-03", parameters=dict(zip(names, (tonnes, rho, h, price), strict=True)))


def flood(m3, price):
    parameters = {"reservoir_unit_cost": price}
    return come_to("REG-05a", statistics={"lake_storage": m3}, parameters=parameters, flood_lake="statistic")


def flood_marsh(km2, depth):
    return come_to(
        "REG-05c", area_m2=km2 * 1e6, parameters={"marsh_depth": depth, "reservoir_unit_cost": 1.0}
    )


def spare_land(m2, price):
    names = ("soil_bulk_density", "soil_thickness", "land_yield")
    return keep_soil("REG-02c", "", m2, **dict(zip(names, (1.0, 1.0, price), strict=True)))


def pay(key, statistic, count, **parameters):
    told = dict.fromkeys(("trips_per_person", "adult_share", "monthly_payment", "payment_rate"), 1.0)
    return come_to(
        "CUL-04", key, statistics={statistic: count}, parameters=told | {"local_share": 0.0} | parameters
    )


E4, E6, E8 = TEN_THOUSAND, 1e6, HUNDRED_MILLION

BY_ID = {
    "garze_water_conservation": lambda i: value(keep_water(i["Q"] * 1e3, 1.0, 0.0, 0.0, i["price"]), E8),
    "garze_silt_volume": lambda i: quantity(settle(i["Qsr_t"], i["lam"], i["rho"]), E8),
    "garze_silt_value": lambda i: value(settle(i["V"], price=i["price"]), E8),
    "garze_N_mass": lambda i: quantity(keep_nutrient("nitrogen", i["Qsr_t"], i["cN"]), E4),
    "garze_P_mass": lambda i: quantity(keep_nutrient("phosphorus", i["Qsr_t"], i["cP"]), E4),
    "garze_N_value": lambda i: value(keep_nutrient("nitrogen", i["m_1e4t"] * E4, price=i["price"]), E8),
    "garze_P_value": lambda i: value(keep_nutrient("phosphorus", i["m_1e4t"] * E4, price=i["price"]), E8),
    "garze_soil_total": lambda _: gep(
        [reproduce(name) for name in ("garze_silt_value", "garze_N_value", "garze_P_value")]
    ),
    "garze_sandfix_area": lambda i: value(fix_sand(i["Q_t"], i["rho"], i["h"]), E6),
    "garze_sandfix_value": lambda i: value(
        fix_sand(*(find("garze_sandfix_area")["inputs"][name] for name in ("Q_t", "rho", "h")), i["price"]),
        E8,
    ),
    "garze_flood_marsh_depth": lambda i: quantity(flood_marsh(i["S_km2"], 0.3), E8),
    "garze_SO2": lambda i: value(treat("REG-08", "so2", i["t"], i["price"]), E8),
    "garze_NOx": lambda i: value(treat("REG-08", "nox", i["t"], i["price"]), E8),
    "garze_dust": lambda i: value(treat("REG-08", "dust", i["t"], i["price"]), E8),
    "garze_COD": lambda i: value(treat("REG-09", "cod", i["t"], i["price"]), E8),
    "garze_NH3N": lambda i: value(treat("REG-09", "nh3n", i["t"], i["price"]), E8),
    "garze_climate_veg": lambda i: value(cool(i["kWh"], i["price"]), E8),
    "garze_climate_water": lambda i: value(cool_by_water(i["kWh"], i["price"]), E8),
    "garze_pest_forest": lambda i: value(
        take_one("REG-13", "pest_area", i["ha"], "pest_cost", i["price"]), E8
    ),
    "garze_pest_grass": lambda i: value(
        take_one("REG-13", "pest_area", i["ha"], "pest_cost", i["price"]), E8
    ),
    "garze_hydropower": lambda i: value(
        take_one("MAT-03", "energy_output", i["kWh"], "energy_price", i["price"]), E8
    ),
    "garze_GEP_total": lambda i: gep(
        [i["provision"], i["regulation"], i["culture"]], ["MAT-01", "REG-01", "CUL-01"]
    ),
    "garze_total_by_ecosystem": lambda i: gep(
        [float(word) for word in i["rows"].split()[1::2]], ["REG-01"] * len(i["rows"].split()[1::2])
    ),
    "byd_flood_volume": lambda i: compute_storage_change(i["V1"], i["V_end"], i["V_start"]),
    "byd_flood_value": lambda i: value(flood(i["Q"], i["price"]), E8),
    "byd_carbon_mass": lambda i: compute_carbon(quantity(fix_carbon(i["dry_t"], i["k"]), E4)),
    "byd_oxygen_mass": lambda i: quantity(release_oxygen(i["dry_t"], i["k"]), E4),
    "byd_reed_value": lambda i: (
        sum(value(sell(i["t"] * part, price)) for part, price in zip(i["shares"], i["prices"], strict=True))
        / E8
    ),
    "byd_water_supply": lambda i: value(drink(i["Q"], i["price"]), E8),
    "byd_travel_cost": lambda i: value(travel(i["visits"], i["TE"], i["TV"], i["CS"]), E8),
    "byd_wtp_payers": lambda i: quantity(
        pay(
            "visitors",
            "visits",
            i["visits"],
            trips_per_person=i["trips_per_person"],
            adult_share=i["adult_share"],
            local_share=i["local_share"],
        ),
        E4,
    ),
    "byd_wtp_towns": lambda i: value(
        pay("residents", "population", i["payers"], monthly_payment=i["wtp_month"], payment_rate=i["rate"]),
        E8,
    ),
    "byd_total": lambda i: gep(i["items"]),
    "byd_share_culture": lambda i: share(i["culture"], i["total"], "CUL-01"),
    "gty_co2_conifer": lambda i: quantity(fix_carbon(i["NPP"], i["k"])),
    "gty_carbon_price_cpi": lambda i: (
        compute_carbon(i["price_tC"])
        * PriceIndex({"": {2008: 1.0, 2014: i["cpi_ratio"]}}).find_factor("carbon_price", 2008, 2014)
    ),
    "gty_co2_value_broad": lambda i: value(fix_carbon(i["t"], 1.0, i["price"]), E4),
    "gty_o2_value_total": lambda i: value(release_oxygen(i["t"], 1.0, i["price"]), E4),
    "gty_flood_conifer": lambda i: quantity(reduce_runoff(i["ha"], i["J0_mm"], i["K"], i["R"]), E4),
    "gty_flood_mixed": lambda i: quantity(reduce_runoff(i["ha"], i["J0_mm"], i["K"], i["R"]), E4),
    "gty_flood_value": lambda i: value(flood(i["Q"], i["price"])),
    "gty_so2_broad": lambda i: quantity(clean_air("so2", i["rate"] / 1e3, i["ha"])) * 1e3 / E4,
    "gty_so2_value_broad": lambda i: value(
        clean_air("so2", i["kg"] / 1e3, 1.0, (i["invest"] + i["run"]) * 1e3), E4
    ),
    "gty_dust_conifer": lambda i: quantity(clean_air("dust", i["rate"] / 1e3, i["ha"])) * 1e3 / E4,
    "gty_air_total_trap": lambda i: gep([i["dust_value"], i["so2_value"]]),
    "gty_silt_per_ha": lambda i: quantity(settle(i["Qsr"], i["lam"])) * 1e3,
    "gty_P_kept": lambda i: quantity(keep_nutrient("phosphorus", i["Qsr"], i["P_gkg"] / 1e3)) * 1e3,
    "gty_OM_kept": lambda i: compute_content(i["Qsr"], i["OM_gkg"] / 1e3) * 1e3,
    "gty_N_kept_typo": lambda i: quantity(keep_nutrient("nitrogen", i["Qsr"], i["N_gkg"] / 1e3)) * 1e3,
    "gty_land_value": lambda i: value(spare_land(i["m2"], i["yield_yuan_ha"])),
    "gty_transpiration": lambda i: (
        one(
            np.sum(
                compute_transpiration(
                    np.array([i["NPP_total"] - i["NPP_shrub"], i["NPP_shrub"]]),
                    np.array([i["k_tree"], i["k_shrub"]]),
                )
            )
        )
        / E4
    ),
    "gty_products": lambda i: (
        value(sell(i["wood_m3"], i["wood_price"]), E4)
        + value(sell(i["bamboo"], i["bamboo_price"]), E4)
        + value(sell(i["other"], 1.0), E4)
    ),
    "gty_total": lambda i: gep(i["items"]),
    "jz_total_2005": lambda i: gep(i["items"]),
    "jz_total_2015": lambda i: gep(i["items"]),
    "jjy_cfix_o2_forest": lambda i: (
        value(fix_carbon(i["NPP"], i["kC"], i["pC"])) + value(release_oxygen(i["NPP"], i["kO"], i["pO"]))
    ),
    "jjy_dust_forest": lambda i: value(clean_air("dust", i["t_ha"], 1.0, i["price"])),
    "jjy_dust_grass": lambda i: value(clean_air("dust", i["t_ha"], 1.0, i["price"])),
    "jjy_water_terrace": lambda i: value(keep_water(HA, i["runoff_mm"], 0.0, 1.0 - i["rate"], i["price"])),
    "ts_soilloss_0_5": lambda i: compute_mass(i["t_km2"] / 100 * i["km2"] * E6) / E6,
    "ts_soilloss_15_25": lambda i: compute_mass(i["t_km2"] / 100 * i["km2"] * E6) / E6,
    "ts_share_over15": lambda i: share(sum(i["parts"][2:]), sum(i["parts"])),
    "hh_nutrient_grass": lambda i: value(Amounts(np.array(i["ha"]), np.array(i["yuan_ha"])), E6),
    "hh_total": lambda i: gep(i["items"]),
    "cj_spartina_total": lambda i: gep([i["above"], i["below"]], ["REG-01", "REG-01"]),
    "cj_phrag_co2": lambda i: compute_carbon_dioxide(compute_mass(i["gC_m2"] * 100)),
    "nh_share_reg": lambda i: share(i["v"], i["t"]),
    "cn2015_share_reg": lambda i: share(i["v"], i["t"]),
    "wc_pixel_subtropical_forest": lambda i: quantity(keep_water(i["m2"], i["P"], i["ET"], i["alpha"])),
    "ls_pixel_12deg": lambda i: one(compute_ls(np.tan(np.radians([i["theta_deg"]])), length_m=i["lam_m"])),
    "epic_k_si": lambda i: one(
        compute_erodibility(*(np.array([i[name]]) for name in ("sand", "silt", "clay", "orgC")))
    ),
    "tax_price_SO2_nantong": lambda i: compute_treatment_cost(i["tax"], i["eq"]),
    "evap_energy_per_m3": lambda i: compute_evaporation_energy(i["q"], i["r"], i["y"]),
    "nh_conversion": lambda i: total([i["reg"], i["total"] - i["reg"]], ["REG-01", "MAT-01"])[AOI, "M"],
}
"""What each published figure comes to, from its inputs."""

WITHOUT_INPUTS = {"garze_flood_total_value"}
"""Published figures of which nothing is told that they could be computed from."""


def read_examples():
    """The rows of GEP of both files."""
    rows = [json.loads((FOLDER / name).read_text(encoding="utf-8")) for name in FILES]
    first = [row for row in rows[0] if row["id"].startswith("garze_")]
    return {
        row["id"]: row for row in [*first, *(r for r in rows[1] if r["indicator"] not in OF_OTHER_FIELDS)]
    }


def find(name):
    return read_examples()[name]


def reproduce(name):
    return BY_ID[name](find(name)["inputs"])


needs_examples = pytest.mark.skipif(
    not (FOLDER / FILES[0]).is_file(), reason="published examples are not beside the project"
)


@needs_examples
def test_every_published_figure_of_gep_has_its_reproduction():
    assert set(read_examples()) - WITHOUT_INPUTS == set(BY_ID)


@needs_examples
@pytest.mark.parametrize("name", BY_ID)
def test_published_figures_are_reproduced_within_their_tolerance(name):
    row = find(name)
    assert reproduce(name) == pytest.approx(row["expected"], abs=row["tolerance"], rel=0)


@needs_examples
@pytest.mark.parametrize("name", sorted(WITHOUT_INPUTS))
def test_figures_that_are_left_out_tell_nothing_to_compute_them_from(name):
    assert find(name)["inputs"] == {}


def test_a_published_total_that_leaves_out_a_part_is_not_fitted():
    dust, sulphur, published = 1817.18, 48.08, 1817.19
    found = gep([dust, sulphur])
    assert found == pytest.approx(1865.26, abs=0.005)
    assert found - published == pytest.approx(sulphur, abs=0.02)


def test_a_published_figure_with_digits_changed_about_is_not_fitted():
    found = quantity(keep_nutrient("nitrogen", 2985.4, 1.52e-3)) * 1e3
    assert found == pytest.approx(4537.81, abs=0.01)
    assert found != pytest.approx(4573.81, abs=1)
