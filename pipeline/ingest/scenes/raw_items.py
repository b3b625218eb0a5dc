"""A STAC item as far as it says anything: what is null or odd in it says nothing, and rejects no more."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pystac
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from pipeline.addresses import recall
from pipeline.geodesy import wrap_outline
from pipeline.periods import as_utc

UNREADABLE = "ecoledger:unreadable"
"""Where a reader of files says in an item why there is none."""

UNANSWERED = "ecoledger:unanswered"
"""Set in an item that its host did not give, so that it is asked for again."""

ZONELESS = "times without a zone are taken as UTC"
"""What is assumed of such items, in words."""

NOT_STAC = (ValueError, KeyError, AttributeError, TypeError, RecursionError)
"""What is raised on JSON of another shape."""

_ADDRESS = re.compile(r"(?P<scheme>https?://)(?:[^/?#]*@)?(?P<place>[^/?#@\s]+(?:/[^?#\s]*)?)", re.IGNORECASE)
_LONGEST = timedelta(days=1)
_DAY = len("20240501")
_TURN = 360.0
_NO_OUTLINE = (AttributeError, IndexError, KeyError, TypeError, ValueError, ShapelyError)
"""What shapely raises of what is no geometry."""


@dataclass(frozen=True)
class Item:
    """What an item says: properties, files by key, outline (longitude, latitude), time (UTC), if it does.

    `zoned` tells whether its time has a zone; without one it is read as UTC, on every machine. `href` is its
    own address on the network, without user, signature or key; empty if it has none.
    """

    id: str
    collection: str
    said: Mapping[str, Any]
    assets: Mapping[str, pystac.Asset]
    outline: BaseGeometry | None
    moment: datetime | None
    zoned: bool = True
    href: str = ""


def read_item(raw: Any) -> Item | None:
    """What a raw item says; None for what is no item: no JSON object of type Feature."""
    if not isinstance(raw, dict) or raw.get("type") != "Feature":
        return None
    said = raw.get("properties")
    said = said if isinstance(said, dict) else {}
    times = [moment for key in ("datetime", "start_datetime") if (moment := _parse(said.get(key)))]
    return Item(
        id=_text(raw.get("id")),
        collection=_text(raw.get("collection")),
        said=said,
        assets={key: _read_asset(asset) for key, asset in list_files(raw)},
        outline=_read_outline(raw),
        moment=_read_moment(said),
        zoned=not times or times[0].tzinfo is not None,
        href=next(_list_addresses(raw), ""),
    )


def list_files(raw: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The assets of a raw item that name a file, by key."""
    assets = raw.get("assets")
    for key, asset in assets.items() if isinstance(assets, dict) else ():
        if isinstance(asset, dict) and isinstance(asset.get("href"), str) and asset["href"]:
            yield key, asset


def _list_addresses(raw: Mapping[str, Any]) -> Iterator[str]:
    """Where the item says that it is, without what comes behind `?` or before `@`, where secrets stand."""
    links = raw.get("links")
    for link in links if isinstance(links, list) else ():
        href = link.get("href") if isinstance(link, dict) and link.get("rel") == "self" else None
        if isinstance(href, str) and (plain := _ADDRESS.match(href.strip())) and "${" not in href:
            yield f"{plain['scheme']}{plain['place']}"


def _read_asset(said: dict[str, Any]) -> pystac.Asset:
    """An asset with all that is known of its address, of which pystac would make a mere text."""
    asset = pystac.Asset.from_dict(said)
    asset.href = recall(said["href"])
    return asset


def read_time(text: Any) -> datetime | None:
    """A moment in UTC from a text of ISO 8601 with a day at least; None for anything else."""
    moment = _parse(text)
    return as_utc(moment) if moment else None


def read_number(said: Any) -> float:
    """A number, also one written as text; NaN for anything else."""
    try:
        return float(str(said).removesuffix("%"))
    except ValueError:
        return math.nan


def _parse(text: Any) -> datetime | None:
    if not isinstance(text, str) or len(text.strip()) < _DAY:
        return None
    try:
        return pystac.utils.str_to_datetime(text.strip())
    except (ValueError, OverflowError):
        return None


def _text(said: Any) -> str:
    return "" if said is None else str(said)


def _read_moment(said: Mapping[str, Any]) -> datetime | None:
    """When it was taken; the middle of a span, unless the span is too long for one pass."""
    if moment := read_time(said.get("datetime")):
        return moment
    start, end = (read_time(said.get(f"{edge}_datetime")) for edge in ("start", "end"))
    if start is None or end is None or not timedelta(0) <= end - start <= _LONGEST:
        return None
    return start + (end - start) / 2


def _read_outline(raw: Mapping[str, Any]) -> BaseGeometry | None:
    """The geometry of an item, else its bbox; None where neither has an area."""
    for build in (_read_geometry, _read_bbox):
        try:
            outline = build(raw)
        except _NO_OUTLINE:
            continue
        if outline.area > 0:
            return wrap_outline(outline)
    return None


def _read_geometry(raw: Mapping[str, Any]) -> BaseGeometry:
    outline = shape(raw["geometry"])
    return outline if outline.is_valid else shapely.make_valid(outline)


def _read_bbox(raw: Mapping[str, Any]) -> BaseGeometry:
    """A bbox of two or three dimensions; one whose west lies east of its east crosses 180 degrees."""
    bbox = [float(edge) for edge in raw["bbox"]]
    half = len(bbox) // 2
    west, south, east, north = bbox[0], bbox[1], bbox[half], bbox[half + 1]
    box: BaseGeometry = shapely.box(west, south, east + _TURN * (east < west), north)
    return box
