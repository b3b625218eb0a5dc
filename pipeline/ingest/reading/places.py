"""Whether a raster lies somewhere on the earth: what keeps its CRS and transform from saying so."""

import math
from functools import lru_cache

from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.ingest.reading.headers import MOST_TILE_BYTES, Profile

_METRES_A_DEGREE = 111_320.0
_PIXEL_M = (1e-3, 1e6)
"""The least and the greatest pixel that is believed."""
_FARTHEST_M = 1e8
"""Twice around the earth: no projection puts a place further from its origin."""
_BEYOND = 1.0
"""In pixels and degrees: how far grids of the whole earth reach over the poles and around."""
_ROUND, _POLE = 540.0, 90.0


def find_flaw(profile: Profile) -> str:
    """What keeps a raster from lying anywhere on the earth, in words; empty where it lies somewhere.

    Its CRS must be one of the earth, its transform finite and invertible, its pixels of a believable size,
    its corners where that CRS reaches; and its tiles such as memory is planned for.
    """
    if profile.tile_bytes > MOST_TILE_BYTES:
        most = MOST_TILE_BYTES // 2**20
        found = f"tiles or strips of {profile.tile_bytes / 2**20:.0f} MiB each"
        return f"{found}; expected {most} MiB at most: write it anew with smaller ones, as a COG"
    unit_m, geographic = _measure_unit(profile.crs)
    if not unit_m:
        return f"the CRS {_shorten(profile.crs)}; expected one of the earth, projected or geographic"
    if not all(map(math.isfinite, profile.transform[:6])):
        return f"the transform {_list(profile)}; expected finite numbers"
    sides = measure_pixel(profile)
    if profile.transform.determinant == 0 or not all(
        _PIXEL_M[0] <= side * unit_m <= _PIXEL_M[1] for side in sides
    ):
        found = " x ".join(f"{side:g}" for side in sides)
        return f"pixels of {found} in {profile.crs}, {_list(profile)}; expected {_PIXEL_M[0]:g} m to 1000 km"
    return _find_far_corner(profile, unit_m, geographic=geographic)


def measure_pixel(profile: Profile) -> tuple[float, float]:
    """How long the sides of a pixel are, across and down, in the unit of the CRS."""
    place = profile.transform
    return math.hypot(place.a, place.d), math.hypot(place.b, place.e)


def _find_far_corner(profile: Profile, unit_m: float, *, geographic: bool) -> str:
    corners = [profile.transform * (col, row) for col in (0, profile.width) for row in (0, profile.height)]
    slack = max(_BEYOND, *measure_pixel(profile))
    reach = (_ROUND + slack, _POLE + slack) if geographic else (_FARTHEST_M / unit_m, _FARTHEST_M / unit_m)
    for corner in corners:
        if any(abs(place) > limit for place, limit in zip(corner, reach, strict=True)):
            size = f"{profile.height} rows and {profile.width} columns"
            return (
                f"{size}, with a corner at {corner[0]:g}, {corner[1]:g}, where {profile.crs} does not reach"
            )
    return ""


@lru_cache(maxsize=256)
def _measure_unit(text: str) -> tuple[float, bool]:
    """Metres of a unit of a CRS, 0 where it is none of the earth; and whether it is one of degrees."""
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        return 0.0, False
    flat = crs.sub_crs_list[0] if crs.is_compound else crs
    if flat.is_geographic:
        return _METRES_A_DEGREE, True
    factor = flat.axis_info[0].unit_conversion_factor if flat.axis_info else 0.0
    return (factor if flat.is_projected else 0.0), False


def _list(profile: Profile) -> str:
    return "(" + ", ".join(f"{number:g}" for number in profile.transform[:6]) + ")"


def _shorten(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
