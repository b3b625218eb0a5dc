"""Carbon that ecosystems fix (固碳), the oxygen that comes of it (释氧), and negative ions (负氧离子)."""

from pipeline.accounts.service import (
    Array,
    Service,
    Term,
    Terms,
    build_single,
    build_term,
    take_parameter,
    take_rate,
)
from pipeline.accounts.services.ground import PLANTS, WETLAND, pick_types
from pipeline.accounts.services.soil import compute_mass

_GROUND = pick_types(*PLANTS, WETLAND)
_ANNEX = "GB/T 46869-2025 annex A.7 by secondary texts"
CO2_PER_CARBON = 44.0 / 12.0
OXYGEN_PER_CO2 = 32.0 / 44.0


def compute_carbon_dioxide(carbon_t: Array) -> Array:
    """Tonnes of CO2 of tonnes of carbon."""
    return carbon_t * CO2_PER_CARBON


def compute_carbon(dioxide_t: Array) -> Array:
    """Tonnes of carbon of tonnes of CO2."""
    return dioxide_t / CO2_PER_CARBON


def compute_net_production(npp: Array, respiration: Array, area_ha: Array) -> Array:
    """Net production of ecosystems, t C: NPP (sum over ground, t C/ha times m2) less respiration of soil."""
    return compute_mass(npp) - respiration * area_ha


def compute_oxygen(dioxide_t: Array) -> Array:
    """Tonnes of oxygen that are set free as CO2 (t) is fixed, one molecule for one."""
    return dioxide_t * OXYGEN_PER_CO2


def compute_negative_ions(area_ha: Array, height: Array, concentration: Array, lifetime: Array) -> Array:
    """Negative ions that forest gives in a year above 600 in a cm3, of which plain air has as many.

    5.256e15 A H (Q - 600) / L with A in ha, stand height in m, lifetime in minutes (LY/T 1721-2008).
    """
    return 5.256e15 * area_ha * height * (concentration - 600.0) / lifetime


def _fix_by_rate(terms: Terms) -> Array:
    return compute_carbon_dioxide(terms.parameters["carbon_rate"] * terms.area_ha)


def _fix_by_production(terms: Terms) -> Array:
    respiration = terms.parameters["soil_respiration"]
    return compute_carbon_dioxide(compute_net_production(terms.sums["npp"], respiration, terms.area_ha))


def _fix_by_biomass(growth: Array, terms: Terms) -> Array:
    return growth * terms.parameters["co2_per_dry_matter"]


def _release_by_biomass(growth: Array, terms: Terms) -> Array:
    return growth * terms.parameters["oxygen_per_dry_matter"]


def _release(dioxide: Array, _: Terms) -> Array:
    return compute_oxygen(dioxide)


def _ionise(terms: Terms) -> Array:
    known = terms.parameters
    return compute_negative_ions(
        terms.area_ha,
        known["forest_height"],
        known["negative_ion_concentration"],
        known["negative_ion_lifetime"],
    )


_BY_RATE = build_term("Σr·A·44/12", _fix_by_rate, parameters=("carbon_rate",))
_BY_PRODUCTION = build_term(
    "Σ(NPP−Rs)·A·44/12", _fix_by_production, variables=("npp",), parameters=("soil_respiration",)
)
_GROWTH = take_rate("biomass_growth")
_BY_BIOMASS = _GROWTH.extend("1.63·B·A", _fix_by_biomass, "co2_per_dry_matter")
_OXYGEN = {
    "rate": _BY_RATE.extend(f"{_BY_RATE.text}·32/44", _release),
    "nep": _BY_PRODUCTION.extend(f"{_BY_PRODUCTION.text}·32/44", _release),
    "biomass": _GROWTH.extend("1.19·B·A", _release_by_biomass, "oxygen_per_dry_matter"),
}


def _build_fixation(code: str, way_zh: str, way_en: str, quantity: Term, source: str) -> Service:
    others = {"REG-06a", "REG-06b", "REG-06c"} - {code}
    return Service(
        code=code,
        name_zh=f"固碳-{way_zh}",
        name_en=f"Carbon fixation by {way_en}",
        category="R",
        supply=_GROUND,
        variants={(): build_single("t CO2", quantity, take_parameter("carbon_price"))},
        source=source,
        confirmed=code == "REG-06b",
        excludes=frozenset(others),
    )


CARBON_BY_RATE = _build_fixation(
    "REG-06a", "固碳速率法", "rate", _BY_RATE, f"{_ANNEX}; formula from knowledge, unconfirmed"
)
CARBON_BY_NEP = _build_fixation(
    "REG-06b", "NEP法", "net ecosystem production", _BY_PRODUCTION, "博文静等2017 (ChinaXiv-201706.00846V1)"
)
CARBON_BY_BIOMASS = _build_fixation(
    "REG-06c", "生物量法", "biomass", _BY_BIOMASS, f"{_ANNEX}; GB/T 38582 by secondary texts"
)
OXYGEN = Service(
    code="REG-07",
    name_zh="氧气提供",
    name_en="Oxygen",
    category="R",
    supply=_GROUND,
    choices=("oxygen",),
    variants={
        (option,): build_single("t", quantity, take_parameter("oxygen_price"))
        for option, quantity in _OXYGEN.items()
    },
    source="江波等2017 白洋淀 (ChinaXiv-201704.00322V1)",
    confirmed=True,
)
NEGATIVE_IONS = Service(
    code="REG-14",
    name_zh="负氧离子",
    name_en="Negative ions",
    category="R",
    supply=pick_types("森林"),
    variants={
        (): build_single(
            "ion",
            build_term(
                "5.256·10¹⁵·A·H·(Q−600)/L",
                _ionise,
                parameters=("forest_height", "negative_ion_concentration", "negative_ion_lifetime"),
            ),
            take_parameter("negative_ion_price"),
        )
    },
    source="LY/T 1721-2008 / GB/T 38582; constants from knowledge, unconfirmed",
    confirmed=False,
)
