"""Series of places from what a delivery holds: every look where it keeps them, else its maps by period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.errors import Problem, SettingsError
from pipeline.grid import Block, Grid
from pipeline.library.delivery import Delivery, open_delivery
from pipeline.library.moments import Instant, Sums, tabulate_series
from pipeline.library.places import PlaceSet, weigh_cells
from pipeline.maps.look_series import PRODUCT
from pipeline.outputs.delivered_rasters import open_raster
from pipeline.zonal.overlay import ParcelPixels

_LABEL = "模拟数据 simulated data"
_NOT_IN_PERIOD = "本期无晴空观测 / never seen clear in this period"
_OUTSIDE = "在交付范围之外 / outside the area of the delivery"


@dataclass(frozen=True)
class _Layer:
    """A raster of a delivery and what its bands are of; the raster that counts the looks, if there is one."""

    path: Path
    moments: tuple[Instant, ...]
    counts: Path | None


def read_series(places: PlaceSet, names: Sequence[str], delivery: Delivery | Path | str) -> pd.DataFrame:
    """The series of places as `time_series` gives them.

    NDVI alone is told by every look, where the delivery keeps them; SettingsError for an index that it has no
    map of.
    """
    asked = delivery if isinstance(delivery, Delivery) else open_delivery(delivery)
    layers = [_list_layers(asked, name, alone=len(names) == 1) for name in names]
    grid = _read_grid(layers[0][0].path)
    frame = shapely.box(*grid.block_bounds(grid.whole))
    inside = np.flatnonzero(shapely.intersects(places.project(grid.crs), frame))
    kept = places.take(inside)
    moments = [moment for layer in layers[0] for moment in layer.moments]
    sums = Sums.zeros(len(names), len(places), len(moments))
    for covered in kept.lay(grid) if len(kept) else ():
        sums.add(inside[covered.pixels.parcel], _sum_block(covered, layers))
    seen = np.zeros((len(places), len(moments)), dtype=bool)
    seen[inside] = True
    return tabulate_series(
        places,
        moments,
        names,
        sums,
        seen,
        nowhere=_OUTSIDE,
        data_label=_LABEL if asked.simulated else "",
    )


def _list_layers(delivery: Delivery, name: str, *, alone: bool) -> list[_Layer]:
    """The rasters of an index, period by period."""
    published, layers = delivery.published, []
    for label, period in published.periods.items():
        looks, map_of_period = (f"rasters/{stem}_{label}.tif" for stem in (PRODUCT, name))
        if name == "ndvi" and alone and published.has(looks):
            path = published.folder / looks
            layers.append(_Layer(path, _read_moments(path), None))
        elif published.has(map_of_period):
            counts = published.folder / f"rasters/looks_{label}.tif"
            moment = Instant(pd.Timestamp(period.first), None, None, unseen=_NOT_IN_PERIOD)
            layers.append(_Layer(published.folder / map_of_period, (moment,), counts))
    if not layers:
        todo = "Name it in indices: of the config, or tell the series from scenes="
        problem = Problem(str(published.folder), f"no map of {name}", "a map of the index", todo)
        raise SettingsError("The delivery has no map of the index", [problem])
    return layers


def _read_moments(path: Path) -> tuple[Instant, ...]:
    """The looks of a raster, from what its bands are called."""
    with open_raster(path) as file:
        told = [str(name).split() for name in file.descriptions]
    return tuple(Instant(pd.Timestamp(day), date.fromisoformat(day), mission) for day, mission, *_ in told)


def _read_grid(path: Path) -> Grid:
    with open_raster(path) as file:
        left, top = file.transform.c, file.transform.f
        return Grid(file.crs.to_string(), left, top, file.transform.a, file.height, file.width)


def _sum_block(covered: ParcelPixels, layers: Sequence[Sequence[_Layer]]) -> Sums:
    """What all layers add up to at the places of one block."""
    cells, weights = weigh_cells(covered.pixels)
    count = sum(len(layer.moments) for layer in layers[0])
    sums = Sums.zeros(len(layers), len(covered.pixels.parcel), count)
    sums.area_m2[:] = np.asarray(weights.sum(axis=1)).ravel()
    for number, own in enumerate(layers):
        values = np.concatenate([_read_cells(layer.path, covered.block, cells) for layer in own])
        known = np.isfinite(values)
        sums.value_m2[number] = weights @ np.where(known, values, 0.0).T
        sums.known_m2[number] = weights @ known.T
    looks = np.concatenate([_read_looks(layer, covered.block, cells) for layer in layers[0]])
    sums.clear_m2[:] = weights @ (looks > 0).T
    sums.look_m2[:] = weights @ looks.T
    return sums


def _read_looks(layer: _Layer, block: Block, cells: NDArray[np.int32]) -> NDArray[np.float64]:
    """How many looks saw each cell clear (moment, cell)."""
    if layer.counts is None:
        return np.isfinite(_read_cells(layer.path, block, cells)).astype(np.float64)
    return np.nan_to_num(_read_cells(layer.counts, block, cells))


def _read_cells(path: Path, block: Block, cells: NDArray[np.int32]) -> NDArray[np.float64]:
    """Values of a raster (band, cell), NaN where nothing is known."""
    height, width = block.shape
    with open_raster(path) as file:
        stored = file.read(window=Window(block.col_from, block.row_from, width, height))
        picked = stored.reshape(len(stored), -1)[:, cells].astype(np.float64)
        known = np.isfinite(picked) if file.nodata is None else picked != file.nodata
        return np.where(known, picked * file.scales[0] + file.offsets[0], np.nan)
