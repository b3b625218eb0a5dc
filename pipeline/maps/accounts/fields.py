"""The variables of the accounts in each year, from climate, ground and the run's own vegetation cover."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.accounts.variables import VARIABLES
from pipeline.engine.study import Study
from pipeline.indices.climate import count_hot_days
from pipeline.indices.erosion import compute_cover_factor, compute_erosion, compute_erosivity
from pipeline.indices.water_balance import compute_deficit
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.layer import OpenLayer
from pipeline.ingest.layers.years import YearLayer, hold
from pipeline.ingest.reading.positions import strips
from pipeline.maps.accounts.entries import ERODING, describe_account_sources, find_sources, open_layers
from pipeline.maps.accounts.rasters import list_layer_rasters
from pipeline.maps.accounts.runoff import Runoff, find_runoff
from pipeline.maps.encoding import LayerEncoding, from_ratio
from pipeline.maps.step import BlockInputs, Layers, Load, Maps, Place, Show, Step
from pipeline.periods import When
from pipeline.storage.blocks import Layer

_PIXEL_BYTES = 144
_TOTALS = ("rain", "evapotranspiration", "storm_rain", "hot_days", "water_evaporation", "npp")
_CLIMATE = (*_TOTALS, "temperature")
_BALANCE = {"rain", "evapotranspiration"}
_EROSIVITY = "erosivity"


def fields_block(
    inputs: BlockInputs,
    *,
    variables: Sequence[str],
    opened: Mapping[str, OpenLayer],
    runoff: Runoff | None,
) -> Layers:
    """Variables of a block as float32, NaN where not known and outside the outline.

    They are made some rows at a time, so few that what they are made from stays in the cache.
    """
    layers = {name: np.full(inputs.block.shape, np.nan, dtype=np.float32) for name in variables}
    inside = inputs.grid.mask_geometry(inputs.outline, inputs.block)
    share = None if runoff is None else runoff.find_share(inputs)
    ground = _read_ground(inputs) if _EROSIVITY in opened else None
    for strip, lines in strips(inputs.block, 1):
        numbers = {name: read_layer(layer, inputs.grid, strip) for name, layer in opened.items()}
        if share is not None:
            balance = numbers["rain"], numbers["evapotranspiration"]
            numbers["deficit"] = compute_deficit(*balance, share[lines])
        if ground is not None:
            erosion = compute_erosion(numbers[_EROSIVITY], *(one[lines] for one in ground))
            numbers |= {"erosion_potential": erosion.potential, "erosion": erosion.actual}
        for name in layers.keys() & numbers.keys():
            np.copyto(layers[name][lines], numbers[name], casting="same_kind", where=inside[lines])
    return layers


@cache
def _tabulate_cover_factors() -> NDArray[np.float64]:
    """C by the number that a cover is stored as, its bits taken without a sign."""
    return compute_cover_factor(from_ratio(np.arange(2**16, dtype=np.uint16).view(np.int16)))


def _read_ground(inputs: BlockInputs) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """K L S and C of a block."""
    factor = _tabulate_cover_factors()[inputs.read("cover", ["fvc"])["fvc"].view(np.uint16)]
    return inputs.read("account_ground", ["susceptibility"])["susceptibility"], factor


def list_variables(study: Study) -> tuple[str, ...]:
    """Variables that a study can make of the rasters that it names, in the order of VARIABLES."""
    given = set(find_sources(study).sources)
    made = given & set(_TOTALS)
    made |= {"hot_days"} if "temperature" in given else set()
    made |= {"deficit"} if given >= _BALANCE else set()
    made |= {"erosion_potential", "erosion"} if given >= ERODING else set()
    return tuple(name for name in VARIABLES if name in made)


def _list_times(study: Study) -> Sequence[When]:
    return study.periods if list_variables(study) else ()


def _list_needs(study: Study, when: When) -> Sequence[Place]:
    variables = list_variables(study)
    needs: list[Place] = [("account_checks", when)]
    needs += [("land_cover", when)] if "deficit" in variables else []
    needs += [("cover", when), ("account_ground", study.span)] if "erosion" in variables else []
    return needs


def _list_layers(maps: Maps) -> Mapping[str, LayerEncoding]:
    return {
        name: LayerEncoding("amount", Layer("float32", float("nan"), {"units": VARIABLES[name].unit}))
        for name in list_variables(maps.study)
    }


def _open(maps: Maps, when: When) -> dict[str, YearLayer]:
    return open_layers(maps.study, when.periods[0], _CLIMATE, maps.reader)


def _list_settings(maps: Maps, when: When) -> Mapping[str, object]:
    sources = find_sources(maps.study)
    rules = sources.model_dump(include={"hot_day_celsius"})
    runoff = _find_runoff(maps)
    return {
        "year": when.label,
        "sources": describe_account_sources(maps.study, _open(maps, when)),
        "rules": rules,
        "runoff": runoff.describe() if runoff else None,
    }


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    study, sources, opened = maps.study, find_sources(maps.study), _open(maps, when)
    years = dict(_combine(opened, list_variables(study), sources.hot_day_celsius))
    return {
        "variables": list_variables(study),
        "opened": {name: hold(layer, study.grid) for name, layer in years.items()},
        "runoff": _find_runoff(maps),
    }


def _find_runoff(maps: Maps) -> Runoff | None:
    if "deficit" not in list_variables(maps.study):
        return None
    return find_runoff(maps.study)


def _combine(
    opened: Mapping[str, YearLayer], variables: Sequence[str], threshold: float
) -> Iterator[tuple[str, OpenLayer]]:
    """What rasters come to in the year: totals, hot days, and the erosivity of the months of rain."""
    for name in _TOTALS:
        if name in opened:
            yield name, opened[name].total()
    if "temperature" in opened and "hot_days" not in opened:
        heat = opened["temperature"]
        yield "hot_days", heat.combine(partial(count_hot_days, days=heat.days, threshold=threshold))
    if "erosion" in variables and opened["rain"].monthly:
        yield _EROSIVITY, opened["rain"].combine(compute_erosivity)


def _count_block_bytes(_study: Study, _load: Load) -> int:
    return _PIXEL_BYTES


ACCOUNT_LAYERS = Step(
    name="account_layers",
    version=2,
    title="layers of the accounts",
    times=_list_times,
    needs=_list_needs,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=_list_layers,
    kernel=fields_block,
    block_bytes=_count_block_bytes,
    config=("accounts",),
    show=Show(rasters=list_layer_rasters),
)
