"""Products of land and waters (农林牧渔产品), fresh water (淡水资源), energy (生态能源)."""

from functools import partial

import numpy as np

from pipeline.accounts.service import (
    Array,
    Service,
    ServiceItem,
    Supply,
    Term,
    Terms,
    build_single,
    build_term,
    take_parameter,
    take_statistic,
)
from pipeline.accounts.services.ground import FARMLAND, ORCHARDS, WATERS, WETLAND, pick_classes, pick_types

_GARZE = "白玛卓嘎等2017 甘孜州GEP (ChinaXiv-201711.00120V1)"
_DRINKABLE = 3
"""The worst class of GB 3838-2002 of which water counts as fresh water."""
_KINDS: dict[str, tuple[str, str, Supply]] = {
    "agriculture": ("农产品", "crops", pick_types(FARMLAND)),
    "forestry": ("林产品", "forest products", pick_types("森林", "灌丛", *ORCHARDS)),
    "livestock": ("畜产品", "livestock", pick_types("草地", FARMLAND)),
    "fishery": ("水产品", "fish", pick_classes(WETLAND, *WATERS, "1105", "1106")),
}
_WAYS = {"wild": ("野生", "wild"), "managed": ("人工", "managed")}
_USES = {
    "domestic": ("生活", "domestic"),
    "industry": ("工业", "industry"),
    "agriculture": ("农业", "farming"),
}


def compute_fresh_water(use_m3: Array, water_class: Array) -> Array:
    """Fresh water of a use, m3: none of water worse than class III, unknown where the class is unknown."""
    return np.where(np.isnan(water_class), np.nan, np.where(water_class <= _DRINKABLE, use_m3, 0.0))


def compute_net_price(price: Array, intermediate_share: Array) -> Array:
    """Price of a product less what went into making it, as a share of output."""
    return price * (1.0 - intermediate_share)


def _count_fresh(terms: Terms, *, use: str) -> Array:
    return compute_fresh_water(terms.statistics[use], terms.statistics["water_class"])


def _take_price(terms: Terms, *, code: str) -> Array:
    return terms.statistics[code]


def _deduct(price: Array, terms: Terms) -> Array:
    return compute_net_price(price, terms.parameters["intermediate_share"])


def _price_product(code: str, option: str) -> Term:
    gross = build_term(code, partial(_take_price, code=code), statistics=(code,))
    return gross if option == "gross" else gross.extend(f"{code}·(1−c)", _deduct, "intermediate_share")


def _build_products(option: str) -> tuple[ServiceItem, ...]:
    return tuple(
        ServiceItem(
            f"{kind}_{way}",
            f"{way_zh}{kind_zh}",
            f"{way_en} {kind_en}",
            "t",
            take_statistic(f"output.{kind}_{way}"),
            _price_product(f"price.{kind}_{way}", option),
            supply=supply,
        )
        for kind, (kind_zh, kind_en, supply) in _KINDS.items()
        for way, (way_zh, way_en) in _WAYS.items()
    )


def _build_use(use: str, name_zh: str, name_en: str) -> ServiceItem:
    amount, price = f"fresh_water.{use}", f"water_price.{use}"
    return ServiceItem(
        use,
        f"{name_zh}用水",
        f"{name_en} water",
        "m3",
        build_term(
            f"{amount} (Ⅰ–Ⅲ)",
            partial(_count_fresh, use=amount),
            shared=(amount,),
            statistics=("water_class",),
        ),
        build_term(price, partial(_take_price, code=price), statistics=(price,)),
    )


PRODUCTS = Service(
    code="MAT-01",
    name_zh="农林牧渔产品",
    name_en="Products of farming, forestry, livestock and fishing",
    category="M",
    supply=pick_types(FARMLAND, "森林", "灌丛", "草地", WETLAND),
    choices=("products",),
    variants={(option,): _build_products(option) for option in ("gross", "net")},
    source=_GARZE,
    confirmed=True,
    open_list=True,
)
FRESH_WATER = Service(
    code="MAT-02",
    name_zh="淡水资源",
    name_en="Fresh water",
    category="M",
    supply=pick_classes(WETLAND, *WATERS),
    variants={(): tuple(_build_use(use, *names) for use, names in _USES.items())},
    source=_GARZE,
    confirmed=True,
)
ENERGY = Service(
    code="MAT-03",
    name_zh="生态能源",
    name_en="Energy from nature",
    category="M",
    supply=pick_classes(WETLAND, *WATERS),
    variants={(): build_single("kWh", take_statistic("energy_output"), take_parameter("energy_price"))},
    source=_GARZE,
    confirmed=True,
)
