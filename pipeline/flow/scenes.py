"""The scenes of an area: searched once and kept, chosen, their offsets decided."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd

from pipeline.contracts import Scene
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import InputError, Problem
from pipeline.flow.inputs import (
    Inputs,
    find_items,
    find_scenes,
    has_undecided,
    is_asked_so,
    name_scenes,
    name_search,
    note_asking,
)
from pipeline.flow.simulation import build_world
from pipeline.ingest.reading.gate import refuse_strangers
from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.choice import Choice, choose, to_table
from pipeline.ingest.scenes.contents import count_unverified, find_replaced, watch_files
from pipeline.ingest.scenes.items import Candidate
from pipeline.ingest.scenes.offsets import apply_offset, is_false, is_provisional, is_undecided
from pipeline.ingest.scenes.raw_items import UNANSWERED
from pipeline.settings.sources import Provider, StacApi
from pipeline.storage.tables import load_json, load_layer, save_json, save_tables

_LOG = logging.getLogger("ecoledger")
_NAMED = 8
"""Scenes that an error names; a warning names all."""


@dataclass(frozen=True)
class StudyScenes:
    """The SceneTable of an area, its key, and what became of all that was found.

    `account` counts what was found, taken, superseded and rejected by reason, and passes by mission; it
    names the scenes whose offset is undecided and the items that their host did not give, and says in words
    what should be known.
    """

    table: gpd.GeoDataFrame
    key: str
    account: dict[str, Any]


def make_scene_table(run: Run, study: Study, inputs: Inputs) -> StudyScenes:
    """The SceneTable of an area: searched once and kept, until its inputs change or --refresh.

    The radiometric offset of each scene is decided here, from its metadata and pixels. A scene whose pixels
    cannot be read is taken by its metadata for now, and asked again by every later run; one whose offset
    nothing tells is left out by name. Raises InputError where none is left.
    """
    build_world(run, study, inputs)
    cause = name_scenes(study, inputs)
    title = study.title("scenes")
    kept = find_scenes(run, study, inputs)
    replaced = set() if run.refresh else find_replaced(kept, run.reader)
    known = (
        {}
        if run.refresh
        else {one.id: one for one in kept if one.id not in replaced and not is_provisional(one)}
    )
    decide = partial(decide_scene, reader=run.reader, watched=not inputs.simulated)

    def build(folder: Path) -> None:
        items = _find_or_load_items(run, study, inputs.provider)
        choice = choose_for_study(study, inputs.provider, items)
        new = [one for one in choice.candidates if one.scene.id not in known]
        known.update({scene.id: scene for scene in run.each(title, decide, new)})
        scenes = [known[one.scene.id] for one in choice.candidates]
        save_tables(folder, {"scenes": tabulate_scenes(choice, scenes)})
        if unverified := count_unverified(scenes):
            _LOG.info(
                "checksums not verified, which takes all bytes",
                extra={"aoi": study.aoi.id, "files": unverified},
            )
        account = give_account(choice, scenes)
        account["undecided"] += [raw["id"] for raw in items if raw.get(UNANSWERED)]
        for warning in account["warnings"]:
            _LOG.warning(warning, extra={"aoi": study.aoi.id})
        save_json(folder / "account.json", account)
        note_asking(folder, inputs.provider)

    anew = run.refresh or bool(replaced) or has_undecided(run, study, inputs)
    artifact = run.artifact(title, cause, build, anew=anew)
    account = load_json(artifact.path / "account.json")
    return StudyScenes(load_layer(artifact.path, "scenes"), artifact.key, account)


def choose_for_study(study: Study, provider: Provider, items: Sequence[RawItem]) -> Choice:
    """What of the items found is taken for an area, the collections of a provider in their order.

    Raises InputError where files of what is taken do not lie with the provider.
    """
    collections = provider.collections.values() if isinstance(provider, StacApi) else ()
    preference = list(dict.fromkeys(name for names in collections for name in names))
    choice = choose(items, study.aoi.geometry, study.settings.scenes, preference)
    refuse_strangers(provider, [one.scene for one in choice.candidates])
    return choice


def _find_or_load_items(run: Run, study: Study, provider: Provider) -> Sequence[RawItem]:
    """What a search found is an artifact of its own, so that no later step makes anyone search again."""
    if not isinstance(provider, StacApi):
        return find_items(study, provider)

    def build(folder: Path) -> None:
        save_json(folder / "items.json", find_items(study, provider))
        note_asking(folder, provider)

    title, cause = study.title("search"), name_search(study, provider)
    before = run.workspace.find(cause)
    anew = run.refresh or (before is not None and not is_asked_so(before, provider))
    artifact = run.artifact(title, cause, build, anew=anew)
    items: list[RawItem] = load_json(artifact.path / "items.json")
    return items


def decide_scene(candidate: Candidate, reader: Reader, *, watched: bool = True) -> Scene:
    """A scene with its offset, known by the versions of its files if these are `watched`."""
    scene = watch_files(candidate.scene, reader) if watched else candidate.scene
    return apply_offset(replace(candidate, scene=scene), reader)


def tabulate_scenes(choice: Choice, scenes: Sequence[Scene]) -> gpd.GeoDataFrame:
    """The SceneTable of those scenes that can be taken; InputError if it is of none."""
    pairs = [
        (scene, one.outline)
        for scene, one in zip(scenes, choice.candidates, strict=True)
        if not is_undecided(scene) and not is_false(scene)
    ]
    if not pairs:
        offset = "an offset in raster:bands that fits the baseline, or enough clear land to tell it"
        expected = f"the files that the item describes, and {offset}"
        todo = "Correct raster:bands or the baseline of the item, fetch its files anew, or leave it out"
        problems = [Problem(scene.id, scene.offset_evidence, expected, todo) for scene in scenes[:_NAMED]]
        raise InputError("No scene over the area can be taken", problems)
    taken, outlines = zip(*pairs, strict=True)
    return to_table(taken, outlines)


def give_account(choice: Choice, scenes: Sequence[Scene]) -> dict[str, Any]:
    """What became of all that was found, and what should be known of it; see `StudyScenes`."""
    warnings = [*_list_missing_passes(choice), *_list_flaws(choice), *_list_offsets(scenes)]
    left_out = {"offset": sum(map(is_undecided, scenes)), "content": sum(map(is_false, scenes))}
    return {
        "found": choice.found,
        "taken": len(scenes) - sum(left_out.values()),
        "superseded": choice.superseded,
        "rejected": {**choice.rejected, **{reason: count for reason, count in left_out.items() if count}},
        "passes": {mission: asdict(passes) for mission, passes in choice.passes.items()},
        "undecided": [scene.id for scene in scenes if is_provisional(scene)],
        "warnings": warnings,
    }


def _list_missing_passes(choice: Choice) -> list[str]:
    return [
        f"{mission}: {passes.found} days of passes found, at least {passes.expected} expected"
        for mission, passes in choice.missed.items()
    ]


def _list_flaws(choice: Choice) -> list[str]:
    """What of the items found cannot be used, and what is assumed of those that are."""
    assumed: dict[str, list[str]] = {}
    for one in choice.candidates:
        for text in one.assumptions:
            assumed.setdefault(text, []).append(one.scene.id)
    faults = [f"{len(choice.faults)} items cannot be used: {'; '.join(choice.faults)}"]
    return [
        *(faults if choice.faults else []),
        *(f"{len(ids)} scenes: {text}: {', '.join(ids)}" for text, ids in assumed.items()),
    ]


def _list_offsets(scenes: Sequence[Scene]) -> list[str]:
    """What should be known of the offsets of scenes: a warning a kind, with an example of the evidence."""
    kinds: dict[str, list[Scene]] = {}
    for scene in scenes:
        kinds.setdefault(_describe_offset(scene), []).append(scene)
    kinds.pop("", None)
    return [
        f"{len(some)} scenes: {text}: {', '.join(one.id for one in some)} ({some[0].offset_evidence})"
        for text, some in sorted(kinds.items())
    ]


def _describe_offset(scene: Scene) -> str:
    """What should be known of the offset of a scene; '' where all agree."""
    if is_false(scene):
        return "left out, a file is not the one that their item describes"
    if is_undecided(scene):
        return "left out, their offset is undecided"
    if is_provisional(scene):
        return "offset by metadata for now, asked again by the next run"
    if scene.offset_conflict:
        return "what is stated of the offset is contradicted, their pixels decided"
    return ""
