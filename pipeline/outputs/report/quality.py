"""Chapters of the report on the quality of the data and on what they rest on."""

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.clear_looks import count_clear_looks
from pipeline.outputs.tables import Table, format_table, name_table
from pipeline.outputs.texts import find_text

_SCENE_COLUMNS = ("id", "mission", "datetime", "tile", "baseline", "cloud_percent", "offset_source")


def build_reads(delivery: Delivery) -> Table | None:
    """How many reads of scenes had which outcome, and why; None where none is told of."""
    reads = delivery.tables.get("reads")
    if reads is None or reads.empty:
        return None
    counts = reads.fillna({"reason": ""}).groupby(["outcome", "reason"], sort=True).size()
    table = counts.reset_index(name=find_text("report.reads_count", delivery.language))
    return format_table(name_table(table, delivery))


def list_clear_looks(delivery: Delivery, rasters: Path) -> list[Any]:
    """How often the area was clearly seen in each period."""
    maps = [raster for raster in delivery.rasters if raster.name.startswith("looks_")]
    return [count_clear_looks(rasters / f"{raster.name}.tif", delivery.grid, delivery) for raster in maps]


def build_balance(delivery: Delivery) -> Table | None:
    """The area balance with one column a period, in ha."""
    table = delivery.tables.get("area_balance")
    if table is None or table.empty:
        return None
    relative = table["item"].astype(str).str.startswith("difference")
    values = table["value_m2"].where(relative, table["value_m2"] / 1e4)
    words = [
        f"{value:.2g}" if is_relative else f"{value:,.2f}"
        for value, is_relative in zip(values, relative, strict=True)
    ]
    wide = table.assign(said=words).pivot_table(
        index="item", columns="period", values="said", aggfunc="first", sort=False
    )
    return format_table(name_table(wide.reset_index().rename_axis(columns=None), delivery))


def build_scenes(delivery: Delivery) -> Table:
    """The scenes that were used."""
    columns = [column for column in _SCENE_COLUMNS if column in delivery.scenes.columns]
    return format_table(name_table(pd.DataFrame(delivery.scenes)[columns], delivery))
