"""GDAL as it is asked here: its options, a dataset that lies somewhere, a window, what went wrong."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import rasterio
import rasterio.io
from numpy.typing import NDArray
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioIOError

from pipeline.ingest.reading.headers import find_alphas
from pipeline.ingest.reading.ranges import Ranges
from pipeline.operating_system import explain_stream
from pipeline.redaction import strip_queries

OPTIONS: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_RETRY_CODES": "408,429,500,502,503,504",
    "GDAL_HTTP_TIMEOUT": "60",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif,.tiff,.jp2",
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/:/vsis3/",
    "VSI_CACHE": "FALSE",
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": 64 * 2**20,
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
}
"""By the last GDAL fetches nothing that it was not handed: tags and sidecars may name other files."""

_SIDECARS = (".msk", ".aux.xml")
_RASTERS_BESIDE = (".msk", ".ovr", ".MSK", ".OVR")
_TIFF = {b"II*\0", b"II+\0", b"MM\0*", b"MM\0+"}
_LOOK_BESIDE = {"GDAL_DISABLE_READDIR_ON_OPEN": "TRUE"}
_OF_ALPHA = {MaskFlags.alpha, MaskFlags.nodata}
"""Of a band beside an alpha band whose mask says no more than that, or than its nodata."""
_S3_RETRIES = {"GDAL_HTTP_MAX_RETRY": "5", "GDAL_HTTP_RETRY_DELAY": "0.5"}


def tune() -> rasterio.Env:
    """The options for what a thread reads while it is inside.

    GDAL knows no Reader: an option belongs to a thread, of the main thread to all that have none of their
    own, and the size of the cache of blocks to the process. So they are the same for all runs of a process.
    """
    return rasterio.Env(**OPTIONS)


def tune_s3(options: dict[str, Any]) -> AbstractContextManager[Any]:
    """The options of a file on an S3 service, inside those for all; nothing where there are none."""
    return rasterio.Env(**options, **_S3_RETRIES) if options else nullcontext()


def find_sidecars(path: str) -> list[Path]:
    """Files beside one of this machine in which GDAL keeps what that does not say: its mask, its nodata."""
    beside = [Path(path + ending) for ending in _SIDECARS] if "://" not in path else []
    return [file for file in beside if file.exists()]


def refuse_pointers(path: str) -> None:
    """RasterioIOError where what GDAL would open beside a file is no TIFF: it may lead anywhere."""
    for file in (Path(path + ending) for ending in _RASTERS_BESIDE):
        if stream := explain_stream(file):
            raise RasterioIOError(f"{file.name}: {stream}")
        if file.is_file() and _read_mark(file) not in _TIFF:
            raise RasterioIOError(f"{file.name}: not a TIFF")


def _read_mark(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(4)


def open_dataset(path: str, opener: Ranges | None = None) -> rasterio.DatasetReader:
    """A dataset that lies somewhere: where a tag of the header is lost, GDAL only warns.

    GDAL is tuned already, so that the reader is made at once: `rasterio.open` would set all options again.
    """
    if stream := explain_stream(Path(path)):
        raise RasterioIOError(stream)
    driver = "JP2OpenJPEG" if urlsplit(path).path.endswith(".jp2") else "GTiff"
    if opener is None:
        if "://" not in path and not path.startswith("/vsi"):
            refuse_pointers(path)
        with rasterio.Env(**_LOOK_BESIDE) if find_sidecars(path) else nullcontext():
            dataset = rasterio.io.DatasetReader(path, driver=driver)
    else:
        dataset = rasterio.open(path, driver=driver, opener=opener)
    if dataset.crs is None or dataset.transform.is_identity:
        dataset.close()
        raise RasterioIOError("no CRS or no place")
    return dataset


@dataclass(frozen=True)
class Extract:
    """What is taken of a file: a band by its number, and the number to put where that is hidden.

    `fill` is None of a band that no mask and no alpha band hides. Of another, nothing is known where either
    says so: GDAL asks but one of nodata, mask and alpha.
    """

    band: int = 1
    fill: int | None = None

    def read(self, dataset: rasterio.DatasetReader, **how: Any) -> NDArray[Any]:
        """Its numbers over a window, or in a shape, as rasterio is asked for them."""
        numbers: NDArray[Any] = dataset.read(self.band, **how)
        if self.fill is not None:
            numbers[find_masked_pixels(dataset, self.band, **how)] = self.fill
        return numbers


ONLY_BAND = Extract()
"""All that there is in a file of one band without a mask."""


def find_masked_pixels(dataset: rasterio.DatasetReader, band: int, **how: Any) -> NDArray[np.bool_]:
    """Where a mask or an alpha band hides a band, over a window or in a shape."""
    alphas = [dataset.read(alpha, **how) == 0 for alpha in find_alphas(dataset)]
    flags = set(dataset.mask_flag_enums[band - 1])
    masks = [] if alphas and flags & _OF_ALPHA else [dataset.read_masks(band, **how) == 0]
    return np.asarray(np.logical_or.reduce([*alphas, *masks]), dtype=np.bool_)


def describe(error: Exception) -> str:
    """What GDAL says went wrong, on one line and without signatures."""
    return " ".join(strip_queries(str(error.__cause__ or error)).split())
