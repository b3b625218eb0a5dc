"""Rasters of deliveries, which strangers may have handed over: opened as what they are, nothing beside."""

from pathlib import Path

import rasterio
import rasterio.io

from pipeline.errors import InputError, Problem

_EXPECTED = "a GeoTIFF that holds all that it says, as a run writes it"


def open_raster(path: Path) -> rasterio.io.DatasetReader:
    """A raster of a delivery for reading; InputError where it is no GeoTIFF, or says where others are.

    GDAL would open whatever stands in its place: a list of files and addresses (VRT), a service; and files
    that lie beside it, or that it names as its overviews.
    """
    try:
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
            file = rasterio.open(path, driver="GTiff")
    except rasterio.errors.RasterioIOError as error:
        raise _build_error(path, " ".join(str(error).split())) from error
    if "OVERVIEW_FILE" in file.tags(ns="OVERVIEWS"):
        file.close()
        raise _build_error(path, "names another file as its overviews")
    return file


def _build_error(path: Path, found: str) -> InputError:
    return InputError("A raster of the delivery cannot be read", [Problem(str(path), found, _EXPECTED)])
