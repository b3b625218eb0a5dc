"""Functions of one pixel, compiled so that they work on whole arrays, and on several blocks side by side."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numba
import numpy as np


def by_pixel(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers as one of arrays: one pass, no array in between."""
    compiled: Any = numba.vectorize(cache=True)(function)  # type: ignore[no-untyped-call]

    @wraps(function)
    def of_arrays(*arguments: Any) -> Any:
        with np.errstate(invalid="ignore"):  # branches that are not taken may be computed all the same
            return compiled(*arguments)

    return of_arrays
