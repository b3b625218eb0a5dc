"""The GeoPackage of a delivery: its layers, their styles and aliases, and a QGIS project, all in one file.

pyogrio writes the layers; what it cannot write (styles, aliases, the project) follows in one transaction.
Nothing in the file depends on the clock: GDAL's date and every other time is the delivery's `as_of`.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial, reduce
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline.contracts import Delivery
from pipeline.errors import WorkspaceError
from pipeline.outputs.assessment.layers import find_style, list_layers
from pipeline.outputs.columns import ValueName, describe_column, holds_names, name_columns
from pipeline.outputs.layers import FeatureLayer, build_layer_parts, find_layer_title
from pipeline.outputs.markup import quote_name, serialise
from pipeline.outputs.provenance import build_title_line
from pipeline.outputs.qgis.forms import name_fields
from pipeline.outputs.qgis.looks import (
    BENEATH_PARTS,
    DOCTYPE,
    LAYER_STYLES,
    QGIS_VERSION,
    StyledLayer,
    find_moment_columns,
)
from pipeline.outputs.qgis.metadata import Description, add_metadata
from pipeline.outputs.qgis.styles import build_layer_qml
from pipeline.outputs.qgis.views import IDENTITY
from pipeline.outputs.texts import find_text
from pipeline.storage.cause import sha256_of_file

_FIRST_OF_LAYERS = 3
_SCHEMA_EXTENSION = "http://www.geopackage.org/spec121/#extension_schema"
_METADATA_EXTENSION = "http://www.geopackage.org/spec121/#extension_metadata"
_ALIAS_TABLES = """
CREATE TABLE gpkg_data_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
    mime_type TEXT, constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
    CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
    constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
    min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
    CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
_METADATA_TABLES = """
CREATE TABLE gpkg_metadata (
    id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
    md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml',
    metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE gpkg_metadata_reference (
    reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
    timestamp DATETIME NOT NULL, md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
    CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
    CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
"""
_QGIS_TABLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME);
CREATE TABLE qgis_projects (name TEXT PRIMARY KEY, metadata BLOB, content BLOB);
"""


def write_geopackage(delivery: Delivery, path: Path) -> tuple[StyledLayer, ...]:
    """Write all layers of a delivery, styled and named, to a new file; they are what its project draws.

    Features are sorted by their ids and numbered from 1. Layers stand from the top of the map to the bottom,
    as QGIS loads them. Raises WorkspaceError if the finished file does not pass SQLite's own check.
    """
    with _hold_clock(delivery.as_of):
        styled = [_write_layer(layer, delivery, path) for layer in _sort_layers(delivery)]
    identity = sha256_of_file(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=DELETE")
        file.executescript("BEGIN;" + _ALIAS_TABLES + _METADATA_TABLES + _QGIS_TABLES)
        _register_extensions(file)
        _register_styles(file, delivery)
        _write_metadata(file, delivery, identity)
        for number, layer in enumerate(styled, start=_FIRST_OF_LAYERS):
            _index_parcels(file, layer)
            _write_aliases(file, layer, delivery)
            _write_style(file, layer, delivery)
            _write_layer_metadata(file, number, layer, delivery, path.name)
        file.execute("COMMIT")
        (verdict,) = file.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise WorkspaceError(f"{path}: the GeoPackage is damaged right after writing: {verdict}")
    return tuple(styled)


def _sort_layers(delivery: Delivery) -> list[FeatureLayer]:
    """Layers from the top of the map to the bottom, those of parts over the changes of the ground."""
    known = {layer.name: layer for layer in list_layers(delivery)}
    parts = [name for name in known if name not in LAYER_STYLES]
    above = list(LAYER_STYLES).index(BENEATH_PARTS)
    order = [*list(LAYER_STYLES)[:above], *parts, *list(LAYER_STYLES)[above:]]
    return [known[name] for name in order if name in known]


def _index_parcels(file: sqlite3.Connection, layer: StyledLayer) -> None:
    """So that lists of what belongs to a parcel, and parcels drawn once, need not read all rows."""
    columns = [column for column in (*layer.moment_columns[:1], "parcel_id") if column in layer.columns]
    if "parcel_id" in layer.columns:
        name = quote_name(f"{layer.name}_parcel_id")
        file.execute(f"CREATE INDEX {name} ON {quote_name(layer.name)} ({', '.join(reversed(columns))})")


@contextmanager
def _hold_clock(as_of: datetime) -> Iterator[None]:
    options = {
        "OGR_CURRENT_DATE": _stamp(as_of),
        "OGR_GPKG_ALLOW_THREADED_RTREE": "NO",  # a second thread would leave the order of pages to chance
    }
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _write_layer(layer: FeatureLayer, delivery: Delivery, path: Path) -> StyledLayer:
    parts = (_append_rows(rows, layer, delivery, path) for rows in build_layer_parts(layer, delivery))
    return reduce(partial(_join_descriptions, delivery), parts)


def _append_rows(rows: gpd.GeoDataFrame, layer: FeatureLayer, delivery: Delivery, path: Path) -> StyledLayer:
    """Write some rows of a layer behind those that are there."""
    fids = rows.pop("fid") if "fid" in rows else range(1, len(rows) + 1)
    title = layer.title(delivery.language, simulated=delivery.simulated)
    pyogrio.write_dataframe(
        rows.assign(fid=fids),
        path,
        layer=layer.name,
        driver="GPKG",
        geometry_type=layer.geometry,
        use_arrow=True,
        append=path.exists(),
        dataset_options={"VERSION": "1.3"},
        layer_options={
            "FID": "fid",
            "GEOMETRY_NAME": "geom",
            "IDENTIFIER": title,
            "DESCRIPTION": layer.about(delivery),
        },
    )
    return _describe_layer(layer, title, rows, delivery)


def _join_descriptions(delivery: Delivery, one: StyledLayer, other: StyledLayer) -> StyledLayer:
    """What a layer is of which these are parts."""
    moments = _sort_moments({*one.moments, *other.moments}, delivery)
    return replace(one, moments=moments, spoken=one.spoken | other.spoken)


def _describe_layer(
    layer: FeatureLayer, title: str, rows: gpd.GeoDataFrame, delivery: Delivery
) -> StyledLayer:
    columns = tuple(column for column in rows.columns if column != rows.geometry.name)
    spoken = frozenset(column for column in columns if holds_names(column, rows[column]))
    own = find_style(layer.name) if layer.name in delivery.layers else None
    return StyledLayer(
        name=layer.name,
        geometry=layer.geometry,
        title=title,
        columns=columns,
        moments=_list_moments(layer.name, columns, rows, delivery),
        spoken=spoken,
        figures=frozenset(column for column in columns if pd.api.types.is_float_dtype(rows[column])),
        mark=find_text("simulated.mark", delivery.language) if delivery.simulated else "",
        about=layer.about(delivery),
        rules=tuple(ValueName(rule, *names) for rule, names in sorted(delivery.rules.items())),
        family=layer.name.partition("_")[0] if own else "",
        own=own,
    )


def _list_moments(
    name: str, columns: tuple[str, ...], rows: pd.DataFrame, delivery: Delivery
) -> tuple[tuple[str, ...], ...]:
    """The periods, or pairs of them, that rows are of, in order of time."""
    asked = list(find_moment_columns(name, columns))
    found = {tuple(row) for row in rows[asked].drop_duplicates().to_numpy()} if asked else set()
    return _sort_moments(found, delivery)


def _sort_moments(found: Collection[tuple[str, ...]], delivery: Delivery) -> tuple[tuple[str, ...], ...]:
    labels = [period.label for period in delivery.periods]
    known = [moment for moment in found if set(moment) <= set(labels)]
    return tuple(sorted(known, key=lambda moment: [labels.index(label) for label in reversed(moment)]))


def _register_extensions(file: sqlite3.Connection) -> None:
    rows = [
        ("gpkg_data_columns", "gpkg_schema", _SCHEMA_EXTENSION),
        ("gpkg_data_column_constraints", "gpkg_schema", _SCHEMA_EXTENSION),
        ("gpkg_metadata", "gpkg_metadata", _METADATA_EXTENSION),
        ("gpkg_metadata_reference", "gpkg_metadata", _METADATA_EXTENSION),
    ]
    file.executemany("INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')", rows)


def _write_metadata(file: sqlite3.Connection, delivery: Delivery, identity: str) -> None:
    # As JSON: GDAL's own form of metadata makes every reader write an .aux.xml beside the file.
    stamp = _stamp(delivery.as_of)
    facts = {
        "title": build_title_line(delivery),
        "aoi": delivery.aoi.id,
        "as_of": stamp,
        "simulated": delivery.simulated,
        "data_label": find_text(
            "simulated.label" if delivery.simulated else "simulated.not", delivery.language
        ),
    }
    told = [
        (1, "urn:ecoledger:delivery", "application/json", json.dumps(facts, ensure_ascii=False)),
        (2, IDENTITY, "text/plain", identity),
    ]
    for number, *row in told:
        file.execute("INSERT INTO gpkg_metadata VALUES (?, 'dataset', ?, ?, ?)", [number, *row])
        file.execute(
            "INSERT INTO gpkg_metadata_reference VALUES ('geopackage', NULL, NULL, NULL, ?, ?, NULL)",
            [stamp, number],
        )


def _write_layer_metadata(
    file: sqlite3.Connection, number: int, layer: StyledLayer, delivery: Delivery, source: str
) -> None:
    root = ET.Element("qgis", {"version": QGIS_VERSION})
    add_metadata(root, layer, Description.of(delivery, source))
    file.execute(
        "INSERT INTO gpkg_metadata VALUES (?, 'dataset', 'http://mrcc.com/qgis.dtd', 'text/xml', ?)",
        [number, DOCTYPE + serialise(root)],
    )
    file.execute(
        "INSERT INTO gpkg_metadata_reference VALUES ('table', ?, NULL, NULL, ?, ?, NULL)",
        [layer.name, _stamp(delivery.as_of), number],
    )


def _register_styles(file: sqlite3.Connection, delivery: Delivery) -> None:
    # As QGIS does itself; a registered table also keeps GDAL from listing qgis_projects as a layer.
    file.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
        [_stamp(delivery.as_of)],
    )


def _write_aliases(file: sqlite3.Connection, layer: StyledLayer, delivery: Delivery) -> None:
    titles = name_fields(layer, delivery.language)
    rows = [
        (layer.name, column, name, titles[column], describe_column(column, layer.family).note or None)
        for column, name in name_columns(layer.columns, delivery.language, layer.family).items()
    ]
    file.executemany("INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)", rows)


def _write_style(file: sqlite3.Connection, layer: StyledLayer, delivery: Delivery) -> None:
    row: dict[str, Any] = {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_table_name": layer.name,
        "f_geometry_column": "geom",
        "styleName": find_layer_title(layer.name, delivery.language),
        "styleQML": build_layer_qml(layer, delivery.language),
        "styleSLD": "",
        "useAsDefault": 1,
        "description": layer.title,
        "owner": "ecoledger",
        "update_time": _stamp(delivery.as_of),
    }
    marks = ", ".join("?" * len(row))
    file.execute(f"INSERT INTO layer_styles ({', '.join(row)}) VALUES ({marks})", list(row.values()))  # noqa: S608 (keys are ours)
