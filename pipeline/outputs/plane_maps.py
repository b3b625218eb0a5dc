"""Maps in a plane CRS as offices draw them: the three-degree zone of a place, round ratios, round grids."""

import math

from pyproj import CRS

_FIRST_MERIDIAN, _LAST_MERIDIAN, _WIDTH = 75, 135, 3
_FIRST_CODE = 4534
_RATIOS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
_STEPS = (1, 2, 5)
_ROOM = 1.2
"""How much wider a map is than what it shows."""
_MILLIMETRES = 1000


def find_zone(longitude: float) -> str:
    """The code of the CGCS2000 three-degree zone, without zone number, whose meridian is nearest."""
    meridian = _WIDTH * round(longitude / _WIDTH)
    inside = min(max(meridian, _FIRST_MERIDIAN), _LAST_MERIDIAN)
    return f"EPSG:{_FIRST_CODE + (inside - _FIRST_MERIDIAN) // _WIDTH}"


def describe_crs(code: str) -> str:
    """A CRS by its name, with its code."""
    return f"{CRS(code).name} ({code})"


def choose_ratio(across_m: float, down_m: float, width_mm: float, height_mm: float) -> int:
    """The denominator of the largest round scale at which a ground fits a map of that size."""
    needed = _ROOM * _MILLIMETRES * max(across_m / width_mm, down_m / height_mm, 0.1)
    power = 10.0 ** math.floor(math.log10(needed))
    fitting = (ratio * power for ratio in (*_RATIOS, 10) if ratio * power >= needed)
    return round(next(fitting))


def choose_step(width_m: float, lines: int = 3) -> float:
    """The distance of grid lines, 1, 2 or 5 times a power of ten, of which about so many fit a width."""
    power = 10 ** math.floor(math.log10(width_m / lines))
    return float(max(step * power for step in _STEPS if step * power <= width_m / lines))


def build_zone_expression() -> str:
    """`find_zone` as a QGIS expression of the feature of an atlas."""
    meridian = f"{_WIDTH} * round(x(centroid(@atlas_geometry)) / {_WIDTH})"
    inside = f"min(max({meridian}, {_FIRST_MERIDIAN}), {_LAST_MERIDIAN})"
    return f"'EPSG:' || to_string(to_int({_FIRST_CODE} + ({inside} - {_FIRST_MERIDIAN}) / {_WIDTH}))"


def build_ratio_expression(crs: str, width_mm: float, height_mm: float) -> str:
    """`choose_ratio` as a QGIS expression of the feature of an atlas, in a CRS that an expression gives."""
    ground = f"transform(@atlas_geometry, 'EPSG:4490', {crs})"
    sides = f"bounds_width(@ground) / {width_mm:.3f}, bounds_height(@ground) / {height_mm:.3f}, 0.1"
    needed = f"{_ROOM} * {_MILLIMETRES} * max({sides})"
    ratios = ", ".join(map(str, (*_RATIOS, 10)))
    fitting = f"array_filter(array({ratios}), @element * @power >= @needed)"
    return (
        f"with_variable('ground', {ground}, with_variable('needed', {needed}, "
        f"with_variable('power', 10 ^ floor(log10(@needed)), array_min({fitting}) * @power)))"
    )
