"""Small worlds whose accounts are known: true ground and parameters, and what an office sees of them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.accounts.intervals import add_intervals
from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.rows import AccountRows, gather_rows
from pipeline.accounts.services.registry import SERVICES
from pipeline.accounts.sharing import YearStatistics
from pipeline.accounts.terms import TermSources, find_missing_terms, gather_terms
from pipeline.accounts.totals import total_services
from pipeline.accounts.valuing import Method, evaluate, value_services
from pipeline.accounts.variables import VARIABLES
from pipeline.settings.accounts import Choices
from pipeline.settings.parameters import ParameterRow

AOI = "island"
YEAR = 2024
CLASSES = ("森林", "灌丛", "草地", "湿地", "农田")
UNITS = 24
EXCLUDED = {"REG-02c", "REG-06b", "REG-06c", "CUL-04"}
MEANS = {
    "rain": 1100.0, "evapotranspiration": 700.0, "deficit": -20.0, "erosion_potential": 90.0, "erosion": 8.0,
    "storm_rain": 300.0, "npp": 6.0, "hot_days": 60.0, "water_evaporation": 400.0, "fvc": 0.6,
}  # fmt: skip
PARAMETERS = {
    "runoff_coefficient": 0.1, "storm_runoff_coefficient": 0.3, "conservation_practice": 0.4,
    "runoff_reduction": 0.3, "intermediate_share": 0.4, "lake_flood_exponent": 1.128,
    "soil_nitrogen": 0.002, "soil_phosphorus": 0.001, "reservoir_flood_ratio": 0.35, "silt_coefficient": 0.24,
}  # fmt: skip
"""Values of parameters that are shares or powers; others are near 5."""


@dataclass(frozen=True)
class World:
    """What an office publishes from: sums under units, and parameters with their ranges; and what is true.

    `true_book` has many truths (truth, row of the book), each as likely by the ranges: so many worlds that
    look the same to the office.
    """

    true_sums: pd.DataFrame
    true_book: ParameterBook
    sums: pd.DataFrame
    book: ParameterBook
    statistics: pd.DataFrame


def plant_world(generator, truths):
    """Units of five classes, a part of whose ground no layer knows."""
    true_sums, sums = plant_ground(generator)
    book = plant_parameters(generator)
    true_book = replace(book, values=plant_truths(generator, book, truths))
    return World(true_sums, true_book, sums, book, plant_statistics(generator))


def plant_ground(generator):
    count = len(CLASSES) * UNITS
    table = pd.DataFrame({"unit_id": [f"u{n}" for n in range(count)], "mapped": np.repeat(CLASSES, UNITS)})
    table = table.assign(kind="outside", parcel_id=None, region=AOI, project=None, counted=True)
    table = table.assign(period=str(YEAR), dlbm=None, ecosystem=None)
    area = generator.uniform(2e4, 9e4, count)
    share = np.where(generator.random(count) < 0.2, generator.uniform(0.8, 1.0, count), 1.0)
    share[::UNITS] = 0.0
    whole, seen = table.assign(area_m2=area), table.assign(area_m2=area)
    for name in VARIABLES:
        mean = MEANS[name] * (1 + 0.2 * generator.standard_normal(count))
        whole[name], whole[f"{name}_m2"] = mean * area, area
        seen[name], seen[f"{name}_m2"] = mean * area * share, area * share
    return whole, seen


def plant_parameters(generator):
    """A book with a range for every row, wider upwards."""
    rows = []
    for entry in standards.read_rows("account_parameters"):
        for name in CLASSES if entry["by"] == "class" else (None,):
            value = PARAMETERS.get(entry["key"], 5.0) * generator.uniform(0.9, 1.1)
            told = {"source": "planted", "confirmed": True, "origin": "planted.csv", "row": len(rows) + 2}
            bounds = {"value": value, "low": 0.9 * value, "high": 1.16 * value, "price_year": None}
            place = {"land_class": name, "region": None, "unit": entry["unit"]}
            rows.append(ParameterRow(key=entry["key"], **place, **bounds, **told))
    return ParameterBook.of([rows], AOI)


def plant_truths(generator, book, truths):
    """True parameters, 95 of 100 from low to high: by two half normals, or by a lognormal."""
    value, low, high = (
        np.array([getattr(row, name) for row in book.rows]) for name in ("value", "low", "high")
    )
    deviate = generator.normal(size=(truths, len(book.rows)))
    halves = value + deviate * np.where(deviate < 0, value - low, high - value) / 1.959964
    middle, width = np.log(low * high) / 2, np.log(high / low) / 2 / 1.959964
    return np.where(generator.random((truths, 1)) < 0.5, halves, np.exp(middle + width * deviate))


def plant_statistics(generator):
    """Every item of the statistics, of the whole area; emissions beyond what ground is able to clean."""
    rows = [
        {"region": AOI, "year": YEAR, "item": row["code"], "product": None, "unit": row["unit"],
         "value": 3.0 if row["code"] == "water_class" else generator.uniform(1e9, 2e9)}
        for row in standards.read_rows("statistic_items")
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(source=None, file="planted.csv", sheet=None, row=2)


def choose_method(services=None):
    codes = tuple(code for code in SERVICES if code not in EXCLUDED) if services is None else services
    return Method(codes, Choices().model_dump(), YEAR)


def publish(world, method, *, draws, seed):
    """ACCOUNT_TOTALS as an office publishes them, with their intervals."""
    given = (world.sums, world.statistics, world.book, PriceIndex({}), method)
    valuation = value_services(*given, aoi_id=AOI)
    totals = total_services(valuation, world.statistics, PriceIndex({}), method, aoi_id=AOI)
    return add_intervals(totals, valuation.items, *given, aoi_id=AOI, draws=draws, seed=seed)


def find_truths(world, method):
    """True quantity and value (truth) of each service and item, of all ground."""
    rows = AccountRows.of(gather_rows(world.true_sums, "mapped"))
    sources = TermSources(YearStatistics(world.statistics, YEAR, AOI), world.true_book)
    truths = {}
    for service, item in method.list_items(sources.statistics):
        supply = service.find_supply(item)
        if not find_missing_terms(item, supply, rows, sources):
            amounts = evaluate(item, gather_terms(item, supply, rows, sources).terms)
            truths[service.code, item.key] = amounts.quantity.sum(axis=-1), amounts.value.sum(axis=-1)
    return truths


def count_held(world, method, *, draws, seed):
    """A row per item with an interval: truths, and in how many of them it holds quantity and value."""
    truths = find_truths(world, method)
    rows = []
    for row in publish(world, method, draws=draws, seed=seed).itertuples():
        if (row.service, row.item) not in truths or np.isnan(row.value_low):
            continue
        quantity, value = (np.atleast_1d(figure) for figure in truths[row.service, row.item])
        rows.append(
            {
                "service": row.service,
                "item": row.item,
                "truths": len(value),
                "certain": row.quantity_low == row.quantity_high,
                "certain_value": row.value_low == row.value_high,
                "quantity": len(value) * _share_between(row.quantity_low, quantity, row.quantity_high),
                "value": len(value) * _share_between(row.value_low, value, row.value_high),
            }
        )
    return pd.DataFrame(rows)


def _share_between(low, figures, high):
    rounding = 1e-9 * np.abs(figures)
    return float(((low - rounding <= figures) & (figures <= high + rounding)).mean())
