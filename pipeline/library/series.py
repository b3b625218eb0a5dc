"""Series of spectral indices at points and parcels: every look, exact coverage, straight from the scenes.

Pixels under a place are found once; then block by block the masks and bands of all its looks are read as a
run reads them, and only what lies under places is kept. No cube is built.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

from pipeline.geodesy import find_centre
from pipeline.grid import Grid, build_grid
from pipeline.indices.formulas import apply_formula
from pipeline.indices.spectral import find_index
from pipeline.ingest.reading import blocks
from pipeline.ingest.scenes.looks import look_of
from pipeline.library.outlines import build_aoi
from pipeline.library.places import Places
from pipeline.library.scenes import (
    SIMULATED,
    LookScenes,
    SceneReading,
    Scenes,
    check_bands,
    check_resolution,
    find_reading,
    find_table,
    is_harmonised,
    list_looks,
)
from pipeline.maps.encoding import unpack
from pipeline.settings import Clear
from pipeline.zonal.kernels import Pixels
from pipeline.zonal.overlay import ParcelPixels

_PART_BYTES = 64 * 2**20
_NOT_CLEAR = "本次过境未见晴空 / not seen clear by this look"
_NO_VALUE = "见晴空，但指数在此无值 / seen clear, but the index has no value there"
_NOT_READ = "影像读取失败 / a file of this look could not be read"
_LACKING = "影像缺波段 {bands} / the scenes lack {bands}"
_NO_SCENE = "没有影像覆盖 / no scene covers it"

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """What looks add up to at places: value times area and the area behind it (index, place, look).

    `clear_m2` (place, look) is what was seen clear, `area_m2` (place) all that is covered; `lost` (place,
    look) says where a read failed.
    """

    value_m2: Numbers
    known_m2: Numbers
    clear_m2: Numbers
    area_m2: Numbers
    lost: NDArray[np.bool_]

    @classmethod
    def zeros(cls, indices: int, places: int, looks: int) -> "Sums":
        """Nothing yet."""
        full, flat = (indices, places, looks), (places, looks)
        lost = np.zeros(flat, dtype=bool)
        return cls(np.zeros(full), np.zeros(full), np.zeros(flat), np.zeros(places), lost)

    def add(self, parcel: NDArray[np.int64], part: "Sums") -> None:
        """Add what some of the places have in one block."""
        self.value_m2[:, parcel] += part.value_m2
        self.known_m2[:, parcel] += part.known_m2
        self.clear_m2[parcel] += part.clear_m2
        self.area_m2[parcel] += part.area_m2
        self.lost[parcel] |= part.lost


def time_series(
    places: gpd.GeoDataFrame | gpd.GeoSeries,
    index: str | Sequence[str] = "ndvi",
    *,
    scenes: Scenes,
    clear: bool | Clear = True,
    resolution: float = 10,
    harmonise: Literal["auto", True, False] = "auto",
) -> pd.DataFrame:
    """Spectral indices at points or parcels, look by look: one row a place, look and index.

    `places` are points or polygons in any CRS that they name, called by `parcel_id` where they have it, else
    by their index. `scenes` is a table of `search_scenes` or `read_scene_table`, or what to search by;
    `index` one or several of `ecoledger indices`; `clear`, `resolution` and `harmonise` are those of
    `load_scenes`.

    Columns: the id; `time` (UTC), `day` (solar) and `mission` of the look; `index`; `value`, the mean over
    the pixels that have one, each weighted by the area that the place covers of it, on the ellipsoid, or the
    pixel under a point; `area_m2` behind it (the numerator is `value * area_m2`); `place_area_m2`, all that
    the place covers; `clear_share` of that which the look saw clear; `looks` behind the value; `reason` why
    there is none; `data_label`, whether it is simulated. A value that is not known is null, never 0. A place
    that no scene covers has one row without a time.

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
    table, targets = find_table(scenes), Places.of(places)
    aoi = build_aoi(targets.frame, str(table["crs"].mode().iloc[0]))
    grid = build_grid(aoi, resolution_m=check_resolution(resolution))
    looks = list_looks(table, aoi, grid, clear=clear)
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
    sums = Sums.zeros(len(names), len(targets), len(looks))
    laid = list(targets.lay(grid))
    tasks = [delayed(sum_looks, pure=False)(reading, tuple(looks), names, one) for one in laid]
    for covered, part in zip(laid, compute(*tasks), strict=True):
        sums.add(covered.pixels.parcel, part)
    return _tabulate(targets, looks, names, sums, _find_seen(targets, looks, grid))


def sum_looks(
    reading: SceneReading, looks: Sequence[LookScenes], names: Sequence[str], covered: ParcelPixels
) -> Sums:
    """What all looks add up to at the places of one block, some looks at a time."""
    cells, weights = _weigh(covered.pixels)
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


def _weigh(pixels: Pixels) -> tuple[NDArray[np.int32], csr_matrix]:
    """The cells that any place covers, and the covered area of each (place, cell)."""
    cells, own = np.unique(pixels.cell, return_inverse=True)
    shape = (len(pixels.parcel), len(cells))
    return cells, csr_matrix((pixels.weight_m2, own, pixels.indptr), shape=shape)


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


def _find_seen(places: Places, looks: Sequence[LookScenes], grid: Grid) -> NDArray[np.bool_]:
    """Whether the footprints of a look meet a place (place, look)."""
    shapes = places.project(grid.crs)
    outlines = [shapely.union_all(one.outlines) for one in looks]
    shapely.prepare(outlines)
    return np.array([shapely.intersects(outline, shapes) for outline in outlines]).T


def _tabulate(
    places: Places,
    looks: Sequence[LookScenes],
    names: Sequence[str],
    sums: Sums,
    seen: NDArray[np.bool_],
) -> pd.DataFrame:
    """A row a place, look and index, in this order; one without a time for a place that no look meets."""
    place, look = np.nonzero(seen)
    frames = [
        pd.DataFrame(
            {
                "row": np.arange(len(place)),
                **_describe_looks(places, looks, place, look),
                "index": name,
                **_describe_values(sums, number, place, look),
                "reason": _explain(looks, name, sums, number, place, look),
            }
        )
        for number, name in enumerate(names)
    ]
    unseen = np.flatnonzero(~seen.any(axis=1))
    simulated = any(scene.simulated for one in looks for scene in one.scenes)
    for name in names:
        lone = {places.name: places.ids[unseen], "index": name, "reason": _NO_SCENE, "looks": 0}
        frames.append(
            pd.DataFrame({**lone, "place_area_m2": sums.area_m2[unseen], "row": len(place) + unseen})
        )
    table = pd.concat([frame for frame in frames if len(frame)])
    ordered = table.sort_values("row", kind="stable").drop(columns="row").reset_index(drop=True)
    return ordered.assign(data_label=SIMULATED if simulated else "")


def _describe_looks(
    places: Places, looks: Sequence[LookScenes], place: NDArray[np.int64], look: NDArray[np.int64]
) -> dict[str, object]:
    return {
        places.name: places.ids[place],
        "time": np.array([one.time for one in looks], dtype="datetime64[ns]")[look],
        "day": np.array([one.look[1] for one in looks], dtype=object)[look],
        "mission": np.array([one.look[0] for one in looks], dtype=object)[look],
    }


def _describe_values(
    sums: Sums, index: int, place: NDArray[np.int64], look: NDArray[np.int64]
) -> dict[str, object]:
    known = sums.known_m2[index, place, look]
    value = np.divide(
        sums.value_m2[index, place, look], known, out=np.full(len(known), np.nan), where=known > 0
    )
    covered = sums.area_m2[place]
    return {
        "value": value,
        "area_m2": known,
        "place_area_m2": covered,
        "clear_share": np.minimum(sums.clear_m2[place, look] / covered, 1.0),
        "looks": (known > 0).astype(np.int64),
    }


def _explain(
    looks: Sequence[LookScenes],
    name: str,
    sums: Sums,
    index: int,
    place: NDArray[np.int64],
    look: NDArray[np.int64],
) -> NDArray[np.object_]:
    """Why a value is null; empty where it is not."""
    lacking = np.array([_explain_lacking(one, name) for one in looks], dtype=object)[look]
    reasons = np.where(sums.clear_m2[place, look] > 0, _NO_VALUE, _NOT_CLEAR).astype(object)
    reasons = np.where(lacking != "", lacking, reasons)
    reasons = np.where(sums.lost[place, look], _NOT_READ, reasons)
    reasons[sums.known_m2[index, place, look] > 0] = ""
    return reasons


def _explain_lacking(look: LookScenes, name: str) -> str:
    given = {band for scene in look.scenes for band in scene.assets}
    bands = ", ".join(band for band in find_index(name).bands if band not in given)
    return _LACKING.format(bands=bands) if bands else ""
