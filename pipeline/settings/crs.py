"""The CRS of coordinates as a config names it, with its way to CGCS2000 where none is published."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Strict


class SevenParameters(Strict):
    """A Helmert transformation from a datum to CGCS2000: m, arc-seconds, ppm.

    `rotation` tells the sign of the rotations: EPSG methods 9606 (position vector) and 9607 (coordinate
    frame) differ in nothing else, so that it has no default.
    """

    dx_m: float
    dy_m: float
    dz_m: float
    rx_arcsec: float = 0.0
    ry_arcsec: float = 0.0
    rz_arcsec: float = 0.0
    scale_ppm: float = 0.0
    rotation: Literal["position_vector", "coordinate_frame"]


class GivenCrs(Strict):
    """The CRS `name` of coordinates and its way to CGCS2000: a grid file (GSB, GeoTIFF) or seven parameters.

    `accuracy_m` is what the surveying office states of it, `source` where it comes from.
    """

    name: str
    seven_parameters: SevenParameters | None = None
    grid: ConfigPath | None = None
    accuracy_m: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _check_way(self) -> "GivenCrs":
        if (self.seven_parameters is None) == (self.grid is None):
            raise ValueError("either seven_parameters or a grid")
        return self


CrsSetting = str | GivenCrs
"""The name of a CRS such as EPSG:4490, or one with its way to CGCS2000."""


def list_grids(*given: CrsSetting | None) -> list[Path]:
    """Grid files that some settings name."""
    return [Path(crs.grid) for crs in given if isinstance(crs, GivenCrs) and crs.grid]
