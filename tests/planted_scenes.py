"""A small static catalogue whose truth is known: three fields, five looks, two with clouds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import unproject
from pipeline.grid import Grid
from pipeline.library.searching import search_scenes
from pipeline.storage.tables import save_json, save_tables
from tests.scenery import UTM, grid_of_px, written
from tests.stac import write_catalogue

SIZE = 96
BACKGROUND = {"blue": 0.06, "green": 0.09, "red": 0.11, "nir": 0.30, "nir08": 0.31, "swir16": 0.22}
FIELDS = {"north": (slice(6, 26), slice(10, 40)), "south": (slice(50, 80), slice(20, 41)), "edge": None}
"""Rows and columns of fields on the edges of pixels; `edge` lies across them, see `list_fields`."""
NIR = {
    "north": {
        "2024-05-01": 0.52,
        "2024-05-11": 0.48,
        "2024-05-21": 0.44,
        "2024-05-27": 0.40,
        "2024-06-05": 0.36,
    },
    "south": {
        "2024-05-01": 0.20,
        "2024-05-11": 0.25,
        "2024-05-21": 0.30,
        "2024-05-27": 0.35,
        "2024-06-05": 0.40,
    },
}
RED = {"north": 0.05, "south": 0.14}
LANDSAT = "2024-05-27"
CLOUD = {"2024-05-11": (slice(0, 16), slice(0, SIZE)), "2024-06-05": (slice(0, SIZE), slice(0, SIZE))}
"""Rows and columns that are cloud by the mask of a day."""
OFFSET, SCALE, CLOUDY = 1000, 1e-4, 9
GRID: Grid = grid_of_px(SIZE, SIZE)


@dataclass(frozen=True)
class Planted:
    """The catalogue, and its fields as a file."""

    catalog: Path
    fields: Path

    @property
    def provider(self) -> dict[str, str]:
        """What names it as a provider."""
        return {"static": str(self.catalog)}

    @property
    def query(self) -> dict[str, Any]:
        """What finds all of its looks."""
        frame = unproject(shapely.box(*GRID.block_bounds(GRID.whole)), UTM)
        return {"aoi": frame, "start": date(2024, 5, 1), "end": date(2024, 6, 30), "provider": self.provider}


def list_fields() -> gpd.GeoDataFrame:
    """The fields in the CRS of the grid: two on the edges of pixels, one over parts of pixels of both."""
    boxes = {}
    for name, place in FIELDS.items():
        rows, cols = place or (slice(20.25, 61.5), slice(24.5, 30.75))
        boxes[name] = shapely.box(
            GRID.left + 10 * cols.start,
            GRID.top - 10 * rows.stop,
            GRID.left + 10 * cols.stop,
            GRID.top - 10 * rows.start,
        )
    return gpd.GeoDataFrame({"parcel_id": list(boxes)}, geometry=list(boxes.values()), crs=UTM)


def reflect(band: str, day: str) -> NDArray[np.float64]:
    """The planted reflectance of a band on a day (y, x)."""
    surface = np.full((SIZE, SIZE), BACKGROUND[band])
    for name, red in RED.items():
        near = NIR[name][day] + (0.01 if band == "nir08" else 0.0)
        surface[FIELDS[name]] = {"red": red, "nir": near, "nir08": near}.get(band, BACKGROUND[band])
    return surface


def find_clear(day: str) -> NDArray[np.bool_]:
    """What the mask of a day calls clear (y, x)."""
    clear = np.ones((SIZE, SIZE), dtype=bool)
    if day in CLOUD:
        clear[CLOUD[day]] = False
    return clear


def plant_scenes(folder: Path, *, lost: tuple[str, str] | None = None) -> Planted:
    """Write the catalogue; of a day and a band that are `lost` the file is not there."""
    items = [_plant(folder, day, lost) for day in NIR["north"]]
    frame = list_fields().to_crs("EPSG:4490")
    frame.to_file(folder / "fields.geojson", driver="GeoJSON")
    return Planted(write_catalogue(folder, items), folder / "fields.geojson")


def keep_scenes(planted: Planted, out: Path, delivery: Path) -> None:
    """Let a delivery rest on the scenes: their table in the workspace, its key in the manifest."""
    key = hashlib.sha256(b"scenes").hexdigest()
    table = search_scenes(**planted.query)
    folder = out / "work" / "artifacts" / "scenes" / key[:24]
    folder.mkdir(parents=True)
    save_tables(folder, {"scenes": table})
    save_json(folder / "account.json", table.attrs["account"])
    path = delivery / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["artifacts"]["scenes"] = key
    manifest["config"]["scenes"]["provider"] = planted.provider
    path.write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")


def _plant(folder: Path, day: str, lost: tuple[str, str] | None) -> dict[str, Any]:
    return _plant_landsat(folder, day) if day == LANDSAT else _plant_sentinel(folder, day, lost)


def _plant_sentinel(folder: Path, day: str, lost: tuple[str, str] | None) -> dict[str, Any]:
    name = f"S2A_51RUQ_{day.replace('-', '')}_0_L2A"
    for band in BACKGROUND:
        numbers = np.rint(reflect(band, day) / SCALE + OFFSET).astype(np.uint16)
        if (day, band) != lost:
            written(folder / name / f"{band}.tif", numbers, tile=32)
    classes = np.where(find_clear(day), 4, CLOUDY).astype(np.uint8)
    written(folder / name / "scl.tif", classes, tile=32)
    meaning = {"raster:bands": [{"nodata": 0, "scale": SCALE, "offset": -OFFSET * SCALE}]}
    assets = {band: {"href": f"./{band}.tif", **meaning} for band in BACKGROUND}
    return _item(name, day, "sentinel-2-c1-l2a", "sentinel-2a", {**assets, "scl": {"href": "./scl.tif"}})


def _plant_landsat(folder: Path, day: str) -> dict[str, Any]:
    name = f"LC08_L2SP_118038_{day.replace('-', '')}"
    bands = {"blue": "blue", "green": "green", "red": "red", "nir08": "nir", "swir16": "swir16"}
    for key, band in bands.items():
        coarse = reflect(band, day).reshape(SIZE // 3, 3, SIZE // 3, 3).mean((1, 3))
        numbers = np.rint((coarse + 0.2) / 2.75e-5).astype(np.uint16)
        written(folder / name / f"{key}.tif", numbers, pixel_m=30.0, tile=32)
    clear = np.full((SIZE // 3, SIZE // 3), 1 << 6, dtype=np.uint16)
    written(folder / name / "qa_pixel.tif", clear, pixel_m=30.0, tile=32, nodata=1)
    assets = {key: {"href": f"./{key}.tif"} for key in (*bands, "qa_pixel")}
    return _item(name, day, "landsat-c2-l2", "landsat-8", assets)


def _item(name: str, day: str, collection: str, platform: str, assets: Mapping[str, Any]) -> dict[str, Any]:
    frame = unproject(shapely.box(*GRID.block_bounds(GRID.whole)), UTM)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": collection,
        "geometry": shapely.geometry.mapping(frame),
        "bbox": list(frame.bounds),
        "links": [],
        "properties": {
            "datetime": f"{day}T02:30:15Z",
            "platform": platform,
            "eo:cloud_cover": 10.0,
            "grid:code": "MGRS-51RUQ",
            "s2:processing_baseline": "05.10",
            "proj:code": UTM,
            "updated": f"{day}T12:00:00Z",
            "ecoledger:simulated": True,
        },
        "assets": assets,
    }
