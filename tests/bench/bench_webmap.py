"""How soon the map of a page stands: many parcels, each with products in two periods, in a real Chromium.

    make bench-webmap
    make bench-webmap WEBMAP="--parcels 20000"

makes a delivery of so many planted parcels, the map of it in a page, and opens that from a file without a
network. It prints the size of the page, when it was loaded, and when the map had drawn all parcels. Nothing
is asserted about time: figures depend on the machine, and on what else it does.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
import shapely
from playwright.sync_api import sync_playwright

from pipeline.contracts import Delivery
from pipeline.geodesy import CGCS2000
from pipeline.outputs.embedding import MapPart, build_policy
from pipeline.outputs.webmap.building import build_map
from tests.deliveries import EAST, PERIODS, small_delivery, written

ARGUMENTS = ["--no-sandbox", "--enable-unsafe-swiftshader"]
VERTICES = 24
_DRAWN = """new Promise((done) => {
    const { map } = ecomap.pane;
    const look = () => (map.loaded() && map.areTilesLoaded() ? done() : setTimeout(look, 20));
    look();
})"""
PRODUCTS = ("涵养水源", "土壤保持", "固碳", "洪水调蓄", "水质净化", "气候调节", "物种保育", "旅游")


def plant_parcels(count: int, like: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Parcels on a grid over the area, each an outline of many vertices."""
    side = int(np.ceil(np.sqrt(count)))
    west, south, east, north = EAST.bounds
    step = min((east - west), (north - south)) / side
    x, y = (axis.ravel()[:count] for axis in np.meshgrid(np.arange(side), np.arange(side)))
    centres = np.column_stack([west + (x + 0.5) * step, south + (y + 0.5) * step])
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * step * 0.48
    shapes = shapely.polygons(centres[:, None, :] + ring[None])
    rows = pd.DataFrame(like.drop(columns="geometry")).iloc[np.arange(count) % len(like)]
    rows = rows.reset_index(drop=True).assign(
        parcel_id=[f"310151001001GB{n:05d}W00000000" for n in range(count)],
        parcel_no=[f"310151001001GB{n:05d}W00000000" for n in range(count)],
        right_holder=[f"第{n % 97}村民小组" for n in range(count)],
    )
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CGCS2000)


def plant_products(parcels: gpd.GeoDataFrame, like: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A row for every parcel, product and period."""
    keys = pd.MultiIndex.from_product([parcels["parcel_id"], PRODUCTS, [period.label for period in PERIODS]])
    told = keys.to_frame(index=False, name=["parcel_id", "cat3_name", "period"])
    rows = pd.DataFrame(like.drop(columns="geometry")).iloc[np.arange(len(told)) % len(like)]
    rows = rows.reset_index(drop=True).assign(**told, quantity=np.arange(len(told)) % 9973 / 7)
    rows["product_id"] = [f"delta-{n}" for n in range(len(told))]
    shapes = parcels.geometry.to_numpy().repeat(len(PRODUCTS) * len(PERIODS))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CGCS2000)


def plant_delivery(count: int) -> Delivery:
    """The small delivery with so many parcels."""
    delivery = small_delivery()
    parcels = plant_parcels(count, delivery.parcels)
    return replace(delivery, parcels=parcels, inventory=plant_products(parcels, delivery.inventory))


def write_page(part: MapPart, path: Path) -> None:
    """A page that shows a map and nothing else."""
    scripts = "".join(f"<script>{script}</script>" for script in part.scripts)
    policy = build_policy(*part.scripts, worker=True)
    path.write_text(
        f'<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>地图</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><link rel="icon" href="data:,">'
        f"<style>{''.join(part.styles)}</style><main><h1>地图</h1>{part.html}{part.data}</main>{scripts}</html>",
        encoding="utf-8",
    )


def time_page(path: Path, program: str) -> dict[str, float]:
    """Seconds until the page was loaded, its map stood, all was drawn; and CPU of the browser until then."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = browser.new_context(offline=True, viewport={"width": 1280, "height": 860}).new_page()
        begun = time.perf_counter()
        page.goto(path.as_uri())
        loaded = time.perf_counter()
        page.wait_for_selector("[data-ready]")
        stood = time.perf_counter()
        page.evaluate(_DRAWN)
        drawn = time.perf_counter()
        processes = psutil.Process().children(recursive=True)
        processor = sum(sum(process.cpu_times()[:2]) for process in processes)
        browser.close()
    seconds = {"loaded": loaded, "map stood": stood, "all drawn": drawn}
    return {name: end - begun for name, end in seconds.items()} | {"CPU of the browser": processor}


def main() -> None:
    """Make the page, open it, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=5000)
    parser.add_argument("--program", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        delivery, path = plant_delivery(asked.parcels), Path(folder, "page.html")
        made = Path(folder, "delivery")
        made.mkdir()
        written(small_delivery(), made)
        begun = time.perf_counter()
        part = build_map(delivery, made / "rasters")
        print(f"{asked.parcels} parcels: map built in {time.perf_counter() - begun:.2f} s")
        write_page(part, path)
        print(f"page {path.stat().st_size / 1e6:.2f} MB, of which data {len(part.data) / 1e6:.2f} MB")
        for name, seconds in time_page(path, asked.program).items():
            print(f"{name}: {seconds:.2f} s")


if __name__ == "__main__":
    main()
