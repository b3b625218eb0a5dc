"""Soil that plants keep from water and wind, and what would be lost with it (土壤保持、防风固沙)."""

from collections.abc import Callable
from functools import partial

from pipeline.accounts.service import (
    Array,
    Service,
    ServiceItem,
    Term,
    Terms,
    build_single,
    build_term,
    take_parameter,
    take_rate,
)
from pipeline.accounts.services.ground import FARMLAND, PLANTS, pick_types

_GARZE = "白玛卓嘎等2017 甘孜州GEP (ChinaXiv-201711.00120V1)"
_GROUND = pick_types(*PLANTS, FARMLAND)


def compute_mass(rate: Array) -> Array:
    """Tonnes of a rate (t/ha) summed over ground, t/ha times m2."""
    return rate * 1e-4


def compute_soil_retention(potential: Array, erosion: Array, practice: Array | float = 1.0) -> Array:
    """Soil kept, t: RKLS less RKLSCP, both sums over ground in t/ha times m2; P is 1 where left out.

    The erosion is RKLSC of the run's own cover; Qsr = RKLS (1 - CP) A (ChinaXiv-201711.00120V1).
    """
    return compute_mass(potential - erosion * practice)


def compute_silt_volume(soil_t: Array, silt_coefficient: Array, density: Array) -> Array:
    """Volume of silt, m3, of the share of soil (t) that settles in water; bulk density in t/m3."""
    return soil_t * silt_coefficient / density


def compute_content(soil_t: Array, content: Array) -> Array:
    """Tonnes of a nutrient in soil (t) that holds a share `content` of it."""
    return soil_t * content


def compute_land_saving(soil_t: Array, density: Array, thickness: Array) -> Array:
    """Area of land, ha, whose soil of a thickness (m) weighs as much as what is kept (t)."""
    return soil_t / (density * thickness) * 1e-4


def _keep(terms: Terms) -> Array:
    return compute_soil_retention(
        terms.sums["erosion_potential"], terms.sums["erosion"], terms.parameters["conservation_practice"]
    )


def _keep_without_practice(terms: Terms) -> Array:
    return compute_soil_retention(terms.sums["erosion_potential"], terms.sums["erosion"])


def _settle(soil: Array, terms: Terms) -> Array:
    return compute_silt_volume(
        soil, terms.parameters["silt_coefficient"], terms.parameters["soil_bulk_density"]
    )


def _take_nutrient(soil: Array, terms: Terms, *, key: str) -> Array:
    return compute_content(soil, terms.parameters[key])


def _spare(soil: Array, terms: Terms) -> Array:
    return compute_land_saving(
        soil, terms.parameters["soil_bulk_density"], terms.parameters["soil_thickness"]
    )


def _price_sand(terms: Terms) -> Array:
    known = terms.parameters
    return known["wind_sand_cost"] / (known["wind_sand_density"] * known["wind_sand_depth"])


_RUSLE = ("erosion_potential", "erosion")
_SOIL = {
    "with_p": build_term(
        "ΣR·K·L·S·(1−C·P)·A", _keep, variables=_RUSLE, parameters=("conservation_practice",)
    ),
    "without_p": build_term("ΣR·K·L·S·(1−C)·A", _keep_without_practice, variables=_RUSLE),
}
"""Soil kept, t, by the choice `soil_practice`."""


def _build_silt(soil: Term) -> tuple[ServiceItem, ...]:
    silt = soil.extend(f"λ·{soil.text}/ρ", _settle, "silt_coefficient", "soil_bulk_density")
    return build_single("m3", silt, take_parameter("dredging_cost"))


def _build_nutrient(soil: Term, key: str, name_zh: str) -> ServiceItem:
    content = f"soil_{key}"
    mass = soil.extend(f"{content}·{soil.text}", partial(_take_nutrient, key=content), content)
    return ServiceItem(key, name_zh, key, "t", mass, take_parameter(f"{key}_cost"))


def _build_nutrients(soil: Term) -> tuple[ServiceItem, ...]:
    return (_build_nutrient(soil, "nitrogen", "氮"), _build_nutrient(soil, "phosphorus", "磷"))


def _build_land(soil: Term) -> tuple[ServiceItem, ...]:
    land = soil.extend(f"{soil.text}/(ρ·h)·10⁻⁴", _spare, "soil_bulk_density", "soil_thickness")
    return build_single("ha", land, take_parameter("land_yield"))


def _vary(build: Callable[[Term], tuple[ServiceItem, ...]]) -> dict[tuple[str, ...], tuple[ServiceItem, ...]]:
    return {(option,): build(soil) for option, soil in _SOIL.items()}


LESS_SILT = Service(
    code="REG-02a",
    name_zh="土壤保持-减少泥沙淤积",
    name_en="Soil retention: less silt",
    category="R",
    supply=_GROUND,
    choices=("soil_practice",),
    variants=_vary(_build_silt),
    source=f"{_GARZE}; without P: 博文静等2017 (ChinaXiv-201706.00846V1)",
    confirmed=True,
)
LESS_NUTRIENTS = Service(
    code="REG-02b",
    name_zh="土壤保持-减少面源污染",
    name_en="Soil retention: less nitrogen and phosphorus in water",
    category="R",
    supply=_GROUND,
    choices=("soil_practice",),
    variants=_vary(_build_nutrients),
    source=_GARZE,
    confirmed=True,
)
LAND_SPARED = Service(
    code="REG-02c",
    name_zh="土壤保持-减少土地废弃",
    name_en="Soil retention: land spared",
    category="R",
    supply=_GROUND,
    choices=("soil_practice",),
    variants=_vary(_build_land),
    source="高天岩自然保护区 2014 (ChinaXiv-201711.00109V1)",
    confirmed=True,
    excludes=frozenset({"REG-02a"}),
)
SAND_FIXATION = Service(
    code="REG-03",
    name_zh="防风固沙",
    name_en="Sand fixation",
    category="R",
    supply=pick_types(*PLANTS, FARMLAND, "荒漠"),
    variants={
        (): build_single(
            "t",
            take_rate("sand_fixation_rate"),
            build_term(
                "c/(ρ·h)",
                _price_sand,
                parameters=("wind_sand_cost", "wind_sand_density", "wind_sand_depth"),
            ),
        )
    },
    source=_GARZE,
    confirmed=True,
)
