"""The delivery folder of one area: everything in it but the manifest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd
from dask.system import CPU_COUNT

from pipeline import outputs
from pipeline.contracts import Delivery, Raster
from pipeline.grid import Block, Grid
from pipeline.operating_system import lower_priority
from pipeline.outputs.books import write_books
from pipeline.outputs.columns import Language
from pipeline.outputs.csv_tables import write_csv, write_inventory_csv, write_named_tables
from pipeline.outputs.geopackage import write_geopackage
from pipeline.outputs.geoparquet import write_geoparquet, write_geoparquet_parts
from pipeline.outputs.layers import (
    INVENTORY_LAYER,
    PARCELS_LAYER,
    FeatureLayer,
    build_layer_parts,
    build_layer_rows,
    flatten_table,
)
from pipeline.outputs.long_tables import write_long_tables
from pipeline.outputs.map_sheets import is_shown
from pipeline.outputs.qgis.delivery_project import add_project
from pipeline.outputs.raster import write_raster
from pipeline.outputs.register_parts import write_register_parts
from pipeline.outputs.shapefile import write_shapefiles
from pipeline.outputs.stac.catalog import write_stac_catalog
from pipeline.settings.outputs import Headings, Parts
from pipeline.storage.delivered import FORMER_NAMES, REGISTER_ENDS, FileFacts
from pipeline.storage.ownership import BEGUN

_PATIENCE = 5
"""By how much raster writers stand back (nice): a third of the time of a thread that does not."""


@dataclass(frozen=True)
class DeliveryDraft:
    """A delivery folder, and by their names the rasters that are being written into it."""

    folder: Path
    rasters: Mapping[str, Future[list[Path]]]


@contextmanager
def begin_delivery(
    folder: Path,
    rasters: Iterable[Raster],
    grid: Grid,
    *,
    simulated: bool,
    as_of: datetime,
    language: Language,
    blocks: Sequence[Block] = (),
) -> Iterator[DeliveryDraft]:
    """Begin a delivery in an existing empty folder with its rasters, each with its legend.

    They take the longest, so they are written beside all that follows, those that the report shows first.
    `blocks` are those of the grid beyond which none of them holds anything, where that is known. Where
    writing fails, no further one is begun, and the folder must not be published.
    """
    (folder / "rasters").mkdir()
    write = partial(
        write_raster, grid=grid, simulated=simulated, as_of=as_of, language=language, blocks=blocks
    )
    writers = ThreadPoolExecutor(CPU_COUNT, "raster", lower_priority, (_PATIENCE,))
    try:
        yield DeliveryDraft(
            folder,
            {
                raster.name: writers.submit(write, raster, path=folder / "rasters" / f"{raster.name}.tif")
                for raster in sorted(rasters, key=lambda raster: not is_shown(raster))
            },
        )
    finally:
        writers.shutdown(cancel_futures=True)


def complete_delivery(
    delivery: Delivery,
    begun: DeliveryDraft,
    *,
    shapefile: bool = False,
    headings: Headings = "keys",
    parts: Parts = "all",
) -> dict[str, FileFacts]:
    """Write all else of a delivery that was begun with its rasters; its files by their place in it, sorted.

    Inventory (GeoPackage, workbook, GeoParquet, CSV), template for completion by hand, parcels
    (GeoParquet), CSV tables, the report and a STAC catalogue; on request the layers as Shapefiles, and CSV
    tables under the headings that people read, in folders of their own. The same delivery gives the same
    bytes. Raises ContractError where a table or a raster is not as promised, and then leaves an unfinished
    folder, which must not be published.
    """
    folder = begun.folder
    (folder / "tables").mkdir()
    if delivery.package == "others":
        delivery = write_register_parts(delivery, folder, parts)
    layers = write_geopackage(delivery, folder / delivery.name_file(".gpkg"))
    _write_tables(delivery, folder, headings, shapefile=shapefile)
    _wait(begun.rasters[raster.name] for raster in delivery.rasters if is_shown(raster))
    outputs.report.write_report(delivery, folder)
    _wait(begun.rasters.values())
    add_project(delivery, folder / delivery.name_file(".gpkg"), layers)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != BEGUN]
    measured = _measure(folder, files)
    measured |= _measure(folder, write_stac_catalog(delivery, folder, measured))
    _link_former_names(delivery, folder)
    return dict(sorted(measured.items()))


def _measure(folder: Path, files: Sequence[Path]) -> dict[str, FileFacts]:
    with ThreadPoolExecutor(CPU_COUNT) as readers:
        facts = list(readers.map(FileFacts.of, files))
    return {path.relative_to(folder).as_posix(): one for path, one in zip(files, facts, strict=True)}


def _write_tables(delivery: Delivery, folder: Path, headings: Headings, *, shapefile: bool) -> None:
    """Workbook, GeoParquet, CSV and tables."""
    if shapefile:
        (folder / "shapefile").mkdir()
        write_shapefiles(delivery, folder / "shapefile")
    if delivery.package == "all":
        _write_register(delivery, folder, headings)
    if headings == "names":
        write_named_tables(delivery, folder)
    for stem, table in delivery.tables.items():
        write_csv(flatten_table(_flatten(table), delivery), folder / "tables" / f"{stem}.csv")
    write_long_tables(delivery, folder / "tables")


def _write_register(delivery: Delivery, folder: Path, headings: Headings) -> None:
    write_books(delivery, folder)
    for layer in (INVENTORY_LAYER, PARCELS_LAYER):
        _write_layer(layer, delivery, folder / delivery.name_file(REGISTER_ENDS[layer.name]))
    rows = map(_flatten, build_layer_parts(INVENTORY_LAYER, delivery))
    write_inventory_csv(rows, folder / delivery.name_file(".csv"), delivery.language, headings)


def _write_layer(layer: FeatureLayer, delivery: Delivery, path: Path) -> None:
    if delivery.divided:
        write_geoparquet_parts(build_layer_parts(layer, delivery), path)
    else:
        write_geoparquet(build_layer_rows(layer, delivery), path)


def _link_former_names(delivery: Delivery, folder: Path) -> None:
    """Names that schedules know from the last release lead to the files, where links can be made."""
    with suppress(OSError):
        for suffix, name in FORMER_NAMES.items():
            (folder / name).symlink_to(delivery.name_file(suffix))


def _wait(written: Iterable[Future[list[Path]]]) -> None:
    """Wait for what is written; raises its error."""
    for future in written:
        future.result()


def _flatten(table: pd.DataFrame) -> pd.DataFrame:
    if isinstance(table, gpd.GeoDataFrame):
        return pd.DataFrame(table.drop(columns=table.geometry.name))
    return table
