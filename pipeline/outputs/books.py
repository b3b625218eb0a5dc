"""The workbooks of a delivery: one, or where its register is divided one for each part and one over them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.layers import INVENTORY_LAYER, build_layer_rows
from pipeline.outputs.spreadsheet import write_cover_book, write_workbook
from pipeline.outputs.texts import find_texts
from pipeline.outputs.totals import count_part, join_totals
from pipeline.storage.delivered import SUPPLEMENT_END

PARTS_FOLDER = "parts"
"""Folder of the books of parts, in a delivery that is divided."""
_OF_PARCELS = ("account_parcels",)
"""Tables that only books of parts show."""
TOWN_LETTERS = 9
"""Letters of a code of a parcel that say in which town it lies (GB/T 37346)."""


def write_books(delivery: Delivery, folder: Path) -> None:
    """Write the workbook of a delivery, and the template for completion by hand.

    A divided delivery has both for each part of its register, in a folder of their own, each a whole of its
    parcels; its own workbook lists them and has the sums of all.
    """
    if not delivery.divided:
        template = folder / delivery.name_file(SUPPLEMENT_END)
        write_workbook(delivery, folder / delivery.name_file(".xlsx"), template)
        return
    (folder / PARTS_FOLDER).mkdir()
    books = list(_write_parts(delivery, folder))
    write_cover([place for place, _ in books], [counted for _, counted in books], delivery, folder)


def write_cover(
    places: Sequence[Mapping[str, object]],
    counted: Sequence[Mapping[str, pd.DataFrame]],
    delivery: Delivery,
    folder: Path,
) -> None:
    """Write the workbook over all parts: where each is, and what all come to."""
    named = pd.DataFrame(places).rename(columns=find_texts("parts", delivery.language))
    totals = join_totals(counted, delivery)
    shown = {name: table for name, table in delivery.tables.items() if name not in _OF_PARCELS}
    cover = replace(delivery, tables=shown)
    write_cover_book(named, totals, cover, folder / delivery.name_file(".xlsx"))


def _write_parts(
    delivery: Delivery, folder: Path
) -> Iterator[tuple[dict[str, object], dict[str, pd.DataFrame]]]:
    """Write the book of each part; what it holds, and what it comes to."""
    for number, part in enumerate(delivery.parts("inventory", "parcels"), start=1):
        name = delivery.name_file(f"_{number:03d}")
        write_workbook(
            part, folder / PARTS_FOLDER / f"{name}.xlsx", folder / PARTS_FOLDER / f"{name}{SUPPLEMENT_END}"
        )
        place = describe_part(number, part) | {"file": f"{PARTS_FOLDER}/{name}.xlsx"}
        yield place, count_part(build_layer_rows(INVENTORY_LAYER, part), part)


def describe_part(number: int, part: Delivery) -> dict[str, object]:
    """What a list of parts says of one: its number, its towns, and how much it holds."""
    towns = part.parcels["parcel_id"].str[:TOWN_LETTERS]
    return {
        "part": number,
        "first": towns.min(),
        "last": towns.max(),
        "parcels": len(towns),
        "rows": len(part.inventory),
        "area_ha": part.parcels["area_m2"].sum() / 1e4,
    }
