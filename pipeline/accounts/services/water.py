"""Water kept by plants, soil and wetlands (水源涵养)."""

from pipeline.accounts.service import Array, Service, Terms, build_single, build_term, take_parameter
from pipeline.accounts.services.ground import ORCHARDS, PLANTS, WETLAND, pick_types

_MM = 1e-3
"""Cubic metres in a millimetre over a square metre."""


def compute_water_retention(rain: Array, evapotranspiration: Array, runoff_coefficient: Array) -> Array:
    """Water kept, m3: rain less its runoff and less evapotranspiration.

    Both are sums over ground, mm times m2; the coefficient is a share of rain. A deficit is below 0 and stays
    so. Q = sum A (P - R - ET) 10^-3 with R = alpha P (ChinaXiv-201711.00120V1).
    """
    return (rain * (1.0 - runoff_coefficient) - evapotranspiration) * _MM


def cut_deficits(water_m3: Array, deficit: Array) -> Array:
    """Water kept, m3, where pixels in deficit count 0: `deficit` is their sum, mm times m2, at most 0."""
    return water_m3 - deficit * _MM


def _keep(terms: Terms) -> Array:
    return compute_water_retention(
        terms.sums["rain"], terms.sums["evapotranspiration"], terms.parameters["runoff_coefficient"]
    )


def _cut(terms: Terms) -> Array:
    return cut_deficits(_keep(terms), terms.sums["deficit"])


_BALANCE = ("rain", "evapotranspiration")
_RUNOFF = ("runoff_coefficient",)
_KEPT = build_term("Σ[P·(1−α)−ET]·A·10⁻³", _keep, variables=_BALANCE, parameters=_RUNOFF)
_CUT = build_term("Σmax[P·(1−α)−ET, 0]·A·10⁻³", _cut, variables=(*_BALANCE, "deficit"), parameters=_RUNOFF)

WATER_RETENTION = Service(
    code="REG-01",
    name_zh="水源涵养",
    name_en="Water retention",
    category="R",
    supply=pick_types(*PLANTS, *ORCHARDS, WETLAND),
    choices=("negative_water",),
    variants={
        (option,): build_single("m3", quantity, take_parameter("reservoir_unit_cost"))
        for option, quantity in (("kept", _KEPT), ("cut", _CUT))
    },
    source="白玛卓嘎等2017 甘孜州GEP (ChinaXiv-201711.00120V1); runoff: ChinaXiv-201704.00215V1",
    confirmed=True,
)
