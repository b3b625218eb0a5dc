"""Other rights as a delivery tells them: columns of RIGHTS, and their amounts in words."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline import standards

_WORDS = {"granted": "许可", "used": "用量"}


def tell_rights(
    rights: gpd.GeoDataFrame, amounts: pd.DataFrame, restricted: pd.DataFrame, day: date
) -> gpd.GeoDataFrame:
    """Placed rights with `amounts`, `valid_from`, `valid_to`, `state_day`, and what restricts their use.

    `restricted_kind` are the kinds of layers that they lie in, joined by `;`, `restricted_share` is their
    largest share inside one; null where there is none, or no such layer is given.
    """
    inside = restricted.groupby("right_id", sort=False).agg(
        kinds=("kind", ";".join), share=("inside_share", "max")
    )
    ids = rights["right_id"]
    texts = {
        "amounts": ids.map(tell_amounts(amounts)),
        "valid_from": rights["first"].map(str, na_action="ignore"),
        "valid_to": rights["last"].map(str, na_action="ignore"),
        "restricted_kind": ids.map(inside["kinds"]),
    }
    nulls = {name: text.astype(object).where(text.notna(), None) for name, text in texts.items()}
    share = ids.map(inside["share"]).astype(float)
    return rights.assign(**nulls, state_day=str(day), restricted_share=share, status_told=rights["status"])


def tell_amounts(amounts: pd.DataFrame) -> pd.Series:
    """Amounts of each right in one text, by `right_id`: `水量许可 1200000 m3；2023年水量用量 1000000 m3`."""
    rows = standards.table("rights_resources").set_index("resource")
    years = np.where(amounts["year"].isna(), "", [f"{year:.0f}年" for year in amounts["year"].astype(float)])
    names, units = (amounts["resource"].map(rows[column]) for column in ("name_zh", "unit"))
    values = [f"{value:.10g}" for value in amounts["value"]]
    parts = zip(years, names, amounts["what"].map(_WORDS), values, units, strict=True)
    texts = [f"{year}{name}{word} {value} {unit}" for year, name, word, value, unit in parts]
    return pd.Series(texts, index=amounts.index, dtype=object).groupby(amounts["right_id"]).agg("；".join)
