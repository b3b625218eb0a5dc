"""What the numbers of a Sentinel-2 scene mean: the offset, by what is stated and by what its pixels show.

Since processing baseline 04.00 the numbers carry 1000 that are to be taken off; some catalogues have taken
them off, and what they state does not always say so. Statements that agree hold, unless the pixels contradict
them beyond doubt. Where they disagree the pixels decide; where those cannot, nothing is decided.

Only land is asked (SCL 4 and 5): water, cloud and what SCL is not sure of may have any number. Where no
offset stands in the numbers, dense vegetation has red and blue at 100 to 500; where it stands, hardly any
land lies below 1000 less five times the noise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OFFSET_DN = -1000
WITNESSES = 2
"""Bands of short waves that must say the same."""

_FIRST_BASELINE_WITH_OFFSET = 4.0
_VEGETATION, _BARE = 4, 5
_NOISE_DN = 40
_FLOOR_DN = -OFFSET_DN - 5 * _NOISE_DN
_FILL_BELOW_DN = 50
"""Edges of some products hold 1 where they hold nothing."""
_DENSE_DN = -OFFSET_DN + 500
_DENSE_PERCENTILE = 5
_VEIL_DN = 200
"""A veil of haze lifts the shorter of two waves by more than this before it looks like the offset."""
_MANY = 0.05
_HARDLY_ANY = 0.002
_ENOUGH_PIXELS = 400
_BEYOND_DOUBT_PIXELS = 10_000

Statement = tuple[str, int]
"""Who states an offset, and the offset in DN."""


@dataclass(frozen=True)
class PixelEvidence:
    """The offset in DN that the pixels of a scene give away, None if none; on how many; and what was seen."""

    dn: int | None
    pixels: int
    text: str

    @property
    def is_beyond_doubt(self) -> bool:
        """Whether there are enough pixels to outweigh statements that agree."""
        return self.pixels >= _BEYOND_DOUBT_PIXELS


@dataclass(frozen=True)
class OffsetDecision:
    """The offset in DN, None where it stays undecided; what it rests on, what was seen, whether all agree."""

    dn: int | None
    source: str
    evidence: str
    conflict: bool


def state_by_baseline(baseline: str) -> int | None:
    """The offset in DN that numbers of a processing baseline carry (ESA); None where it is not a number."""
    try:
        return OFFSET_DN if float(baseline) >= _FIRST_BASELINE_WITH_OFFSET else 0
    except ValueError:
        return None


def decide_offset(statements: Sequence[Statement], pixels: PixelEvidence) -> OffsetDecision:
    """The offset by statements and pixels together, see above.

    Statements that agree and that few pixels contradict are undecided as well. The source is `pixels` where
    these say it, else the first who states it.
    """
    stated = list(dict.fromkeys(dn for _, dn in statements))
    agreed = stated[0] if len(stated) == 1 else None
    evidence = "; ".join([f"pixels: {pixels.text}", *(f"{name}: {dn}" for name, dn in statements)])
    conflict = len({*stated, pixels.dn} - {None}) > 1
    if pixels.dn in {None, agreed}:
        dn = agreed
    else:
        dn = pixels.dn if agreed is None or pixels.is_beyond_doubt else None
    source = "pixels" if pixels.dn == dn else statements[0][0]
    return OffsetDecision(dn, source, evidence, conflict)


def weigh_pixels(numbers: Mapping[str, NDArray[np.integer]], classes: NDArray[np.integer]) -> PixelEvidence:
    """What DN by band (two bands of short waves, 0 where there is none) and SCL of one scene give away.

    All are of one shape and may be thinned. That the numbers carry no offset is shown by 400 pixels of land
    with some dense vegetation; that they carry one, which haze can feign, by 10,000 of vegetation.
    """
    land = np.isin(classes, (_VEGETATION, _BARE)) & _have_numbers(numbers.values(), classes)
    count = int(land.sum())
    if len(numbers) < WITNESSES or count < _ENOUGH_PIXELS:
        return PixelEvidence(None, count, f"{count} of land in {' and '.join(numbers) or 'no band'}, too few")
    shares = {band: float((values[land] < _FLOOR_DN).mean()) for band, values in numbers.items()}
    told = " and ".join(f"{share:.4f} have {band}" for band, share in shares.items())
    text = f"of {count} of land {told} below {_FLOOR_DN}"
    if min(shares.values()) >= _MANY:
        return PixelEvidence(0, count, text)
    plants = land & (classes == _VEGETATION)
    carried = max(shares.values()) <= _HARDLY_ANY and _is_dense_above_offset(numbers.values(), plants)
    return PixelEvidence(OFFSET_DN if carried else None, count, text)


def _have_numbers(numbers: Iterable[NDArray[np.integer]], classes: NDArray[np.integer]) -> NDArray[np.bool_]:
    having = np.ones(classes.shape, dtype=np.bool_)
    for values in numbers:
        having &= values >= _FILL_BELOW_DN
    return having


def _is_dense_above_offset(numbers: Iterable[NDArray[np.integer]], plants: NDArray[np.bool_]) -> bool:
    """Whether the darkest plants are as dense vegetation that carries the offset, and not as under a veil."""
    if plants.sum() < _BEYOND_DOUBT_PIXELS:
        return False
    tails = [float(np.percentile(values[plants], _DENSE_PERCENTILE)) for values in numbers]
    return max(tails) <= _DENSE_DN and max(tails) - min(tails) <= _VEIL_DN
