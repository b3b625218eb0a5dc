"""What runs on the cluster: one task, one block, every date; each writes its own region of a store."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.contracts import (
    REFLECTANCE_NODATA,
    ReadRecord,
)
from pipeline.engine.run import BlockDone
from pipeline.grid import Block
from pipeline.indices import change, composite, land_cover, spectral, vegetation
from pipeline.ingest.reading import blocks
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import as_index, as_ratio, from_ratio, reflectance
from pipeline.settings import CompositeMethod
from pipeline.storage.blocks import read_block, write_block

_COUNTS_BYTES = 16
ALERT_PARTS = 4
"""So many readings of their looks spare alerts the memory for the bands of all at once."""
_SPECTRAL_BYTES = 16

Layers = dict[str, NDArray[Any]]
"""Arrays (y, x) of a block by the name of their layer."""


@dataclass(frozen=True)
class CompositeTask:
    """One block of one period's composite."""

    store: Path
    request: blocks.BlockRequest
    method: CompositeMethod = "median"

    @property
    def block(self) -> Block:
        """The region to write."""
        return self.request.block


@dataclass(frozen=True)
class SpectralTask:
    """One block of one period's indices, from its composite."""

    store: Path
    block: Block
    composite: Path
    bands: tuple[str, ...]
    indices: tuple[str, ...]


@dataclass(frozen=True)
class HistogramTask:
    """One block of NDVI over land, for the endmembers."""

    block: Block
    spectral: Path
    land: Path


@dataclass(frozen=True)
class CoverTask:
    """One block of fractional vegetation cover; without endmembers it is all unknown."""

    store: Path
    block: Block
    spectral: Path
    land: Path
    endmembers: vegetation.EndmemberPair | vegetation.ClassEndmembers | None


@dataclass(frozen=True)
class PeriodMaps:
    """The stores of one period that tell change: its indices and its land cover."""

    spectral: Path
    land: Path


@dataclass(frozen=True)
class ChangeTask:
    """One block of change between two periods, in a layer of classes of their land cover.

    Without a least shift of an index every transition is a change.
    """

    store: Path
    block: Block
    before: PeriodMaps
    after: PeriodMaps
    least_shift: float | None
    layer: str = "land_cover"


def composite_block(task: CompositeTask) -> BlockDone:
    """One block composed and written."""
    layers, records = composed(task.request, task.method)
    return BlockDone(write_block(task.store, task.block, layers), records)


def block_bytes(dates: int, bands: int, method: CompositeMethod) -> int:
    """Bytes that a pixel of a block takes in memory in the task that takes most of them."""
    return max(composing_bytes(dates, bands, method), _SPECTRAL_BYTES * (bands + 4))


def composing_bytes(dates: int, bands: int, method: CompositeMethod) -> int:
    """Bytes that a pixel of a block takes in memory while it is composed."""
    return blocks.block_bytes(dates, _stacks(bands, method)) + 2 * bands + _COUNTS_BYTES


def alert_bytes(looks: int) -> int:
    """Bytes that a pixel of a block takes with NDVI of all looks, and the bands of a part of them."""
    part = looks // ALERT_PARTS + 1
    return 4 * looks + blocks.block_bytes(part, blocks.ROOM) + 2 * part + _COUNTS_BYTES


def _stacks(bands: int, method: CompositeMethod) -> int:
    return bands if method in composite.CHOICES else min(blocks.ROOM, bands)


def composed(request: blocks.BlockRequest, method: CompositeMethod) -> tuple[Layers, tuple[ReadRecord, ...]]:
    """The composite of a block with its counts `looks` and `failed`, and what became of every read.

    A scene that fails in one band is lost in all. So is a look at a pixel that has no number in one band, so
    that all bands of a pixel have the same looks.
    """
    broken: frozenset[str] = frozenset()
    failures: list[ReadRecord] = []
    while True:
        looks = blocks.read_looks(request, broken)
        layers, records = _bands(request, looks, method)
        lost = [record for record in records if record.outcome == "failed"]
        if not lost:
            break
        failures += lost
        broken |= {record.scene_id for record in lost}
    layers |= {"looks": composite.count_looks(looks.owner), "failed": looks.lost}
    return layers, (*looks.records, *records, *failures)


def _bands(
    request: blocks.BlockRequest, looks: blocks.Looks, method: CompositeMethod
) -> tuple[Layers, tuple[ReadRecord, ...]]:
    """Each band composed, all of them over the same looks: read again if a band strikes some."""
    choose = composite.CHOICES.get(method)
    stacks = np.empty((_stacks(len(request.bands), method), *looks.owner.shape), dtype=np.int16)
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
        layers = {
            band: composite.take_looks(stack, chosen)
            for band, stack in zip(request.bands, stacks, strict=True)
        }
    return layers, tuple(records)


def spectral_block(task: SpectralTask) -> BlockDone:
    """NDVI and the named indices of a block; what lacks a band is unknown."""
    seen = reflectance(read_block(task.composite, task.block, task.bands))
    layers: dict[str, NDArray[Any]] = {}
    for name in task.indices:
        index = spectral.find_index(name)
        if set(index.bands) <= set(seen):
            values = spectral.compute_index(index, seen).values
            layers[name] = as_ratio(values) if name == "ndvi" else as_index(values)
    return BlockDone(write_block(task.store, task.block, layers))


def ndvi_histogram(task: HistogramTask) -> NDArray[np.int64]:
    """Counts of NDVI over a block, without water; where land cover is unknown, negative NDVI is water."""
    ndvi = read_block(task.spectral, task.block, ["ndvi"])["ndvi"]
    cover = read_block(task.land, task.block, ["land_cover"])["land_cover"]
    water = (cover == LAND_COVER.code("water")) | ((cover == NODATA_CLASS) & (ndvi < 0))
    return vegetation.count_ndvi(ndvi, (ndvi != REFLECTANCE_NODATA) & ~water)


def class_histograms(task: HistogramTask) -> NDArray[np.int64]:
    """Counts of NDVI over a block for each class of the land cover (class, step)."""
    ndvi = read_block(task.spectral, task.block, ["ndvi"])["ndvi"]
    cover = read_block(task.land, task.block, ["land_cover"])["land_cover"]
    seen = ndvi != REFLECTANCE_NODATA
    counts = [vegetation.count_ndvi(ndvi, seen & (cover == entry.code)) for entry in LAND_COVER.classes]
    return np.array(counts)


def cover_block(task: CoverTask) -> BlockDone:
    """FVC of a block, from NDVI as it is stored, so that anyone can recompute it from the delivery."""
    stored = read_block(task.spectral, task.block, ["ndvi"])["ndvi"]
    if task.endmembers is None:
        fvc = np.full(stored.shape, REFLECTANCE_NODATA, dtype=np.int16)
    else:
        fvc = as_ratio(_cover(task, from_ratio(stored)))
    return BlockDone(write_block(task.store, task.block, {"fvc": fvc}))


def _cover(task: CoverTask, ndvi: NDArray[np.float64]) -> NDArray[np.float64]:
    if isinstance(task.endmembers, vegetation.ClassEndmembers):
        classes = read_block(task.land, task.block, ["land_cover"])["land_cover"]
        return vegetation.compute_cover_by_class(ndvi, classes, task.endmembers)
    assert task.endmembers is not None
    cover: NDArray[np.float64] = vegetation.compute_fractional_cover(
        xr.DataArray(ndvi), task.endmembers
    ).values
    return cover


def change_block(task: ChangeTask) -> BlockDone:
    """Transitions of a block, as far as an index of the rules moved with them."""
    pair = (task.before, task.after)
    before, after = (read_block(maps.land, task.block, [task.layer])[task.layer] for maps in pair)
    codes = change.code_transitions(before, after)
    if task.least_shift is not None:
        moved = [_indices(maps, task.block) for maps in pair]
        codes = change.keep_evident(codes, *moved, least_shift=task.least_shift)
    return BlockDone(write_block(task.store, task.block, {"change": codes}))


def _indices(maps: PeriodMaps, block: Block) -> Layers:
    layers = read_block(maps.spectral, block, land_cover.RULE_INDICES)
    return {**layers, "ndvi": from_ratio(layers["ndvi"])}
