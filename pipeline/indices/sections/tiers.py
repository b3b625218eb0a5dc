"""Which tier of a rising scale a value belongs to: words of an index, amounts of a scheme."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards

_SAME = 1e-12


def number_tiers(
    values: NDArray[np.float64], up_to: Sequence[float], closed: Sequence[bool]
) -> NDArray[np.int64]:
    """Numbers from 0 of the tiers that `values` belong to, -1 for NaN.

    `up_to` are the rising upper bounds of all tiers but the last; a value on a bound belongs to the tier
    below it where that tier is `closed`. Values closer to a bound than 1e-12 of it are on it.
    """
    bounds = np.asarray(up_to, dtype=float)
    margin = np.maximum(np.abs(bounds), 1.0) * _SAME
    edges = bounds + np.where(np.asarray(closed[: len(bounds)], dtype=bool), margin, -margin)
    return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="left"))


def find_words(values: pd.Series, table: str) -> pd.Series:
    """Chinese words of values by a table of the standards with `word_zh`, `up_to`, `closed`; null for NaN."""
    words = standards.table(table)
    bounds = pd.to_numeric(words["up_to"].iloc[:-1]).tolist()
    numbers = number_tiers(values.to_numpy(dtype=float), bounds, (words["closed"] == "yes").tolist())
    named = np.array([*words["word_zh"], None], dtype=object)
    return pd.Series(named[numbers], index=values.index, dtype=object)
