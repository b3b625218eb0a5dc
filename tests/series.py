"""Sections of the small delivery month by month, with a month missing and names that want to be code."""

from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.contracts import Delivery
from tests.deliveries import HOSTILE

NAMES = {"S0": "北港桥", "S1": "东旺沙水闸", "S2": f"西沙湾{HOSTILE}"}
LEVELS = {
    "TP": ("mg/L", 0.08, 0.05),
    "DO": ("mg/L", 7.5, -1.6),
    "pH": ("-", 7.6, 0.1),
    "EC": ("μS/cm", 400, 31),
}


def section_series() -> pd.DataFrame:
    months = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)]
    rows = [
        {
            "section_id": section,
            "section": name,
            "period": month,
            "parameter": code,
            "value": middle + step * number + step * 0.4 * np.sin(at + number),
            "unit": unit,
            "water_class": pd.NA if code == "EC" else 1 + (number + at // 9 + (code == "TP")) % 6,
            "samples": 6 + number,
        }
        for number, (section, name) in enumerate(NAMES.items())
        for code, (unit, middle, step) in LEVELS.items()
        for at, month in enumerate(months)
        if (section, month) != ("S1", "2023-07")
    ]
    return pd.DataFrame(rows).astype({"water_class": "Int64"})


def with_series(delivery: Delivery) -> Delivery:
    return replace(delivery, tables={**delivery.tables, "section_series": section_series()})
