"""The STAC catalogue of a delivery: catalog.json, the collection under it, an item each raster and scene."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pystac

from pipeline.contracts import Delivery
from pipeline.outputs.provenance import build_licence_line
from pipeline.outputs.stac.items import build_raster_item
from pipeline.outputs.stac.products import FILE_EXTENSION, TABLE_EXTENSION, list_products
from pipeline.outputs.stac.scenes import build_scene_items
from pipeline.outputs.texts import find_text
from pipeline.storage.delivered import FileFacts


def write_stac_catalog(delivery: Delivery, folder: Path, measured: Mapping[str, FileFacts]) -> list[Path]:
    """Write catalog.json, collection.json, items/ and scenes/ into a folder that holds all else.

    `measured` are its files by their place in the folder. Items are of rasters, linked (`derived_from`) with
    those of the scenes of their time; every other file is an asset of the collection.
    """
    catalog = _build_catalog(delivery, folder)
    collection = _build_collection(delivery, folder, measured)
    catalog.add_child(collection, set_parent=True)
    collection.set_self_href(str(folder / "collection.json"))
    sources = build_scene_items(delivery, folder)
    for source in sources.values():
        source.set_root(catalog)
    items = [build_raster_item(raster, delivery, folder, measured, sources) for raster in delivery.rasters]
    collection.add_items(items)
    for item in items:
        item.set_self_href(str(folder / "items" / f"{item.id}.json"))
    return sorted(_save_entries([catalog, collection, *items, *sources.values()]))


def _save_entries(entries: Iterable[pystac.STACObject]) -> list[Path]:
    return [_save_entry(entry, Path(entry.self_href)) for entry in entries]


def _save_entry(entry: pystac.STACObject, path: Path) -> Path:
    # pystac's own writer turns Chinese into escapes.
    path.parent.mkdir(exist_ok=True)
    content = entry.to_dict(include_self_link=False)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def _build_catalog(delivery: Delivery, folder: Path) -> pystac.Catalog:
    return pystac.Catalog(
        id=f"{delivery.aoi.id}-{delivery.label}",
        title=_write_title(delivery),
        description=_write_description(delivery),
        href=str(folder / "catalog.json"),
        catalog_type=pystac.CatalogType.SELF_CONTAINED,
        extra_fields={"ecoledger:simulated": delivery.simulated},
    )


def _build_collection(
    delivery: Delivery, folder: Path, measured: Mapping[str, FileFacts]
) -> pystac.Collection:
    """The collection of an area and a label, which is what a STAC API or a database takes in."""
    collection = pystac.Collection(
        id=delivery.name_file(""),
        title=_write_title(delivery),
        description=f"{_write_description(delivery)}\n\n{build_licence_line(delivery)}",
        href=str(folder / "collection.json"),
        license="other",
        providers=[pystac.Provider(delivery.organisation, roles=[pystac.ProviderRole.PRODUCER])]
        if delivery.organisation
        else None,
        extent=_find_extent(delivery),
        keywords=[delivery.aoi.name_zh if delivery.language == "zh" else delivery.aoi.name_en],
        extra_fields=_describe_delivery(delivery),
        stac_extensions=[FILE_EXTENSION, TABLE_EXTENSION],
    )
    for key, asset in list_products(delivery, folder, measured):
        collection.add_asset(key, asset)
    return collection


def _describe_delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "ecoledger:aoi": delivery.aoi.id,
        "ecoledger:label": delivery.label,
        "ecoledger:simulated": delivery.simulated,
        "ecoledger:periods": [period.label for period in delivery.periods],
        "item_assets": {"data": {"type": pystac.MediaType.COG, "roles": ["data"]}},
        "summaries": {"proj:code": [delivery.grid.crs]},
    }


def _find_extent(delivery: Delivery) -> pystac.Extent:
    first = datetime.combine(delivery.periods[0].first, time.min, UTC)
    last = datetime.combine(delivery.periods[-1].last, time(23, 59, 59), UTC)
    return pystac.Extent(
        pystac.SpatialExtent([[round(side, 9) for side in delivery.aoi.geometry.bounds]]),
        pystac.TemporalExtent([[first, last]]),
    )


def _write_title(delivery: Delivery) -> str:
    name = delivery.aoi.name_zh if delivery.language == "zh" else delivery.aoi.name_en
    return f"{name} {delivery.label}{_build_mark(delivery)}"


def _write_description(delivery: Delivery) -> str:
    return find_text("catalog.about", delivery.language) + _build_mark(delivery)


def _build_mark(delivery: Delivery) -> str:
    return find_text("simulated.mark", delivery.language) if delivery.simulated else ""
