"""Towns and villages of an area: pieces of ground that together are the area, each in one of them."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from pipeline import contracts
from pipeline.aoi import Aoi
from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000, measure_area_m2, measure_areas_m2
from pipeline.ingest.parcels.named_polygons import pick_polygons, read_named_polygons
from pipeline.settings.statistics import RegionFile

_MOST_OVERLAP = 1e-3
"""So much of the smaller of two regions may lie in the other, by outlines that were drawn apart."""

_LEAST_REST = 1e-9
"""What is less of the area is not ground that lies outside all regions, but rounding."""


def name_rest(area: str) -> str:
    """Id of the region that holds what no region of the file covers of an area."""
    return f"{area}-rest"


def read_regions(file: RegionFile | None, aoi: Aoi) -> gpd.GeoDataFrame:
    """Regions of an area (`contracts.REGIONS`), apart from each other and together the area.

    Without a file the area is its one region. Rows of one id are one region. Where outlines overlap by less
    than a thousandth of the smaller region, that strip belongs to the one with the lower id. What no region
    covers is a region of its own (`name_rest`). `attrs["remarks"]` says both in figures, `attrs["shift"]`
    how the coordinates came to CGCS2000.

    Raises InputError, with every mistake: as `read_named_polygons`, a row without id and name, an id with
    two names, an id that is that of the area, regions that overlap by more.
    """
    if file is None:
        return _check([(aoi.id, aoi.name_zh, aoi.geometry)])
    given = {ours: theirs for ours, theirs in (("id", file.id), ("name", file.name)) if theirs}
    rows = read_named_polygons(
        file.path, "regions", aoi, given, layer=file.layer, encoding=file.encoding, crs=file.crs
    )
    rows = rows.assign(id=rows["id"].fillna(rows["name"]), name=rows["name"].fillna(rows["id"]))
    problems = [*_find_mistakes(file.path, rows, aoi)]
    if problems:
        raise InputError("The regions cannot be used", problems)
    regions = rows.dissolve("id", aggfunc="first").sort_index().reset_index()
    overlaps = _measure_overlaps(regions)
    _refuse_overlaps(file.path, regions, overlaps)
    parts, remarks = _partition(regions, aoi)
    table = _check(parts)
    overlap_m2 = sum(overlaps.values())
    if overlap_m2:
        remarks.append(f"outlines of regions overlap: {overlap_m2:.0f} m2")
    table.attrs |= {"shift": rows.attrs["shift"], "remarks": remarks}
    return table


def _find_mistakes(path: str, rows: gpd.GeoDataFrame, aoi: Aoi) -> Iterator[Problem]:
    for row in rows.index[rows["id"].isna()]:
        yield Problem(
            f"{path}, row {row}",
            "no id and no name",
            "an id or a name",
            "columns: id, name",
        )
    reserved = {aoi.id, name_rest(aoi.id)}
    for row in rows.index[rows["id"].isin(reserved)]:
        expected = "an id that is not that of the area"
        yield Problem(f"{path}, row {row}", rows["id"][row], expected)
    names = rows.groupby("id", sort=True)["name"].unique()
    for region, said in names[names.map(len) > 1].items():
        yield Problem(f"{path}, id {region}", ", ".join(said), "one name of an id")


def _measure_overlaps(regions: gpd.GeoDataFrame) -> dict[tuple[int, int], float]:
    """Area in m2 that pairs of regions share, by their places."""
    shapes = regions.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = [(int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b]
    shared = {(a, b): measure_area_m2(shapely.intersection(shapes[a], shapes[b])) for a, b in pairs}
    return {pair: area for pair, area in sorted(shared.items()) if area > 0}


def _refuse_overlaps(path: str, regions: gpd.GeoDataFrame, overlaps: dict[tuple[int, int], float]) -> None:
    areas = measure_areas_m2(regions.geometry)
    wrong = [
        Problem(
            f"{path}, {regions['name'][a]} / {regions['name'][b]}",
            f"overlap: {area:.0f} m2",
            f"at most {_MOST_OVERLAP:.1%} of the smaller",
            "mend the outlines, or name another layer",
        )
        for (a, b), area in overlaps.items()
        if area > _MOST_OVERLAP * min(areas[a], areas[b])
    ]
    if wrong:
        raise InputError("The regions overlap", wrong)


def _partition(
    regions: gpd.GeoDataFrame, aoi: Aoi
) -> tuple[list[tuple[str, str, shapely.Geometry]], list[str]]:
    """Id, name and ground of each region and of the rest, and what is to be said of it."""
    free = aoi.geometry
    parts = []
    for region, name, shape in zip(regions["id"], regions["name"], regions.geometry, strict=True):
        own = pick_polygons(np.array([shapely.intersection(free, shape)]))[0]
        free = pick_polygons(np.array([shapely.difference(free, shape)]))[0]
        parts.append((region, name, own))
    if free.area <= _LEAST_REST * aoi.geometry.area:
        return parts, []
    rest_m2 = measure_area_m2(free)
    name = f"{aoi.name_zh}（镇村界外）"
    said = f"不属任何镇村 in no region: {rest_m2:.0f} m2 ({rest_m2 / aoi.area_m2:.2%})"
    return [*parts, (name_rest(aoi.id), name, free)], [said]


def _check(parts: list[tuple[str, str, shapely.Geometry]]) -> gpd.GeoDataFrame:
    ids, names, shapes = zip(*parts, strict=True)
    table = gpd.GeoDataFrame({"region": ids, "name": names}, geometry=list(shapes), crs=CGCS2000)
    checked = contracts.check_table(table, contracts.REGIONS)
    checked.attrs = {"shift": None, "remarks": []}
    return checked
