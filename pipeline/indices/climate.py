"""Days of a year that are hot, from its temperature."""

import numpy as np
from numpy.typing import NDArray


def count_hot_days(
    temperature: NDArray[np.float64], *, days: tuple[int, ...], threshold: float
) -> NDArray[np.float64]:
    """Days (y, x) whose mean temperature is above a threshold, of parts of a year (part, y, x) in °C.

    All `days` of a part count or none, by its mean: where parts are months, whole months are hot or not. NaN
    where a part is unknown.
    """
    hot = (temperature > threshold) * np.array(days, dtype=np.float64)[:, None, None]
    return np.where(np.isnan(temperature).any(axis=0), np.nan, hot.sum(axis=0))
