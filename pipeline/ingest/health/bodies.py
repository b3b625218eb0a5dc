"""Rivers and lakes from shipped outlines, vector files of polygons or lines, and tables of names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.aoi import find_water, list_waters
from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000
from pipeline.ingest.health.columns import open_tables
from pipeline.ingest.health.words import (
    find_unit_factor,
    list_unit_names,
    load_roles,
    read_amount,
    split_unit,
)
from pipeline.ingest.parcels.named_polygons import mend_shapes
from pipeline.ingest.parcels.values import read_texts
from pipeline.ingest.parcels.vector_layer import VectorLayer, vector_error
from pipeline.ingest.parcels.vectors import open_vector, read_features
from pipeline.ingest.rejects import explain_rejects, tabulate_rejects
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.section_register import WATER_BODIES
from pipeline.ingest.samples.text_files import TEXT_SUFFIXES
from pipeline.ingest.samples.workbooks import WORKBOOK_SUFFIXES
from pipeline.settings.health import BodyFile

_NUMBERS = {"width": "m", "management": "m", "reference_area": "m2"}
"""Columns that are numbers, and the units that they are kept in."""
COLUMNS = ["id", "name", "kind", "aliases", "width_m", "management_m", "reference_m2", "accuracy", "geometry"]
_KEPT = {"width": "width_m", "management": "management_m", "reference_area": "reference_m2"}


@dataclass(frozen=True)
class _Cells:
    """Texts of a file by role with where their rows stand, the heading and unit of each role, the shapes."""

    file: BodyFile
    texts: pd.DataFrame
    headings: Mapping[str, tuple[str, str | None]]
    places: list[str]
    shapes: list[shapely.Geometry | None]


def read_bodies(files: Sequence[BodyFile]) -> gpd.GeoDataFrame:
    """Bodies of all files, one row each, in the order of the files: COLUMNS.

    `kind` is river or lake, `aliases` other names joined by `;`, widths are metres and areas m2, NaN where
    the file has none; the geometry is polygons or lines (EPSG:4490), None for a body of a table. Rows of one
    id are parts of one body. Raises InputError with every mistake: a file that cannot be read, a row without
    id and name, an unknown kind, a number without unit, two bodies of one name.
    """
    read = [_read_file(file) for file in files]
    problems = [problem for cells in read for problem in _find_mistakes(cells)]
    if problems:
        raise InputError("The rivers and lakes cannot be used", problems)
    rows = pd.concat([_build_rows(cells) for cells in read], ignore_index=True)
    _refuse_clashes(rows)
    return _join_parts(rows)


def _read_file(file: BodyFile) -> _Cells:
    shipped = file.path in list_waters()
    path = find_water(file.path) if shipped else Path(file.path)
    if path.suffix.lower() in TEXT_SUFFIXES | WORKBOOK_SUFFIXES:
        return _read_table(file)
    return _read_layer(file, path)


def _read_table(file: BodyFile) -> _Cells:
    tables, lost = open_tables(file.path, "bodies", file.columns, lambda _: False)
    if not tables:
        problems = explain_rejects(tabulate_rejects(lost))
        raise InputError("The rivers and lakes cannot be used", problems)
    columns = {column.role: column for table in reversed(tables) for column in table.columns if column.role}
    rows = [(table, row) for table in tables for row in table.rows()]
    texts = pd.DataFrame(
        [
            {column.role: row.texts[column.place] or None for column in table.columns if column.role}
            for table, row in rows
        ],
        dtype=object,
    )
    headings = {str(role): (column.heading, column.unit) for role, column in columns.items()}
    return _Cells(file, texts, headings, [row.place for _, row in rows], [None] * len(rows))


def _read_layer(file: BodyFile, path: Path) -> _Cells:
    opened = _open_layers(file, path)
    parts = [_read_shapes(file, layer) for layer in opened]
    return _Cells(
        file,
        pd.concat([texts for texts, *_ in parts], ignore_index=True),
        parts[0][1],
        [place for *_, places, _ in parts for place in places],
        [shape for *_, shapes in parts for shape in shapes],
    )


def _open_layers(file: BodyFile, path: Path) -> list[VectorLayer]:
    """The layer of polygons or of lines; InputError where it is not told which of two is meant."""
    found: dict[str | None, VectorLayer] = {}
    errors = []
    for shapes in ("polygons", "lines"):
        try:
            layer = open_vector(path, name=file.layer, encoding=file.encoding, crs=file.crs, shapes=shapes)
        except InputError as error:
            errors.append(error)
        else:
            found.setdefault(layer.name, layer)
    if not found:
        raise errors[0]
    if len(found) > 1:
        names = ", ".join(str(name) for name in found)
        problem = Problem(str(path), names, "one layer of bodies", "layer: its name")
        raise vector_error(problem)
    return list(found.values())


def _read_shapes(
    file: BodyFile, layer: VectorLayer
) -> tuple[pd.DataFrame, dict[str, tuple[str, str | None]], list[str], list[shapely.Geometry | None]]:
    roles = load_roles("bodies")
    own = {fold(theirs): role for role, theirs in file.columns.items()}
    missing = sorted(set(file.columns.values()) - set(layer.columns))
    if missing:
        found = ", ".join(layer.columns)
        raise vector_error(*(Problem(f"{layer.place}, {name}", "no such column", found) for name in missing))
    named: dict[str, tuple[str, str | None]] = {}
    for column in layer.columns:
        base, unit = _split_suffix(column)
        role, implied = roles.get(fold(column)) or roles.get(fold(base)) or ("", "")
        role = own.get(fold(column), role)
        if role and (role not in named or fold(column) in own):
            named[role] = column, unit or implied or None
    rows = read_features(layer, sorted({column for column, _ in named.values()}), np.arange(len(layer.fids)))
    texts = pd.DataFrame({role: read_texts(rows[column]).to_numpy() for role, (column, _) in named.items()})
    shapes = [
        shape if shape is not None and not shape.is_empty else None for shape in mend_shapes(rows.geometry)
    ]
    return texts, named, [f"{layer.place}, row {row}" for row in rows.index], shapes


def _split_suffix(column: str) -> tuple[str, str | None]:
    """A column and the unit in brackets or behind the last underscore of it."""
    base, unit = split_unit(column)
    if unit is None and (found := re.fullmatch(r"(?P<base>.+)_(?P<unit>km2|m2|km|m|ha|mu)", column)):
        return found["base"], found["unit"]
    return base, unit


def _find_mistakes(cells: _Cells) -> Iterator[Problem]:
    texts = cells.texts
    for number, place in enumerate(cells.places):
        if not any(_text(texts, role, number) for role in ("id", "name")):
            yield Problem(
                place,
                "no id and no name",
                "an id or a name",
                "columns: {name: ...}",
            )
        kind = _text(texts, "kind", number)
        if kind is not None and fold(kind) not in WATER_BODIES:
            yield Problem(f"{place}, {cells.headings['kind'][0]}", repr(kind), "river or lake")
        elif kind is None and cells.file.kind is None:
            todo = "a column of kinds, or `kind` in the config"
            yield Problem(place, "no kind", "river or lake", todo)
        yield from _find_wrong_numbers(cells, number, place)


def _find_wrong_numbers(cells: _Cells, number: int, place: str) -> Iterator[Problem]:
    for role, unit in _NUMBERS.items():
        text = _text(cells.texts, role, number)
        if text is not None and _read_number(cells, role, text) is None:
            heading, given = cells.headings[role]
            expected = f"a number above 0 in {', '.join(list_unit_names(unit))}"
            yield Problem(
                f"{place}, {heading}",
                f"{text!r} {given or 'no unit'}",
                expected,
                f"{heading}({unit})",
            )


def _read_number(cells: _Cells, role: str, text: str) -> float | None:
    value, own = read_amount(text)
    given = own or cells.headings[role][1]
    factor = find_unit_factor(_NUMBERS[role], given) if given else None
    return value * factor if value is not None and factor is not None and value > 0 else None


def _text(texts: pd.DataFrame, role: str, number: int) -> str | None:
    found = texts[role].iloc[number] if role in texts else None
    return None if found is None or pd.isna(found) else str(found).strip() or None


def _build_rows(cells: _Cells) -> pd.DataFrame:
    rows = []
    for number, shape in enumerate(cells.shapes):
        told = {
            role: _text(cells.texts, role, number) for role in ("id", "name", "kind", "aliases", "accuracy")
        }
        numbers = {
            kept: _read_number(cells, role, text) if (text := _text(cells.texts, role, number)) else None
            for role, kept in _KEPT.items()
        }
        names = {"id": told["id"] or told["name"], "name": told["name"] or told["id"]}
        kind = WATER_BODIES[fold(told["kind"])] if told["kind"] else cells.file.kind
        aliases = ";".join(
            part.strip() for part in re.split(r"[;；、,，]", told["aliases"] or "") if part.strip()
        )
        rows.append({**told, **numbers, **names, "kind": kind, "aliases": aliases, "geometry": shape})
    return pd.DataFrame(rows, columns=COLUMNS)


def _refuse_clashes(rows: pd.DataFrame) -> None:
    """InputError where a name is that of two bodies, or an id has two names or kinds."""
    problems = []
    for body, own in rows.groupby("id", sort=False):
        for column in ("name", "kind"):
            said = own[column].unique()
            if len(said) > 1:
                problems.append(Problem(f"bodies, {body}, {column}", ", ".join(said), "one of them"))
    named: dict[str, set[str]] = {}
    for row in rows.to_dict("records"):
        for name in filter(None, [row["id"], row["name"], *row["aliases"].split(";")]):
            named.setdefault(fold(name), set()).add(row["id"])
    expected = "every name that of one body"
    problems += [
        Problem(
            f"bodies, {name}",
            ", ".join(sorted(ids)),
            expected,
            "rename one, or drop the alias",
        )
        for name, ids in named.items()
        if len(ids) > 1
    ]
    if problems:
        raise InputError("Names of rivers and lakes clash", problems)


def _join_parts(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    parts = []
    for _, own in rows.groupby("id", sort=False):
        shapes = [shape for shape in own["geometry"] if shape is not None]
        first = own.iloc[0].to_dict() | {
            column: next((value for value in own[column] if pd.notna(value)), None)
            for column in _KEPT.values()
        }
        parts.append({**first, "geometry": shapely.union_all(shapes) if shapes else None})
    table = gpd.GeoDataFrame(pd.DataFrame(parts, columns=COLUMNS), geometry="geometry", crs=CGCS2000)
    return table.astype(dict.fromkeys(_KEPT.values(), float))
