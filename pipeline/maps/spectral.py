"""NDVI and the named indices of each period, from its composite."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.contracts import Raster
from pipeline.engine.study import Study
from pipeline.indices import formulas, land_cover
from pipeline.indices.spectral import find_index, list_indices
from pipeline.maps.encoding import INDEX, RATIO, LayerEncoding, as_index, as_ratio, unpack_reflectance
from pipeline.maps.step import (
    BlockInputs,
    Layers,
    Load,
    Maps,
    Show,
    Step,
    build_raster,
    each_period,
    need_same,
)
from pipeline.periods import When

_BAND_BYTES = 16
_MOST_OPEN = 4
"""Arrays of a formula that are held beside the bands."""


def index_block(inputs: BlockInputs, *, bands: Sequence[str], indices: Sequence[str]) -> Layers:
    """NDVI and the named indices of a block; what lacks a band is unknown."""
    seen = unpack_reflectance(inputs.read("composite", bands))
    layers: Layers = {}
    for name in indices:
        index = find_index(name)
        if set(index.bands) <= set(seen):
            values = formulas.apply_formula(index, seen).values
            layers[name] = as_ratio(values) if name == "ndvi" else as_index(values)
    return layers


def list_indices_to_keep(study: Study) -> tuple[str, ...]:
    """The indices that are computed: NDVI, those that the config names, those of the rules."""
    return tuple(dict.fromkeys([*list_indices(study.settings.indices), *land_cover.RULE_INDICES]))


def _list_layers(maps: Maps) -> Mapping[str, LayerEncoding]:
    return {name: RATIO if name == "ndvi" else INDEX for name in list_indices_to_keep(maps.study)}


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"indices": list(list_indices_to_keep(maps.study))}


def _list_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"bands": maps.bands, "indices": list_indices_to_keep(maps.study)}


def count_index_bytes(bands: int) -> int:
    """Bytes that a pixel of a block takes in memory while its indices are computed."""
    return _BAND_BYTES * (bands + _MOST_OPEN)


def _count_block_bytes(_study: Study, load: Load) -> int:
    return count_index_bytes(load.bands)


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    for name in list_indices(maps.study.settings.indices):
        titles = name.upper(), find_index(name).long_name
        yield build_raster(maps, "spectral", when, name, titles=titles)


def _list_warnings(maps: Maps) -> Iterator[str]:
    """Every named index that no scene has the bands for."""
    for name in list_indices(maps.study.settings.indices):
        if reason := maps.lacking(find_index(name).bands):
            yield f"{name}: {reason}"


SPECTRAL = Step(
    name="spectral",
    version=4,
    title="indices",
    times=each_period,
    needs=need_same("composite"),
    settings=_list_settings,
    parameters=_list_parameters,
    layers=_list_layers,
    kernel=index_block,
    block_bytes=_count_block_bytes,
    config=("indices",),
    show=Show(rasters=_list_rasters, warnings=_list_warnings, first=True),
)
