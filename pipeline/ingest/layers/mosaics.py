"""STAC collections as layers: tiles of one asset, mosaicked, the latest on top.

Tiles on one lattice are one raster, so that no pixel knows of a seam; those on another lie below it.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pystac
import shapely
from affine import Affine
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from pipeline import ingest
from pipeline.errors import Problem
from pipeline.geodesy import unproject
from pipeline.grid import Grid
from pipeline.ingest.layers.files import RasterFile, describe_file
from pipeline.ingest.layers.layer import (
    Layer,
    Masked,
    OpenLayer,
    Statement,
    build_layer_error,
    choose_resampling,
    find_flaws,
    join,
    list_layer_assumptions,
)
from pipeline.ingest.reading.gate import Gate
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.reading.readers import reader_of
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.providers import digest_files, read_items, resolve
from pipeline.ingest.scenes.raw_items import ZONELESS, Item, read_item, read_time
from pipeline.periods import Period
from pipeline.redaction import redact
from pipeline.settings.access import Access
from pipeline.settings.layers import LayerCollection
from pipeline.settings.sources import Provider, StacApi

_ALIGNED = 1e-3
"""Of a pixel: how far tiles of one lattice may lie beside it, as their corners are written in degrees."""
_EDGES = 400
"""Into how many the outline of the grid is cut, so that it keeps its course in degrees."""
_EXPECTED = "an item with a bbox, a time and the asset"


@dataclass(frozen=True)
class _Tile:
    """A file of a mosaic, and what its first row and column are of the mosaic's."""

    file: RasterFile
    row: int
    col: int


@dataclass(frozen=True)
class Mosaic:
    """Tiles on one lattice as one raster; the first that knows a pixel counts."""

    name: str
    place: Profile
    tiles: tuple[_Tile, ...]
    state: str

    def read(self, window: Window) -> Masked:
        """Numbers of a window inside it; for errors see `RasterFile`."""
        pieces = [piece for tile in self.tiles if (piece := _read_tile(tile, window))]
        dtype = np.result_type(*(numbers.dtype for _, numbers in pieces)) if pieces else np.uint8
        mosaic = np.zeros((window.height, window.width), dtype=dtype)
        unknown = np.ones(mosaic.shape, dtype=bool)
        for place, numbers in pieces:
            fresh = unknown[place] & ~np.ma.getmaskarray(numbers)
            mosaic[place][fresh] = numbers.data[fresh]
            unknown[place][fresh] = False
        return np.ma.MaskedArray(mosaic, unknown)

    def checksum(self) -> str:
        """That of its items, and of sizes and times of change of those files that are on this machine."""
        return self.state


@dataclass(frozen=True)
class _OpenTile:
    """An item of the collection: its tile, what that says of itself, and when it is of."""

    item: Item
    moment: datetime
    file: RasterFile
    said: Statement


def open_collection(
    layer: Layer,
    given: LayerCollection,
    grid: Grid,
    period: Period | None = None,
    reader: Reader | None = None,
) -> OpenLayer:
    """The tiles of a collection over a grid as a layer, of a period where the layer changes with time.

    A `reader`, or one beside it with the provider's access, reads those of the network. The latest lies on
    top, of those of one time the first by its id. Raises InputError with everything that keeps them from
    being one, or where there are none; SettingsError where there is no such provider, ProviderUnavailable
    where it does not answer.
    """
    provider = resolve(given.provider)
    items = _choose_items(layer, given, provider, _find_outline(grid), period if layer.over_time else None)
    reader = _find_reader(given.collection, provider, reader)
    tiles = [_open_tile(layer, given, provider, item, reader) for item in items]
    lattices, datums = list(_group_by_lattice(tiles)), sorted({tile.said.vertical_datum for tile in tiles})
    problems = [problem for tile in tiles for problem in find_flaws(layer, given, tile.said)]
    problems += _find_discord(layer, given, len(lattices), datums)
    if problems:
        raise build_layer_error(layer, *problems)
    notes = [note for tile in tiles for note in list_layer_assumptions(layer, given, tile.said)]
    notes += [ZONELESS for tile in tiles if not tile.item.zoned]
    mosaics = tuple(_build_mosaic(given.collection, given.asset, members) for members in lattices)
    times, datum = tuple(sorted({tile.moment for tile in tiles})), given.vertical_datum or datums[0]
    way = choose_resampling(layer, given)
    unscaled = all(tile.said.unscaled for tile in tiles)
    return OpenLayer(layer, way, mosaics, times, datum, tuple(dict.fromkeys(notes)), unscaled)


def _find_reader(collection: str, provider: Provider, reader: Reader | None) -> Reader | None:
    """The Reader for the files of a provider: the given one, or one beside it for another access."""
    access, gate = provider.access if isinstance(provider, StacApi) else Access(), Gate.of(provider)
    if reader is None or (reader.source.access, reader.source.gate) == (access, gate):
        return reader
    source = replace(reader.source, access=access, gate=gate, run=f"{reader.source.run} {collection}")
    return reader_of(source)


def _find_outline(grid: Grid) -> BaseGeometry:
    """The outline of a grid in degrees."""
    frame = shapely.box(*grid.block_bounds(grid.whole))
    return unproject(frame.segmentize(frame.length / _EDGES), grid.crs)


def _find_discord(
    layer: Layer, given: LayerCollection, lattices: int, datums: Sequence[str]
) -> Iterator[Problem]:
    """What keeps tiles from being one layer that are good each by itself."""
    if layer.over_time in {"mean", "sum"}:
        found = f"the {layer.over_time} of times of a collection"
        yield Problem(given.collection, found, "a file or a variable, whose times are of one raster")
    if len(datums) > 1 and not given.vertical_datum:
        yield Problem(given.collection, f"vertical datums {join(datums)}", "one of all tiles")
    if lattices > 1 and choose_resampling(layer, given) == "sum":
        found = f"{lattices} lattices, whose pixels cut each other"
        yield Problem(given.collection, found, "tiles of one lattice for a sum of totals")


def _choose_items(
    layer: Layer, given: LayerCollection, provider: Provider, outline: BaseGeometry, period: Period | None
) -> list[Item]:
    """Items over an outline and in a period, the latest first; InputError where there are none."""
    if isinstance(provider, StacApi):
        raw = list(ingest.scenes.search.search_collection(provider, given.collection, outline))
    else:
        raw = [item for item in read_items(provider) if item.get("collection") == given.collection]
    items = [_as_item(layer, item) for item in raw]
    here = [item for item in items if item.outline and item.outline.intersects(outline)]
    chosen = [item for item in here if period is None or period.holds(_date(item))]
    if not chosen:
        found = f"{len(items)} items, {len(here)} of them over the grid"
        expected = f"items over the grid of {period.label}" if period else "items over the grid"
        raise build_layer_error(layer, Problem(given.collection, found, expected))
    return sorted(chosen, key=lambda item: (-_date(item).timestamp(), item.id))


def _as_item(layer: Layer, raw: RawItem) -> Item:
    item = read_item(raw)
    if item is None or item.outline is None or _find_moment(item) is None:
        found = "no item" if item is None else f"bbox {raw.get('bbox')}, time {item.said.get('datetime')!r}"
        raise build_layer_error(layer, Problem(str(raw.get("id", "an item")), found, _EXPECTED))
    return item


def _find_moment(item: Item) -> datetime | None:
    """When an item is of: its time, or the start of its span."""
    return item.moment or read_time(item.said.get("start_datetime"))


def _date(item: Item) -> datetime:
    moment = _find_moment(item)
    assert moment is not None
    return moment


def _open_tile(
    layer: Layer, given: LayerCollection, provider: Provider, item: Item, reader: Reader | None
) -> _OpenTile:
    if given.asset not in item.assets:
        problem = Problem(item.id, f"the assets {join(sorted(item.assets))}", f"the asset {given.asset!r}")
        raise build_layer_error(layer, problem)
    asset = item.assets[given.asset]
    gate = Gate.of(provider)
    if gate.find_stranger(asset.href):
        expected = f"a file at {join([*gate.hosts, *gate.folders])}"
        todo = "If you trust where it lies, allow it at the provider"
        raise build_layer_error(layer, Problem(item.id, redact(asset.href), expected, todo))
    file, said = describe_file(layer, given, asset.href, given.band, reader)
    return _OpenTile(item, _date(item), *_complete(file, said, asset))


def _complete(file: RasterFile, said: Statement, asset: pystac.Asset) -> tuple[RasterFile, Statement]:
    """What the item says of a file besides: unit, nodata, scale and offset, where the file says nothing."""
    unit = said.unit or str(_find_statement(asset, "unit", file.band) or "")
    scale, offset = (_find_statement(asset, what, file.band) for what in ("scale", "offset"))
    if not said.packed and (scale, offset) != (None, None):
        file = replace(file, scale=1.0 if scale is None else float(scale), offset=float(offset or 0.0))
    nodata = _find_statement(asset, "nodata", file.band)
    if file.nodata is None and nodata is not None:
        file = replace(file, nodata=float(nodata))
    packed = (file.scale, file.offset) != (1.0, 0.0)
    return file, replace(said, unit=unit, packed=packed, fill=said.fill or nodata is not None)


def _find_statement(asset: pystac.Asset, what: str, band: int) -> Any:
    """A statement of raster:bands (v1), or raster:... on band or asset (v2), of a band by its number."""
    fields = asset.extra_fields
    lists = [fields[key] for key in ("raster:bands", "bands") if isinstance(fields.get(key), list)]
    entries = [said[band - 1] for said in lists if len(said) >= band]
    said = [entry for entry in (*entries, fields) if isinstance(entry, dict)]
    stated = (entry.get(key) for entry in said for key in (what, f"raster:{what}"))
    return next((value for value in stated if value is not None), None)


def _group_by_lattice(tiles: Sequence[_OpenTile]) -> Iterator[list[_OpenTile]]:
    """Tiles whose pixels lie on one lattice, the lattices by their first tile."""
    rest = list(tiles)
    while rest:
        together = [tile for tile in rest if _find_offset(rest[0].file.place, tile.file.place) is not None]
        yield together
        rest = [tile for tile in rest if tile not in together]


def _find_offset(place: Profile, other: Profile) -> tuple[int, int] | None:
    """Row and column of a raster's first pixel in another's; None where they are not on one lattice."""
    one, two = place.transform, other.transform
    pixel = math.hypot(one.a, one.d), math.hypot(one.b, one.e)
    length = max(place.height, place.width, other.height, other.width)
    drift = max(abs(getattr(one, key) - getattr(two, key)) for key in "abde") * length
    col, row = ~one * (two.c, two.f)
    beside = max(abs(col - round(col)), abs(row - round(row)))
    if place.crs != other.crs or drift > _ALIGNED * min(pixel) or beside > _ALIGNED:
        return None
    return round(row), round(col)


def _build_mosaic(name: str, asset: str, tiles: Sequence[_OpenTile]) -> Mosaic:
    first = tiles[0].file.place
    offsets = [offset for tile in tiles if (offset := _find_offset(first, tile.file.place))]
    places = [tile.file.place for tile in tiles]
    top, left = (min(axis) for axis in zip(*offsets, strict=True))
    bottom = max(row + place.height for (row, _), place in zip(offsets, places, strict=True))
    right = max(col + place.width for (_, col), place in zip(offsets, places, strict=True))
    transform = first.transform * Affine.translation(left, top)
    return Mosaic(
        name,
        Profile(first.crs, transform, bottom - top, right - left),
        tuple(
            _Tile(tile.file, row - top, col - left) for tile, (row, col) in zip(tiles, offsets, strict=True)
        ),
        _digest_state(asset, tiles),
    )


def _digest_state(asset: str, tiles: Sequence[_OpenTile]) -> str:
    """Checksum of what the items say of a mosaic's files, wherever these lie, and of their state."""
    said = [
        (
            tile.item.id,
            tile.item.said,
            tile.item.assets[asset].extra_fields,
            tile.file.name.rpartition("/")[2],
        )
        for tile in tiles
    ]
    text = json.dumps([said, digest_files(tile.file.name for tile in tiles)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_tile(tile: _Tile, window: Window) -> tuple[tuple[slice, slice], Masked] | None:
    """Rows and columns of a window over a tile, and the tile's numbers there; None where they do not meet."""
    place = tile.file.place
    top, left = max(window.row_off, tile.row), max(window.col_off, tile.col)
    bottom = min(window.row_off + window.height, tile.row + place.height)
    right = min(window.col_off + window.width, tile.col + place.width)
    if bottom <= top or right <= left:
        return None
    numbers = tile.file.read(Window(left - tile.col, top - tile.row, right - left, bottom - top))
    rows = slice(top - window.row_off, bottom - window.row_off)
    return (rows, slice(left - window.col_off, right - window.col_off)), numbers
