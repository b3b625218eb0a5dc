"""What an item states of the numbers in its files: scale, offset, nodata; and what else tells the offset."""

import math
from collections.abc import Mapping
from typing import Any

from pipeline.contracts import Asset, Packing
from pipeline.ingest.reading.radiometry import Statement, state_by_baseline
from pipeline.ingest.scenes.bands import BandFile, UnusableItem
from pipeline.ingest.scenes.raw_items import read_number
from pipeline.ingest.scenes.sensors import Sensor

DEFAULTS = "scale 1 and offset 0 are taken as not stated: writers put them by default"
"""What is assumed of numbers whose sensor has other figures, in words."""

_FAR = 20
"""A scale that is so many times another one makes no reflectance of the numbers of the sensor."""
_SHIFT = 8_000
"""In numbers of a file: an offset that is further from that of the sensor makes no reflectance either."""
_CHECKSUMS = ("file:checksum", "checksum:multihash")
"""Of the extension for files, and of the one before it."""
_APPLIED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")


def describe_asset(band: str, file: BandFile, packing: Packing) -> Asset:
    """A band as its item says that its numbers are to be read, else as its sensor stores them.

    Raises UnusableItem where scale or offset is no number, or can be none of these numbers.
    """
    scale, offset = _read_figures(file, packing)
    if not (scale is None or _is_near(scale, packing)) or not (
        offset is None or _is_by(offset, scale or packing.scale, packing)
    ):
        expected = f"those of the sensor are {packing.scale:g} and {packing.offset:g}"
        raise UnusableItem(f"{band}: scale {scale}, offset {offset} cannot be right; {expected}")
    return Asset(
        file.href,
        packing.scale if scale is None else scale,
        packing.offset if offset is None else offset,
        packing.nodata,
        packing.valid,
        packing.special,
        _list_nodata(file, packing.nodata),
        file.band,
        **describe_content(file),
    )


def describe_mask(file: BandFile, nodata: int) -> Asset:
    """A band of classes or bits, whose sensor has a number for no data."""
    stated = _list_nodata(file, nodata)
    return Asset(file.href, nodata=nodata, stated=stated, band=file.band, **describe_content(file))


def describe_content(file: BandFile) -> dict[str, Any]:
    """What an item says of the bytes of a file: `checksum`, a multihash, and `size`; none that is odd."""
    said = file.asset.extra_fields
    checksum = next((said[key] for key in _CHECKSUMS if isinstance(said.get(key), str)), "")
    size = said.get("file:size")
    return {"checksum": checksum.lower(), "size": size if isinstance(size, int) and size > 0 else 0}


def list_statements(
    said: Mapping[str, Any], files: Mapping[str, BandFile], sensor: Sensor, baseline: str
) -> tuple[Statement, ...]:
    """All that an item states of the offset in DN of its bands, each other figure once.

    That is what its bands say, and the rule by its baseline; unless a flag says that the offset is taken off.
    """
    if not sensor.offset_from_pixels:
        return ()
    packings = {band: sensor.bands[band].packing for band in files}
    figures = [(*_read_figures(file, packings[band]), packings[band]) for band, file in files.items()]
    numbers = {round(offset / (scale or own.scale)) for scale, offset, own in figures if offset is not None}
    stated = [("raster:bands", dn) for dn in sorted(numbers)]
    if any(str(said.get(flag)).lower() == "true" for flag in _APPLIED):
        return (*stated, ("boa_offset_applied", 0))
    by_rule = state_by_baseline(baseline)
    return (*stated, *([] if by_rule is None else [("baseline", by_rule)]))


def list_assumptions(files: Mapping[str, BandFile], sensor: Sensor) -> tuple[str, ...]:
    """What is assumed of the figures of an item, in words."""
    defaults = any(
        _are_defaults(_read_figure(file, "scale"), _read_figure(file, "offset"), sensor.bands[band].packing)
        for band, file in files.items()
    )
    return (DEFAULTS,) if defaults else ()


def _read_figures(file: BandFile, packing: Packing) -> tuple[float | None, float | None]:
    """Scale and offset that an item states of a band; None where it states none."""
    scale, offset = _read_figure(file, "scale"), _read_figure(file, "offset")
    return (None, None) if _are_defaults(scale, offset, packing) else (scale, offset)


def _are_defaults(scale: float | None, offset: float | None, packing: Packing) -> bool:
    """Whether figures are those that GDAL has of any file, and not those of the sensor."""
    return packing.scale != 1 and scale == 1 and not offset


def _is_near(scale: float, packing: Packing) -> bool:
    """Whether a scale can be that of a band."""
    least, most = (packing.scale / _FAR, packing.scale * _FAR) if packing.scale != 1 else (0.0, math.inf)
    return 0 < scale < math.inf and least <= scale <= most


def _is_by(offset: float, scale: float, packing: Packing) -> bool:
    """Whether an offset can be that of a band whose numbers have a scale; NaN and infinity are none."""
    return abs(offset - packing.offset) <= _SHIFT * scale


def _read_figure(file: BandFile, what: str) -> float | None:
    """A figure of raster:bands (v1), or of raster:scale and raster:offset on band or asset (v2).

    Null says nothing; NaN where it is no number.
    """
    stated = _list_figures(file, what)
    return read_number(stated[0]) if stated else None


def _list_nodata(file: BandFile, nodata: int) -> tuple[int, ...]:
    """Whole numbers that an item states to stand for nothing, besides that of the sensor."""
    stated = [read_number(number) for number in _list_figures(file, "nodata")]
    return tuple(dict.fromkeys(int(number) for number in stated if number.is_integer() and number != nodata))


def _list_figures(file: BandFile, what: str) -> list[Any]:
    keys = (what, f"raster:{what}")
    return [entry[key] for entry in file.entries for key in keys if entry.get(key) is not None]
