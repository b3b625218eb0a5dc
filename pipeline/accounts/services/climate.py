"""Heat that plants and water take from hot days (气候调节), as electricity that cooling would need."""

from pipeline.accounts.service import Array, Service, Terms, build_single, build_term, take_parameter
from pipeline.accounts.services.ground import PLANTS, WATERS, WETLAND, pick_classes, pick_types

_GARZE = "白玛卓嘎等2017 甘孜州GEP (ChinaXiv-201711.00120V1)"
_KJ_PER_KWH = 3600.0
_WATER_DENSITY = 1000.0
_MM = 1e-3


def compute_cooling_by_plants(heat: Array, hot_days: Array, efficiency: Array) -> Array:
    """Electricity, kWh: heat of transpiration (kJ/m2/d) on hot days (sum over ground, d times m2).

    E = EPP A D / (3600 r), r the efficiency of air conditioners.
    """
    return heat * hot_days / (_KJ_PER_KWH * efficiency)


def compute_evaporation_energy(
    latent_heat: Array, efficiency: Array | float, humidifier: Array | float
) -> Array:
    """Electricity, kWh, that evaporating 1 m3 of water saves: its heat (kJ/kg), and that of a humidifier.

    q 1000 / (3600 r) + y; texts that do not divide by the efficiency r have 1 for it.
    """
    return latent_heat * _WATER_DENSITY / _KJ_PER_KWH / efficiency + humidifier


def compute_cooling_by_water(evaporation: Array, energy: Array) -> Array:
    """Electricity, kWh: evaporation (sum over ground, mm times m2) times energy of 1 m3 (kWh/m3)."""
    return evaporation * _MM * energy


def compute_transpiration(dry_matter_t: Array, coefficient: Array) -> Array:
    """Water that plants transpire as they grow, m3: dry matter (t) times tonnes of water for a tonne of it.

    Source: ChinaXiv-201711.00109V1, after which trees take 500 to 1000 t, shrubs 300 to 500.
    """
    return dry_matter_t * coefficient


def _cool_by_growth(terms: Terms) -> Array:
    known = terms.parameters
    water = compute_transpiration(known["biomass_growth"] * terms.area_ha, known["transpiration_coefficient"])
    return water * compute_evaporation_energy(known["latent_heat"], known["air_conditioner_efficiency"], 0.0)


def _cool_by_plants(terms: Terms) -> Array:
    known = terms.parameters
    return compute_cooling_by_plants(
        known["transpiration_heat"], terms.sums["hot_days"], known["air_conditioner_efficiency"]
    )


def _cool_with_efficiency(terms: Terms) -> Array:
    known = terms.parameters
    energy = compute_evaporation_energy(
        known["latent_heat"], known["air_conditioner_efficiency"], known["humidifier_energy"]
    )
    return compute_cooling_by_water(terms.sums["water_evaporation"], energy)


def _cool_without_efficiency(terms: Terms) -> Array:
    known = terms.parameters
    energy = compute_evaporation_energy(known["latent_heat"], 1.0, known["humidifier_energy"])
    return compute_cooling_by_water(terms.sums["water_evaporation"], energy)


_ELECTRICITY = take_parameter("electricity_price")
_TRANSPIRATION = {
    "heat": build_term(
        "ΣEPP·D·A/(3600·r)",
        _cool_by_plants,
        variables=("hot_days",),
        parameters=("transpiration_heat", "air_conditioner_efficiency"),
    ),
    "growth": build_term(
        "Σk·B·A·1000·q/(3600·r)",
        _cool_by_growth,
        parameters=(
            "transpiration_coefficient",
            "biomass_growth",
            "latent_heat",
            "air_conditioner_efficiency",
        ),
    ),
}
_EVAPORATION = {
    "with_r": build_term(
        "ΣE·A·10⁻³·(1000·q/(3600·r)+y)",
        _cool_with_efficiency,
        variables=("water_evaporation",),
        parameters=("latent_heat", "air_conditioner_efficiency", "humidifier_energy"),
    ),
    "without_r": build_term(
        "ΣE·A·10⁻³·(1000·q/3600+y)",
        _cool_without_efficiency,
        variables=("water_evaporation",),
        parameters=("latent_heat", "humidifier_energy"),
    ),
}

COOLING_BY_PLANTS = Service(
    code="REG-10a",
    name_zh="气候调节-植被蒸腾",
    name_en="Cooling by transpiration of plants",
    category="R",
    supply=pick_types(*PLANTS),
    choices=("plant_cooling",),
    variants={
        (option,): build_single("kWh", quantity, _ELECTRICITY) for option, quantity in _TRANSPIRATION.items()
    },
    source=f"{_GARZE}; r: 博文静等2017 (ChinaXiv-201706.00846V1); by growth: ChinaXiv-201711.00109V1",
    confirmed=True,
)
COOLING_BY_WATER = Service(
    code="REG-10b",
    name_zh="气候调节-水面蒸发",
    name_en="Cooling by evaporation of water",
    category="R",
    supply=pick_classes(WETLAND, *WATERS),
    choices=("evaporation",),
    variants={
        (option,): build_single("kWh", quantity, _ELECTRICITY) for option, quantity in _EVAPORATION.items()
    },
    source=_GARZE,
    confirmed=True,
)
