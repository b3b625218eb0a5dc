"""Composites: one value a pixel, band and period from all clear looks, and how many looks there were."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.contracts import Raster, ReadRecord, Scene
from pipeline.engine.study import Study
from pipeline.indices import composite, land_cover, rsei
from pipeline.indices.spectral import find_index, list_indices
from pipeline.ingest.reading import blocks
from pipeline.maps.encoding import COUNT, RATIO, LayerEncoding
from pipeline.maps.step import BlockInputs, Layers, Load, Maps, Show, Step, build_raster, each_period
from pipeline.periods import When
from pipeline.settings import CompositeMethod

_COUNTS_BYTES = 16


def compose_block(inputs: BlockInputs, *, method: CompositeMethod) -> Layers:
    """The bands of a block composed, with the counts `looks` and `failed`.

    A scene that fails in one band is lost in all. So is a look at a pixel that has no number in one band, so
    that all bands of a pixel have the same looks.
    """
    broken: frozenset[str] = frozenset()
    while True:
        looks = blocks.read_looks(inputs.scenes, broken)
        layers, records = _compose_bands(inputs.scenes, looks, method)
        lost = [record for record in records if record.outcome == "failed"]
        if not lost:
            break
        inputs.records.extend(lost)
        broken |= {record.scene_id for record in lost}
    inputs.records[:0] = [*looks.records, *records]
    return layers | {"looks": composite.count_looks(looks.owner), "failed": looks.lost}


def _compose_bands(
    request: blocks.BlockRequest, looks: blocks.Looks, method: CompositeMethod
) -> tuple[Layers, list[ReadRecord]]:
    """Each band composed, all of them over the same looks: read again if a band strikes some."""
    choose = composite.CHOICES.get(method)
    stacks = np.empty((_count_stacks(len(request.bands), method), *looks.owner.shape), dtype=np.int16)
    while True:
        layers: Layers = {}
        records: list[ReadRecord] = []
        struck = 0
        for read in blocks.read_bands(request, looks, stacks):
            if choose is None:
                layers[read.band] = composite.compute_median(read.stack)
            records += read.records
            struck += read.struck
        if struck == 0:
            break
    if choose is not None:
        chosen = choose(stacks, request.bands)
        pairs = zip(request.bands, stacks, strict=True)
        layers = {band: composite.take_looks(stack, chosen) for band, stack in pairs}
    return layers, records


def _count_stacks(bands: int, method: CompositeMethod) -> int:
    return bands if method in composite.CHOICES else min(blocks.ROOM, bands)


def list_bands(study: Study, scenes: Sequence[Scene]) -> tuple[str, ...]:
    """Bands that the indices, the land cover and RSEI need, as far as any scene has them."""
    wanted = {band for name in list_indices(study.settings.indices) for band in find_index(name).bands}
    wanted |= set(rsei.BANDS) if study.settings.rsei else set()
    wanted |= set(land_cover.BANDS) if study.settings.land_cover.method != "map" else set()
    return tuple(sorted(wanted & {band for scene in scenes for band in scene.assets}))


def _list_layers(maps: Maps) -> Mapping[str, LayerEncoding]:
    bands = list_bands(maps.study, maps.scenes)
    return {**dict.fromkeys(bands, RATIO), "looks": COUNT, "failed": COUNT}


def _list_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"method": maps.study.settings.scenes.composite}


def _list_settings(maps: Maps, when: When) -> Mapping[str, object]:
    return {**_list_parameters(maps, when), "bands": list(list_bands(maps.study, maps.scenes))}


def count_composing_bytes(dates: int, bands: int, method: CompositeMethod) -> int:
    """Bytes that a pixel of a block takes in memory while it is composed."""
    return blocks.block_bytes(dates, _count_stacks(bands, method)) + 2 * bands + _COUNTS_BYTES


def _count_block_bytes(study: Study, load: Load) -> int:
    return count_composing_bytes(load.dates, load.bands, study.settings.scenes.composite)


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    yield build_raster(maps, "composite", when, "looks", titles=("晴空观测次数", "Clear looks"))
    if maps.study.settings.outputs.composite:
        bands = maps.open("composite", when).drop_vars(["looks", "failed"]).to_dataarray("band")
        titles, days = ("合成反射率", "Composite"), (when.first, when.last)
        yield Raster(f"composite_{when.stem}", "composite", "reflectance", bands, *titles, *days)


COMPOSITE = Step(
    name="composite",
    version=4,
    title="composite",
    times=each_period,
    bands=list_bands,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=_list_layers,
    kernel=compose_block,
    block_bytes=_count_block_bytes,
    wide=True,
    show=Show(rasters=_list_rasters, first=True),
)
