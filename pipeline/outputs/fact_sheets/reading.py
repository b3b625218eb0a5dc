"""Layers and tables of a published delivery, read in bulk and by columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from pyarrow import csv

from pipeline.errors import InputError, Problem
from pipeline.outputs.published import Published, build_column_refusal, refuse_parts
from pipeline.storage.csv_texts import restore_texts
from pipeline.storage.delivered import find_delivered

WORDS = pa.dictionary(pa.int32(), pa.string())
NUMBERS = pa.float64()


def check_geopackage(published: Published) -> None:
    """InputError for a GeoPackage that was changed since it was published; asked once, before it is read.

    InputError too for one of a register that no GeoPackage holds.
    """
    refuse_parts(published.find_file(find_delivered(published.folder, ".gpkg").name))


def read_attributes(published: Published, layer: str, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of a layer of the GeoPackage, without geometry; InputError for a column it does not have.

    Texts are categories, as many rows say the same.
    """
    table: pd.DataFrame = _take(published, layer, columns, with_shapes=False)
    return table


def read_shapes(published: Published, layer: str, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """`read_attributes` with the geometry, in EPSG:4490."""
    table: gpd.GeoDataFrame = _take(published, layer, columns, with_shapes=True)
    return table


def read_columns(published: Published, stem: str, columns: Mapping[str, pa.DataType]) -> pd.DataFrame | None:
    """Some columns of a CSV table, each of its type; None where the delivery has no such table.

    InputError for a column that it does not have, and for a file that was changed since it was published.
    """
    if published.has(f"tables/{stem}.parquet"):
        return _read_parquet(published, stem, columns)
    name = f"tables/{stem}.csv"
    if not published.has(name):
        return None
    path = published.find_file(name)
    types = csv.ConvertOptions(
        include_columns=list(columns), column_types=dict(columns), strings_can_be_null=True
    )
    try:
        table = csv.read_csv(path, convert_options=types).to_pandas()
    except KeyError as error:
        raise build_column_refusal(published.id, stem, str(error)) from error
    return restore_texts(table)


def _read_parquet(published: Published, stem: str, columns: Mapping[str, pa.DataType]) -> pd.DataFrame:
    path = published.find_file(f"tables/{stem}.parquet")
    lacking = set(columns) - set(pq.read_schema(path).names)
    if lacking:
        raise build_column_refusal(published.id, stem, min(lacking))
    table: pd.DataFrame = pq.read_table(path, columns=list(columns)).cast(pa.schema(columns)).to_pandas()
    return table


def _take(published: Published, layer: str, columns: Sequence[str], *, with_shapes: bool) -> Any:
    path = find_delivered(published.folder, ".gpkg")
    try:
        told = set(pyogrio.read_info(path, layer=layer)["fields"])
        lacking = sorted(set(columns) - told)
        if lacking:
            raise _refuse(str(path), f"{layer}: no column {', '.join(lacking)}")
        table = pyogrio.read_dataframe(
            path, layer=layer, columns=list(columns), read_geometry=with_shapes, use_arrow=True
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise _refuse(str(path), f"{layer}: {error}") from error
    texts = [name for name in columns if not pd.api.types.is_numeric_dtype(table[name])]
    return table.astype(dict.fromkeys(texts, "category"))


def _refuse(place: str, found: str) -> InputError:
    todo = "Run again with this version"
    problem = Problem(place, found, "a delivery of this version", todo)
    return InputError("A delivery cannot be read", [problem])
