"""The CRS of a file: what it or the config names, bound to the way to CGCS2000 that the config gives."""

from pathlib import Path
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.datum import DatumShift, LonLat, describe_shift, explain_no_shift, find_wrong_shift
from pipeline.errors import Problem
from pipeline.settings.crs import GivenCrs, SevenParameters

_WGS_84 = "EPSG:4326"
_GRID = ("NTv2", 9615)
_ROTATIONS = {
    "position_vector": ("Position Vector transformation (geog2D domain)", 9606),
    "coordinate_frame": ("Coordinate Frame rotation (geog2D domain)", 9607),
}
_ARCSEC = {"type": "AngularUnit", "name": "arc-second", "conversion_factor": 4.84813681109536e-06}
_PPM = {"type": "ScaleUnit", "name": "parts per million", "conversion_factor": 1e-6}
_PARAMETERS: dict[str, tuple[str, int, Any]] = {
    "dx_m": ("X-axis translation", 8605, "metre"),
    "dy_m": ("Y-axis translation", 8606, "metre"),
    "dz_m": ("Z-axis translation", 8607, "metre"),
    "rx_arcsec": ("X-axis rotation", 8608, _ARCSEC),
    "ry_arcsec": ("Y-axis rotation", 8609, _ARCSEC),
    "rz_arcsec": ("Z-axis rotation", 8610, _ARCSEC),
    "scale_ppm": ("Scale difference", 8611, _PPM),
}
"""Names, codes and units of EPSG."""


def parse_crs(place: str, crs: Any) -> CRS | Problem:
    """The CRS that a file or the config names, or why it is none."""
    name = crs.name if isinstance(crs, GivenCrs) else crs
    try:
        found = CRS.from_user_input(name)
        base = CRS(found.to_wkt()).geodetic_crs  # what is handed on is its WKT
    except CRSError:
        return Problem(place, str(name), "a CRS that PROJ knows, such as EPSG:4490")
    if not isinstance(crs, GivenCrs):
        return found
    if base is None:
        return explain_no_shift(place, found)
    if crs.grid and not Path(crs.grid).is_file():
        return Problem(f"{place}, crs.grid", f"{crs.grid}, which is not there", "a grid file (GSB, GeoTIFF)")
    return _bind(found, crs)


def settle_shift(place: str, crs: CRS, given: Any, near: LonLat | None) -> DatumShift | Problem:
    """How coordinates around a place come to CGCS2000, or why they cannot; `given` is from the config."""
    told = given if isinstance(given, GivenCrs) else None
    shift = describe_shift(
        crs, near, accuracy_m=told.accuracy_m if told else None, source=told.source if told else ""
    )
    if shift is None and told and told.grid:
        return Problem(f"{place}, crs.grid", told.grid, "a grid file that PROJ reads (GSB, GeoTIFF)")
    if shift is None:
        return explain_no_shift(place, crs)
    return find_wrong_shift(place, crs, shift) or shift


def _bind(crs: CRS, given: GivenCrs) -> CRS:
    """A CRS bound to a transformation, which PROJ then takes; its target stands for CGCS2000."""
    if given.seven_parameters:
        method, code = _ROTATIONS[given.seven_parameters.rotation]
        parameters = _list_parameters(given.seven_parameters)
    else:
        (method, code), about = _GRID, ("Latitude and longitude difference file", 8656)
        parameters = [{"name": about[0], "value": given.grid, "id": {"authority": "EPSG", "code": about[1]}}]
    return CRS.from_json_dict(
        {
            "type": "BoundCRS",
            "source_crs": crs.to_json_dict(),
            "target_crs": CRS(_WGS_84).to_json_dict(),
            "transformation": {
                "name": f"{crs.name} → CGCS2000, {given.source}",
                "method": {"name": method, "id": {"authority": "EPSG", "code": code}},
                "parameters": parameters,
            },
        }
    )


def _list_parameters(given: SevenParameters) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "value": getattr(given, field),
            "unit": unit,
            "id": {"authority": "EPSG", "code": code},
        }
        for field, (name, code, unit) in _PARAMETERS.items()
    ]
