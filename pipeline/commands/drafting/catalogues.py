"""Scenes: static STAC catalogues and folders of downloaded products, with their missions and days."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pipeline.commands.drafting.found import Fact, Found, Role, refuse
from pipeline.errors import PipelineError
from pipeline.ingest.scenes.items import Candidate, candidate_of
from pipeline.ingest.scenes.providers import read_items
from pipeline.settings.sources import INSTRUMENTS, LocalArchive, StaticCatalog
from pipeline.storage.tables import load_json

CATALOG = "catalog.json"


def is_catalog(path: Path) -> bool:
    """Whether a JSON file is the root of a STAC catalogue."""
    try:
        content = load_json(path)
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("type") == "Catalog"


def inspect_catalog(path: Path) -> Found:
    """The scenes of a static catalogue."""
    return _inspect(path, "scenes", StaticCatalog(static=str(path)))


def inspect_archive(folder: Path) -> Found:
    """The scenes of a folder of downloaded products."""
    return _inspect(folder, "archive", LocalArchive(local=str(folder)))


def _inspect(path: Path, role: Role, provider: StaticCatalog | LocalArchive) -> Found:
    try:
        candidates = [candidate_of(item) for item in read_items(provider)]
    except PipelineError as error:
        return refuse(path, error)
    scenes = [one for one in candidates if isinstance(one, Candidate)]
    unusable = Counter(one for one in candidates if isinstance(one, str))
    days = sorted(one.scene.datetime.date() for one in scenes)
    missions = Counter(one.scene.mission for one in scenes)
    facts = (*_describe_scenes(scenes, missions), *_describe_unusable(unusable))
    ends = (days[0], days[-1]) if days else (None, None)
    known = tuple(mission for mission in INSTRUMENTS if mission in missions)
    return Found(path, role, facts, missions=known, first=ends[0], last=ends[1])


def _describe_scenes(scenes: list[Candidate], missions: Counter[str]) -> Iterator[Fact]:
    counted = ", ".join(f"{mission} {count}" for mission, count in sorted(missions.items()))
    if not scenes:
        yield Fact("scenes.none")
        return
    days = [one.scene.datetime.date() for one in scenes]
    bounds = [one.outline.bounds for one in scenes]
    west, south = (min(one[axis] for one in bounds) for axis in (0, 1))
    east, north = (max(one[axis] for one in bounds) for axis in (2, 3))
    yield Fact("scenes", {"missions": counted, "first": min(days), "last": max(days)})
    box = f"{west:.2f}–{east:.2f}, {south:.2f}–{north:.2f}"
    yield Fact("scenes.box", {"box": box})


def _describe_unusable(reasons: Counter[str]) -> Iterator[Fact]:
    if reasons:
        yield Fact("scenes.unusable", {"count": reasons.total(), "reasons": reasons})
