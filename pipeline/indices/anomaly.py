"""How a value differs from those of the same season in earlier years."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Anomaly:
    """Anomalies (y, x), NaN where too few earlier years are known.

    `difference` is the value minus the mean of the earlier years, `z` that over their standard deviation
    (n - 1), NaN where they are all equal; `years` how many are known.
    """

    difference: NDArray[np.float64]
    z: NDArray[np.float64]
    years: NDArray[np.uint16]


def compute_anomaly(
    value: NDArray[np.floating[Any]], earlier: NDArray[np.floating[Any]], *, least: int
) -> Anomaly:
    """Anomaly of a value (y, x) against the same season of earlier years (year, y, x).

    What is not finite is unknown; fewer than `least` known years (2 or more) give NaN.
    """
    known = np.isfinite(earlier)
    years = known.sum(axis=0)
    enough = years >= max(least, 2)
    count = np.where(enough, years, 1)
    mean = np.where(known, earlier, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, earlier - mean, 0.0) ** 2).sum(axis=0) / np.where(enough, count - 1, 1))
    difference = np.where(enough & np.isfinite(value), value - mean, np.nan)
    z = np.divide(difference, spread, out=np.full(difference.shape, np.nan), where=spread > 0)
    return Anomaly(difference, z, years.astype(np.uint16))
