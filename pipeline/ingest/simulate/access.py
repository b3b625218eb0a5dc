"""Homes, green, parks, streets and people of the simulated world, as offices have them."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

from pipeline.geodesy import CGCS2000
from pipeline.ingest.simulate.access_paths import HOUSING, USE
from pipeline.ingest.simulate.access_truth import describe_access
from pipeline.ingest.simulate.polygons import write_shapes
from pipeline.ingest.simulate.settlement import (
    GREEN_STRIP,
    PARK,
    POCKET_PARK,
    SMALL_GREEN,
    STREET_ENDS_M,
    STREET_Y_M,
    Settlement,
)
from pipeline.ingest.simulate.world import SIMULATED, World

PEOPLE_PER_PIXEL = 25.0
_PIXEL_DEG = 1 / 1200
_PEOPLED_M = (950.0, 250.0)
_MARGIN_PX = 4
_NORTH_STREET_M = (-120, 30, 430)
_STREET_STEP_M = 50
_UNREADABLE = 7


def write_access(world: World, _base: Path, folder: Path) -> None:
    """Files of `access_paths.complete_access`, and truth.json; the same world gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    settlement = Settlement(world)
    _write_homes(settlement, folder)
    _write_places(settlement, folder)
    _write_streets(settlement, folder)
    pixels, transform = _people_pixels(settlement)
    _write_population(pixels, transform, folder / "population.tif")
    truth = {"simulated": SIMULATED, "aoi": world.aoi.id, **describe_access(settlement, pixels, transform)}
    text = json.dumps(truth, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text, encoding="utf-8")


def _write_homes(settlement: Settlement, folder: Path) -> None:
    """Homesteads among land of other uses, and a building on each, one of which tells no number of people."""
    homesteads = settlement.homesteads
    used = [
        {"地块编号": f"DK{homestead.number:03d}", USE: HOUSING, "geometry": homestead.box}
        for homestead in homesteads
    ]
    shop: dict[str, Any] = {"地块编号": "DK900", USE: "商业", "geometry": (20.0, 60.0, 80.0, 120.0)}
    _write(settlement, [*used, shop], folder / "housing.gpkg", "用地")
    houses = [
        {
            "楼号": f"LD{homestead.number:03d}",
            "建筑名称": f"模拟小区{homestead.number}号楼",
            "居住人口（人）": _write_people(homestead.number, homestead.people),
            "geometry": homestead.building,
        }
        for homestead in homesteads
    ]
    _write(settlement, houses, folder / "buildings.gpkg", "住宅建筑")


def _write_people(number: int, people: int | None) -> str | None:
    if people is None:
        return "不详" if number % 2 else None
    return f"{people}人" if number == _UNREADABLE else str(people)


def _write_places(settlement: Settlement, folder: Path) -> None:
    green = {"模拟中央公园": PARK, "模拟街旁绿地": GREEN_STRIP, "模拟花坛": SMALL_GREEN}
    parks = {"模拟中央公园": PARK, "模拟口袋公园": POCKET_PARK}
    for name, places, word in (("green", green, "绿地名称"), ("parks", parks, "公园名称")):
        rows = [{word: title, "geometry": box} for title, box in places.items()]
        _write(settlement, rows, folder / f"{name}.gpkg", word[:2])


def _write_streets(settlement: Settlement, folder: Path) -> None:
    """A street on either side of the park from its gate on, one that leads nowhere, a gate of nothing."""
    west, east = STREET_ENDS_M
    left, _, right, _ = PARK
    streets = [(west, left, STREET_Y_M), (right, east, STREET_Y_M), _NORTH_STREET_M]
    rows = [
        {"道路名称": f"模拟路{n}", "geometry": _draw_street(*street)} for n, street in enumerate(streets, 1)
    ]
    _write(settlement, rows, folder / "streets.gpkg", "道路", "LineString")
    gates = {"西门": (left, STREET_Y_M), "东门": (right, STREET_Y_M), "旧门": (400.0, 200.0)}
    entrances = [{"名称": f"模拟{name}", "geometry": shapely.Point(spot)} for name, spot in gates.items()]
    _write(settlement, entrances, folder / "entrances.gpkg", "出入口", "Point")


def _draw_street(west: float, east: float, y: float) -> shapely.LineString:
    x = np.append(np.arange(west, east, _STREET_STEP_M), east)
    return shapely.LineString(np.column_stack([x, np.full(len(x), y)]))


def _write(
    settlement: Settlement, rows: list[dict[str, Any]], path: Path, layer: str, kind: str = "Polygon"
) -> None:
    shapes = [row["geometry"] for row in rows]
    drawn = [shapely.box(*shape) if isinstance(shape, tuple) else shape for shape in shapes]
    table = gpd.GeoDataFrame(rows, geometry=[settlement.place(shape) for shape in drawn], crs=CGCS2000)
    write_shapes(table, path, layer, kind)


def _people_pixels(settlement: Settlement) -> tuple[NDArray[np.float64], Affine]:
    """People of pixels of 3 arc-seconds about the settlement, and where these lie."""
    left, bottom, right, top = (bound / _PIXEL_DEG for bound in settlement.world.aoi.geometry.bounds)
    west, north = int(np.floor(left)) - _MARGIN_PX, int(np.ceil(top)) + _MARGIN_PX
    shape = north - int(np.floor(bottom)) + _MARGIN_PX, int(np.ceil(right)) - west + _MARGIN_PX
    transform = Affine(_PIXEL_DEG, 0.0, west * _PIXEL_DEG, 0.0, -_PIXEL_DEG, north * _PIXEL_DEG)
    row, col = np.indices(shape)
    lon, lat = transform * (col.ravel() + 0.5, row.ravel() + 0.5)
    spots = np.abs(settlement.to_metres(np.column_stack([lon, lat])))
    peopled = (spots <= np.array(_PEOPLED_M)).all(axis=1).reshape(shape)
    return np.where(peopled, PEOPLE_PER_PIXEL, 0.0), transform


def _write_population(pixels: NDArray[np.float64], transform: Affine, path: Path) -> None:
    height, width = pixels.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=1, dtype="float32", crs="EPSG:4326",
        transform=transform, nodata=-99999.0, compress="deflate",
    ) as target:  # fmt: skip
        target.update_tags(simulated=SIMULATED)
        target.set_band_unit(1, "people")
        target.write(pixels.astype(np.float32), 1)
