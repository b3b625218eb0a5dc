"""The layers of a delivery as Shapefiles, for programs that read nothing else.

A Shapefile holds names of ten letters, texts of 254 bytes and files of 2 GB: names are laundered, texts are
cut between two letters, long layers and further parts of a register go on in further files, and `columns.csv`
says what became of each column. The GeoPackage remains the full delivery.
"""

import re
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.layers import list_layers
from pipeline.outputs.columns import describe_column
from pipeline.outputs.csv_tables import write_csv
from pipeline.outputs.layers import FeatureLayer, build_layer_parts

MOST_BYTES = 2**31 - 2**20
"""Size that no .shp and no .dbf grows beyond: 2 GB less their headers."""

_NAME, _TEXT = 10, 254
_NUMBER_BYTES, _SHAPE_BYTES, _POINT_BYTES, _PART_BYTES = 25, 56, 16, 4
_COLUMNS = (
    "layer",
    "shapefile_column",
    "column",
    "name_zh",
    "name_en",
    "unit",
    "values_cut",
    "longest_bytes",
)


def write_shapefiles(delivery: Delivery, folder: Path) -> list[Path]:
    """Write every layer into an existing folder; `columns.csv` maps the columns back and counts cut texts."""
    mapping = [row for layer in list_layers(delivery) for row in _write_layer(layer, delivery, folder)]
    table = pd.DataFrame(mapping, columns=list(_COLUMNS))
    write_csv(table, folder / "columns.csv")
    return sorted(folder.iterdir())


def launder_names(columns: Iterable[str]) -> dict[str, str]:
    """Names of at most ten ASCII letters for columns, no two alike in any case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for column in columns:
        plain = re.sub(r"\W", "_", column, flags=re.ASCII) or "_"
        tries = [
            plain[:_NAME],
            *(f"{plain[: _NAME - len(end)]}{end}" for end in map("_{}".format, range(1, 1000))),
        ]
        name = next(entry for entry in tries if entry.lower() not in taken)
        taken.add(name.lower())
        names[column] = name
    return names


def _write_layer(layer: FeatureLayer, delivery: Delivery, folder: Path) -> list[tuple[object, ...]]:
    cuts: dict[str, tuple[int, int]] = {}
    number = 0
    for rows in build_layer_parts(layer, delivery):
        columns = [column for column in rows.columns if column != rows.geometry.name]
        names = launder_names(columns)
        fitting, told = _fit_values(rows, columns)
        for column, (cut, longest) in told.items():
            known = cuts.get(column, (0, 0))
            cuts[column] = known[0] + cut, max(known[1], longest)
        for part in _split_rows(fitting.rename(columns=names)):
            number += 1
            stem = layer.name if number == 1 else f"{layer.name}_{number}"
            _write_part(part, folder / f"{stem}.shp", layer, delivery)
    return [
        (layer.name, names[column], column, *_describe_column(column), *cuts.get(column, (0, 0)))
        for column in columns
    ]


def _fit_values(
    rows: gpd.GeoDataFrame, columns: list[str]
) -> tuple[gpd.GeoDataFrame, dict[str, tuple[int, int]]]:
    """Rows as a .dbf holds them; of each column of texts how many were cut, and the bytes of the longest."""
    texts = {
        column: _cut_texts(rows[column]) for column in columns if pd.api.types.is_string_dtype(rows[column])
    }
    plain = rows.assign(**{column: values for column, (values, _, _) in texts.items()})
    switches = [column for column in columns if pd.api.types.is_bool_dtype(rows[column])]
    told = {column: (cut, longest) for column, (_, cut, longest) in texts.items()}
    return plain.astype(dict.fromkeys(switches, "Int16")), told


def _describe_column(column: str) -> tuple[str, str, str]:
    known = describe_column(column)
    return known.name_zh, known.name_en, known.unit


def _cut_texts(values: pd.Series) -> tuple[pd.Series, int, int]:
    """Texts that fit, how many were cut, and the bytes of the longest."""
    packed = [None if pd.isna(value) else str(value).encode() for value in values]
    lengths = np.array([len(text or b"") for text in packed], dtype=np.int64)
    kept = [None if text is None else text[:_TEXT].decode(errors="ignore") for text in packed]
    fitting = pd.Series(kept, index=values.index, dtype="string")
    return fitting, int((lengths > _TEXT).sum()), int(lengths.max(initial=0))


def _split_rows(rows: gpd.GeoDataFrame) -> list[gpd.GeoDataFrame]:
    """The rows in as many parts as it takes for each to stay below MOST_BYTES in its .shp and its .dbf."""
    shapes = np.asarray(rows.geometry.array)
    corners = shapely.get_num_coordinates(shapes) * _POINT_BYTES
    drawn = _SHAPE_BYTES + corners + np.maximum(shapely.get_num_geometries(shapes), 1) * _PART_BYTES
    told = np.full(len(rows), _count_record_bytes(rows))
    if len(rows) == 0:
        return [rows]
    number = np.maximum(np.cumsum(drawn) // MOST_BYTES, np.cumsum(told) // MOST_BYTES)
    return [rows[number == each] for each in np.unique(number)]


def _count_record_bytes(rows: gpd.GeoDataFrame) -> int:
    table = rows.drop(columns=rows.geometry.name)
    texts = [column for column in table.columns if pd.api.types.is_string_dtype(table[column])]
    return 1 + _TEXT * len(texts) + _NUMBER_BYTES * (len(table.columns) - len(texts))


def _write_part(rows: gpd.GeoDataFrame, path: Path, layer: FeatureLayer, delivery: Delivery) -> None:
    day = delivery.as_of.astimezone(UTC).strftime("%Y-%m-%d")
    pyogrio.write_dataframe(
        rows,
        path,
        driver="ESRI Shapefile",
        geometry_type=layer.geometry.removeprefix("Multi"),
        promote_to_multi=False,
        layer_options={"ENCODING": "UTF-8", "DBF_DATE_LAST_UPDATE": day},
    )
