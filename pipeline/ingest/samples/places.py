"""Where sections lie, as tables of samples tell it: by their columns or by the geometry of their features."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.ingest.samples.tables import NAMES, POINT_COLUMNS, no_points

AXES = {"lon": (-180.0, 180.0), "lat": (-90.0, 90.0)}


def is_wrong(axis: str, values: NDArray[np.float64], blank: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which cells of an axis are neither blank nor degrees."""
    low, high = AXES[axis]
    return ~blank & ~((values >= low) & (values <= high))


def find_points(rows: pd.DataFrame) -> pd.DataFrame:
    """The first point in degrees of each section among rows with NAMES, lon and lat."""
    known = np.ones(len(rows), dtype=bool)
    for axis, (low, high) in AXES.items():
        known &= rows[axis].between(low, high).to_numpy()
    return keep_first_points([rows.loc[known, POINT_COLUMNS]])


def keep_first_points(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The first point of each section in the order of some tables of points."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return no_points()
    found = pd.concat(filled, ignore_index=True).astype(dict.fromkeys(NAMES, object))
    return found.drop_duplicates(NAMES, ignore_index=True)
