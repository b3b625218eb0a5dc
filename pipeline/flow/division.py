"""A register that is too large to be held, which is delivered part by part."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from pipeline.contracts import Delivery, Register
from pipeline.flow.feature_numbers import FormerNumbers
from pipeline.flow.finding_choice import choose_findings
from pipeline.outputs.books import TOWN_LETTERS
from pipeline.storage.tables import count_rows, load_layer, read_layer_parts, read_parts, zip_parts

ROWS_HELD = 250_000
"""Rows of the inventory of a delivery that is held whole."""
ROWS_OF_PART = 100_000
"""Rows of the inventory of a part of a larger one, about."""
MOST_TABLE_ROWS = 5_000_000
"""Rows of a table that is held and leaves as CSV; a longer one leaves as Parquet."""
MOST_LAYER_ROWS = 2_000_000
"""Rows of the inventory that one GeoPackage holds, some 4 GB: what FAT32 and older tools hold in a file, and
what QGIS opens over a network in reasonable time. Beyond, each part has one of its own, and the inventory no
CSV, of which spreadsheets show a million rows."""
_PLACES = (TOWN_LETTERS, 12)
"""Letters of a code of a parcel that say in which town, and in which village, it lies (GB/T 37346)."""
MOST_OF_KIND = 5000
"""Findings of a rule and severity that the GeoPackage of a register without parcels shows."""
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
        package="others" if counts["inventory"] > MOST_LAYER_ROWS else "all",
    )


def add_findings(delivery: Delivery, folder: Path) -> Delivery:
    """A delivery with its findings: all, or of a register that no GeoPackage holds the first of each kind."""
    if delivery.package == "all":
        return replace(delivery, findings=load_layer(folder, "findings"))
    path = folder / "findings.parquet"
    chosen = choose_findings(path, MOST_OF_KIND)
    return replace(delivery, findings=chosen.rows, finding_counts=chosen.counts, findings_file=path)


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
    own = "parcels" not in layers
    rows = [_read_rows(files.inventory, own=own)] if "inventory" in layers else []
    for parcels, listed in zip_parts(cut_parts(land, most), *rows):
        told = [one if own else _give_outlines(one, parcels) for one in listed]
        made = {"parcels": parcels, **dict(zip(["inventory"], told, strict=False))}
        numbered = {name: numbers.number(name, made[name]) for name in layers}
        yield replace(delivery, **numbered, tables=_select_tables(delivery.tables, parcels["parcel_id"]))


def _read_layer(folder: Path, name: str, *, whole: bool) -> Iterator[pd.DataFrame]:
    path = folder / f"{name}.parquet"
    return read_layer_parts(path) if whole else read_parts(path, ["parcel_id"])


def _read_rows(folder: Path, *, own: bool) -> Iterator[pd.DataFrame]:
    """The inventory with outlines of its own, or without, as parcels have them that are read beside it."""
    path = folder / "inventory.parquet"
    if own:
        return read_layer_parts(path)
    return read_parts(path, [name for name in pq.read_schema(path).names if name != "geometry"])


def _give_outlines(rows: pd.DataFrame, parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows of the inventory with the outlines of their parcels."""
    place = pd.Index(parcels["parcel_id"]).get_indexer(rows["parcel_id"])
    return gpd.GeoDataFrame(rows, geometry=parcels.geometry.to_numpy()[place], crs=parcels.crs)


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
