"""NDVI of every clear look of a period, where it is kept: when a pixel was seen, and how green it was."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.contracts import REFLECTANCE_NODATA, Raster, Scene
from pipeline.engine.study import Study
from pipeline.indices import alerts
from pipeline.ingest.reading import blocks
from pipeline.ingest.scenes.looks import Look, look_of
from pipeline.maps.encoding import RATIO, LayerEncoding
from pipeline.maps.step import BlockInputs, Layers, Load, Maps, Show, Step, each_period
from pipeline.periods import When

PRODUCT = "ndvi_looks"
_PARTS = 4
"""So many readings of their looks spare the memory for the bands of all at once."""
_TITLES = "逐景 NDVI（仅晴空）", "NDVI of every clear look"


def keep_looks(inputs: BlockInputs, *, looks: Mapping[Look, str]) -> Layers:
    """NDVI of each look by its layer: nodata where it saw nothing clear."""
    shape, longitude = inputs.block.shape, inputs.scenes.longitude
    layers = {name: np.full(shape, REFLECTANCE_NODATA, dtype=np.int16) for name in looks.values()}
    for part in blocks.split_scenes(inputs.scenes, max(1, len(inputs.scenes.scenes) // _PARTS)):
        seen = blocks.read_looks(part)
        inputs.records.extend(seen.records)
        bands = np.empty((len(alerts.BANDS), *seen.owner.shape), dtype=np.int16)
        for read in blocks.read_bands(part, seen, bands):
            inputs.records.extend(read.records)
        for scenes, ndvi in zip(seen.dates, alerts.compute_ndvi_stack(*bands), strict=True):
            layers[looks[look_of(scenes[0], longitude)]] = ndvi
    return layers


def list_looks(maps: Maps, when: When) -> list[Look]:
    """The looks of a time that have the bands of NDVI, by day, then mission and orbit."""
    longitude = maps.study.longitude
    found = {
        look_of(scene, longitude)
        for scene in maps.scenes
        if when.holds(scene.datetime) and set(alerts.BANDS) <= set(scene.assets)
    }
    return sorted(found, key=lambda look: (look[1], look[0], look[2]))


def name_look(look: Look) -> str:
    """A look as a band of the raster is called: its solar day, its mission, its orbit if it has one."""
    mission, day, orbit = look
    return f"{day.isoformat()} {mission} {orbit}".strip()


def _name_layers(maps: Maps, when: When) -> dict[Look, str]:
    return {look: f"look_{number:03d}" for number, look in enumerate(list_looks(maps, when), start=1)}


def _list_times(study: Study) -> Sequence[When]:
    return each_period(study) if study.settings.outputs.looks else ()


def _list_bands(_study: Study, _scenes: Sequence[Scene]) -> tuple[str, ...]:
    return alerts.BANDS


def _list_layers(maps: Maps) -> Mapping[str, LayerEncoding]:
    """As many layers as the period of most looks has; those that a period does not fill stay empty."""
    most = max((len(list_looks(maps, when)) for when in maps.study.periods), default=0)
    return {f"look_{number:03d}": RATIO for number in range(1, most + 1)}


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"layers": len(_list_layers(maps))}


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    return {"looks": _name_layers(maps, when)}


def _count_block_bytes(_study: Study, load: Load) -> int:
    """Bytes of NDVI of all looks, and of the bands of a part of them."""
    part = load.dates // _PARTS + 1
    return 2 * load.dates + blocks.block_bytes(part, blocks.ROOM) + 2 * part


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    layers = _name_layers(maps, when)
    if layers:
        stored = maps.open("look_series", when)[[*layers.values()]].to_dataarray("band")
        bands = stored.assign_coords(band=[name_look(look) for look in layers])
        yield Raster(f"{PRODUCT}_{when.stem}", PRODUCT, "series", bands, *_TITLES, when.first, when.last)


LOOK_SERIES = Step(
    name="look_series",
    version=1,
    title="逐景 NDVI NDVI of every look",
    times=_list_times,
    bands=_list_bands,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=_list_layers,
    kernel=keep_looks,
    block_bytes=_count_block_bytes,
    show=Show(rasters=_list_rasters),
)
