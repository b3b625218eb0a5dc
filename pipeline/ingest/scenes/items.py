"""Whatever a provider called it, here it means one thing: a raw STAC item becomes a candidate scene.

Nothing is guessed: what an item does not say is looked for in its id, and else stays empty.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry

from pipeline.contracts import Asset, Scene
from pipeline.ingest.reading.radiometry import Statement
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.bands import BandFile, UnusableItem, find_band
from pipeline.ingest.scenes.figures import (
    describe_asset,
    describe_content,
    describe_mask,
    list_assumptions,
    list_statements,
)
from pipeline.ingest.scenes.raw_items import (
    UNREADABLE,
    ZONELESS,
    Item,
    list_files,
    read_item,
    read_number,
    read_time,
)
from pipeline.ingest.scenes.sensors import Sensor, sensor_of
from pipeline.redaction import redact

_WHOLE = 100

_PRODUCT = re.compile(r"(S2[A-Z])_MSIL2A_(\d{8}T\d{6})_(?:N(\d{2})(\d{2})_)?(?:R\d{3}_)?T(\d{2}[A-Z]{3})")
_DATATAKE = re.compile(r"G(S2[A-Z])_(\d{8}T\d{6})_")
_SATELLITE = re.compile(r"S2([A-Z])_")
_STRIP = re.compile(r"_S(\d{8}T\d{6})")
_LANDSAT = re.compile(r"L[CTEO](0[45789])_L2S[PR]_(\d{6})_(\d{8})_(?:(\d{8})_)?\d{2}_(RT|T1|T2)")
_MGRS = re.compile(r"(?:MGRS-)?(\d{1,2})([A-Z]{3})")
_TIERS = {"T1": "2", "T2": "1", "RT": "0"}


@dataclass(frozen=True)
class Candidate:
    """A scene as its item tells it, and its outline (longitude, latitude).

    `acquisition` names what the satellite took, whoever processed it, however often: satellite, start of
    sensing, tile and datastrip; satellite, path and row, and day for Landsat. `processing` orders the
    processings of one acquisition, the better one last. `statements` are what it states of the offset,
    `assumptions` what is assumed where it says nothing.
    """

    scene: Scene
    outline: BaseGeometry
    statements: tuple[Statement, ...]
    acquisition: str
    collection: str = ""
    processing: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


def candidate_of(raw: RawItem) -> Candidate | str:
    """What a raw item says; or, in a few words, why it cannot be used."""
    if reason := raw.get(UNREADABLE):
        return str(reason)
    item = read_item(raw)
    try:
        return _candidate(raw, item) if item else "not a STAC item"
    except UnusableItem as error:
        return str(error)


def _candidate(raw: RawItem, item: Item) -> Candidate | str:
    said, known = item.said, _names(item)
    sensor = sensor_of(_read_platform(item) or known.get("platform", ""), item.collection)
    if sensor is None:
        return "no known sensor"
    mask = find_band(item, sensor.mask.keys) if sensor.mask else None
    files = _files(item, sensor)
    needed = {
        "id": item.id,
        "outline": item.outline,
        _name_time(said): item.moment,
        "clear mask": mask or not sensor.mask,
        "band": files,
    }
    lacking = [word for word, found in needed.items() if not found]
    if lacking or item.moment is None or item.outline is None:
        return ", ".join(f"no {word}" for word in lacking)
    scene = _build_scene(
        item, sensor, known, mask, files, moment=item.moment, checksum=_content_checksum(raw)
    )
    processing = (scene.baseline, known.get("tier", ""), known.get("processed", ""), scene.updated, scene.id)
    return Candidate(
        scene,
        item.outline,
        list_statements(said, files, sensor, scene.baseline),
        _name_acquisition(scene, item.outline, known),
        item.collection,
        processing,
        (*(() if item.zoned else (ZONELESS,)), *list_assumptions(files, sensor)),
    )


def _build_scene(
    item: Item,
    sensor: Sensor,
    known: dict[str, str],
    mask: BandFile | None,
    files: Mapping[str, BandFile],
    *,
    moment: datetime,
    checksum: str,
) -> Scene:
    said = item.said
    spoilt = find_band(item, sensor.saturation.keys) if sensor.saturation else None
    return Scene(
        id=item.id,
        mission=sensor.mission,
        platform=_platform(item, sensor, known),
        datetime=moment,
        tile=_tile(said, known),
        baseline=_baseline(said, known),
        updated=_read_update(said),
        cloud_percent=_read_cloud(said),
        crs=_crs(item, mask or next(iter(files.values()))),
        assets={band: describe_asset(band, file, sensor.bands[band].packing) for band, file in files.items()},
        mask=describe_mask(mask, sensor.mask.nodata) if mask and sensor.mask else None,
        offset_source="product",
        offset_evidence=f"{sensor.mission}: scale and offset of the product",
        offset_conflict=False,
        item_sha256=checksum,
        simulated=bool(said.get("ecoledger:simulated", False)),
        orbit=str(said.get("sat:absolute_orbit", "")) if sensor.look == "orbit" else "",
        saturation=Asset(spoilt.href, band=spoilt.band, **describe_content(spoilt)) if spoilt else None,
        item_href=item.href,
    )


def _name_acquisition(scene: Scene, outline: BaseGeometry, known: dict[str, str]) -> str:
    """What the satellite took: its name, the start of sensing, the place and the datastrip."""
    where = scene.tile or str([round(edge, 3) for edge in outline.bounds])
    started = known.get("started") or f"{scene.datetime:%Y%m%dT%H%M}"
    return " ".join((scene.platform, started, known.get("place", where), known.get("strip", "")))


def _names(item: Item) -> dict[str, str]:
    """What the names of an item give away: platform, tile, baseline, start of sensing, strip, tier."""
    said = item.said
    told: dict[str, str] = {}
    for text in (item.id, str(said.get("s2:product_uri", ""))):
        if product := _PRODUCT.match(text):
            letter, started, high, low, tile = product.groups()
            told |= {"platform": f"sentinel-2{letter[2].lower()}", "started": started, "tile": tile}
            told |= {"baseline": f"{high}.{low}"} if high else {}
        elif landsat := _LANDSAT.match(text):
            number, path_row, day, processed, tier = landsat.groups()
            told |= {"platform": f"landsat-{int(number)}", "started": day, "place": path_row}
            told |= {"tier": _TIERS[tier], "processed": processed or ""}
    datatake = _DATATAKE.match(str(said.get("s2:datatake_id") or said.get("eopf:datatake_id") or ""))
    if datatake:
        told |= {"platform": f"sentinel-2{datatake[1][2].lower()}", "started": datatake[2]}
    elif "platform" not in told and (satellite := _SATELLITE.match(item.id)):
        told["platform"] = f"sentinel-2{satellite[1].lower()}"
    strip = _STRIP.search(str(said.get("s2:datastrip_id") or said.get("eopf:datastrip_id") or ""))
    return told | ({"strip": strip[1]} if strip else {})


def _read_platform(item: Item) -> str:
    return str(item.said.get("platform") or "").lower().replace("_", "-")


def _platform(item: Item, sensor: Sensor, known: dict[str, str]) -> str:
    """As the sensor table writes it; where the item names no satellite, as its names do, else the mission."""
    said = _read_platform(item)
    return said if said in sensor.platforms else known.get("platform") or sensor.mission


def _tile(said: Mapping[str, Any], known: dict[str, str]) -> str:
    path, row = said.get("landsat:wrs_path"), said.get("landsat:wrs_row")
    if path and row:
        return f"WRS2-{str(path).zfill(3)}{str(row).zfill(3)}"
    told = str(said.get("grid:code") or said.get("s2:mgrs_tile") or known.get("tile", ""))
    mgrs = _MGRS.fullmatch(told)
    return f"MGRS-{mgrs[1].zfill(2)}{mgrs[2]}" if mgrs else told


def _baseline(said: Mapping[str, Any], known: dict[str, str]) -> str:
    """With two digits before and behind the point, so that baselines compare as text."""
    told = str(
        said.get("s2:processing_baseline") or said.get("processing:version") or known.get("baseline", "")
    )
    return f"{float(told):05.2f}" if re.fullmatch(r"\d{1,2}\.\d{1,2}", told) else told


def _read_update(said: Mapping[str, Any]) -> str:
    times = [read_time(said.get(key)) for key in ("updated", "created", "s2:generation_time")]
    return next((f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in times if moment), "")


def _read_cloud(said: Mapping[str, Any]) -> float:
    """Clouds in percent; NaN for what is none, such as the -1 of Landsat for what is not known."""
    percent = read_number(said.get("eo:cloud_cover"))
    return percent if 0 <= percent <= _WHOLE else math.nan


def _name_time(said: Mapping[str, Any]) -> str:
    """The word for a time, with what stands in its place."""
    return f"time that can be read ({said['datetime']!r})" if said.get("datetime") else "time"


def _files(item: Item, sensor: Sensor) -> dict[str, BandFile]:
    """The files of an item by band."""
    found = {band: find_band(item, entry.keys) for band, entry in sensor.bands.items()}
    return {band: file for band, file in found.items() if file is not None}


def _crs(item: Item, file: BandFile) -> str:
    fields = [file.asset.extra_fields, item.said]
    codes = [str(field["proj:code"]) for field in fields if field.get("proj:code")]
    numbers = [read_number(field.get("proj:epsg")) for field in fields]
    return next(iter([*codes, *(f"EPSG:{number:.0f}" for number in numbers if number > 0)]), "")


def _content_checksum(raw: RawItem) -> str:
    """Checksum of what an item says, wherever its files lie."""
    files = {key: {**asset, "href": _name_file(asset["href"])} for key, asset in list_files(raw)}
    text = json.dumps({**raw, "assets": files, "links": []}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _name_file(href: str) -> str:
    """The name of a file without its place, and without what a signature leaves behind."""
    return (redact(href) if "://" in href else href).rpartition("/")[2]
