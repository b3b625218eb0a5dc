"""Numbers of features that stay with a parcel or a product from one delivery to the next."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

GREATEST = 2**31 - 1
"""The greatest number of a feature: what 32 bits with a sign hold, which every program reads."""


def continue_numbers(keys: pd.Series, kept: NDArray[np.int64], last: int) -> NDArray[np.int64]:
    """A positive number for each key: the one that is `kept`, else, where that is 0, the next after `last`.

    New keys are numbered in order of the alphabet, whatever the order of the rows; a number that was given
    once is given to no other key. Keys are unique, `last` is no less than any kept number.
    """
    new = kept == 0
    order = np.argsort(keys[new].astype(str).to_numpy(dtype=object), kind="stable")
    following = np.empty(len(order), dtype=np.int64)
    following[order] = np.arange(last + 1, last + 1 + len(order))
    found = kept.copy()
    found[new] = following
    return found
