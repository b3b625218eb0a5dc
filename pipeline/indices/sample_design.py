"""Which points to label, so that a map can be judged: how many, how many in each class, and where."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LEAST_PER_CLASS = 50
"""Points that even a rare class gets: 50 to 100 (Olofsson et al. 2014, 5.1.2)."""


def compute_sample_size(
    mapped_m2: NDArray[np.float64], expected_users: NDArray[np.float64], *, standard_error: float = 0.01
) -> int:
    """Points needed for an overall accuracy of this standard error, from the user's accuracies expected.

    (sum of W_i S_i / S)^2 with S_i^2 = U_i (1 - U_i), the area being large beside the points: Olofsson et
    al. 2014, DOI 10.1016/j.rse.2014.02.015, equation 13 (Cochran 1977).
    """
    deviation = np.sqrt(expected_users * (1 - expected_users))
    mean = float((mapped_m2 * deviation).sum() / mapped_m2.sum())
    return round((mean / standard_error) ** 2)


def allocate_points(
    mapped_m2: NDArray[np.float64], points: int, *, least: int = LEAST_PER_CLASS
) -> NDArray[np.int64]:
    """Points of each class: in proportion to its mapped area, but at least `least` where there is any area.

    Classes that fall short get `least`, the others share the rest by area, by largest remainder. Where the
    points do not suffice for `least` each, every class gets `least`.
    """
    common, rare = mapped_m2 > 0, np.zeros(len(mapped_m2), dtype=bool)
    exact = np.zeros(len(mapped_m2))
    while common.any():
        rest = max(0, points - least * int(rare.sum()))
        exact = np.where(common, rest * mapped_m2 / mapped_m2[common].sum(), 0.0)
        short = common & (exact < least)
        if not short.any():
            break
        rare |= short
        common &= ~short
    counts = np.where(rare, least, np.floor(exact)).astype(np.int64)
    left = round(exact[common].sum()) - int(counts[common].sum())
    order = np.argsort(np.where(common, np.floor(exact) - exact, np.inf), kind="stable")
    counts[order[:left]] += 1
    return counts


def draw_points(classes: NDArray[np.uint8], counts: Mapping[int, int], *, seed: int) -> pd.DataFrame:
    """Pixels to label: `code` of the map, `row`, `col`; random within each class, without repetition.

    A class of fewer pixels than asked for gives them all. The same map, counts and seed give the same points,
    whose order tells nothing of the class.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for code in sorted(counts):
        pixels = np.flatnonzero(classes == code)
        chosen = rng.choice(pixels, min(counts[code], len(pixels)), replace=False)
        parts.append(pd.DataFrame({"code": code, "pixel": chosen}))
    points = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"code": [], "pixel": []})
    points = points.iloc[rng.permutation(len(points))].reset_index(drop=True)
    rows, cols = np.divmod(points.pop("pixel").to_numpy(dtype=np.int64), classes.shape[1])
    return points.astype({"code": np.int64}).assign(row=rows, col=cols)
