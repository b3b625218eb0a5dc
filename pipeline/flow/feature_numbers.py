"""The numbers that features had in former deliveries of an area.

They stand in the GeoPackage of a delivery; of one whose register is too large for that in its GeoParquet.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.flow.number_index import Hashes, NumberIndex, Numbers, hash_keys
from pipeline.rights_registry.feature_ids import GREATEST, continue_numbers
from pipeline.storage.cause import sha256_of_file
from pipeline.storage.delivered import REGISTER_ENDS, find_delivered
from pipeline.storage.ownership import find_last, is_delivery
from pipeline.storage.tables import load_json

KEYS: Mapping[str, str] = MappingProxyType({"parcels": "parcel_id", "inventory": "product_id"})
"""Layers whose features keep their numbers, with the column that says which feature a row is."""
_AT_ONCE = 100_000
"""Numbers that are read at a time."""
_UNREADABLE = (InputError, OSError, sqlite3.Error, pa.ArrowException, KeyError, TypeError, ValueError)
"""What a file raises that others wrote anew: torn, without the columns, or with texts in place of numbers."""


@dataclass(frozen=True)
class FormerNumbers:
    """Numbers by layer, the last that was ever given in each layer, and the deliveries they are of.

    `known` are of each layer the indexes of one delivery after another, no number in two of them. `sources`
    are the deliveries by folder and label, each with the checksum of the file that has its numbers, or with
    the `reason` why they are not kept.
    """

    known: Mapping[str, Sequence[NumberIndex]]
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

    known: Mapping[str, Sequence[NumberIndex]]
    last: dict[str, int]
    _given: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def number(self, layer: str, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The next part of a layer, with the numbers of its features in the column `fid`, its first."""
        last, keys = self.last.get(layer, 0), table[KEYS[layer]]
        numbers = continue_numbers(keys, self._keep(layer, keys), last)
        self.last[layer] = max(last, int(numbers.max(initial=0)))
        columns = [column for column in table.columns if column != "fid"]
        return table.assign(fid=numbers)[["fid", *columns]]

    def _keep(self, layer: str, keys: pd.Series) -> Numbers:
        """The number that each key had, 0 where it had none; none is given twice."""
        indexes = self.known.get(layer, ())
        kept = find_numbers(indexes, hash_keys(keys)) if indexes else np.zeros(len(keys), dtype=np.int64)
        if layer not in self._given:
            greatest = max((int(index.numbers.max(initial=0)) for index in indexes), default=0)
            self._given[layer] = np.zeros(greatest + 1, dtype=bool)
        given = self._given[layer]
        first = np.zeros(len(kept), dtype=bool)
        first[np.unique(kept, return_index=True)[1]] = True
        kept[given[kept] | ~first] = 0
        given[kept] = True
        given[0] = False
        return kept


def find_numbers(indexes: Sequence[NumberIndex], hashes: Hashes) -> Numbers:
    """The number of each key in the first of some indexes that knows it, else 0."""
    found = np.zeros(len(hashes), dtype=np.int64)
    for index in indexes:
        lacking = found == 0
        found[lacking] = index.find(hashes[lacking])
    return found


def find_last_numbers(package: Path) -> dict[str, int]:
    """The greatest number of a feature in each layer whose features keep their numbers.

    They are those of a GeoPackage, or of the files beside it that hold the register instead.
    """
    return {layer: _find_last(_find_file(package, layer), layer) for layer in KEYS}


def _find_last(path: Path, layer: str) -> int:
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as file:
            parts = file.iter_batches(_AT_ONCE, columns=["fid"])
            return max((pc.max(part["fid"]).as_py() or 0 for part in parts), default=0)
    with closing(_open(path)) as database:
        (number,) = database.execute(f'SELECT MAX(fid) FROM "{layer}"').fetchone()  # noqa: S608 (names are ours)
    return number or 0


def read_former_numbers(target: Path, repeated: Path | None = None) -> FormerNumbers:
    """The numbers to keep in a delivery that will stand at `target`.

    They are those of the delivery that stands there, then of the one that `latest` names; of the delivery
    that is `repeated` alone where there is one. A number is kept of the first that gives it.
    """
    known: dict[str, list[NumberIndex]] = {layer: [] for layer in KEYS}
    last = dict.fromkeys(KEYS, 0)
    sources = []
    for folder in [repeated] if repeated else _list_former(target):
        found, greatest, source = _read_numbers(folder, known)
        sources.append(source)
        for layer, index in found.items():
            known[layer].append(index)
            last[layer] = max(last[layer], greatest[layer])
    return FormerNumbers(known, last, tuple(sources))


def _list_former(target: Path) -> Iterator[Path]:
    if target.is_dir():
        yield target
    last = find_last(target.parent)
    if last and last != target:
        yield last


def _read_numbers(
    folder: Path, known: Mapping[str, Sequence[NumberIndex]]
) -> tuple[dict[str, NumberIndex], dict[str, int], dict[str, Any]]:
    """The numbers of a delivery that are not known yet, its last ones, and what a manifest says of it."""
    told = {"delivery": folder.name}
    try:
        path = find_delivered(folder, ".gpkg")
        given = find_last_numbers(path)
        if max(given.values()) > GREATEST:
            reason = "旧版编号超过 32 位 / numbers of a former release exceed 32 bits"
            return {}, {}, {**told, "reason": reason}
        found = {layer: _index_numbers(path, layer, indexes) for layer, indexes in known.items()}
        checksum = sha256_of_file(_find_file(path, "inventory"))
    except _UNREADABLE as error:
        return {}, {}, {**told, "reason": f"无法读取 / cannot be read: {error}"}
    recorded = _read_last(folder)
    last = {layer: max(number, recorded.get(layer, 0)) for layer, number in given.items()}
    return found, last, {**told, "sha256": checksum}


def _index_numbers(package: Path, layer: str, indexes: Sequence[NumberIndex]) -> NumberIndex:
    """The index of a layer of a delivery, without keys and numbers of those that were read before.

    Numbers below 1, which others may have written there, are none of ours.
    """
    taken = [index.list_taken() for index in indexes]

    def choose(keys: pd.Series, numbers: Numbers) -> tuple[Hashes, Numbers]:
        hashes = hash_keys(keys)
        fresh = (numbers > 0) & (find_numbers(indexes, hashes) == 0)
        for one in taken:
            within = (numbers > 0) & (numbers < len(one))
            fresh &= ~(within & one[np.where(within, numbers, 0)])
        return hashes[fresh], numbers[fresh]

    return NumberIndex.of(choose(*part) for part in _read_keys(package, layer))


def _read_last(folder: Path) -> dict[str, int]:
    """The last numbers that a manifest tells of; none where it cannot be read."""
    if not is_delivery(folder):
        return {}
    last: dict[str, int] = load_json(folder / "manifest.json").get("feature_ids", {}).get("last", {})
    return last


def _read_keys(package: Path, layer: str) -> Iterator[tuple[pd.Series, Numbers]]:
    """Keys and numbers of a layer of a delivery, so many at a time."""
    path = _find_file(package, layer)
    if path != package:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_AT_ONCE, columns=[KEYS[layer], "fid"]):
                rows = batch.to_pandas()
                yield rows[KEYS[layer]], rows["fid"].to_numpy(dtype=np.int64)
        return
    with closing(_open(package)) as database:
        found = database.execute(f'SELECT "{KEYS[layer]}", fid FROM "{layer}"')  # noqa: S608 (names are ours)
        while rows := found.fetchmany(_AT_ONCE):
            keys, numbers = zip(*rows, strict=True)
            yield pd.Series(keys, dtype=object), np.array(numbers, dtype=np.int64)


def _find_file(package: Path, layer: str) -> Path:
    """The file that has a layer of the register: a GeoPackage, or the GeoParquet beside one without it."""
    beside = package.with_name(f"{package.stem}{REGISTER_ENDS[layer]}")
    with closing(_open(package)) as database:
        held = database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [layer]).fetchone()
    return package if held or not beside.is_file() else beside


def _open(package: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{package.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
