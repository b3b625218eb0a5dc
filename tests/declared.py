"""Files that say of themselves where nothing is, in one way or another, and which band is which."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from tests.scenery import LEFT, TOP, UTM

Way = Literal["nodata", "mask", "msk", "alpha", "nothing"]
"""How a file says it: by its nodata, a mask within or beside it, an alpha band, or not at all."""
PLACE = Affine(10, 0, LEFT, 0, -10, TOP)


@dataclass(frozen=True)
class Declared:
    """How a file is written: see `write`."""

    way: Way = "nodata"
    nodata: float | None = None
    dtype: str = "uint16"
    band: int = 1
    bands: int = 1
    names: tuple[str, ...] = ()
    transform: Affine = PLACE
    crs: str = UTM
    packing: tuple[tuple[str, Any], ...] = (("compress", "deflate"), ("tiled", True))

    def write(self, path: Path, numbers: NDArray[Any], hidden: NDArray[np.bool_]) -> Path:
        """Numbers in one of its bands, with nothing where they are hidden; its other bands hold others."""
        path.parent.mkdir(parents=True, exist_ok=True)
        planted = numbers.astype(self.dtype)
        if self.way == "nodata":
            planted[hidden] = self.nodata
        count = self.bands + (self.way == "alpha")
        size = {"height": numbers.shape[0], "width": numbers.shape[1], "count": count, "dtype": self.dtype}
        where = {"crs": self.crs, "transform": self.transform, "nodata": self.nodata}
        blocks = {"blockxsize": 16, "blockysize": 16} if dict(self.packing).get("tiled") else {}
        internal = "YES" if self.way == "mask" else "NO"
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal),
            rasterio.open(path, "w", driver="GTiff", **size, **where, **blocks, **dict(self.packing)) as file,
        ):
            if self.way == "alpha":
                file.colorinterp = [*file.colorinterp[:-1], rasterio.enums.ColorInterp.alpha]
            for number in range(1, self.bands + 1):
                file.write(planted if number == self.band else planted[::-1, ::-1] // 2 + 1, number)
            for number, name in enumerate(self.names, 1):
                file.set_band_description(number, name)
            if self.way in {"mask", "msk"}:
                file.write_mask(~hidden)
            if self.way == "alpha":
                file.write(np.where(hidden, 0, 255).astype(self.dtype), count)
        return path
