"""The view of very many parcels: what it takes to make, how soon it opens, how smoothly it is moved.

A grid of parcels is planted into a small delivery. Frames a second are those of a headless Chromium, which
draws without a graphics card; those of the same map without its parcels stand beside them.

    PYTHONPATH=. python tests/bench/bench_view.py --parcels 100000
"""

import argparse
import json
import resource
import shutil
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from playwright.sync_api import sync_playwright

from pipeline import operating_system
from pipeline.commands.view import build_view, write_view
from pipeline.storage.delivered import find_delivered
from tests.bulletins import describe_file
from tests.views import publish_view

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"]
WEST, SOUTH, WIDE, HIGH = 121.62, 31.42, 0.37, 0.17
ZOOMS = (0, 2, 4)
IDLE = """new Promise(done => {
  const { map } = ecoView.map.pane;
  map.loaded() ? done() : map.once('idle', done);
})"""
SHOW = "ecoView.map.update({shown: {...ecoView.map.state.shown, parcels: %s}})"
PAN = """async ([zoom, seconds]) => {
  const { map } = ecoView.map.pane;
  map.jumpTo({ zoom });
  await new Promise(done => map.loaded() ? done() : map.once('idle', done));
  const times = [];
  const start = performance.now();
  for (let now = start, last = start; now < start + seconds * 1000; last = now) {
    const turn = (now - start) / 600;
    map.panBy([Math.round(9 * Math.cos(turn)), Math.round(6 * Math.sin(1.4 * turn))], { animate: false });
    now = await new Promise(requestAnimationFrame);
    times.push(now - last);
  }
  const drawn = map.queryRenderedFeatures({ layers: ['parcels:body'] }).length;
  times.sort((one, other) => one - other);
  return { frames: times.length / seconds, worst: times[Math.floor(times.length * 0.95)], drawn };
}"""


def plant_parcels(folder: Path, count: int) -> int:
    """Put a grid of parcels of uneven shape in the place of those of a delivery; how many."""
    path = find_delivered(folder, ".gpkg")
    side = int(np.sqrt(count))
    shake = np.random.default_rng(1).uniform(-0.3, 0.3, (2, side + 1, side + 1)) / side
    column, row = np.meshgrid(np.linspace(0, 1, side + 1), np.linspace(0, 1, side + 1))
    corners = np.stack([WEST + WIDE * (column + shake[0]), SOUTH + HIGH * (row + shake[1])], axis=-1)
    turns = (corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1], corners[:-1, :-1])
    shapes = shapely.multipolygons(
        [[one] for one in shapely.polygons(np.stack(turns, axis=-2).reshape(-1, 5, 2))]
    )
    ids = pd.Series([f"P{number:07d}" for number in range(len(shapes))])
    layers = {
        name: pyogrio.read_dataframe(path, layer=name)
        for name, _ in pyogrio.list_layers(path)
        if name != "layer_styles"
    }
    layers["parcels"] = repeat_rows(layers["parcels"], ids).set_geometry(
        gpd.GeoSeries(shapes, crs="EPSG:4490")
    )
    rows = [repeat_rows(of_period, ids) for _, of_period in layers["inventory"].groupby("period")]
    layers["inventory"] = pd.concat(rows).drop(columns="geometry")
    path.unlink()
    for number, (name, layer) in enumerate(layers.items()):
        pyogrio.write_dataframe(layer, path, layer=name, driver="GPKG", append=number > 0)
    plant_measures(folder / "tables" / "parcel_measures.csv", ids)
    promise_files(folder, (path.name, "tables/parcel_measures.csv"))
    return len(shapes)


def repeat_rows(table, ids):
    """So many rows as there are ids, those of the table again and again."""
    return table.iloc[np.arange(len(ids)) % len(table)].reset_index(drop=True).assign(parcel_id=ids)


def plant_measures(path: Path, ids: pd.Series) -> None:
    """Figures of two periods for every parcel."""
    told = pd.read_csv(path, encoding="utf-8-sig").iloc[0]
    frames = [
        pd.DataFrame(
            {
                **told.drop(["parcel_id", "period", "measure", "value", "reason"]),
                "parcel_id": ids,
                "period": period,
                "measure": measure,
                "reason": None,
            }
        ).assign(value=np.linspace(0, scale, len(ids)))
        for period in ("2023", "2024")
        for measure, scale in (
            ("fvc_mean", 1),
            ("class_area:water", 900),
            ("class_area:vegetation", 4000),
            ("class_area:bare", 70),
            ("class_area:built", 500),
        )
    ]
    pd.concat(frames).to_csv(path, index=False, encoding="utf-8-sig")


def promise_files(folder: Path, names: tuple[str, ...]) -> None:
    """Let the manifest say what the files are now."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["files"] |= {name: describe_file(folder / name) for name in names}
    path.write_text(json.dumps(manifest), "utf-8")


def measure_page(index: Path, seconds: float) -> None:
    """Open the page from its file, move it, search it; prints what it took."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True).new_page()
        start = time.perf_counter()
        page.goto(index.as_uri())
        page.wait_for_selector("#map[data-ready]", timeout=120_000)
        print(f"page is ready after    {time.perf_counter() - start:8.2f} s")
        page.evaluate(IDLE)
        print(f"all is drawn after     {time.perf_counter() - start:8.2f} s")
        nearest = page.evaluate("ecoView.map.pane.map.getZoom()")
        for shown in ("true", "false"):
            page.evaluate(SHOW % shown)
            for more in ZOOMS:
                told = page.evaluate(PAN, [nearest + more, seconds])
                smooth = f"{told['frames']:5.1f} frames a second, 95 % within {told['worst']:5.0f} ms"
                print(f"zoom {nearest + more:4.1f}, {told['drawn']:6d} parcels: {smooth}")
        start = time.perf_counter()
        page.fill("input[type=search]", "P0000042")
        page.wait_for_selector(".eco-hits button", timeout=60_000)
        print(f"search answers after   {time.perf_counter() - start:8.2f} s")
        browser.close()


def main() -> None:
    """Plant, make, open, move."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--parcels", type=int, default=100_000)
    asked.add_argument("--seconds", type=float, default=4.0)
    told = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        operating_system.find_cache_folder = lambda: root / "cache"
        out = publish_view(root / "out", labels=("2024",))
        count = plant_parcels(out / "delta" / "2024", told.parcels)
        wall, cpu = time.perf_counter(), time.process_time()
        write_view(build_view(out), root / "view")
        size = sum(path.stat().st_size for path in (root / "view" / "d").rglob("*.js")) / 1e6
        took = f"{time.perf_counter() - wall:.1f} s, CPU {time.process_time() - cpu:.1f} s"
        print(f"view of {count} parcels: {took}, {size:.0f} MB")
        print(f"most memory            {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")
        measure_page(root / "view" / "index.html", told.seconds)


if __name__ == "__main__":
    main()
