"""What the numbers of a Sentinel-2 scene mean: the offset, decided by evidence and recorded.

Since processing baseline 04.00 the numbers carry an offset of 1000; some catalogues remove it, and their
metadata do not always say so. The pixels are asked first: dark surfaces (red below 0.1) give numbers below
1000 only where no offset stands. Then the item's own raster:bands, then the rule by baseline.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OFFSET_DN = -1000
METADATA = "metadata"
"""Source of a decision that the pixels had no part in because none of them could be read."""

_FIRST_BASELINE_WITH_OFFSET = 4.0
_SURFACE = (4, 5, 6, 7)
_DARK_SURFACE = (4, 6)
_MANY = 0.05
_NONE = 0.002
_ENOUGH_PIXELS = 400


@dataclass(frozen=True)
class OffsetDecision:
    """The offset in DN, which evidence decided it, what was seen, and whether other evidence disagreed."""

    dn: int
    source: str
    evidence: str
    conflict: bool


def decide_offset(
    pixels: tuple[int | None, str], stated_dn: int | None, baseline: str, *, readable: bool = True
) -> OffsetDecision:
    """The offset by the strongest evidence that there is: pixels, then raster:bands, then baseline.

    `pixels` is what `offset_in_pixels` gave, `stated_dn` the offset that raster:bands states, None if none.
    Where no pixel was `readable`, the source is `METADATA`.
    """
    seen_dn, seen = pixels
    by_rule = OFFSET_DN if _number(baseline) >= _FIRST_BASELINE_WITH_OFFSET else 0
    votes = [("pixels", seen_dn), ("raster:bands", stated_dn), ("baseline", by_rule)]
    (source, decided), *others = [(name, vote) for name, vote in votes if vote is not None]
    evidence = f"{seen}; raster:bands: {stated_dn}; baseline {baseline or '?'}: {by_rule}"
    conflict = any(vote != decided for _, vote in others)
    return OffsetDecision(decided, source if readable else METADATA, evidence, conflict)


def offset_in_pixels(red: NDArray[np.integer], classes: NDArray[np.integer]) -> tuple[int | None, str]:
    """The offset that red DN and SCL of one scene (same shape, may be thinned) give away, and the evidence.

    None where they prove nothing: too few surface pixels, or no dark surface that could show it.
    """
    surface = np.isin(classes, _SURFACE) & (red > 0)
    count = int(surface.sum())
    if count < _ENOUGH_PIXELS:
        return None, f"pixels: {count} of the surface, too few"
    share = float((red[surface] < -OFFSET_DN).mean())
    evidence = f"pixels: {share:.4f} of {count} have red DN below {-OFFSET_DN}"
    if share >= _MANY:
        return 0, evidence
    dark = int(np.isin(classes[surface], _DARK_SURFACE).sum())
    if share <= _NONE and dark >= _ENOUGH_PIXELS:
        return OFFSET_DN, evidence
    return None, evidence


def _number(baseline: str) -> float:
    try:
        return float(baseline)
    except ValueError:
        return _FIRST_BASELINE_WITH_OFFSET
