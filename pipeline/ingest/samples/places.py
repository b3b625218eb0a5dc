"""Where sections lie, as tables of samples tell it: by their columns or by the geometry of their features."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.ingest.samples.cells import map_once
from pipeline.ingest.samples.tables import NAMES, POINT_COLUMNS, no_points

_SIXTY = 60
_ANGLE = re.compile(
    r"(?P<before>[EWNS]|东经|西经|北纬|南纬)?\s*(?P<degrees>\d{1,3}(?:\.\d+)?)\s*[°O度D]\s*"
    r"(?:(?P<minutes>\d{1,2}(?:\.\d+)?)\s*[′'’‘`分]\s*)?"
    r"(?:(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:[″\"”“秒]|′′|'')\s*)?(?P<behind>[EWNS])?"
)

AXES = {"lon": (-180.0, 180.0), "lat": (-90.0, 90.0)}


def read_angles(texts: pd.Series) -> pd.Series:
    """Texts with degrees, minutes and seconds (`121°30′15″E`, `北纬31度24分`) as decimal degrees.

    All others stay as they are, and so do minutes and seconds of 60 and more, or of degrees that are not
    whole, which are none.
    """
    return map_once(texts, _read_angle).astype(object)


def _read_angle(text: str) -> str:
    found = _ANGLE.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    if found is None:
        return text
    parts = [float(part or 0) for part in (found["degrees"], found["minutes"], found["seconds"])]
    is_split = bool(found["minutes"] or found["seconds"])
    if max(parts[1:]) >= _SIXTY or (is_split and not parts[0].is_integer()):
        return text
    ends = {found["before"], found["behind"]}
    sign = -1 if ends & {"W", "S", "西经", "南纬"} else 1
    return repr(sign * (parts[0] + parts[1] / _SIXTY + parts[2] / _SIXTY**2))


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
