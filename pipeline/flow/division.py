"""A register that is too large to be held, which is delivered part by part."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.contracts import Delivery, Register
from pipeline.flow.feature_numbers import FormerNumbers
from pipeline.outputs.books import TOWN_LETTERS
from pipeline.storage.tables import count_rows, load_layer, read_layer_parts, read_parts, zip_parts

ROWS_HELD = 250_000
"""Rows of the inventory of a delivery that is held whole."""
ROWS_OF_PART = 100_000
"""Rows of the inventory of a part of a larger one, about."""
MOST_TABLE_ROWS = 5_000_000
"""Rows of a table that is held and leaves as CSV; a longer one leaves as Parquet."""
_PLACES = (TOWN_LETTERS, 12)
"""Letters of a code of a parcel that say in which town, and in which village, it lies (GB/T 37346)."""
_OF_PARCELS = ("account_parcels", "account_sums")
"""Tables of parcels of which each part has its own."""


@dataclass(frozen=True)
class RegisterFiles:
    """The folders of the artifacts that `parcels` and `inventory` are in, and the numbers that they keep."""

    parcels: Path
    inventory: Path
    former: FormerNumbers

    def find_counts(self) -> dict[Register, int]:
        """How many rows each has."""
        return {
            "inventory": count_rows(self.inventory, "inventory"),
            "parcels": count_rows(self.parcels, "parcels"),
        }


def add_register(delivery: Delivery, files: RegisterFiles) -> Delivery:
    """A delivery with its register: whole, or divided where it has more than ROWS_HELD."""
    counts = files.find_counts()
    if counts["inventory"] <= ROWS_HELD:
        return replace(
            delivery,
            inventory=files.former.number("inventory", load_layer(files.inventory, "inventory")),
            parcels=files.former.number("parcels", load_layer(files.parcels, "parcels")),
        )
    most = max(1, ROWS_OF_PART * counts["parcels"] // counts["inventory"])
    return replace(
        delivery,
        **{name: _load_none(files, name) for name in counts},
        counts=counts,
        divided=lambda layers: _divide(delivery, files, layers, most),
    )


def _load_none(files: RegisterFiles, name: Register) -> gpd.GeoDataFrame:
    """The columns of a layer without a row."""
    rows = next(read_layer_parts(getattr(files, name) / f"{name}.parquet")).iloc[:0]
    return files.former.number(name, rows)


def _divide(
    delivery: Delivery, files: RegisterFiles, layers: Collection[Register], most: int
) -> Iterator[Delivery]:
    """A delivery of every part, with those of the layers that are asked for."""
    numbers = files.former.begin()
    land = _read_layer(files.parcels, "parcels", whole="parcels" in layers)
    rows = [_read_layer(files.inventory, "inventory", whole=True)] if "inventory" in layers else []
    for parcels, listed in zip_parts(cut_parts(land, most), *rows):
        made = {"parcels": parcels, **dict(zip(["inventory"], listed, strict=False))}
        numbered = {name: numbers.number(name, made[name]) for name in layers}
        yield replace(delivery, **numbered, tables=_select_tables(delivery.tables, parcels["parcel_id"]))


def _read_layer(folder: Path, name: str, *, whole: bool) -> Iterator[pd.DataFrame]:
    path = folder / f"{name}.parquet"
    return read_layer_parts(path) if whole else read_parts(path, ["parcel_id"])


def cut_parts(parts: Iterable[pd.DataFrame], most: int) -> Iterator[pd.DataFrame]:
    """The same rows in parts of at most so many, which end with a town, else with a village, if one fits."""
    held: list[pd.DataFrame] = []
    for part in parts:
        held.append(part)
        while sum(map(len, held)) > most:
            rows = pd.concat(held, ignore_index=True)
            end = _find_end(rows["parcel_id"].iloc[: most + 1])
            yield rows.iloc[:end]
            held = [rows.iloc[end:]]
    yield pd.concat(held, ignore_index=True)


def _find_end(ids: pd.Series) -> int:
    """After how many rows to cut: where the last place begins, else before the last row."""
    for letters in _PLACES:
        places = ids.str[:letters].to_numpy()
        changes = (places[1:] != places[:-1]).nonzero()[0]
        if len(changes):
            return int(changes[-1]) + 1
    return len(ids) - 1


def _select_tables(tables: dict[str, pd.DataFrame], ids: pd.Series) -> dict[str, pd.DataFrame]:
    """Tables of a delivery, of parcels the rows of some."""
    own = {name: tables[name] for name in _OF_PARCELS if name in tables}
    return {**tables, **{name: table[table["parcel_id"].isin(ids)] for name, table in own.items()}}
