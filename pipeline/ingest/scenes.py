"""Scenes: whatever a provider called it, here it means one thing; duplicates dropped, offsets decided."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pystac
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import SCENE_TABLE, Asset, Scene, checked
from pipeline.errors import BrokenAsset, NoScenes, Problem
from pipeline.geodesy import CGCS2000
from pipeline.ingest.assets import footprint, read_thinned
from pipeline.ingest.providers import RawItem
from pipeline.ingest.radiometry import decide_offset, offset_in_pixels
from pipeline.ingest.sensors import OLI_BANDPASS, Sensor, sensor_of
from pipeline.settings import Scenes

_SNIFF_EDGE_PX = 400
_FULL_READ = 2
_NEAREST_MISSES = 8
_DATASTRIP_SENSING = re.compile(r"_S(\d{8}T\d{6})")
_PLATFORM_IN_ID = re.compile(r"S2([A-C])_")
_BASELINE_IN_ID = re.compile(r"_N(\d{2})(\d{2})_")
_TILE_IN_ID = re.compile(r"_T(\d{2}[A-Z]{3})_")


@dataclass(frozen=True)
class Candidate:
    """A scene as its item tells it, its outline (longitude, latitude), the offset in DN that it states."""

    scene: Scene
    outline: BaseGeometry
    stated_dn: int | None
    datastrip: str


def candidate_of(raw: RawItem) -> Candidate | None:
    """What a raw item says; None if it is no item, of no known sensor, or has no mask, outline or time."""
    try:
        digest = _content_checksum(raw)
        item = pystac.Item.from_dict(raw, migrate=False)
    except (KeyError, ValueError, TypeError, pystac.STACError, pystac.STACTypeError):
        return None
    said = item.properties
    sensor = sensor_of(str(said.get("platform", "")), item.collection_id or "")
    mask = _first(item, sensor.mask) if sensor else None
    if sensor is None or mask is None or not item.id or item.geometry is None or item.datetime is None:
        return None
    scene = Scene(
        id=item.id,
        mission=sensor.mission,
        platform=_platform(item, sensor),
        datetime=item.datetime.astimezone(UTC),
        tile=str(said.get("grid:code") or said.get("s2:mgrs_tile") or _wrs(said) or _tile_in(item.id)),
        baseline=_baseline(item),
        updated=str(said.get("updated") or said.get("created") or said.get("s2:generation_time") or ""),
        cloud_percent=_number(said.get("eo:cloud_cover")),
        crs=_crs(item, mask),
        assets=_assets(item, sensor),
        mask=Asset(href=mask.href, nodata=sensor.mask_nodata),
        offset_source="product",
        offset_evidence=f"{sensor.mission}: scale and offset of the product",
        offset_conflict=False,
        item_sha256=digest,
        simulated=bool(said.get("ecoledger:simulated", False)),
    )
    strip = _DATASTRIP_SENSING.search(str(said.get("s2:datastrip_id") or said.get("eopf:datastrip_id") or ""))
    return Candidate(scene, shape(item.geometry), _stated_dn(item, sensor), strip[1] if strip else "")


def choose(items: Iterable[RawItem], geometry: BaseGeometry, settings: Scenes) -> list[Candidate]:
    """Candidates of the wanted missions, days and cloudiness that meet a geometry, by time, then id.

    Of several processings of one pass the highest baseline, then the newest, stays; passes that were
    downlinked in two datastrips both stay. Raises NoScenes with the nearest misses.
    """
    wanted: list[Candidate] = []
    misses: list[Problem] = []
    for raw in items:
        candidate = candidate_of(raw)
        reason = _unwanted(candidate, geometry, settings) if candidate else "an item of no known sensor"
        if candidate and not reason:
            wanted.append(candidate)
        else:
            misses.append(Problem(str(raw.get("id")), reason, "what scenes: asks for"))
    if not wanted:
        raise NoScenes(
            f"No scene from {settings.start} to {settings.end} over the area; the nearest misses",
            misses[:_NEAREST_MISSES] or [Problem("scenes", "an empty answer", "at least one scene")],
        )
    newest = {_pass(one): one for one in sorted(wanted, key=_processing)}
    return sorted(newest.values(), key=lambda one: (one.scene.datetime, one.scene.id))


def decided(candidate: Candidate) -> Scene:
    """The scene with its radiometric offset decided: by pixels, raster:bands or baseline (Sentinel-2)."""
    scene = candidate.scene
    if scene.mission != "sentinel-2":
        return scene
    decision = decide_offset(_sniffed(scene), candidate.stated_dn, scene.baseline)
    assets = {
        band: replace(asset, offset=round(decision.dn * asset.scale, 9))
        for band, asset in scene.assets.items()
    }
    return replace(
        scene,
        assets=assets,
        offset_source=decision.source,
        offset_evidence=decision.evidence,
        offset_conflict=decision.conflict,
    )


def analysis_assets(scene: Scene, bands: Sequence[str], *, harmonised: bool) -> dict[str, Asset]:
    """Assets by band of the analysis, their scale and offset brought to the OLI bandpass if asked for.

    Bands that the scene lacks are left out. Harmonised, the near infrared of Sentinel-2 is B8A, else B08;
    a Sentinel-2 that neither its item nor its id names counts as A, whose bandpass differs by up to 0.02.
    """
    if scene.mission != "sentinel-2" or not harmonised:
        return {band: scene.assets[band] for band in bands if band in scene.assets}
    bandpass = OLI_BANDPASS.get(scene.platform, OLI_BANDPASS["sentinel-2a"])
    found = {}
    for band in bands:
        source = "nir08" if band == "nir" else band
        if source in scene.assets and source in bandpass:
            slope, shift = bandpass[source]
            asset = scene.assets[source]
            found[band] = replace(asset, scale=slope * asset.scale, offset=slope * asset.offset + shift)
    return found


def to_table(scenes: Sequence[Scene], outlines: Sequence[BaseGeometry]) -> gpd.GeoDataFrame:
    """Scenes and their outlines as the SceneTable; `assets` and `mask` as JSON text."""
    rows = [{**asdict(scene), "assets": _json(scene.assets), "mask": _json(scene.mask)} for scene in scenes]
    return checked(gpd.GeoDataFrame(rows, geometry=list(outlines), crs=CGCS2000), SCENE_TABLE)


def from_table(table: gpd.GeoDataFrame) -> list[Scene]:
    """The scenes of a SceneTable."""
    return [
        Scene(
            **{
                **row,
                "datetime": row["datetime"].to_pydatetime(),
                "assets": {band: Asset(**asset) for band, asset in json.loads(row["assets"]).items()},
                "mask": Asset(**json.loads(row["mask"])),
            }
        )
        for row in table.drop(columns="geometry").to_dict("records")
    ]


def _content_checksum(raw: RawItem) -> str:
    """Checksum of what an item says, wherever its files lie."""
    files = {key: {**asset, "href": asset["href"].rpartition("/")[2]} for key, asset in raw["assets"].items()}
    text = json.dumps({**raw, "assets": files, "links": []}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, default=asdict, sort_keys=True)


def _unwanted(candidate: Candidate, geometry: BaseGeometry, settings: Scenes) -> str:
    scene = candidate.scene
    if scene.mission not in settings.missions:
        return f"mission {scene.mission}"
    if not settings.start <= scene.datetime.date() <= settings.end:
        return f"taken on {scene.datetime.date()}"
    if scene.cloud_percent > settings.max_cloud_percent:
        return f"{scene.cloud_percent:g} % cloud"
    if not candidate.outline.intersects(geometry):
        return f"over {[round(edge, 3) for edge in candidate.outline.bounds]}"
    return ""


def _pass(candidate: Candidate) -> tuple[str, ...]:
    scene = candidate.scene
    where = scene.tile or str([round(edge, 3) for edge in candidate.outline.bounds])
    return scene.mission, scene.platform, where, f"{scene.datetime:%Y%m%dT%H%M}", candidate.datastrip


def _processing(candidate: Candidate) -> tuple[str, datetime | str, str]:
    return candidate.scene.baseline.zfill(5), candidate.scene.updated, candidate.scene.id


def _sniffed(scene: Scene) -> tuple[int | None, str]:
    try:
        place = footprint(scene.mask)
        thinned = min(place.height, _SNIFF_EDGE_PX), min(place.width, _SNIFF_EDGE_PX)
        lattice = not place.overviews and place.height * place.width > _SNIFF_EDGE_PX**2 * _FULL_READ
        red = read_thinned(scene.assets["red"], thinned, lattice=lattice)
        classes = read_thinned(scene.mask, thinned, lattice=lattice)
    except KeyError:
        return None, "pixels: no red band"
    except BrokenAsset as error:
        return None, f"pixels: not readable ({error})"
    return offset_in_pixels(red, classes)


def _first(item: pystac.Item, keys: Iterable[str]) -> pystac.Asset | None:
    return next((item.assets[key] for key in keys if key in item.assets), None)


def _assets(item: pystac.Item, sensor: Sensor) -> dict[str, Asset]:
    found = {band: _first(item, keys) for band, keys in sensor.bands.items()}
    return {
        band: Asset(
            href=asset.href,
            scale=_stated(asset, "scale", sensor.scale),
            offset=_stated(asset, "offset", sensor.offset),
            nodata=sensor.nodata,
        )
        for band, asset in found.items()
        if asset is not None
    }


def _stated_dn(item: pystac.Item, sensor: Sensor) -> int | None:
    red = _first(item, sensor.bands["red"])
    offset = _stated(red, "offset", float("nan")) if red else float("nan")
    return None if red is None or math.isnan(offset) else round(offset / _stated(red, "scale", sensor.scale))


def _stated(asset: pystac.Asset, what: str, otherwise: float) -> float:
    """A figure of raster:bands (v1), or of raster:scale and raster:offset on band or asset (v2)."""
    fields = asset.extra_fields
    bands = [*fields.get("raster:bands", []), *fields.get("bands", []), fields]
    stated = [band[key] for band in bands for key in (what, f"raster:{what}") if key in band]
    return float(stated[0]) if stated else otherwise


def _crs(item: pystac.Item, mask: pystac.Asset) -> str:
    fields = [mask.extra_fields, item.properties]
    codes = [field["proj:code"] for field in fields if field.get("proj:code")]
    numbers = [f"EPSG:{field['proj:epsg']}" for field in fields if field.get("proj:epsg")]
    return next(iter([*codes, *numbers]), "")


def _platform(item: pystac.Item, sensor: Sensor) -> str:
    """As the sensor table writes it; where the item does not say, as its id says."""
    said = str(item.properties.get("platform", "")).lower().replace("_", "-")
    named = _PLATFORM_IN_ID.match(item.id)
    if said not in sensor.platforms and named:
        return f"sentinel-2{named[1].lower()}"
    return said or sensor.platforms[0]


def _baseline(item: pystac.Item) -> str:
    said = item.properties.get("s2:processing_baseline") or item.properties.get("processing:version")
    named = _BASELINE_IN_ID.search(item.id)
    return str(said or (f"{named[1]}.{named[2]}" if named else ""))


def _tile_in(item_id: str) -> str:
    named = _TILE_IN_ID.search(item_id)
    return f"MGRS-{named[1]}" if named else ""


def _number(said: Any) -> float:
    return float("nan") if said is None else float(said)


def _wrs(said: dict[str, Any]) -> str:
    path, row = said.get("landsat:wrs_path"), said.get("landsat:wrs_row")
    return f"WRS2-{path}{row}" if path and row else ""
