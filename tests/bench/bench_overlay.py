"""What laying parcels over rasters costs: beside bare exactextract and rasterstats, and in memory.

    make bench-overlay

lays 100,000 parcels over 4 rasters of 4000 x 4000 (land cover, FVC, NDVI, looks); then takes 1,000,000
parcels from a GeoPackage in Gauss-Krueger to the table of their measures (`path`: read, checked, repaired,
placed, overlaid), and from the prepared parcels to that table (`overlay`), for the memory. Each step runs in
a process of its own; CPU seconds are those of its work, without starting Python and making the world; MB are
10^6 bytes resident at most, in all of the process. Ours starts from parcels in EPSG:4490 and gives all sums
of a period (classes, grades, means, lost looks) scaled to ellipsoidal areas; `ours_table` goes on to the
table of measures, as a run does. Bare exactextract is its shortest way: shapes as WKB, results kept as they
come, the means of all four in one call; or the means of three and, in a second call, the shares of the
classes, which is what we give; then the same two calls as people write them, with a GeoDataFrame. rasterstats
gets a sample of the parcels, and is scaled. Prints tables and ratios; no time is asserted, the memory and the
equality of results are.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterstats
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import Transformer

from pipeline.aoi import Aoi, Part
from pipeline.flow.measures import load_shapes
from pipeline.geodesy import CGCS2000, measure_areas_m2, project_all, unproject, unproject_all
from pipeline.grid import Grid
from pipeline.ingest.parcels import read_parcels
from pipeline.rights_registry import geometry
from pipeline.settings.parcels import ParcelFile
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import LongTable, save_parts
from pipeline.zonal import cells, overlay
from tests.parcel_overlay import sums_of, tables_of, wide

OUT = Path(__file__).parents[2] / "build" / "bench"
GRID = Grid("EPSG:32651", 350_000.0, 3_520_000.0, 10.0, 4000, 4000)
PARCELS, MANY, SAMPLE = 100_000, 1_000_000, 1000
BOUND_MB = 2000
EXTENT_M = 39_700.0
GAUSS_KRUEGER = "EPSG:4549"
NODATA = {"land_cover": 255, "fvc": -32768, "ndvi": -32768, "looks": None}
STEPS = (
    "ours",
    "ours_table",
    "exactextract_means",
    "exactextract_shares",
    "exactextract_geopandas",
    "rasterstats",
)


def outlines(count: int) -> np.ndarray:
    """So many parcels without gaps in the grid's CRS: a net of cells whose edges are bent."""
    across = int(np.ceil(np.sqrt(count)))
    step = EXTENT_M / across
    row, col = np.divmod(np.arange(count), across)
    along = np.linspace(0, 1, 4, endpoint=False)
    ring = np.concatenate(
        [
            np.column_stack([along, 0 * along]),
            np.column_stack([1 + 0 * along, along]),
            np.column_stack([1 - along, 1 + 0 * along]),
            np.column_stack([0 * along, 1 - along]),
            [[0, 0]],
        ]
    )
    net = ring[None] + np.column_stack([col, row])[:, None, :]
    x, y = net[..., 0], net[..., 1]
    bent = np.stack([x + 0.23 * np.sin(2.9 * y + 0.7 * x), y + 0.23 * np.sin(2.3 * x - 0.6 * y)], axis=-1)
    placed = bent * step + [GRID.left + 100 + step / 4, GRID.top - EXTENT_M - 100 - step / 4]
    return np.random.default_rng(3).permutation(shapely.polygons(placed))


def register(count: int) -> gpd.GeoDataFrame:
    """The parcels as a run has them: EPSG:4490, with their ellipsoidal areas."""
    shapes = unproject_all(outlines(count), GRID.crs)
    ids = np.char.add("p", np.arange(count).astype(str)).astype(object)
    return gpd.GeoDataFrame(
        {"parcel_id": ids, "area_m2": measure_areas_m2(shapes)}, geometry=shapes, crs=CGCS2000
    )


def write_register(path: Path, count: int) -> None:
    """The parcels as a survey hands them over: a GeoPackage of 地类图斑 in Gauss-Krueger."""
    to_their_crs = Transformer.from_crs(GRID.crs, GAUSS_KRUEGER, always_xy=True)
    shapes = shapely.transform(
        outlines(count), lambda points: np.column_stack(to_their_crs.transform(*points.T))
    )
    number = np.arange(count)
    columns = {
        "BSM": np.char.add("310151", np.char.zfill(number.astype(str), 12)).astype(object),
        "DLBM": np.array(["0101", "0301", "1104", "0701", "1106", "0404"], object)[number % 6],
        "QSXZ": np.array(["10", "20", "30"], object)[number % 3],
        "ZLDWDM": np.char.add("310151", np.char.zfill((number % 300).astype(str), 13)).astype(object),
        "TBMJ": shapely.area(shapes).round(2),
    }
    table = gpd.GeoDataFrame(columns, geometry=shapes, crs=GAUSS_KRUEGER)
    pyogrio.write_dataframe(table, path, layer="DLTB", driver="GPKG", geometry_type="Polygon")


def prepare(folder: Path) -> None:
    """Read, check and repair the register of a folder, and cut it to the extent of the rasters."""
    left, bottom, right, top = GRID.block_bounds(GRID.whole)
    outline = unproject(shapely.segmentize(shapely.box(left, bottom, right, top), 1000), GRID.crs)
    aoi = Aoi("bench", "bench", "bench", (Part("1", "", "", outline, None),), GRID.crs, "drawn", "exact")
    register = read_parcels(ParcelFile(path=str(folder / "register.gpkg")), aoi)
    with LongTable(folder / "parcels.parquet") as parcels:
        geometry.prepare_parcels(register.keys, register.batches(), aoi, parcels.add)


def lay(folder: Path, rasters: overlay.ParcelLayers) -> None:
    """Lay the prepared parcels of a folder over rasters, and write their measures."""
    shapes = load_shapes(Artifact("bench", folder))
    save_parts(folder / "parcel_measures.parquet", tables_of(shapes, sums_of(shapes, GRID, rasters)))


def layers() -> overlay.ParcelLayers:
    """Four rasters without structure, 3 % never seen; no read was lost."""
    rng = np.random.default_rng(5)
    unseen = rng.random(GRID.shape, dtype=np.float32) < 0.03
    land_cover = rng.choice(np.array([1, 2, 3, 4], np.uint8), GRID.shape)
    fvc = rng.integers(0, 10_001, GRID.shape, dtype=np.int16)
    ndvi = rng.integers(-3000, 9000, GRID.shape, dtype=np.int16)
    land_cover[unseen], fvc[unseen], ndvi[unseen] = 255, -32768, -32768
    looks = rng.integers(0, 40, GRID.shape, dtype=np.uint16)
    return overlay.ParcelLayers(land_cover, fvc, ndvi, looks, np.broadcast_to(np.uint16(0), GRID.shape))


def sources(rasters: overlay.ParcelLayers) -> list[NumPyRasterSource]:
    """The four rasters as exactextract takes them."""
    wkt = gpd.GeoSeries(crs=GRID.crs).crs.to_wkt()
    bounds = GRID.block_bounds(GRID.whole)
    return [
        NumPyRasterSource(getattr(rasters, name), *bounds, nodata=value, name=name, srs_wkt=wkt)
        for name, value in NODATA.items()
    ]


class _Results(cells._Cells):
    """Keeps what exactextract found, feature by feature."""

    def write(self, feature):
        result = cells._Result()
        feature.copy_to(result)
        self.found.append(result.values)


def bare(parcels: gpd.GeoDataFrame, rasters: overlay.ParcelLayers, *, shares: bool) -> list[dict]:
    """Means of all rasters in one call; or of three, and in a second call the shares of the classes."""
    shapes = cells._Shapes(project_all(parcels.geometry.to_numpy(), GRID.crs))
    land_cover, *others = sources(rasters)
    writer = _Results()
    exact_extract(others if shares else [land_cover, *others], shapes, ["mean"], output=writer)
    if shares:
        exact_extract(land_cover, shapes, ["unique", "frac"], output=_Results())
    return writer.found


def largest_difference(parcels: gpd.GeoDataFrame, rasters: overlay.ParcelLayers) -> float:
    """Relative difference between our means and those of exactextract, pixels taken as equally large."""
    ours = wide(pd.concat(tables_of(parcels, sums_of(parcels, _Uniform(**vars(GRID)), rasters))))
    theirs = bare(parcels, rasters, shares=True)
    worst = 0.0
    for name, layer, scale in (
        ("fvc_mean", "fvc", 1e-4),
        ("ndvi_mean", "ndvi", 1e-4),
        ("looks_mean", "looks", 1),
    ):
        mean = np.array([row[f"{layer}_mean"] for row in theirs], dtype=float) * scale
        worst = max(worst, float(np.nanmax(np.abs(ours[name].to_numpy() / mean - 1))))
    return worst


class _Uniform(Grid):
    """A grid whose pixels are all of one size, as exactextract takes them to be."""

    def pixel_area_m2(self, block):
        return np.full(block.shape, self.resolution_m**2)


def work(step: str, parcels: gpd.GeoDataFrame, rasters: overlay.ParcelLayers) -> float:
    """CPU seconds of one step."""
    shapes = project_all(parcels.geometry.to_numpy(), GRID.crs)
    projected = gpd.GeoDataFrame(geometry=shapes, crs=GRID.crs)
    rows = len(parcels)
    start = time.process_time()
    match step:
        case "ours":
            sums_of(parcels, GRID, rasters)
        case "ours_table":
            rows = sum(len(table) for table in tables_of(parcels, sums_of(parcels, GRID, rasters)))
        case "exactextract_means":
            bare(parcels, rasters, shares=False)
        case "exactextract_shares":
            bare(parcels, rasters, shares=True)
        case "exactextract_geopandas":
            land_cover, *others = sources(rasters)
            exact_extract(others, projected, ["mean"], output="pandas")
            exact_extract(land_cover, projected, ["unique", "frac"], output="pandas")
        case "rasterstats":
            part = projected.iloc[:SAMPLE]
            start = time.process_time()
            for name, nodata in NODATA.items():
                options = {"categorical": True} if name == "land_cover" else {"stats": ["mean"]}
                raster = getattr(rasters, name)
                no = 65535 if nodata is None else nodata
                rasterstats.zonal_stats(part, raster, affine=GRID.transform, nodata=no, **options)
            return (time.process_time() - start) * rows / SAMPLE
    return time.process_time() - start


def warm(rasters: overlay.ParcelLayers) -> None:
    """Compile what is compiled once, and bring libraries in."""
    few = register(64)
    for step in STEPS[:-1]:
        work(step, few, rasters)


def in_process(what: str, count: int, folder: Path | None = None) -> dict[str, float]:
    """CPU seconds and peak resident MB of a step over so many parcels, in a process of its own."""
    words = [sys.executable, __file__, what, str(count), *([str(folder)] if folder else [])]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def resident_mb(kind: str = "VmHWM") -> float:
    """Peak resident size of this process since it began its program, which ru_maxrss does not forget."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith(kind))


def _step(what: str, count: int) -> dict[str, float]:
    rasters = layers()
    if what == "equal":
        return {"difference": largest_difference(register(count), rasters)}
    warm(rasters)
    parcels = register(count)
    before = resident_mb()
    return {"cpu_s": work(what, parcels, rasters), "start_mb": before, "peak_mb": resident_mb()}


def _long_step(what: str, count: int, folder: Path) -> dict[str, float]:
    """A step over a register that is not held: writes it, or works on it."""
    if what == "write":
        write_register(folder / "register.gpkg", count)
        return {}
    rasters = layers()
    warm(rasters)
    before, start = resident_mb(), time.process_time()
    if what == "path":
        prepare(folder)
    lay(folder, rasters)
    return {"cpu_s": time.process_time() - start, "start_mb": before, "peak_mb": resident_mb()}


def main() -> None:
    """Measure all steps, print the table and the ratios, write them."""
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    for step in STEPS:
        rows.append({"step": step, "parcels": PARCELS, **in_process(step, PARCELS)})
        print(rows[-1], flush=True)
    with tempfile.TemporaryDirectory() as name:
        in_process("write", MANY, Path(name))
        for step in ("path", "overlay"):
            rows.append({"step": step, "parcels": MANY, **in_process(step, MANY, Path(name))})
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    print(table.round(1).to_string(index=False))
    seconds = table[table["parcels"] == PARCELS].set_index("step")["cpu_s"]
    ratios = (seconds["ours"] / seconds).rename("ours / step")
    print(pd.concat([ratios, (1 / ratios).rename("step / ours")], axis=1).round(3).to_string())
    difference = in_process("equal", PARCELS // 5)["difference"]
    print(f"largest relative difference from exactextract, {PARCELS // 5} parcels: {difference:.2g}")
    table.to_csv(OUT / "overlay.csv", index=False)
    assert difference < 1e-9
    assert table.loc[table["parcels"] == MANY, "peak_mb"].max() < BOUND_MB


if __name__ == "__main__":
    match sys.argv[1:]:
        case [what, count, folder]:
            print(json.dumps(_long_step(what, int(count), Path(folder))))
        case [what, count]:
            print(json.dumps(_step(what, int(count))))
        case _:
            main()
