"""Classes that maps show: code, name, colour. One entry, one row; everything else is derived."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from pipeline import standards

NODATA_CLASS = 255


@dataclass(frozen=True)
class LegendClass:
    """One class of a legend."""

    code: int
    key: str
    name_zh: str
    name_en: str
    color: str

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Colour as three bytes."""
        red, green, blue = bytes.fromhex(self.color.removeprefix("#"))
        return red, green, blue

    def name(self, language: str) -> str:
        """Name in `zh` or `en`."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True)
class Legend:
    """Classes of one kind, in code order."""

    id: str
    title_zh: str
    title_en: str
    classes: tuple[LegendClass, ...]

    def code(self, key: str) -> int:
        """Code of the class with this key."""
        return next(entry.code for entry in self.classes if entry.key == key)

    def by_code(self) -> Mapping[int, LegendClass]:
        """Classes by code."""
        return MappingProxyType({entry.code: entry for entry in self.classes})


LAND_COVER = Legend(
    "land_cover",
    "地表覆盖",
    "Land cover",
    (
        LegendClass(1, "water", "水体", "Water", "#2b83ba"),
        LegendClass(2, "vegetation", "植被", "Vegetation", "#4dac26"),
        LegendClass(3, "bare", "裸地", "Bare ground", "#d8b365"),
        LegendClass(4, "built", "建设用地", "Built-up", "#c51b7d"),
    ),
)


def _load_ecosystems() -> Legend:
    keys = ("forest", "shrub", "grassland", "wetland", "farmland", "urban", "desert", "other")
    rows = [row for row in standards.read_rows("value_names") if row["column"] == "ecosystem_l1"]
    classes = tuple(
        LegendClass(code, key, row["name_zh"], row["name_en"], row["color"])
        for code, (key, row) in enumerate(zip(keys, rows, strict=True), start=1)
    )
    return Legend("ecosystem", "生态系统类型", "Ecosystem type", classes)


ECOSYSTEM = _load_ecosystems()
"""The eight types of HJ 1166-2021; their codes are this project's."""


@dataclass(frozen=True)
class LandKind:
    """A kind of land that a classifier or a map tells apart: the class and the ecosystem type it belongs to.

    `ecosystem` is None for what may be of several types.
    """

    key: str
    name_zh: str
    cover: int
    ecosystem: int | None


def _load_land_kinds() -> Mapping[str, LandKind]:
    types = {entry.name_zh: entry.code for entry in ECOSYSTEM.classes}
    kinds = [
        LandKind(row["key"], row["name_zh"], LAND_COVER.code(row["cover"]), types.get(row["ecosystem"]))
        for row in standards.read_rows("land_kinds")
    ]
    return MappingProxyType({kind.key: kind for kind in kinds})


LAND_KINDS = _load_land_kinds()
"""Kinds of land by key, as the table `land_kinds` has them."""


def _load_land_maps() -> Mapping[str, Mapping[int, str]]:
    maps: dict[str, dict[int, str]] = {}
    for row in standards.read_rows("land_maps"):
        maps.setdefault(row["product"], {})[int(row["code"])] = row["kind"]
    return MappingProxyType({product: MappingProxyType(kinds) for product, kinds in maps.items()})


LAND_MAPS = _load_land_maps()
"""Kinds of land (keys of LAND_KINDS) by code of every existing map, as the table `land_maps` has them."""

UNCHANGED = 0


def code_change(before: int, after: int) -> int:
    """Code of a land cover transition: ten times the class before plus the class after; 0 where equal."""
    return UNCHANGED if before == after else 10 * before + after


def _build_change_legend(legend: Legend, key: str, title_zh: str, title_en: str) -> Legend:
    unchanged = LegendClass(UNCHANGED, "unchanged", "未变化", "Unchanged", "#f0f0f0")
    moves = [
        LegendClass(
            code_change(before.code, after.code),
            f"{before.key}_to_{after.key}",
            f"{before.name_zh}→{after.name_zh}",
            f"{before.name_en} to {after.name_en}",
            after.color,
        )
        for before in legend.classes
        for after in legend.classes
        if before is not after
    ]
    return Legend(key, title_zh, title_en, (unchanged, *moves))


CHANGE = _build_change_legend(LAND_COVER, "change", "地表覆盖变化", "Land cover change")
ECOSYSTEM_CHANGE = _build_change_legend(
    ECOSYSTEM, "ecosystem_change", "生态系统类型变化", "Change of ecosystem type"
)

WATER_CLASS = Legend(
    "water_class",
    "水质类别",
    "Water quality class",
    (
        LegendClass(1, "I", "Ⅰ类", "Class I", "#dafafd"),
        LegendClass(2, "II", "Ⅱ类", "Class II", "#3ba7f0"),
        LegendClass(3, "III", "Ⅲ类", "Class III", "#327c64"),
        LegendClass(4, "IV", "Ⅳ类", "Class IV", "#fffe6c"),
        LegendClass(5, "V", "Ⅴ类", "Class V", "#e67d00"),
        LegendClass(6, "worse_than_V", "劣Ⅴ类", "Worse than class V", "#a20510"),
    ),
)
"""Hues as offices use them, cyan to red, of a lightness that tells them apart without red and green too."""

INUNDATION = Legend(
    "inundation",
    "淹没情况",
    "Inundation",
    (
        LegendClass(1, "permanent", "常年水面", "Permanent water", "#2b83ba"),
        LegendClass(2, "fluctuating", "水位变动区（潮滩、消落带）", "Between low and high water", "#8dd3c7"),
        LegendClass(3, "dry", "陆地", "Never under water", "#e6e0c8"),
    ),
)

ALERTS = Legend(
    "alerts",
    "植被损失预警",
    "Alerts of vegetation loss",
    (
        LegendClass(1, "stable", "植被未见损失", "Vegetation, no loss", "#a6d96a"),
        LegendClass(2, "lost", "植被损失预警", "Alert of vegetation loss", "#d7191c"),
        LegendClass(3, "not_vegetated", "原非植被", "No vegetation before", "#f0f0f0"),
    ),
)

_BETWEEN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"tidal": ("潮间带", "Tidal flat"), "reservoir": ("消落带", "Drawdown zone")}
)


def build_inundation_legend(regime: str) -> Legend:
    """INUNDATION, what lies between low and high water under the name that it has in waters of a regime.

    `tidal` or `reservoir`; any other keeps the name that leaves it open.
    """
    if regime not in _BETWEEN:
        return INUNDATION
    name_zh, name_en = _BETWEEN[regime]
    named = [
        replace(entry, name_zh=name_zh, name_en=name_en) if entry.key == "fluctuating" else entry
        for entry in INUNDATION.classes
    ]
    return replace(INUNDATION, classes=tuple(named))


LEGENDS: Mapping[str, Legend] = MappingProxyType(
    {
        legend.id: legend
        for legend in (LAND_COVER, ECOSYSTEM, CHANGE, ECOSYSTEM_CHANGE, WATER_CLASS, INUNDATION, ALERTS)
    }
)
