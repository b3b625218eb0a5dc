"""Planted rasters for the tests of layers: of numbers in memory, and as files of every kind that is read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from pyproj import CRS, Transformer

from pipeline.ingest.layers.layer import Layer, OpenLayer
from pipeline.ingest.reading.headers import Profile
from tests.scenery import LEFT, TOP, UTM, grid_of_px

GRID = grid_of_px(40, 70)
DEGREES = "EPSG:4326"
TO_DEGREES = Transformer.from_crs(UTM, DEGREES, always_xy=True)
WEST, NORTH = (
    edge + way for edge, way in zip(TO_DEGREES.transform(LEFT, TOP), (-0.0041, 0.0047), strict=True)
)
"""A corner north-west of the grid."""


def toy(resampling="mean", unit="toy", **fields):
    return Layer("toy", "A toy layer", unit, resampling, **fields)


@dataclass(frozen=True)
class Planted:
    """A raster of numbers in memory."""

    place: Profile
    numbers: np.ndarray
    name: str = "planted"

    def read(self, window):
        return np.ma.masked_invalid(self.numbers[window.toslices()])

    def checksum(self):
        return "planted"


def opened(numbers, transform, resampling, crs=UTM):
    place = Profile(crs, transform, *numbers.shape)
    return OpenLayer(toy(resampling), resampling, (Planted(place, numbers),))


def drawn(shape, seed=7, holes=0.1):
    """Numbers without symmetry, some unknown."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    numbers = 30 + 2.5 * x - 1.5 * y + rng.gamma(2, 4, shape)
    return np.where(rng.random(shape) < holes, np.nan, numbers)


def lattice(step, shape=(30, 40)):
    """Longitudes and latitudes of the pixel centres of a raster that holds the grid."""
    return WEST + (np.arange(shape[1]) + 0.5) * step, NORTH - (np.arange(shape[0]) + 0.5) * step


def tif(
    path: Path, bands, transform=None, crs=UTM, *, names=(), scales=None, offsets=None, units=None, **profile
):
    """Bands (band, y, x) or one (y, x) as a GeoTIFF."""
    stack = bands if bands.ndim == 3 else bands[None]
    transform = transform or Affine(10, 0, LEFT, 0, -10, TOP)
    height, width = stack.shape[1:]
    shape = {"count": len(stack), "height": height, "width": width, "dtype": stack.dtype}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **shape, **profile) as file:
        file.write(stack)
        for number, name in enumerate(names, start=1):
            file.set_band_description(number, name)
        if scales:
            file.scales = scales
        if offsets:
            file.offsets = offsets
        if units:
            file.units = units
    return str(path)


def cube(values, times, step, *, units="mm", crs=DEGREES):
    """A dataset of values (time, y, x) on a lattice of degrees, with a grid mapping where there is a CRS."""
    lon, lat = lattice(step, values.shape[1:])
    rain = xr.DataArray(
        values,
        dims=("time", "lat", "lon"),
        coords={"time": times, "lat": lat, "lon": lon},
        attrs={"units": units},
    )
    dataset = rain.to_dataset(name="rain")
    if crs:
        dataset["crs"] = xr.DataArray(0, attrs=CRS(crs).to_cf())
        dataset["rain"].attrs["grid_mapping"] = "crs"
    return dataset
