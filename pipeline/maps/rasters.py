"""From scenes to maps: composites, indices, land cover, vegetation cover, change; one store each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import Scene
from pipeline.engine.run import Run
from pipeline.engine.sources import source_of
from pipeline.engine.study import Study
from pipeline.errors import TooMuchLost
from pipeline.geodesy import project
from pipeline.grid import Block, BlockPlan, plan_blocks, widen_blocks
from pipeline.indices import land_cover, rsei, spectral, vegetation
from pipeline.ingest.reading.blocks import BlockRequest, process_bytes
from pipeline.ingest.reading.handles import Source
from pipeline.ingest.scenes.choice import from_table
from pipeline.maps import tasks
from pipeline.maps.change import change_between
from pipeline.maps.endmembers import Ends, endmembers_of
from pipeline.maps.land_cover import land_of
from pipeline.maps.mapped import NO_MAP
from pipeline.maps.stored import COUNT, INDEX, RATIO, stored
from pipeline.periods import Period
from pipeline.storage.blocks import open_store
from pipeline.storage.workspace import Artifact

_COMPOSITE, _SPECTRAL, _COVER = 3, 3, 1


@dataclass(frozen=True)
class Maps:
    """The finished stores of an area, one per period, and one per pair of consecutive periods.

    `changes` hold the change that counts, `further` by theme what only some configs ask for;
    `classifier` is what is told of the model behind the land cover, None where there is none; `kinds` are
    those that the land cover of each period tells apart, and `warnings` what in it is unknown (land.Land).
    """

    layout: BlockPlan
    composites: tuple[Artifact, ...]
    spectral: tuple[Artifact, ...]
    land: tuple[Artifact, ...]
    cover: tuple[Artifact, ...]
    changes: tuple[Artifact, ...]
    endmembers: tuple[Ends, ...]
    compared: tuple[vegetation.EndmemberPair | None, ...]
    classifier: Mapping[str, Any] | None = None
    further: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)
    kinds: tuple[tuple[str, ...] | None, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def typed(self) -> bool:
        """Whether the land cover has ecosystem types of its own."""
        return any(kinds is not None for kinds in self.kinds)

    @property
    def keys(self) -> list[str]:
        """Keys of every store."""
        return [key for keys in self.keys_by_step.values() for key in keys]

    @property
    def keys_by_step(self) -> dict[str, list[str]]:
        """Keys of the stores of each step, in order of the periods."""
        stores = {
            "composite": self.composites,
            "spectral": self.spectral,
            "land_cover": self.land,
            "cover": self.cover,
            "change": self.changes,
            **self.further,
        }
        model = {"classifier": [self.classifier["sha256"]]} if self.classifier else {}
        return model | {step: [artifact.key for artifact in artifacts] for step, artifacts in stores.items()}


@dataclass(frozen=True)
class Footprint:
    """A scene, and its outline in the CRS of the grid."""

    scene: Scene
    outline: BaseGeometry


def footprints_of(study: Study, table: gpd.GeoDataFrame) -> list[Footprint]:
    """The scenes of a SceneTable with their outlines."""
    outlines = [project(outline, study.grid.crs) for outline in table.geometry]
    return [Footprint(*pair) for pair in zip(from_table(table), outlines, strict=True)]


def maps_of(run: Run, study: Study, table: gpd.GeoDataFrame) -> Maps:
    """All maps of an area from its SceneTable; TooMuchLost when more reads failed than is allowed."""
    periods = study.settings.scenes.periods
    found = footprints_of(study, table)
    scenes = [footprint.scene for footprint in found]
    bands = bands_of(study, scenes)
    layout = layout_of(study, scenes, bands)
    composing = composing_layout(study, scenes, bands, layout)
    composites = tuple(_composite(run, study, found, bands, composing, period) for period in periods)
    refuse_loss(run, study, composites)
    spectral_stores = tuple(
        _spectral(run, study, store, bands, layout, period)
        for store, period in zip(composites, periods, strict=True)
    )
    known = land_of(run, study, composites, spectral_stores, bands, layout)
    land = known.stores
    endmembers, compared = endmembers_of(run, study, spectral_stores, land, layout)
    cover = tuple(
        _cover(run, study, store, classes, pair, layout, period)
        for store, classes, pair, period in zip(spectral_stores, land, endmembers, periods, strict=True)
    )
    changes = tuple(
        change_between(run, study, before, after, layout)
        for before, after in pairwise(zip(spectral_stores, land, strict=True))
    )
    return Maps(
        layout,
        composites,
        spectral_stores,
        land,
        cover,
        changes,
        endmembers,
        compared,
        known.model,
        kinds=known.kinds,
        warnings=known.warnings,
    )


def index_names(study: Study) -> tuple[str, ...]:
    """The indices to compute: NDVI always, then those that the config names."""
    named = [spectral.find_index(name).name for name in study.settings.indices]
    return tuple(dict.fromkeys(["ndvi", *named]))


def bands_of(study: Study, scenes: Sequence[Scene]) -> tuple[str, ...]:
    """Bands that the indices and the land cover need, as far as any scene has them."""
    wanted = {band for name in index_names(study) for band in spectral.find_index(name).bands}
    if study.settings.rsei:
        wanted |= set(rsei.BANDS)
    held = {band for scene in scenes for band in scene.assets}
    return tuple(sorted((wanted | set(land_bands(study))) & held))


def land_bands(study: Study) -> tuple[str, ...]:
    """Bands that the land cover needs: none where it comes from existing maps."""
    return () if study.settings.land_cover.method == "map" else land_cover.BANDS


def unknown_land(study: Study, maps: Maps, number: int) -> str:
    """Why the land cover of a period, by its number, is not known; empty where it is."""
    return no_map(study, number) or lacking(maps, land_bands(study))


def no_map(study: Study, *numbers: int) -> str:
    """Why nothing is mapped in some periods, by their numbers: an existing map of one of them is missing."""
    rules, periods = study.settings.land_cover, study.settings.scenes.periods
    missing = rules.method == "map" and any(periods[number].label not in rules.maps for number in numbers)
    return NO_MAP if missing else ""


def lacking(maps: Maps, bands: Sequence[str]) -> str:
    """Why something that needs some bands is not known: those that no scene has; empty if none is missing."""
    held = open_store(maps.composites[0].path)
    missing = ", ".join(band for band in bands if band not in held)
    return f"影像缺波段 {missing} / the scenes lack {missing}" if missing else ""


def unknown_measures(study: Study, maps: Maps) -> list[str]:
    """Every named index, and the land cover, that no scene has the bands for; what existing maps lack."""
    needed = {name: spectral.find_index(name).bands for name in index_names(study)}
    reasons = {
        name: lacking(maps, bands) for name, bands in {**needed, "land_cover": land_bands(study)}.items()
    }
    return [*(f"{name}: {reason}" for name, reason in reasons.items() if reason), *maps.warnings]


def pixel_bytes(study: Study, scenes: Sequence[Scene], bands: int) -> int:
    """Bytes that a pixel of a block takes in the task that takes most of them."""
    composing = tasks.block_bytes(_dates(study, scenes), bands, study.settings.scenes.composite)
    return max(composing, tasks.alert_bytes(len(scenes))) if study.settings.alerts.last_days else composing


def layout_of(study: Study, scenes: Sequence[Scene], bands: Sequence[str]) -> BlockPlan:
    """Blocks under the memory bound, by the settings and the scenes alone."""
    return plan_blocks(
        study.grid,
        block_bytes=pixel_bytes(study, scenes, len(bands)),
        process_bytes=process_bytes(study.grid.resolution_m),
        memory=study.settings.compute.memory,
    )


def composing_layout(
    study: Study, scenes: Sequence[Scene], bands: Sequence[str], layout: BlockPlan
) -> BlockPlan:
    """The layout for composites: the same blocks, several of a row in one task where the memory allows."""
    return widen_blocks(
        layout,
        len(study.blocks(layout.edge_px)),
        block_bytes=composing_pixel_bytes(study, scenes, len(bands)),
        process_bytes=process_bytes(study.grid.resolution_m),
        memory=study.settings.compute.memory,
    )


def composing_pixel_bytes(study: Study, scenes: Sequence[Scene], bands: int) -> int:
    """Bytes that a pixel of a block takes while it is composed."""
    return tasks.composing_bytes(_dates(study, scenes), bands, study.settings.scenes.composite)


def _dates(study: Study, scenes: Sequence[Scene]) -> int:
    """The most scenes that a period has."""
    periods = study.settings.scenes.periods
    return max(sum(period.holds(scene.datetime) for scene in scenes) for period in periods)


def _composite(
    run: Run,
    study: Study,
    found: Sequence[Footprint],
    bands: tuple[str, ...],
    layout: BlockPlan,
    period: Period,
) -> Artifact:
    settings = study.settings.scenes
    scenes = [footprint for footprint in found if period.holds(footprint.scene.datetime)]
    cause = study.cause(
        "composite",
        _COMPOSITE,
        [scene_key(footprint.scene) for footprint in scenes],
        method=settings.composite,
        bands=list(bands),
        clear=settings.clear.model_dump(),
        harmonised=settings.harmonised,
        block_px=layout.edge_px,
        abreast=layout.abreast,
    )

    source = source_of(study)
    if run.refresh and (found_before := run.workspace.find(cause)):
        forget_lost(run, found_before)

    def task(store: Path, block: Block) -> tasks.CompositeTask:
        return tasks.CompositeTask(store, request_of(study, block, scenes, bands, source), settings.composite)

    layers = {**dict.fromkeys(bands, RATIO), "looks": COUNT, "failed": COUNT}
    title = f"{study.aoi.name_zh} {period.label} 合成 composite"
    return stored(run, study, title, cause, layers, layout, task, tasks.composite_block)


def request_of(
    study: Study, block: Block, found: Sequence[Footprint], bands: tuple[str, ...], source: Source
) -> BlockRequest:
    """What a task reads of some bands of the scenes that meet a block."""
    frame = shapely.box(*study.grid.block_bounds(block))
    return BlockRequest(
        grid=study.grid,
        block=block,
        outline=shapely.intersection(study.outline, frame.buffer(study.grid.resolution_m)),
        scenes=tuple(footprint.scene for footprint in found if footprint.outline.intersects(frame)),
        bands=bands,
        clear=study.settings.scenes.clear,
        harmonised=study.settings.scenes.harmonised,
        longitude=study.longitude,
        source=source,
    )


def scene_key(scene: Scene) -> str:
    """What of a scene decides what is read from it."""
    offsets = sorted({(asset.scale, asset.offset) for asset in scene.assets.values()})
    return f"{scene.id}|{scene.baseline}|{offsets}|{scene.updated}|{scene.item_sha256}"


def refuse_loss(run: Run, study: Study, stores: Sequence[Artifact]) -> None:
    """TooMuchLost where more of the reads behind some stores failed than is allowed; they are built anew."""
    outcomes = [row[3] for row in run.workspace.reads([artifact.key for artifact in stores])]
    failed = outcomes.count("failed")
    tried = failed + outcomes.count("read")
    allowed = study.settings.scenes.max_failed_share
    if tried and failed / tried > allowed:
        for artifact in stores:
            forget_lost(run, artifact)
        raise TooMuchLost(
            f"{study.aoi.id}: {failed} of {tried} reads failed, more than max_failed_share {allowed:g} "
            "allows; nothing is published. The log names them; another run reads what was lost again"
        )


def forget_lost(run: Run, artifact: Artifact) -> None:
    """Let blocks of a store that lost a read be built anew by the next run that wants it."""
    if any(row[3] == "failed" for row in run.workspace.reads([artifact.key])):
        run.workspace.reopen(artifact)


def _spectral(
    run: Run, study: Study, source: Artifact, bands: tuple[str, ...], layout: BlockPlan, period: Period
) -> Artifact:
    names = tuple(dict.fromkeys([*index_names(study), *land_cover.RULE_INDICES]))
    cause = study.cause("spectral", _SPECTRAL, [source.key], indices=list(names))

    layers = {name: RATIO if name == "ndvi" else INDEX for name in names}
    task = partial(tasks.SpectralTask, composite=source.path, bands=bands, indices=names)
    title = f"{study.aoi.name_zh} {period.label} 指数 indices"
    return stored(run, study, title, cause, layers, layout, task, tasks.spectral_block)


def _cover(
    run: Run,
    study: Study,
    source: Artifact,
    land: Artifact,
    endmembers: Ends,
    layout: BlockPlan,
    period: Period,
) -> Artifact:
    known = asdict(endmembers) if endmembers else None
    by_class = isinstance(endmembers, vegetation.ClassEndmembers)
    inputs = [source.key, land.key] if by_class else [source.key]
    cause = study.cause("cover", _COVER, inputs, endmembers=known)

    task = partial(tasks.CoverTask, spectral=source.path, land=land.path, endmembers=endmembers)
    title = f"{study.aoi.name_zh} {period.label} 植被覆盖度 FVC"
    return stored(run, study, title, cause, {"fvc": RATIO}, layout, task, tasks.cover_block)
