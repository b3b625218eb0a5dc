"""What an item states of the numbers in its files: scale, offset, nodata; and what else tells the offset."""

import math
from collections.abc import Mapping
from typing import Any

from pipeline.contracts import Asset, Packing
from pipeline.ingest.reading.radiometry import Statement, state_by_baseline
from pipeline.ingest.scenes.bands import BandFile, UnusableItem
from pipeline.ingest.scenes.raw_items import read_number
from pipeline.ingest.scenes.sensors import Sensor

_APPLIED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")


def describe_asset(band: str, file: BandFile, packing: Packing) -> Asset:
    """A band as its item says that its numbers are to be read, else as its sensor stores them.

    Raises UnusableItem where scale or offset is no number, or the scale is not above 0.
    """
    scale, offset = (_read_figure(file, what) for what in ("scale", "offset"))
    if not (scale is None or 0 < scale < math.inf) or not (offset is None or math.isfinite(offset)):
        raise UnusableItem(f"{band}: scale {scale}, offset {offset}: no figures to read its numbers by")
    return Asset(
        file.href,
        packing.scale if scale is None else scale,
        packing.offset if offset is None else offset,
        packing.nodata,
        packing.valid,
        packing.special,
        _list_nodata(file, packing.nodata),
        file.band,
    )


def describe_mask(file: BandFile, nodata: int) -> Asset:
    """A band of classes or bits, whose sensor has a number for no data."""
    return Asset(file.href, nodata=nodata, stated=_list_nodata(file, nodata), band=file.band)


def list_statements(
    said: Mapping[str, Any], files: Mapping[str, BandFile], sensor: Sensor, baseline: str
) -> tuple[Statement, ...]:
    """All that an item states of the offset in DN of its bands, each other figure once.

    That is what its bands say, and the rule by its baseline; unless a flag says that the offset is taken off.
    """
    if not sensor.offset_from_pixels:
        return ()
    figures = {
        round(offset / (_read_figure(file, "scale") or sensor.bands[band].packing.scale))
        for band, file in files.items()
        if (offset := _read_figure(file, "offset")) is not None
    }
    stated = [("raster:bands", dn) for dn in sorted(figures)]
    if any(str(said.get(flag)).lower() == "true" for flag in _APPLIED):
        return (*stated, ("boa_offset_applied", 0))
    by_rule = state_by_baseline(baseline)
    return (*stated, *([] if by_rule is None else [("baseline", by_rule)]))


def _read_figure(file: BandFile, what: str) -> float | None:
    """A figure of raster:bands (v1), or of raster:scale and raster:offset on band or asset (v2).

    Null says nothing; NaN where it is no number.
    """
    stated = _list_stated(file, what)
    return read_number(stated[0]) if stated else None


def _list_nodata(file: BandFile, nodata: int) -> tuple[int, ...]:
    """Whole numbers that an item states to stand for nothing, besides that of the sensor."""
    stated = [read_number(number) for number in _list_stated(file, "nodata")]
    return tuple(dict.fromkeys(int(number) for number in stated if number.is_integer() and number != nodata))


def _list_stated(file: BandFile, what: str) -> list[Any]:
    keys = (what, f"raster:{what}")
    return [entry[key] for entry in file.read_entries() for key in keys if entry.get(key) is not None]
