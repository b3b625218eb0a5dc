"""From the codes of an existing map to classes of land cover and ecosystem types."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.legends import LAND_KINDS, NODATA_CLASS


def translate_codes(codes: NDArray[np.int32], kinds: Mapping[int, str]) -> dict[str, NDArray[np.uint8]]:
    """`land_cover` (legends.LAND_COVER) and `ecosystem` (legends.ECOSYSTEM) of codes, by the kind of each.

    255 where a code has no kind; in `ecosystem` also where its kind may be of several types.
    """
    known = np.array(sorted(kinds))
    about = [LAND_KINDS[kinds[code]] for code in known.tolist()]
    place = np.searchsorted(known, codes).clip(max=len(known) - 1)
    hit = known[place] == codes
    tables = {
        "land_cover": np.array([kind.cover for kind in about]),
        "ecosystem": np.array([kind.ecosystem or NODATA_CLASS for kind in about]),
    }
    return {
        name: np.where(hit, table[place], NODATA_CLASS).astype(np.uint8) for name, table in tables.items()
    }
