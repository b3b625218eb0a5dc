"""What services of the simulated world come to, by formulas of its own, of its ground and its statistics."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.ingest.simulate.account_estate import AccountRules, Estate, Field
from pipeline.ingest.simulate.account_ground import tabulate_ground
from pipeline.ingest.simulate.passes import Acquisition
from pipeline.ingest.simulate.world import SIMULATED, World

_PLANTS = ("森林", "灌丛", "草地", "vegetation")
_FARMLAND, _WETLAND, _WOODS = "农田", "湿地", ("森林", "灌丛", "vegetation")
_ORCHARDS = ("0201", "0202", "0203", "0204")
_MARSHES = ("0304", "0306", "0402", "1108")
_MM, _TONNES, _HECTARES = 1e-3, 1e-4, 1e-4
_CO2_PER_CARBON, _OXYGEN_PER_CO2 = 44 / 12, 32 / 44
_KJ_PER_KWH = 3600.0
_WATER_KG = 1000.0
_IN_M3 = ("木材",)


OUTSIDE = "outside"
_NOTHING = {"quantity": None, "unit": None, "value_yuan": None}


class Worth(NamedTuple):
    """Quantity and price of a service, of every class or of all ground together."""

    quantity: Field
    price: Field
    unit: str


Formula = Callable[[Estate], Mapping[str, Worth]]


def write_account_truth(
    world: World, acquisitions: Sequence[Acquisition], register: Path, rules: AccountRules, folder: Path
) -> None:
    """`folder`/truth.json: by period, service and item the quantity, its unit and its value in yuan.

    Classes are those of the register, off its parcels those of the ground. Classes without a parameter are
    left out; null where no class has one.
    """
    lengths = {"slope_length_m": rules.slope_length_m, "level_slope": rules.level_slope}
    periods = {}
    for period in world.periods:
        ground = tabulate_ground(world, acquisitions, register, period, **lengths)
        periods[period.label] = account_ground(world, ground, rules, period.first.year)
    content = {"simulated": SIMULATED, "aoi": world.aoi.id, "periods": periods}
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text, encoding="utf-8")


def account_ground(world: World, ground: pd.DataFrame, rules: AccountRules, year: int) -> dict[str, Any]:
    """What ground comes to in a year, by service and item, and what is deducted of value from outside.

    A service of which the world knows nothing is null.
    """
    estate = Estate(world, ground, rules, year)
    told = {
        code: {key: _describe(worth) for key, worth in FORMULAS[code](estate).items()}
        for code in rules.services
        if code in FORMULAS
    }
    beyond = {code: {"": _NOTHING} for code in rules.services if code not in FORMULAS}
    return {**told, **beyond, OUTSIDE: {"": _describe(_deduct(estate))}}


def _describe(worth: Worth) -> dict[str, Any]:
    quantity, value = (_add_up(values) for values in (worth.quantity, worth.quantity * worth.price))
    return {"quantity": quantity, "unit": worth.unit, "value_yuan": value}


def _add_up(values: Field) -> float | None:
    """Their sum, 0 where nothing supplies; None where nothing of what supplies is known."""
    supplying = values[values != 0]
    known = supplying[~np.isnan(supplying)]
    return float(known.sum()) if known.size or not supplying.size else None


def _keep_water(estate: Estate) -> Mapping[str, Worth]:
    supply = (*_PLANTS, *_ORCHARDS, _WETLAND)
    rain, loss = (estate.measure(name, *supply) for name in ("rain", "evapotranspiration"))
    kept = rain - estate.weigh("rain", "runoff_coefficient", *supply) - loss
    kept = np.maximum(kept, 0.0) if estate.choices.negative_water == "cut" else kept
    return {"": Worth(kept * _MM, estate.take("reservoir_unit_cost"), "m3")}


def _keep_soil(estate: Estate) -> Field:
    supply = (*_PLANTS, _FARMLAND)
    potential = estate.measure("erosion_potential", *supply)
    if estate.choices.soil_practice == "without_p":
        return (potential - estate.measure("erosion", *supply)) * _TONNES
    return (potential - estate.weigh("erosion", "conservation_practice", *supply)) * _TONNES


def _keep_silt(estate: Estate) -> Mapping[str, Worth]:
    silt = _keep_soil(estate) * estate.take("silt_coefficient") / estate.find("soil_bulk_density")
    return {"": Worth(silt, estate.take("dredging_cost"), "m3")}


def _keep_nutrients(estate: Estate) -> Mapping[str, Worth]:
    soil = _keep_soil(estate)
    return {
        name: Worth(soil * estate.find(f"soil_{name}"), estate.take(f"{name}_cost"), "t")
        for name in ("nitrogen", "phosphorus")
    }


def _hold_sand(estate: Estate) -> Mapping[str, Worth]:
    supply = (*_PLANTS, _FARMLAND, "荒漠")
    sand = estate.weigh("area_m2", "sand_fixation_rate", *supply) * _HECTARES
    price = estate.take("wind_sand_cost") / estate.take("wind_sand_density") / estate.take("wind_sand_depth")
    return {"": Worth(sand, price, "t")}


def _store_in_lakes(estate: Estate) -> Mapping[str, Worth]:
    """Nothing, as the world has no lakes; unknown where it had any, whose storage goes by each of them."""
    lakes = estate.measure("area_m2", "1102")
    return {"": Worth(np.where(lakes > 0, np.nan, 0.0), estate.take("reservoir_unit_cost"), "m3")}


def _store_on_marshes(estate: Estate) -> Mapping[str, Worth]:
    water = estate.measure("area_m2", *_MARSHES) * estate.take("marsh_depth")
    return {"": Worth(water, estate.take("reservoir_unit_cost"), "m3")}


def _store_by_plants(estate: Estate) -> Mapping[str, Worth]:
    rain = estate.measure("storm_rain", *_PLANTS)
    if estate.choices.flood_vegetation == "runoff":
        water = rain - estate.weigh("storm_rain", "storm_runoff_coefficient", *_PLANTS)
    else:
        held = estate.weigh("storm_rain", "runoff_reduction", *_PLANTS)
        water = held * estate.take("storm_rain_share")
    return {"": Worth(water * _MM, estate.take("reservoir_unit_cost"), "m3")}


def _store_in_reservoirs(estate: Estate) -> Mapping[str, Worth]:
    water = estate.tell("reservoir_capacity") * estate.take("reservoir_flood_ratio")
    return {"": Worth(water, estate.take("reservoir_unit_cost"), "m3")}


def _fix_by_rate(estate: Estate) -> Field:
    return estate.weigh("area_m2", "carbon_rate", *_PLANTS, _WETLAND) * _HECTARES * _CO2_PER_CARBON


def _fix_by_nep(estate: Estate) -> Field:
    supply = (*_PLANTS, _WETLAND)
    respired = estate.weigh("area_m2", "soil_respiration", *supply)
    return (estate.measure("npp", *supply) - respired) * _HECTARES * _CO2_PER_CARBON


def _grow(estate: Estate, key: str) -> Field:
    dry = estate.weigh("area_m2", "biomass_growth", *_PLANTS, _WETLAND) * _HECTARES
    return dry * estate.take(key)


def _price_carbon(fix: Callable[[Estate], Field]) -> Formula:
    return lambda estate: {"": Worth(fix(estate), estate.take("carbon_price"), "t CO2")}


def _release_oxygen(estate: Estate) -> Mapping[str, Worth]:
    ways: dict[str, Callable[[Estate], Field]] = {
        "rate": lambda estate: _fix_by_rate(estate) * _OXYGEN_PER_CO2,
        "nep": lambda estate: _fix_by_nep(estate) * _OXYGEN_PER_CO2,
        "biomass": lambda estate: _grow(estate, "oxygen_per_dry_matter"),
    }
    return {"": Worth(ways[estate.choices.oxygen](estate), estate.take("oxygen_price"), "t")}


def _clean(estate: Estate, key: str, statistic: str, way: str, *supply: str) -> Worth:
    """What is cleaned of a pollutant: what ground is able to, what is let out, or the lesser of the two."""
    able = estate.weigh("area_m2", f"{key}_rate", *supply) * _HECTARES
    whole, let_out = np.array([np.nansum(able)]), estate.tell(statistic)
    cleaned = {"capacity": whole, "capped": np.minimum(whole, let_out)}.get(way, let_out)
    price = estate.take(f"{key}_cost")
    if estate.choices.pollution_price == "tax":
        price = estate.take(f"{key}_tax") / estate.take(f"{key}_equivalent") * 1000
    return Worth(cleaned, price, "t")


def _clean_air(estate: Estate) -> Mapping[str, Worth]:
    way = estate.choices.air_purification
    return {
        "so2": _clean(estate, "so2", "emission_so2", way, *_WOODS),
        "nox": _clean(estate, "nox", "emission_nox", way, *_WOODS),
        "dust": _clean(estate, "dust", "emission_dust", way, *_PLANTS, _FARMLAND),
    }


def _clean_water(estate: Estate) -> Mapping[str, Worth]:
    way = estate.choices.water_purification
    return {key: _clean(estate, key, f"discharge_{key}", way, _WETLAND) for key in ("cod", "nh3n", "tp")}


def _cool_by_plants(estate: Estate) -> Mapping[str, Worth]:
    if estate.choices.plant_cooling == "growth":
        dry = estate.weigh("area_m2", "biomass_growth", *_PLANTS) * _HECTARES
        heat = dry * estate.find("transpiration_coefficient") * estate.take("latent_heat") * _WATER_KG
    else:
        heat = estate.weigh("hot_days", "transpiration_heat", *_PLANTS)
    energy = heat / _KJ_PER_KWH / estate.take("air_conditioner_efficiency")
    return {"": Worth(energy, estate.take("electricity_price"), "kWh")}


def _cool_by_water(estate: Estate) -> Mapping[str, Worth]:
    efficiency = estate.take("air_conditioner_efficiency")
    divisor = efficiency if estate.choices.evaporation == "with_r" else np.ones(1)
    latent = estate.take("latent_heat") * _WATER_KG / _KJ_PER_KWH / divisor
    evaporated = estate.measure_waters("water_evaporation") * _MM
    energy = evaporated * (latent + estate.take("humidifier_energy"))
    return {"": Worth(energy, estate.take("electricity_price"), "kWh")}


def _conserve_species(estate: Estate) -> Mapping[str, Worth]:
    area = estate.measure("area_m2", "森林", _WETLAND, "vegetation") * _HECTARES
    return {"": Worth(area, estate.find("species_unit_value"), "ha")}


def _list_products(estate: Estate) -> Mapping[str, Worth]:
    """Products by kind and name, at the prices that statistics tell."""
    share = estate.take("intermediate_share") if estate.choices.products == "net" else np.zeros(1)
    return {
        f"{kind}.{product}": Worth(
            estate.tell(f"output.{kind}", product),
            estate.tell(f"price.{kind}", product) * (1 - share),
            "m3" if product in _IN_M3 else "t",
        )
        for kind, product in estate.products
    }


def _draw_water(estate: Estate) -> Mapping[str, Worth]:
    """Water by use, none of it where the worst section is too bad to be fresh."""
    share = float(estate.has_fresh_water())
    return {
        use: Worth(estate.tell(f"fresh_water.{use}") * share, estate.tell(f"water_price.{use}"), "m3")
        for use in ("domestic", "industry", "agriculture")
    }


def _tell(item: str, unit: str, price: str) -> Formula:
    """A statistic at the price of a parameter."""
    return lambda estate: {"": Worth(estate.tell(item), estate.take(price), unit)}


def _travel(estate: Estate) -> Mapping[str, Worth]:
    visits = estate.tell("visits")
    if estate.choices.tourism == "spend":
        return {"": Worth(visits, estate.tell("visitor_spend") / visits, "visit")}
    parts = ("travel_expense", "travel_time_value", "consumer_surplus")
    return {"": Worth(visits, sum((estate.take(key) for key in parts), np.zeros(1)), "visit")}


def _rest(estate: Estate) -> Mapping[str, Worth]:
    parts = [estate.take(key) for key in ("visit_hours", "hourly_wage", "leisure_wage_share")]
    return {"": Worth(estate.tell("resident_visits"), parts[0] * parts[1] * parts[2], "visit")}


def _quiet(estate: Estate) -> Mapping[str, Worth]:
    noise = estate.tell("noise_length") * estate.take("noise_reduction")
    return {"": Worth(noise, estate.take("noise_cost"), "dB km")}


def _deduct(estate: Estate) -> Worth:
    return Worth(estate.tell("imports_value"), np.full(1, -1.0), "yuan")


FORMULAS: Mapping[str, Formula] = {
    "MAT-01": _list_products,
    "MAT-02": _draw_water,
    "MAT-03": _tell("energy_output", "kWh", "energy_price"),
    "REG-01": _keep_water,
    "REG-02a": _keep_silt,
    "REG-02b": _keep_nutrients,
    "REG-03": _hold_sand,
    "REG-04": _tell("coast_length", "km", "coast_protection_cost"),
    "REG-05a": _store_in_lakes,
    "REG-05b": _store_in_reservoirs,
    "REG-05c": _store_on_marshes,
    "REG-05d": _store_by_plants,
    "REG-06a": _price_carbon(_fix_by_rate),
    "REG-06b": _price_carbon(_fix_by_nep),
    "REG-06c": _price_carbon(lambda estate: _grow(estate, "co2_per_dry_matter")),
    "REG-07": _release_oxygen,
    "REG-08": _clean_air,
    "REG-09": _clean_water,
    "REG-10a": _cool_by_plants,
    "REG-10b": _cool_by_water,
    "REG-11": _quiet,
    "REG-12": _conserve_species,
    "CUL-01": _travel,
    "CUL-02": _rest,
    "CUL-03": _tell("benefiting_housing_area", "m2", "landscape_premium"),
}
"""By service; of what has none the world knows nothing."""
