"""Which file of an item holds a band, and which band of that file it is, by what the item says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pystac

from pipeline.contracts import BandChoice
from pipeline.ingest.scenes.addresses import split_band
from pipeline.ingest.scenes.raw_items import Item

_NAMES = ("name", "common_name", "eo:common_name")
_FIGURES = [f"{space}{what}" for what in ("scale", "offset", "nodata") for space in ("", "raster:")]
_RASTER = re.compile(r"image/(?:tiff|vnd\.stac\.geotiff|jp2)|\.(?:tiff?|jp2)(?:[?#]|$)", re.IGNORECASE)
_PICTURE = re.compile(r"visual|tci|preview|thumb|overview|true.?colou?r|rendered", re.IGNORECASE)
_PICTURE_TYPE = "uint8"


class UnusableItem(Exception):
    """What an item says cannot be right; the words say what."""


@dataclass(frozen=True)
class BandFile:
    """A band of an item: the asset that holds it, its address, and which band of the file it is."""

    asset: pystac.Asset
    href: str
    band: BandChoice

    @cached_property
    def entries(self) -> list[Mapping[str, Any]]:
        """What the item states of the band, then of its file as a whole.

        Of a list of several bands that of its number. Raises UnusableItem where that is not told, and they do
        not agree.
        """
        fields = self.asset.extra_fields
        lists = [_list_entries(fields.get(key)) for key in ("raster:bands", "bands")]
        return [*(self._choose(entries) for entries in lists if entries), fields]

    def _choose(self, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        if len(entries) == 1:
            return entries[0]
        if 0 < self.band.number <= len(entries):
            return entries[self.band.number - 1]
        for key in _FIGURES:
            if any(entry.get(key) != entries[0].get(key) for entry in entries):
                raise UnusableItem(f"{key} of several bands, which are not told apart")
        return entries[0]


def find_band(item: Item, keys: Sequence[str]) -> BandFile | None:
    """The file of a band by its asset keys in order; else the one whose list of bands names it.

    None where there is neither. Raises UnusableItem where several lists name it.
    """
    for key in keys:
        if key in item.assets:
            return _describe(item.assets[key], keys)
    listed = [
        (key, file)
        for key, asset in item.assets.items()
        if _holds_numbers(key, asset) and (file := _describe(asset, keys)).band.number
    ]
    if len(listed) > 1:
        raise UnusableItem(f"{keys[0]} in several files: {', '.join(key for key, _ in listed)}")
    return listed[0][1] if listed else None


def _describe(asset: pystac.Asset, keys: Sequence[str]) -> BandFile:
    href, suffix = split_band(asset.href)
    if suffix.isdecimal():
        return BandFile(asset, href, BandChoice(tuple(keys), int(suffix)))
    entries = _list_entries(asset.extra_fields.get("eo:bands") or asset.extra_fields.get("bands"))
    return BandFile(asset, href, _choose_band(entries, (suffix,) if suffix else tuple(keys)))


def _choose_band(entries: Sequence[Mapping[str, Any]], names: tuple[str, ...]) -> BandChoice:
    """The entry of a list that one of the names means: by its own name, else by its common name."""
    if len(entries) == 1:
        return BandChoice(_join(names, _list_names(entries[0])))
    for key in _NAMES:
        numbers = [number for number, entry in enumerate(entries, 1) if _is_called(entry.get(key), names)]
        if len(numbers) == 1:
            own = _list_names(entries[numbers[0] - 1])
            return BandChoice(_join(names, own), numbers[0], len(entries))
    return BandChoice(names)


def _holds_numbers(key: str, asset: pystac.Asset) -> bool:
    """Whether an asset is a raster of several bands that is no picture."""
    fields = asset.extra_fields
    listed = [_list_entries(fields.get(key)) for key in ("eo:bands", "bands", "raster:bands")]
    shown = any(entry.get("data_type") == _PICTURE_TYPE for entries in listed for entry in entries)
    several = max(map(len, listed[:2])) > 1
    raster = _RASTER.search(f"{asset.media_type} {asset.href}")
    return bool(
        several and raster and not shown and not _PICTURE.search(f"{key} {asset.title} {asset.roles}")
    )


def _list_entries(said: Any) -> list[Mapping[str, Any]]:
    return [entry if isinstance(entry, Mapping) else {} for entry in said] if isinstance(said, list) else []


def _list_names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(entry[key]) for key in _NAMES if entry.get(key))


def _is_called(name: Any, names: Iterable[str]) -> bool:
    return name is not None and str(name).casefold() in {one.casefold() for one in names}


def _join(names: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *others)))
