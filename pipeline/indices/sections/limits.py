"""Limits of GB 3838-2002: the class of a value, and the upper limits of the classes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WORSE_THAN_V = 6
GOOD_CLASS = 3
SATURATION_OF_CLASS_1 = 0.9
"""Share of saturation from which oxygen is of class I; GB 3838-2002 table 1 item 3, from knowledge."""

_CLASS_COLUMNS = [f"class_{number}" for number in range(1, 6)]
# a mean of 0.2, 0.2 and 0.2 is 0.20000000000000004 and still 0.2
_SAME = 1e-12


def classify_value(code: str, value: float, water_body: str, limits: pd.DataFrame) -> int:
    """Class of one value, 1 to 6 (worse than V); ValueError for an item that has no classes there."""
    found = classify_values(pd.Series([value]), pd.Series([code]), pd.Series([water_body]), limits).iloc[0]
    if pd.isna(found):
        raise ValueError(f"{code} = {value} has no class in a {water_body}")
    return int(found)


def classify_values(
    values: pd.Series, codes: pd.Series, water_bodies: pd.Series, limits: pd.DataFrame
) -> pd.Series:
    """Classes 1 to 6 (`Int64`) of values in the units of the standard, aligned with them.

    `limits` is the table `water_limits`. A value on a limit belongs to the better class; values are told
    apart from a limit by more than 1e-12 of it. pH is of class I inside its range, both ends included, and
    worse than V outside. Null where the value is NaN or the item has no classes in that water body.
    """
    found = np.full(len(values), np.nan)
    numbers = values.to_numpy(dtype=float)
    rows = pd.DataFrame({"code": codes.to_numpy(), "body": water_bodies.to_numpy()})
    kinds = rows.drop_duplicates()
    numbers_of_kind = rows.groupby(["code", "body"], sort=False).ngroup()
    for number, (code, body) in enumerate(zip(kinds["code"], kinds["body"], strict=True)):
        places = np.flatnonzero(numbers_of_kind == number)
        limit = _find_limit(limits, code, body)
        if limit is not None:
            found[places] = _classify_item(numbers[places], limit)
    found[np.isnan(numbers)] = np.nan
    return pd.Series(pd.array(found, dtype="Float64"), index=values.index).astype("Int64")


def _find_limit(limits: pd.DataFrame, code: str, water_body: str) -> "pd.Series[str] | None":
    here = limits["water_body"].isin(["any", water_body]) & (limits["rule"] != "none")
    rows = limits[here & (limits["code"] == code)]
    return None if rows.empty else rows.iloc[0]


def _classify_item(values: NDArray[np.float64], limit: "pd.Series[str]") -> NDArray[np.float64]:
    if limit["rule"] == "range":
        low, high = (float(part) for part in limit["class_1"].split("-"))
        inside = (values >= low * (1 - _SAME)) & (values <= high * (1 + _SAME))
        return np.where(inside, 1.0, float(WORSE_THAN_V))
    sign = -1.0 if limit["rule"] == "min" else 1.0
    bounds = sign * limit[_CLASS_COLUMNS].to_numpy(dtype=float)
    beyond = np.searchsorted(bounds + np.abs(bounds) * _SAME, sign * values, side="left")
    return (beyond + 1).astype(float)


def is_saturated(saturation: pd.Series) -> pd.Series:
    """Whether oxygen is of class I by its saturation (a share, NaN where unknown): 0.9 or more."""
    return saturation >= SATURATION_OF_CLASS_1 * (1 - _SAME)


def list_upper_limits(limits: pd.DataFrame) -> pd.DataFrame:
    """Upper limits, one row per parameter, water body and class."""
    upper = limits[limits["rule"] == "max"].rename(columns={"code": "parameter"})
    bodies = {"any": ["river", "lake"], "river": ["river"], "lake": ["lake"]}
    upper = upper.assign(water_body=upper["water_body"].map(bodies)).explode("water_body")
    long = upper.melt(["parameter", "water_body"], _CLASS_COLUMNS, var_name="reference", value_name="bound")
    number = long["reference"].str.removeprefix("class_").astype(int)
    return long.assign(reference=number, bound=long["bound"].astype(float))
