"""Rows of a vector layer at some places: their cells, and their outlines as WKB."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
from numpy.typing import NDArray
from pyogrio.raw import open_arrow

from pipeline.errors import Problem
from pipeline.ingest.attributes import pick_within
from pipeline.ingest.parcels.vector_layer import BATCH_ROWS, Places, VectorLayer, vector_error

_OPTIONS = {"ESRI Shapefile": {"ADJUST_TYPE": "YES"}}
"""By driver; whole numbers of more than 18 digits would be rounded to doubles otherwise."""


def read_cell_table(layer: VectorLayer, columns: Sequence[str], places: Places) -> pa.Table:
    """Cells at some places, read from the first to the last of them; their numbers in the first column.

    That has no name where a column of the file has it too, as `id` of a GeoJSON whose ids are numbers.
    """
    order = np.sort(places)
    start = int(order[0]) if len(order) else 0
    with open_arrow(
        layer.source,
        layer=layer.name,
        encoding=layer.encoding,
        columns=list(columns),
        read_geometry=False,
        return_fids=True,
        batch_size=BATCH_ROWS,
        use_pyarrow=True,
        **_narrow(layer, order),
        **_OPTIONS.get(layer.driver, {}),
    ) as (_, reader):
        parts = [reader.schema.empty_table()]
        last = order[-1] if len(order) else -1
        while start <= last and (batch := next(reader, None)) is not None:
            parts.append(pa.Table.from_batches([batch.take(pa.array(pick_within(order, start, len(batch))))]))
            start += len(batch)
    table = pa.concat_tables(parts)
    _refuse_moves(layer, order, table.column(0).to_numpy())
    number, *names = table.column_names
    if number in names:
        table = table.rename_columns(["", *names])
    return table.take(pa.array(np.searchsorted(order, places)))


def _narrow(layer: VectorLayer, order: Places) -> dict[str, Any]:
    """What is gone through for some places: a GeoPackage looks their numbers up, others go past those before.

    Without a last number GDAL reads a GeoPackage to its end, whatever is taken of it.
    """
    if not len(order):
        return {}
    if layer.driver == "GPKG" and layer.key and bool((np.diff(layer.fids) > 0).all()):
        name, (first, last) = layer.key.replace('"', '""'), layer.fids[order[[0, -1]]]
        return {"where": f'"{name}" >= {first} AND "{name}" <= {last}'}
    return {"skip_features": int(order[0])}


def read_outlines(layer: VectorLayer, places: Places) -> NDArray[np.object_]:
    """Outlines (WKB) at some places: by the numbers of their features, or from the first to the last."""
    if not len(places):
        return np.array([], dtype=object)
    if layer.by_number:
        return _read_wkb(layer, places, fids=layer.fids[places])
    order = np.sort(places)
    parts = [
        _read_wkb(layer, start + np.arange(BATCH_ROWS), skip_features=start, max_features=BATCH_ROWS)[wanted]
        for start in range(int(order[0]), int(order[-1]) + 1, BATCH_ROWS)
        if len(wanted := pick_within(order, start, BATCH_ROWS))
    ]
    return np.concatenate(parts)[np.searchsorted(order, places)]


def _read_wkb(layer: VectorLayer, places: Places, **which: Any) -> NDArray[np.object_]:
    _, numbers, outlines, _ = pyogrio.raw.read(
        layer.source, layer=layer.name, encoding=layer.encoding, columns=[], return_fids=True, **which
    )
    _refuse_moves(layer, places[: len(numbers)], numbers)
    found: NDArray[np.object_] = outlines
    return found


def _refuse_moves(layer: VectorLayer, places: Places, numbers: NDArray[np.int64]) -> None:
    """InputError where other features were read than those that are wanted."""
    if not np.array_equal(layer.fids[places], numbers):
        expected = "a file that stays as it is while it is read"
        raise vector_error(Problem(layer.place, "features that changed their places", expected))
