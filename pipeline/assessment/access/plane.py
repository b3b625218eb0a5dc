"""The plane in which distances are measured: true to scale about the middle of an area."""

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion

from pipeline.aoi import Aoi
from pipeline.geodesy import CGCS2000

_RADIUS_M = 6_371_000.0


def build_plane(aoi: Aoi) -> str:
    """A transverse Mercator projection of CGCS2000 along the meridian of an area's middle (WKT), scale 1.

    Away from that meridian it stretches lengths by `find_scale`.
    """
    lon, lat = _find_middle(aoi)
    conversion = TransverseMercatorConversion(
        latitude_natural_origin=lat, longitude_natural_origin=lon, scale_factor_natural_origin=1.0
    )
    return str(ProjectedCRS(conversion, geodetic_crs=CRS(CGCS2000)).to_wkt())


def shrink(distances_m: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """True lengths of distances in the plane about points with eastings x, right to a millimetre in 500 m."""
    return distances_m / find_scale(x)


def find_scale(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much the plane stretches lengths at eastings x: 1 + x^2 / (2 R^2)."""
    return 1 + (np.asarray(x) / _RADIUS_M) ** 2 / 2


def _find_middle(aoi: Aoi) -> tuple[float, float]:
    west, south, east, north = aoi.geometry.bounds
    return (west + east) / 2, (south + north) / 2
