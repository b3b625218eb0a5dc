"""Columns of the printed catalogue: what each shows, how wide it may be, and which of them hold anything."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipeline.outputs.accounts.amounts import choose_money
from pipeline.outputs.catalogue.listing import Listing
from pipeline.outputs.columns import Language
from pipeline.outputs.texts import find_text

Form = Literal["text", "word", "count", "number", "area", "money"]
"""Text is set left and wrapped, a word in the middle; numbers right."""


@dataclass(frozen=True)
class PrintedColumn:
    """A column: `source` is what of a listing it shows, by period or not; `widths` are in letters.

    What is `standing` is there although nothing fills it.
    """

    key: str
    source: str
    form: Form
    widths: tuple[int, int]
    by_period: bool = False
    standing: bool = False


PRINTED_COLUMNS = (
    PrintedColumn("serial", "serial", "count", (6, 8), standing=True),
    PrintedColumn("product", "cat3_name", "text", (22, 44), standing=True),
    PrintedColumn("unit", "quantity_unit", "word", (8, 10), standing=True),
    PrintedColumn("quantity", "quantity", "number", (13, 16), by_period=True, standing=True),
    PrintedColumn("grade", "quality_grade", "word", (8, 14), by_period=True),
    PrintedColumn("value", "eco_value_yuan", "money", (12, 14), by_period=True),
    PrintedColumn("area", "area_ha", "area", (12, 14), standing=True),
    PrintedColumn("place", "place", "text", (16, 36)),
    PrintedColumn("centre", "centre", "text", (22, 22), standing=True),
    PrintedColumn("parcel_no", "parcel_no", "text", (31, 32)),
    PrintedColumn("land_class", "dlbm", "text", (14, 26)),
    PrintedColumn("owner", "owner_subject", "text", (14, 24)),
    PrintedColumn("holder", "right_holder", "text", (14, 24)),
    PrintedColumn("protection", "protection_status", "text", (12, 28)),
    PrintedColumn("use", "use_status", "text", (12, 28)),
    PrintedColumn("remark", "remark", "text", (10, 28)),
)
"""In the order of the sheet."""


class SheetColumn(NamedTuple):
    """A column of the sheet: of all periods together, or of one of them."""

    column: PrintedColumn
    period: str | None

    @property
    def source(self) -> str:
        """The column of a listing that stands here."""
        return f"{self.column.source}:{self.period}" if self.period else self.column.source


def list_sheet_columns(listing: Listing) -> list[SheetColumn]:
    """The columns of the sheet from left to right: those that stand always, and those that anything fills."""
    shown = [column for column in PRINTED_COLUMNS if column.standing or _is_filled(column, listing)]
    return [
        SheetColumn(column, period)
        for column in shown
        for period in (listing.periods if column.by_period else (None,))
    ]


def list_unfilled(listing: Listing) -> list[PrintedColumn]:
    """The columns that nothing fills, and that the sheet therefore does not show."""
    shown = {place.column for place in list_sheet_columns(listing)}
    return [column for column in PRINTED_COLUMNS if column not in shown]


def _is_filled(column: PrintedColumn, listing: Listing) -> bool:
    sources = [SheetColumn(column, period).source for period in listing.periods] if column.by_period else []
    rows = (listing.products, listing.others)
    return any(
        bool(part[name].notna().any()) for part in rows for name in sources or [column.source] if name in part
    )


def name_printed_column(column: PrintedColumn, language: Language) -> str:
    """The heading of a column; that of values with what they are counted in."""
    name = find_text(f"catalogue.column.{column.key}", language)
    return name.format(money=choose_money(language)[1])
