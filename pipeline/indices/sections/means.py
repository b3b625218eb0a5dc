"""Means of graded sections as one long table, their classes over III, and the main pollutants."""

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.indices.sections.months import SCALES

POLLUTANT_RULE = "主要污染物排序规则未核实 (order of main pollutants unconfirmed)"

_PREFIX = "mean_"
_NAMED = 3


def melt_means(status: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The `mean_<code>` columns of a SECTION_STATUS as rows: `keys`, `water_body`, `parameter`, `mean`.

    Without the parameters that were not measured.
    """
    columns = [str(column) for column in status if str(column).startswith(_PREFIX)]
    ids = list(dict.fromkeys([*keys, "water_body"]))
    rows = status.melt(ids, columns, var_name="parameter", value_name="mean").dropna(subset="mean")
    return rows.assign(parameter=rows["parameter"].str.removeprefix(_PREFIX))


def pool_means(status: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean over sections of each parameter for each of `keys`, as `melt_means`; pH as hydrogen ions."""
    rows = melt_means(status, keys)
    for code, scale in SCALES.items():
        here = rows["parameter"] == code
        rows["mean"] = rows["mean"].mask(here, scale.there(rows["mean"][here]))
    ids = [*dict.fromkeys([*keys, "water_body"]), "parameter"]
    pooled = rows.groupby(ids, sort=False)["mean"].mean().reset_index()
    for code, scale in SCALES.items():
        here = pooled["parameter"] == code
        pooled["mean"] = pooled["mean"].mask(here, scale.back(pooled.loc[here, "mean"]))
    return pooled


def list_main_pollutants(items: pd.DataFrame) -> pd.Series:
    """Up to three items beyond their reference class at each place, as `code(C/S - 1)` joined by `;`.

    Cyanide and heavy metals first, then by class, the worst first, then by multiple (地表水环境质量评价办法,
    the order from knowledge, unconfirmed); pH and DO have no multiple. `items` are of `items.judge_means`.
    Indexed by `place`; places that keep the reference class have none.
    """
    first = items["parameter"].isin(standards.table("first_pollutants")["code"])
    beyond = items.assign(first=first)[items["class"] > items["reference"]]
    beyond = beyond.sort_values(
        ["first", "class", "multiple", "order"], ascending=[False, False, False, True], kind="stable"
    )
    top = beyond.groupby("place", sort=False).head(_NAMED)
    texts = [
        code if np.isnan(multiple) else f"{code}({multiple:.2f})"
        for code, multiple in zip(top["parameter"], top["multiple"], strict=True)
    ]
    return pd.Series(texts, index=top.index, dtype=object).groupby(top["place"], sort=False).agg(";".join)


def name_classes(classes: pd.Series) -> pd.Series:
    """优 to 重度污染 of water classes 1 to 6; null stays null."""
    table = standards.table("quality_words")
    words = dict(zip(table["class"].astype(int), table["word_zh"], strict=True))
    return classes.astype(object).map(words).astype(object)
