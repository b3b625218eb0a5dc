"""One block, all dates: clear masks first, then band by band, with a record of every read."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import (
    NEVER_READABLE,
    NOT_READABLE,
    REFLECTANCE_NODATA,
    Asset,
    Outcome,
    Packing,
    ReadRecord,
    Scene,
)
from pipeline.errors import BrokenAsset
from pipeline.grid import Block, Grid
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.clearness import clear_pixels, find_bits, reach_px
from pipeline.ingest.reading.reader import NETWORK_THREADS, Reader, Trail
from pipeline.ingest.reading.resampling import (
    FINEST_PIXEL_M,
    Numbers,
    claim,
    find_values,
    place_numbers,
    read_nearest,
    resample,
)
from pipeline.ingest.scenes.choice import select_assets
from pipeline.ingest.scenes.looks import look_of
from pipeline.ingest.scenes.sensors import SENSORS, choose_packing
from pipeline.redaction import redact
from pipeline.settings import Clear

ROOM = 2
"""Stacks of a band that let one be read while the one before is worked on."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class BlockRequest:
    """What to read: a block of a grid, inside an outline (CRS of the grid), from scenes that may meet it.

    `longitude` fixes the solar day, see `look_of`. `reader` reads their files. `packings` say how bands are
    to be held that are not held as `choose_packing` says.
    """

    grid: Grid
    block: Block
    outline: BaseGeometry
    scenes: tuple[Scene, ...]
    bands: tuple[str, ...]
    clear: Clear
    harmonised: bool
    longitude: float
    reader: Reader
    packings: Mapping[str, Packing] = field(default_factory=dict)

    def packing(self, band: str) -> Packing:
        """How a band is held once it is read, int16."""
        return self.packings.get(band) or choose_packing(band)


@dataclass(frozen=True)
class Looks:
    """The looks at a block: the scenes of each date, and where each of them is the one that counts.

    `owner` (date, y, x) is 0 where a date gives nothing clear, else 1 + the number of the scene in its
    date, so that all bands of a pixel come from one item. `lost` (y, x) counts looks whose read failed.
    """

    dates: tuple[tuple[Scene, ...], ...]
    owner: NDArray[np.uint8]
    lost: NDArray[np.uint16]
    records: tuple[ReadRecord, ...]


@dataclass(frozen=True)
class BandRead:
    """One band of all looks (date, y, x), int16 in the packing of the request, with nodata -32768.

    A scene whose read failed leaves nodata; its record says so. `struck` counts the looks that have no
    number here though their mask calls them clear. They are taken out of `Looks.owner`, and all bands must
    be read again: what is unknown in one band is a look in none.
    """

    band: str
    stack: NDArray[np.int16]
    records: tuple[ReadRecord, ...]
    struck: int


@dataclass(frozen=True)
class _Job:
    """A scene that owns pixels of a date, alone or not."""

    day: int
    number: int
    scene: Scene
    alone: bool


@dataclass(frozen=True)
class _Clear:
    """Where a scene is clear, the file that told it, and what its reading took."""

    teller: Asset | None
    numbers: Numbers | BrokenAsset
    trail: Trail


def block_bytes(dates: int, stacks: int) -> int:
    """Bytes that a pixel of a block takes while its looks are read into so many stacks, at most."""
    return dates * (1 + 2 * stacks)


def process_bytes(resolution_m: float) -> int:
    """Bytes per pixel of a block that numbers under way, and the tiles behind them, take in all readers."""
    return math.ceil(NETWORK_THREADS * 3 * max(1.0, resolution_m / FINEST_PIXEL_M) ** 2)


def split_scenes(request: BlockRequest, looks: int) -> Iterator[BlockRequest]:
    """The request in parts of at most so many looks, by mission and day; a look's scenes stay together."""
    ordered = sorted(request.scenes, key=lambda scene: (*look_of(scene, request.longitude), scene.id))
    together = [
        tuple(group) for _, group in groupby(ordered, key=lambda scene: look_of(scene, request.longitude))
    ]
    for first in range(0, len(together), looks):
        yield replace(request, scenes=tuple(chain.from_iterable(together[first : first + looks])))


def read_looks(request: BlockRequest, broken: frozenset[str] = frozenset()) -> Looks:
    """The clear looks at a block; `broken` scenes are left out and counted as lost.

    A mask says where a scene is clear; without one it is where the first band of the request has a number.
    Dates without a clear pixel inside the outline are dropped, so their bands are never read.
    """
    inside = request.grid.mask_geometry(request.outline, request.block)
    lost = np.zeros(request.block.shape, dtype=np.uint16)
    ordered = sorted(request.scenes, key=lambda scene: (*look_of(scene, request.longitude), scene.id))
    tellers = [_teller(request, scene) for scene in ordered]
    asked = _submit(request.reader, lambda scene: _clear(request, scene), ordered, tellers)
    masks = (mask.result() for mask in asked)
    owner = np.zeros((len(ordered), *request.block.shape), dtype=np.uint8)
    dates: list[tuple[Scene, ...]] = []
    records: list[ReadRecord] = []
    for _, group in groupby(ordered, key=lambda scene: look_of(scene, request.longitude)):
        scenes = tuple(group)
        taken = owner[len(dates)]
        for number, (scene, clear) in enumerate(zip(scenes, masks, strict=False), start=1):
            seen = _own(clear.numbers, inside, number, taken, lost, lost_too=scene.id in broken)
            records.append(_mask_record(request.block, scene, clear, seen=seen))
        if taken.any():
            dates.append(scenes)
    return Looks(tuple(dates), owner[: len(dates)], lost, tuple(records))


def read_bands(request: BlockRequest, looks: Looks, stacks: NDArray[np.int16]) -> Iterator[BandRead]:
    """The bands of a request over its looks, in order; the next is being read while one is worked on.

    `stacks` (band, date, y, x) is the room to read into, taken in turn and over again: with room for two, a
    stack stands until the next is asked for.
    """
    jobs = _jobs(looks)
    rooms = [stacks[number % len(stacks)] for number in range(len(request.bands))]
    asked: list[list[Future[tuple[ReadRecord, int]]]] = []
    try:
        for number, band in enumerate(request.bands):
            asked += [
                _begin(request, looks, request.bands[ahead], jobs, rooms[ahead])
                for ahead in range(len(asked), min(number + 2, len(rooms)))
            ]
            yield _finish(band, jobs, asked[number], rooms[number], looks)
    finally:
        wait([future for futures in asked for future in futures if not future.cancel()])


def _teller(request: BlockRequest, scene: Scene) -> Asset | None:
    """The file that tells where a scene is clear; None where the scene has none of the bands."""
    if scene.mask is not None:
        return scene.mask
    return next((asset for band in request.bands if (asset := _asset(request, scene, band))), None)


def _clear(request: BlockRequest, scene: Scene) -> _Clear:
    teller, files = _teller(request, scene), ItemReader(request.reader, scene.item_sha256)
    try:
        return _Clear(teller, _clear_numbers(request, scene, teller, files), files.trail)
    except BrokenAsset as error:
        return _Clear(teller, error, files.trail)


def _clear_numbers(request: BlockRequest, scene: Scene, teller: Asset | None, files: ItemReader) -> Numbers:
    """Where a scene is clear, by its mask, else wherever it has a number."""
    mask = SENSORS[scene.mission].mask
    if teller is None:
        return Numbers.of_block(np.zeros(request.block.shape, dtype=np.bool_))
    if mask is None or scene.mask is None:
        return find_values(resample(files, teller, request.grid, request.block), teller)
    clear = read_nearest(
        files,
        teller,
        request.grid,
        request.block,
        margin=reach_px(request.clear),
        meaning=lambda numbers: clear_pixels(numbers, mask, request.clear),
    )
    return _strike_saturation(request, scene, clear, files)


def _strike_saturation(request: BlockRequest, scene: Scene, clear: Numbers, files: ItemReader) -> Numbers:
    """What is clear, but for pixels that are saturated in any band of the request, if the scene says so."""
    saturation = SENSORS[scene.mission].saturation
    if saturation is None or scene.saturation is None or not clear.values.any():
        return clear
    bits = [saturation.bits[band] for band in request.bands if band in saturation.bits]
    saturated = read_nearest(
        files,
        scene.saturation,
        request.grid,
        request.block,
        meaning=lambda numbers: find_bits(numbers, (*bits, *saturation.spoiling)),
    )
    if not saturated.values.any():
        return clear
    return Numbers.of_block(clear.spread() & ~saturated.spread())


def _own(
    clear: Numbers | BrokenAsset,
    inside: NDArray[np.bool_],
    number: int,
    owner: NDArray[np.uint8],
    lost: NDArray[np.uint16],
    *,
    lost_too: bool,
) -> bool:
    """Whether a scene sees anything inside; what it is the first to see is its own from now on, or lost."""
    if isinstance(clear, BrokenAsset):
        lost += inside
        return False
    owned = owner.copy() if lost_too else owner
    seen = claim(clear, inside, number, owned)
    if lost_too:
        lost += owned != owner
    return seen > 0


def _jobs(looks: Looks) -> list[_Job]:
    return [
        _Job(day, number, scene, alone=len(scenes) == 1)
        for day, scenes in enumerate(looks.dates)
        for number, scene in enumerate(scenes, start=1)
        if len(scenes) == 1 or (looks.owner[day] == number).any()
    ]


def _begin(
    request: BlockRequest, looks: Looks, band: str, jobs: Sequence[_Job], stack: NDArray[np.int16]
) -> list[Future[tuple[ReadRecord, int]]]:
    """The reading of a band into a stack, under way."""
    for job in jobs:
        if not job.alone:
            stack[job.day] = REFLECTANCE_NODATA
    assets = [_asset(request, job.scene, band) for job in jobs]
    return _submit(
        request.reader,
        lambda pair: _fill(request, looks, band, pair[0], pair[1], stack[pair[0].day]),
        list(zip(jobs, assets, strict=True)),
        assets,
    )


def _finish(
    band: str,
    jobs: Sequence[_Job],
    fills: Sequence[Future[tuple[ReadRecord, int]]],
    stack: NDArray[np.int16],
    looks: Looks,
) -> BandRead:
    results = [future.result() for future in fills]
    for job, (_, missing) in zip(jobs, results, strict=True):
        if missing:
            owner = looks.owner[job.day]
            owner[(owner == job.number) & (stack[job.day] == REFLECTANCE_NODATA)] = 0
    return BandRead(
        band, stack, tuple(record for record, _ in results), sum(missing for _, missing in results)
    )


def _asset(request: BlockRequest, scene: Scene, band: str) -> Asset | None:
    return select_assets(scene, [band], harmonised=request.harmonised).get(band)


def _fill(
    request: BlockRequest,
    looks: Looks,
    band: str,
    job: _Job,
    asset: Asset | None,
    target: NDArray[np.int16],
) -> tuple[ReadRecord, int]:
    """What became of reading a scene into its layer, and how many of its looks have no number there."""
    files = ItemReader(request.reader, job.scene.item_sha256)
    try:
        if asset is not None:
            numbers = resample(files, asset, request.grid, request.block)
            owner = looks.owner[job.day]
            missing = place_numbers(
                numbers, asset, request.packing(band), owner, job.number, target, alone=job.alone
            )
            return _record(request.block, job.scene, band, "read", "", asset, files.trail), missing
        why = "the scene has no such band"
        record = _record(request.block, job.scene, band, "skipped", why, None, files.trail)
    except BrokenAsset as error:
        record = _failure(request.block, job.scene, band, asset, files.trail, error)
    if job.alone:
        target[...] = REFLECTANCE_NODATA
    return record, 0


def _mask_record(block: Block, scene: Scene, clear: _Clear, *, seen: bool) -> ReadRecord:
    if isinstance(clear.numbers, BrokenAsset):
        return _failure(block, scene, "mask", clear.teller, clear.trail, clear.numbers)
    reason = "" if seen else "nothing clear in the block"
    outcome: Outcome = "read" if clear.teller else "skipped"
    return _record(block, scene, "mask", outcome, reason, clear.teller, clear.trail)


def _failure(
    block: Block, scene: Scene, band: str, asset: Asset | None, trail: Trail, error: BrokenAsset
) -> ReadRecord:
    reason = NEVER_READABLE if error.lasting else NOT_READABLE
    record = _record(block, scene, band, "failed", reason, asset, trail)
    return replace(record, error=str(error))


def _record(
    block: Block,
    scene: Scene,
    band: str,
    outcome: Outcome,
    reason: str,
    asset: Asset | None,
    trail: Trail,
) -> ReadRecord:
    href = redact(asset.href) if asset else ""
    return ReadRecord(scene.id, band, block.id, outcome, reason, href, trail.attempts, trail.error)


def _submit(
    reader: Reader,
    function: Callable[[Any], Result],
    items: Sequence[Any],
    assets: Sequence[Asset | None],
) -> list[Future[Result]]:
    """A function of every item, under way on the threads for where the assets lie."""
    network = any(asset is not None and "://" in asset.href for asset in assets)
    return reader.submit(function, items, network=network)
