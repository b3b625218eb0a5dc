"""The scenes of an area: searched once and kept, chosen, their offsets decided."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd

from pipeline import ingest
from pipeline.contracts import Scene
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import Inputs, scenes_cause, search_cause, settled
from pipeline.flow.simulation import build_world
from pipeline.ingest.reading.hosts import refuse_foreign
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.choice import Choice, choose, from_table, to_table
from pipeline.ingest.scenes.offsets import apply_offset, is_provisional
from pipeline.ingest.scenes.providers import digest_files, read_items
from pipeline.settings.sources import Provider, StacApi
from pipeline.storage.cause import Cause
from pipeline.storage.tables import load_json, load_layer, save_json, save_tables

_LOG = logging.getLogger("ecoledger")


@dataclass(frozen=True)
class FoundScenes:
    """The SceneTable of an area, its key, and what became of all that was found.

    `account` counts what was found, taken, superseded and rejected by reason, and passes by mission; it
    names the scenes whose offset is undecided, and says in words what should be known.
    """

    table: gpd.GeoDataFrame
    key: str
    account: dict[str, Any]


def scene_table(run: Run, study: Study, inputs: Inputs) -> FoundScenes:
    """The SceneTable of an area: searched once and kept, until its inputs change or --refresh.

    The radiometric offset of each scene is decided here, from its pixels and metadata. A scene whose pixels
    cannot be read is taken by its metadata for now, and asked again by every later run.
    """
    build_world(run, study, inputs)
    cause = scenes_cause(study, inputs)
    known = {} if run.refresh else _decided_before(run, cause)
    title = f"{study.aoi.name_zh} 场景 scenes"
    decide = partial(apply_offset, reader=run.reader)

    def build(folder: Path) -> None:
        choice = chosen_of(study, inputs.provider, _items(run, study, inputs.provider))
        new = [one for one in choice.candidates if one.scene.id not in known]
        known.update({scene.id: scene for scene in run.each(title, decide, new)})
        scenes = [known[one.scene.id] for one in choice.candidates]
        taken = scenes if inputs.simulated else [_watched(scene) for scene in scenes]
        save_tables(folder, {"scenes": to_table(taken, [one.outline for one in choice.candidates])})
        save_json(folder / "account.json", _account(study, choice, scenes))

    artifact = run.artifact(title, cause, build, anew=run.refresh or not settled(run, study, inputs))
    account = load_json(artifact.path / "account.json")
    return FoundScenes(load_layer(artifact.path, "scenes"), artifact.key, account)


def chosen_of(study: Study, provider: Provider, items: Sequence[RawItem]) -> Choice:
    """What of the items found is taken for an area, the collections of a provider in their order.

    Raises InputError where files of what is taken lie on hosts that are not the provider's.
    """
    collections = provider.collections.values() if isinstance(provider, StacApi) else ()
    preference = list(dict.fromkeys(name for names in collections for name in names))
    choice = choose(items, study.aoi.geometry, study.settings.scenes, preference)
    refuse_foreign(provider, [one.scene for one in choice.candidates])
    return choice


def found_items(study: Study, provider: Provider) -> list[RawItem]:
    """All items that a provider has for an area, from a search or from what it holds."""
    settings = study.settings.scenes
    if not isinstance(provider, StacApi):
        return list(read_items(provider))
    found = ingest.scenes.search.search_items(
        provider, study.aoi.geometry, settings.start, settings.end, settings.missions
    )
    return list(found)


def _items(run: Run, study: Study, provider: Provider) -> Sequence[RawItem]:
    """What a search found is an artifact of its own, so that no later step makes anyone search again."""
    if not isinstance(provider, StacApi):
        return found_items(study, provider)

    def build(folder: Path) -> None:
        save_json(folder / "items.json", found_items(study, provider))

    title = f"{study.aoi.name_zh} 检索 search"
    artifact = run.artifact(title, search_cause(study, provider), build, anew=run.refresh)
    items: list[RawItem] = load_json(artifact.path / "items.json")
    return items


def _decided_before(run: Run, cause: Cause) -> dict[str, Scene]:
    """Scenes of a kept SceneTable that are decided for good, by id."""
    artifact = run.workspace.find(cause)
    kept = from_table(load_layer(artifact.path, "scenes")) if artifact else []
    return {scene.id: scene for scene in kept if not is_provisional(scene)}


def _watched(scene: Scene) -> Scene:
    """A scene that counts as updated when a file of it on this machine is replaced."""
    files = digest_files(scene.hrefs)
    updated = scene.updated.partition(" ")[0]
    return replace(scene, updated=f"{updated} {files}".strip()) if files else scene


def _account(study: Study, choice: Choice, scenes: Sequence[Scene]) -> dict[str, Any]:
    warnings = _warnings(choice, scenes)
    for warning in warnings:
        _LOG.warning(warning, extra={"aoi": study.aoi.id})
    conflicts = [f"{scene.id}: {scene.offset_evidence}" for scene in scenes if scene.offset_conflict]
    return {
        "found": choice.found,
        "taken": len(scenes),
        "superseded": choice.superseded,
        "rejected": choice.rejected,
        "passes": {mission: asdict(passes) for mission, passes in choice.passes.items()},
        "undecided": [scene.id for scene in scenes if is_provisional(scene)],
        "warnings": [*warnings, *conflicts],
    }


def _warnings(choice: Choice, scenes: Sequence[Scene]) -> list[str]:
    missed = [
        f"{mission}: 过境日少于应有 {passes.found} days of passes found, at least {passes.expected} expected"
        for mission, passes in choice.missed.items()
    ]
    waiting = [
        f"{scene.id}: 偏移量暂按元数据 offset by metadata for now, asked again by the next run"
        for scene in scenes
        if is_provisional(scene)
    ]
    return [*missed, *waiting]
