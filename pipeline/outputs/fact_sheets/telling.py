"""Rows of one parcel, put together: what holds of a period stands beside what holds of the others."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

_OF_PRODUCT = ("cat1_code", "cat1_name", "cat2_code", "cat2_name", "cat3_name", "quantity_unit")
_PRODUCT_BY_PERIOD = {
    "quantity": "quantity",
    "value_yuan": "eco_value_yuan",
    "market_value_yuan": "econ_value_yuan",
    "quality_grade": "quality_grade",
    "quality_value": "quality_value",
    "confidence": "confidence",
    "change": "chg_reason",
}
_OF_SECTION = ("section_id", "section", "river", "link", "distance_m")
_SECTION_BY_PERIOD = (
    *("water_class", "target_class", "target_met", "decided_by", "exceedance", "samples", "reason"),
)
_WHOLE = ("water_class", "target_class", "samples")
_REMARK = "remark"
_OF_CLASS = "class_area:"
_CATEGORIES = ("M", "R", "C")
"""Supply of goods, regulation, culture: the order of a catalogue."""
_EVIDENCE = {
    "sources": "data_source",
    "parameter_sets": "param_set",
    "methods": "method",
    "quality_basis": "quality_basis",
    "keys": "evidence",
}


def tell_register(registered: Mapping[str, Any], supplement: Rows) -> dict[str, Any]:
    """`registered` with what staff completed of the parcel in its place, and `remarks`."""
    completed = {row["item"]: row["text"] for row in supplement if row["cat2_code"] is None}
    remarks = [
        {"cat2_code": row["cat2_code"], "text": row["text"]} for row in supplement if row["item"] == _REMARK
    ]
    told = {key: completed.get(key) or value for key, value in registered.items()}
    return {"registered": told, "remarks": remarks}


def tell_measures(rows: Rows, periods: Sequence[str]) -> dict[str, Any]:
    """`cover` by measure and period, `unknown` with the reasons, `changed` between periods, `unseen_m2`."""
    unseen: list[float | None] = [None] * len(periods)
    cover: dict[str, list[float | None]] = {}
    unknown: dict[str, dict[str, str]] = {}
    changed: dict[str, dict[str, float | None]] = {}
    places = {label: number for number, label in enumerate(periods)}
    for row in rows:
        measure, period, value = row["measure"], row["period"], row["value"]
        if period in places:
            cover.setdefault(measure, [None] * len(periods))[places[period]] = value
            if measure.startswith(_OF_CLASS):
                unseen[places[period]] = row["unknown_area_m2"]
        else:
            changed.setdefault(measure, {})[period] = value
        if value is None and row["reason"]:
            unknown.setdefault(measure, {})[period] = row["reason"]
    return {"cover": cover, "unknown": unknown, "changed": changed, "unseen_m2": unseen}


def tell_sections(rows: Rows, periods: Sequence[str]) -> list[dict[str, Any]]:
    """Sections with their classes side by side."""
    by_period = {key: key for key in _SECTION_BY_PERIOD}
    return _put_beside(map(_count_whole, rows), periods, _OF_SECTION, by_period)


def tell_products(rows: Rows, periods: Sequence[str]) -> dict[str, Any]:
    """`products` with quantity, value and quality side by side, and the sum of their values by period.

    A sum over products of which some have no value is of those that have one; `known` and `of` say so.
    """
    listed = [row for row in rows if row["cat2_code"] is not None]
    products = sorted(_put_beside(listed, periods, _OF_PRODUCT, _PRODUCT_BY_PERIOD), key=_rank)
    values = [[product["value_yuan"][number] for product in products] for number in range(len(periods))]
    known = [[value for value in found if value is not None] for found in values]
    total = {
        "sum": [round(math.fsum(found), 2) if found else None for found in known],
        "known": list(map(len, known)),
        "of": len(products),
    }
    return {"products": products, "value_yuan": total}


def tell_evidence(rows: Rows) -> dict[str, list[str]]:
    """Sources, parameter sets, methods and keys of the inventory's rows, each once."""
    return {
        key: [text for text in dict.fromkeys(row[column] for row in rows) if text]
        for key, column in _EVIDENCE.items()
    }


def _rank(product: Mapping[str, Any]) -> tuple[int, str]:
    category = product["cat1_code"]
    place = _CATEGORIES.index(category) if category in _CATEGORIES else len(_CATEGORIES)
    return place, product["cat2_code"]


def _put_beside(
    rows: Iterable[Mapping[str, Any]],
    periods: Sequence[str],
    same: Sequence[str],
    by_period: Mapping[str, str],
) -> list[dict[str, Any]]:
    """One entry for rows that say the same of `same`; lists by period of what else they say."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault(
            tuple(row[key] for key in same),
            {key: row[key] for key in same} | {key: [None] * len(periods) for key in by_period},
        )
        if row["period"] in periods:
            at = periods.index(row["period"])
            for key, column in by_period.items():
                entry[key][at] = row[column]
    return list(found.values())


def _count_whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with whole numbers, which a column with nulls holds as fractions, as whole numbers."""
    whole = {key: int(row[key]) for key in _WHOLE if row[key] is not None}
    return {**row, **whole}
