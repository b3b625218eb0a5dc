"""Chapters of the report on sections, on the totals of the inventory and on findings."""

from dataclasses import replace

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.section import build_section_table
from pipeline.outputs.columns import list_values
from pipeline.outputs.layers import INVENTORY_LAYER, build_layer_parts
from pipeline.outputs.tables import Table, drop_empty, find_table_file, format_table, name_table
from pipeline.outputs.texts import find_text, find_texts
from pipeline.outputs.totals import join_totals, keep_period, sum_totals

_SECTION_COLUMNS = ("section", "water_body", "period", "samples", "water_class", "target_class", "target_met")
_IF_TOLD = ("decided_by", "exceedance", "reason")


def tabulate_sections(delivery: Delivery) -> Table:
    """The sections, those that miss their target in the newest period first, then by their class."""
    rows = _rank_sections(delivery)
    kept = drop_empty(rows[[*_SECTION_COLUMNS, *_IF_TOLD]], _IF_TOLD)
    caption = find_text("report.section_classes", delivery.language)
    told = build_section_table(caption, "sections", kept, delivery)
    return Table(told.headers, told.rows, told.left_out, file=find_table_file("sections", delivery))


def _rank_sections(delivery: Delivery) -> pd.DataFrame:
    rows = pd.DataFrame(delivery.sections)
    rows = rows.assign(
        newest=rows["period"].eq(delivery.periods[-1].label),
        failed=rows["target_met"].eq(other=False).fillna(value=False).astype(bool),
    )
    order = ["newest", "failed", "water_class", "section", "period"]
    return rows.sort_values(order, ascending=[False, False, False, True, False], kind="stable")


def list_totals(delivery: Delivery) -> list[tuple[str, Table]]:
    """Totals of the newest period, one table for each grouping."""
    words = find_texts("totals", delivery.language)
    groups = _sum_newest(delivery).groupby(words["by"], sort=False)
    file, grouping = delivery.name_file(".xlsx"), [words["by"], words["period"]]
    return [
        (str(name), format_table(part.drop(columns=grouping), file=file, hectares=[words["area_ha"]]))
        for name, part in groups
    ]


def _sum_newest(delivery: Delivery) -> pd.DataFrame:
    label = delivery.periods[-1].label
    if delivery.sums:
        return join_totals([keep_period(one, label) for one in delivery.sums.totals], delivery)
    parts = build_layer_parts(INVENTORY_LAYER, delivery)
    return sum_totals((rows[rows["period"].astype(str) == label] for rows in parts), delivery)


def tabulate_findings(delivery: Delivery) -> Table:
    """The findings, the gravest first."""
    message = "message_zh" if delivery.language == "zh" else "message_en"
    keys = ["severity", "rule", "parcel_id", "period", message, "basis"]
    order = [entry.code for entry in reversed(list_values("severity"))]
    rows = delivery.findings.assign(grave=delivery.findings["severity"].map(order.index))
    ranked = pd.DataFrame(rows.sort_values(["grave", "finding_id"], kind="stable"))[keys]
    table = format_table(name_table(ranked, delivery), file=find_table_file("findings", delivery))
    every = int(delivery.count_findings()["count"].sum())
    return replace(table, left_out=every - len(table.rows))


def count_findings(delivery: Delivery) -> list[tuple[str, str, int]]:
    """Colour, name and number of findings of each severity, the gravest first."""
    counts = delivery.count_findings().groupby("severity")["count"].sum()
    return [
        (entry.color, entry.name(delivery.language), int(counts.get(entry.code, 0)))
        for entry in reversed(list_values("severity"))
    ]
