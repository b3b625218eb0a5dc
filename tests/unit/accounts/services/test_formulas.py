"""Each formula equals a calculation by hand, over ground and figures of any size."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.accounts.valuing import evaluate
from tests.account_worlds import build_terms, pick_item

some = st.floats(1e-3, 1e4)
part = st.floats(0.0, 1.0)
HA = 1e4


def come_to(code, key="", *, area_m2=HA, whole_m2=None, options=(), sums=(), parameters=(), statistics=()):
    item = pick_item(code, key, **dict(options))
    terms = build_terms(area_m2, whole_m2=whole_m2, sums=sums, parameters=parameters, statistics=statistics)
    found = evaluate(item, terms)
    return float(np.squeeze(found.quantity)), float(np.squeeze(found.value))


def near(expected):
    return pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(rain=some, et=some, runoff=part, ha=some, cost=some)
def test_water_is_rain_less_runoff_less_evapotranspiration_and_a_deficit_stays_below_0(
    rain, et, runoff, ha, cost
):
    m2 = ha * HA
    sums = {"rain": rain * m2, "evapotranspiration": et * m2}
    quantity, value = come_to(
        "REG-01", sums=sums, parameters={"runoff_coefficient": runoff, "reservoir_unit_cost": cost}
    )
    depth_m = (rain - rain * runoff - et) / 1000
    scale = m2 * (rain + et) / 1000
    assert quantity == pytest.approx(depth_m * m2, abs=1e-9 * scale)
    assert value == pytest.approx(depth_m * m2 * cost, abs=1e-9 * scale * cost)


def test_cutting_deficits_counts_wet_pixels_alone_and_no_deficit_becomes_supply():
    rain, et, runoff = np.array([1100.0, 600.0]), np.array([750.0, 800.0]), 0.1
    balance = rain * (1 - runoff) - et
    sums = {"rain": rain.sum(), "evapotranspiration": et.sum(), "deficit": np.minimum(balance, 0).sum()}
    parameters = {"runoff_coefficient": runoff, "reservoir_unit_cost": 1.0}
    kept, _ = come_to("REG-01", sums=sums, parameters=parameters)
    cut, _ = come_to("REG-01", sums=sums, parameters=parameters, options={"negative_water": "cut"})
    assert kept == near(balance.sum() / 1000)
    assert cut == near(np.maximum(balance, 0).sum() / 1000)
    assert cut < np.abs(balance).sum() / 1000


@given(potential=some, ratio=part, practice=part, ha=some, lam=part, rho=st.floats(0.5, 2.5), cost=some)
def test_silt_is_the_share_of_the_soil_kept_that_settles(potential, ratio, practice, ha, lam, rho, cost):
    m2 = ha * HA
    sums = {"erosion_potential": potential * m2, "erosion": potential * ratio * m2}
    parameters = {
        "conservation_practice": practice,
        "silt_coefficient": lam,
        "soil_bulk_density": rho,
        "dredging_cost": cost,
    }
    silt_m3 = potential * (1 - ratio * practice) * ha * lam / rho
    slack = 1e-9 * potential * ha * lam / rho
    quantity, value = come_to("REG-02a", sums=sums, parameters=parameters)
    assert quantity == pytest.approx(silt_m3, abs=slack)
    assert value == pytest.approx(silt_m3 * cost, abs=slack * cost)
    bare, _ = come_to("REG-02a", sums=sums, parameters=parameters, options={"soil_practice": "without_p"})
    assert bare == pytest.approx(potential * (1 - ratio) * ha * lam / rho, abs=slack)


@given(potential=some, ha=some, content=st.floats(1e-5, 0.05), cost=some)
def test_nutrients_and_land_go_by_the_soil_kept(potential, ha, content, cost):
    sums = {"erosion_potential": potential * ha * HA, "erosion": 0.0}
    soil_t = potential * ha
    for key in ("nitrogen", "phosphorus"):
        parameters = {"conservation_practice": 1.0, f"soil_{key}": content, f"{key}_cost": cost}
        quantity, value = come_to("REG-02b", key, sums=sums, parameters=parameters)
        assert (quantity, value) == (near(soil_t * content), near(soil_t * content * cost))
    parameters = {
        "conservation_practice": 1.0,
        "soil_bulk_density": 1.25,
        "soil_thickness": 0.5,
        "land_yield": cost,
    }
    quantity, value = come_to("REG-02c", sums=sums, parameters=parameters)
    assert (quantity, value) == (near(soil_t / 1.25 / 0.5 / 1e4), near(soil_t / 1.25 / 0.5 / 1e4 * cost))


@given(rate=some, ha=some, rho=st.floats(0.5, 2.5), depth=st.floats(0.01, 1.0), cost=some)
def test_sand_is_valued_by_the_ground_that_it_would_cover(rate, ha, rho, depth, cost):
    parameters = {
        "sand_fixation_rate": rate,
        "wind_sand_density": rho,
        "wind_sand_depth": depth,
        "wind_sand_cost": cost,
    }
    quantity, value = come_to("REG-03", area_m2=ha * HA, parameters=parameters)
    assert quantity == near(rate * ha)
    assert value == near(rate * ha / rho / depth * cost)


@given(km2=st.floats(0.01, 500), share=st.floats(0.01, 1.0))
def test_a_lake_stores_by_its_whole_area_and_its_parts_by_their_share(km2, share):
    names = ("lake_flood_coefficient", "lake_flood_exponent", "lake_flood_exchanges", "reservoir_unit_cost")
    parameters = dict(zip(names, (math.exp(4.924), 1.128, 3.19, 6.11), strict=True))
    whole = math.exp(4.924) * km2**1.128 * 3.19 * 1e4
    quantity, value = come_to("REG-05a", area_m2=km2 * share * 1e6, whole_m2=km2 * 1e6, parameters=parameters)
    assert quantity == near(whole * share)
    assert value == near(whole * share * 6.11)


@given(area=some, depth=part, storm=some, runoff=part, held=part, cost=some)
def test_floods_are_stored_by_reservoirs_marshes_and_plants(area, depth, storm, runoff, held, cost):
    price = {"reservoir_unit_cost": cost}
    quantity, _ = come_to(
        "REG-05b", statistics={"reservoir_capacity": area}, parameters=price | {"reservoir_flood_ratio": held}
    )
    assert quantity == near(area * held)
    quantity, value = come_to("REG-05c", area_m2=area, parameters=price | {"marsh_depth": depth})
    assert (quantity, value) == (near(area * depth), near(area * depth * cost))
    sums = {"storm_rain": storm * area}
    quantity, _ = come_to("REG-05d", sums=sums, parameters=price | {"storm_runoff_coefficient": runoff})
    assert quantity == near(storm * (1 - runoff) / 1000 * area)
    parameters = price | {"storm_rain_share": runoff, "runoff_reduction": held}
    quantity, _ = come_to(
        "REG-05d", sums=sums, parameters=parameters, options={"flood_vegetation": "reduction"}
    )
    assert quantity == near(storm * runoff * held / 1000 * area)


@given(rate=st.floats(-5, 20), npp=some, respiration=some, growth=some, ha=some, price=some)
def test_carbon_becomes_co2_once_and_oxygen_is_its_molecules(rate, npp, respiration, growth, ha, price):
    sums = {"npp": npp * ha * HA}
    told = {"carbon_price": price, "oxygen_price": price}
    parameters = told | {
        "carbon_rate": rate,
        "soil_respiration": respiration,
        "biomass_growth": growth,
        "co2_per_dry_matter": 1.63,
        "oxygen_per_dry_matter": 1.19,
    }
    ways = {
        "rate": ("REG-06a", rate * ha * 44 / 12),
        "nep": ("REG-06b", (npp - respiration) * ha * 44 / 12),
        "biomass": ("REG-06c", growth * ha * 1.63),
    }
    for way, (code, dioxide_t) in ways.items():
        quantity, value = come_to(code, area_m2=ha * HA, sums=sums, parameters=parameters)
        slack = 1e-9 * (npp + respiration + abs(rate) + growth) * ha * 4
        assert quantity == pytest.approx(dioxide_t, abs=slack)
        assert value == pytest.approx(dioxide_t * price, abs=slack * price)
        oxygen_t = growth * ha * 1.19 if way == "biomass" else dioxide_t * 32 / 44
        quantity, _ = come_to(
            "REG-07", area_m2=ha * HA, sums=sums, parameters=parameters, options={"oxygen": way}
        )
        assert quantity == pytest.approx(oxygen_t, abs=slack)


@given(emitted=some, able=some, ha=some, cost=some, tax=st.floats(0.5, 15), weight=st.floats(0.1, 5))
@pytest.mark.parametrize(
    ("code", "key", "statistic", "choice", "word"),
    [
        ("REG-08", "so2", "emission_so2", "air_purification", "emission"),
        ("REG-08", "nox", "emission_nox", "air_purification", "emission"),
        ("REG-08", "dust", "emission_dust", "air_purification", "emission"),
        ("REG-09", "cod", "discharge_cod", "water_purification", "discharge"),
        ("REG-09", "nh3n", "discharge_nh3n", "water_purification", "discharge"),
        ("REG-09", "tp", "discharge_tp", "water_purification", "discharge"),
    ],
)
def test_what_is_cleaned_is_what_is_emitted_up_to_what_the_ground_is_able_to(
    code, key, statistic, choice, word, *, emitted, able, ha, cost, tax, weight
):
    parameters = {f"{key}_rate": able, f"{key}_cost": cost, f"{key}_tax": tax, f"{key}_equivalent": weight}
    ways = {"capped": min(emitted, able * ha), "capacity": able * ha, word: emitted}
    for way, tonnes in ways.items():
        for price, yuan in (("cost", cost), ("tax", tax / weight * 1000)):
            found = come_to(
                code,
                key,
                area_m2=ha * HA,
                options={choice: way, "pollution_price": price},
                parameters=parameters,
                statistics={statistic: emitted},
            )
            assert found == (near(tonnes), near(tonnes * yuan))


@given(heat=some, days=st.floats(1, 120), ha=some, price=part, q=st.floats(2200, 2500), y=st.floats(0, 200))
def test_cooling_is_heat_by_the_efficiency_of_what_would_cool(heat, days, ha, price, q, y):
    m2 = ha * HA
    parameters = {
        "transpiration_heat": heat,
        "air_conditioner_efficiency": 3.0,
        "electricity_price": price,
        "latent_heat": q,
        "humidifier_energy": y,
        "transpiration_coefficient": 750.0,
        "biomass_growth": 3.0,
    }
    quantity, value = come_to("REG-10a", sums={"hot_days": days * m2}, parameters=parameters)
    kwh = heat * m2 * days / 3600 / 3.0
    assert (quantity, value) == (near(kwh), near(kwh * price))
    quantity, _ = come_to("REG-10a", area_m2=m2, parameters=parameters, options={"plant_cooling": "growth"})
    assert quantity == near(750.0 * 3.0 * ha * 1000 * q / 3600 / 3.0)
    sums = {"water_evaporation": days * m2}
    m3 = days / 1000 * m2
    quantity, _ = come_to("REG-10b", sums=sums, parameters=parameters)
    assert quantity == near(m3 * (1000 * q / 3600 / 3.0 + y))
    quantity, _ = come_to("REG-10b", sums=sums, parameters=parameters, options={"evaporation": "without_r"})
    assert quantity == near(m3 * (1000 * q / 3600 + y))


@given(length=some, decibel=some, cost=some, ha=some)
def test_noise_species_and_pests_go_by_length_and_area(length, decibel, cost, ha):
    found = come_to(
        "REG-11",
        statistics={"noise_length": length},
        parameters={"noise_reduction": decibel, "noise_cost": cost},
    )
    assert found == (near(length * decibel), near(length * decibel * cost))
    found = come_to("REG-12", area_m2=ha * HA, parameters={"species_unit_value": cost})
    assert found == (near(ha), near(ha * cost))
    found = come_to("REG-13", statistics={"pest_area": ha}, parameters={"pest_cost": cost})
    assert found == (near(ha), near(ha * cost))
    found = come_to("REG-04", statistics={"coast_length": length}, parameters={"coast_protection_cost": cost})
    assert found == (near(length), near(length * cost))


@given(height=st.floats(1, 30), ions=st.floats(600, 5000), ha=some)
def test_negative_ions_are_those_above_what_plain_air_has(height, ions, ha):
    parameters = {
        "forest_height": height,
        "negative_ion_concentration": ions,
        "negative_ion_lifetime": 10.0,
        "negative_ion_price": 5.8185e-18,
    }
    quantity, value = come_to("REG-14", area_m2=ha * HA, parameters=parameters)
    assert quantity == near(5.256e15 * ha * height * (ions - 600) / 10)
    assert value == near(5.256e15 * ha * height * (ions - 600) / 10 * 5.8185e-18)


@given(amount=some, price=some, spent=part)
def test_products_count_gross_or_net_of_what_went_into_them(amount, price, spent):
    told = {"output.fishery_wild": amount, "price.fishery_wild": price}
    for option, yuan in (("gross", price), ("net", price * (1 - spent))):
        found = come_to(
            "MAT-01",
            "fishery_wild",
            options={"products": option},
            statistics=told,
            parameters={"intermediate_share": spent},
        )
        assert found == (near(amount), near(amount * yuan))


@pytest.mark.parametrize("water_class", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("use", ["domestic", "industry", "agriculture"])
def test_water_of_class_three_or_better_is_fresh_and_worse_is_none(use, water_class):
    told = {f"fresh_water.{use}": 1e6, f"water_price.{use}": 0.5, "water_class": water_class}
    assert come_to("MAT-02", use, statistics=told) == ((1e6, 5e5) if water_class <= 3 else (0.0, 0.0))


def test_water_of_an_unknown_class_is_unknown():
    told = {"fresh_water.domestic": 1e6, "water_price.domestic": 0.5, "water_class": np.nan}
    assert np.isnan(come_to("MAT-02", "domestic", statistics=told)).all()


@given(visits=some, spend=some, expense=some, time=some, surplus=some)
def test_visits_are_worth_travel_cost_or_spend(visits, spend, expense, time, surplus):
    parameters = {"travel_expense": expense, "travel_time_value": time, "consumer_surplus": surplus}
    told = {"visits": visits, "visitor_spend": spend}
    found = come_to("CUL-01", statistics=told, parameters=parameters)
    assert found == (near(visits), near(visits * (expense + time + surplus)))
    assert come_to("CUL-01", options={"tourism": "spend"}, statistics=told) == (near(visits), near(spend))
    parameters = {"visit_hours": time, "hourly_wage": expense, "leisure_wage_share": 0.3}
    found = come_to("CUL-02", statistics={"resident_visits": visits}, parameters=parameters)
    assert found == (near(visits), near(visits * time * expense * 0.3))
    found = come_to(
        "CUL-03", statistics={"benefiting_housing_area": visits}, parameters={"landscape_premium": spend}
    )
    assert found == (near(visits), near(visits * spend))
    energy = come_to("MAT-03", statistics={"energy_output": visits}, parameters={"energy_price": spend})
    assert energy == (near(visits), near(visits * spend))
