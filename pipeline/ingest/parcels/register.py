"""The land register, whatever its columns, encoding and CRS: one set of names in EPSG:4490."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.enums import TransformDirection

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.errors import Problem
from pipeline.geodesy import to_cgcs2000
from pipeline.ingest.parcels import holders, values
from pipeline.ingest.parcels.columns import AREAS, ATTRIBUTES, EXTRAS, Column, columns_of, missing
from pipeline.ingest.parcels.layers import Layer, open_layer, rows_over, unusable
from pipeline.ingest.parcels.links import links_of, with_links
from pipeline.ingest.parcels.placement import Bounds, middle, neighbouring
from pipeline.settings.registers import ParcelFile, rights_codes

NOTES = ("repairs", "doubts", "suspects", "sums")
"""What reading had to repair, values that cannot be used, suspicious texts, areas that do not add up."""

_ROUNDED_BY = 0.005


@dataclass(frozen=True)
class Elsewhere:
    """A register without a parcel in the area: how many it has, around where, and another zone that fits."""

    count: int
    lon: float
    lat: float
    likely: str


@dataclass(frozen=True)
class LandRegister:
    """Parcels of a register over an area, the columns that it lacks, and whether it lies elsewhere."""

    parcels: gpd.GeoDataFrame
    missing: tuple[str, ...]
    elsewhere: Elsewhere | None


def read_parcels(file: ParcelFile, aoi: Aoi) -> LandRegister:
    """The register's parcels whose bounds meet those of an area.

    Index: number of the row in the file. Columns: `ATTRIBUTES`, `EXTRAS`, `parcel_id` (the register's own
    key, null if it has none), `NOTES` (null where there is nothing to note) and the geometry in EPSG:4490.
    Columns that are not there are null. Parcels without a geometry cannot be placed and are kept, so that
    they can be reported. Codes are those of our dictionaries, areas m2. With `mask_holders` only the first
    character of a right holder's name goes any further, wherever it stands.

    Raises InputError: no such file, layer or mapped column, no geometry, no or a wrong CRS, unreadable text.
    """
    layer = open_layer(Path(file.path), name=file.layer, encoding=file.encoding, crs=file.crs)
    columns, codes = columns_of(layer, file), _codes_of(file)
    sums = _sums_in(layer)
    wanted = [column.theirs for column in columns.values()] + [name for _, names in sums for name in names]
    rows = rows_over(layer, wanted, bounds_in(layer.crs, aoi.geometry.bounds))
    parcels = _named(rows, columns, codes, values.M2[file.area_unit])
    links = links_of(layer, unit_m2=values.M2[file.area_unit])
    parcels = with_links(parcels, links).assign(sums=_sums(rows, sums))
    if file.mask_holders:
        names = pd.concat([parcels["right_holder"], links.holders], ignore_index=True)
        others = ["parcel_id", *ATTRIBUTES, *EXTRAS, *NOTES]
        others = [name for name in others if name not in {"right_holder", *AREAS}]
        parcels = holders.hidden(parcels, names, others)
        parcels = parcels.assign(right_holder=holders.masked(parcels["right_holder"]))
    found = _meeting(gpd.GeoDataFrame(parcels, geometry=rows.geometry), aoi.geometry.bounds)
    lacking = [name for name in missing(columns) if name not in links.by_unit]
    return LandRegister(found, tuple(lacking), _elsewhere(layer, found, aoi))


def _codes_of(file: ParcelFile) -> dict[str, dict[str, str]]:
    """Codes of this register in ours, by our column, from the config; InputError lists what is not ours."""
    problems = [
        Problem(f"parcels.dictionaries.{column}", column, f"one of {', '.join(values.DICTIONARIES)}")
        for column in file.dictionaries
        if column not in values.DICTIONARIES
    ]
    problems += [
        Problem(f"parcels.dictionaries.{column}.{code}", name, f"one of {', '.join(values.names_of(column))}")
        for column, names in file.dictionaries.items()
        for code, name in names.items()
        if column in values.DICTIONARIES and values.code_named(column, name) is None
    ]
    if problems:
        raise unusable(*problems)
    return {
        column: {code: str(values.code_named(column, name)) for code, name in names.items()}
        for column, names in file.dictionaries.items()
    }


def _named(
    rows: pd.DataFrame, columns: Mapping[str, Column], codes: Mapping[str, dict[str, str]], unit_m2: float
) -> pd.DataFrame:
    damaged, suspicious = values.Doubts(rows.index), values.Doubts(rows.index)
    parcels = pd.DataFrame(index=rows.index)
    for ours in ("parcel_id", *ATTRIBUTES, *EXTRAS):
        column = columns.get(ours)
        if column is None:
            parcels[ours] = values.nulls(rows.index)
        else:
            read = values.land_class_codes if ours == "dlbm" else values.texts
            parcels[ours] = values.cleaned(
                read(rows[column.theirs]), column.theirs, damaged=damaged, suspicious=suspicious
            )
    parcels = _in_our_codes(parcels, columns, codes, damaged)
    parcels = _in_square_metres(parcels, rows, columns, unit_m2, damaged)
    return parcels.assign(
        repairs=rows["repairs"].astype(object), doubts=damaged.noted(), suspects=suspicious.noted()
    )


def _in_our_codes(
    parcels: pd.DataFrame,
    columns: Mapping[str, Column],
    codes: Mapping[str, dict[str, str]],
    doubts: values.Doubts,
) -> pd.DataFrame:
    """Codes in our dictionaries; an owning subject that is only a code of a kind of owner becomes it."""
    changed: dict[str, pd.Series] = {}
    for name in values.DICTIONARIES:
        theirs = columns[name].theirs if name in columns else name
        known = {**_shipped(name), **_shipped(theirs.lower()), **codes.get(name, {})}
        changed[name], unknown = values.ours(parcels[name], name, known)
        doubts.add(theirs, parcels[name], unknown)
    subject, unknown = values.ours(parcels["owner_subject"], "owner_type", codes.get("owner_type", {}))
    changed["owner_type"] = changed["owner_type"].fillna(subject.where(~unknown))
    rights = standards.table("rights")
    spoken = rights[rights["dictionary"] == "owner_type"].set_index("code")["name_zh"]
    changed["owner_subject"] = parcels["owner_subject"].map(spoken).fillna(parcels["owner_subject"])
    letters = columns["resource_kind"].reading if "resource_kind" in columns else ""
    changed["resource_kind"] = letters + parcels["resource_kind"]
    return parcels.assign(**changed)


def _shipped(column: str) -> dict[str, str]:
    found = rights_codes().get(column)
    return found.codes if found else {}


def _in_square_metres(
    parcels: pd.DataFrame,
    rows: pd.DataFrame,
    columns: Mapping[str, Column],
    unit_m2: float,
    doubts: values.Doubts,
) -> pd.DataFrame:
    areas = {}
    for name in AREAS:
        column = columns.get(name, Column(name))
        told = columns.get("area_unit") if not column.reading else None
        factor = _sizes(rows[told.theirs]) if told else values.M2.get(column.reading, unit_m2)
        areas[name], unusable_cells = values.areas_m2(parcels[name], factor)
        doubts.add(column.theirs, parcels[name], unusable_cells)
    return parcels.assign(**areas)


def _sizes(units: pd.Series) -> pd.Series:
    """Size in m2 of the unit that each row names; NaN where it names none that is known."""
    known = {**{unit: unit for unit in values.M2}, **_shipped("mjdw")}
    return values.texts(units).map(known).map(values.M2).astype(float)


def _sums_in(layer: Layer) -> list[tuple[str, list[str]]]:
    """Sums of the `register_sums` table whose columns are all there, total first, as the file spells them."""
    spelled = {name.lower(): name for name in reversed(layer.columns)}
    table = standards.table("register_sums")
    found = [[total, *parts.split("|")] for total, parts in zip(table["total"], table["parts"], strict=True)]
    return [
        (names[0], [spelled[name] for name in names])
        for names in found
        if all(name in spelled for name in names)
    ]


def _sums(rows: pd.DataFrame, sums: list[tuple[str, list[str]]]) -> pd.Series:
    """Registered totals that differ from their parts by more than rounding to two decimals allows."""
    doubts = values.Doubts(rows.index)
    for _, (total, *parts) in sums:
        numbers = rows[[total, *parts]].apply(pd.to_numeric, errors="coerce").astype(float)
        told = numbers[parts].sum(axis=1, min_count=1)
        apart = (numbers[total] - told).abs() > _ROUNDED_BY * (len(parts) + 1)
        words = numbers[total].map("{:.2f}".format) + f" ≠ {'+'.join(parts)} = " + told.map("{:.2f}".format)
        doubts.add(total, words, apart)
    return doubts.noted()


def bounds_in(crs: CRS, bounds: Bounds) -> Bounds:
    """Bounds of EPSG:4490 in another CRS: those of the box's edges, not only of its corners."""
    left, bottom, right, top = to_cgcs2000(crs.to_wkt()).transform_bounds(
        *bounds, direction=TransformDirection.INVERSE
    )
    return left, bottom, right, top


def _meeting(parcels: gpd.GeoDataFrame, bounds: Bounds) -> gpd.GeoDataFrame:
    left, bottom, right, top = shapely.bounds(parcels.geometry.to_numpy()).reshape(-1, 4).T
    away = (right < bounds[0]) | (left > bounds[2]) | (top < bounds[1]) | (bottom > bounds[3])
    return parcels[~away]


def _elsewhere(layer: Layer, found: gpd.GeoDataFrame, aoi: Aoi) -> Elsewhere | None:
    centre = middle(layer.corners)
    if centre is None or not shapely.is_missing(found.geometry.to_numpy()).all():
        return None
    lon, lat = to_cgcs2000(layer.crs.to_wkt()).transform(*centre)
    count = int(np.isfinite(layer.corners).all(axis=0).sum())
    return Elsewhere(count, float(lon), float(lat), neighbouring(layer.crs, centre, aoi.geometry.bounds))
