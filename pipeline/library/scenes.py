"""Scenes as analysts load them: lazy reflectance, with masks and offsets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from types import MappingProxyType
from typing import Any, Literal

import dask.array as da
import geopandas as gpd
import numpy as np
import pandas as pd
import rioxarray as _accessor  # noqa: F401 gives every array its `rio`
import shapely
import xarray as xr
from numpy.typing import NDArray

from pipeline.aoi import Aoi
from pipeline.contracts import REFLECTANCE_NODATA, ReadRecord, Scene
from pipeline.errors import BrokenAsset, InputError, Problem, SettingsError
from pipeline.geodesy import find_centre, project_all
from pipeline.grid import Block, Grid, build_grid
from pipeline.ingest.reading.blocks import BlockRequest, Looks, read_bands, read_looks
from pipeline.ingest.reading.gate import Gate
from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.reading.readers import Source, reader_of
from pipeline.ingest.scenes.choice import from_table
from pipeline.ingest.scenes.looks import Look, look_of
from pipeline.ingest.scenes.providers import resolve
from pipeline.ingest.scenes.sensors import choose_packing
from pipeline.library.outlines import AoiInput, find_aoi
from pipeline.library.searching import Scenes, find_table
from pipeline.settings import Clear
from pipeline.settings.access import Access
from pipeline.settings.sources import LocalArchive, Provider, StacApi, StaticCatalog

SIMULATED = "模拟数据 simulated data"
"""What simulated scenes, and all that is made of them, are labelled."""

_FIELDS = tuple(field.name for field in fields(Scene))
_CHUNKS: Mapping[str, int] = MappingProxyType({"time": 1, "y": 2048, "x": 2048})
_EMPTY = np.empty((0, 0, 0), dtype=np.uint8), np.empty((0, 0, 0), dtype=np.float32)


def load_scenes(
    scenes: Scenes,
    bands: Sequence[str],
    *,
    aoi: AoiInput,
    resolution: float = 10,
    clear: bool | Clear = True,
    harmonise: Literal["auto", True, False] = "auto",
    chunks: Mapping[str, int] | None = None,
    on_failure: Literal["raise", "skip"] = "raise",
) -> xr.Dataset:
    """Bands of scenes over the bounding box of an area: a Dataset (time, y, x), float32, lazy on Dask chunks.

    Bands have STAC common names (`red`, `nir`, `swir16`, ...) and are surface reflectance (1), `lwir11` is
    the temperature of the surface (K); scale and offset of every scene are applied. `resolution` is in metres
    of the grid (10, 20, 30 or 60), which is that of a run: UTM, its corner on multiples of 60 m.

    One `time` is one look: the scenes of a mission on a solar day (UTC of the first of them), with the
    coordinates `mission`, `day` and `scene` (their ids). NaN is what was not seen: cloud, cirrus or shadow
    and their surroundings by `clear` (True: the rules of a config; False: no mask), saturated or missing
    numbers, and bands that a mission has not. `harmonise` brings Sentinel-2 to the bandpass of OLI, `auto`
    where both are among the scenes.

    `chunks` are pixels a Dask chunk; the mask of a chunk is read once for all bands. Reads are tried again as
    in a run; what fails for good raises BrokenAsset as it is computed, or is NaN with `on_failure="skip"`.
    SettingsError where no scene has a band, InputError where none meets the area.

    Examples
    --------
    >>> fields = geopandas.read_file("scenes/fields.geojson")
    >>> query = {"start": "2024-05-01", "end": "2024-06-30", "provider": {"static": "scenes/catalog.json"}}
    >>> looks = pipeline.load_scenes({"aoi": fields, **query}, ["red", "nir"], aoi=fields)
    >>> looks["nir"].dims, looks["nir"].attrs["units"], looks["mission"].values.tolist()[3]
    (('time', 'y', 'x'), '1', 'landsat-8')
    >>> round(float(looks["nir"].max()), 2)
    0.53
    """
    table = find_table(scenes)
    outline = find_aoi(aoi)
    grid = build_grid(outline, resolution_m=check_resolution(resolution))
    stack = group_looks(table, outline, grid, clear=clear)
    check_bands(stack, bands)
    reading = SceneReading(
        source=find_reading(table),
        grid=grid,
        bands=tuple(bands),
        clear=clear if isinstance(clear, Clear) else Clear(),
        harmonised=is_harmonised(stack, harmonise),
        longitude=find_centre(outline.geometry)[0],
    )
    sizes = {**_CHUNKS, **(chunks or {})}
    return _describe(_lay_out(reading, stack, sizes, on_failure), grid, stack, reading)


@dataclass(frozen=True)
class LookScenes:
    """One look: its scenes, their outlines in the CRS of the grid, and when it was."""

    look: Look
    scenes: tuple[Scene, ...]
    outlines: NDArray[np.object_]

    @property
    def time(self) -> pd.Timestamp:
        """When it began, UTC without its zone, as xarray has times."""
        return pd.Timestamp(min(scene.datetime for scene in self.scenes)).tz_convert(None)


@dataclass(frozen=True)
class SceneReading:
    """How scenes are read onto a grid; all of it may go to another process."""

    source: Source
    grid: Grid
    bands: tuple[str, ...]
    clear: Clear
    harmonised: bool
    longitude: float

    @property
    def reader(self) -> Reader:
        """What reads, in this process."""
        return reader_of(self.source)

    def request(self, block: Block, looks: Sequence[LookScenes]) -> BlockRequest:
        """What is read of looks over a block: those of their scenes that meet it."""
        frame = shapely.box(*self.grid.block_bounds(block))
        return BlockRequest(
            grid=self.grid,
            block=block,
            outline=frame,
            scenes=tuple(
                scene
                for one in looks
                for scene, meets in zip(one.scenes, shapely.intersects(one.outlines, frame), strict=True)
                if meets
            ),
            bands=self.bands,
            clear=self.clear,
            harmonised=self.harmonised,
            longitude=self.longitude,
            reader=self.reader,
        )


def group_looks(table: gpd.GeoDataFrame, aoi: Aoi, grid: Grid, *, clear: bool | Clear) -> list[LookScenes]:
    """The looks of a table whose scenes meet an area, by time; InputError where there is none."""
    longitude = find_centre(aoi.geometry)[0]
    near = table[table.intersects(aoi.geometry)]
    if near.empty:
        problem = Problem("scenes", f"{len(table)} scenes, none over the area", "scenes that meet it")
        raise InputError("No scene meets the area", [problem])
    outlines = project_all(near.geometry.to_numpy(), grid.crs)
    found = [scene if clear else replace(scene, mask=None, saturation=None) for scene in _list_scenes(near)]
    ordered = sorted(
        zip(found, outlines, strict=True), key=lambda pair: (*look_of(pair[0], longitude), pair[0].id)
    )
    looks = []
    for look, group in groupby(ordered, key=lambda pair: look_of(pair[0], longitude)):
        scenes, shapes = zip(*group, strict=True)
        looks.append(LookScenes(look, scenes, np.array(shapes, dtype=object)))
    return sorted(looks, key=lambda one: one.time)


def find_reading(table: gpd.GeoDataFrame) -> Source:
    """How the files of a table of scenes are reached: as its provider says, if it still knows it."""
    entry = table.attrs.get("provider")
    if entry is None or entry == "simulated" or str(entry).startswith("simulated-"):
        return Source()
    provider = resolve(entry) if isinstance(entry, str) else _parse_provider(entry)
    access = provider.access if isinstance(provider, StacApi) else Access()
    return Source(access, None, 0, Gate.of(provider))


def check_resolution(resolution: float) -> float:
    """A resolution of grids in metres; SettingsError for another."""
    if resolution not in (10, 20, 30, 60):
        raise SettingsError(
            "No such resolution", [Problem("resolution", f"{resolution:g}", "10, 20, 30 or 60")]
        )
    return float(resolution)


def check_bands(looks: Sequence[LookScenes], bands: Sequence[str]) -> None:
    """SettingsError where no scene has one of some bands."""
    known = {band for one in looks for scene in one.scenes for band in scene.assets}
    problems = [
        Problem("bands", repr(band), f"one of {sorted(known)}") for band in bands if band not in known
    ]
    if problems or not bands:
        raise SettingsError(
            "No scene has such a band", problems or [Problem("bands", "none", "at least one")]
        )


def is_harmonised(looks: Sequence[LookScenes], harmonise: Literal["auto", True, False]) -> bool:
    """Whether bands are brought to the bandpass of OLI."""
    if harmonise != "auto":
        return harmonise
    return len({one.look[0].partition("-")[0] for one in looks}) > 1


def list_failures(records: Sequence[ReadRecord]) -> list[Problem]:
    """Reads that failed for good."""
    expected = "a file that can be read"
    return [
        Problem(f"{record.scene_id}, {record.band}", record.error, expected)
        for record in records
        if record.outcome == "failed"
    ]


def _list_scenes(table: gpd.GeoDataFrame) -> list[Scene]:
    """The scenes of a table, whatever columns were added to it."""
    lacking = [name for name in _FIELDS if name not in table.columns]
    if lacking:
        problem = Problem("scenes", f"no column {', '.join(lacking)}", "a table of search_scenes")
        raise InputError("This is no table of scenes", [problem])
    return from_table(table[[*_FIELDS, "geometry"]])


def _parse_provider(entry: Mapping[str, Any]) -> Provider:
    kinds: dict[str, type[Provider]] = {"api": StacApi, "static": StaticCatalog, "local": LocalArchive}
    return next(kind for key, kind in kinds.items() if key in entry).model_validate(entry)


def _lay_out(
    reading: SceneReading, looks: Sequence[LookScenes], sizes: Mapping[str, int], on_failure: str
) -> dict[str, da.Array]:
    """Every band (time, y, x) on lazy chunks; where its looks are clear is read once for all of them."""
    shape = (len(looks), *reading.grid.shape)
    chunks = da.core.normalize_chunks(tuple(sizes[axis] for axis in ("time", "y", "x")), shape)
    common = {"reading": reading, "looks": tuple(looks), "on_failure": on_failure}
    owner = da.map_blocks(_read_owner, chunks=chunks, dtype=np.uint8, meta=_EMPTY[0], **common)
    return {
        band: da.map_blocks(_read_values, owner, band, dtype=np.float32, meta=_EMPTY[1], **common)
        for band in reading.bands
    }


def _read_owner(
    reading: SceneReading, looks: Sequence[LookScenes], on_failure: str, block_info: Any = None
) -> NDArray[np.uint8]:
    """Which scene of each look every pixel is of, 0 where it is not clear."""
    block, some = _locate(block_info, looks)
    seen = read_looks(reading.request(block, some))
    _refuse_failures(seen.records, on_failure)
    owner = np.zeros((len(some), *block.shape), dtype=np.uint8)
    for place, found in zip(_find_places(reading, some, seen), seen.owner, strict=True):
        owner[place] = found
    return owner


def _read_values(
    owner: NDArray[np.uint8],
    band: str,
    reading: SceneReading,
    looks: Sequence[LookScenes],
    on_failure: str,
    block_info: Any = None,
) -> NDArray[np.float32]:
    """A band where its looks are clear, in its unit; NaN elsewhere."""
    block, some = _locate(block_info, looks)
    values = np.full(owner.shape, np.nan, dtype=np.float32)
    clear = np.flatnonzero(owner.any(axis=(1, 2)))
    if not len(clear):
        return values
    request = replace(reading.request(block, [some[place] for place in clear]), bands=(band,))
    dates = [_list_over(reading, block, some[place]) for place in clear]
    seen = Looks(tuple(dates), owner[clear], np.zeros(block.shape, dtype=np.uint16), ())
    (read,) = read_bands(request, seen, np.empty((1, *seen.owner.shape), dtype=np.int16))
    _refuse_failures(read.records, on_failure)
    packing = request.packing(band)
    found = read.stack.astype(np.float32) * np.float32(packing.scale) + np.float32(packing.offset)
    values[clear] = np.where(read.stack == REFLECTANCE_NODATA, np.float32(np.nan), found)
    return values


def _locate(block_info: Any, looks: Sequence[LookScenes]) -> tuple[Block, list[LookScenes]]:
    """The block and the looks of a chunk."""
    times, rows, cols = block_info[None]["array-location"]
    return Block(*rows, *cols), list(looks[slice(*times)])


def _list_over(reading: SceneReading, block: Block, look: LookScenes) -> tuple[Scene, ...]:
    return tuple(sorted(reading.request(block, [look]).scenes, key=lambda scene: scene.id))


def _find_places(reading: SceneReading, looks: Sequence[LookScenes], seen: Looks) -> list[int]:
    """Which of some looks those are that were seen clear."""
    places = {one.look: place for place, one in enumerate(looks)}
    return [places[look_of(scenes[0], reading.longitude)] for scenes in seen.dates]


def _refuse_failures(records: Sequence[ReadRecord], on_failure: str) -> None:
    if on_failure == "raise" and (problems := list_failures(records)):
        raise BrokenAsset(f"{len(problems)} reads of scenes failed", problems)


def _describe(
    lazy: Mapping[str, da.Array], grid: Grid, looks: Sequence[LookScenes], reading: SceneReading
) -> xr.Dataset:
    """Lazy bands with coordinates, CRS and CF attributes."""
    simulated = any(scene.simulated for one in looks for scene in one.scenes)
    label = {"simulated": SIMULATED} if simulated else {}
    bands = {
        band: (("time", "y", "x"), values, {"long_name": band, "units": choose_packing(band).unit, **label})
        for band, values in lazy.items()
    }
    coordinates = {
        "time": [one.time for one in looks],
        "y": ("y", grid.y_of(grid.whole), {"units": "m", "standard_name": "projection_y_coordinate"}),
        "x": ("x", grid.x_of(grid.whole), {"units": "m", "standard_name": "projection_x_coordinate"}),
        "mission": ("time", [one.look[0] for one in looks]),
        "day": ("time", [str(one.look[1]) for one in looks]),
        "scene": ("time", [", ".join(scene.id for scene in one.scenes) for one in looks]),
    }
    masked = any(scene.mask for one in looks for scene in one.scenes)
    attrs = {
        "Conventions": "CF-1.11",
        **label,
        "harmonised": int(reading.harmonised),
        "clear": reading.clear.model_dump_json() if masked else "none",
    }
    found = xr.Dataset(bands, coordinates, attrs)
    placed: xr.Dataset = found.rio.write_crs(grid.crs).rio.write_transform(grid.transform)
    return placed
