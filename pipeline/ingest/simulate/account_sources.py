"""Where the accounts of the simulated world come from, as a config would name it."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pipeline.settings.accounts import Accounts

CLIMATE_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "rain": "ppt",
        "evapotranspiration": "aet",
        "storm_rain": "storm_rain",
        "hot_days": "hot_days",
        "water_evaporation": "water_evaporation",
    }
)
"""Variables of NetCDF files by layer, the first two by the names of TerraClimate."""

REGIONS_LAYER = "乡镇"
PROJECTS_LAYER = "项目"

_RASTERS = ("elevation", "sand", "silt", "clay", "organic_carbon", "npp")
_CONVENTIONS = {
    "elevation": "copernicus-dem",
    "rain": "terraclimate",
    "evapotranspiration": "terraclimate",
    "sand": "soilgrids",
    "silt": "soilgrids",
    "clay": "soilgrids",
    "organic_carbon": "soilgrids",
    "npp": "mod17",
}
_TABLES = ("statistics", "regions", "projects", "price_index")


def describe_accounts(folder: Path) -> Accounts:
    """The files that `accounts.write_accounts` puts into a folder."""
    rasters = {name: {"path": str(folder / f"{name}.tif")} for name in _RASTERS}
    variables = {
        name: {"path": str(folder / f"{name}.nc"), "variable": variable}
        for name, variable in CLIMATE_VARIABLES.items()
    }
    conventions = {name: {"convention": convention} for name, convention in _CONVENTIONS.items()}
    layers = {name: source | conventions.get(name, {}) for name, source in (rasters | variables).items()}
    return Accounts.model_validate(
        {
            "layers": layers,
            "statistics": [{"path": str(folder / "statistics" / "*")}],
            "regions": {"path": str(folder / "towns.gpkg"), "layer": REGIONS_LAYER},
            "projects": [{"path": str(folder / "projects.gpkg"), "layer": PROJECTS_LAYER}],
            "price_index": str(folder / "price_index.csv"),
            "parameters": str(folder / "parameters.csv"),
        }
    )


def is_wholly_simulated(given: Accounts) -> bool:
    """Whether accounts name no layer and no table of their own, so that the planted truth is theirs."""
    return not given.layers.sources and not any(getattr(given, name) for name in _TABLES)


def complete_accounts(given: Accounts, made: Accounts) -> Accounts:
    """Accounts as given, in what they do not name as made; no hot days beside a temperature that is given."""
    known = given.layers.sources
    layers = {name: source for name, source in made.layers.sources.items() if name not in known}
    if "temperature" in known:
        layers.pop("hot_days", None)
    named = (*_TABLES, "parameters")
    tables = {name: getattr(made, name) for name in named if not getattr(given, name)}
    return given.model_copy(update={**tables, "layers": given.layers.model_copy(update=layers)})
