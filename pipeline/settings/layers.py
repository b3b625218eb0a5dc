"""A raster that comes onto the grid, as a config names it: a file, a variable or a STAC collection."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.settings.crs import GivenCrs
from pipeline.settings.sources import Provider

Resampling = Literal["mean", "sum", "nearest", "bilinear"]
"""How numbers come onto the grid; classes come by the mode."""

Name = Annotated[str, Field(min_length=1)]
BandName = Annotated[int, Field(ge=1)] | Name


class _LayerSource(BaseModel):
    """What is told of a raster beside what it says of itself.

    `unit`, `crs` and `vertical_datum` stand in for what it lacks or misstates; `nodata` is one more number
    that stands for nothing; `resampling` goes before that of the layer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)

    unit: Name | None = None
    nodata: float | None = None
    crs: Name | GivenCrs | None = None
    vertical_datum: Name | None = None
    resampling: Resampling | None = None


class LayerFile(_LayerSource):
    """A raster file that GDAL reads; `band` by number or name, needed where there are several."""

    path: Name
    band: BandName | None = None


class LayerVariable(_LayerSource):
    """A variable of a NetCDF file or a Zarr store, on two evenly spaced axes and, if need be, one of time."""

    path: Name
    variable: Name


class LayerCollection(_LayerSource):
    """A STAC collection of a provider (a name of configs/providers.yaml, or as for scenes): its `asset`.

    `band` is that of its files, by number or name, needed where there are several.
    """

    collection: Name
    asset: Name
    band: BandName | None = None
    provider: str | Provider = "earth-search"


LayerSource = LayerFile | LayerVariable | LayerCollection
