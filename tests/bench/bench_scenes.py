"""Seeded scenes for the benchmarks: Cloud-Optimised GeoTIFFs, their STAC items, catalogue and outline.

Ten dates of a Sentinel-2 tile: blue, green, red and nir at 10 m, swir16 and SCL at 20 m, offset 1000 in the
numbers, deflated to about half. Clouds lie in every date and are bright; no date covers a whole block of
512 pixels often, so that there is little to skip and all ways read the same.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import shapely
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from scipy import ndimage

from pipeline.geodesy import unproject
from pipeline.grid import Block, Grid

CRS, LEFT, TOP = "EPSG:32651", 399960.0, 3500040.0
TILE_PX = 512
BORDER_IN_50, BORDER_IN_51, OVERLAP_M = 784_500.0, 215_460.0, 4_980.0
"""Eastings of 120 degrees east in both zones, about; what neighbouring tiles have in common."""
ROWS = "VUTSRQPNML"
"""Letters of rows of tiles, from the north."""
FIRST_DAY = datetime(2024, 3, 2, 2, 35, 49, tzinfo=UTC)
REVISIT = timedelta(days=5)
LEVELS = {"blue": 500, "green": 750, "red": 800, "nir": 2600, "swir16": 1700}
"""Mean reflectance of each band, in 1e-4."""
BANDS = tuple(LEVELS)
OFFSET = 1000
NOISE = 20
HAZE = 4000
VEGETATION, BARE, WATER, SHADOW, CLOUD, CIRRUS = 4, 5, 6, 3, 9, 10


@dataclass(frozen=True)
class Tile:
    """Where the files of a tile lie, and its code."""

    crs: str = CRS
    left: float = LEFT
    top: float = TOP
    code: str = "51RUQ"


@dataclass(frozen=True)
class Bench:
    """A folder of bench scenes: `size` x `size` pixels of 10 m, `dates` dates."""

    folder: Path
    size: int
    dates: int
    tile: Tile = Tile()

    @property
    def grid(self) -> Grid:
        """The grid on which the files of 10 m lie."""
        return Grid(self.tile.crs, self.tile.left, self.tile.top, 10.0, self.size, self.size)

    @property
    def catalog(self) -> Path:
        """The static catalogue of the items."""
        return self.folder / "catalog.json"

    @property
    def outline(self) -> Path:
        """The area of interest: the whole tile."""
        return self.folder / "tile.geojson"

    def items(self, root: str | None = None) -> list[dict[str, Any]]:
        """The items, their hrefs below a root such as http://127.0.0.1:8000, else local paths."""
        names = [f"{name_scene(self, date)}/item.json" for date in range(self.dates)]
        items = [json.loads((self.folder / name).read_text(encoding="utf-8")) for name in names]
        for item in items:
            for asset in item["assets"].values():
                asset["href"] = f"{root or self.folder}/{item['id']}/{asset['href'][2:]}"
        return items


@dataclass(frozen=True)
class Province:
    """Tiles on both sides of a border of zones: their catalogue, and all that they cover as an area."""

    folder: Path

    @property
    def catalog(self) -> Path:
        """The static catalogue of the catalogues of the tiles."""
        return self.folder / "catalog.json"

    @property
    def outline(self) -> Path:
        """The area of interest: all that the tiles cover."""
        return self.folder / "province.geojson"


def bench_province(folder: Path, rows: int, size: int, dates: int) -> Province:
    """So many rows of two tiles, one in each of the zones 50 and 51, which overlap at 120 degrees east."""
    province = Province(folder / f"province_{rows}_{size}_{dates}")
    if not province.catalog.exists():
        benches = [
            bench_scenes(province.folder / tile.code, size, dates, tile) for tile in _list_tiles(rows, size)
        ]
        outline = shapely.union_all([draw_frame(bench) for bench in benches])
        write_outline(province.outline, outline, CRS)
        catalogs = [f"./{bench.catalog.relative_to(province.folder)}" for bench in benches]
        write_catalog(province.catalog, "child", catalogs)
    return province


def _list_tiles(rows: int, size: int) -> list[Tile]:
    """Tiles at both sides of the border; neighbours overlap, as those of Sentinel-2 do."""
    edge_m = 10.0 * size
    lefts = (BORDER_IN_50 + OVERLAP_M - edge_m, BORDER_IN_51 - OVERLAP_M)
    return [
        Tile(crs, left, TOP - row * (edge_m - OVERLAP_M), f"{square}{ROWS[row]}")
        for row in range(rows)
        for crs, left, square in zip(("EPSG:32650", "EPSG:32651"), lefts, ("50RQ", "51RT"), strict=True)
    ]


def bench_scenes(folder: Path, size: int, dates: int, tile: Tile = Tile()) -> Bench:
    """The bench scenes of a size, written once; a folder that is finished is taken as it is."""
    bench = Bench(folder / f"scenes_{size}_{dates}", size, dates, tile)
    if not bench.catalog.exists():
        bench.folder.mkdir(parents=True, exist_ok=True)
        fields = {band: _field(bench, number, level) for number, (band, level) in enumerate(LEVELS.items())}
        with ThreadPoolExecutor(2) as writers:
            for _ in writers.map(lambda date: _write_date(bench, date, fields), range(dates)):
                pass
        _write_outline(bench)
        _write_catalog(bench)
    return bench


def name_scene(bench: Bench, date: int) -> str:
    """The id of the scene of a date, which its folder has too."""
    return f"S2A_T{bench.tile.code}_{FIRST_DAY + date * REVISIT:%Y%m%dT%H%M%S}_L2A"


def _edge(bench: Bench, band: str) -> int:
    return bench.size if band in {"blue", "green", "red", "nir"} else bench.size // 2


def _smooth(edge: int, seed: int, step: int) -> NDArray[np.float32]:
    """Noise that changes over `step` pixels, about -1 to 1."""
    coarse = np.random.default_rng(seed).normal(0, 0.5, (edge // step + 3,) * 2).astype(np.float32)
    return np.asarray(ndimage.zoom(coarse, step, order=1)[:edge, :edge])


def _field(bench: Bench, seed: int, level: int) -> NDArray[np.int32]:
    """The surface in one band: fields of 640 m."""
    edge = _edge(bench, BANDS[seed])
    step = 64 * edge // bench.size
    return (OFFSET + level * (1 + 0.6 * _smooth(edge, seed, step)).clip(0.05)).astype(np.int32)


def _clouds(bench: Bench, date: int) -> NDArray[np.bool_]:
    """Clouds of about 1 km over a third to a half of the tile, at 20 m."""
    return _smooth(bench.size // 2, 1000 + date, 48) > 0.25 - 0.04 * (date % 7)


def _write_date(bench: Bench, date: int, fields: dict[str, NDArray[np.int32]]) -> None:
    folder = bench.folder / name_scene(bench, date)
    folder.mkdir(exist_ok=True)
    clouds = _clouds(bench, date)
    rng = np.random.default_rng(date)
    for band, surface in fields.items():
        noise = rng.normal(0, NOISE, surface.shape).astype(np.int32)
        times = surface.shape[0] // clouds.shape[0]
        cover = clouds.repeat(times, 0).repeat(times, 1)
        numbers = (surface + noise + HAZE * cover).clip(OFFSET + 1, 65535).astype(np.uint16)
        _write(folder / f"{band}.tif", numbers, bench)
    surface = np.where(_smooth(len(clouds), 77, 32) > 0.4, WATER, VEGETATION)
    surface = np.where(_smooth(len(clouds), 78, 16) > 0.5, BARE, surface)
    classes = np.where(clouds, np.where(_smooth(len(clouds), 79, 24) > 0, CLOUD, CIRRUS), surface)
    _write(folder / "scl.tif", classes.astype(np.uint8), bench)
    (folder / "item.json").write_text(json.dumps(_item(bench, date)), encoding="utf-8")


def _write(path: Path, numbers: NDArray[Any], bench: Bench) -> None:
    pixel_m = 10.0 * bench.size / len(numbers)
    profile = {
        "driver": "GTiff",
        "height": numbers.shape[0],
        "width": numbers.shape[1],
        "count": 1,
        "dtype": numbers.dtype,
        "crs": bench.tile.crs,
        "transform": rasterio.Affine(pixel_m, 0, bench.tile.left, 0, -pixel_m, bench.tile.top),
        "nodata": 0,
    }
    options = {"COMPRESS": "DEFLATE", "PREDICTOR": "YES", "BLOCKSIZE": str(TILE_PX)}
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(numbers, 1)
        with memory.open() as source:
            rasterio.shutil.copy(source, path, driver="COG", OVERVIEW_RESAMPLING="NEAREST", **options)


def draw_frame(bench: Bench) -> shapely.Polygon:
    """The tile in longitude and latitude, a little within its edge."""
    edge = bench.grid.block_bounds(Block(0, bench.size, 0, bench.size))
    return unproject(
        shapely.segmentize(shapely.box(*edge).buffer(-5, join_style="mitre"), 500), bench.tile.crs
    )


def _item(bench: Bench, date: int) -> dict[str, Any]:
    when = f"{FIRST_DAY + date * REVISIT:%Y-%m-%dT%H:%M:%SZ}"
    frame = draw_frame(bench)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
        ],
        "id": name_scene(bench, date),
        "collection": "sentinel-2-c1-l2a",
        "geometry": shapely.geometry.mapping(frame),
        "bbox": list(frame.bounds),
        "properties": {
            "datetime": when,
            "updated": when,
            "platform": "sentinel-2a",
            "grid:code": f"MGRS-{bench.tile.code}",
            "eo:cloud_cover": round(100 * float(_clouds(bench, date).mean()), 2),
            "s2:processing_baseline": "05.10",
            "proj:code": bench.tile.crs,
        },
        "links": [],
        "assets": {band: _asset(bench, band) for band in (*BANDS, "scl")},
    }


def _asset(bench: Bench, band: str) -> dict[str, Any]:
    edge = _edge(bench, band)
    pixel_m = 10.0 * bench.size / edge
    meaning = {"data_type": "uint8", "nodata": 0}
    if band != "scl":
        meaning = {"data_type": "uint16", "nodata": 0, "scale": 1e-4, "offset": -0.1}
    return {
        "href": f"./{band}.tif",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data"],
        "proj:shape": [edge, edge],
        "proj:transform": [pixel_m, 0.0, bench.tile.left, 0.0, -pixel_m, bench.tile.top],
        "raster:bands": [meaning],
    }


def _write_outline(bench: Bench) -> None:
    write_outline(bench.outline, draw_frame(bench), bench.tile.crs)


def write_outline(path: Path, outline: shapely.Geometry, crs: str) -> None:
    """An area of interest on the grid of a CRS."""
    feature = {
        "type": "Feature",
        "properties": {"id": "bench", "name": "测速", "name_en": "Bench", "grid_crs": crs},
        "geometry": shapely.geometry.mapping(outline),
    }
    content = {"type": "FeatureCollection", "features": [feature]}
    path.write_text(json.dumps(content), encoding="utf-8")


def _write_catalog(bench: Bench) -> None:
    hrefs = [f"./{name_scene(bench, date)}/item.json" for date in range(bench.dates)]
    write_catalog(bench.catalog, "item", hrefs)


def write_catalog(path: Path, relation: str, hrefs: Sequence[str]) -> None:
    """A static catalogue of items, or of catalogues as `child`."""
    links = [{"rel": "root", "href": f"./{path.name}"}, *({"rel": relation, "href": href} for href in hrefs)]
    content = {"type": "Catalog", "stac_version": "1.0.0", "id": "bench", "description": "Bench scenes"}
    path.write_text(json.dumps({**content, "links": links}), encoding="utf-8")
