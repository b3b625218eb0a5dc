"""Series of spectral indices at points and parcels: every look, exact coverage, straight from the scenes.

Pixels under a place are found once; then block by block the masks and bands of all its looks are read as a
run reads them, and only what lies under places is kept. No cube is built.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from dask.base import compute
from dask.delayed import delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.errors import Problem, SettingsError
from pipeline.geodesy import find_centre
from pipeline.grid import Grid, build_grid
from pipeline.indices.formulas import apply_formula
from pipeline.indices.spectral import find_index
from pipeline.ingest.reading import blocks
from pipeline.ingest.scenes.looks import look_of
from pipeline.library.delivered_series import read_series
from pipeline.library.delivery import Delivery
from pipeline.library.moments import Instant, Sums, tabulate_series
from pipeline.library.outlines import build_aoi
from pipeline.library.places import PlaceSet, weigh_cells
from pipeline.library.scenes import (
    SIMULATED,
    LookScenes,
    SceneReading,
    check_bands,
    check_resolution,
    find_reading,
    group_looks,
    is_harmonised,
)
from pipeline.library.searching import Scenes, find_table
from pipeline.maps.encoding import unpack
from pipeline.settings import Clear
from pipeline.zonal.overlay import ParcelPixels

_PART_BYTES = 64 * 2**20
_LACKING = "影像缺波段 {bands} / the scenes lack {bands}"
_NO_SCENE = "没有影像覆盖 / no scene covers it"


def time_series(
    places: gpd.GeoDataFrame | gpd.GeoSeries,
    index: str | Sequence[str] = "ndvi",
    *,
    scenes: Scenes | None = None,
    delivery: Delivery | Path | str | None = None,
    clear: bool | Clear = True,
    resolution: float = 10,
    harmonise: Literal["auto", True, False] = "auto",
) -> pd.DataFrame:
    """Spectral indices at points or parcels, look by look: one row a place, look and index.

    `places` are points or polygons in any CRS that they name, called by `parcel_id` where they have it, else
    by their index. `index` is one or several of `ecoledger indices`. The series is told straight from
    `scenes`, a table of `search_scenes` or `read_scene_table`, or what to search by; `clear`, `resolution`
    and `harmonise` are those of `load_scenes`. Or it is told from a `delivery`, or its place: NDVI by every
    look where `outputs: {looks: true}` kept them, else period by period from the maps that it has.

    Columns: the id; `time` (UTC), `day` (solar) and `mission` of the look; `index`; `value`, the mean over
    the pixels that have one, each weighted by the area that the place covers of it, on the ellipsoid, or the
    pixel under a point; `area_m2` behind it (the numerator is `value * area_m2`); `place_area_m2`, all that
    the place covers; `clear_share` of that which the look saw clear; `looks` behind the value (1; of a period
    the mean number); `reason` why there is none; `data_label`, whether it is simulated. A value that is not
    known is null, never 0. A place that nothing covers has one row without a time.

    It takes the memory of a few blocks of 512 x 512 pixels, however many scenes there are; with a Dask client
    in use its workers do the work. What cannot be read is null with the reason. Other errors as those of
    `load_scenes`; InputError for places that name no CRS, or are no points and valid polygons.

    Examples
    --------
    >>> fields = geopandas.read_file("scenes/fields.geojson")
    >>> query = {"start": "2024-05-01", "end": "2024-06-30", "provider": {"static": "scenes/catalog.json"}}
    >>> series = pipeline.time_series(fields, "ndvi", scenes={"aoi": fields, **query})
    >>> series.groupby("parcel_id")["value"].max().round(2).to_dict()
    {'edge': 0.5, 'north': 0.83, 'south': 0.43}
    """
    names = tuple(find_index(one).name for one in ([index] if isinstance(index, str) else index))
    targets = PlaceSet.of(places)
    if (scenes is None) == (delivery is None):
        found = "neither" if scenes is None else "both"
        problem = Problem("scenes, delivery", found, "what the series is told from: one of them")
        raise SettingsError("A series is told from scenes, or from a delivery", [problem])
    if delivery is not None:
        return read_series(targets, names, delivery)
    assert scenes is not None, "one of them is given"
    reading, looks = _plan(targets, names, find_table(scenes), clear, resolution, harmonise)
    sums = Sums.zeros(len(names), len(targets), len(looks))
    laid = list(targets.lay(reading.grid))
    tasks = [delayed(sum_looks, pure=False)(reading, tuple(looks), names, one) for one in laid]
    for covered, part in zip(laid, compute(*tasks), strict=True):
        sums.add(covered.pixels.parcel, part)
    simulated = any(scene.simulated for one in looks for scene in one.scenes)
    return tabulate_series(
        targets,
        [_describe(one, names) for one in looks],
        names,
        sums,
        _match_footprints(targets, looks, reading.grid),
        nowhere=_NO_SCENE,
        data_label=SIMULATED if simulated else "",
    )


def _plan(
    targets: PlaceSet,
    names: Sequence[str],
    table: gpd.GeoDataFrame,
    clear: bool | Clear,
    resolution: float,
    harmonise: Literal["auto", True, False],
) -> tuple[SceneReading, list[LookScenes]]:
    """How the looks of a table are read around some places, and which they are."""
    aoi = build_aoi(targets.frame, str(table["crs"].mode().iloc[0]))
    grid = build_grid(aoi, resolution_m=check_resolution(resolution))
    looks = group_looks(table, aoi, grid, clear=clear)
    bands = tuple(dict.fromkeys(band for name in names for band in find_index(name).bands))
    check_bands(looks, bands)
    reading = SceneReading(
        source=find_reading(table),
        grid=grid,
        bands=bands,
        clear=clear if isinstance(clear, Clear) else Clear(),
        harmonised=is_harmonised(looks, harmonise),
        longitude=find_centre(targets.frame)[0],
    )
    return reading, looks


def _describe(look: LookScenes, names: Sequence[str]) -> Instant:
    lacking = {name: _explain_lacking(look, name) for name in names}
    return Instant(look.time, look.look[1], look.look[0], lacking)


def sum_looks(
    reading: SceneReading, looks: Sequence[LookScenes], names: Sequence[str], covered: ParcelPixels
) -> Sums:
    """What all looks add up to at the places of one block, some looks at a time."""
    cells, weights = weigh_cells(covered.pixels)
    request = reading.request(covered.block, looks)
    numbers = {one.look: number for number, one in enumerate(looks)}
    sums = Sums.zeros(len(names), len(covered.pixels.parcel), len(looks))
    sums.area_m2[:] = np.asarray(weights.sum(axis=1)).ravel()
    pixels = covered.block.shape[0] * covered.block.shape[1]
    at_once = max(1, _PART_BYTES // (pixels * blocks.block_bytes(1, blocks.ROOM)))
    for part in blocks.split_scenes(request, at_once):
        looked = {scene.id: numbers[look_of(scene, reading.longitude)] for scene in part.scenes}
        _add_part(sums, part, looked, names, cells, weights)
    return sums


def _add_part(
    sums: Sums,
    request: blocks.BlockRequest,
    looked: dict[str, int],
    names: Sequence[str],
    cells: NDArray[np.int32],
    weights: csr_matrix,
) -> None:
    """Add some looks: their masks are read first, bands only of those that see anything clear."""
    seen = blocks.read_looks(request)
    records = [*seen.records]
    at = [looked[scenes[0].id] for scenes in seen.dates]
    sums.clear_m2[:, at] = weights @ (_flatten(seen.owner)[:, cells] > 0).T
    sums.look_m2[:, at] = sums.clear_m2[:, at]
    stacks = np.empty((blocks.ROOM, *seen.owner.shape), dtype=np.int16)
    bands = {}
    for read in blocks.read_bands(request, seen, stacks) if at else ():
        values = unpack(_flatten(read.stack)[:, cells], request.packing(read.band))
        bands[read.band] = xr.DataArray(values, dims=("look", "cell"))
        records += read.records
    for number, name in enumerate(names if at else ()):
        values = apply_formula(find_index(name), bands).values
        known = np.isfinite(values)
        sums.value_m2[number][:, at] = weights @ np.where(known, values, 0.0).T
        sums.known_m2[number][:, at] = weights @ known.T
    sums.lost[:, [looked[record.scene_id] for record in records if record.outcome == "failed"]] = True


def _flatten(stack: NDArray[Any]) -> NDArray[Any]:
    return stack.reshape(len(stack), -1)


def _match_footprints(places: PlaceSet, looks: Sequence[LookScenes], grid: Grid) -> NDArray[np.bool_]:
    """Whether the footprints of a look meet a place (place, look)."""
    shapes = places.project(grid.crs)
    outlines = [shapely.union_all(one.outlines) for one in looks]
    shapely.prepare(outlines)
    return np.array([shapely.intersects(outline, shapes) for outline in outlines]).T


def _explain_lacking(look: LookScenes, name: str) -> str:
    given = {band for scene in look.scenes for band in scene.assets}
    bands = ", ".join(band for band in find_index(name).bands if band not in given)
    return _LACKING.format(bands=bands) if bands else ""
