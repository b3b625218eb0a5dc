"""STAC items and the catalogue of the simulated provider, with the keys of Earth Search and its habits."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from pipeline.aoi import Aoi
from pipeline.geodesy import unproject
from pipeline.ingest.simulate.heat import TEMPERATURE_OFFSET, TEMPERATURE_SCALE
from pipeline.ingest.simulate.passes import Acquisition
from pipeline.ingest.simulate.sensing import FILL_QA, LANDSAT_OFFSET, LANDSAT_SCALE, SENTINEL_SCALE
from pipeline.ingest.simulate.sky import CIRRUS, HIGH_CLOUD, MEDIUM_CLOUD
from pipeline.ingest.simulate.world import SIMULATED, Tile

_STAC_VERSION = "1.0.0"
_EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "https://stac-extensions.github.io/grid/v1.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
]
_BASELINE = "05.10"
_SENTINEL_OFFSET = -0.1
_PUBLISHED_AFTER = timedelta(hours=19, minutes=23)
_THERMAL = "lwir11"
_MASKS = ("scl", "qa_pixel")
_QA_CLOUDY = (1 << 1) | (1 << 2) | (1 << 3)


def build_item(
    tile: Tile,
    acquisition: Acquisition,
    numbers: Mapping[str, NDArray[np.integer]],
    transforms: Mapping[str, Affine],
) -> dict[str, Any]:
    """The STAC item of a pass, whose files `numbers` stand beside it under their asset keys."""
    footprint = _find_footprint(tile, acquisition)
    common = _describe_pass(tile, acquisition, numbers)
    sentinel = acquisition.mission == "sentinel-2"
    return {
        "type": "Feature",
        "stac_version": _STAC_VERSION,
        "stac_extensions": _EXTENSIONS,
        "id": acquisition.id,
        "collection": "sentinel-2-c1-l2a" if sentinel else "landsat-c2-l2",
        "bbox": list(footprint.bounds),
        "geometry": mapping(footprint),
        "properties": common | (_describe_sentinel(acquisition) if sentinel else _describe_landsat()),
        "links": [{"rel": "root", "href": "../../catalog.json", "type": "application/json"}],
        "assets": {
            band: _describe_asset(acquisition, band, values.shape, transforms[band])
            for band, values in numbers.items()
        },
    }


def build_catalog(aoi: Aoi, links: Sequence[str]) -> dict[str, Any]:
    """The root of a static catalogue over an area, with relative links to its items."""
    root = {"rel": "root", "href": "./catalog.json", "type": "application/json"}
    return {
        "type": "Catalog",
        "stac_version": _STAC_VERSION,
        "id": f"simulated-{aoi.id}",
        "title": f"{aoi.name_zh}（模拟数据） / {aoi.name_en} (simulated)",
        "description": SIMULATED,
        "ecoledger:simulated": True,
        "links": [root, *({"rel": "item", "href": href, "type": "application/geo+json"} for href in links)],
    }


def _find_footprint(tile: Tile, acquisition: Acquisition) -> BaseGeometry:
    """What the pass covers of the tile, in longitude and latitude."""
    left, bottom, right, top = tile.grid.block_bounds(tile.grid.whole)
    covered: BaseGeometry = shapely.box(left, bottom, right, top)
    if acquisition.edge is not None:
        upper, lower = (acquisition.edge.reach - acquisition.edge.slant * y for y in (top, bottom))
        covered = covered.intersection(
            shapely.Polygon([(left - 1, top), (upper, top), (lower, bottom), (left - 1, bottom)])
        )
    return shapely.set_precision(unproject(covered, tile.grid.crs), 1e-7)


def _describe_pass(
    tile: Tile, acquisition: Acquisition, numbers: Mapping[str, NDArray[np.integer]]
) -> dict[str, Any]:
    published = _write_moment(acquisition.moment + _PUBLISHED_AFTER)
    return {
        "title": f"{acquisition.id}（模拟数据 / simulated）",
        "description": SIMULATED,
        "ecoledger:simulated": True,
        "datetime": _write_moment(acquisition.moment),
        "created": published,
        "updated": published,
        "platform": acquisition.platform,
        "grid:code": tile.id,
        "proj:code": tile.grid.crs,
        "eo:cloud_cover": _measure_clouds(numbers),
    }


def _describe_sentinel(acquisition: Acquisition) -> dict[str, Any]:
    return {
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "s2:processing_baseline": _BASELINE,
        "earthsearch:boa_offset_applied": acquisition.radiometry == "applied",
    }


def _describe_landsat() -> dict[str, Any]:
    return {"constellation": "landsat", "instruments": ["oli", "tirs"], "landsat:correction": "L2SP"}


def _measure_clouds(numbers: Mapping[str, NDArray[np.integer]]) -> float:
    """Share of the seen pixels that the mask calls cloud or cirrus."""
    if "scl" in numbers:
        mask, fill = numbers["scl"], 0
        cloudy = np.isin(mask, (MEDIUM_CLOUD, HIGH_CLOUD, CIRRUS))
    else:
        mask, fill = numbers["qa_pixel"], FILL_QA
        cloudy = (mask & _QA_CLOUDY) > 0
    return round(100.0 * float(cloudy.sum()) / max(1, int((mask != fill).sum())), 2)


def _describe_asset(
    acquisition: Acquisition, band: str, shape: tuple[int, ...], transform: Affine
) -> dict[str, Any]:
    asset: dict[str, Any] = {
        "href": f"./{band}.tif",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "title": f"{band}（模拟 / simulated）",
        "roles": ["data"],
        "proj:shape": list(shape),
        "proj:transform": list(transform)[:6],
    }
    if band in _MASKS:
        nodata = 0 if band == "scl" else FILL_QA
        kind = "uint8" if band == "scl" else "uint16"
        return asset | {"raster:bands": [{"data_type": kind, "nodata": nodata}]}
    values: dict[str, Any] = {"data_type": "uint16", "nodata": 0}
    if band == _THERMAL:
        values |= {"scale": TEMPERATURE_SCALE, "offset": TEMPERATURE_OFFSET, "unit": "kelvin"}
    else:
        scale, offset = _state_radiometry(acquisition)
        values |= {"scale": scale, "offset": offset}
    return asset | {
        "eo:bands": [{"name": band, "common_name": band}],
        "raster:bands": [values | {"spatial_resolution": transform.a}],
    }


def _state_radiometry(acquisition: Acquisition) -> tuple[float, float]:
    """Scale and offset as the metadata state them, which a lying item does not keep."""
    if acquisition.mission != "sentinel-2":
        return LANDSAT_SCALE, LANDSAT_OFFSET
    return SENTINEL_SCALE, 0.0 if acquisition.radiometry == "applied" else _SENTINEL_OFFSET


def _write_moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
