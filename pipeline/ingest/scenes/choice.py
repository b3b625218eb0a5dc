"""Which scenes are taken: those that meet the area and the settings, each acquisition once; their table."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.addresses import recall
from pipeline.contracts import SCENE_TABLE, Asset, BandChoice, Scene, check_table
from pipeline.errors import NoScenes, Problem
from pipeline.geodesy import CGCS2000, find_centre, wrap_outline
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.items import Candidate, candidate_of
from pipeline.ingest.scenes.raw_items import ZONELESS
from pipeline.ingest.scenes.sensors import HARMONISED_NIR, SENSORS, WITHOUT_COUNTERPART, bandpass_of
from pipeline.settings import Scenes
from pipeline.settings.sources import Mission

_NEAREST_MISSES = 8
_ASIDE = ("mask", "saturation")
"""Files of a scene that are no bands."""
_CONTENT = ("version", "checksum", "size")
"""Of an asset: what is written only where something is said."""
_WANTED_OTHERWISE = {"mission", "day", "place", "cloud", "no known sensor"}
"""Reasons that are in what was asked for, and not in the item."""


@dataclass(frozen=True)
class _Reason:
    """Why a scene is not taken: a word to count by, what it is, what is wanted."""

    word: str
    found: str
    wanted: str = ""


@dataclass(frozen=True)
class Passes:
    """Solar days on which a mission was found over an area, whatever the cloud, and how many there must be.

    `expected` is a lower bound by the revisit of the mission; None where nothing is known to be due.
    """

    found: int
    expected: int | None


@dataclass(frozen=True)
class Choice:
    """The candidates taken, by time, then id; how many of what was found were not, and why.

    `superseded` counts further processings and copies of acquisitions that are taken. `faults` name what no
    setting leaves out and that cannot be used all the same, each with its reason.
    """

    candidates: tuple[Candidate, ...]
    found: int
    superseded: int
    rejected: dict[str, int]
    passes: dict[Mission, Passes]
    faults: tuple[str, ...] = ()

    @property
    def missed(self) -> dict[Mission, Passes]:
        """Missions of which less was found than must be there."""
        return {
            mission: passes
            for mission, passes in self.passes.items()
            if passes.expected is not None and passes.found < passes.expected
        }


def choose(
    items: Iterable[RawItem],
    geometry: BaseGeometry,
    settings: Scenes,
    preference: Sequence[str] = (),
) -> Choice:
    """Candidates of the wanted missions, days and cloudiness that meet a geometry, each acquisition once.

    Of several items of one acquisition that of the collection named first in `preference` stays, then the
    highest baseline, then the newest; an acquisition that was downlinked in two datastrips is two. Raises
    NoScenes with the nearest misses.
    """
    area = wrap_outline(geometry)
    shapely.prepare(area)
    over: list[Candidate] = []
    wanted: list[Candidate] = []
    misses: list[tuple[str, Candidate | str, list[_Reason]]] = []
    for raw in items:
        candidate = candidate_of(raw)
        reasons = _list_all_reasons(candidate, area, settings)
        if isinstance(candidate, Candidate) and (not reasons or reasons[0].word == "cloud"):
            over.append(candidate)
        if isinstance(candidate, Candidate) and not reasons:
            wanted.append(candidate)
        else:
            misses.append((str(raw.get("id")), candidate, reasons))
    if not wanted:
        raise _explain_nothing(misses, area, settings)
    ranked = sorted(wanted, key=lambda one: (-_rank(one, preference), *one.processing))
    best = {one.scene.id: one for one in {one.acquisition: one for one in ranked}.values()}
    return Choice(
        candidates=tuple(sorted(best.values(), key=lambda one: (one.scene.datetime, one.scene.id))),
        found=len(wanted) + len(misses),
        superseded=len(wanted) - len(best),
        rejected=dict(sorted(Counter(reasons[0].word for _, _, reasons in misses).items())),
        passes=_count_passes(over, area, settings),
        faults=tuple(
            f"{name}: {reasons[0].word}"
            for name, _, reasons in misses
            if reasons[0].word not in _WANTED_OTHERWISE
        ),
    )


def select_assets(scene: Scene, bands: Sequence[str], *, harmonised: bool) -> dict[str, Asset]:
    """Assets by band of the analysis, their scale and offset brought to the OLI bandpass if asked for.

    Bands that the scene lacks are left out. Harmonised, the near infrared of Sentinel-2 is B8A, else B08.
    """
    bandpass = bandpass_of(scene.platform) if harmonised else None
    if bandpass is None:
        return {band: scene.assets[band] for band in bands if band in scene.assets}
    found = {}
    for band in bands:
        source = HARMONISED_NIR if band == "nir" else band
        if source in scene.assets and source in bandpass:
            slope, shift = bandpass[source]
            asset = scene.assets[source]
            found[band] = replace(asset, scale=slope * asset.scale, offset=slope * asset.offset + shift)
        elif source in scene.assets and source in WITHOUT_COUNTERPART:
            found[band] = scene.assets[source]
    return found


def to_table(scenes: Sequence[Scene], outlines: Sequence[BaseGeometry]) -> gpd.GeoDataFrame:
    """Scenes and their outlines as the SceneTable; `assets`, `mask` and `saturation` as JSON text."""
    files = ("assets", *_ASIDE)
    rows = [{**asdict(scene), **{key: _json(getattr(scene, key)) for key in files}} for scene in scenes]
    return check_table(gpd.GeoDataFrame(rows, geometry=list(outlines), crs=CGCS2000), SCENE_TABLE)


def from_table(table: gpd.GeoDataFrame) -> list[Scene]:
    """The scenes of a SceneTable."""
    return [
        Scene(
            **{
                **row,
                "datetime": row["datetime"].to_pydatetime(),
                "assets": {band: _asset(said) for band, said in json.loads(row["assets"]).items()},
                **{key: _asset(said) if (said := json.loads(row[key])) else None for key in _ASIDE},
            }
        )
        for row in table.drop(columns="geometry").to_dict("records")
    ]


def _asset(said: dict[str, Any]) -> Asset:
    lists = {key: tuple(value) for key, value in said.items() if isinstance(value, list)}
    band = BandChoice(**{**said["band"], "names": tuple(said["band"]["names"])})
    return Asset(**{**said, **lists, "href": recall(said["href"]), "band": band})


def _json(value: Any) -> str:
    return json.dumps(value, default=_tell, sort_keys=True)


def _tell(asset: Asset) -> dict[str, Any]:
    return {key: value for key, value in asdict(asset).items() if value or key not in _CONTENT}


def _list_all_reasons(candidate: Candidate | str, area: BaseGeometry, settings: Scenes) -> list[_Reason]:
    """Why a candidate is not taken, the weightiest first; none if it is."""
    if isinstance(candidate, str):
        return [_Reason(candidate, candidate, "an item that can be used")]
    return list(_list_reasons(candidate, area, settings))


def _list_reasons(candidate: Candidate, area: BaseGeometry, settings: Scenes) -> Iterator[_Reason]:
    scene = candidate.scene
    if scene.mission not in settings.missions:
        yield _Reason("mission", f"mission {scene.mission}", f"of {', '.join(settings.missions)}")
    if ZONELESS in candidate.assumptions and settings.times_without_zone == "refuse":
        word = _explain_no_zone(scene.datetime)
        yield _Reason("no zone", word, "a time with its zone")
    if not settings.start <= scene.datetime.date() <= settings.end:
        yield _Reason("day", f"taken on {scene.datetime.date()}", f"from {settings.start} to {settings.end}")
    if not area.intersects(candidate.outline):
        yield _Reason("place", f"over {_tell_box(candidate.outline)}", f"over {_tell_box(area)}")
    if scene.cloud_percent > settings.max_cloud_percent:
        wanted = f"with at most {settings.max_cloud_percent:g} % cloud"
        yield _Reason("cloud", f"with {scene.cloud_percent:g} % cloud", wanted)


def _explain_nothing(
    misses: Sequence[tuple[str, Candidate | str, Sequence[_Reason]]], area: BaseGeometry, settings: Scenes
) -> NoScenes:
    """The error where nothing is taken: the box of the area, and the scenes that come nearest."""
    nearest = sorted(misses, key=lambda miss: _measure_miss(miss[1], miss[2], area, settings))
    problems = [
        Problem(name, ", ".join(one.found for one in reasons), ", ".join(one.wanted for one in reasons))
        for name, _, reasons in nearest[:_NEAREST_MISSES]
    ]
    span = f"from {settings.start} to {settings.end}"
    nothing = Problem("scenes", "an empty answer", f"scenes {span} over {_tell_box(area)}")
    return NoScenes(
        f"No scene {span} over the area, {_tell_box(area)}; of {len(misses)} items the nearest",
        problems or [nothing],
    )


def _measure_miss(
    candidate: Candidate | str, reasons: Sequence[_Reason], area: BaseGeometry, settings: Scenes
) -> tuple[float, ...]:
    """By what scenes that are not taken are ordered: how much is amiss, days, degrees, cloud."""
    if isinstance(candidate, str):
        return (math.inf,)
    day = candidate.scene.datetime.date()
    days = max(0, (settings.start - day).days, (day - settings.end).days)
    return len(reasons), days, candidate.outline.distance(area), candidate.scene.cloud_percent


def _tell_box(outline: BaseGeometry) -> str:
    """The box of an outline in degrees: longitudes, latitudes."""
    west, south, east, north = outline.bounds
    return f"{west:.3f} to {east:.3f} E and {south:.3f} to {north:.3f} N"


def _rank(candidate: Candidate, preference: Sequence[str]) -> int:
    """The place of a candidate's collection among those preferred, the first 0; else after all of them."""
    ranks = {collection: rank for rank, collection in enumerate(preference)}
    return ranks.get(candidate.collection, len(ranks))


def _count_passes(over: Sequence[Candidate], area: BaseGeometry, settings: Scenes) -> dict[Mission, Passes]:
    """Passes by mission. The last one of any mission ends the time that is looked at.

    What lies in the future of a catalogue is thus not missed; nor is simulated weather, which is a choice
    of passes.
    """
    turn = timedelta(hours=find_centre(area)[0] / 15)
    days = {
        mission: {(one.scene.datetime + turn).date() for one in over if one.scene.mission == mission}
        for mission in settings.missions
    }
    until = max(one.scene.datetime.date() for one in over)
    simulated = any(one.scene.simulated for one in over)
    passes: dict[Mission, Passes] = {}
    for mission, found in days.items():
        sensor = SENSORS[mission]
        expected = None
        if sensor.revisit_days and sensor.complete_since and not simulated:
            since = max(settings.start, sensor.complete_since)
            expected = max(0, (until - since).days + 1) // sensor.revisit_days
        passes[mission] = Passes(len(found), expected)
    return passes


def _explain_no_zone(moment: datetime) -> str:
    return (
        f"time {moment.replace(tzinfo=None).isoformat()} without a zone: write it with one (Z for UTC), "
        "or take all such times as UTC by times_without_zone: utc"
    )
