"""What the maps come to: measures of parcels, indicators, tables, patches of change, the balance of areas."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
import xarray as xr
from numpy.typing import NDArray
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import CHANGE_PATCHES, check_table
from pipeline.engine.run import Run
from pipeline.flow.measures import load_shapes, measure_aoi, measure_parcels, plan_measures
from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.grid import Grid
from pipeline.indices import change, indicators
from pipeline.maps.encoding import from_ratio
from pipeline.maps.evidence import CONFIDENCE
from pipeline.maps.showing import collect_tables, describe_judges, list_rows
from pipeline.maps.step import Maps, View
from pipeline.periods import When
from pipeline.rights_registry import area_balance
from pipeline.settings.products import load_products
from pipeline.storage.cause import Artifact
from pipeline.storage.scratch import ScratchFile
from pipeline.storage.tables import load_table, save_json, save_parts, save_tables
from pipeline.zonal.ground import lay_ground

_VERSION = 12
_STRIP_ROWS = 1024
_GDAL: dict[str, Any] = {"GDAL_CACHEMAX": 64 * 2**20}


def make_statistics(run: Run, maps: Maps, parcels: Artifact, sources: Mapping[When, str]) -> Artifact:
    """Artifact with measures of parcels, balance of areas, indicators, patches of change, tables of steps.

    `tables.json` names the tables of the steps, in the order in which they are shown.
    """
    study = maps.study
    cause = study.cause(
        "statistics",
        _VERSION,
        [*(key for keys in maps.keys.values() for key in keys), parcels.key],
        measures=plan_measures(maps).names,
        cuts_percent=load_products().grades.cuts_percent,
        trend_test=study.settings.greenness.test,
        sources={when.label: words for when, words in sources.items()},
        shown=describe_judges(study, maps.steps),
    )

    def build(folder: Path) -> None:
        ground = lay_ground(run.cluster, study)
        measures = measure_aoi(ground, maps)
        with ScratchFile(folder) as scratch:
            shapes = load_shapes(parcels, scratch)
            found = measure_parcels(run, maps, shapes, scratch)
            save_parts(folder / "parcel_measures.parquet", found)
            balance = area_balance.build_area_balance(shapes, study.aoi, measures)
            del shapes
        registered = load_table(parcels.path, "parcels", ["land_class", "area_m2"])
        view = View(maps, ground, measures, registered, sources)
        tables = collect_tables(view)
        save_json(folder / "tables.json", list(tables))
        save_tables(
            folder,
            {
                "area_balance": balance,
                "indicators": indicators.build_indicator_table(list(list_rows(view)), study.aoi.id),
                "change_patches": _outline_patches(maps, folder),
                **tables,
            },
        )

    return run.artifact(study.title("statistics"), cause, build)


def _outline_patches(maps: Maps, folder: Path) -> gpd.GeoDataFrame:
    """Connected changed pixels, cut to the outline, the largest first."""
    parts = [_outline_between(maps, when, folder) for when in maps.of("change")]
    patches = pd.concat(parts, ignore_index=True) if parts else _build_empty(CHANGE_PATCHES)
    return check_table(gpd.GeoDataFrame(patches, geometry="geometry", crs=CGCS2000), CHANGE_PATCHES)


def _outline_between(maps: Maps, when: When, folder: Path) -> gpd.GeoDataFrame:
    study = maps.study
    cells, codes, sure = _list_changes(maps.open("change", when))
    patch = change.number_cells(codes, cells, study.grid.width)
    found = _trace_cells(study.grid, cells, patch + 1, folder)
    outlines = np.array([outline for _, outline in found], dtype=object)
    shapes = shapely.intersection(outlines, study.aoi.geometry)
    numbers = np.array([number for number, _ in found], dtype=np.int64)
    place = np.unique(patch, return_index=True)[1][numbers - 1]
    before, after = when.periods
    patches = gpd.GeoDataFrame(
        {
            "from_class": codes[place] // 10,
            "to_class": codes[place] % 10,
            "from_period": before.label,
            "to_period": after.label,
            "area_m2": measure_areas_m2(shapes),
            "confidence": from_ratio(sure[place]),
            "confidence_basis": CONFIDENCE[study.settings.land_cover.method],
        },
        geometry=shapes,
        crs=CGCS2000,
    )
    patches = patches[patches["area_m2"] > 0].sort_values("area_m2", ascending=False, kind="stable")
    name = f"{study.aoi.id}-{before.label}-{after.label}"
    return patches.assign(patch_id=[f"{name}-{number:05d}" for number in range(1, len(patches) + 1)])


def _list_changes(
    layers: xr.Dataset,
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int16]]:
    """Flat places of the changed pixels of a map, their transitions and confidence, read strip by strip."""
    names, (height, width) = ("change", "confidence"), layers["change"].shape
    parts = []
    for top in range(0, height, _STRIP_ROWS):
        strip = layers[[*names]].isel(y=slice(top, top + _STRIP_ROWS))
        codes, sure = (strip[name].to_numpy().ravel() for name in names)
        cells = np.flatnonzero(change.is_changed(codes))
        parts.append((top * width + cells, codes[cells], sure[cells]))
    cells, codes, sure = (np.concatenate(part) for part in zip(*parts, strict=True))
    return cells, codes, sure


def _trace_cells(
    grid: Grid, cells: NDArray[np.int64], numbers: NDArray[np.int64], folder: Path
) -> list[tuple[int, BaseGeometry]]:
    """Polygons of cells of one number, in scan order; the raster that they are traced in is on disk."""
    with TemporaryDirectory(dir=folder) as name, rasterio.Env(**_GDAL):
        paths = Path(name) / "patches.tif", Path(name) / "changed.tif"
        _write_cells(paths[0], grid, cells, numbers.astype(np.int32))
        _write_cells(paths[1], grid, cells, np.ones(len(cells), dtype=np.uint8))
        with rasterio.open(paths[0]) as patches, rasterio.open(paths[1]) as changed:
            return grid.trace_polygons(rasterio.band(patches, 1), rasterio.band(changed, 1))


def _write_cells(path: Path, grid: Grid, cells: NDArray[np.int64], values: NDArray[Any]) -> None:
    """A raster of values at some cells, and of 0 elsewhere, written strip by strip."""
    about = {"driver": "GTiff", "count": 1, "width": grid.width, "height": grid.height, "compress": "lzw"}
    with rasterio.open(path, "w", dtype=values.dtype, transform=grid.transform, **about) as raster:
        for top in range(0, grid.height, _STRIP_ROWS):
            rows = min(_STRIP_ROWS, grid.height - top)
            strip = np.zeros((rows, grid.width), dtype=values.dtype)
            here = slice(*np.searchsorted(cells, [top * grid.width, (top + rows) * grid.width]))
            strip.flat[cells[here] - top * grid.width] = values[here]
            raster.write(strip, 1, window=Window(0, top, grid.width, rows))


def _build_empty(schema: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns=[*schema.columns, "geometry"], geometry="geometry", crs=CGCS2000)
