"""Other rights of the simulated world: who holds what, who sold what to whom, and where it lies."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from shapely.algorithms.polylabel import polylabel
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import project, unproject
from pipeline.ingest.simulate.parcels import LAYER
from pipeline.ingest.simulate.water import Section, place_sections
from pipeline.ingest.simulate.world import World

_MARKS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_FULL_CODE = 28
LAND_CODE = 19
"""So many characters of the code of a parcel are that of its land, 宗地代码."""

_PARCELS = 6
_NEAR_M = 60.0
_REACH, _TOLERANCE_M = 0.6, 5.0
_FAR, _FAR_DEGREES = 8, 6.0
"""Which intake lies elsewhere, and how far."""

_EXPIRED_DAYS = 40

UNITS = {
    "甲": "模拟甲自来水有限公司",
    "乙": "模拟乙灌区管理中心",
    "丙": "模拟丙化工有限公司",
    "丁": "模拟丁食品有限公司",
    "戊": "模拟戊发电有限公司",
    "己": "模拟己污水处理厂",
    "庚": "模拟庚农业合作社",
    "辛": "模拟辛水务有限公司",
    "壬": "模拟壬湿地保护中心",
    "癸": "模拟癸林业有限公司",
}
PERSONS = ("赵模拟一", "钱模拟二")


@dataclass(frozen=True)
class PlannedRight:
    """A right of the simulated world, amounts by resource in its unit; `used` by resource and year.

    `point` or `ground` is its own place, `parcel` the code of the parcel that it names, `section` the section
    that it names, `near` the one that it lies near and whose river it names.
    """

    kind: str
    number: str
    holder: str
    first: date
    last: date
    granted: dict[str, float] = field(default_factory=dict)
    used: dict[tuple[str, int], float] = field(default_factory=dict)
    year: int | None = None
    point: shapely.Point | None = None
    ground: BaseGeometry | None = None
    parcel: str | None = None
    section: Section | None = None
    near: Section | None = None
    outlet: str | None = None

    @property
    def place(self) -> BaseGeometry | None:
        """Its own point or ground."""
        return self.point if self.ground is None else self.ground


@dataclass(frozen=True)
class PlannedTrade:
    """A trade of the simulated world: what was bought and sold of a resource; a side may lack."""

    kind: str
    trade: str
    resource: str
    day: date
    buyer: str | None
    seller: str | None
    bought: float
    sold: float
    price: float | None = None
    total: float | None = None


@dataclass(frozen=True)
class RightsPlan:
    """All that is planted: rights, trades, the parcels that they stand on by code, the red line."""

    rights: tuple[PlannedRight, ...]
    trades: tuple[PlannedTrade, ...]
    parcels: dict[str, BaseGeometry]
    red_line: BaseGeometry


def make_credit_code(region: str, unit: str) -> str:
    """The credit code of a simulated unit, its check character by the weights of GB 32100-2015."""
    start = f"91{region}MA{list(UNITS).index(unit) + 1:07d}"
    total = sum(_MARKS.index(mark) * weight for mark, weight in zip(start, _WEIGHTS, strict=True))
    return start + _MARKS[(31 - total % 31) % 31]


def plan_rights(world: World, base: Path) -> RightsPlan:
    """The rights planted in a world whose register lies in `base`, and what is wrong with some of them."""
    parcels, sections = _find_parcels(world, base), place_sections(world)
    codes, grounds = list(parcels), [_draw_ground(world, outline) for outline in parcels.values()]
    red_line = _draw_red_line(grounds[4])
    rights = (
        *_plan_water(world, sections),
        *_plan_discharge(world, sections),
        *_plan_energy(world),
        *_plan_carbon(world, grounds[0], grounds[1]),
        *_plan_forest(world, codes[2], codes[3]),
        *_plan_ponds(world, grounds[4], grounds[5]),
    )
    return RightsPlan(rights, tuple(_plan_trades(world)), parcels, red_line)


def find_last_day(world: World) -> date:
    """The day on which the states of rights are judged."""
    return world.periods[-1].last


def _find_parcels(world: World, base: Path) -> dict[str, BaseGeometry]:
    """The largest parcels that are sound, lie inside the area and share no ground, by code."""
    table = pyogrio.read_dataframe(base / "register.gpkg", layer=LAYER)
    outlines = table.geometry.to_numpy()
    valid = shapely.is_valid(outlines)
    one, other = shapely.STRtree(outlines[valid]).query(outlines[valid], predicate="overlaps")
    sharing = np.flatnonzero(valid)[np.unique([*one, *other])]
    sound = valid & shapely.covers(world.aoi.geometry, outlines)
    sound[sharing] = False
    same = table.geometry.to_wkb().duplicated(keep=False) | table["BDCDYH"].duplicated(keep=False)
    kept = table[sound & ~same & table["BDCDYH"].str.len().eq(_FULL_CODE)]
    largest = kept.assign(size=kept.to_crs(world.tiles[0].grid.crs).area).nlargest(_PARCELS, "size")
    return dict(zip(largest["BDCDYH"], largest.geometry, strict=True))


def _draw_ground(world: World, outline: BaseGeometry) -> BaseGeometry:
    """A round piece well inside a parcel."""
    crs = world.tiles[0].grid.crs
    flat = project(outline, crs)
    assert isinstance(flat, shapely.Polygon)
    middle = polylabel(flat, _TOLERANCE_M)
    return unproject(middle.buffer(_REACH * middle.distance(flat.boundary)), crs)


def _draw_red_line(ground: BaseGeometry) -> BaseGeometry:
    """A box over the western half of some ground."""
    left, bottom, right, top = ground.bounds
    return shapely.box(left - 0.001, bottom - 0.001, (left + right) / 2, top + 0.001)


def _stand_near(world: World, section: Section) -> shapely.Point:
    """A point of the area some way off a section."""
    crs = world.tiles[0].grid.crs
    ring = project(shapely.Point(section.lon, section.lat), crs).buffer(_NEAR_M)
    around = [shapely.Point(spot) for spot in shapely.get_coordinates(unproject(ring, crs))]
    return next((point for point in around if world.aoi.geometry.covers(point)), around[0])


def _plan_water(world: World, sections: Sequence[Section]) -> list[PlannedRight]:
    """Intakes: expired, over-used, of two holders, of a person, elsewhere; used in two years."""
    day = find_last_day(world)
    year, region = day.year, world.tiles[0].landscape.region_code
    first, last = date(year - 3, 3, 1), date(year + 2, 2, 28)
    planned = {
        1: ("甲", first, last, 12e6, 10.1e6, 9.8e6),
        2: ("乙", first, last, 50e6, 40e6, 39e6),
        3: ("丙", first, last, 600e3, 620e3, 750e3),
        4: ("丁", date(year - 5, 1, 1), day - timedelta(_EXPIRED_DAYS), 900e3, 410e3, 280e3),
        5: ("戊", first, last, 400e3, 310e3, 300e3),
        6: (PERSONS[0], first, last, 35e3, 21e3, 20e3),
        7: ("庚", first, last, 250e3, 180e3, 190e3),
        8: ("癸", first, last, 80e3, 60e3, 60e3),
        9: ("辛", first, last, 1e6, 0.0, 0.0),
    }
    rights = []
    for number, (holder, start, end, granted, before, now) in planned.items():
        near = sections[number % len(sections)]
        point = _stand_near(world, near)
        is_far = number == _FAR
        rights.append(
            PlannedRight(
                "water_licence", f"C{region}S{year - 3}-{number:04d}", holder, start, end, {"water": granted},
                {("water", year - 1): before, ("water", year): now},
                point=shapely.Point(point.x + _FAR_DEGREES, point.y) if is_far else point,
                near=None if is_far else near,
            )
        )  # fmt: skip
    return [*rights, replace(rights[4], holder="己")]


def _plan_discharge(world: World, sections: Sequence[Section]) -> list[PlannedRight]:
    """A plant within its licence, a works with two outlets beyond its own."""
    day = find_last_day(world)
    region, year = world.tiles[0].landscape.region_code, day.year
    first, last = date(year - 2, 7, 1), date(year + 3, 6, 30)
    planned = [
        ("己", "V", "DW001", (120.0, 12.0), (90.0, 9.5), 0),
        ("丙", "P", "DW001", (18.0, 2.0), (20.0, 1.25), 1),
        ("丙", "P", "DW002", (12.0, 1.0), (16.0, 0.5), 2),
    ]
    return [
        PlannedRight(
            "discharge_licence", f"{make_credit_code(region, holder)}001{letter}", holder, first, last,
            dict(zip(("cod", "nh3n"), granted, strict=True)),
            {("cod", year): used[0], ("nh3n", year): used[1]},
            point=_stand_near(world, sections[spot]),
            near=sections[0] if spot == 0 else None,
            section=sections[1] if spot else None,
            outlet=outlet,
        )
        for holder, letter, outlet, granted, used, spot in planned
    ]  # fmt: skip


def _plan_energy(world: World) -> list[PlannedRight]:
    year = find_last_day(world).year
    first, last = date(year, 1, 1), date(year, 12, 31)
    planned = {"戊": (12000.0, 11000.0), "丙": (3000.0, 3100.0), PERSONS[1]: (10.0, 8.0)}
    return [
        PlannedRight(
            "energy_quota", f"NY-{number:03d}", holder, first, last, {"energy": granted},
            {("energy", year): used}, year=year,
        )
        for number, (holder, (granted, used)) in enumerate(planned.items(), 1)
    ]  # fmt: skip


def _plan_carbon(world: World, ground: BaseGeometry, apart: BaseGeometry) -> list[PlannedRight]:
    """Two projects whose grounds overlap, and one apart."""
    year, width = find_last_day(world).year, ground.bounds[2] - ground.bounds[0]
    moved = shapely.affinity.translate(ground, width / 2)
    first, last = date(year - 1, 1, 1), date(year + 19, 12, 31)
    planned = [("壬", 500.0, ground), ("癸", 260.0, moved), ("壬", 90.0, apart)]
    return [
        PlannedRight(
            "carbon_project",
            f"PHCER-{number:03d}",
            holder,
            first,
            last,
            {"carbon": tonnes},
            year=year,
            ground=place,
        )
        for number, (holder, tonnes, place) in enumerate(planned, 1)
    ]


def _plan_forest(world: World, own: str, shared: str) -> list[PlannedRight]:
    """One parcel of a person, one that two hold."""
    year = find_last_day(world).year
    first, last = date(year - 10, 1, 1), date(year + 20, 12, 31)
    return [
        PlannedRight(
            "forest_right", f"模拟林证字（{year - 10}）第{number:05d}号", holder, first, last, parcel=parcel
        )
        for number, (holder, parcel) in enumerate(((PERSONS[1], own), ("癸", shared), ("庚", shared)), 1)
    ]


def _plan_ponds(world: World, restricted: BaseGeometry, free: BaseGeometry) -> list[PlannedRight]:
    """Ponds, the first half inside the red line."""
    day, region = find_last_day(world), world.tiles[0].landscape.region_code
    first, last = date(day.year - 1, 5, 1), date(day.year + 4, 4, 30)
    return [
        PlannedRight(
            "aquaculture_licence", f"{region}{day.year}{number:04d}", "庚", first, last, ground=ground
        )
        for number, ground in enumerate((restricted, free), 1)
    ]


def _plan_trades(world: World) -> list[PlannedTrade]:
    """Trades: of water one without a seller, one of more than is held, one whose total differs; the rest."""
    year = find_last_day(world).year
    return [
        PlannedTrade("water_trade", "SQ-000", "water", date(year - 1, 4, 2), "丙", "乙", 50e3, 50e3),
        PlannedTrade("water_trade", "SQ-001", "water", date(year, 1, 15), "甲", "乙", 8e6, 8e6, 0.12, 960e3),
        PlannedTrade("water_trade", "SQ-002", "water", date(year, 2, 8), "丁", None, 200e3, 0.0),
        PlannedTrade(
            "water_trade", "SQ-003", "water", date(year, 2, 20), "乙", "辛", 1.5e6, 1.5e6, 0.25, 375e3
        ),
        PlannedTrade("water_trade", "SQ-004", "water", date(year, 3, 9), "戊", "乙", 100e3, 100e3, 0.2, 30e3),
        PlannedTrade("discharge_trade", "PW-001", "cod", date(year, 1, 22), "丁", "己", 6.0, 6.0),
        PlannedTrade("discharge_trade", "PW-001", "nh3n", date(year, 1, 22), "丁", "己", 0.4, 0.4),
        PlannedTrade("energy_trade", "YN-001", "energy", date(year, 3, 1), "丙", "戊", 200.0, 200.0),
        PlannedTrade("energy_trade", "YN-002", "energy", date(year, 3, 5), "丙", "戊", 40.0, 50.0),
        PlannedTrade(
            "carbon_trade", "TP-001", "carbon", date(year, 2, 2), "戊", "壬", 120.0, 120.0, 58.0, 6960.0
        ),
    ]
