"""Trophic level index of lakes (综合营养状态指数 TLI) by 总站生字〔2001〕090号."""

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.indices.sections.tiers import find_words

_PER_MG_L = 1000.0
"""mg/m3 in a mg/L."""


def list_codes() -> list[str]:
    """Codes of the parameters of the index, in the order of the standard."""
    return standards.table("tli")["code"].tolist()


def compute_weights(parameters: list[str]) -> pd.Series:
    """Weights by code: squared correlation with chlorophyll-a over the sum of those of `parameters`."""
    table = standards.table("tli").set_index("code")
    squared = pd.to_numeric(table.loc[parameters, "r2"])
    return squared / squared.sum()


def compute_levels(values: pd.DataFrame) -> pd.DataFrame:
    """TLI of each parameter: 10 (a + b ln x).

    `values` has columns among Chla (mg/m3), TP, TN, CODMn (mg/L) and SD (m); other columns are left out.
    NaN where a value is missing or not above 0, where there is no logarithm.
    """
    table = standards.table("tli").set_index("code")[["intercept", "slope"]].astype(float)
    present = [code for code in list_codes() if code in values]
    numbers = values[present].astype(float)
    logs = pd.DataFrame(np.log(numbers.where(numbers > 0)), columns=present)
    return (logs * table.loc[present, "slope"] + table.loc[present, "intercept"]) * 10


def combine_levels(parameter_levels: pd.DataFrame) -> pd.DataFrame:
    """TLI of rows of `compute_levels`: `tli`, its `items` joined by `;`, and the state `word`.

    Weights of missing parameters go to those present in proportion. Without chlorophyll-a, to which the
    weights refer, there is no index (NaN).
    """
    known = parameter_levels.notna()
    shares = compute_weights(list(parameter_levels.columns))
    index = (parameter_levels * shares).sum(axis=1) / (known * shares).sum(axis=1)
    has_chlorophyll = known["Chla"] if "Chla" in known else pd.Series(data=False, index=known.index)
    index = index.where(has_chlorophyll)
    items = [";".join(known.columns[row]) for row in known.to_numpy()]
    return pd.DataFrame({"tli": index, "items": items, "word": find_words(index, "tli_words")})


def rate_lakes(status: pd.DataFrame) -> pd.DataFrame:
    """TLI (`combine_levels`) of the lake rows of a SECTION_STATUS with `mean_<code>` columns, NaN for rivers.

    Means are in the units of `water_limits` and `water_extras`, where chlorophyll-a is in mg/L.
    """
    values = status.reindex(columns=[f"mean_{code}" for code in list_codes()]).set_axis(list_codes(), axis=1)
    values = values.astype(float).assign(Chla=values["Chla"].astype(float) * _PER_MG_L)
    return combine_levels(compute_levels(values.where(status["water_body"] == "lake")))
