"""By which operation coordinates of a datum come to CGCS2000, how exact it is, and where it is meant for.

Other datums go by their published transformation to WGS 84, which is within a metre of CGCS2000; PROJ knows
none between the two and would fall back on a guess that can be 100 m off (a ballpark transformation).
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from pyproj import CRS, Geod
from pyproj.exceptions import ProjError
from pyproj.transformer import Transformer, TransformerGroup

from pipeline.errors import Problem

LARGEST_ERROR_M = 2.0
"""Beyond this a parcel edge is placed worse than a fifth of a pixel of 10 m; proposal of this project."""
LARGEST_MOVE_M = 500.0
"""No datum of China is so far from CGCS2000; proposal of this project."""

_CGCS2000 = "EPSG:4490"
_TARGETS = (_CGCS2000, "EPSG:4326")
_WGS_84_M = 1.0
_WITHIN_1_M = "WGS 84 视同 CGCS2000，相差 1 m 以内 / WGS 84 is taken as CGCS2000, within 1 m"
_AXES, _AXES_BEHIND = "axis order change (2D) + ", " + axis order change (2D)"
_POLE = 90.0
_SEVERAL = 2
_ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)

LonLat = tuple[float, float]


@dataclass(frozen=True)
class DatumShift:
    """The operation that brings coordinates of a CRS to CGCS2000, as a manifest tells it.

    `accuracy_m` is None where nobody tells it; `inside_area_of_use` whether the coordinates lie where the
    operation is meant for, None where no place or area is known; `moved_m` how far it moves them there;
    `definition` is that of PROJ.
    """

    crs: str
    operation: str
    accuracy_m: float | None
    area_of_use: str
    inside_area_of_use: bool | None
    moved_m: float | None
    note: str
    definition: str

    @property
    def changes_nothing(self) -> bool:
        """Whether the coordinates were degrees of CGCS2000 already."""
        return self.definition.startswith("proj=noop") and not self.note

    @property
    def doubtful(self) -> bool:
        """Whether places are known worse than is accepted, or nobody knows how well."""
        return (
            self.accuracy_m is None or self.accuracy_m > LARGEST_ERROR_M or self.inside_area_of_use is False
        )

    def as_dict(self) -> dict[str, Any]:
        """For a manifest."""
        return asdict(self)


def find_transformer(crs: CRS, near: LonLat | None = None, *, back: bool = False) -> Transformer | None:
    """The way from a CRS to CGCS2000 degrees (longitude, latitude), or `back`; None where none is published.

    Of several the most exact that is meant for a place, else the first of PROJ's; never a ballpark one.
    """
    for target in _TARGETS:
        start, end = (target, crs) if back else (crs, target)
        try:
            way = Transformer.from_crs(start, end, always_xy=True, allow_ballpark=False)
        except ProjError:
            continue
        if near is None or crs.is_bound or is_on_cgcs2000_or_wgs_84(crs):
            return way
        found = TransformerGroup(start, end, always_xy=True, allow_ballpark=False).transformers
        return way if len(found) < _SEVERAL else min(found, key=lambda one: _rank(one, near))
    return None


@lru_cache(maxsize=256)
def describe_shift(
    crs: CRS, near: LonLat | None, *, accuracy_m: float | None = None, source: str = ""
) -> DatumShift | None:
    """What `find_transformer` gives, in words and figures; None where it gives nothing.

    `accuracy_m` and `source` are those of an operation that a config gives, of which PROJ knows nothing.
    """
    way = find_transformer(crs, near)
    if way is None:
        return None
    told, same = _read_accuracy(way) if accuracy_m is None else accuracy_m, _is_on(crs, _CGCS2000)
    least = 0.0 if same or accuracy_m is not None else _WGS_84_M
    area = way.area_of_use
    return DatumShift(
        crs=name_crs(crs),
        operation=way.description.removeprefix(_AXES).removesuffix(_AXES_BEHIND),
        accuracy_m=None if told is None else max(told, least),
        area_of_use=area.name if area else "",
        inside_area_of_use=_is_meant_for(way, near) if near and area and not crs.is_bound else None,
        moved_m=_measure_move(way, crs, near) if near else None,
        note=source or ("" if same else _WITHIN_1_M),
        definition=way.definition,
    )


def explain_no_shift(place: str, crs: CRS) -> Problem:
    """Why coordinates of a CRS cannot be brought to CGCS2000, and the way out."""
    base = find_base(crs)
    if is_undefined(base):
        found, todo = (
            f"{name_crs(crs)}, a local or undefined system",
            "Name the CRS of its coordinates by `crs`",
        )
    else:
        found = f"{name_crs(crs)}, from which no transformation is published"
        todo = (
            "Bring it to CGCS2000, or give `crs` as {name: ..., seven_parameters: {...}} or "
            "{name: ..., grid: file.gsb} with the figures of the surveying office"
        )
    return Problem(place, found, "a CRS on CGCS2000, or with a published way to WGS 84 or CGCS2000", todo)


def is_undefined(crs: CRS) -> bool:
    """Whether a CRS says no more than that there is none: those of GeoPackage, and local ones."""
    return crs.is_engineering or crs.name.lower().startswith("undefined")


def find_wrong_shift(place: str, crs: CRS, shift: DatumShift) -> Problem | None:
    """Why a shift that is given cannot be right: its grid does not reach there, or it moves too far."""
    if shift.moved_m is None or shift.moved_m <= LARGEST_MOVE_M:
        return None
    far = (
        f"{shift.moved_m:.0f} m" if shift.moved_m < float("inf") else "nothing: the grid does not reach there"
    )
    todo = (
        "Look at the units (m, arc-seconds, ppm), the signs and the rotation convention, or the grid's area"
    )
    return Problem(
        place, f"a shift of {name_crs(crs)} by {far}", f"one of at most {LARGEST_MOVE_M:.0f} m", todo
    )


def is_on_cgcs2000_or_wgs_84(crs: CRS) -> bool:
    """Whether coordinates need no shift: their datum is CGCS2000 or WGS 84, which is taken for it."""
    return _is_on(crs, *_TARGETS)


def name_crs(crs: CRS) -> str:
    """A CRS by code and name."""
    base = find_base(crs)
    code = base.to_epsg()
    return f"EPSG:{code} {base.name}" if code else base.name


def find_base(crs: CRS) -> CRS:
    """A CRS without the transformation that it may be bound to."""
    return crs.source_crs if crs.is_bound and crs.source_crs else crs


def to_lon_lat(crs: CRS, x: float, y: float) -> LonLat | None:
    """A point in degrees of its own datum; None where that is not on earth, or the CRS is of no datum."""
    base = find_base(crs)
    if base.geodetic_crs is None:
        return None
    flat = base.geodetic_crs if base.is_projected else base
    lon, lat = Transformer.from_crs(base, flat, always_xy=True).transform(x, y)
    return (float(lon), float(lat)) if abs(lat) <= _POLE and abs(lon) <= 2 * _POLE else None


def _is_meant_for(way: Transformer, near: LonLat | None) -> bool:
    area = way.area_of_use
    if area is None or near is None:
        return False
    within = (
        area.west <= near[0] <= area.east if area.west <= area.east else not area.east < near[0] < area.west
    )
    return within and area.south <= near[1] <= area.north


def _read_accuracy(way: Transformer) -> float | None:
    """What PROJ tells, which is below 0 where it knows nothing."""
    return float(way.accuracy) if way.accuracy >= 0 else None


def _rank(way: Transformer, near: LonLat) -> tuple[bool, float]:
    accuracy = _read_accuracy(way)
    return not _is_meant_for(way, near), float("inf") if accuracy is None else accuracy


def _measure_move(way: Transformer, crs: CRS, near: LonLat) -> float:
    """How far a place is moved, infinite where the way does not reach it."""
    base = find_base(crs)
    assert base.geodetic_crs is not None, "a place in degrees is of a datum"
    back = Transformer.from_crs(base.geodetic_crs if base.is_projected else base, base, always_xy=True)
    lon, lat = way.transform(*back.transform(*near))
    distance = _ELLIPSOID.inv(*near, lon, lat)[2] if abs(lat) <= _POLE else float("inf")
    return round(float(distance), 3)


def _is_on(crs: CRS, *datums: str) -> bool:
    """Whether the datum of a CRS is that of one of some others, and it is not bound to an operation."""
    geodetic = crs.geodetic_crs
    return (
        not crs.is_bound
        and geodetic is not None
        and any(geodetic.to_2d().equals(CRS(datum), ignore_axis_order=True) for datum in datums)
    )
