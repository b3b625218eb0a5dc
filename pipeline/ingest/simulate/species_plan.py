"""What is planted of species: which ones live at which sites in which periods, and how they were counted."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.aoi import Part
from pipeline.ingest.simulate.parcels import LAYER
from pipeline.ingest.simulate.world import World

Stay = Literal["always", "first", "second"]
_DAY, _SECOND_DAY = 40, 52
_CODE_LENGTH = 28


@dataclass(frozen=True)
class Living:
    """A species: names, group, in which half of the periods it is there, and at which sites of each part."""

    name: str
    latin: str
    aliases: str
    group: str
    stay: Stay = "always"
    where: str = "甲乙"


SPECIES = (
    Living("白头鹤", "Grus monacha Temminck, 1835", "玄鹤、修女鹤", "waterbird"),
    Living("小天鹅", "Cygnus columbianus (Ord, 1815)", "短嘴天鹅", "waterbird"),
    Living("东方白鹳", "Ciconia boyciana Swinhoe, 1873", "老鹳", "waterbird"),
    Living("罗纹鸭", "Mareca falcata (Georgi, 1775)", "葭凫;Anas falcata", "waterbird"),
    Living("斑嘴鸭", "Anas zonorhyncha Swinhoe, 1866", "花嘴鸭、野鸭", "waterbird"),
    Living("绿翅鸭", "Anas crecca Linnaeus, 1758", "小水鸭、野鸭", "waterbird"),
    Living("黑脸琵鹭", "Platalea minor Temminck et Schlegel, 1849", "黑面琵鹭", "waterbird"),
    Living("反嘴鹬", "Recurvirostra avosetta Linnaeus, 1758", "反嘴鸻", "waterbird"),
    Living("苍鹭", "Ardea cinerea Linnaeus, 1758", "灰鹭", "waterbird"),
    Living("普通鸬鹚", "Phalacrocorax carbo (Linnaeus, 1758)", "鱼鹰", "waterbird", "first"),
    Living("卷羽鹈鹕", "Pelecanus crispus Bruch, 1832", "鹈鹕", "waterbird", "second"),
    Living("白琵鹭", "Platalea leucorodia Linnaeus, 1758", "琵琶鹭", "waterbird", "first", "丙"),
    Living("鸿雁", "Anser cygnoid (Linnaeus, 1758)", "大雁", "waterbird", "second", "丁"),
    Living("麻雀", "Passer montanus (Linnaeus, 1758)", "家雀、树麻雀", "bird"),
    Living("震旦鸦雀", "Paradoxornis heudei David, 1872", "震旦雀", "bird"),
    Living("乌鸫", "Turdus mandarinus Bonaparte, 1850", "百舌", "bird", "first"),
    Living("芦苇", "Phragmites australis (Cav.) Trin. ex Steud.", "苇子", "plant"),
    Living("海三棱藨草", "Bolboschoenoplectus mariqueter (Tang & F. T. Wang) Tatanov", "藨草", "plant"),
    Living("互花米草", "Spartina alterniflora Loisel.", "大米草", "plant", "first"),
    Living("加拿大一枝黄花", "Solidago canadensis L.", "黄莺", "plant", "second"),
    Living("白茅", "Imperata cylindrica (L.) P. Beauv.", "茅草", "plant"),
    Living("旱柳", "Salix matsudana Koidz.", "柳树", "plant"),
    Living("碱蓬", "Suaeda glauca (Bunge) Bunge", "盐蓬", "plant", "first", "丙"),
    Living("菰", "Zizania latifolia (Griseb.) Turcz. ex Stapf", "茭白", "aquatic_plant"),
    Living("刀鲚", "Coilia nasus Temminck et Schlegel, 1846", "刀鱼", "fish"),
    Living("鲢", "Hypophthalmichthys molitrix (Valenciennes, 1844)", "白鲢", "fish"),
    Living("鳜", "Siniperca chuatsi (Basilewsky, 1855)", "鳜鱼、桂鱼", "fish"),
    Living("暗纹东方鲀", "Takifugu obscurus (Abe, 1949)", "河豚", "fish", "first"),
    Living("貉", "Nyctereutes procyonoides (Gray, 1834)", "狸", "mammal"),
    Living("黑斑侧褶蛙", "Pelophylax nigromaculatus (Hallowell, 1861)", "青蛙、田鸡", "amphibian"),
    Living("黑嘴鸥", "Saundersilarus saundersi (Swinhoe, 1871)", "桑氏鸥", "waterbird", "always", "外"),
)
BY_NAME: Mapping[str, Living] = {living.name: living for living in SPECIES}

ONE_PERCENT: Mapping[str, float] = {
    "白头鹤": 10,
    "小天鹅": 900,
    "东方白鹳": 30,
    "罗纹鸭": 830,
    "斑嘴鸭": 5000,
    "绿翅鸭": 7000,
    "黑脸琵鹭": 20,
    "反嘴鹬": 1200,
    "普通鸬鹚": 1000,
    "卷羽鹈鹕": 5,
    "白琵鹭": 140,
    "鸿雁": 780,
}
"""1 % of simulated populations; they are none of real ones."""


@dataclass(frozen=True)
class WrittenCount:
    """A count as staff write it, and what it says."""

    text: str
    low: float
    high: float
    about: bool = False


_SOME = WrittenCount("若干", 1, math.inf)
_PLANTED: Mapping[str, Mapping[tuple[str, int], WrittenCount]] = {
    "白头鹤": {
        ("甲", 1): WrittenCount("6", 6, 6),
        ("乙", 1): WrittenCount("4", 4, 4),
        ("甲", 2): WrittenCount("9", 9, 9),
    },
    "小天鹅": {
        ("甲", 1): WrittenCount("500", 500, 500),
        ("甲", 2): WrittenCount("约500", 500, 500, about=True),
    },
    "东方白鹳": {("甲", 1): WrittenCount("29只", 29, 29), ("甲", 2): WrittenCount("29", 29, 29)},
    "罗纹鸭": {("甲", 1): WrittenCount("约830", 830, 830, about=True), ("乙", 1): WrittenCount("0", 0, 0)},
    "斑嘴鸭": {("甲", 1): WrittenCount(">100", 101, math.inf), ("乙", 1): WrittenCount("60", 60, 60)},
    "绿翅鸭": {("甲", 1): _SOME},
    "黑脸琵鹭": {("乙", 1): WrittenCount("三十只", 30, 30), ("甲", 1): WrittenCount("未见", 0, 0)},
    "反嘴鹬": {("甲", 1): WrittenCount("1,200", 1200, 1200), ("乙", 1): WrittenCount("5对", 10, 10)},
    "卷羽鹈鹕": {("甲", 1): WrittenCount("4", 4, 4), ("甲", 2): WrittenCount("3-4", 3, 4)},
}
"""Counts of the first part by site and day of the period: at and beside 1 %, about, at least, some, pairs."""


@dataclass(frozen=True)
class SurveySite:
    """A site of a part, `letter` its own; `parcel` is the code of its habitat, where that is told."""

    site_id: str
    name: str
    alias: str
    part: str
    letter: str
    lon: float
    lat: float
    parcel: str | None = None


@dataclass(frozen=True)
class Sighting:
    """A species, or none of a group at all, at a site on a day, with its count; 0 where it was looked for."""

    period: str
    site: SurveySite
    day: date
    group: str
    living: Living | None
    count: WrittenCount


def plan_sites(world: World, register: Path) -> list[SurveySite]:
    """Four sites of each part, the first within a parcel, the second with one by the table; one elsewhere."""
    parcels = gpd.read_file(register, layer=LAYER)
    sound = parcels[parcels.geometry.is_valid & parcels["BDCDYH"].str.len().eq(_CODE_LENGTH)]
    sound = sound[~sound["BDCDYH"].duplicated(keep=False)]
    sites = [
        site for number, part in enumerate(world.aoi.parts) for site in _plan_part(world, number, part, sound)
    ]
    first = sites[0]
    return [*sites, SurveySite("SIM-S99", "外样点（模拟）", "外", "外", "外", first.lon + 2, first.lat)]


def _plan_part(world: World, number: int, part: Part, parcels: gpd.GeoDataFrame) -> Iterator[SurveySite]:
    rng = world.random("survey sites", part.id)
    inside = parcels[parcels.geometry.within(part.geometry)]
    chosen = inside.iloc[sorted(rng.choice(len(inside), 2, replace=False))]
    spots = [shape.representative_point() for shape in chosen.geometry]
    spots += [_draw_spot(rng, part.geometry) for _ in range(2)]
    for place, (letter, spot) in enumerate(zip("甲乙丙丁", spots, strict=True), start=1):
        code = str(chosen["BDCDYH"].iloc[1]) if letter == "乙" else None
        yield SurveySite(
            f"SIM-S{number + 1}{place}", f"{part.name_zh}{letter}样区（模拟）", f"{part.name_zh}{letter}",
            part.name_zh, letter, round(spot.x, 6), round(spot.y, 6), code,
        )  # fmt: skip


def _draw_spot(rng: np.random.Generator, outline: BaseGeometry) -> shapely.Point:
    left, bottom, right, top = outline.bounds
    x, y = rng.uniform(left, right, 500), rng.uniform(bottom, top, 500)
    inside = np.flatnonzero(shapely.contains_xy(outline, x, y))
    return shapely.Point(x[inside[0]], y[inside[0]])


def plan_sightings(world: World, sites: list[SurveySite]) -> list[Sighting]:
    """All that was seen, and looked for, in order of periods and sites."""
    return [
        sighting for number in range(len(world.periods)) for sighting in _plan_period(world, sites, number)
    ]


def _plan_period(world: World, sites: list[SurveySite], number: int) -> Iterator[Sighting]:
    period = world.periods[number]
    half: Stay = "first" if number < max(1, len(world.periods) // 2) else "second"
    is_last = number == len(world.periods) - 1
    days = [_find_day(period.first, period.last, offset) for offset in (_DAY, _SECOND_DAY)]
    open_sites = [
        site for site in sites if site.letter in {"甲", "乙", "丙" if half == "first" else "丁", "外"}
    ]
    for site in open_sites:
        for living in SPECIES:
            if not _is_sought(living, site, number, is_last=is_last):
                continue
            for which, day in enumerate(days, start=1):
                written = _count(world, living, site, which, is_there=living.stay in {"always", half})
                if written is not None:
                    yield Sighting(period.label, site, day, living.group, living, written)
    if is_last:
        yield Sighting(period.label, sites[0], days[0], "amphibian", None, WrittenCount("", 0, 0))


def _find_day(first: date, last: date, offset: int) -> date:
    """A day of a period so many days after its first, within it."""
    length = (last - first).days + 1
    return first + timedelta(days=min(offset, length * offset // (2 * _DAY)))


def _is_sought(living: Living, site: SurveySite, number: int, *, is_last: bool) -> bool:
    """Whether a site was surveyed for the group of a species in a period.

    Mammals in the first period only, frogs in the last only; fish in the last at the first site only.
    """
    if site.letter == "外":
        return living.where == "外"
    if living.group == "fish":
        return site.letter in ("甲" if is_last else "甲乙")
    return living.where != "外" and living.group != "amphibian" and (living.group != "mammal" or number == 0)


def _count(
    world: World, living: Living, site: SurveySite, which: int, *, is_there: bool
) -> WrittenCount | None:
    """The count of a species at a site on the first or second day; None where nothing is written of it.

    Birds are counted on both days at the first site, on the first one at the others; all else on the first.
    """
    is_bird = living.group in {"bird", "waterbird"}
    if which > 1 and not (is_bird and site.letter == "甲"):
        return None
    if not (is_there and site.letter in living.where):
        return WrittenCount("0", 0, 0) if is_bird or living.group == "fish" else None
    if living.group not in {"bird", "waterbird", "fish"}:
        return _SOME
    if site.part == world.aoi.parts[0].name_zh and living.name in _PLANTED:
        return _PLANTED[living.name].get((site.letter, which), WrittenCount("0", 0, 0))
    number = int(world.random("sightings", living.name, site.site_id, which).integers(1, 5))
    return WrittenCount(str(number), number, number)
