"""The STAC catalogue of a delivery: its collection, under it one a product, items of rasters, scenes."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pystac

from pipeline.contracts import Delivery, Raster
from pipeline.outputs.provenance import build_licence_line
from pipeline.outputs.stac.items import BANDS_EXTENSION, CLASSES_EXTENSION, build_raster_item
from pipeline.outputs.stac.products import FILE_EXTENSION, TABLE_EXTENSION, list_products
from pipeline.outputs.stac.scenes import build_scene_items
from pipeline.outputs.texts import find_text
from pipeline.storage.delivered import FileFacts

_PRODUCT = "ecoledger:product"
_SHARED: Mapping[str, str] = MappingProxyType(
    {"eo:bands": BANDS_EXTENSION, "classification:classes": CLASSES_EXTENSION}
)
"""What the assets of all items of a product say alike, with the extension that it is of."""


def write_stac_catalog(delivery: Delivery, folder: Path, measured: Mapping[str, FileFacts]) -> list[Path]:
    """Write catalog.json, collection.json, collections/, items/, scenes/ into a folder that holds all else.

    `measured` are its files by their place in the folder. Items are of rasters, in the collection of their
    product, linked (`derived_from`) with those of the scenes of their time; every other file is an asset of
    the collection of the delivery.
    """
    catalog = _build_catalog(delivery, folder)
    collection = _build_collection(delivery, folder, measured)
    catalog.add_child(collection, set_parent=True)
    collection.set_self_href(str(folder / "collection.json"))
    sources = build_scene_items(delivery, folder)
    for source in sources.values():
        source.set_root(catalog)
    items = [build_raster_item(raster, delivery, folder, measured, sources) for raster in delivery.rasters]
    products = [_build_product(delivery, *entry) for entry in _group_products(delivery, items)]
    collection.add_children(products)
    for product in products:
        product.set_self_href(str(folder / "collections" / f"{product.extra_fields[_PRODUCT]}.json"))
    for item in items:
        item.set_self_href(str(folder / "items" / f"{item.id}.json"))
    return sorted(_save_entries([catalog, collection, *products, *items, *sources.values()]))


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
        keywords=[delivery.area_name],
        extra_fields=_describe_delivery(delivery),
        stac_extensions=[FILE_EXTENSION, TABLE_EXTENSION],
    )
    for key, asset in list_products(delivery, folder, measured):
        collection.add_asset(key, asset)
    return collection


def _group_products(
    delivery: Delivery, items: Sequence[pystac.Item]
) -> Iterator[tuple[list[Raster], list[pystac.Item]]]:
    """The rasters of every product with their items, in the order in which a delivery shows them."""
    groups: dict[str, tuple[list[Raster], list[pystac.Item]]] = {}
    for raster, item in zip(delivery.rasters, items, strict=True):
        rasters, held = groups.setdefault(raster.product, ([], []))
        rasters.append(raster)
        held.append(item)
    yield from groups.values()


def _build_product(
    delivery: Delivery, rasters: Sequence[Raster], items: Sequence[pystac.Item]
) -> pystac.Collection:
    """The collection of one product: the same map at all its times."""
    product = rasters[0].product
    title = rasters[0].title_zh if delivery.language == "zh" else rasters[0].title_en
    asset = items[0].assets[product]
    legend = {key: asset.extra_fields[key] for key in _SHARED if key in asset.extra_fields}
    collection = pystac.Collection(
        id=f"{delivery.name_file('')}_{product}",
        title=f"{_write_title(delivery)} {title}",
        description=f"{items[0].properties['description']}\n\n{build_licence_line(delivery)}",
        license="other",
        extent=_find_extent(delivery, rasters),
        extra_fields={
            _PRODUCT: product,
            "ecoledger:simulated": delivery.simulated,
            "item_assets": {
                product: {"type": asset.media_type, "roles": asset.roles, "title": title, **legend}
            },
            "summaries": {"proj:code": [delivery.grid.crs]},
        },
        stac_extensions=[_SHARED[key] for key in legend],
    )
    collection.add_items(items)
    return collection


def _describe_delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "ecoledger:aoi": delivery.aoi.id,
        "ecoledger:label": delivery.label,
        "ecoledger:simulated": delivery.simulated,
        "ecoledger:periods": [period.label for period in delivery.periods],
        "summaries": {"proj:code": [delivery.grid.crs]},
    }


def _find_extent(delivery: Delivery, rasters: Sequence[Raster] = ()) -> pystac.Extent:
    """The outline of the area, and the days of some rasters or of all periods."""
    days = [(raster.first_day, raster.last_day) for raster in rasters]
    days = days or [(period.first, period.last) for period in delivery.periods]
    first = datetime.combine(min(day for day, _ in days), time.min, UTC)
    last = datetime.combine(max(day for _, day in days), time(23, 59, 59), UTC)
    return pystac.Extent(
        pystac.SpatialExtent([[round(side, 9) for side in delivery.aoi.geometry.bounds]]),
        pystac.TemporalExtent([[first, last]]),
    )


def _write_title(delivery: Delivery) -> str:
    return f"{delivery.area_name} {delivery.label}{_build_mark(delivery)}"


def _write_description(delivery: Delivery) -> str:
    return find_text("catalog.about", delivery.language) + _build_mark(delivery)


def _build_mark(delivery: Delivery) -> str:
    return find_text("simulated.mark", delivery.language) if delivery.simulated else ""
