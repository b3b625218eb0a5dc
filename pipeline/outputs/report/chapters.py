"""Chapters of the report on sections, on the totals of the inventory and on findings."""

from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.legends import WATER_CLASS
from pipeline.outputs.columns import describe_column, list_values
from pipeline.outputs.layers import INVENTORY_LAYER, build_layer_rows
from pipeline.outputs.tables import MOST_ROWS, Table, drop_empty, format_table, name_table
from pipeline.outputs.texts import find_texts
from pipeline.outputs.totals import sum_totals

_SECTION_COLUMNS = ("section", "water_body", "period", "samples", "water_class", "decided_by", "exceedance")


def build_sections_chapter(delivery: Delivery) -> dict[str, Any]:
    """The sections with their classes: table, colours, legend."""
    order = delivery.sections.sort_values(["section", "period"], kind="stable")
    rows = pd.DataFrame(order).head(MOST_ROWS)
    kept = drop_empty(
        rows[[*_SECTION_COLUMNS, "target_class", "target_met", "reason"]], ("exceedance", "reason")
    )
    return {
        "table": format_table(name_table(kept, delivery)),
        "colors": [_find_class_color(grade) for grade in rows["water_class"]],
        "class_column": describe_column("water_class").name(delivery.language),
        "legend": [(entry.color, entry.name(delivery.language)) for entry in WATER_CLASS.classes],
        "left_out": max(0, len(order) - MOST_ROWS),
    }


def _find_class_color(grade: Any) -> str:
    return "#bdbdbd" if pd.isna(grade) else WATER_CLASS.by_code()[int(grade)].color


def list_totals(delivery: Delivery) -> list[tuple[str, Table]]:
    """Totals of the newest period, one table for each grouping."""
    rows = pd.DataFrame(build_layer_rows(INVENTORY_LAYER, delivery).drop(columns="geometry"))
    newest = rows[rows["period"].astype(str) == delivery.periods[-1].label]
    words = find_texts("totals", delivery.language)
    summed = sum_totals(newest, delivery)
    groups = summed.groupby(words["by"], sort=False)
    return [
        (str(name), format_table(part.drop(columns=[words["by"], words["period"]]))) for name, part in groups
    ]


def build_findings(delivery: Delivery) -> Table:
    """The findings, the gravest first."""
    message = "message_zh" if delivery.language == "zh" else "message_en"
    keys = ["severity", "rule", "parcel_id", "period", message, "basis"]
    order = [entry.code for entry in reversed(list_values("severity"))]
    rows = delivery.findings.assign(grave=delivery.findings["severity"].map(order.index))
    return format_table(
        name_table(pd.DataFrame(rows.sort_values(["grave", "finding_id"], kind="stable"))[keys], delivery)
    )


def count_findings(delivery: Delivery) -> list[tuple[str, str, int]]:
    """Colour, name and number of findings of each severity, the gravest first."""
    counts = delivery.findings["severity"].value_counts()
    return [
        (entry.color, entry.name(delivery.language), int(counts.get(entry.code, 0)))
        for entry in reversed(list_values("severity"))
    ]
