"""Vector files: which layers have polygons, and whether they are a register, an outline or a restriction."""

from collections.abc import Iterator
from pathlib import Path

import pyogrio

from pipeline import standards
from pipeline.commands.drafting.found import Fact, Found, Role, refuse
from pipeline.errors import InputError
from pipeline.ingest.parcels.columns import RegisterColumn, find_columns
from pipeline.ingest.parcels.shape_layers import list_shapes
from pipeline.ingest.parcels.vector_layer import VectorLayer
from pipeline.ingest.parcels.vectors import open_vector
from pipeline.settings.parcels import ParcelFile
from pipeline.vector_files import name_dataset, refuse_pointer

SUFFIXES = frozenset({".gpkg", ".shp", ".gdb", ".geojson", ".kml", ".kmz", ".fgb", ".zip"})
PARQUET = frozenset({".parquet", ".geoparquet"})

_TELLING = frozenset({"dlbm", "parcel_no", "unit_no"})
"""Columns that nothing but a register has."""
_MOST_PARTS = 50
"""Polygons that an outline has at most."""


def inspect_vector(path: Path, crs: str | None = None) -> Iterator[Found]:
    """Each layer of polygons, as the reader of registers takes it; `crs` stands in for one that it lacks."""
    try:
        refuse_pointer(path)
        names = [None] if path.suffix.lower() in PARQUET else list_shapes(name_dataset(path))
    except InputError as error:
        yield refuse(path, error)
        return
    except pyogrio.errors.DataSourceError as error:
        yield Found(path, "unread", (Fact("unread", {"reason": str(error)}),))
        return
    for name in names:
        yield _inspect_layer(path, name, crs, several=len(names) > 1)


def _inspect_layer(path: Path, name: str | None, crs: str | None, *, several: bool) -> Found:
    own_name = name if several else None
    try:
        layer, taken = _open(path, name, crs)
        columns = find_columns(layer, ParcelFile(path=str(path)))
    except InputError as error:
        return refuse(path, error, own_name)
    kind = _find_kind(f"{path.stem} {name or ''}")
    role = _judge_role(layer, columns, kind)
    facts = [_describe_layer(layer)]
    if role == "parcels":
        facts += _describe_columns(layer, columns)
    if kind:
        facts.append(Fact("vector.kind", {"kind": kind}))
    return Found(path, role, tuple(facts), own_name, taken, kind)


def _open(path: Path, name: str | None, crs: str | None) -> tuple[VectorLayer, str | None]:
    """A layer by what its file says, else in the CRS that is given for it, and whether that was taken."""
    try:
        return open_vector(path, name=name), None
    except InputError:
        if crs is None:
            raise
    return open_vector(path, name=name, crs=crs), crs


def _judge_role(layer: VectorLayer, columns: dict[str, RegisterColumn], kind: str) -> Role:
    if kind:
        return "restricting"
    if _TELLING & set(columns):
        return "parcels"
    return "area" if len(layer.fids) <= _MOST_PARTS else "other"


def _find_kind(named: str) -> str:
    """The restriction that the name of a file or layer tells of."""
    folded = named.lower()
    for row in standards.read_rows("restricting_kinds"):
        if any(word in folded for word in (row["kind"], row["name_zh"], *row["aliases"].split(";"))):
            return row["kind"]
    return ""


def _describe_layer(layer: VectorLayer) -> Fact:
    told = {"layer": layer.name or layer.path.stem, "count": len(layer.fids), "crs": _name_crs(layer)}
    encoding = layer.recode or layer.encoding
    return Fact("vector.encoded", {**told, "encoding": encoding}) if encoding else Fact("vector.layer", told)


def _name_crs(layer: VectorLayer) -> str:
    authority = layer.crs.to_authority(min_confidence=70)
    return f"{layer.crs.name} ({':'.join(authority)})" if authority else layer.crs.name


def _describe_columns(layer: VectorLayer, columns: dict[str, RegisterColumn]) -> Iterator[Fact]:
    read = [
        f"{column.theirs} → {ours}{column.reading and f' ({column.reading})'}"
        for ours, column in columns.items()
    ]
    used = {column.theirs for column in columns.values()}
    unused = [name for name in layer.columns if name not in used and name != layer.key]
    yield Fact("columns.read", {"columns": ", ".join(read)})
    if unused:
        yield Fact("columns.unused", {"columns": ", ".join(unused)})
