"""A small delivery with facts of parcels planted in it: measures, towns, other rights, sections."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.published import Published
from tests.deliveries import small_delivery
from tests.publishing import publish_delivery

COVER = {"2023": 0.4321, "2024": np.nan}
BUILT_M2 = {"2023": 1200.5, "2024": 3400.25}
WATER = "P005"


def measures() -> pd.DataFrame:
    rows = [
        *(("P010", period, "fvc_mean", value, 0.0) for period, value in COVER.items()),
        *(("P010", period, "class_area:built", value, 77.0) for period, value in BUILT_M2.items()),
        ("P010", "2023/2024", "gained_area:built", 2199.75, 0.0),
        ("P011", "2023", "fvc_mean", 0.9, 0.0),
    ]
    names = ["parcel_id", "period", "measure", "value", "unknown_area_m2"]
    reason = "全期无晴空 / never clear"
    table = pd.DataFrame(rows, columns=names)
    return table.assign(unit="", covered_area_m2=1.0, reason=table["value"].isna().map({True: reason}))


def units() -> dict[str, pd.DataFrame]:
    sums = {
        "unit_id": ["a", "b", "c", "d"],
        "kind": ["parcel", "parcel", "parcel", "project"],
        "parcel_id": ["P010", "P010", "P010", "P010"],
        "region": ["001", "002", "002", "001"],
        "period": ["2024", "2024", "2024", "2024"],
        "area_m2": [100.0, 150.0, 75.5, 9e9],
    }
    regions = {"region": ["001", "002"], "name": ["甲镇", "乙镇"]}
    return {"account_sums": pd.DataFrame(sums), "account_regions": pd.DataFrame(regions)}


def other_rights() -> dict[str, pd.DataFrame]:
    rights = {
        "right_id": ["W1", "W2"],
        "right_kind": ["water_licence", "forest_right"],
        "number": ["取水〔2023〕7", None],
        "name": None,
        "holder": ["某水厂", "另一家"],
        "valid_from": ["2023-01-01", None],
        "valid_to": ["2027-12-31", None],
        "state": ["in_force", "unknown"],
    }
    links = {
        "right_id": ["W1", "W1", "W2"],
        "linked_to": ["parcel", "section", "parcel"],
        "linked_id": ["P010", "S1", "P011"],
        "linked_by": ["code", "near", "place"],
        "area_m2": [np.nan, np.nan, 12.0],
    }
    return {"rights": pd.DataFrame(rights), "rights_links": pd.DataFrame(links)}


def supplement() -> dict[str, pd.DataFrame]:
    """What staff completed of a parcel and of one of its products."""
    rows = [
        ("P010", None, "protection_status", "划入=保护区"),
        ("P010", None, "remark", "界址待核"),
        ("P010", "R-REG-01", "remark", "另有闸控"),
        ("P010", "R-REG-01", "local_name", "崇明蓄滞"),
    ]
    return {"supplement": pd.DataFrame(rows, columns=["parcel_id", "cat2_code", "item", "text"])}


def plant_facts(language: str = "zh", *, simulated: bool = True) -> Delivery:
    plain = small_delivery(language=language, simulated=simulated, resolution_m=240)
    sections = plain.sections.assign(
        parcel_id=WATER, link="stands_on", distance_m=0.0, river="北港", months=12, reference_class=3
    )
    return replace(plain, sections=sections, tables={**plain.tables, "parcel_measures": measures()})


def publish_facts(delivery: Delivery, out: Path, **told: object) -> Published:
    return publish_delivery(delivery, out, tables={**units(), **other_rights(), **supplement()}, **told)
