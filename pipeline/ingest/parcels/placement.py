"""Where coordinates lie: the CRS that a layer names, held against the coordinates that it has.

Gauss-Krueger eastings of China come with the number of the zone in front (40 512 345 m) or without
(512 345 m); EPSG has both, as zones of 6 degrees (4491-4501 with, 4502-4512 without) and of 3 degrees
(4513-4533 with, 4534-4554 without).
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.transformer import Transformer

from pipeline.errors import Problem
from pipeline.geodesy import to_cgcs2000

Bounds = tuple[float, float, float, float]

_ZONES_3, _ZONES_6 = range(25, 46), range(13, 24)
_NORTHINGS = (1.5e6, 6.5e6)
_EASTINGS = (1e5, 9e5)
_MARGIN_DEG = 3.0
_EAST, _NORTH = 180.0, 90.0
_DEGREES = "degrees, longitude first"
_SWAPPED_DEGREES = "degrees, latitude first"
_PLAIN = "eastings around 500 000 without a zone"
_NORTH_FIRST = "northings before eastings"
_OTHER = "other"
_FALSE_EASTING_M = 500_000.0
_TRANSVERSE_MERCATOR = "9807"


def find_middle(corners: NDArray[np.float64]) -> tuple[float, float] | None:
    """The middle of the middles of features, which a few misplaced ones do not move; None without any.

    `corners` are rows of left, bottom, right, top, with NaN for features without geometry.
    """
    left, bottom, right, top = corners
    finite = np.isfinite(corners).all(axis=0)
    if not finite.any():
        return None
    return float(np.median((left + right)[finite] / 2)), float(np.median((bottom + top)[finite] / 2))


def explain_no_crs(place: str, centre: tuple[float, float] | None) -> Problem:
    """What to do about a layer without CRS: what its coordinates look like, and which CRS that would be."""
    found, likely = "no coordinate reference system", ""
    if centre is not None:
        form, likely = _guess_form(*centre)
        around = f"{centre[0]:.6g}, {centre[1]:.6g}"
        found = f"no coordinate reference system, and coordinates around ({around}): {form}"
    todo = "Write `crs` beside its path in the config"
    todo = f"{todo}, for these coordinates likely {likely}" if likely else todo
    return Problem(place, found, "a CRS, such as EPSG:4490, in the file, its .prj or the config", todo)


def explain_place(place: str, crs: CRS, centre: tuple[float, float] | None) -> Problem | None:
    """Why coordinates around a point cannot be of a CRS; None if they can."""
    if centre is None or crs.geodetic_crs is None:
        return None
    (form, likely), expected = _guess_form(*centre), _describe_zone(crs)
    degrees = crs.is_projected and form in {_DEGREES, _SWAPPED_DEGREES}
    if degrees or (expected and form not in {expected, _OTHER}):
        wrong = form
    elif _is_in_use(crs, centre):
        return None
    elif not crs.is_geographic:
        wrong = "far from where it is used"
    elif _is_in_use(crs, centre[::-1]):
        wrong = _SWAPPED_DEGREES
    else:  # degrees name any place on earth; whether it is the area is asked later
        return None
    found = f"coordinates around ({centre[0]:.6g}, {centre[1]:.6g}), {wrong}"
    todo = f"If that is what they are, write `crs: {likely}` beside its path in the config" if likely else ""
    return Problem(f"{place}, CRS", found, f"{crs.name}: {expected or _name_area(crs)}", todo)


def find_neighbour_zone(crs: CRS, centre: tuple[float, float] | None, bounds: Bounds) -> str:
    """Another Gauss-Krueger zone in which a point would lie inside bounds; empty if there is none."""
    if centre is None or _describe_zone(crs) != _PLAIN:
        return ""
    area = shapely.box(*bounds)
    for code in [*range(4534, 4555), *range(4502, 4513)]:
        there = shapely.Point(to_cgcs2000(f"EPSG:{code}").transform(*centre))
        if shapely.intersects(area, there):
            return f"EPSG:{code}"
    return ""


def _guess_form(x: float, y: float) -> tuple[str, str]:
    """What a pair of coordinates looks like, and the CRS that would be likely for it."""
    zone = int(x // 1e6)
    if abs(x) <= _EAST and abs(y) <= _NORTH:
        return _DEGREES, "EPSG:4490"
    if abs(x) <= _NORTH and abs(y) <= _EAST:
        return _SWAPPED_DEGREES, ""
    northing = _NORTHINGS[0] <= y <= _NORTHINGS[1]
    if northing and (zone in _ZONES_3 or zone in _ZONES_6):
        code = 4513 + zone - 25 if zone in _ZONES_3 else 4491 + zone - 13
        return f"Gauss-Krueger eastings of zone {zone}", f"EPSG:{code}"
    if northing and _EASTINGS[0] <= x <= _EASTINGS[1]:
        return _PLAIN, ""
    swapped = _EASTINGS[0] <= y <= _EASTINGS[1] or int(y // 1e6) in {*_ZONES_3, *_ZONES_6}
    return (_NORTH_FIRST, "") if swapped and _NORTHINGS[0] <= x <= _NORTHINGS[1] else (_OTHER, "")


def _describe_zone(crs: CRS) -> str:
    """What coordinates of a CRS look like, if they are degrees or Gauss-Krueger; else empty."""
    if crs.is_geographic:
        return _DEGREES
    operation = crs.coordinate_operation
    if operation is None or operation.method_code != _TRANSVERSE_MERCATOR:
        return ""
    easting = next(float(entry.value) for entry in operation.params if "easting" in entry.name.lower())
    if easting == _FALSE_EASTING_M:
        return _PLAIN
    zone, rest = divmod(easting - _FALSE_EASTING_M, 1e6)
    known = rest == 0 and (zone in _ZONES_3 or zone in _ZONES_6)
    return f"Gauss-Krueger eastings of zone {int(zone)}" if known else ""


def _is_in_use(crs: CRS, centre: tuple[float, float]) -> bool:
    """Whether a point lies where a CRS is used, give or take some degrees; also where that is not told."""
    lon, lat = Transformer.from_crs(crs, crs.geodetic_crs or crs, always_xy=True).transform(*centre)
    if not (np.isfinite([lon, lat]).all() and abs(lat) <= _NORTH):
        return False
    area = _find_area_of_use(crs)
    return area is None or (
        _is_within(lon, area.west, area.east, wraps=area.west > area.east)
        and area.south - _MARGIN_DEG <= lat <= area.north + _MARGIN_DEG
    )


def _is_within(lon: float, west: float, east: float, *, wraps: bool) -> bool:
    if wraps:
        return lon >= west - _MARGIN_DEG or lon <= east + _MARGIN_DEG
    return west - _MARGIN_DEG <= lon <= east + _MARGIN_DEG


def _find_area_of_use(crs: CRS) -> Any:
    """Where a CRS is used; a .prj does not tell it, so it is looked up by the CRS's EPSG code."""
    code = crs.to_epsg() if crs.area_of_use is None else None
    return crs.area_of_use if code is None else CRS.from_epsg(code).area_of_use


def _name_area(crs: CRS) -> str:
    area = _find_area_of_use(crs)
    return "coordinates where it is used" if area is None else f"coordinates in {area.name}"
