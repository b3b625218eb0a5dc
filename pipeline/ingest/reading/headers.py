"""What the header of a raster file says: where it lies, what its bands are, and how its tiles are packed.

Of a GeoTIFF the first bytes are enough; GDAL is asked about them in memory, as it holds the interpreter while
it opens a file, and a file of the network takes long.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError  # noqa: N812 an exception is named as one

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, Interleaving, MaskFlags
from rasterio.errors import CRSError, RasterioError, RasterioIOError
from rasterio.io import MemoryFile

_HEADER_BYTES = 2**16
_LAYOUTS = {
    b"II*\0": (4, Struct("<I"), Struct("<H"), Struct("<HHII")),
    b"II+\0": (8, Struct("<Q"), Struct("<Q"), Struct("<HHQQ")),
}
"""Of TIFF and BigTIFF, little endian: where the place of the first directory stands; a place, the number of
entries of a directory, an entry: its tag, type, number of values, and their place unless they fit in it."""
_TYPE_BYTES = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), start=1)) | {16: 8, 17: 8, 18: 8}
_DIFFERENCES = "2"
_EXPANSION = 2
"""Deflate hardly ever makes a tile larger; what is said to be so much larger is not fetched."""
MOST_TILE_BYTES = 2**26
"""Of a tile that is unpacked: what a header declares is not believed beyond this, nor held in memory."""
_MOST_DIRECTORIES = 64
"""Of a file and its overviews and masks; one of more is left to GDAL."""
_PIECE_PX = 512
_PLAIN_MASKS = {MaskFlags.all_valid, MaskFlags.nodata}
"""Of a band whose numbers alone tell what is there."""

FAILURES = (RasterioError, CRSError, CPLE_BaseError, OSError)
"""What is raised of a file that cannot be read: of some fields of a header, as GDAL says it."""

Fetch = Callable[[int, int], bytes]
"""Some bytes of a file, by the first of them and their number at most; OSError if they are not to be had."""


@dataclass(frozen=True)
class FileBand:
    """What a file says of a band: its number, what it is called, and the number that stands for nothing.

    `hidden`: some of its pixels stand for nothing by a mask or an alpha band, whatever their number. `scale`
    and `offset` lead from its numbers to values; 1 and 0, as GDAL has them where a file says neither.
    """

    number: int
    name: str = ""
    nodata: float | None = None
    hidden: bool = False
    scale: float = 1.0
    offset: float = 0.0

    @property
    def is_scaled(self) -> bool:
        """Whether the file says how its numbers lead to values."""
        return (self.scale, self.offset) != (1.0, 0.0)


@dataclass(frozen=True)
class Profile:
    """Where a file lies: CRS, transform, rows and columns; its bands; and whether it holds overviews.

    `dtype` is the kind of its numbers; `piece` rows and columns of whole tiles are kept as one in a cache.
    `tile_bytes` are unpacked at once to read one pixel. An alpha band is none of the `bands`.
    """

    crs: str
    transform: Affine
    height: int
    width: int
    overviews: bool = False
    dtype: str = "uint16"
    piece: tuple[int, int] = (_PIECE_PX, _PIECE_PX)
    bands: tuple[FileBand, ...] = (FileBand(1),)
    tile_bytes: int = 0

    @property
    def turned(self) -> bool:
        """Whether its rows and columns do not run along the axes of its CRS."""
        return bool(self.transform.b or self.transform.d)

    @classmethod
    def of(cls, dataset: rasterio.DatasetReader) -> "Profile":
        """Where a dataset lies, and what its bands are."""
        bands = read_file_bands(dataset)
        height, width = (edge * max(1, -(-_PIECE_PX // edge)) for edge in dataset.block_shapes[0])
        return cls(
            dataset.crs.to_string(),
            dataset.transform,
            dataset.height,
            dataset.width,
            bool(dataset.overviews(1)),
            _name_type(dataset.dtypes[0]),
            (height, width),
            bands,
            count_tile_bytes(dataset),
        )


def count_tile_bytes(dataset: rasterio.DatasetReader) -> int:
    """Bytes that GDAL unpacks to read one pixel: a tile, of all bands where they lie side by side in it."""
    sizes = [np.dtype(_name_type(kind)).itemsize for kind in dataset.dtypes]
    together = sum(sizes) if dataset.interleaving == Interleaving.pixel else max(sizes)
    height, width = dataset.block_shapes[0]
    return int(height * width * together)


def _name_type(kind: str) -> str:
    """The type in which GDAL hands out numbers of a kind."""
    return "complex64" if kind == "complex_int16" else kind


def read_file_bands(dataset: rasterio.DatasetReader) -> tuple[FileBand, ...]:
    """What a dataset says of its bands, without alpha bands, which say what of the others is hidden.

    RasterioIOError where it names another file as its overviews, which GDAL would open wherever it lies.
    """
    if "OVERVIEW_FILE" in dataset.tags(ns="OVERVIEWS"):
        raise RasterioIOError("names another file as its overviews")
    alphas = find_alphas(dataset)
    described = zip(
        dataset.descriptions,
        dataset.nodatavals,
        dataset.mask_flag_enums,
        dataset.scales,
        dataset.offsets,
        strict=True,
    )
    return tuple(
        FileBand(number, name or "", nodata, bool(alphas) or not set(flags) <= _PLAIN_MASKS, *packing)
        for number, (name, nodata, flags, *packing) in enumerate(described, start=1)
        if number not in alphas
    )


def find_alphas(dataset: rasterio.DatasetReader) -> list[int]:
    """The numbers of the alpha bands of a dataset."""
    return [
        number for number, colour in enumerate(dataset.colorinterp, start=1) if colour == ColorInterp.alpha
    ]


@dataclass(frozen=True)
class Tiling:
    """The deflated tiles of a file of one band: their shape and type, and whether they hold differences.

    `spans` (row, column, 2) are the first byte of each tile and the number of its bytes.
    """

    height: int
    width: int
    dtype: str
    differences: bool
    spans: NDArray[np.int64]

    @property
    def tile_bytes(self) -> int:
        """Bytes of a tile that is unpacked."""
        return self.height * self.width * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Header:
    """Where a file lies, and its tiles; None where they are left to GDAL."""

    profile: Profile
    tiling: Tiling | None = None

    @classmethod
    def of(cls, dataset: rasterio.DatasetReader) -> "Header":
        """The header of a file that GDAL is to read."""
        return cls(Profile.of(dataset))


def read_header(fetch: Fetch, opener: Executor) -> Header | None:
    """The header of a GeoTIFF that has a place and whose tiles can be unpacked here; None for any other.

    `opener` is the one thread that opens headers: each thread begins with PROJ, which takes longer than a
    header.
    """
    content = fetch(0, _HEADER_BYTES)
    return opener.submit(_parse, content).result() if _is_whole(content) else None


def _parse(content: bytes) -> Header | None:
    """What GDAL says of the first bytes of a file."""
    try:
        with MemoryFile(content) as memory, memory.open(driver="GTiff") as dataset:
            if dataset.crs is None or dataset.transform.is_identity:
                return None
            tiling = _tiling(dataset)
            return Header(Profile.of(dataset), tiling) if tiling else None
    except (*FAILURES, OverflowError):
        return None


def _is_whole(content: bytes) -> bool:
    """Whether the first bytes of a file hold all directories of a TIFF, with all that their entries say.

    GDAL makes do with the entries that it finds, and says nothing but a warning.
    """
    if content[:4] not in _LAYOUTS:
        return False
    at, place, count, entry = _LAYOUTS[content[:4]]
    seen = {0}
    try:
        while (at := place.unpack_from(content, at)[0]) not in seen:
            seen.add(at)
            if len(seen) > _MOST_DIRECTORIES:
                return False
            (entries,) = count.unpack_from(content, at)
            first, at = at + count.size, at + count.size + entries * entry.size
            for _, kind, number, values in entry.iter_unpack(content[first:at]):
                size = _TYPE_BYTES[kind] * number
                if size > place.size and values + size > len(content):
                    return False
    except (StructError, KeyError, OverflowError):
        return False
    return True


def _tiling(dataset: rasterio.DatasetReader) -> Tiling | None:
    said = dataset.tags(ns="IMAGE_STRUCTURE")
    predictor = said.get("PREDICTOR", "1")
    plain = dataset.count == 1 and "NBITS" not in dataset.tags(1, ns="IMAGE_STRUCTURE")
    plain &= not any(band.hidden for band in read_file_bands(dataset))
    known = said.get("COMPRESSION") == "DEFLATE" and predictor in {"1", _DIFFERENCES}
    if not (plain and known and dataset.dtypes[0] in {"uint8", "uint16"} and dataset.profile["tiled"]):
        return None
    height, width = dataset.block_shapes[0]
    shape = -(-dataset.height // height), -(-dataset.width // width)
    tile_bytes = height * width * np.dtype(dataset.dtypes[0]).itemsize
    if shape[0] * shape[1] > _HEADER_BYTES or tile_bytes > MOST_TILE_BYTES:
        return None
    spans = np.zeros((*shape, 2), dtype=np.int64)
    for row, col in np.ndindex(shape):
        for number, what in enumerate(("OFFSET", "SIZE")):
            spans[row, col, number] = dataset.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) or 0
    tiling = Tiling(height, width, dataset.dtypes[0], predictor == _DIFFERENCES, spans)
    believable = spans.min() > 0 and spans[..., 1].max() <= _EXPANSION * tiling.tile_bytes
    return tiling if believable else None
