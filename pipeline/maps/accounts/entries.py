"""The rasters that the accounts take, each an entry, and which of them a config names."""

from collections.abc import Mapping
from dataclasses import asdict

from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem
from pipeline.ingest.layers.conventions import find_convention
from pipeline.ingest.layers.layer import Layer
from pipeline.ingest.layers.years import YearLayer, open_year
from pipeline.ingest.reading.reader import Reader
from pipeline.periods import Period
from pipeline.settings.account_layers import AccountLayers

_MM = ("mm/a", "mm/yr", "mm/year", "mm/month", "mm a-1")
_PERCENT = ("percent", "per cent", "% wt", "% weight")

LAYERS: Mapping[str, Layer] = {
    layer.name: layer
    for layer in (
        Layer("elevation", "Elevation", "m", "bilinear", heights=True),
        Layer("rain", "Rain", "mm", "mean", over_time="sum", spellings=_MM),
        Layer("evapotranspiration", "Evapotranspiration", "mm", "mean", over_time="sum", spellings=_MM),
        Layer("storm_rain", "Rain of storms", "mm", "mean", over_time="sum", spellings=_MM),
        Layer("hot_days", "Hot days", "d", "mean", over_time="sum", spellings=("day", "days", "d/a")),
        Layer(
            "temperature",
            "Temperature",
            "°C",
            "mean",
            over_time="mean",
            spellings=("degC", "C", "celsius"),
        ),
        Layer("water_evaporation", "Evaporation of water", "mm", "mean", over_time="sum", spellings=_MM),
        Layer("sand", "Sand", "%", "mean", spellings=_PERCENT),
        Layer("silt", "Silt", "%", "mean", spellings=_PERCENT),
        Layer("clay", "Clay", "%", "mean", spellings=_PERCENT),
        Layer("organic_carbon", "Organic carbon", "%", "mean", spellings=_PERCENT),
        Layer(
            "npp",
            "Net primary production",
            "t C/ha",
            "mean",
            over_time="sum",
            spellings=("t C/ha/a", "tC/ha", "tC/ha/a", "t/ha", "t/ha/a"),
        ),
    )
}
"""Layers by the key of the config; their numbers are of a year where they change with time."""

SOIL = ("sand", "silt", "clay", "organic_carbon")
GROUND = ("elevation", *SOIL)
"""What stays from year to year."""
ERODING = frozenset({"rain", *GROUND})
"""What erosion by rain is made from."""


def find_sources(study: Study) -> AccountLayers:
    """The rasters that a study names; none without accounts."""
    accounts = study.settings.accounts
    return accounts.layers if accounts else AccountLayers()


def open_layers(
    study: Study, year: Period, names: tuple[str, ...], reader: Reader | None
) -> dict[str, YearLayer]:
    """The rasters among `names` that a study names, open for a year.

    Raises InputError with all that is wrong with any of them.
    """
    found: dict[str, YearLayer] = {}
    problems: list[Problem] = []
    for name, given in find_sources(study).sources.items():
        if name in names:
            try:
                found[name] = open_year(LAYERS[name], given, study.grid, year, reader)
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError("Rasters of the accounts cannot be used", problems)
    return found


def describe_account_sources(study: Study, opened: Mapping[str, YearLayer]) -> dict[str, object]:
    """What the numbers of rasters depend on: their files, what the config says of them, their conventions."""
    sources = find_sources(study).sources
    return {
        name: {
            "key": layer.checksum(),
            "given": sources[name].model_dump(mode="json", exclude={"path"}),
            "convention": asdict(find_convention(layer.layer, sources[name])),
        }
        for name, layer in opened.items()
    }
