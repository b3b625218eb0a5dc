"""What an item states of the numbers in its files: their scale and offset, where it says so, and how else."""

import math
from collections.abc import Mapping
from typing import Any

import pystac

from pipeline.contracts import Asset, Packing
from pipeline.ingest.reading.radiometry import Statement, state_by_baseline
from pipeline.ingest.scenes.raw_items import read_number
from pipeline.ingest.scenes.sensors import Sensor

_APPLIED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")


class UnusableItem(Exception):
    """What an item says cannot be right; the words say what."""


def describe_asset(band: str, asset: pystac.Asset, packing: Packing) -> Asset:
    """The file of a band as its item says that its numbers are to be read, else as its sensor stores them.

    Raises UnusableItem where scale or offset is no number, or the scale is not above 0.
    """
    scale, offset = (_read_figure(asset, what) for what in ("scale", "offset"))
    if not (scale is None or 0 < scale < math.inf) or not (offset is None or math.isfinite(offset)):
        raise UnusableItem(f"{band}: scale {scale}, offset {offset}: no figures to read its numbers by")
    return Asset(
        asset.href,
        packing.scale if scale is None else scale,
        packing.offset if offset is None else offset,
        packing.nodata,
        packing.valid,
    )


def list_statements(
    said: Mapping[str, Any], assets: Mapping[str, pystac.Asset], sensor: Sensor, baseline: str
) -> tuple[Statement, ...]:
    """All that an item states of the offset in DN of its bands, each other figure once.

    That is what its bands say, and the rule by its baseline; unless a flag says that the offset is taken off.
    """
    if not sensor.offset_from_pixels:
        return ()
    figures = {
        round(offset / (_read_figure(asset, "scale") or sensor.bands[band].packing.scale))
        for band, asset in assets.items()
        if (offset := _read_figure(asset, "offset")) is not None
    }
    stated = [("raster:bands", dn) for dn in sorted(figures)]
    if any(str(said.get(flag)).lower() == "true" for flag in _APPLIED):
        return (*stated, ("boa_offset_applied", 0))
    by_rule = state_by_baseline(baseline)
    return (*stated, *([] if by_rule is None else [("baseline", by_rule)]))


def _read_figure(asset: pystac.Asset, what: str) -> float | None:
    """A figure of raster:bands (v1), or of raster:scale and raster:offset on band or asset (v2).

    Null says nothing; NaN where it is no number.
    """
    fields = asset.extra_fields
    bands = [band for key in ("raster:bands", "bands") for band in _list_bands(fields.get(key))]
    stated = [
        band[key]
        for band in (*bands, fields)
        for key in (what, f"raster:{what}")
        if band.get(key) is not None
    ]
    return read_number(stated[0]) if stated else None


def _list_bands(said: Any) -> list[Mapping[str, Any]]:
    return [band for band in said if isinstance(band, Mapping)] if isinstance(said, list) else []
