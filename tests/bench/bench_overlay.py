"""What laying parcels over rasters costs: beside bare exactextract and rasterstats, and in memory.

    make bench-overlay                     or, with fewer parcels and without strangers
    python tests/bench/bench_overlay.py --ours 10000
    python tests/bench/bench_overlay.py --beside 1000000    ours and bare exactextract alone

lays 100,000 parcels over 4 rasters of 4000 x 4000 (land cover, FVC, NDVI, looks), by today's overlay and by
that before measures were entries (`old`: two closed kernels); `sums` are the kernels alone, over pixels that
are laid already. Then takes 1,000,000 parcels from a GeoPackage in Gauss-Krueger to the table of their
measures (`path`: read, checked, repaired, placed, overlaid), and from the prepared parcels to that table
(`overlay`), for the memory. Each step runs in a process of its own; CPU seconds are those of its work,
without starting Python and making the world; MB are 10^6 bytes resident at most, in all of the process. Ours
starts from parcels in EPSG:4490 and gives all sums of a period (classes, grades, means, lost looks) scaled to
ellipsoidal areas; `ours_table` goes on to the table of measures, as a run does. Bare exactextract is its
shortest way: shapes as WKB, results kept as they come, the means of all four in one call; or the means of
three and, in a second call, the shares of the classes, which is what we give; then the same two calls as
people write them, with a GeoDataFrame. Ours and bare exactextract lay 1,000,000 parcels too.
rasterstats gets a sample of the parcels, and is scaled. Prints
tables and ratios; no time is asserted, the memory and the equality of results are.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
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
from pipeline.flow.parcels import RegisterFiles
from pipeline.geodesy import CGCS2000, measure_areas_m2, project_all, unproject, unproject_all
from pipeline.grid import Grid
from pipeline.ingest.parcels import read_parcels
from pipeline.rights_registry import geometry
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.settings.parcels import ParcelFile
from pipeline.storage.cause import Artifact
from pipeline.storage.scratch import ScratchFile
from pipeline.storage.tables import save_parts
from pipeline.zonal import cells, overlay
from pipeline.zonal.sums import ParcelSums
from tests.bench import old_overlay
from tests.parcel_overlay import ParcelLayers, measure, plan_of, rasters_of, sums_of, tables_of, widen, years

OUT = Path(__file__).parents[2] / "build" / "bench"
GRID = Grid("EPSG:32651", 350_000.0, 3_520_000.0, 10.0, 4000, 4000)
PARCELS, MANY, SAMPLE = 100_000, 1_000_000, 1000
BOUND_MB = 2000
OLD_RULES = old_overlay.CoverRules(0.3, (0.3, 0.45, 0.6, 0.75))
EXTENT_M = 39_700.0
GAUSS_KRUEGER = "EPSG:4549"
NODATA = {"land_cover": 255, "fvc": -32768, "ndvi": -32768, "looks": None}
Work = Callable[[], object]


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
    with RegisterFiles.open(folder, []) as files:
        geometry.prepare_parcels(register.keys, register.batches(), aoi, files)


def lay(folder: Path, rasters: ParcelLayers) -> None:
    """Lay the prepared parcels of a folder over rasters, and write their measures."""
    with ScratchFile(folder) as scratch:
        shapes = load_shapes(Artifact("bench", folder), scratch)
        save_parts(folder / "parcel_measures.parquet", tables_of(shapes, sums_of(shapes, GRID, rasters), 1))


def layers() -> ParcelLayers:
    """Four rasters without structure, 3 % never seen; no read was lost."""
    rng = np.random.default_rng(5)
    unseen = rng.random(GRID.shape, dtype=np.float32) < 0.03
    land_cover = rng.choice(np.array([1, 2, 3, 4], np.uint8), GRID.shape)
    fvc = rng.integers(0, 10_001, GRID.shape, dtype=np.int16)
    ndvi = rng.integers(-3000, 9000, GRID.shape, dtype=np.int16)
    land_cover[unseen], fvc[unseen], ndvi[unseen] = 255, -32768, -32768
    looks = rng.integers(0, 40, GRID.shape, dtype=np.uint16)
    return ParcelLayers(land_cover, fvc, ndvi, looks, np.broadcast_to(np.uint16(0), GRID.shape))


def sources(rasters: ParcelLayers) -> list[NumPyRasterSource]:
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
        self.cells.append(result.values)


def bare(parcels: gpd.GeoDataFrame, rasters: ParcelLayers, *, shares: bool) -> list[dict]:
    """Means of all rasters in one call; or of three, and in a second call the shares of the classes."""
    shapes = cells._Shapes(list(shapely.to_wkb(project_all(parcels.geometry.to_numpy(), GRID.crs))))
    land_cover, *others = sources(rasters)
    writer = _Results()
    exact_extract(others if shares else [land_cover, *others], shapes, ["mean"], output=writer)
    if shares:
        exact_extract(land_cover, shapes, ["unique", "frac"], output=_Results())
    return writer.cells


def add_new(laid: list, rows: int) -> None:
    """The kernels of today over pixels and their rasters."""
    plan = plan_of(1)
    sums = ParcelSums.zeros(rows, plan.jobs)
    for pixels, rasters in laid:
        sums.add(pixels, rasters_of(plan.periods, [rasters]))


def add_old(laid: list, rows: int) -> None:
    """The kernels before."""
    sums = old_overlay.ParcelSums.empty(rows, 1, len(OLD_RULES.cuts) + 1)
    for pixels, rasters in laid:
        old_overlay._add(pixels, [rasters], OLD_RULES, sums)


def old_sums_of(parcels: gpd.GeoDataFrame, rasters: ParcelLayers) -> old_overlay.ParcelSums:
    """The sums of parcels by the overlay before."""
    shapes = ParcelShapes.of(parcels)
    sums = old_overlay.ParcelSums.empty(len(shapes), 1, len(OLD_RULES.cuts) + 1)
    for part in shapes.shapes.group_neighbours(overlay.NEIGHBOURS):
        read = lambda block: [rasters.cut(block)]  # noqa: E731 one line, used once
        sums.put(part, old_overlay.summed(shapes.take(part), GRID, read, OLD_RULES))
    return sums


def old_tables_of(parcels: gpd.GeoDataFrame, sums: old_overlay.ParcelSums) -> Iterator[pd.DataFrame]:
    """The tables of those sums, in a year of one period."""
    trend = partial(old_overlay.trend_of, cycle=1)
    cuts = [100 * cut for cut in OLD_RULES.cuts]
    return old_overlay.tables(parcels["parcel_id"], years(1), sums, trend, cuts_percent=cuts)


def largest_difference(parcels: gpd.GeoDataFrame, rasters: ParcelLayers) -> float:
    """Relative difference between our means and those of exactextract, pixels taken as equally large."""
    ours = widen(measure(parcels, _Uniform(**vars(GRID)), rasters))
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


def sums_alone(parcels: gpd.GeoDataFrame, rasters: ParcelLayers, add: Callable[..., None]) -> Work:
    """The kernels over pixels that are laid already, some neighbours at a time as a run takes them."""
    laid = []
    for part in ParcelShapes.of(parcels).shapes.group_neighbours(overlay.NEIGHBOURS):
        blocks = overlay.lay_parcels(parcels.iloc[part], GRID)
        laid.append(([(one.pixels, rasters.cut(one.block)) for one in blocks], len(part)))

    def add_all() -> None:
        for pixels, rows in laid:
            add(pixels, rows)

    return add_all


def shares_by_frame(parcels: gpd.GeoDataFrame, rasters: ParcelLayers) -> Work:
    """exactextract as people write it: means, then shares of the classes, of a GeoDataFrame."""
    projected = gpd.GeoDataFrame(geometry=project_all(parcels.geometry.to_numpy(), GRID.crs), crs=GRID.crs)

    def extract() -> None:
        land_cover, *others = sources(rasters)
        exact_extract(others, projected, ["mean"], output="pandas")
        exact_extract(land_cover, projected, ["unique", "frac"], output="pandas")

    return extract


def sample_by_rasterstats(parcels: gpd.GeoDataFrame, rasters: ParcelLayers) -> Work:
    """rasterstats over a sample of the parcels."""
    shapes = project_all(parcels.geometry.to_numpy()[:SAMPLE], GRID.crs)
    part = gpd.GeoDataFrame(geometry=shapes, crs=GRID.crs)

    def extract() -> None:
        for name, nodata in NODATA.items():
            options = {"categorical": True} if name == "land_cover" else {"stats": ["mean"]}
            no = 65535 if nodata is None else nodata
            raster = getattr(rasters, name)
            rasterstats.zonal_stats(part, raster, affine=GRID.transform, nodata=no, **options)

    return extract


OURS: dict[str, Callable[[gpd.GeoDataFrame, ParcelLayers], Work]] = {
    "ours": lambda parcels, rasters: partial(sums_of, parcels, GRID, rasters),
    "old_ours": lambda parcels, rasters: partial(old_sums_of, parcels, rasters),
    "ours_table": lambda parcels, rasters: partial(measure, parcels, GRID, rasters),
    "old_table": lambda parcels, rasters: (
        lambda: pd.concat(old_tables_of(parcels, old_sums_of(parcels, rasters)))
    ),
    "sums": partial(sums_alone, add=add_new),
    "old_sums": partial(sums_alone, add=add_old),
}
STRANGERS: dict[str, Callable[[gpd.GeoDataFrame, ParcelLayers], Work]] = {
    "exactextract_means": lambda parcels, rasters: partial(bare, parcels, rasters, shares=False),
    "exactextract_shares": lambda parcels, rasters: partial(bare, parcels, rasters, shares=True),
    "exactextract_geopandas": shares_by_frame,
    "rasterstats": sample_by_rasterstats,
}
STEPS = OURS | STRANGERS
BESIDE = ("ours", "ours_table", "exactextract_means", "exactextract_shares")


def cpu_seconds(step: str, parcels: gpd.GeoDataFrame, rasters: ParcelLayers) -> float:
    """CPU seconds of one step; of what works on a sample, scaled."""
    work = STEPS[step](parcels, rasters)
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    return seconds * len(parcels) / SAMPLE if step == "rasterstats" else seconds


def warm(rasters: ParcelLayers) -> None:
    """Compile what is compiled once, and bring libraries in."""
    few = register(64)
    for step in STEPS:
        if step != "rasterstats":
            cpu_seconds(step, few, rasters)


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
    return {"cpu_s": cpu_seconds(what, parcels, rasters), "start_mb": before, "peak_mb": resident_mb()}


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


def compare(parcels: int, steps: Sequence[str]) -> pd.DataFrame:
    """What each step costs over so many parcels."""
    rows = []
    for step in steps:
        rows.append({"step": step, "parcels": parcels, **in_process(step, parcels)})
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    seconds = table.set_index("step")["cpu_s"]
    for new, old in zip([*OURS][::2], [*OURS][1::2], strict=True):
        if {new, old} <= set(steps):
            print(f"{new} / {old}: {seconds[new] / seconds[old]:.3f}")
    ratios = (seconds["ours"] / seconds).rename("ours / step")
    print(pd.concat([ratios, (1 / ratios).rename("step / ours")], axis=1).round(3).to_string())
    return table


def main() -> None:
    """Measure all steps, print the table and the ratios, write them."""
    OUT.mkdir(parents=True, exist_ok=True)
    tables = [compare(PARCELS, list(STEPS)), compare(MANY, BESIDE)]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        in_process("write", MANY, Path(name))
        for step in ("path", "overlay"):
            rows.append({"step": step, "parcels": MANY, **in_process(step, MANY, Path(name))})
            print(rows[-1], flush=True)
    table = pd.concat([*tables, pd.DataFrame(rows)], ignore_index=True)
    print(table.round(1).to_string(index=False))
    difference = in_process("equal", PARCELS // 5)["difference"]
    print(f"largest relative difference from exactextract, {PARCELS // 5} parcels: {difference:.2g}")
    table.to_csv(OUT / "overlay.csv", index=False)
    assert difference < 1e-9
    assert max(row["peak_mb"] for row in rows) < BOUND_MB


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--ours", count]:
            compare(int(count), list(OURS))
        case ["--beside", count]:
            compare(int(count), BESIDE)
        case [what, count, folder]:
            print(json.dumps(_long_step(what, int(count), Path(folder))))
        case [what, count]:
            print(json.dumps(_step(what, int(count))))
        case _:
            main()
