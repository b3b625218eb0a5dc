"""The numbers that features had in former deliveries of an area, read from their GeoPackages."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd

from pipeline.errors import InputError
from pipeline.rights_registry.feature_ids import GREATEST, continue_numbers
from pipeline.storage.cause import sha256_of_file
from pipeline.storage.delivered import find_delivered
from pipeline.storage.ownership import find_last, is_delivery
from pipeline.storage.tables import load_json

KEYS: Mapping[str, str] = MappingProxyType({"parcels": "parcel_id", "inventory": "product_id"})
"""Layers whose features keep their numbers, with the column that says which feature a row is."""


@dataclass(frozen=True)
class FormerNumbers:
    """Numbers by layer and key, the last that was ever given in each layer, and the deliveries they are of.

    `sources` are the deliveries by folder and label, each with the checksum of its GeoPackage, or with the
    `reason` why its numbers are not kept.
    """

    known: Mapping[str, Mapping[str, int]]
    last: Mapping[str, int]
    sources: tuple[Mapping[str, Any], ...] = ()

    def number(self, layer: str, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """A table of a layer with the numbers of its features in the column `fid`, before all others."""
        return self.begin().number(layer, table)

    def begin(self) -> "Numbering":
        """Numbers for layers that come part by part."""
        return Numbering(self.known, dict(self.last))

    def describe(self, **last: int) -> dict[str, Any]:
        """What a manifest says of the numbers: whose were kept, and the last that was given in each layer."""
        told = {layer: max(self.last.get(layer, 0), number) for layer, number in last.items()}
        return {"kept_from": list(self.sources), "last": told}


@dataclass
class Numbering:
    """Numbers of features of one delivery: `last` are the greatest that were given yet."""

    known: Mapping[str, Mapping[str, int]]
    last: dict[str, int]

    def number(self, layer: str, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The next part of a layer, with the numbers of its features in the column `fid`, its first."""
        last = self.last.get(layer, 0)
        numbers = continue_numbers(table[KEYS[layer]], self.known.get(layer, {}), last)
        self.last[layer] = max(last, int(numbers.max(initial=0)))
        columns = [column for column in table.columns if column != "fid"]
        return table.assign(fid=numbers)[["fid", *columns]]


def find_last_numbers(package: Path) -> dict[str, int]:
    """The greatest number of a feature in each layer of a GeoPackage whose features keep their numbers."""
    with closing(sqlite3.connect(f"{package.absolute().as_uri()}?mode=ro", uri=True)) as file:
        found = {layer: file.execute(f'SELECT MAX(fid) FROM "{layer}"').fetchone() for layer in KEYS}  # noqa: S608 (names are ours)
    return {layer: number or 0 for layer, (number,) in found.items()}


def read_former_numbers(target: Path, repeated: Path | None = None) -> FormerNumbers:
    """The numbers to keep in a delivery that will stand at `target`.

    They are those of the delivery that stands there, then of the one that `latest` names; of the delivery
    that is `repeated` alone where there is one. A number is kept of the first that gives it.
    """
    known: dict[str, dict[str, int]] = {layer: {} for layer in KEYS}
    last = dict.fromkeys(KEYS, 0)
    sources = []
    for folder in [repeated] if repeated else _list_former(target):
        found, source = _read_numbers(folder)
        sources.append(source)
        for layer, numbers in found.known.items():
            taken = set(known[layer].values())
            fresh = {
                key: number
                for key, number in numbers.items()
                if key not in known[layer] and number not in taken
            }
            known[layer].update(fresh)
            last[layer] = max(last[layer], found.last[layer])
    return FormerNumbers(known, last, tuple(sources))


def _list_former(target: Path) -> Iterator[Path]:
    if target.is_dir():
        yield target
    last = find_last(target.parent)
    if last and last != target:
        yield last


def _read_numbers(folder: Path) -> tuple[FormerNumbers, dict[str, Any]]:
    """The numbers of a delivery, and what a manifest says of it; none where they are not to be kept."""
    nothing = FormerNumbers({}, {})
    told = {"delivery": folder.name}
    try:
        path = find_delivered(folder, ".gpkg")
        known = _select_numbers(path)
    except (InputError, sqlite3.Error) as error:
        return nothing, {**told, "reason": f"无法读取 / cannot be read: {error}"}
    if any(number > GREATEST for numbers in known.values() for number in numbers.values()):
        return nothing, {**told, "reason": "旧版编号超过 32 位 / numbers of a former release exceed 32 bits"}
    given = {layer: max(numbers.values(), default=0) for layer, numbers in known.items()}
    recorded = _read_last(folder)
    last = {layer: max(given[layer], recorded.get(layer, 0)) for layer in KEYS}
    return FormerNumbers(known, last), {**told, "sha256": sha256_of_file(path)}


def _read_last(folder: Path) -> dict[str, int]:
    """The last numbers that a manifest tells of; none where it cannot be read."""
    if not is_delivery(folder):
        return {}
    last: dict[str, int] = load_json(folder / "manifest.json").get("feature_ids", {}).get("last", {})
    return last


def _select_numbers(path: Path) -> dict[str, dict[str, int]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as file:
        return {
            layer: dict(file.execute(f'SELECT "{key}", fid FROM "{layer}"'))  # noqa: S608 (names are ours)
            for layer, key in KEYS.items()
        }
