"""What a register of very many parcels costs from the file to the delivery: time, memory and bytes a step.

    make bench-parcels PARCELS=1e7         or, step by step in a folder that is kept
    PYTHONPATH=. python tests/bench/bench_parcels.py 1e6 /some/folder
    PYTHONPATH=. python tests/bench/bench_parcels.py --accounts 1e5 /some/folder

makes a register of so many parcels (GeoPackage, Gauss-Krueger, no gaps) and maps of two years under them,
16 pixels a parcel at the median, then runs the flow of a run over them: register, statistics, sections,
inventory, delivery; with `--accounts` there are statistics of every item and a red line over half of the
ground, and the accounts are a step before the inventory. Each step is a process of its own and finds what
those before it made; seconds are of the clock and of all CPUs, MB are 10^6 bytes resident at most, in all of
the process, `start_mb` of them before the step began. No time is asserted, the bound of memory is.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import Transformer

from pipeline import standards
from pipeline.engine.executors import Threads
from pipeline.engine.limits import REGISTER_BYTES
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow import publication
from pipeline.flow.account_inputs import make_account_inputs
from pipeline.flow.accounts import make_accounts
from pipeline.flow.feature_numbers import read_former_numbers
from pipeline.flow.inputs import Inputs, find_inputs
from pipeline.flow.inventory import make_inventory
from pipeline.flow.parcels import make_parcels
from pipeline.flow.scenes import make_scene_table
from pipeline.flow.sections import make_sections
from pipeline.flow.statistics import make_statistics
from pipeline.geodesy import unproject
from pipeline.grid import Block, BlockPlan, Grid
from pipeline.indices.change import code_transitions
from pipeline.maps.evidence import describe_sources
from pipeline.maps.registry import STEPS
from pipeline.maps.step import Maps, Show
from pipeline.settings import Scenes, Settings
from pipeline.settings.parcels import ParcelFile
from pipeline.settings.sources import StaticCatalog
from pipeline.settings.vegetation import Endmembers
from pipeline.storage.blocks import create_store, write_block
from pipeline.storage.cause import Artifact, Cause, measure_files
from pipeline.storage.workspace import Workspace
from tests.parcel_overlay import CLASSES, COUNT, RATIO
from tests.scenery import written
from tests.stac import BANDS, raw_item, write_catalogue

OUT = Path(__file__).parents[2] / "build" / "bench"
GAUSS_KRUEGER, UTM, LEFT, TOP = "EPSG:4549", "EPSG:32651", 350_000.0, 3_520_000.0
PARCEL_PX, PATCH_PX, MARGIN_M, AT_ONCE, EDGE_PX = 16, 12, 100.0, 250_000, 1024
ONE_PARCEL = f"310151{0:012d}"
"""Of a register that no GeoPackage holds, the part of this one has files of its own."""
BOUND_MB = REGISTER_BYTES / 1e6
YEARS = (2023, 2024)
STORES = {
    "land_cover": {"land_cover": CLASSES},
    "cover": {"fvc": RATIO},
    "spectral": {"ndvi": RATIO},
    "composite": {"looks": COUNT, "failed": COUNT},
}
_CLASSES = np.array(["0101", "0301", "1104", "0701", "1106", "0404"], dtype=object)


def name_grid(count: int) -> Grid:
    """A grid for so many parcels of about `PARCEL_PX` pixels."""
    edge = int(np.ceil(np.sqrt(count * PARCEL_PX))) + 30
    return Grid(UTM, LEFT, TOP, 10.0, edge, edge)


def draw_outlines(number: np.ndarray, count: int, grid: Grid) -> np.ndarray:
    """Parcels of a register without gaps, by their place in it: a net of cells whose edges are bent."""
    across = int(np.ceil(np.sqrt(count)))
    extent = grid.width * grid.resolution_m - 3 * MARGIN_M
    row, col = np.divmod(number, across)
    along = np.linspace(0, 1, 4, endpoint=False)
    sides = [(along, 0 * along), (1 + 0 * along, along), (1 - along, 1 + 0 * along), (0 * along, 1 - along)]
    ring = np.concatenate([*(np.column_stack(side) for side in sides), [[0, 0]]])
    net = ring[None] + np.column_stack([col, row])[:, None, :]
    x, y = net[..., 0], net[..., 1]
    bent = np.stack([x + 0.23 * np.sin(2.9 * y + 0.7 * x), y + 0.23 * np.sin(2.3 * x - 0.6 * y)], axis=-1)
    corner = [grid.left + 1.5 * MARGIN_M, grid.top - extent - 1.5 * MARGIN_M]
    return shapely.polygons(bent * (extent / across) + corner)


def write_register(path: Path, count: int) -> None:
    """A GeoPackage of 地类图斑 in Gauss-Krueger, rows in no order, so many at a time."""
    grid = name_grid(count)
    to_theirs = Transformer.from_crs(grid.crs, GAUSS_KRUEGER, always_xy=True)
    order = np.random.default_rng(3).permutation(count)
    for start in range(0, count, AT_ONCE):
        number = order[start : start + AT_ONCE]
        outlines = draw_outlines(number, count, grid)
        shapes = shapely.transform(outlines, lambda points: np.column_stack(to_theirs.transform(*points.T)))
        columns = {
            "BSM": np.char.add("310151", np.char.zfill(number.astype(str), 12)).astype(object),
            "DLBM": _CLASSES[number % len(_CLASSES)],
            "QSXZ": np.array(["10", "20", "30"], dtype=object)[number % 3],
            "ZLDWDM": np.char.add("310151", np.char.zfill((number % 300).astype(str), 13)).astype(object),
            "TBMJ": shapely.area(shapes).round(2),
        }
        table = gpd.GeoDataFrame(columns, geometry=shapes, crs=GAUSS_KRUEGER)
        written_before = start > 0
        pyogrio.write_dataframe(
            table, path, layer="DLTB", driver="GPKG", geometry_type="Polygon", append=written_before
        )


def plant_scenes(folder: Path, grid: Grid) -> Path:
    """A catalogue of a scene a year whose files are small: only its table is made of it."""
    outline = unproject(shapely.box(*grid.block_bounds(grid.whole)), grid.crs)
    items = []
    for year in YEARS:
        item = raw_item(f"S2A_{year}", when=f"{year}-06-01T02:30:15Z")
        rng = np.random.default_rng(year)
        for key in [*BANDS - {"coastal"}, "scl"]:
            numbers = np.full((64, 64), 4, np.uint8) if key == "scl" else rng.integers(1200, 1900, (64, 64))
            path = written(folder / item["id"] / f"{key}.tif", numbers.astype(np.uint16), left=LEFT, top=TOP)
            item["assets"][key] = {"href": f"./{path.name}"}
        del item["assets"]["coastal"]
        items.append(item | {"geometry": shapely.geometry.mapping(outline), "bbox": list(outline.bounds)})
    return write_catalogue(folder, items)


def plant_maps(folder: Path, grid: Grid) -> None:
    """Maps of every year: classes in patches as wide as three parcels, one pixel in fifteen a stray.

    3 % are never seen; one patch a block changed.
    """
    for step, layers in STORES.items():
        for year in YEARS:
            create_store(folder / f"{step}_{year}", layers, grid, EDGE_PX)
    create_store(folder / "change", {"change": CLASSES, "confidence": RATIO}, grid, EDGE_PX)
    rng = np.random.default_rng(5)
    for block in grid.blocks(EDGE_PX):
        first = _draw_classes(block.shape, rng)
        second = first.copy()
        second[20:90, 30:70] = 4
        for year, classes in zip(YEARS, (first, second), strict=True):
            _plant_year(folder, block, year, classes, rng)
        change = code_transitions(first, second)
        sure = np.full(block.shape, 8000, np.int16)
        write_block(folder / "change", block, {"change": change, "confidence": sure})


def _draw_classes(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    known = np.array([1, 2, 3, 4], np.uint8)
    patches = rng.choice(known, tuple(-(-edge // PATCH_PX) for edge in shape))
    classes = patches.repeat(PATCH_PX, axis=0).repeat(PATCH_PX, axis=1)[: shape[0], : shape[1]].copy()
    drawn = rng.random(shape, dtype=np.float32)
    stray = drawn < 1 / 15
    classes[stray] = rng.choice(known, np.count_nonzero(stray))
    classes[drawn > 0.97] = 255
    return classes


def _plant_year(folder: Path, block: Block, year: int, classes: np.ndarray, rng: np.random.Generator) -> None:
    numbers = {
        "land_cover": classes,
        "fvc": rng.integers(0, 10_001, block.shape, dtype=np.int16),
        "ndvi": rng.integers(-3000, 9000, block.shape, dtype=np.int16),
        "looks": rng.integers(0, 40, block.shape, dtype=np.uint16),
        "failed": np.zeros(block.shape, np.uint16),
    }
    for name in ("fvc", "ndvi"):
        numbers[name][classes == 255] = -32768
    for step, layers in STORES.items():
        write_block(folder / f"{step}_{year}", block, {name: numbers[name] for name in layers})


def plant(folder: Path, count: int) -> None:
    """Everything that a run reads."""
    grid = name_grid(count)
    write_register(folder / "register.gpkg", count)
    plant_scenes(folder / "stac", grid)
    plant_maps(folder, grid)
    left, bottom, right, top = grid.block_bounds(grid.whole)
    frame = shapely.box(left + MARGIN_M, bottom + MARGIN_M, right - MARGIN_M, top - MARGIN_M)
    outline = unproject(shapely.segmentize(frame, 1000), grid.crs)
    table = gpd.GeoDataFrame({"id": ["bench"], "name": ["田"]}, geometry=[outline], crs="EPSG:4490")
    table.to_file(folder / "bench.geojson")


def plant_accounts(folder: Path, count: int) -> None:
    """Statistics of every item and year, and a red line over the western half."""
    grid = name_grid(count)
    rows = [
        {"year": year, "item": row["code"], "value": 3.0 if row["unit"] == "class" else 200.0}
        | {"unit": row["unit"].partition(";")[0]}
        for year in YEARS
        for row in standards.read_rows("statistic_items")
    ]
    pd.DataFrame(rows).to_csv(folder / "statistics.csv", index=False)
    left, bottom, right, top = grid.block_bounds(grid.whole)
    west = unproject(shapely.segmentize(shapely.box(left, bottom, (left + right) / 2, top), 1000), grid.crs)
    gpd.GeoDataFrame(geometry=[west], crs="EPSG:4490").to_file(folder / "red_line.geojson")


def describe_accounts(folder: Path) -> dict[str, Any]:
    """What a config says of them, nothing where none are planted."""
    if not (folder / "statistics.csv").exists():
        return {}
    line = {"path": str(folder / "red_line.geojson"), "kind": "ecological_red_line"}
    statistics = [{"path": str(folder / "statistics.csv"), "region": "bench"}]
    return {"restricting": [line], "accounts": {"statistics": statistics}}


@dataclass(frozen=True)
class Bench:
    """The flow over a planted folder: every step finds what those before it made."""

    run: Run
    study: Study
    maps: Maps
    inputs: Inputs

    @classmethod
    @contextmanager
    def of(cls, folder: Path, count: int) -> Iterator["Bench"]:
        scenes = Scenes(
            provider=StaticCatalog(static=str(folder / "stac" / "catalog.json")),
            missions=["sentinel-2"],
            start=date(YEARS[0], 1, 1),
            end=date(YEARS[-1], 12, 31),
            period="year",
        )
        settings = Settings(
            label="bench",
            aoi=[str(folder / "bench.geojson")],
            scenes=scenes,
            parcels=ParcelFile(path=str(folder / "register.gpkg")),
            vegetation={"endmembers": Endmembers(soil=0.05, vegetation=0.85)},
            outputs={"parts": [ONE_PARCEL]},
            out=str(folder / "out"),
            **describe_accounts(folder),
        )
        study = replace(Study.of(settings.aoi[0], settings), grid=name_grid(count))
        with Workspace(folder / "out" / "work").hold() as workspace:
            run = Run(workspace, Threads(2), Bars(quiet=True))
            inputs = find_inputs(run, study)
            yield cls(run, study, _find_maps(study, folder), inputs)

    def make_parcels(self) -> Artifact:
        return make_parcels(self.run, self.study, self.inputs)

    def make_statistics(self) -> Artifact:
        return make_statistics(self.run, self.maps, self.make_parcels(), self.sources)

    def make_sections(self) -> Artifact:
        return make_sections(self.run, self.study, self.inputs, self.make_parcels())

    def make_accounts(self) -> Artifact | None:
        told = make_account_inputs(self.run, self.study, self.inputs)
        parcels, statistics, sections = self.make_parcels(), self.make_statistics(), self.make_sections()
        return make_accounts(self.run, self.maps, parcels, told, statistics, sections, self.inputs)

    def make_inventory(self) -> Artifact:
        made = (self.make_parcels(), self.make_statistics(), self.make_sections())
        made = (*made, self.make_accounts(), {}, self.sources)
        return make_inventory(self.run, self.maps, *made, simulated=False, supplement=None)

    def deliver(self) -> Artifact:
        """The delivery, published."""
        parcels, statistics, sections = self.make_parcels(), self.make_statistics(), self.make_sections()
        accounts, inventory = self.make_accounts(), self.make_inventory()
        former = read_former_numbers(self.study.target)
        cause = Cause("delivery", 1, {}, [inventory.key])
        table = self.scenes
        draft = publication.draft_delivery(self.study, self.inputs, table, self.maps, parcels, former)
        tables = publication.TableArtifacts(
            parcels, statistics, sections, inventory, accounts, None, None, {}
        )
        with draft as begun:
            gathered = publication.gather_delivery(self.run, begun, tables)
            account = {"periods": [], "warnings": []}
            publication.publish_delivery(self.run, cause, begun, gathered, tables.keys, account, {})
        return Artifact(cause.key, self.study.target)

    @property
    def scenes(self) -> gpd.GeoDataFrame:
        return make_scene_table(self.run, self.study, self.inputs).table

    @property
    def sources(self) -> dict:
        return describe_sources(self.study, self.scenes)


def _find_maps(study: Study, folder: Path) -> Maps:
    """The planted maps; of the steps only that which tells the bands, and figures of land cover."""
    made = {}
    for period in study.periods:
        for step in STORES:
            made[step, period] = Artifact(step, folder / f"{step}_{period.label}")
    made["change", study.pairs[0]] = Artifact("change", folder / "change")
    shown = [step for step in STEPS if step.name in ("composite", "land_cover") and step.times(study)]
    steps = tuple(replace(step, show=Show(rows=step.show.rows)) for step in shown)
    layout = BlockPlan(EDGE_PX, 1)
    return Maps(study, steps, (), layout, layout, made)


PLANTED: dict[str, tuple[Callable[[Path, int], None], str]] = {
    "plant": (plant, "bench.geojson"),
    "plant_accounts": (plant_accounts, "red_line.geojson"),
}
"""What plants the inputs, and the file that it writes last."""
WORK: dict[str, Callable[[Bench], Artifact | None]] = {
    "register": Bench.make_parcels,
    "statistics": Bench.make_statistics,
    "sections": Bench.make_sections,
    "accounts": Bench.make_accounts,
    "inventory": Bench.make_inventory,
    "delivery": Bench.deliver,
}


def resident_mb() -> float:
    """Peak resident size of this process since it began its program, which ru_maxrss does not forget."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith("VmHWM"))


def measure(step: str, count: int, folder: Path) -> dict[str, float]:
    """What a step costs, those before it done."""
    if step in PLANTED:
        PLANTED[step][0](folder, count)
        return {}
    with Bench.of(folder, count) as bench:
        before, clock, cpu = resident_mb(), time.perf_counter(), time.process_time()
        made = WORK[step](bench)
        return {
            "seconds": time.perf_counter() - clock,
            "cpu_s": time.process_time() - cpu,
            "start_mb": before,
            "peak_mb": resident_mb(),
            "written_mb": measure_files(made.path)[0] / 1e6 if made else 0.0,
        }


def measure_all(count: int, folder: Path, *, accounts: bool) -> pd.DataFrame:
    """What every step costs, each in a process of its own."""
    rows = []
    left_out = () if accounts else ("plant_accounts", "accounts")
    for step in [step for step in (*PLANTED, *WORK) if step not in left_out]:
        words = [sys.executable, __file__, step, str(count), str(folder)]
        if step in PLANTED and (folder / PLANTED[step][1]).exists():
            continue
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        if step not in PLANTED:
            rows.append({"step": step, "parcels": count, **json.loads(done.stdout)})
            print(json.dumps(rows[-1]), flush=True)
    return pd.DataFrame(rows)


def main(count: int, folder: Path, *, accounts: bool) -> None:
    """Measure all steps, print the table, write it, hold the bound."""
    folder.mkdir(parents=True, exist_ok=True)
    OUT.mkdir(parents=True, exist_ok=True)
    table = measure_all(count, folder, accounts=accounts)
    print(table.round(1).to_string(index=False))
    table.to_csv(OUT / f"parcels_{count}.csv", index=False)
    assert table["peak_mb"].max() < BOUND_MB


if __name__ == "__main__":
    with_accounts = "--accounts" in sys.argv
    match [word for word in sys.argv[1:] if word != "--accounts"]:
        case [step, count, folder]:
            print(json.dumps(measure(step, int(count), Path(folder))))
        case [count, folder]:
            main(int(float(count)), Path(folder), accounts=with_accounts)
        case [count]:
            with tempfile.TemporaryDirectory() as name:
                main(int(float(count)), Path(name), accounts=with_accounts)
