"""Land cover from existing maps: their codes on the grid, what they mean, and what is unknown in them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.engine.run import BlockDone, Run
from pipeline.engine.study import Study
from pipeline.grid import Block, BlockPlan, Grid
from pipeline.indices.crosswalk import translate_codes
from pipeline.ingest.layers.land_maps import NO_CODE, MapFile, codes_on, map_file
from pipeline.legends import LAND_KINDS
from pipeline.maps.stored import CLASSES, RATIO, stored
from pipeline.maps.tasks import Layers
from pipeline.periods import Period
from pipeline.settings.maps import LandMap
from pipeline.storage.blocks import Layer, read_block, write_block
from pipeline.storage.workspace import Artifact, load_json, save_json, sha256_of_file

_MAPPED, _UNKNOWN = 1, 1
_CODE = "map_code"
_LAYERS = {
    "land_cover": CLASSES,
    "ecosystem": CLASSES,
    "confidence": RATIO,
    "ecosystem_confidence": RATIO,
    _CODE: Layer("int32", NO_CODE, {"units": "class"}),
}
_NAMED = 10

NO_MAP = "此时段未给地表覆盖图 / no map of land cover is given for the period"
"""Why the land cover of a period is unknown for which the config has no map."""


@dataclass(frozen=True)
class MapTask:
    """One block of land cover from a map, where the outline touches a pixel; all unknown without a file."""

    store: Path
    block: Block
    grid: Grid
    outline: BaseGeometry
    file: MapFile | None
    kinds: Mapping[int, str]


@dataclass(frozen=True)
class CodesTask:
    """The codes of one block of a finished store."""

    block: Block
    grid: Grid
    outline: BaseGeometry
    store: Path


def map_block(task: MapTask) -> BlockDone:
    """Class, type and code of a block; an existing map tells no confidence."""
    layers: Layers = {
        name: np.full(task.block.shape, layer.fill, dtype=layer.dtype) for name, layer in _LAYERS.items()
    }
    if task.file is not None:
        inside = task.grid.mask_geometry(task.outline, task.block)
        codes = np.where(inside, codes_on(task.file, task.grid, task.block), np.int32(NO_CODE))
        layers |= {**translate_codes(codes, task.kinds), _CODE: codes}
    return BlockDone(write_block(task.store, task.block, layers))


def codes_of(task: CodesTask) -> Counter[int]:
    """How many pixels inside the outline each code has."""
    codes = read_block(task.store, task.block, [_CODE])[_CODE]
    inside = task.grid.mask_geometry(task.outline, task.block)
    found, count = np.unique(codes[inside], return_counts=True)
    return Counter(dict(zip(found.tolist(), count.tolist(), strict=True)))


def mapped(run: Run, study: Study, layout: BlockPlan) -> tuple[tuple[Artifact, ...], tuple[str, ...]]:
    """The store of each period, and a warning for each with what in it is unknown."""
    maps, periods = study.settings.land_cover.maps, study.settings.scenes.periods
    stores = tuple(_of_period(run, study, maps.get(period.label), period, layout) for period in periods)
    warnings = [
        _warning(run, study, store, maps.get(period.label), period, layout)
        for store, period in zip(stores, periods, strict=True)
    ]
    return stores, tuple(filter(None, warnings))


def _of_period(run: Run, study: Study, given: LandMap | None, period: Period, layout: BlockPlan) -> Artifact:
    """The file is known by its checksum, each class by the kind that it means, and what that is here."""
    file = map_file(given) if given else None
    kinds = dict(given.kinds_by_code) if given else {}
    inputs = [sha256_of_file(Path(given.path))] if given else []
    meant = {
        str(code): [kind, LAND_KINDS[kind].cover, LAND_KINDS[kind].ecosystem] for code, kind in kinds.items()
    }
    cause = study.cause("land_cover", _MAPPED, inputs, crosswalk=meant, nodata=file.nodata if file else None)

    def task(store: Path, block: Block) -> MapTask:
        return MapTask(store, block, study.grid, _outline(study, block), file, kinds)

    title = f"{study.aoi.name_zh} {period.label} 地表覆盖 land cover"
    return stored(run, study, title, cause, _LAYERS, layout, task, map_block)


def _outline(study: Study, block: Block) -> BaseGeometry:
    """The outline as far as it matters to a block."""
    frame = shapely.box(*study.grid.block_bounds(block))
    return shapely.intersection(study.outline, frame.buffer(study.grid.resolution_m))


def _warning(
    run: Run, study: Study, store: Artifact, given: LandMap | None, period: Period, layout: BlockPlan
) -> str:
    """What is unknown in the land cover of a period, in words; empty where nothing is."""
    if given is None:
        return f"land_cover {period.label}: {NO_MAP}"
    title = f"{study.aoi.name_zh} {period.label} 地图代码 codes of the map"
    blocks = study.blocks(layout.edge_px)
    tasks = [CodesTask(block, study.grid, _outline(study, block), store.path) for block in blocks]

    def build(folder: Path) -> None:
        counts = sum(run.each(title, codes_of, tasks), Counter[int]())
        save_json(folder / "codes.json", {str(code): counts[code] for code in sorted(counts)})

    found = run.artifact(title, study.cause("map_codes", _UNKNOWN, [store.key]), build)
    counts = {int(code): count for code, count in load_json(found.path / "codes.json").items()}
    return _told(given, period, counts)


def _told(given: LandMap, period: Period, counts: Mapping[int, int]) -> str:
    total, empty = sum(counts.values()), counts.get(NO_CODE, 0)
    strange = {code: n for code, n in counts.items() if code not in {NO_CODE, *given.kinds_by_code}}
    told = [f"{empty} of {total} pixels without data 无数据"] if empty else []
    if strange:
        often = sorted(strange, key=lambda code: (-strange[code], code))[:_NAMED]
        named = ", ".join(f"{code} ({strange[code]})" for code in often)
        more = f" and {len(strange) - _NAMED} more" if len(strange) > _NAMED else ""
        number = sum(strange.values())
        told.append(f"{number} of {total} pixels of codes without a class 代码无对应类别: {named}{more}")
    return f"land_cover {period.label}: {given.title}: {'; '.join(told)}" if told else ""
