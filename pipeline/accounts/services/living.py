"""Noise that green belts take (噪声消减), homes of species (物种保育), pests kept down (病虫害控制)."""

from pipeline.accounts.service import (
    Array,
    Service,
    Terms,
    build_single,
    build_term,
    take_parameter,
    take_statistic,
)
from pipeline.accounts.services.ground import WETLAND, pick_types


def compute_noise_reduction(length_km: Array, reduction: Array) -> Array:
    """Noise that green belts take along roads, dB km."""
    return length_km * reduction


def _reduce_noise(terms: Terms) -> Array:
    return compute_noise_reduction(terms.statistics["noise_length"], terms.parameters["noise_reduction"])


def _take_area(terms: Terms) -> Array:
    return terms.area_ha


NOISE_REDUCTION = Service(
    code="REG-11",
    name_zh="噪声消减",
    name_en="Noise reduction",
    category="R",
    supply=pick_types("森林", "灌丛", "0810", "vegetation"),
    variants={
        (): build_single(
            "dB km",
            build_term("L·ΔdB", _reduce_noise, shared=("noise_length",), parameters=("noise_reduction",)),
            take_parameter("noise_cost"),
        )
    },
    source="南京 DB3201/T 1041-2021 names it (renrendoc.com/paper/366025851.html); formula unconfirmed",
    confirmed=False,
)
SPECIES_CONSERVATION = Service(
    code="REG-12",
    name_zh="物种保育",
    name_en="Species conservation",
    category="R",
    supply=pick_types("森林", WETLAND, "vegetation"),
    variants={(): build_single("ha", build_term("ΣA", _take_area), take_parameter("species_unit_value"))},
    source="listed in 山东省规范 (m.ablecall.cn/html/2022/12/343675.shtml); formula unconfirmed",
    confirmed=False,
)
PEST_CONTROL = Service(
    code="REG-13",
    name_zh="病虫害控制",
    name_en="Pest control",
    category="R",
    supply=pick_types("森林", "灌丛", "草地", "vegetation"),
    variants={(): build_single("ha", take_statistic("pest_area"), take_parameter("pest_cost"))},
    source="白玛卓嘎等2017 甘孜州GEP (ChinaXiv-201711.00120V1)",
    confirmed=True,
)
