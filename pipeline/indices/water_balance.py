"""Rain less what runs off and what evaporates, pixel by pixel."""

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba


def compute_deficit(
    rain: NDArray[np.float64], evapotranspiration: NDArray[np.float64], runoff: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rain x (1 - runoff) - evapotranspiration where it is below 0, mm/a; NaN where it is not, or unknown.

    `runoff` is the share of rain that runs off. What is below 0 is a deficit, no supply: its sign is kept.
    """
    deficit = np.empty(rain.shape)
    _fill_deficit(rain.ravel(), evapotranspiration.ravel(), runoff.ravel(), deficit.reshape(-1))
    return deficit


@numba.njit(nogil=True, cache=True)
def _fill_deficit(
    rain: NDArray[np.float64],
    evapotranspiration: NDArray[np.float64],
    runoff: NDArray[np.float64],
    deficit: NDArray[np.float64],
) -> None:
    for place in range(len(rain)):
        balance = rain[place] * (1.0 - runoff[place]) - evapotranspiration[place]
        deficit[place] = balance if balance < 0.0 else np.nan
