"""The delivery folder of one area: everything in it but the manifest."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import pandas as pd
from dask.system import CPU_COUNT

from pipeline.contracts import Delivery, Raster
from pipeline.outputs.catalog import write_catalog
from pipeline.outputs.geopackage import write_geopackage
from pipeline.outputs.layers import INVENTORY_LAYER, layer_rows, plain_table
from pipeline.outputs.raster import write_raster
from pipeline.outputs.shapefile import write_shapefiles
from pipeline.outputs.sheets import is_shown
from pipeline.outputs.spreadsheet import write_workbook


def write(delivery: Delivery, folder: Path, *, shapefile: bool = False) -> list[Path]:
    """Write a delivery into an existing empty folder; returns all files written, sorted.

    Inventory (GeoPackage, workbook, GeoParquet), rasters with their legends, CSV tables, the report and a
    STAC catalogue; on request the layers as Shapefiles in a folder of their own. Rasters, which take the
    longest, are written beside all else, those that the report shows first. The same delivery gives the same
    bytes. Raises ContractError where a table or a raster is not as promised, and then leaves an unfinished
    folder, which must not be published.
    """
    (folder / "rasters").mkdir()
    (folder / "tables").mkdir()
    with ThreadPoolExecutor(CPU_COUNT) as writers:
        rasters = sorted(delivery.rasters, key=lambda raster: not is_shown(raster))
        written = [(raster, writers.submit(_write_raster, delivery, folder, raster)) for raster in rasters]
        from pipeline.outputs.report import write_report

        _write_tables(delivery, folder, shapefile=shapefile)
        _wait(future for raster, future in written if is_shown(raster))
        write_report(delivery, folder)
        _wait(future for _, future in written)
    write_catalog(delivery, folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _write_tables(delivery: Delivery, folder: Path, *, shapefile: bool) -> None:
    """GeoPackage, workbook and tables."""
    write_geopackage(delivery, folder / "inventory.gpkg")
    if shapefile:
        (folder / "shapefile").mkdir()
        write_shapefiles(delivery, folder / "shapefile")
    write_workbook(delivery, folder / "inventory.xlsx")
    layer_rows(INVENTORY_LAYER, delivery).to_parquet(folder / "inventory.parquet", index=False)
    for stem, table in delivery.tables.items():
        write_csv(plain_table(_flat(table), delivery), folder / "tables" / f"{stem}.csv")


def _write_raster(delivery: Delivery, folder: Path, raster: Raster) -> None:
    write_raster(
        raster,
        delivery.grid,
        folder / "rasters" / f"{raster.name}.tif",
        simulated=delivery.simulated,
        as_of=delivery.as_of,
        language=delivery.language,
    )


def _wait(written: Iterable[Future[None]]) -> None:
    """Wait for what is written; raises its error."""
    for future in written:
        future.result()


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 with BOM, which Excel needs, with full precision and Unix line ends."""
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    if isinstance(table, gpd.GeoDataFrame):
        return pd.DataFrame(table.drop(columns=table.geometry.name))
    return table
