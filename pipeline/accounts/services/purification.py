"""Air and water that ecosystems clean (空气净化、水质净化), up to what is emitted or all they can."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from pipeline.accounts.service import (
    Array,
    Service,
    ServiceItem,
    Supply,
    Term,
    Terms,
    build_term,
    take_parameter,
    take_rate,
    take_statistic,
)
from pipeline.accounts.services.ground import FARMLAND, PLANTS, WETLAND, pick_types

_GARZE = "白玛卓嘎等2017 甘孜州GEP (ChinaXiv-201711.00120V1), by emissions"


def cap_purification(capacity_t: Array, emission_t: Array) -> Array:
    """Tonnes that are cleaned: what is emitted, but no more than what the ground is able to clean."""
    return np.minimum(capacity_t, emission_t)


def compute_treatment_cost(tax: Array, equivalent: Array) -> Array:
    """Price of a tonne, yuan: environmental tax (yuan an equivalent) by the equivalent's weight (kg)."""
    return tax / equivalent * 1000.0


@dataclass(frozen=True)
class _Pollutant:
    key: str
    name_zh: str
    name_en: str
    emission: str
    supply: Supply | None = None

    @property
    def capacity(self) -> Term:
        """What the ground is able to clean, t."""
        return take_rate(f"{self.key}_rate")


_WOODS = pick_types("森林", "灌丛", "vegetation")
_IN_AIR = (
    _Pollutant("so2", "二氧化硫", "SO2", "emission_so2", _WOODS),
    _Pollutant("nox", "氮氧化物", "NOx", "emission_nox", _WOODS),
    _Pollutant("dust", "工业粉尘", "dust", "emission_dust"),
)
_IN_WATER = (
    _Pollutant("cod", "化学需氧量", "COD", "discharge_cod"),
    _Pollutant("nh3n", "氨氮", "NH3-N", "discharge_nh3n"),
    _Pollutant("tp", "总磷", "TP", "discharge_tp"),
)


def _cap(capacity: Array, terms: Terms, *, emission: str) -> Array:
    return cap_purification(capacity, terms.statistics[emission])


def _price_by_tax(terms: Terms, *, key: str) -> Array:
    return compute_treatment_cost(terms.parameters[f"{key}_tax"], terms.parameters[f"{key}_equivalent"])


def _clean_within_capacity(pollutant: _Pollutant) -> Term:
    able, code = pollutant.capacity, pollutant.emission
    text = f"min({code}, Σ{able.text})"
    cap = able.extend(text, partial(_cap, emission=code))
    return Term(text, cap.compute, cap.needs + take_statistic(code).needs)


_QUANTITIES: dict[str, Callable[[_Pollutant], Term]] = {
    "capped": _clean_within_capacity,
    "capacity": lambda pollutant: pollutant.capacity,
    "emitted": lambda pollutant: take_statistic(pollutant.emission),
}
_PRICES: dict[str, Callable[[str], Term]] = {
    "cost": lambda key: take_parameter(f"{key}_cost"),
    "tax": lambda key: build_term(
        "tax/equivalent·1000", partial(_price_by_tax, key=key), parameters=(f"{key}_tax", f"{key}_equivalent")
    ),
}


def _build_item(pollutant: _Pollutant, way: str, price: str) -> ServiceItem:
    return ServiceItem(
        pollutant.key,
        pollutant.name_zh,
        pollutant.name_en,
        "t",
        _QUANTITIES[way](pollutant),
        _PRICES[price](pollutant.key),
        share=pollutant.capacity if way == "capped" else None,
        supply=pollutant.supply,
    )


def _vary(
    pollutants: tuple[_Pollutant, ...], *, emitted: str
) -> dict[tuple[str, ...], tuple[ServiceItem, ...]]:
    ways = {"capped": "capped", "capacity": "capacity", emitted: "emitted"}
    return {
        (option, price): tuple(_build_item(pollutant, way, price) for pollutant in pollutants)
        for option, way in ways.items()
        for price in _PRICES
    }


AIR_PURIFICATION = Service(
    code="REG-08",
    name_zh="空气净化",
    name_en="Air purification",
    category="R",
    supply=pick_types(*PLANTS, FARMLAND),
    choices=("air_purification", "pollution_price"),
    variants=_vary(_IN_AIR, emitted="emission"),
    source=f"{_GARZE}; the cap by capacity from knowledge, unconfirmed",
    confirmed=True,
)
WATER_PURIFICATION = Service(
    code="REG-09",
    name_zh="水质净化",
    name_en="Water purification",
    category="R",
    supply=pick_types(WETLAND),
    choices=("water_purification", "pollution_price"),
    variants=_vary(_IN_WATER, emitted="discharge"),
    source=f"{_GARZE}; the cap by capacity from knowledge, unconfirmed",
    confirmed=True,
)
