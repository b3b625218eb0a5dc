"""Whatever a provider called it, here it means one thing: a raw STAC item becomes a candidate scene.

Nothing is guessed: what an item does not say is looked for in its id, and else stays empty.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pystac
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import Asset, Scene
from pipeline.geodesy import wrap_outline
from pipeline.ingest.reading.radiometry import Statement
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.figures import UnusableItem, describe_asset, list_statements
from pipeline.ingest.scenes.sensors import Sensor, sensor_of

_LONGEST = timedelta(days=1)
_MISCHIEF = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    pystac.STACError,
    pystac.STACTypeError,
    ShapelyError,
)
"""What an item of another shape makes pystac, shapely and us raise."""

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
    processings of one acquisition, the better one last. `statements` are what it states of the offset.
    """

    scene: Scene
    outline: BaseGeometry
    statements: tuple[Statement, ...]
    acquisition: str
    collection: str = ""
    processing: tuple[str, ...] = ()


def candidate_of(raw: RawItem) -> Candidate | str:
    """What a raw item says; or, in a few words, why it cannot be used."""
    try:
        item = pystac.Item.from_dict(raw, migrate=False)
        return _candidate(raw, item)
    except _MISCHIEF:
        return "not a STAC item"
    except UnusableItem as error:
        return str(error)


def _candidate(raw: RawItem, item: pystac.Item) -> Candidate | str:
    said, known = item.properties, _names(item)
    sensor = sensor_of(_read_platform(item) or known.get("platform", ""), item.collection_id or "")
    if sensor is None:
        return "no known sensor"
    mask = _first(item, sensor.mask.keys) if sensor.mask else None
    moment, files = _moment(item), _files(item, sensor)
    assets = {band: describe_asset(file, sensor.bands[band].packing) for band, file in files.items()}
    lacking = [
        word
        for word, found in (
            ("id", item.id),
            ("outline", item.geometry),
            ("time", moment),
            ("clear mask", mask or not sensor.mask),
            ("band", assets),
        )
        if not found
    ]
    if lacking or moment is None or item.geometry is None:
        return f"no {', no '.join(lacking)}"
    platform = _platform(item, sensor, known)
    tile = _tile(said, known)
    scene = Scene(
        id=item.id,
        mission=sensor.mission,
        platform=platform,
        datetime=moment,
        tile=tile,
        baseline=_baseline(said, known),
        updated=_read_update(said),
        cloud_percent=_number(said.get("eo:cloud_cover")),
        crs=_crs(item, mask or _first(item, next(iter(sensor.bands.values())).keys)),
        assets=assets,
        mask=Asset(mask.href, nodata=sensor.mask.nodata) if mask and sensor.mask else None,
        offset_source="product",
        offset_evidence=f"{sensor.mission}: scale and offset of the product",
        offset_conflict=False,
        item_sha256=_content_checksum(raw),
        simulated=bool(said.get("ecoledger:simulated", False)),
        orbit=str(said.get("sat:absolute_orbit", "")) if sensor.look == "orbit" else "",
    )
    outline = wrap_outline(shape(item.geometry))
    where = tile or str([round(edge, 3) for edge in outline.bounds])
    started = known.get("started") or f"{moment:%Y%m%dT%H%M}"
    acquisition = " ".join((platform, started, known.get("place", where), known.get("strip", "")))
    processing = (scene.baseline, known.get("tier", ""), known.get("processed", ""), scene.updated, scene.id)
    statements = list_statements(said, files, sensor, scene.baseline)
    return Candidate(scene, outline, statements, acquisition, item.collection_id or "", processing)


def _names(item: pystac.Item) -> dict[str, str]:
    """What the names of an item give away: platform, tile, baseline, start of sensing, strip, tier."""
    said = item.properties
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


def _read_platform(item: pystac.Item) -> str:
    return str(item.properties.get("platform") or "").lower().replace("_", "-")


def _platform(item: pystac.Item, sensor: Sensor, known: dict[str, str]) -> str:
    """As the sensor table writes it; where the item names no satellite, as its names do, else the mission."""
    said = _read_platform(item)
    return said if said in sensor.platforms else known.get("platform") or sensor.mission


def _tile(said: dict[str, Any], known: dict[str, str]) -> str:
    path, row = said.get("landsat:wrs_path"), said.get("landsat:wrs_row")
    if path and row:
        return f"WRS2-{str(path).zfill(3)}{str(row).zfill(3)}"
    told = str(said.get("grid:code") or said.get("s2:mgrs_tile") or known.get("tile", ""))
    mgrs = _MGRS.fullmatch(told)
    return f"MGRS-{mgrs[1].zfill(2)}{mgrs[2]}" if mgrs else told


def _baseline(said: dict[str, Any], known: dict[str, str]) -> str:
    """With two digits before and behind the point, so that baselines compare as text."""
    told = str(
        said.get("s2:processing_baseline") or said.get("processing:version") or known.get("baseline", "")
    )
    return f"{float(told):05.2f}" if re.fullmatch(r"\d{1,2}\.\d{1,2}", told) else told


def _read_update(said: dict[str, Any]) -> str:
    told = said.get("updated") or said.get("created") or said.get("s2:generation_time")
    return f"{_utc(str(told)):%Y-%m-%dT%H:%M:%SZ}" if told else ""


def _moment(item: pystac.Item) -> datetime | None:
    """When it was taken; the middle of a span, unless the span is too long for one pass."""
    if item.datetime is not None:
        return item.datetime.astimezone(UTC)
    start, end = (_utc(str(item.properties[key])) for key in ("start_datetime", "end_datetime"))
    return start + (end - start) / 2 if timedelta(0) <= end - start <= _LONGEST else None


def _utc(text: str) -> datetime:
    return pystac.utils.str_to_datetime(text).astimezone(UTC)


def _first(item: pystac.Item, keys: Iterable[str]) -> pystac.Asset | None:
    return next((item.assets[key] for key in keys if key in item.assets), None)


def _files(item: pystac.Item, sensor: Sensor) -> dict[str, pystac.Asset]:
    """The files of an item by band."""
    found = {band: _first(item, entry.keys) for band, entry in sensor.bands.items()}
    return {band: file for band, file in found.items() if file is not None}


def _crs(item: pystac.Item, asset: pystac.Asset | None) -> str:
    fields = [asset.extra_fields if asset else {}, item.properties]
    codes = [field["proj:code"] for field in fields if field.get("proj:code")]
    numbers = [f"EPSG:{field['proj:epsg']}" for field in fields if field.get("proj:epsg")]
    return next(iter([*codes, *numbers]), "")


def _number(said: Any) -> float:
    return float("nan") if said is None else float(said)


def _content_checksum(raw: RawItem) -> str:
    """Checksum of what an item says, wherever its files lie."""
    files = {key: {**asset, "href": asset["href"].rpartition("/")[2]} for key, asset in raw["assets"].items()}
    text = json.dumps({**raw, "assets": files, "links": []}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
