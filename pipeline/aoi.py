"""Areas of interest: where they lie, how they are called, how sure their outline is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from pyproj.exceptions import CRSError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from pipeline.datum import DatumShift, describe_shift, explain_no_shift, is_undefined, to_lon_lat
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.geodesy import CGCS2000, find_centre, measure_area_m2, unproject, wrap_outline
from pipeline.operating_system import explain_name, has_unseen
from pipeline.vector_files import (
    OFFLINE,
    choose_layer,
    find_named_crs,
    name_dataset,
    refuse_driver,
    refuse_pointer,
)

_PROJECT = Path(__file__).resolve().parent.parent
PROJECT_ROOT = _PROJECT if (_PROJECT / "aoi").is_dir() else Path(__file__).resolve().parent / "_project"


_EXPECTED = "a vector file that fiona reads, such as GeoPackage, GeoJSON, Shapefile, FileGDB or KML"
_SOUTH, _NORTH, _EAST = -80, 84, 180
"""Where UTM has zones."""
_ACROSS = 190
"""How far an outline may reach that crosses 180 degrees."""


@dataclass(frozen=True)
class Part:
    """A named part of an area; `layout_crs` is the 3-degree CGCS2000 zone for map sheets, None if unset."""

    id: str
    name_zh: str
    name_en: str
    geometry: BaseGeometry
    layout_crs: str | None


@dataclass(frozen=True)
class Aoi:
    """An area of interest in EPSG:4490; `grid_crs` is the CRS of its analysis grid.

    `shift` tells how the coordinates of its file came to CGCS2000, None where they were of it.
    """

    id: str
    name_zh: str
    name_en: str
    parts: tuple[Part, ...]
    grid_crs: str
    source: str
    accuracy: str
    shift: DatumShift | None = None

    @cached_property
    def geometry(self) -> BaseGeometry:
        """Union of the parts."""
        return shapely.union_all([part.geometry for part in self.parts])

    @cached_property
    def area_m2(self) -> float:
        """Ellipsoidal area of the union."""
        return measure_area_m2(self.geometry)


def list_aois() -> list[str]:
    """Ids of the areas that the project ships."""
    return sorted(path.stem for path in (PROJECT_ROOT / "aoi").glob("*.geojson"))


def list_waters() -> list[str]:
    """Ids of the rivers and lakes that the project has outlines of: areas only if a config says so."""
    return sorted(path.stem for path in (PROJECT_ROOT / "aoi" / "waters").glob("*.geojson"))


def find_water(water: str) -> Path:
    """The outline of a shipped river or lake."""
    return PROJECT_ROOT / "aoi" / "waters" / f"{water}.geojson"


def load_aoi(id_or_path: str, *, relative_to: Path, layer: str | None = None, crs: str | None = None) -> Aoi:
    """An area by the id of a shipped outline, or from any vector file that fiona reads.

    From a file: id from the property `id`, else the file stem; name from `name`, else the id; each
    feature is a part. The grid CRS comes from `grid_crs`, else it is the UTM zone of the centre. `layer` is
    the one to read where several have polygons, `crs` stands in for one that the file lacks.
    """
    path = _find_outline(id_or_path, relative_to)
    if not path.exists():
        known = [*list_aois(), *list_waters()]
        raise SettingsError(
            "Unknown area of interest",
            [Problem("aoi", repr(id_or_path), f"one of {known} or the path of a vector file")],
        )
    rows, outlines, shift = _read_features(path, layer, crs)
    return replace(_build_aoi(path, rows, outlines), shift=shift)


def _find_outline(id_or_path: str, relative_to: Path) -> Path:
    if id_or_path in list_aois():
        return PROJECT_ROOT / "aoi" / f"{id_or_path}.geojson"
    return find_water(id_or_path) if id_or_path in list_waters() else relative_to / id_or_path


def _read_features(
    path: Path, layer: str | None, stated: str | None
) -> tuple[list[dict[str, Any]], list[BaseGeometry], DatumShift | None]:
    """Properties and outlines of every feature, and their datum; InputError lists all that cannot be used."""
    refuse_pointer(path)
    try:
        with fiona.Env(**OFFLINE), _open(path, _find_layer(path, layer)) as source:
            refuse_driver(path, source.driver)
            crs = _settle_crs(path, stated or find_named_crs(path) or source.crs_wkt)
            features = list(source)
    except fiona.errors.FionaError as error:
        raise _aoi_error(Problem(str(path), str(error), _EXPECTED)) from error
    shapes = [_build_shape(feature.geometry) for feature in features]
    shift = _find_shift(path, crs, shapes)
    outlines = [_to_degrees(outline, crs) for outline in shapes]
    problems = [
        Problem(f"{path}, feature {feature.id}", found, "a valid polygon in longitude and latitude")
        for feature, outline in zip(features, outlines, strict=True)
        if (found := _find_flaw(outline))
    ]
    if not features:
        problems = [Problem(str(path), "no feature", "at least one polygon")]
    if problems:
        raise InputError("An area of interest needs valid polygons", problems)
    return [dict(feature.properties) for feature in features], outlines, shift


def _aoi_error(problem: Problem) -> InputError:
    return InputError("An area of interest cannot be read", [problem])


def _open(path: Path, layer: str) -> fiona.Collection:
    return fiona.open(name_dataset(path), layer=layer, allow_unsupported_drivers=True)


def _find_layer(path: Path, wanted: str | None) -> str:
    """The layer with the outline; InputError where it is not told which of several that is."""
    kinds = {}
    for name in fiona.listlayers(name_dataset(path)):
        with _open(path, name) as source:
            kinds[name] = str(source.schema["geometry"])
    candidates = [name for name, kind in kinds.items() if _may_be_polygons(kind)]
    chosen = choose_layer(
        path, kinds, candidates, lambda name: _has_polygons(path, name), wanted=wanted, expected="polygons"
    )
    if isinstance(chosen, Problem):
        raise _aoi_error(chosen)
    return chosen


def _may_be_polygons(kind: str) -> bool:
    return "Polygon" in kind or kind in {"Unknown", "Geometry", "GeometryCollection"}


def _has_polygons(path: Path, layer: str) -> bool:
    with _open(path, layer) as source:
        return any(feature.geometry and "Polygon" in feature.geometry.type for feature in source)


def _settle_crs(path: Path, stated: str) -> CRS:
    """The CRS of the coordinates; InputError where none is told."""
    try:
        crs = CRS.from_user_input(stated) if stated else None
        lost = crs is None or is_undefined(crs)
    except CRSError as error:
        raise _aoi_error(Problem(str(path), stated, "a CRS that PROJ knows, such as EPSG:4490")) from error
    if crs is None or lost:
        expected = "a CRS, such as EPSG:4490 for longitude and latitude"
        todo = "Name it in the config, as in aoi: [{path: ..., crs: EPSG:4490}]"
        raise _aoi_error(Problem(str(path), "no coordinate reference system", expected, todo))
    return crs


def _build_shape(geometry: Any) -> BaseGeometry:
    """A feature's geometry without heights; empty where it has none, or points that make none."""
    try:
        with np.errstate(invalid="ignore"):
            outline: BaseGeometry = shape(geometry) if geometry is not None else shapely.Polygon()
    except (ValueError, shapely.errors.ShapelyError):
        return shapely.Polygon()
    return shapely.force_2d(outline)


def _find_shift(path: Path, crs: CRS, shapes: list[BaseGeometry]) -> DatumShift | None:
    """How coordinates come to CGCS2000, None where they are of it; InputError where they cannot."""
    if crs.equals(CRS(CGCS2000), ignore_axis_order=True):
        return None
    west, south, east, north = shapely.bounds(shapely.GeometryCollection(shapes))
    middle = (west + east) / 2, (south + north) / 2
    shift = describe_shift(crs, to_lon_lat(crs, *middle) if np.isfinite(middle).all() else None)
    if shift is None:
        raise InputError("An area of interest cannot be placed", [explain_no_shift(str(path), crs)])
    return shift


def _to_degrees(outline: BaseGeometry, crs: CRS) -> BaseGeometry:
    if not crs.equals(CRS(CGCS2000), ignore_axis_order=True):
        outline = unproject(outline, crs.to_wkt())
    west, _, east, _ = outline.bounds or (0.0, 0.0, 0.0, 0.0)
    return wrap_outline(outline) if west >= -_ACROSS and east <= _ACROSS and outline.is_valid else outline


def _find_flaw(outline: BaseGeometry) -> str:
    """Why an outline cannot be an area; empty if it can."""
    if outline.is_empty:
        return "no geometry"
    if outline.geom_type not in {"Polygon", "MultiPolygon"}:
        return outline.geom_type
    west, south, east, north = outline.bounds
    if not (west >= -_EAST and south >= _SOUTH and east <= _EAST and north <= _NORTH):
        return f"coordinates {[round(edge, 3) for edge in outline.bounds]}"
    return "" if outline.is_valid else str(shapely.is_valid_reason(outline))


def _build_aoi(path: Path, properties: list[dict[str, Any]], geometries: list[BaseGeometry]) -> Aoi:
    first = properties[0]
    aoi_id = str(first.get("id") or path.stem)
    if lacking := explain_id(aoi_id):
        raise InputError("An area of interest needs an id", [Problem(f"{path}, id", repr(aoi_id), lacking)])
    name_zh = str(first.get("name") or first.get("Name") or aoi_id)
    name_en = str(first.get("name_en") or name_zh)
    parts = tuple(
        Part(
            id=str(row.get("part") or number),
            name_zh=str(row.get("part_name") or name_zh),
            name_en=str(row.get("part_name_en") or name_en),
            geometry=geometry,
            layout_crs=row.get("layout_crs"),
        )
        for number, (row, geometry) in enumerate(zip(properties, geometries, strict=True), start=1)
    )
    _refuse_hidden_signs(path, {"id": aoi_id, "name": name_zh, "name_en": name_en}, parts)
    return Aoi(
        id=aoi_id,
        name_zh=name_zh,
        name_en=name_en,
        parts=parts,
        grid_crs=str(first.get("grid_crs") or find_utm_zone(shapely.union_all(geometries))),
        source=str(first.get("source") or path.name),
        accuracy=str(first.get("accuracy") or "未知 / unknown"),
    )


def _refuse_hidden_signs(path: Path, names: dict[str, str], parts: Iterable[Part]) -> None:
    """InputError lists all names with signs that do not show; they would steer a terminal or end a line."""
    told = {(str(path), key): name for key, name in names.items()}
    for number, part in enumerate(parts, start=1):
        own = {"part": part.id, "part_name": part.name_zh, "part_name_en": part.name_en}
        told |= {(f"{path}, feature {number}", key): name for key, name in own.items()}
    expected = "signs that show, no controls and no ends of lines"
    problems = [
        Problem(place, f"{key}: {name!r}", expected)
        for (place, key), name in told.items()
        if has_unseen(name)
    ]
    if problems:
        raise InputError("Names of an area of interest cannot be shown", problems)


def explain_id(aoi_id: str) -> str:
    """What an id lacks to name a folder of deliveries, beside that of the artifacts; '' if nothing."""
    if not re.match(r"\w", aoi_id) or aoi_id.casefold() == "work":
        return "a name that a folder can have, other than work"
    return explain_name(aoi_id)


def find_utm_zone(geometry: BaseGeometry) -> str:
    """The UTM zone of the middle of an outline in EPSG:4490, as a code such as EPSG:32651."""
    lon, lat = find_centre(geometry)
    around = AreaOfInterest(lon, lat, lon, lat)
    (zone, *_) = query_utm_crs_info("WGS 84", around)
    return f"{zone.auth_name}:{zone.code}"
