"""What is true of access in the simulated world, by what its settlement was drawn from."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from pipeline.ingest.simulate.settlement import (
    GREEN_STRIP,
    PARK,
    STREET_ENDS_M,
    STREET_Y_M,
    Box,
    Homestead,
    Settlement,
)

LIMITS_M: Mapping[str, float] = MappingProxyType({"green": 300.0, "park": 500.0})
_PLACES: Mapping[str, tuple[Box, ...]] = MappingProxyType({"green": (PARK, GREEN_STRIP), "park": (PARK,)})
_SAMPLES = 20

Share = Callable[[Homestead, str, bool], float | None]


def describe_access(settlement: Settlement, pixels: NDArray[np.float64], transform: Affine) -> dict[str, Any]:
    """Served, unserved and unknown land and people by kind of place, way and town; who is not served."""
    homesteads = settlement.homesteads
    towns = sorted({homestead.town for homestead in homesteads})
    ways: dict[str, Share] = {"straight": _share_straight, "streets": _share_streets}
    return {
        "periods": [period.label for period in settlement.world.periods],
        "limits_m": dict(LIMITS_M),
        "middle": list(settlement.middle),
        "shares": {
            kind: {
                way: {
                    town: _sum_homesteads(
                        [homestead for homestead in homesteads if town in ("all", homestead.town)],
                        kind,
                        share,
                    )
                    for town in ("all", *towns)
                }
                for way, share in ways.items()
            }
            for kind in LIMITS_M
        },
        "unserved": {
            kind: {way: _list_homes_beyond(settlement, kind, share) for way, share in ways.items()}
            for kind in LIMITS_M
        },
        "population": {kind: _sum_people(settlement, kind, pixels, transform) for kind in LIMITS_M},
    }


def _share_straight(homestead: Homestead, kind: str, building: bool) -> float:
    """Share of a homestead: every one of them faces the places squarely, so that only one axis counts."""
    left, bottom, right, top = homestead.building if building else homestead.box
    limit = LIMITS_M[kind]
    if homestead.group == "south":
        return float(np.clip((top - (PARK[1] - limit)) / (top - bottom), 0, 1))
    if homestead.group == "north":
        return float(np.clip((PARK[3] + limit - bottom) / (top - bottom), 0, 1))
    zones = [(place[0] - limit, place[2] + limit) for place in _PLACES[kind]]  # which do not meet
    reached = sum(max(0.0, min(right, end) - max(left, start)) for start, end in zones)
    return reached / (right - left)


def _share_streets(homestead: Homestead, kind: str, building: bool) -> float | None:  # noqa: ARG001 as a whole
    """1 or 0 by the way from the middle of a homestead to the street, to the gate or the street's end."""
    if homestead.group != "row":
        return None
    left, bottom, right, top = homestead.box
    x, leg = (left + right) / 2, (bottom + top) / 2 - STREET_Y_M
    way = leg + (x - PARK[2] if x > PARK[2] else PARK[0] - x)
    if kind == "green" and x > PARK[2]:
        corner = np.hypot(GREEN_STRIP[0] - STREET_ENDS_M[1], GREEN_STRIP[1] - STREET_Y_M)
        way = min(way, leg + STREET_ENDS_M[1] - x + float(corner))
    return float(way <= LIMITS_M[kind])


def _sum_homesteads(homesteads: list[Homestead], kind: str, share: Share) -> dict[str, dict[str, float]]:
    """Served, unserved and unknown of land, of footprints (m2) and of residents."""
    sums = {}
    for basis in ("land", "buildings", "residents"):
        served = unserved = unknown = 0.0
        for homestead in homesteads:
            amount = _find_amount(homestead, basis)
            part = share(homestead, kind, basis != "land")
            unknown += amount if part is None else 0.0
            served += amount * (part or 0.0)
            unserved += 0.0 if part is None else amount * (1 - part)
        sums[basis] = {"served": served, "unserved": unserved, "not_reached": unknown}
    return sums


def _find_amount(homestead: Homestead, basis: str) -> float:
    if basis == "residents":
        return float(homestead.people or 0)
    left, bottom, right, top = homestead.box if basis == "land" else homestead.building
    return (right - left) * (top - bottom)


def _list_homes_beyond(settlement: Settlement, kind: str, share: Share) -> dict[str, dict[str, Any]]:
    """Homesteads that are not wholly served: their share, null where unknown, and how far the border is."""
    border = settlement.find_frame(settlement.world.aoi.geometry).boundary
    found = {}
    for homestead in settlement.homesteads:
        part = share(homestead, kind, False)  # noqa: FBT003 the homestead
        if part != 1:
            ground = shapely.box(*homestead.box)
            found[f"DK{homestead.number:03d}"] = {
                "share": part,
                "border_m": float(shapely.distance(ground, border)),
            }
    return found


def _sum_people(
    settlement: Settlement, kind: str, pixels: NDArray[np.float64], transform: Affine
) -> dict[str, float]:
    """People of the raster in the area and those served, by points in each pixel and their distances."""
    row, col = np.nonzero(pixels)
    step = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    down, across = (axis.ravel() for axis in np.meshgrid(step, step))
    lon, lat = transform * ((col[:, None] + across).ravel(), (row[:, None] + down).ravel())
    each = np.repeat(pixels[row, col], _SAMPLES**2) / _SAMPLES**2
    inside = shapely.contains_xy(settlement.world.aoi.geometry, lon, lat)
    spots = settlement.to_metres(np.column_stack([lon, lat])[inside])
    far = np.min([_measure_box(spots, place) for place in _PLACES[kind]], axis=0)
    return {"amount": float(each[inside].sum()), "served": float(each[inside][far <= LIMITS_M[kind]].sum())}


def _measure_box(spots: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Distance of points from a box."""
    left, bottom, right, top = box
    across = np.maximum(np.maximum(left - spots[:, 0], spots[:, 0] - right), 0)
    along = np.maximum(np.maximum(bottom - spots[:, 1], spots[:, 1] - top), 0)
    return np.asarray(np.hypot(across, along))
