"""Small folders of deliveries to view: an area with two labels, with all that a page shows."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.contracts import Delivery
from tests.deliveries import small_delivery
from tests.publishing import publish_delivery

COVER = {"P003": {"2023": 0.4321, "2024": np.nan}, "P010": {"2023": 0.75, "2024": 0.8125}}
BUILT_M2 = {"2023": 1200.5, "2024": 3400.25}
REASON = "全期无晴空 / never clear"
TOWN = "甲镇"


def measures() -> pd.DataFrame:
    """Planted measures of two parcels."""
    rows = [
        (name, period, "fvc_mean", value) for name, told in COVER.items() for period, value in told.items()
    ]
    rows += [("P010", period, "class_area:built", value) for period, value in BUILT_M2.items()]
    table = pd.DataFrame(rows, columns=["parcel_id", "period", "measure", "value"])
    reason = table["value"].isna().map({True: REASON})
    return table.assign(unit="", covered_area_m2=1.0, unknown_area_m2=0.0, reason=reason)


def view_delivery(label: str = "2024", *, language: str = "zh") -> Delivery:
    """A delivery with sections on a parcel, measures and towns; a later label lacks one parcel."""
    plain = small_delivery(language=language, resolution_m=120)
    sections = plain.sections.assign(
        parcel_id="P005", link="stands_on", distance_m=0.0, river="北港", months=12, reference_class=3
    )
    made = replace(
        plain, label=label, sections=sections, tables={**plain.tables, "parcel_measures": measures()}
    )
    if label == "2024":
        return made
    parcels = made.parcels[made.parcels["parcel_id"] != "P001"]
    return replace(made, parcels=parcels, as_of=made.as_of + timedelta(days=30))


def publish_view(out: Path, *, labels: tuple[str, ...] = ("2024", "2024-复核"), language: str = "zh") -> Path:
    """The folder with a delivery for each label, in which P010 lies in a town."""
    sums = pd.DataFrame(
        {
            "unit_id": ["a"],
            "kind": ["parcel"],
            "parcel_id": ["P010"],
            "region": ["001"],
            "period": ["2024"],
            "area_m2": [100.0],
        }
    )
    regions = pd.DataFrame({"region": ["001"], "name": [TOWN]})
    for label in labels:
        publish_delivery(
            view_delivery(label, language=language),
            out,
            tables={"account_sums": sums, "account_regions": regions},
            counts={"parcels": 1},
        )
    return out
