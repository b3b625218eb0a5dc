"""The data dictionary: what every column of every sheet, layer and CSV table of a delivery is."""

from collections.abc import Iterator

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.columns import DATA_LABEL, describe_column
from pipeline.outputs.layers import build_aoi_rows
from pipeline.outputs.long_tables import read_long_columns
from pipeline.outputs.texts import find_text, find_texts
from pipeline.outputs.totals import UNITS

_LAYERS = ("inventory", "parcels", "sections", "change_patches", "findings")
_OURS = "named by this project"


def build_dictionary(delivery: Delivery) -> pd.DataFrame:
    """One row per column: table, key, names in both languages, unit, note, source, type.

    Notes are written in Chinese only, so an English dictionary is without them.
    """
    words = find_texts("dictionary", delivery.language)
    order = ["table", "column", "name_zh", "name_en", "unit", "note", "source", "type"]
    entries = pd.DataFrame([*_describe_columns(delivery), *_describe_totals(delivery)], columns=order)
    kept = entries if delivery.language == "zh" else entries.drop(columns="note")
    return kept.rename(columns=words)


def _describe_columns(delivery: Delivery) -> Iterator[tuple[str, ...]]:
    words = find_texts("dictionary", delivery.language)
    layers = {name: getattr(delivery, name) for name in _LAYERS} | {"aoi": build_aoi_rows(delivery.aoi)}
    label = {DATA_LABEL: pd.Series(dtype="string")} if delivery.simulated else {}
    tables = {**delivery.tables, **read_long_columns(delivery)}
    for table, frame in {**layers, **delivery.layers, **tables}.items():
        columns = {column: frame[column] for column in frame.columns if column != "geometry"} | label
        for column, values in columns.items():
            known = describe_column(column, table.partition("_")[0])
            names = known.name_zh, known.name_en, known.unit, known.note, known.source
            yield table, column, *names, words[_name_kind(values)]


def _describe_totals(delivery: Delivery) -> Iterator[tuple[str, ...]]:
    sheet, words = find_text("sheet.totals", delivery.language), find_texts("dictionary", delivery.language)
    chinese, english = find_texts("totals", "zh"), find_texts("totals", "en")
    for key, name in chinese.items():
        kind = {"": "kind.text", "ha": "kind.float", "1": "kind.int"}[UNITS[key]]
        unit = UNITS[key].replace("1", "")
        yield (
            sheet,
            find_texts("totals", delivery.language)[key],
            name,
            english[key],
            unit,
            "",
            _OURS,
            words[kind],
        )


def _name_kind(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values):
        return "kind.bool"
    if pd.api.types.is_integer_dtype(values):
        return "kind.int"
    return "kind.float" if pd.api.types.is_float_dtype(values) else "kind.text"
