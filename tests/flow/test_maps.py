"""The maps of the demo against the planted ground, pixel by pixel and patch by patch."""

import json
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.features import geometry_mask

from pipeline.aoi import load_aoi
from pipeline.flow.inputs import SEED
from pipeline.geodesy import project
from pipeline.grid import build_grid
from pipeline.ingest.simulate.landscape import KINDS
from pipeline.ingest.simulate.world import build_surface, plan_world
from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED
from pipeline.periods import list_periods

AREAS = ["chongming_wetlands", "guangyang_island", "longyou_bay"]
PERIODS = list_periods(date(2023, 1, 1), date(2024, 12, 31), "year")
CODES = np.array([LAND_COVER.code(kind.cover_class) for kind in KINDS], dtype=np.uint8)


def area_of(aoi):
    return load_aoi(aoi, relative_to=Path())


def planted(aoi):
    """Class codes of each period on the grid of an area; 255 where the pixel's centre lies outside."""
    grid = build_grid(aoi, resolution_m=10)
    world = plan_world(aoi, PERIODS, seed=SEED, resolution_m=10)
    found = [np.full(grid.shape, NODATA_CLASS, dtype=np.uint8) for _ in PERIODS]
    for tile in world.tiles:
        own = tile.coarser(10)
        inside = ~geometry_mask([project(tile.part.geometry, grid.crs)], grid.shape, grid.transform)
        rows, cols = np.nonzero(inside)
        down, across = round((own.top - grid.top) / 10), round((own.left - grid.left) / 10)
        for classes, period in zip(found, PERIODS, strict=True):
            kind = build_surface(world, own, tile, period.last).kind
            classes[rows, cols] = CODES[kind[rows + down, cols - across]]
    return found


@pytest.fixture(scope="module", params=AREAS)
def maps(request, demo):
    """Delivery folder, planted classes, found classes, codes of the change that counts."""
    folder = demo / request.param / "2024"

    def raster(name):
        with rasterio.open(folder / "rasters" / f"{name}.tif") as source:
            return source.read(1)

    found = [raster(f"land_cover_{period.label}") for period in PERIODS]
    return folder, planted(area_of(request.param)), found, raster("change_2023_2024")


def test_land_cover_by_rules_is_right_on_nine_pixels_of_ten_and_water_on_more(maps):
    folder, truth, found, _ = maps
    for period, true, seen in zip(PERIODS, truth, found, strict=True):
        known = (true != NODATA_CLASS) & (seen != NODATA_CLASS)
        accuracy = (true == seen)[known].mean()
        water = [(classes == LAND_COVER.code("water")) & known for classes in (true, seen)]
        iou = (water[0] & water[1]).sum() / (water[0] | water[1]).sum()
        print(f"{folder.parent.name} {period.label}: overall accuracy {accuracy:.4f}, IoU of water {iou:.4f}")
        assert accuracy >= 0.90
        assert iou >= 0.9


def test_false_change_is_rare_and_what_does_not_count_is_mostly_false(maps):
    folder, truth, found, codes = maps
    known = (truth[0] != NODATA_CLASS) & (found[0] != NODATA_CLASS) & (found[1] != NODATA_CLASS)
    true = truth[0] != truth[1]
    counted = (codes != UNCHANGED) & (codes != NODATA_CLASS)
    raw = (found[0] != found[1]) & known
    false, false_raw = (((change & ~true & known).sum() / known.sum()) for change in (counted, raw))
    print(f"{folder.parent.name}: false change {false:.5f} of the area, unfiltered {false_raw:.5f}")
    assert false < 0.01
    assert false < false_raw / 4
    assert (counted & true & known).sum() >= 0.95 * (true & known).sum()


def test_planted_changes_are_found_as_patches(demo):
    """A planted patch is found by one that overlaps it by half; every patch mostly off them is false."""
    hits = misses = strangers = 0
    for aoi in AREAS:
        folder = demo / aoi / "2024"
        worlds = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in demo.glob("work/artifacts/simulated/*/truth.json")
        ]
        world = next(world for world in worlds if world["aoi"] == aoi)
        crs = area_of(aoi).grid_crs
        outlines = gpd.GeoSeries(
            [shapely.from_geojson(json.dumps(change["polygon"])) for change in world["planted"]], crs=4490
        ).to_crs(crs)
        patches = gpd.read_file(folder / "inventory.gpkg", layer="change_patches").to_crs(crs).geometry
        overlap = pd.DataFrame({n: patches.intersection(outline).area for n, outline in enumerate(outlines)})
        union = pd.DataFrame({n: patches.union(outline).area for n, outline in enumerate(outlines)})
        found = (overlap / union >= 0.5).any()
        hits += int(found.sum())
        misses += int((~found).sum())
        strangers += int((overlap.sum(axis=1) < patches.area / 2).sum())
    f1 = 2 * hits / (2 * hits + misses + strangers)
    print(f"planted patches found {hits}, missed {misses}, false patches {strangers}: F1 {f1:.3f}")
    assert f1 >= 0.85
