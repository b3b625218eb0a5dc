"""Homes as polygons or points of a vector file, cut to an area, with the people who live in them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.errors import Problem
from pipeline.geodesy import measure_areas_m2
from pipeline.ingest.access.shapes import NearbyFeatures, read_nearby
from pipeline.ingest.parcels.named_polygons import pick_polygons
from pipeline.ingest.parcels.values import read_texts
from pipeline.ingest.parcels.vector_layer import VectorLayer, vector_error
from pipeline.ingest.rejects import Advice
from pipeline.ingest.samples.cells import NOTHING, narrow
from pipeline.ingest.samples.figures import DecimalMarks
from pipeline.ingest.samples.headings import BRACKETED, fold
from pipeline.settings.green_access import BuildingFile, ShapeFile

_MARKS = DecimalMarks(told=True, point=True)
"""A comma parts thousands: people come in whole numbers."""

_PEOPLE = {"": 1.0, "人": 1.0, "people": 1.0, "百人": 100.0, "千人": 1000.0, "万人": 10_000.0}
_NOT_A_COUNT = Advice(
    "不小于 0 的人数 / a number of people, not below 0", "改正，或留空 / mend it, or leave it empty"
)
_TWICE = Advice("一个图形一次 / a shape once", "删去重复的行 / delete the row that repeats it")


def read_land(file: ShapeFile, aoi: Aoi) -> NearbyFeatures:
    """Housing land that reaches into an area, cut to it: home_id, home_name, people (NaN)."""
    found = read_nearby(file, aoi, ["polygons"])
    return _cut_to_area(found, found.rows.assign(people=np.nan), aoi)


def read_buildings(file: BuildingFile, aoi: Aoi) -> NearbyFeatures:
    """Buildings (polygons, else points) that reach into an area, cut to it: home_id, home_name, people.

    People are NaN where a cell tells none; one that is no number is rejected. What is cut off takes its share
    of the people along. Raises InputError as `read_nearby`, where several columns may be that of residents,
    for a unit that is not known, for households, and for points without residents.
    """

    def find_residents(layer: VectorLayer) -> Mapping[str, str]:
        return _find_residents(file, layer)

    found = read_nearby(file, aoi, ["polygons", "points"], find_columns=find_residents)
    told = find_residents(found.layer)
    if not told:
        _refuse_points(found)
        return _cut_to_area(found, found.rows.assign(people=np.nan), aoi)
    counted = _count_people(found, told["people"])
    return _cut_to_area(counted, counted.rows, aoi)


def _find_residents(file: BuildingFile, layer: VectorLayer) -> Mapping[str, str]:
    """The column of residents: that which is told, else the one usual column, if there is one."""
    usual = {
        fold(row["theirs"])
        for row in standards.read_rows("place_columns")
        if (row["layer"], row["ours"]) == ("places", "residents")
    }
    there = [file.residents] if file.residents else [n for n in layer.columns if _split(n)[0] in usual]
    if len(there) > 1:
        expected, todo = "one column", f"name one: residents: {there[0]}"
        raise vector_error(Problem(layer.place, ", ".join(there), expected, todo))
    return {"people": there[0]} if there else {}


def _split(heading: str) -> tuple[str, str]:
    """A heading and the unit in brackets behind it, empty if there is none."""
    found = BRACKETED.fullmatch(fold(heading))
    return (found["base"], found["inner"]) if found else (fold(heading), "")


def _find_factor(found: NearbyFeatures, heading: str) -> float:
    """How many people one of a column is, by its heading."""
    name, unit = _split(heading)
    place = f"{found.layer.place}, column {heading}"
    if "户" in name and "人" not in name:
        raise vector_error(Problem(place, "households", "a number of residents"))
    if unit not in _PEOPLE:
        raise vector_error(Problem(place, f"the unit {unit!r}", ", ".join(filter(None, _PEOPLE))))
    return _PEOPLE[unit]


def _count_people(found: NearbyFeatures, heading: str) -> NearbyFeatures:
    """The homes with their people as numbers, NaN where none are told; what is no number is rejected."""
    factor = _find_factor(found, heading)
    texts = [narrow(text) for text in read_texts(found.rows["people"]).fillna("")]
    numbers = np.array([_read_count(text) for text in texts], dtype=float) * factor
    told = np.array([text.casefold() not in NOTHING for text in texts], dtype=bool)
    wrong = told & ~(numbers >= 0)
    rejected = [
        found.reject(int(row), heading, text, _NOT_A_COUNT)
        for row, text, is_wrong in zip(found.rows.index, texts, wrong, strict=True)
        if is_wrong
    ]
    rows = found.rows.assign(people=np.where(told & ~wrong, numbers, np.nan))
    return replace(found, rows=rows, rejected=(*found.rejected, *rejected))


def _read_count(text: str) -> float:
    """A number of people, NaN where it is none."""
    number = _MARKS.read(text.replace(" ", "").removesuffix("人"))
    return math.nan if number is None else number


def _refuse_points(found: NearbyFeatures) -> None:
    if not (shapely.get_dimensions(found.rows.geometry.to_numpy()) > 0).any():
        said, expected = (
            "points without residents",
            "polygons, or residents",
        )
        raise vector_error(Problem(found.layer.place, said, expected, "residents: the column of people"))


def _cut_to_area(found: NearbyFeatures, rows: gpd.GeoDataFrame, aoi: Aoi) -> NearbyFeatures:
    """The homes as far as they lie in the area, each shape once."""
    if rows.empty:
        said = f"{found.read} rows, none inside {aoi.id}"
        raise vector_error(Problem(found.layer.place, said, "homes inside the area"))
    drawn = shapely.get_dimensions(rows.geometry.to_numpy()) > 0
    same = pd.Series(shapely.to_wkb(shapely.normalize(rows.geometry.to_numpy()))).duplicated().to_numpy()
    again = same & drawn
    twice = [
        found.reject(int(row), "", "与前面的行相同 / as a row before", _TWICE) for row in rows.index[again]
    ]
    rows = rows[~again]
    shapes = rows.geometry.to_numpy()
    inside = pick_polygons(shapely.intersection(shapes, aoi.geometry))
    inside = np.where(shapely.covers(aoi.geometry, shapes), shapes, inside)
    whole, part = measure_areas_m2(shapes), measure_areas_m2(inside)
    share = np.divide(part, whole, out=np.ones_like(part), where=whole > 0)
    table = {"home_id": rows["id"], "home_name": rows["name"], "people": rows["people"] * share}
    homes = gpd.GeoDataFrame(table, geometry=inside, index=rows.index, crs=rows.crs)
    homes = homes[(part > 0) | (whole == 0)]
    remarks = (*found.remarks, *_list_cuts(share, homes))
    return replace(found, rows=homes, rejected=(*found.rejected, *twice), remarks=remarks)


def _list_cuts(share: NDArray[np.float64], homes: gpd.GeoDataFrame) -> Iterator[tuple[str, str]]:
    cut = int(((share > 0) & (share < 1)).sum())
    if cut:
        yield f"{cut} 处跨边界，只计范围内部分", f"{cut} cross the border: their part inside counts"
    untold = int(homes["people"].isna().sum())
    if untold < len(homes) and untold:
        yield (
            f"{untold} 处未提供居住人数，不计入人口",
            f"{untold} tell no residents and are not among the people",
        )
