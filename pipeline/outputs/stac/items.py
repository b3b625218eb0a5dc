"""One STAC item per raster: its bands, classes, statistics, checksums, and the scenes behind it.

Bands stand twice: as `bands`, which STAC 1.1 has, and as `raster:bands` and `eo:bands`, by which loaders know
scale, offset and the names of bands.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, time
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pystac
from pystac.extensions.projection import ProjectionExtension
from rasterio.warp import transform_bounds, transform_geom

from pipeline.contracts import Delivery, Raster, RasterKind
from pipeline.legends import Legend
from pipeline.outputs.delivered_rasters import open_raster
from pipeline.outputs.provenance import build_evidence_line
from pipeline.outputs.raster_statistics import parse_band_statistics
from pipeline.outputs.stac.products import FILE_EXTENSION, build_file_asset
from pipeline.outputs.stac.scenes import link_scenes
from pipeline.outputs.texts import find_text
from pipeline.storage.delivered import FileFacts

_RASTER_EXTENSION = "https://stac-extensions.github.io/raster/v1.1.0/schema.json"
BANDS_EXTENSION = "https://stac-extensions.github.io/eo/v1.1.0/schema.json"
CLASSES_EXTENSION = "https://stac-extensions.github.io/classification/v2.0.0/schema.json"
_PROCESSING_EXTENSION = "https://stac-extensions.github.io/processing/v1.2.0/schema.json"
_LEVELS: Mapping[RasterKind, str] = MappingProxyType({"classes": "L4", "amount": "L4"})
"""Processing levels where they are not L3 (what scenes show, composed): what a model made of it."""
_SIDE_FILES = MappingProxyType({"style": ".qml", "classes": ".tif.aux.xml"})


def build_raster_item(
    raster: Raster,
    delivery: Delivery,
    folder: Path,
    measured: Mapping[str, FileFacts],
    sources: Mapping[str, pystac.Item],
) -> pystac.Item:
    """The item of a raster that lies in the folder; `sources` are the items of scenes, by id."""
    with open_raster(folder / "rasters" / f"{raster.name}.tif") as file:
        bounds, bands = file.bounds, _list_bands(file, raster, delivery)
    grid = delivery.grid
    item = pystac.Item(
        id=raster.name,
        geometry=_build_footprint(grid.crs, bounds),
        bbox=[round(side, 9) for side in transform_bounds(grid.crs, "EPSG:4326", *bounds)],
        datetime=None,
        start_datetime=datetime.combine(raster.first_day, time.min, UTC),
        end_datetime=datetime.combine(raster.last_day, time(23, 59, 59), UTC),
        properties=_describe_raster(raster, delivery),
        stac_extensions=[_RASTER_EXTENSION, _PROCESSING_EXTENSION, FILE_EXTENSION],
    )
    projection = ProjectionExtension.ext(item, add_if_missing=True)
    projection.apply(
        code=grid.crs, bbox=list(bounds), shape=list(grid.shape), transform=list(grid.transform)[:6]
    )
    item.add_asset(raster.product, _build_asset(raster, bands, delivery, measured))
    for key, suffix in _SIDE_FILES.items():
        if (place := f"rasters/{raster.name}{suffix}") in measured:
            item.add_asset(key, build_file_asset(place, measured[place], href=f"../{place}"))
    if raster.legend is not None:
        item.stac_extensions.append(CLASSES_EXTENSION)
    if raster.kind == "reflectance":
        item.stac_extensions.append(BANDS_EXTENSION)
    link_scenes(item, raster, sources)
    return item


def _describe_raster(raster: Raster, delivery: Delivery) -> dict[str, Any]:
    mark = find_text("simulated.mark", delivery.language) if delivery.simulated else ""
    return {
        "title": f"{_name_raster(raster, delivery)}{mark}",
        "description": f"{raster.title_zh} / {raster.title_en}",
        "created": delivery.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "processing:level": _LEVELS.get(raster.kind, "L3"),
        "processing:lineage": build_evidence_line(delivery),
        "processing:software": {"ecoledger": version("ecoledger")},
        "ecoledger:simulated": delivery.simulated,
        "ecoledger:aoi": delivery.aoi.id,
        "ecoledger:label": delivery.label,
    }


def _name_raster(raster: Raster, delivery: Delivery) -> str:
    return raster.title_zh if delivery.language == "zh" else raster.title_en


def _build_asset(
    raster: Raster, bands: list[dict[str, Any]], delivery: Delivery, measured: Mapping[str, FileFacts]
) -> pystac.Asset:
    place = f"rasters/{raster.name}.tif"
    asset = build_file_asset(
        place, measured[place], href=f"../{place}", title=_name_raster(raster, delivery), kind="cog"
    )
    asset.extra_fields |= {"bands": bands, "raster:bands": [_describe_stored(band) for band in bands]}
    if raster.kind == "reflectance":
        names = [band["name"] for band in bands]
        asset.extra_fields["eo:bands"] = [{"name": name, "common_name": name} for name in names]
    if raster.legend is not None:
        asset.extra_fields["classification:classes"] = _list_classes(raster.legend, delivery)
    return asset


def _list_bands(file: Any, raster: Raster, delivery: Delivery) -> list[dict[str, Any]]:
    """The bands as STAC 1.1 has them; statistics are of the numbers as stored, which scale makes values."""
    whole = raster.banded
    names = file.descriptions if whole else (raster.product,)
    titles = names if whole else (_name_raster(raster, delivery),)
    return [
        {
            "name": name,
            "description": title,
            **_describe_numbers(file, number),
            "statistics": _find_statistics(file, number, raster.kind),
        }
        for number, (name, title) in enumerate(zip(names, titles, strict=True))
    ]


def _describe_numbers(file: Any, number: int) -> dict[str, Any]:
    band: dict[str, Any] = {"data_type": file.dtypes[number]}
    if file.nodata is not None:
        band["nodata"] = "nan" if math.isnan(file.nodata) else int(file.nodata)
    if file.units[number]:
        band["unit"] = file.units[number]
    if file.scales[number] != 1:
        band |= {"raster:scale": file.scales[number], "raster:offset": file.offsets[number]}
    return {**band, "raster:spatial_resolution": file.res[0]}


def _describe_stored(band: Mapping[str, Any]) -> dict[str, Any]:
    """A band as loaders read it: `scale`, `offset` and `spatial_resolution` by these names."""
    told = {key.removeprefix("raster:"): value for key, value in band.items()}
    return {key: value for key, value in told.items() if key not in {"name", "description"}}


def _find_statistics(file: Any, number: int, kind: RasterKind) -> dict[str, float]:
    """Those of the file; codes of classes have no mean."""
    found = parse_band_statistics(file.tags(number + 1))
    return {key: found[key] for key in found if kind != "classes" or key == "valid_percent"}


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
