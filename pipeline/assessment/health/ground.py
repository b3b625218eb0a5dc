"""Figures of the ground along a body from maps: cover and nature of its bank, water lost, what is built."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.assessment.health.bodies import Body
from pipeline.contracts import HEALTH_REACHES, check_table
from pipeline.geodesy import CGCS2000, measure_area_m2, project, unproject

NO_WIDTH = "线状水体没有河宽 / a line without a width"
NO_LINE = "没有管理范围 / no management line"
NO_REFERENCE = "没有参照水面面积 / no reference of the water area"
ONLY_PART = (
    "水体只有 {share:.1%} 在本区，参照面积属全部 / {share:.1%} of the body is here, the reference of all"
)
NOT_SEEN = "范围内没有已分类的陆地 / no land with a class there"
SHARED = "水体或其断面不全在本区，不计入评价卡 / the body or its sections reach beyond: not in the card"
BUILT, WATER = "built", "water"
WHOLE = 0.95
"""A body of which so much lies in an area is taken as lying in it; a proposal of this project."""

_UNITS = {"bank_cover": "share", "natural_bank": "share", "area_loss": "share", "built_inside": "share"}


class Strip(NamedTuple):
    """The ground of one body, cut to an area: its water, its bank, what lies inside the management line."""

    zone: str
    shape: BaseGeometry


def outline_body(body: Body, crs: str) -> BaseGeometry | None:
    """The water of a body in a projected CRS: its polygon, or its line as wide as it is; None without one."""
    if body.shape is None:
        return None
    shape = project(body.shape, crs)
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    return None if body.width_m is None else shapely.buffer(shape, body.width_m / 2, cap_style="flat")


def list_strips(body: Body, area: BaseGeometry, crs: str, bank_width_m: float) -> Iterator[Strip]:
    """What maps are summed over, in EPSG:4490; nothing where a body has no outline inside the area."""
    water = outline_body(body, crs)
    if water is None:
        return
    inside = project(area, crs)
    banked = shapely.buffer(water, bank_width_m)
    zones = {"water": water, "bank": shapely.difference(banked, water)}
    if body.management_m is not None:
        zones["managed"] = shapely.buffer(water, body.management_m)
    for zone, shape in zones.items():
        cut = shapely.intersection(shape, inside)
        if shapely.area(cut) > 0:
            yield Strip(zone, unproject(cut, crs))


def measure_share_inside(body: Body, area: BaseGeometry, crs: str) -> float:
    """Share of a body inside an area: of its water, of a line without a width its length; NaN without."""
    if body.shape is None:
        return float("nan")
    shape = outline_body(body, crs)
    whole = project(body.shape, crs) if shape is None else shape
    measure = shapely.length if shape is None else shapely.area
    part = shapely.intersection(whole, project(area, crs))
    return float(min(1.0, measure(part) / measure(whole)))


def build_strip_table(strips: Mapping[str, Sequence[Strip]]) -> gpd.GeoDataFrame:
    """Strips of all bodies as they are laid over maps: body, zone, parcel_id, area_m2, geometry."""
    rows = [
        {"body": body, "zone": strip.zone, "parcel_id": f"{body}:{strip.zone}", "geometry": strip.shape}
        for body, own in strips.items()
        for strip in own
    ]
    table = gpd.GeoDataFrame(
        rows, columns=["body", "zone", "parcel_id", "geometry"], geometry="geometry", crs=CGCS2000
    )
    return table.assign(area_m2=[measure_area_m2(shape) for shape in table.geometry])


def measure_reaches(
    bodies: Sequence[Body],
    sums: pd.DataFrame,
    periods: Sequence[str],
    shares: Mapping[str, float],
    whole: frozenset[str],
) -> pd.DataFrame:
    """HEALTH_REACHES of bodies that reach into an area.

    `sums` have body, zone, period, `mapped` class (null for none), `area_m2`, `fvc` (cover times area) and
    `fvc_m2` (the area where cover is known). `shares` is how much of each body is inside, `whole` are those
    whose card rests on this area alone.
    """
    rows = []
    for body in bodies:
        own = sums[sums["body"] == body.id]
        for period in periods if shares.get(body.id, 0.0) > 0 else ():
            for measure, found in _measure_body(body, own, period, periods[0], shares[body.id]).items():
                facts = {"body": body.id, "body_name": body.name, "period": period, "measure": measure}
                rows.append({**facts, **found, "share_inside": shares[body.id], "in_card": body.id in whole})
    table = pd.DataFrame(rows, columns=list(HEALTH_REACHES.columns)).assign(
        unit=lambda one: one["measure"].map(_UNITS)
    )
    shared = ~table["in_card"].astype(bool) & table["reason"].isna()
    table["reason"] = table["reason"].astype(object).mask(shared, SHARED)
    checked: pd.DataFrame = check_table(table, HEALTH_REACHES)
    return checked


def _measure_body(
    body: Body, sums: pd.DataFrame, period: str, first: str, share: float
) -> dict[str, dict[str, Any]]:
    if body.shape is not None and sums.empty:
        return {measure: _lack(NO_WIDTH) for measure in _UNITS}
    now = sums[sums["period"] == period]
    bank = now[now["zone"] == "bank"]
    land = bank[bank["mapped"].notna() & (bank["mapped"] != WATER)]
    managed = now[(now["zone"] == "managed") & now["mapped"].notna()]
    return {
        "bank_cover": _divide(land["fvc"].sum(), land["fvc_m2"].sum(), NOT_SEEN),
        "natural_bank": _divide(
            land.loc[land["mapped"] != BUILT, "area_m2"].sum(), land["area_m2"].sum(), NOT_SEEN
        ),
        "built_inside": _lack(NO_LINE)
        if body.management_m is None
        else _divide(
            managed.loc[managed["mapped"] == BUILT, "area_m2"].sum(), managed["area_m2"].sum(), NOT_SEEN
        ),
        "area_loss": _measure_loss(body, sums, period, first, share),
    }


def _measure_loss(body: Body, sums: pd.DataFrame, period: str, first: str, share: float) -> dict[str, Any]:
    """Share of the water area that is lost: of what the bodies' file says, else of the first period."""
    area = sums[(sums["zone"] == "water") & (sums["mapped"] == WATER)].groupby("period")["area_m2"].sum()
    seen = sums[(sums["zone"] == "water") & sums["mapped"].notna()].groupby("period")["area_m2"].sum()
    if not seen.get(period, 0.0) > 0:
        return _lack(NOT_SEEN)
    if body.reference_m2 is not None and share < WHOLE:
        return _lack(ONLY_PART.format(share=share))
    reference = body.reference_m2 if body.reference_m2 is not None else area.get(first, 0.0)
    if period == first and body.reference_m2 is None:
        return _lack(NO_REFERENCE)
    found = _divide(max(0.0, reference - area.get(period, 0.0)), reference, NO_REFERENCE)
    return {**found, "indicative": body.reference_m2 is None}


def _divide(numerator: float, denominator: float, nothing: str) -> dict[str, Any]:
    if not denominator > 0:
        return _lack(nothing)
    value = min(1.0, float(numerator) / float(denominator))
    return {
        "value": value,
        "numerator": float(numerator),
        "denominator": float(denominator),
        "indicative": True,
        "reason": None,
    }


def _lack(reason: str) -> dict[str, Any]:
    return {
        "value": np.nan,
        "numerator": np.nan,
        "denominator": np.nan,
        "indicative": False,
        "reason": reason,
    }
