"""The land register, whatever its columns, encoding and CRS: one set of names in EPSG:4490."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.datum import DatumShift, find_base
from pipeline.errors import Problem
from pipeline.geodesy import to_cgcs2000
from pipeline.ingest.notes import FileNote
from pipeline.ingest.parcels import holders, values
from pipeline.ingest.parcels.columns import (
    AREAS,
    ATTRIBUTES,
    EXTRAS,
    RegisterColumn,
    find_columns,
    list_missing,
)
from pipeline.ingest.parcels.keys import refuse_cut_keys, refuse_rounded_keys
from pipeline.ingest.parcels.land_classes import ColumnReading, list_some, read_column
from pipeline.ingest.parcels.links import Links, add_links, read_links
from pipeline.ingest.parcels.placement import find_middle, find_neighbour_zone
from pipeline.ingest.parcels.shape_layers import list_shapes
from pipeline.ingest.parcels.values import Notes
from pipeline.ingest.parcels.vector_layer import Places, VectorLayer, count_distinct, vector_error
from pipeline.ingest.parcels.vectors import (
    find_places,
    open_vector,
    read_cells,
    read_features,
    split_features,
)
from pipeline.settings.parcels import ParcelFile
from pipeline.settings.rights_codes import load_rights_codes

KEYS = ("parcel_id", "parcel_no", "unit_no")
"""What tells parcels apart."""
NOTES = ("repairs", "doubts", "suspects", "sums")
"""What reading had to repair, values that cannot be used, suspicious texts, areas that do not add up."""

PARCELS_AT_ONCE = 8192

_ROUNDED_BY = 0.005
_LAYERS = {"dltb": ["dltb", "地类图斑"], "zrzy_djdy": ["zrzy_djdy"], "zdjbxx": ["zdjbxx"]}
"""Layers, in lower case, that a register of a profile is in; databases hold many others beside it."""


@dataclass(frozen=True)
class Elsewhere:
    """A register without a parcel in the area: how many it has, around where, and another zone that fits."""

    count: int
    lon: float
    lat: float
    likely: str


@dataclass(frozen=True)
class LandRegister:
    """A register over an area: its parcels, the columns that it lacks, and whether it lies elsewhere.

    `batches` reads the parcels, so many at a time (at least one batch, perhaps without rows). Index: number
    of the row in the file. Columns: `ATTRIBUTES`, `EXTRAS`, `parcel_id` (the register's own key, null if it
    has none), `NOTES` (null where there is nothing to note) and the geometry in EPSG:4490. Columns that are
    not there are null. Codes are those of our dictionaries, areas m2. `keys` has the columns `KEYS` of all.
    `shift` tells how coordinates came to CGCS2000, `notes` are about the file as a whole. `place` is where it
    was read, `columns` are theirs by our name, `unread` theirs that say nothing to us.
    """

    keys: pd.DataFrame
    batches: Callable[[], Iterator[gpd.GeoDataFrame]]
    missing: tuple[str, ...]
    elsewhere: Elsewhere | None
    shift: DatumShift | None
    notes: tuple[FileNote, ...] = ()
    place: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """How a register is read: what its columns and codes mean, and what must be known of all its rows.

    `classes` is how the column of land classes is read; `people` are the names to be hidden.
    """

    layer: VectorLayer
    columns: Mapping[str, RegisterColumn]
    codes: Mapping[str, dict[str, str]]
    sums: Sequence[tuple[str, Sequence[str]]]
    unit_m2: float
    links: Links
    classes: ColumnReading
    people: frozenset[str]
    masked: bool


def read_parcels(file: ParcelFile, aoi: Aoi) -> LandRegister:
    """The register's parcels whose bounds meet those of an area.

    Parcels without a geometry cannot be placed and are kept, so that they can be reported. With
    `mask_holders` only the first character of a right holder's name goes any further, wherever it stands.

    Raises InputError, at once or while batches are read: no such file, layer or mapped column, no geometry,
    no or a wrong CRS, unreadable text.
    """
    layer = open_vector(
        Path(file.path), name=file.layer, encoding=file.encoding, crs=file.crs, known=_list_layer_names(file)
    )
    columns, codes = find_columns(layer, file), _find_codes(file)
    places = find_places(layer, aoi.geometry.bounds)
    unit_m2 = values.M2[file.area_unit]
    links = read_links(layer, unit_m2=unit_m2)
    keys, holding, counts = _look_through(layer, columns, places)
    classes = _settle_classes(layer, columns, file, counts)
    people = holders.find_people([*holding, *links.holders]) if file.mask_holders else frozenset()
    bare = replace(layer, corners=np.empty((4, 0)))  # places are found, and bounds of millions take room
    reading = _Reading(
        bare, columns, codes, _find_sums(layer), unit_m2, links, classes, people, file.mask_holders
    )
    lacking = [name for name in list_missing(columns) if name not in links.by_unit]
    return LandRegister(
        holders.hide_people(keys, people, KEYS),
        lambda: _read_batches(reading, places),
        tuple(lacking),
        _describe_elsewhere(layer, places, aoi),
        layer.shift,
        (*_note_layer(layer, file), *_note_classes(columns, classes)),
        layer.place,
        {ours: column.theirs for ours, column in columns.items()},
        tuple(name for name in layer.columns if name not in {one.theirs for one in columns.values()}),
    )


def _list_layer_names(file: ParcelFile) -> list[str]:
    """Names, in lower case, of the layer that a register is in by its profile, or by any."""
    return _LAYERS.get(file.profile, [name for names in _LAYERS.values() for name in names])


def _look_through(
    layer: VectorLayer, columns: Mapping[str, RegisterColumn], places: Places
) -> tuple[pd.DataFrame, set[str], Counter[str]]:
    """Keys of the rows, all who hold a right, and how many rows of the whole file have each land class."""
    keys, holding, counts = [], set(), Counter[str]()
    wanted = {name: columns[name].theirs for name in (*KEYS, "right_holder", "dlbm") if name in columns}
    own = [wanted[name] for name in KEYS if name in wanted]
    refuse_cut_keys(layer, own)
    for part in split_features(places):
        cells = read_cells(layer, list(wanted.values()), part)
        refuse_rounded_keys(layer, cells[own])
        said = _read_columns(cells, columns, (*KEYS, "right_holder", "dlbm"), Notes.of(cells.index))
        keys.append(said[[*KEYS]].astype("str"))  # a third of what objects take
        holding |= set(said["right_holder"].dropna())
        counts.update(said["dlbm"].dropna())
    elsewhere = np.ones(layer.corners.shape[1], dtype=bool)
    elsewhere[places] = False
    if "dlbm" in wanted and elsewhere.any():
        for part in split_features(np.flatnonzero(elsewhere)):
            cells = read_cells(layer, [wanted["dlbm"]], part)
            counts.update(_read_columns(cells, columns, ["dlbm"], Notes.of(cells.index))["dlbm"].dropna())
    return pd.concat(keys), holding, counts


def _settle_classes(
    layer: VectorLayer, columns: Mapping[str, RegisterColumn], file: ParcelFile, counts: Mapping[str, int]
) -> ColumnReading:
    """How the land classes of the whole column are read; InputError where that cannot be told."""
    place = f"{layer.place}, column {columns['dlbm'].theirs}" if "dlbm" in columns else layer.place
    found = read_column(counts, file.land_class_edition, place=place)
    if isinstance(found, Problem):
        raise vector_error(found)
    return found


def _note_layer(layer: VectorLayer, file: ParcelFile) -> Iterator[FileNote]:
    """What has to be said of the layer: that it was chosen by its name, that its numbers repeat."""
    name, numbers = layer.name or layer.path.name, count_distinct(layer.fids)
    others = [] if file.layer or not layer.name else [*list_shapes(layer.source)]
    if len(others) > 1:
        named = {"file": layer.path.name, "layer": name, "others": list_some(n for n in others if n != name)}
        yield FileNote("register_layer", name, named)
    if numbers < len(layer.fids):
        counts = {"layer": name, "rows": str(len(layer.fids)), "numbers": str(numbers)}
        yield FileNote("register_rows_repeat", name, counts)


def _note_classes(columns: Mapping[str, RegisterColumn], classes: ColumnReading) -> tuple[FileNote, ...]:
    """What has to be said of the column of land classes."""
    theirs = columns["dlbm"].theirs if "dlbm" in columns else "dlbm"
    restored = list_some(f"{spelled} → {code}" for spelled, code in classes.restored.items())
    notes = {"land_class_zeros": restored, "land_class_unclear": list_some(sorted(classes.unclear))}
    return tuple(
        FileNote(rule, theirs, {"column": theirs, "codes": codes}) for rule, codes in notes.items() if codes
    )


def _read_batches(reading: _Reading, places: Places) -> Iterator[gpd.GeoDataFrame]:
    """Parcels, fewer at a time than are read: text in thirty columns takes more room than a row of a file."""
    columns, sums = reading.columns, reading.sums
    wanted = [column.theirs for column in columns.values()] + [name for _, names in sums for name in names]
    for part in split_features(places):
        rows = read_features(reading.layer, wanted, part)
        for start in range(0, max(len(rows), 1), PARCELS_AT_ONCE):
            yield _build_parcels(rows.iloc[start : start + PARCELS_AT_ONCE], reading)


def _build_parcels(rows: gpd.GeoDataFrame, reading: _Reading) -> gpd.GeoDataFrame:
    parcels = add_links(_name_columns(rows, reading), reading.links).assign(
        sums=_check_sums(rows, reading.sums)
    )
    if reading.masked:
        others = ["parcel_id", *ATTRIBUTES, *EXTRAS, *NOTES]
        others = [name for name in others if name not in {"right_holder", *AREAS}]
        parcels = holders.hide_people(parcels, reading.people, others)
        parcels = parcels.assign(right_holder=holders.mask_names(parcels["right_holder"]))
    return gpd.GeoDataFrame(parcels, geometry=rows.geometry)


def _find_codes(file: ParcelFile) -> dict[str, dict[str, str]]:
    """Codes of this register in ours, by our column, from the config; InputError lists what is not ours."""
    problems = [
        Problem(f"parcels.dictionaries.{column}", column, f"one of {', '.join(values.DICTIONARIES)}")
        for column in file.dictionaries
        if column not in values.DICTIONARIES
    ]
    problems += [
        Problem(
            f"parcels.dictionaries.{column}.{code}", name, f"one of {', '.join(values.list_names(column))}"
        )
        for column, names in file.dictionaries.items()
        for code, name in names.items()
        if column in values.DICTIONARIES and values.find_code(column, name) is None
    ]
    if problems:
        raise vector_error(*problems)
    return {
        column: {code: str(values.find_code(column, name)) for code, name in names.items()}
        for column, names in file.dictionaries.items()
    }


def _name_columns(rows: pd.DataFrame, reading: _Reading) -> pd.DataFrame:
    notes, columns = Notes.of(rows.index), reading.columns
    parcels = _read_columns(rows, columns, ("parcel_id", *ATTRIBUTES, *EXTRAS), notes)
    parcels = _classify_land(parcels, reading, notes.damaged)
    parcels = _translate_codes(parcels, columns, reading.codes, notes.damaged)
    parcels = _convert_areas(parcels, rows, columns, reading.unit_m2, notes.damaged)
    return parcels.assign(
        repairs=rows["repairs"].astype(object),
        doubts=notes.damaged.join(),
        suspects=notes.suspicious.join(),
    )


def _read_columns(
    rows: pd.DataFrame,
    columns: Mapping[str, RegisterColumn],
    names: Sequence[str],
    notes: Notes,
) -> pd.DataFrame:
    """What rows say under some of our names, as clean text; null in columns that are not there."""
    said = {}
    for ours in names:
        column = columns.get(ours)
        if column is None:
            said[ours] = values.build_nulls(rows.index)
        else:
            text = values.read_texts(rows[column.theirs])
            said[ours] = values.clean_text(text, column.theirs, notes)
    return pd.DataFrame(said, index=rows.index)


def _classify_land(parcels: pd.DataFrame, reading: _Reading, doubts: values.Doubts) -> pd.DataFrame:
    """Land classes as the edition of their column writes them; null and in doubt where it cannot be told."""
    codes, unclear = reading.classes.apply(parcels["dlbm"])
    theirs = reading.columns["dlbm"].theirs if "dlbm" in reading.columns else "dlbm"
    doubts.add(theirs, parcels["dlbm"], unclear)
    return parcels.assign(dlbm=codes)


def _translate_codes(
    parcels: pd.DataFrame,
    columns: Mapping[str, RegisterColumn],
    codes: Mapping[str, dict[str, str]],
    doubts: values.Doubts,
) -> pd.DataFrame:
    """Codes in our dictionaries; an owning subject that is only a code of a kind of owner becomes it."""
    changed: dict[str, pd.Series] = {}
    for name in values.DICTIONARIES:
        theirs = columns[name].theirs if name in columns else name
        known = {**_list_our_codes(name), **_list_our_codes(theirs.lower()), **codes.get(name, {})}
        changed[name], unknown = values.translate_values(parcels[name], name, known)
        doubts.add(theirs, parcels[name], unknown)
    subject, unknown = values.translate_values(
        parcels["owner_subject"], "owner_type", codes.get("owner_type", {})
    )
    changed["owner_type"] = changed["owner_type"].fillna(subject.where(~unknown))
    rights = standards.table("rights")
    spoken = rights[rights["dictionary"] == "owner_type"].set_index("code")["name_zh"]
    changed["owner_subject"] = parcels["owner_subject"].map(spoken).fillna(parcels["owner_subject"])
    letters = columns["resource_kind"].reading if "resource_kind" in columns else ""
    changed["resource_kind"] = letters + values.read_codes(parcels["resource_kind"])
    changed["region_code"] = values.read_codes(parcels["region_code"])
    return parcels.assign(**changed)


def _list_our_codes(column: str) -> dict[str, str]:
    found = load_rights_codes().get(column)
    return found.codes if found else {}


def _convert_areas(
    parcels: pd.DataFrame,
    rows: pd.DataFrame,
    columns: Mapping[str, RegisterColumn],
    unit_m2: float,
    doubts: values.Doubts,
) -> pd.DataFrame:
    areas = {}
    for name in AREAS:
        column = columns.get(name, RegisterColumn(name))
        told = columns.get("area_unit") if not column.reading else None
        factor = _find_unit_sizes(rows[told.theirs]) if told else values.M2.get(column.reading, unit_m2)
        areas[name], unusable_cells = values.read_areas(parcels[name], factor)
        doubts.add(column.theirs, parcels[name], unusable_cells)
    return parcels.assign(**areas)


def _find_unit_sizes(units: pd.Series) -> pd.Series:
    """Size in m2 of the unit that each row names; NaN where it names none that is known."""
    known = {**{unit: unit for unit in values.M2}, **_list_our_codes("mjdw")}
    return values.read_texts(units).map(known).map(values.M2).astype(float)


def _find_sums(layer: VectorLayer) -> list[tuple[str, list[str]]]:
    """Sums of the `register_sums` table whose columns are all there, total first, as the file spells them."""
    spelled = {name.lower(): name for name in reversed(layer.columns)}
    table = standards.table("register_sums")
    found = [[total, *parts.split("|")] for total, parts in zip(table["total"], table["parts"], strict=True)]
    return [
        (names[0], [spelled[name] for name in names])
        for names in found
        if all(name in spelled for name in names)
    ]


def _check_sums(rows: pd.DataFrame, sums: Sequence[tuple[str, Sequence[str]]]) -> pd.Series:
    """Registered totals that differ from their parts by more than rounding to two decimals allows."""
    doubts = values.Doubts(rows.index)
    for _, (total, *parts) in sums:
        numbers = rows[[total, *parts]].apply(pd.to_numeric, errors="coerce").astype(float)
        told = numbers[parts].sum(axis=1, min_count=1)
        apart = (numbers[total] - told).abs() > _ROUNDED_BY * (len(parts) + 1)
        words = numbers[total].map("{:.2f}".format) + f" ≠ {'+'.join(parts)} = " + told.map("{:.2f}".format)
        doubts.add(total, words, apart)
    return doubts.join()


def _describe_elsewhere(layer: VectorLayer, places: Places, aoi: Aoi) -> Elsewhere | None:
    centre = find_middle(layer.corners)
    if centre is None or not np.isnan(layer.corners[0, places]).all():
        return None
    lon, lat = to_cgcs2000(layer.crs.to_wkt(), layer.near).transform(*centre)
    count = int(np.isfinite(layer.corners).all(axis=0).sum())
    return Elsewhere(
        count, float(lon), float(lat), find_neighbour_zone(find_base(layer.crs), centre, aoi.geometry.bounds)
    )
