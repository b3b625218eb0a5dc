"""Many parcels in little memory: shapes packed as WKB behind one another, taken out some at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

SLICE_SHAPES = 8192

Places = NDArray[np.int64]
Names = pd.api.extensions.ExtensionArray
"""Texts in a third of the room that objects take."""


class Slices(Protocol):
    """Bytes, or something that keeps them elsewhere."""

    def __getitem__(self, part: slice, /) -> bytes:
        """Those from a place to another."""


@dataclass(frozen=True)
class PackedShapes:
    """Shapes without nulls, about a third of their size: WKB of several `parts` behind one another.

    `starts` has, for each part, where its shapes start, and its end; `bounds` are rows of left, bottom,
    right, top, NaN for what is empty.
    """

    parts: tuple[Slices, ...]
    starts: tuple[Places, ...]
    bounds: NDArray[np.float64]

    @classmethod
    def of(cls, shapes: NDArray[np.object_]) -> "PackedShapes":
        """Shapes, packed as one part."""
        wkb: list[bytes] = list(shapely.to_wkb(shapes))
        return cls((b"".join(wkb),), (_starts(wkb),), shapely.bounds(shapes).reshape(-1, 4))

    @classmethod
    def concat(cls, packed: Sequence["PackedShapes"]) -> "PackedShapes":
        """Shapes of several behind one another."""
        return cls(
            tuple(part for shapes in packed for part in shapes.parts),
            tuple(starts for shapes in packed for starts in shapes.starts),
            np.concatenate([np.empty((0, 4)), *(shapes.bounds for shapes in packed)]),
        )

    def __len__(self) -> int:
        return len(self.bounds)

    def wkb_at(self, places: Places) -> NDArray[np.object_]:
        """WKB of the shapes at some places, in the order of the places."""
        ends = np.cumsum([len(starts) - 1 for starts in self.starts])
        part_of = np.searchsorted(ends, places, side="right")
        found = np.empty(len(places), dtype=object)
        for part in np.unique(part_of):
            chosen = np.flatnonzero(part_of == part)
            starts, wkb = self.starts[part], self.parts[part]
            local = places[chosen] - (ends[part] - len(starts) + 1)
            pairs = zip(starts[local].tolist(), starts[local + 1].tolist(), strict=True)
            found[chosen] = [wkb[start:end] for start, end in pairs]
        return found

    def at(self, places: Places) -> NDArray[np.object_]:
        """The shapes at some places, in the order of the places."""
        shapes: NDArray[np.object_] = shapely.from_wkb(self.wkb_at(places))
        return shapes

    def all(self) -> NDArray[np.object_]:
        """All shapes in their order."""
        return self.at(np.arange(len(self)))

    def put_away(self, keep: Callable[[bytes], Slices]) -> "PackedShapes":
        """The same, of which `keep` has the WKB."""
        sizes = [starts[-1] for starts in self.starts]
        kept = [keep(part[0:size]) for part, size in zip(self.parts, sizes, strict=True)]
        return replace(self, parts=tuple(kept))

    def take(self, places: Places) -> "PackedShapes":
        """The shapes at some places, packed."""
        wkb = self.wkb_at(places).tolist()
        return PackedShapes((b"".join(wkb),), (_starts(wkb),), self.bounds[places])

    def query(self, bounds: Sequence[float]) -> Places:
        """Places of the shapes whose bounds meet some bounds."""
        left, bottom, right, top = self.bounds.T
        meets = (right >= bounds[0]) & (left <= bounds[2]) & (top >= bounds[1]) & (bottom <= bounds[3])
        return np.flatnonzero(meets)

    def group_neighbours(self, size: int = SLICE_SHAPES) -> list[Places]:
        """Places of up to so many neighbouring shapes each, along a Hilbert curve; none for no shape."""
        middles = (self.bounds[:, :2] + self.bounds[:, 2:]) / 2
        if not len(middles):
            return []
        around = (*middles.min(axis=0), *middles.max(axis=0))
        distances = [
            gpd.GeoSeries(shapely.points(part)).hilbert_distance(total_bounds=around).to_numpy()
            for part in np.array_split(middles, _count(len(middles), SLICE_SHAPES))
        ]
        order = np.argsort(np.concatenate(distances), kind="stable")
        return np.array_split(order, _count(len(order), size))


@dataclass(frozen=True)
class ParcelShapes:
    """Parcels as they are laid over maps: `ids`, ellipsoidal `areas_m2`, `shapes` in EPSG:4490."""

    ids: Names
    areas_m2: NDArray[np.float64]
    shapes: PackedShapes

    @classmethod
    def of(cls, parcels: gpd.GeoDataFrame) -> "ParcelShapes":
        """Parcels of a table with `parcel_id`, `area_m2` and geometry, in its order."""
        return cls(
            pack_names(parcels["parcel_id"]),
            parcels["area_m2"].to_numpy(dtype=np.float64),
            PackedShapes.of(parcels.geometry.to_numpy()),
        )

    @classmethod
    def concat(cls, parts: Sequence["ParcelShapes"]) -> "ParcelShapes":
        """Parcels of several behind one another."""
        return cls(
            pack_names(pd.concat([pd.Series([], dtype="str"), *(pd.Series(part.ids) for part in parts)])),
            np.concatenate([np.empty(0), *(part.areas_m2 for part in parts)]),
            PackedShapes.concat([part.shapes for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def put_away(self, keep: Callable[[bytes], Slices]) -> "ParcelShapes":
        """The same, of which `keep` has the outlines."""
        return replace(self, shapes=self.shapes.put_away(keep))

    def take(self, places: Places) -> "ParcelShapes":
        """The parcels at some places."""
        return ParcelShapes(self.ids[places], self.areas_m2[places], self.shapes.take(places))


def pack_names(names: pd.Series) -> Names:
    """Texts in one piece, from which any are taken quickly."""
    table = pa.Table.from_pandas(names.astype("str").to_frame("name"), preserve_index=False)
    packed: Names = pd.array(table.column("name").combine_chunks(), dtype="str")
    return packed


def keep_polygons(geometry: BaseGeometry) -> BaseGeometry:
    """The polygons of a geometry as one; empty if there is none."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    whole: BaseGeometry = shapely.union_all(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    return whole


def split_places(places: Places, size: int = SLICE_SHAPES) -> Iterator[Places]:
    """So many places at a time."""
    return (places[start : start + size] for start in range(0, len(places), size))


def _starts(wkb: Sequence[bytes]) -> Places:
    return np.cumsum([0, *map(len, wkb)]).astype(np.int64)


def _count(number: int, size: int) -> int:
    return -(-number // size)
