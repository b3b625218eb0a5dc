"""The STAC catalogue of a delivery's rasters: catalog.json and one item per raster."""

import json
import math
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pystac
import rasterio
from pystac.extensions.projection import ProjectionExtension
from rasterio.warp import transform_bounds, transform_geom

from pipeline.aoi import Aoi
from pipeline.contracts import Delivery, Raster
from pipeline.legends import Legend
from pipeline.outputs.texts import find_text

_RASTER_EXTENSION = "https://stac-extensions.github.io/raster/v1.1.0/schema.json"
_CLASSES_EXTENSION = "https://stac-extensions.github.io/classification/v2.0.0/schema.json"


def write_stac_catalog(delivery: Delivery, folder: Path) -> list[Path]:
    """Write catalog.json and items/*.json beside the rasters that already lie in the folder."""
    catalog = pystac.Catalog(
        id=f"{delivery.aoi.id}-{delivery.label}",
        title=f"{_name_item(delivery.aoi, delivery)} {delivery.label}{_build_mark(delivery)}",
        description=find_text("catalog.about", delivery.language) + _build_mark(delivery),
        href=str(folder / "catalog.json"),
        catalog_type=pystac.CatalogType.SELF_CONTAINED,
        extra_fields={"ecoledger:simulated": delivery.simulated},
    )
    (folder / "items").mkdir(exist_ok=True)
    for raster in delivery.rasters:
        item = _build_item(raster, delivery, folder / "rasters" / f"{raster.name}.tif")
        catalog.add_item(item, set_parent=True)
        item.set_self_href(str(folder / "items" / f"{raster.name}.json"))
        _save_entry(item, folder / "items" / f"{raster.name}.json")
    _save_entry(catalog, folder / "catalog.json")
    return [folder / "catalog.json", *sorted((folder / "items").glob("*.json"))]


def _save_entry(entry: pystac.STACObject, path: Path) -> None:
    # pystac's own writer turns Chinese into escapes.
    content = entry.to_dict(include_self_link=False)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _name_item(aoi: Aoi, delivery: Delivery) -> str:
    return aoi.name_zh if delivery.language == "zh" else aoi.name_en


def _write_title(raster: Raster, delivery: Delivery) -> str:
    return raster.title_zh if delivery.language == "zh" else raster.title_en


def _build_mark(delivery: Delivery) -> str:
    return find_text("simulated.mark", delivery.language) if delivery.simulated else ""


def _build_item(raster: Raster, delivery: Delivery, path: Path) -> pystac.Item:
    with rasterio.open(path) as file:
        bounds, bands = file.bounds, _list_bands(file)
    grid = delivery.grid
    item = pystac.Item(
        id=raster.name,
        geometry=_build_footprint(grid.crs, bounds),
        bbox=[round(side, 9) for side in transform_bounds(grid.crs, "EPSG:4326", *bounds)],
        datetime=None,
        start_datetime=datetime.combine(raster.first_day, time.min, UTC),
        end_datetime=datetime.combine(raster.last_day, time(23, 59, 59), UTC),
        properties={
            "title": f"{_write_title(raster, delivery)}{_build_mark(delivery)}",
            "description": f"{raster.title_zh} / {raster.title_en}",
            "created": delivery.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "ecoledger:simulated": delivery.simulated,
            "ecoledger:aoi": delivery.aoi.id,
        },
        stac_extensions=[_RASTER_EXTENSION],
    )
    projection = ProjectionExtension.ext(item, add_if_missing=True)
    projection.apply(
        code=grid.crs, bbox=list(bounds), shape=list(grid.shape), transform=list(grid.transform)[:6]
    )
    item.add_asset("data", _build_asset(raster, bands, delivery))
    if raster.legend is not None:
        item.stac_extensions.append(_CLASSES_EXTENSION)
    return item


def _build_asset(raster: Raster, bands: list[dict[str, Any]], delivery: Delivery) -> pystac.Asset:
    fields: dict[str, Any] = {"raster:bands": bands}
    if raster.legend is not None:
        fields["classification:classes"] = _list_classes(raster.legend, delivery)
    return pystac.Asset(
        href=f"../rasters/{raster.name}.tif",
        title=_write_title(raster, delivery),
        media_type=pystac.MediaType.COG,
        roles=["data"],
        extra_fields=fields,
    )


def _list_bands(file: Any) -> list[dict[str, Any]]:
    band: dict[str, Any] = {"data_type": file.dtypes[0], "spatial_resolution": file.res[0]}
    if file.nodata is not None:
        band["nodata"] = "nan" if math.isnan(file.nodata) else file.nodata
    if file.scales[0] != 1:
        band |= {"scale": file.scales[0], "offset": file.offsets[0]}
    if file.units[0]:
        band["unit"] = file.units[0]
    return [{"name": name, **band} for name in file.descriptions]


def _list_classes(legend: Legend, delivery: Delivery) -> list[dict[str, Any]]:
    return [
        {
            "value": entry.code,
            "name": entry.key,
            "title": entry.name(delivery.language),
            "description": f"{entry.name_zh} / {entry.name_en}",
            "color_hint": entry.color.removeprefix("#").upper(),
        }
        for entry in legend.classes
    ]


def _build_footprint(crs: str, bounds: Any) -> dict[str, Any]:
    left, bottom, right, top = bounds
    ring = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    outline: dict[str, Any] = transform_geom(
        crs, "EPSG:4326", {"type": "Polygon", "coordinates": [ring]}, precision=9
    )
    return outline
