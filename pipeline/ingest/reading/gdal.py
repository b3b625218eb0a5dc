"""GDAL as it is asked here: its options, a dataset that lies somewhere, a window, what went wrong."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any
from urllib.parse import urlsplit

import rasterio
import rasterio.io
from numpy.typing import NDArray
from rasterio.errors import RasterioIOError
from rasterio.windows import Window

from pipeline.ingest.reading.ranges import Ranges
from pipeline.ingest.reading.signing import redact

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
}
_S3_RETRIES = {"GDAL_HTTP_MAX_RETRY": "5", "GDAL_HTTP_RETRY_DELAY": "0.5"}


def tune() -> rasterio.Env:
    """The options for what a thread reads while it is inside.

    GDAL knows no Reader: an option belongs to a thread, of the main thread to all that have none of their
    own, and the size of the cache of blocks to the process. So they are the same for all runs of a process.
    """
    return rasterio.Env(**OPTIONS)


def tune_s3(options: dict[str, Any]) -> AbstractContextManager[Any]:
    """The options of an S3 service, inside those for all; nothing where there are none."""
    return rasterio.Env(**options, **_S3_RETRIES) if options else nullcontext()


def open_dataset(path: str, opener: Ranges | None = None) -> rasterio.DatasetReader:
    """A dataset that lies somewhere: where a tag of the header is lost, GDAL only warns.

    GDAL is tuned already, so that the reader is made at once: `rasterio.open` would set all options again.
    """
    driver = "JP2OpenJPEG" if urlsplit(path).path.endswith(".jp2") else "GTiff"
    if opener is None:
        dataset = rasterio.io.DatasetReader(path, driver=driver)
    else:
        dataset = rasterio.open(path, driver=driver, opener=opener)
    if dataset.crs is None or dataset.transform.is_identity:
        dataset.close()
        raise RasterioIOError("no CRS or no place")
    return dataset


def read_window(dataset: rasterio.DatasetReader, *, window: Window) -> NDArray[Any]:
    """The numbers of a window inside a dataset."""
    numbers: NDArray[Any] = dataset.read(1, window=window)
    return numbers


def describe(error: Exception) -> str:
    """What GDAL says went wrong, on one line and without signatures."""
    return " ".join(redact(str(error.__cause__ or error)).split())
