"""The plane in which distances are measured: true to scale about the middle of an area."""

from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion

from pipeline.aoi import Aoi
from pipeline.geodesy import CGCS2000, ELLIPSOID


def build_plane(aoi: Aoi) -> str:
    """A transverse Mercator projection of CGCS2000 along the meridian of an area's middle (WKT), scale 1.

    It stretches distances by `measure_stretch` at most.
    """
    lon, lat = _find_middle(aoi)
    conversion = TransverseMercatorConversion(
        latitude_natural_origin=lat, longitude_natural_origin=lon, scale_factor_natural_origin=1.0
    )
    return str(ProjectedCRS(conversion, geodetic_crs=CRS(CGCS2000)).to_wkt())


def measure_stretch(aoi: Aoi) -> float:
    """By which share, at most, the plane stretches a distance within an area: x^2 / (2 b^2) at its edge."""
    lon, lat = _find_middle(aoi)
    _, _, reach_m = ELLIPSOID.inv(lon, lat, aoi.geometry.bounds[2], lat)
    return float((1.1 * reach_m / ELLIPSOID.b) ** 2 / 2)


def _find_middle(aoi: Aoi) -> tuple[float, float]:
    west, south, east, north = aoi.geometry.bounds
    return (west + east) / 2, (south + north) / 2
