"""Raster files that GDAL reads, as layers: what their headers say, and the numbers of a band."""

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import rasterio
import rasterio.io
from rasterio.windows import Window

from pipeline.errors import InputError, Problem
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
    mask_numbers,
    settle_crs,
)
from pipeline.ingest.layers.times import UNTOLD
from pipeline.ingest.reading.gdal import find_masked_pixels, find_sidecars, refuse_pointers
from pipeline.ingest.reading.headers import FAILURES, FileBand, Profile, read_file_bands
from pipeline.ingest.reading.reader import Reader, Trail
from pipeline.redaction import redact
from pipeline.settings.layers import LayerFile, LayerSource
from pipeline.storage.cause import sha256_of_file
from pipeline.vector_files import OFFLINE

_GDAL: dict[str, Any] = {"GDAL_CACHEMAX": 64 * 2**20, "GDAL_NUM_THREADS": "1", **OFFLINE}
_DRIVERS = [
    *("GTiff", "JP2OpenJPEG", "HFA", "ENVI", "EHdr", "AAIGrid"),
    *("SRTMHGT", "DTED", "BT", "RST", "SAGA", "PNG"),
]
"""Formats whose files hold their numbers themselves: no list of other files or addresses, no document."""
_EXPECTED = "a raster whose file holds its numbers: GeoTIFF, JPEG 2000, HFA, ENVI, BIL, ASCII grid, HGT, DTED"
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")

Read = TypeVar("Read")


@dataclass(frozen=True)
class RasterFile:
    """A band of a file; its numbers mean `number * scale + offset`, and nothing where they are `nodata`.

    What the file itself says of nothing holds besides: `stated` is its own nodata, `hidden` whether a mask or
    an alpha band hides some, `valid` the least and the greatest number that stand for a value. A file of the
    network has a Reader.
    """

    name: str
    place: Profile
    band: int = 1
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None
    reader: Reader | None = None
    stated: float | None = None
    hidden: bool = False
    valid: tuple[float, float] = (-math.inf, math.inf)

    def read(self, window: Window) -> Masked:
        """Numbers of a window inside the file.

        Raises InputError where a file of this machine cannot be read, BrokenAsset of one of the network.
        """

        def read_band(dataset: rasterio.DatasetReader) -> Masked:
            band = np.ma.asarray(dataset.read(self.band, window=window, masked=not self.hidden))
            hidden = find_masked_pixels(dataset, self.band, window=window) if self.hidden else False
            beside = (band.data < self.valid[0]) | (band.data > self.valid[1])
            return np.ma.MaskedArray(band.data, np.ma.getmaskarray(band) | hidden | beside)

        numbers = mask_numbers(_ask(self.name, self.reader, read_band), self.nodata, self.stated)
        packed = (self.scale, self.offset) != (1.0, 0.0)
        if not packed:
            return numbers
        return np.ma.MaskedArray(numbers.data * self.scale + self.offset, np.ma.getmaskarray(numbers))

    def checksum(self) -> str:
        """That of its bytes, and of what lies beside it; of its address where it is not on this machine."""
        if "://" in self.name:
            return hashlib.sha256(self.name.encode()).hexdigest()
        beside = [sha256_of_file(file) for file in find_sidecars(self.name)]
        return ",".join([sha256_of_file(Path(self.name)), *beside])


def open_file(layer: Layer, given: LayerFile) -> OpenLayer:
    """A file as a layer, by its header; InputError with everything that keeps it from being one."""
    if "://" in given.path:
        todo = "Download it, or name its collection"
        raise build_layer_error(
            layer, Problem(redact(given.path), "an address", "a file of this machine", todo)
        )
    raster, said = describe_file(layer, given, given.path, given.band)
    if problems := list(find_flaws(layer, given, said)):
        raise build_layer_error(layer, *problems)
    return OpenLayer(
        layer,
        choose_resampling(layer, given),
        (raster,),
        vertical_datum=given.vertical_datum or said.vertical_datum,
        assumed=(*list_layer_assumptions(layer, given, said), *([UNTOLD] if layer.over_time else [])),
        unscaled=said.unscaled,
    )


def describe_file(
    layer: Layer,
    given: LayerSource,
    href: str,
    band: int | str | None,
    reader: Reader | None = None,
) -> tuple[RasterFile, Statement]:
    """A band of a file, and what its header says of it.

    Raises InputError where there is no such file or band, BrokenAsset where one of the network does not open.
    """
    if "://" not in href and not Path(href).exists():
        raise build_layer_error(layer, Problem(href, "no such file", _EXPECTED))
    try:
        return _ask(href, reader, lambda dataset: _describe(layer, given, href, dataset, band, reader))
    except InputError as error:
        raise build_layer_error(layer, *error.problems) from error


def _describe(
    layer: Layer,
    given: LayerSource,
    href: str,
    dataset: rasterio.DatasetReader,
    band: int | str | None,
    reader: Reader | None,
) -> tuple[RasterFile, Statement]:
    bands = read_file_bands(dataset)
    number = _find_band(layer, href, bands, band)
    own = next(one for one in bands if one.number == number)
    scale, offset = dataset.scales[number - 1], dataset.offsets[number - 1]
    stated = dataset.crs.to_wkt() if dataset.crs else ""
    crs, datum = settle_crs(layer, given, href, stated)
    said = Statement(
        name=href,
        crs=crs,
        transform=dataset.transform,
        dtype=dataset.dtypes[number - 1],
        unit=dataset.units[number - 1] or "",
        vertical_datum=datum,
        nodata=dataset.nodatavals[number - 1],
        packed=(scale, offset) != (1.0, 0.0),
        fill=own.nodata is not None or own.hidden,
        height=dataset.height,
        width=dataset.width,
    )
    place = Profile(crs, dataset.transform, dataset.height, dataset.width)
    valid = _read_range(dataset.tags(number))
    return RasterFile(
        href, place, number, scale, offset, given.nodata, reader, own.nodata, own.hidden, valid
    ), said


def _read_range(tags: Mapping[str, str]) -> tuple[float, float]:
    """The valid range that a band states, as CF has it and GDAL keeps it, in numbers as they are stored."""
    ends = [float(end) for end in _NUMBER.findall(tags.get("valid_range", ""))]
    if len(ends) == 2:  # noqa: PLR2004 the ends of a range
        return min(ends), max(ends)
    least, most = (_NUMBER.findall(tags.get(key, "")) for key in ("valid_min", "valid_max"))
    return float(least[0]) if least else -math.inf, float(most[0]) if most else math.inf


def _find_band(layer: Layer, href: str, bands: Sequence[FileBand], band: int | str | None) -> int:
    """The number of a band; InputError where there is none, or several of which none is named."""
    if band is None and len(bands) == 1:
        return bands[0].number
    named = [one.number for one in bands if band in {one.number, one.name}]
    if len(named) == 1:
        return named[0]
    told = [f"{one.number} {one.name}".strip() for one in bands]
    expected = "one band" if band is None else f"the band {band!r}"
    todo = "Name one by `band`" if band is None else ""
    raise build_layer_error(layer, Problem(href, f"{len(bands)} bands: {join(told)}", expected, todo))


def _ask(href: str, reader: Reader | None, take: Callable[[rasterio.DatasetReader], Read]) -> Read:
    """What is taken from a file: of the network through a Reader, else opened for it."""
    if "://" in href:
        assert reader is not None, f"{href} is of the network, and no Reader was given"
        return reader.take(href, Trail(), take)
    try:
        refuse_pointers(href)
        with rasterio.Env(**_GDAL), rasterio.io.DatasetReader(href, driver=_DRIVERS) as dataset:
            return take(dataset)
    except FAILURES as error:
        todo = "Write what lists other files (VRT), or is served, into a file by gdal_translate"
        problem = Problem(href, " ".join(str(error).split()), _EXPECTED, todo)
        raise InputError("A raster cannot be read", [problem]) from error
