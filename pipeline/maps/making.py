"""How the maps of a study are made: in the order of their needs, each found by its cause or built."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import shapely

from pipeline.contracts import NEVER_READABLE, Scene
from pipeline.engine.run import BlockDone, Run
from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem, TooMuchLost
from pipeline.grid import Block
from pipeline.ingest.reading.blocks import BlockRequest
from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.scenes.choice import from_table
from pipeline.maps.layout import place_scenes, plan_layout
from pipeline.maps.step import BlockInputs, Footprint, Layers, Maps, Step
from pipeline.periods import When
from pipeline.storage.blocks import write_block
from pipeline.storage.cause import Artifact, Cause

_NAMED = 10
"""Files that an error names."""


def make_maps(run: Run, study: Study, table: gpd.GeoDataFrame, steps: Sequence[Step]) -> Maps:
    """All maps of a study from its SceneTable; TooMuchLost when more reads failed than is allowed."""
    footprints = tuple(place_scenes(study, from_table(table), table.geometry))
    layout = plan_layout(study, footprints, steps)
    maps = Maps(study, tuple(steps), footprints, layout.blocks, layout.wide, reader=run.reader)
    for step in sort_by_need(study, steps):
        for when in step.times(study):
            maps = maps.with_map((step.name, when), _make(run, maps, step, when))
        if step.bands:
            refuse_loss(run, study, list(maps.of(step.name).values()))
    return maps


def list_map_steps(study: Study, steps: Sequence[Step]) -> list[str]:
    """The name of a step once for each map of it that the study has."""
    return [step.name for step in sort_by_need(study, steps) for _ in step.times(study)]


def describe_scene(scene: Scene) -> str:
    """What of a scene decides what is read from it."""
    offsets = sorted({(asset.scale, asset.offset) for asset in scene.assets.values()})
    versions = "".join(f"|{asset.version}" for asset in scene.files if asset.version)
    return f"{scene.id}|{scene.baseline}|{offsets}|{scene.updated}|{scene.item_sha256}{versions}"


def refuse_loss(run: Run, study: Study, stores: Sequence[Artifact]) -> None:
    """An error where more of the reads behind some stores failed than is allowed; they are built anew.

    TooMuchLost, or InputError with the files where another run could not read them either.
    """
    keys = [artifact.key for artifact in stores]
    reads = [row[3:] for row in run.workspace.ledger.list_reads(keys)]
    failed = [reason for outcome, reason in reads if outcome == "failed"]
    tried = len(failed) + sum(outcome == "read" for outcome, _ in reads)
    allowed = study.settings.scenes.max_failed_share
    if not tried or len(failed) / tried <= allowed:
        return
    share = f"{len(failed)} of {tried} reads failed, more than max_failed_share {allowed:g} allows"
    told = f"{study.aoi.id}: {share}"
    problems = _list_unreadable(run, keys)
    for artifact in stores:
        forget_losses(run, artifact)
    if set(failed) == {NEVER_READABLE}:
        raise InputError(f"{told}; these files are gone, broken or not what their items say", problems)
    again = "nothing is published. The log names them; another run reads what was lost again"
    gone = failed.count(NEVER_READABLE)
    raise TooMuchLost(f"{told}; {again}" + (f", but for {gone} reads of files that are gone" if gone else ""))


def _list_unreadable(run: Run, keys: Sequence[str]) -> list[Problem]:
    """The first files that could not be read, with what to do."""
    todo = "Replace the file, take its item out of the catalogue, or raise scenes.max_failed_share"
    return [
        Problem(f"{read.scene}, {read.band}", read.error, "a file that can be read", todo)
        for read in run.workspace.ledger.list_failed_reads(_NAMED, keys)
    ]


def forget_losses(run: Run, artifact: Artifact) -> None:
    """Let blocks of a store that lost a read be built anew by the next run that wants it."""
    if any(row[3] == "failed" for row in run.workspace.ledger.list_reads([artifact.key])):
        run.workspace.reopen(artifact)


def sort_by_need(study: Study, steps: Sequence[Step]) -> list[Step]:
    """The steps that a study makes, each behind those that it needs, else in their own order."""
    asked = {step.name: step for step in steps if step.makes and step.times(study)}
    ordered: dict[str, Step] = {}

    def add(step: Step) -> None:
        for name in dict.fromkeys(name for when in step.times(study) for name, _ in step.needs(study, when)):
            if name != step.name and name not in ordered:
                add(asked[name])
        ordered[step.name] = step

    for step in asked.values():
        if step.name not in ordered:
            add(step)
    return list(ordered.values())


def _make(run: Run, maps: Maps, step: Step, when: When) -> Artifact:
    """The map of a step that holds for a time."""
    study, bands = maps.study, step.list_bands(maps.study, maps.scenes)
    footprints = _list_behind(maps, bands, when)
    cause = _name_cause(maps, step, when, footprints)
    title = study.title(when.label, step.title)
    if step.build is not None:
        return run.artifact(title, cause, partial(step.build, run, maps, when))
    if step.bands and run.refresh and (before := run.workspace.find(cause)):
        forget_losses(run, before)
    layout = maps.wide_layout if step.wide else maps.layout
    return run.store(
        title,
        cause,
        layers={name: encoding.stored for name, encoding in step.layers(maps).items()},
        grid=study.grid,
        block_px=layout.edge_px,
        blocks=layout.tasks(study.blocks(layout.edge_px)),
        task=_build_tasks(run.reader, maps, step, when, footprints),
        work=make_block,
        at_once=layout.at_once,
    )


def _list_behind(maps: Maps, bands: Sequence[str], when: When) -> tuple[Footprint, ...]:
    """The scenes of a time that have a band that is read."""
    return tuple(
        footprint
        for footprint in maps.footprints
        if when.holds(footprint.scene.datetime) and any(band in footprint.scene.assets for band in bands)
    )


def _name_cause(maps: Maps, step: Step, when: When, footprints: Sequence[Footprint]) -> Cause:
    """What a map is made from: its scenes and how they are read, the maps that it needs, its settings."""
    study = maps.study
    inputs = [describe_scene(footprint.scene) for footprint in footprints]
    inputs += [maps[place].key for place in step.needs(study, when)]
    settings = dict(step.settings(maps, when))
    if step.bands:
        scenes = study.settings.scenes
        settings |= {"clear": scenes.clear.model_dump(), "harmonised": scenes.harmonised}
        settings |= {"block_px": maps.layout.edge_px}
    if step.wide:
        settings |= {"abreast": maps.wide_layout.abreast}
    return study.cause(step.name, step.version, inputs, **settings)


@dataclass(frozen=True)
class MapTask:
    """One block of a map: where it is written, what its kernel is given."""

    store: Path
    inputs: BlockInputs
    kernel: Callable[[BlockInputs], Layers]

    @property
    def block(self) -> Block:
        """The region to write."""
        return self.inputs.block


def make_block(task: MapTask) -> BlockDone:
    """The layers of a block, computed and written."""
    inputs = replace(task.inputs, records=[])  # where a worker is lost, the task is done again
    layers = task.kernel(inputs)
    return BlockDone(write_block(task.store, task.block, layers), tuple(inputs.records))


def _build_tasks(
    reader: Reader, maps: Maps, step: Step, when: When, footprints: Sequence[Footprint]
) -> Callable[[Path, Block], MapTask]:
    """What makes the tasks of a map, given its store and a block."""
    assert step.kernel is not None, f"{step.name} has neither a kernel nor a build"
    study, bands = maps.study, step.list_bands(maps.study, maps.scenes)
    kernel = partial(step.kernel, **step.parameters(maps, when))
    stores: dict[str, tuple[Path, ...]] = {}
    for name, time in step.needs(study, when):
        stores[name] = (*stores.get(name, ()), maps.path(name, time))
    places = shapely.STRtree([one.outline for one in footprints])

    def task(store: Path, block: Block) -> MapTask:
        frame = shapely.box(*study.grid.block_bounds(block))
        over = sorted(places.query(frame, predicate="intersects"))
        scenes = tuple(footprints[number].scene for number in over)
        request = step.request(_build_request(study, block, scenes, bands, reader)) if step.bands else None
        inputs = BlockInputs(block, study.grid, study.outline_over(block), stores, reader, request)
        return MapTask(store, inputs, kernel)

    return task


def _build_request(
    study: Study, block: Block, scenes: tuple[Scene, ...], bands: tuple[str, ...], reader: Reader
) -> BlockRequest:
    """What a task reads of some bands of the scenes that meet a block."""
    settings = study.settings.scenes
    return BlockRequest(
        grid=study.grid,
        block=block,
        outline=study.outline_over(block),
        scenes=scenes,
        bands=bands,
        clear=settings.clear,
        harmonised=settings.harmonised,
        longitude=study.longitude,
        reader=reader,
    )
