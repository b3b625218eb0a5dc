"""Rasters that the accounts are made from, each a file, a variable or a STAC collection."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline import standards
from pipeline.settings.layers import LayerCollection, LayerFile, LayerVariable
from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Strict

Convention = Literal[
    "terraclimate", "era5-land", "chirps", "mod16", "mod17", "soilgrids", "hwsd", "copernicus-dem"
]
"""What a data set means by its numbers; rows of `layer_conventions` say it."""

_CONVENTION = "the data set whose unit, scale, sign, nodata and time rule hold where the file does not say"


class AccountFile(LayerFile):
    """A raster file; `{year}` and `{month}` (two digits) in its path say what time each file is of."""

    path: ConfigPath
    convention: Annotated[Convention | None, Field(description=_CONVENTION)] = None


class AccountVariable(LayerVariable):
    """A variable of a NetCDF file or a Zarr store; `{year}` and `{month}` in its path as of files."""

    path: ConfigPath
    convention: Annotated[Convention | None, Field(description=_CONVENTION)] = None


class AccountCollection(LayerCollection):
    """A STAC collection, of months or of years where it changes with time."""

    convention: Annotated[Convention | None, Field(description=_CONVENTION)] = None


AccountSource = AccountFile | AccountVariable | AccountCollection


class AccountLayers(Strict):
    """Rasters of the accounts; what is not named is unknown, and so is what rests on it.

    Rain, evapotranspiration and evaporation of water come as months or as years, in mm; so does the rain of
    storms. Erosivity needs months of rain. Hot days are days of a year, or are counted in `temperature` (°C):
    days with a mean of more than `hot_day_celsius`. Soil is in per cent of weight, NPP in t C/ha a year.
    Slopes below `level_slope_percent` count as level, because on a delta they are the noise of the elevation;
    `slope_length_m` is the length of the slopes of the RUSLE.
    """

    elevation: AccountSource | None = None
    rain: AccountSource | None = None
    evapotranspiration: AccountSource | None = None
    storm_rain: AccountSource | None = None
    hot_days: AccountSource | None = None
    temperature: AccountSource | None = None
    water_evaporation: AccountSource | None = None
    sand: AccountSource | None = None
    silt: AccountSource | None = None
    clay: AccountSource | None = None
    organic_carbon: AccountSource | None = None
    npp: AccountSource | None = None
    hot_day_celsius: Annotated[float, Field(gt=0, lt=50)] = 26.0
    level_slope_percent: Annotated[float, Field(ge=0, le=10)] = 1.0
    slope_length_m: Annotated[float, Field(gt=0, le=1000)] = 30.0

    @model_validator(mode="after")
    def _known_conventions(self) -> Self:
        known = {(row["convention"], row["layer"]) for row in standards.read_rows("layer_conventions")}
        strange = [
            f"{name}: {given.convention} says nothing of it"
            for name, given in self.sources.items()
            if given.convention and (given.convention, name) not in known
        ]
        if strange:
            raise ValueError(f"conventions that know their layer; {'; '.join(strange)}")
        return self

    @property
    def sources(self) -> dict[str, AccountSource]:
        """The rasters that are named, by layer."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: source
            for name, source in given.items()
            if isinstance(source, AccountFile | AccountVariable | AccountCollection)
        }
