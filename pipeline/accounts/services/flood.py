"""Floods that lakes, reservoirs, marshes and plants take up (洪水调蓄); sheltered coast (海岸带防护)."""

import numpy as np

from pipeline.accounts.service import (
    Array,
    Service,
    Supply,
    Terms,
    build_single,
    build_term,
    take_parameter,
    take_statistic,
)
from pipeline.accounts.services.ground import MARSHES, PLANTS, WETLAND, pick_classes, pick_types

_GARZE = "白玛卓嘎等2017 甘孜州GEP (ChinaXiv-201711.00120V1)"
_COAST = ("0303", "1105", "1108")
_TEN_THOUSAND = 1e4
_MM = 1e-3


def compute_lake_storage(area_m2: Array, coefficient: Array, exponent: Array, exchanges: Array) -> Array:
    """Storage of one lake in m3: 10^4 times coefficient A^exponent times exchanges, A in km2.

    The formula is of a lake and not linear in area: lakes are not summed before (饶恩明等 2014).
    """
    return _TEN_THOUSAND * coefficient * np.power(area_m2 * 1e-6, exponent) * exchanges


def compute_storage_change(taken_m3: Array, closing_m3: Array, opening_m3: Array) -> Array:
    """Flood water that a lake took up, m3: what was let in and out, and by how much its storage grew."""
    return taken_m3 + (closing_m3 - opening_m3)


def compute_marsh_storage(area_m2: Array, depth: Array) -> Array:
    """Storage of marshes, m3, that a depth (m) of flood water stands on."""
    return area_m2 * depth


def compute_storm_water(storm_rain: Array, runoff_coefficient: Array) -> Array:
    """Rain of storms that plants keep, m3; `storm_rain` is a sum over ground, mm times m2."""
    return storm_rain * (1.0 - runoff_coefficient) * _MM


def compute_runoff_reduction(storm_rain: Array, runoff_share: Array, reduction: Array) -> Array:
    """Runoff that plants hold back, m3: rain of storms times the share that runs off times that held back.

    `storm_rain` is a sum over ground, mm times m2 (ChinaXiv-201711.00109V1).
    """
    return storm_rain * runoff_share * reduction * _MM


def _store_in_lake(terms: Terms) -> Array:
    known = terms.parameters
    lake = compute_lake_storage(
        terms.whole_m2,
        known["lake_flood_coefficient"],
        known["lake_flood_exponent"],
        known["lake_flood_exchanges"],
    )
    return lake * (terms.area_m2 / terms.whole_m2)


def _store_in_reservoir(terms: Terms) -> Array:
    return terms.statistics["reservoir_capacity"] * terms.parameters["reservoir_flood_ratio"]


def _store_on_marsh(terms: Terms) -> Array:
    return compute_marsh_storage(terms.area_m2, terms.parameters["marsh_depth"])


def _keep_storm(terms: Terms) -> Array:
    return compute_storm_water(terms.sums["storm_rain"], terms.parameters["storm_runoff_coefficient"])


def _hold_back(terms: Terms) -> Array:
    known = terms.parameters
    return compute_runoff_reduction(
        terms.sums["storm_rain"], known["storm_rain_share"], known["runoff_reduction"]
    )


_CAPACITY = take_parameter("reservoir_unit_cost")
_LAKE = build_term(
    "a·A^b·T·10⁴",
    _store_in_lake,
    parameters=("lake_flood_coefficient", "lake_flood_exponent", "lake_flood_exchanges"),
)
_VEGETATION = {
    "runoff": build_term(
        "ΣP_storm·(1−α_storm)·A·10⁻³",
        _keep_storm,
        variables=("storm_rain",),
        parameters=("storm_runoff_coefficient",),
    ),
    "reduction": build_term(
        "ΣP_storm·K·R·A·10⁻³",
        _hold_back,
        variables=("storm_rain",),
        parameters=("storm_rain_share", "runoff_reduction"),
    ),
}

COAST_PROTECTION = Service(
    code="REG-04",
    name_zh="海岸带防护",
    name_en="Coastal protection",
    category="R",
    supply=pick_classes(WETLAND, *_COAST),
    variants={
        (): build_single("km", take_statistic("coast_length"), take_parameter("coast_protection_cost"))
    },
    source="listed in 山东省规范 (m.ablecall.cn/html/2022/12/343675.shtml); formula unconfirmed",
    confirmed=False,
)
LAKES = Service(
    code="REG-05a",
    name_zh="洪水调蓄-湖泊",
    name_en="Flood regulation by lakes",
    category="R",
    supply=Supply(frozenset({"1102"})),
    choices=("flood_lake",),
    variants={
        ("formula",): build_single("m3", _LAKE, _CAPACITY),
        ("statistic",): build_single("m3", take_statistic("lake_storage"), _CAPACITY),
    },
    source=f"{_GARZE}; eastern plain: 饶恩明等2014 from knowledge, unconfirmed",
    confirmed=True,
)
RESERVOIRS = Service(
    code="REG-05b",
    name_zh="洪水调蓄-水库",
    name_en="Flood regulation by reservoirs",
    category="R",
    supply=pick_classes(WETLAND, "1103"),
    variants={
        (): build_single(
            "m3",
            build_term(
                "C_total·0.35",
                _store_in_reservoir,
                shared=("reservoir_capacity",),
                parameters=("reservoir_flood_ratio",),
            ),
            _CAPACITY,
        )
    },
    source=_GARZE,
    confirmed=True,
)
MARSHES_STORAGE = Service(
    code="REG-05c",
    name_zh="洪水调蓄-沼泽",
    name_en="Flood regulation by marshes",
    category="R",
    supply=Supply(frozenset(MARSHES)),
    variants={
        (): build_single("m3", build_term("h·A", _store_on_marsh, parameters=("marsh_depth",)), _CAPACITY)
    },
    source=f"{_GARZE}, whose figures need m3 where it prints 10^4 m3",
    confirmed=True,
)
VEGETATION_STORAGE = Service(
    code="REG-05d",
    name_zh="洪水调蓄-植被",
    name_en="Flood regulation by vegetation",
    category="R",
    supply=pick_types(*PLANTS),
    choices=("flood_vegetation",),
    variants={(option,): build_single("m3", quantity, _CAPACITY) for option, quantity in _VEGETATION.items()},
    source="from knowledge, unconfirmed; held back: 高天岩自然保护区 2014 (ChinaXiv-201711.00109V1)",
    confirmed=False,
)
