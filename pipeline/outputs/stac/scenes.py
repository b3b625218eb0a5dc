"""The scenes behind a delivery as STAC items of its own, so that rasters can be traced without a network."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pystac
import shapely

from pipeline.contracts import Delivery, Raster
from pipeline.periods import as_utc

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_CLOUD_EXTENSION = "https://stac-extensions.github.io/eo/v1.1.0/schema.json"
_TOLD = ("platform", "tile", "baseline", "offset_source", "offset_evidence", "item_sha256", "simulated")
"""What the table of scenes says of one beside what STAC has a name for."""


def build_scene_items(delivery: Delivery, folder: Path) -> dict[str, pystac.Item]:
    """The items of all scenes by id, to be written into `scenes`; without files, which their provider has.

    Each has the checksum of the item that the provider gave, and a link (`canonical`) to it where that is on
    the network and tells its address.
    """
    return {row["id"]: _build_item(row, folder) for row in delivery.scenes.to_dict("records")}


def link_scenes(item: pystac.Item, raster: Raster, sources: Mapping[str, pystac.Item]) -> None:
    """Link the item of a raster with those of the scenes of its days (UTC), as what it is derived from."""
    for source in sources.values():
        moment = source.datetime
        if moment is not None and raster.first_day <= as_utc(moment).date() <= raster.last_day:
            href = f"../scenes/{Path(source.self_href).name}"
            item.add_link(pystac.Link("derived_from", href, pystac.MediaType.GEOJSON, source.id))


def _build_item(row: Mapping[Any, Any], folder: Path) -> pystac.Item:
    outline = row.get("geometry")
    cloud = {"eo:cloud_cover": row["cloud_percent"]} if row["cloud_percent"] >= 0 else {}
    told = {f"ecoledger:{name}": row[name] for name in _TOLD if name in row}
    item = pystac.Item(
        id=row["id"],
        geometry=None if outline is None else shapely.geometry.mapping(outline),
        bbox=None if outline is None else list(outline.bounds),
        datetime=row["datetime"].to_pydatetime(),
        properties={
            "mission": row["mission"],
            **cloud,
            **told,
        },
        stac_extensions=[_CLOUD_EXTENSION] if cloud else [],
        href=str(folder / "scenes" / f"{_name_file(row['id'])}.json"),
    )
    if row.get("item_href"):
        item.add_link(pystac.Link("canonical", row["item_href"], pystac.MediaType.GEOJSON))
    return item


def _name_file(scene: str) -> str:
    """The id of a scene, or what of it can be part of a name with a checksum that tells it from others."""
    safe = _UNSAFE.sub("_", scene)
    return safe if safe == scene else f"{safe}-{hashlib.sha256(scene.encode()).hexdigest()[:8]}"
