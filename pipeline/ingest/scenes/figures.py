"""What an item states of the numbers in its files: their scale and offset, where it says so, and how else."""

import math
from collections.abc import Mapping
from typing import Any

import pystac

from pipeline.contracts import Asset, Packing
from pipeline.ingest.reading.radiometry import Statement, state_by_baseline
from pipeline.ingest.scenes.sensors import Sensor

_APPLIED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")


class UnusableItem(Exception):
    """What an item says cannot be right; the words say what."""


def describe_asset(asset: pystac.Asset, packing: Packing) -> Asset:
    """A file as its item says that its numbers are to be read, else as its sensor stores them."""
    scale = _read_figure(asset, "scale")
    offset = _read_figure(asset, "offset")
    if scale is not None and scale <= 0:
        raise UnusableItem(f"scale {scale:g}")
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

    Null says nothing. Raises UnusableItem where it is no number.
    """
    fields = asset.extra_fields
    bands = [*(fields.get("raster:bands") or []), *(fields.get("bands") or []), fields]
    stated = [
        band[key] for band in bands for key in (what, f"raster:{what}") if band and band.get(key) is not None
    ]
    if not stated:
        return None
    try:
        figure = float(stated[0])
    except (TypeError, ValueError):
        figure = math.nan
    if not math.isfinite(figure):
        raise UnusableItem(f"{what} {stated[0]!r}")
    return figure
