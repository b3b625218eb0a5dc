"""Chapters of the report on the quality of the data and on what they rest on."""

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.clear_looks import count_clear_looks
from pipeline.outputs.tables import Table, find_table_file, format_hectares, format_table, name_table
from pipeline.outputs.texts import find_text, name_unit

_HECTARE = 1e4
_RELATIVE = "difference"
_SCENE_COLUMNS = ("id", "mission", "datetime", "tile", "baseline", "cloud_percent", "offset_source")


def tabulate_reads(delivery: Delivery) -> Table | None:
    """How many reads of scenes had which outcome, and why; None where none is told of."""
    reads = delivery.tables.get("reads")
    if reads is None or reads.empty:
        return None
    counts = reads.fillna({"reason": ""}).groupby(["outcome", "reason"], sort=True).size()
    table = counts.reset_index(name=find_text("report.reads_count", delivery.language))
    return format_table(name_table(table, delivery), file=find_table_file("reads", delivery))


def list_clear_looks(delivery: Delivery, rasters: Path) -> list[Any]:
    """How often the area was clearly seen in each period."""
    maps = [raster for raster in delivery.rasters if raster.name.startswith("looks_")]
    return [count_clear_looks(rasters / f"{raster.name}.tif", delivery.grid, delivery) for raster in maps]


def tabulate_balance(delivery: Delivery) -> Table | None:
    """The area balance with one column a period, in ha; relative differences as they are."""
    table = delivery.tables.get("area_balance")
    if table is None or table.empty:
        return None
    wide = table.pivot_table(index="item", columns="period", values="value_m2", aggfunc="first", sort=False)
    named = name_table(wide.reset_index().rename_axis(columns=None), delivery)
    rows = [
        [str(name), *(_write_area(item, value) for value in wide.loc[item])]
        for item, name in zip(wide.index, named.iloc[:, 0], strict=True)
    ]
    unit = name_unit("ha", delivery.language)
    headers = [str(named.columns[0]), *(f"{period} ({unit})" for period in wide.columns)]
    return Table(headers, rows, file=find_table_file("area_balance", delivery))


def _write_area(item: object, value: float) -> str:
    return f"{value:.2g}" if str(item).startswith(_RELATIVE) else format_hectares(value / _HECTARE)


def tabulate_scenes(delivery: Delivery) -> Table:
    """The scenes that were used."""
    columns = [column for column in _SCENE_COLUMNS if column in delivery.scenes.columns]
    return format_table(name_table(pd.DataFrame(delivery.scenes)[columns], delivery), file="manifest.json")
