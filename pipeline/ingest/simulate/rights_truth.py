"""What the simulated registers of other rights come to, from the plan alone."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import shapely
from pyproj import Geod

from pipeline.ingest.simulate.rights_plan import (
    PERSONS,
    UNITS,
    PlannedRight,
    RightsPlan,
    find_last_day,
    make_credit_code,
)
from pipeline.ingest.simulate.world import World

_ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)
_WRONG_CODE = "庚"
"""The unit whose credit code is wrong where its intake is registered."""


def describe_rights(world: World, plan: RightsPlan, region: str) -> dict[str, Any]:
    """Planted rights of the area and what should be found of them, by their numbers."""
    here = [
        right for right in plan.rights if right.place is None or world.aoi.geometry.intersects(right.place)
    ]
    day = find_last_day(world)
    return {
        "day": str(day),
        "counts": {
            kind: len({(one.number, one.holder) for one in here if one.kind == kind})
            for kind in _list_kinds(plan)
        },
        "elsewhere": [right.number for right in plan.rights if right not in here],
        "states": {right.number: _find_state(right, day) for right in here},
        "parcels": [[right.number, code] for right in here for code in _list_parcels(plan, right)],
        "sections": sorted(
            {(right.number, spot.section_id) for right in here if (spot := right.section or right.near)}
        ),
        "units": sorted(
            {
                (right.number, make_credit_code(region, right.holder))
                for right in here
                if right.holder in UNITS
                and right.kind in ("water_licence", "discharge_licence", "energy_quota")
                and not (right.kind == "water_licence" and right.holder == _WRONG_CODE)
            }
        ),
        "findings": _list_findings(plan, day.year),
        "areas": _measure(plan),
        "balance": list(_list_balance(plan, [day.year - 1, day.year])),
        "differences": _sum_differences(plan),
    }


def _find_state(right: PlannedRight, day: date) -> str:
    """By its term, which the register of energy quotas does not tell."""
    in_term = "expired" if right.last < day else "in_force"
    return "unknown" if right.kind == "energy_quota" else in_term


def _list_kinds(plan: RightsPlan) -> list[str]:
    return list(dict.fromkeys(right.kind for right in plan.rights))


def _list_parcels(plan: RightsPlan, right: PlannedRight) -> Iterator[str]:
    """Codes of the parcels that a right names, or that hold all of its ground."""
    if right.parcel:
        yield right.parcel
    if right.ground is not None:
        yield from (code for code, outline in plan.parcels.items() if outline.contains(right.ground))


def _list_findings(plan: RightsPlan, year: int) -> dict[str, list[str]]:
    """Numbers, or trades, that each rule should find."""
    water = [right.number for right in plan.rights if right.kind == "water_licence"]
    works = next(right.number for right in plan.rights if right.outlet == "DW002")
    carbon, forest, ponds = (
        [right.number for right in plan.rights if right.kind == kind]
        for kind in ("carbon_project", "forest_right", "aquaculture_licence")
    )
    return {
        "right_expired": [water[3]],
        "right_overused": [f"{water[2]}:water:{year}", f"{works}:cod:{year}"],
        "right_two_holders": [water[4]],
        "right_ground_shared": [f"{forest[1]}+{forest[2]}"],
        "carbon_projects_overlap": [f"{carbon[0]}+{carbon[1]}"],
        "right_restricted": [ponds[0]],
        "trade_unbalanced": ["SQ-002", "YN-002"],
        "trade_oversold": [f"{UNITS['辛']}:water:{year}"],
        "trade_total_differs": ["SQ-004"],
        "rights_unlinked": ["energy_quota:1"],
    }


def _measure(plan: RightsPlan) -> dict[str, float]:
    """Ellipsoidal areas in m2: of the pond inside the red line, and of what the carbon projects share."""
    ponds, carbon = (
        [right.ground for right in plan.rights if right.kind == kind]
        for kind in ("aquaculture_licence", "carbon_project")
    )
    shapes = {
        "restricted": shapely.intersection(ponds[0], plan.red_line),
        "shared": shapely.intersection(carbon[0], carbon[1]),
    }
    return {name: abs(_ELLIPSOID.geometry_area_perimeter(shape)[0]) for name, shape in shapes.items()}


def _list_balance(plan: RightsPlan, years: list[int]) -> Iterator[dict[str, Any]]:
    """What each holder was granted, bought, sold and used, by resource and year; null where none is told."""
    for holder in (*UNITS, *PERSONS):
        own = [right for right in plan.rights if right.holder == holder]
        for resource in ("water", "cod", "nh3n", "energy", "carbon"):
            for year in years:
                granted = [
                    right.granted[resource] for right in own
                    if resource in right.granted and right.first.year <= year <= right.last.year
                    and right.year in (None, year)
                ]  # fmt: skip
                used = [right.used[resource, year] for right in own if (resource, year) in right.used]
                bought, sold = (_sum_side(plan, holder, resource, year, side) for side in ("buyer", "seller"))
                if granted or used or bought or sold:
                    yield {
                        "holder": UNITS.get(holder) or f"{holder[0]}＊＊＊",
                        "resource": resource,
                        "period": str(year),
                        "granted": sum(granted) if granted else None,
                        "used": sum(used) if used else None,
                        "bought": bought,
                        "sold": sold,
                    }


def _sum_side(plan: RightsPlan, holder: str, resource: str, year: int, side: str) -> float:
    rows = [one for one in plan.trades if one.resource == resource and one.day.year == year]
    if side == "buyer":
        return sum(one.bought for one in rows if one.buyer == holder)
    return sum(one.sold for one in rows if one.seller == holder)


def _sum_differences(plan: RightsPlan) -> dict[str, float]:
    """What is bought less what is sold, by resource and year."""
    found: dict[str, float] = {}
    for one in plan.trades:
        key = f"{one.resource}:{one.day.year}"
        found[key] = found.get(key, 0.0) + one.bought * bool(one.buyer) - one.sold * bool(one.seller)
    return found
