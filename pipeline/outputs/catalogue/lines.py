"""Lines of the printed catalogue: kinds with their subtotals, products of parcels, totals, and notes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan
from typing import Any, Literal

import pandas as pd

from pipeline.outputs.accounts.amounts import choose_money
from pipeline.outputs.catalogue.columns import (
    SheetColumn,
    list_sheet_columns,
    list_unfilled,
    name_printed_column,
)
from pipeline.outputs.catalogue.listing import Listing
from pipeline.outputs.catalogue.sums import Subtotal, find_overlap_ha, sum_rows
from pipeline.outputs.texts import find_text, find_texts

LineKind = Literal["family", "group", "product", "row", "total"]
_LEVELS: tuple[tuple[LineKind, str], ...] = (
    ("family", "cat1_name"),
    ("group", "cat2_name"),
    ("product", "cat3_name"),
)
_DIGITS = "〇一二三四五六七八九"
_TEN = 10


@dataclass(frozen=True)
class Line:
    """A line of the sheet: its cells from left to right, None where nothing stands.

    `remark` is said behind the area of a subtotal, `indicative` are the cells that rest on what is not
    confirmed, by their number.
    """

    kind: LineKind
    cells: Sequence[Any]
    remark: str = ""
    indicative: frozenset[int] = frozenset()


def list_lines(listing: Listing) -> Iterator[Line]:
    """All lines below the headings: by kind, then parcels without a product, then the totals."""
    numbered = listing.products.assign(serial=range(1, len(listing.products) + 1))
    yield from _list_level(numbered, listing, 0, "")
    yield from _list_others(listing, len(numbered))
    yield from _list_totals(listing)


def _list_level(rows: pd.DataFrame, listing: Listing, level: int, above: str) -> Iterator[Line]:
    """Kinds of a level with what is below each; a level of one entry below a kind is not told."""
    if level == len(_LEVELS):
        yield from _list_rows(rows, list_sheet_columns(listing))
        return
    kind, name = _LEVELS[level]
    groups = list(rows.groupby(name, sort=False))
    for number, (title, part) in enumerate(groups, start=1):
        place = f"{above}.{number}".removeprefix(".")
        if level < len(_LEVELS) - 1 or len(groups) > 1:
            words = f"{_number_title(level, number, place, listing)}{title}"
            yield _write_subtotal(kind, words, sum_rows(part, listing.periods), listing)
        yield from _list_level(part, listing, level + 1, place)


def _number_title(level: int, number: int, place: str, listing: Listing) -> str:
    """一、 （一） 1. in Chinese, 1 1.1 1.1.1 in English."""
    if listing.delivery.language == "en":
        return f"{place} "
    return (f"{_write_numeral(number)}、", f"（{_write_numeral(number)}）", f"{number}. ")[level]


def _write_numeral(number: int) -> str:
    """A number below 100 in Chinese."""
    tens, ones = divmod(number, _TEN)
    many = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return f"{many}{_DIGITS[ones] if ones else ''}"


def _list_rows(rows: pd.DataFrame, places: Sequence[SheetColumn]) -> Iterator[Line]:
    columns = [_list_values(rows, place) for place in places]
    marks = [
        (number, rows[f"indicative:{place.period}"].eq(other=True).tolist())
        for number, place in enumerate(places)
        if place.column.form == "money"
    ]
    for index, cells in enumerate(zip(*columns, strict=True)):
        indicative = frozenset(number for number, flags in marks if flags[index])
        yield Line("row", cells, "", indicative)


def _list_values(rows: pd.DataFrame, place: SheetColumn) -> list[Any]:
    if place.source not in rows:
        return [None] * len(rows)
    values = rows[place.source]
    if pd.api.types.is_float_dtype(values):
        values = values.where(values.abs() < inf)
    return values.astype(object).where(values.notna(), None).tolist()


def _write_subtotal(kind: LineKind, title: str, found: Subtotal, listing: Listing) -> Line:
    told = {
        "cat3_name": title,
        "quantity_unit": found.unit,
        "area_ha": found.area_ha,
        **{f"quantity:{period}": value for period, value in found.quantities.items()},
        **{f"eco_value_yuan:{period}": value for period, value in found.values_yuan.items()},
    }
    return Line(kind, _place_cells(told, listing), _remark(found, listing))


def _place_cells(told: dict[str, Any], listing: Listing) -> list[Any]:
    found = (told.get(place.source) for place in list_sheet_columns(listing))
    return [None if isinstance(value, float) and not isfinite(value) else value for value in found]


def _remark(found: Subtotal, listing: Listing) -> str:
    """How many parcels a subtotal is over, what of it counts twice, and of how many rows nothing is known."""
    words = find_texts("catalogue.remark", listing.delivery.language)
    scale, money = choose_money(listing.delivery.language)
    told = [words["parcels"].format(count=found.parcels)]
    newest = listing.periods[-1]
    if found.overlap_ha > 0:
        double = found.overlaps_yuan[newest]
        value = (
            ""
            if isnan(double)
            else words["value"].format(value=f"{double / scale:,.2f} {money}", period=newest)
        )
        told.append(words["double"].format(area=f"{found.overlap_ha:,.2f}", value=value))
    if found.unvalued.get(newest):
        told.append(words["unvalued"].format(count=found.unvalued[newest]))
    return words["and"].join(told)


def _list_others(listing: Listing, before: int) -> Iterator[Line]:
    """Parcels without a product, whose areas are in the totals."""
    rows = listing.others
    if rows.empty:
        return
    title = find_text("catalogue.others", listing.delivery.language)
    told = {"cat3_name": title, "area_ha": float(rows["area_ha"].sum())}
    count = find_text("catalogue.remark.parcels", listing.delivery.language).format(count=len(rows))
    yield Line("family", _place_cells(told, listing), count)
    empty = {
        place.source: None
        for place in list_sheet_columns(listing)
        if place.column.key in ("unit", "quantity")
    }
    yield from _list_rows(
        rows.assign(serial=range(before + 1, before + 1 + len(rows)), **empty), list_sheet_columns(listing)
    )


def _list_totals(listing: Listing) -> Iterator[Line]:
    """Sums of all rows, what of them lies on ground that several parcels cover, and what is left."""
    words = find_texts("catalogue.total", listing.delivery.language)
    every = sum_rows(listing.products, listing.periods)
    area, double = float(listing.parcels["area_ha"].sum()), find_overlap_ha(listing)
    values = {f"eco_value_yuan:{period}": value for period, value in every.values_yuan.items()}
    twice = {
        f"eco_value_yuan:{period}": _take_as_zero(every.overlaps_yuan[period], double, value)
        for period, value in every.values_yuan.items()
    }
    count = find_text("catalogue.remark.parcels", listing.delivery.language)
    told = {"cat3_name": words["sum"], "area_ha": area, **values}
    yield Line("total", _place_cells(told, listing), count.format(count=len(listing.parcels)))
    told = {"cat3_name": words["overlap"], "area_ha": double, **twice}
    yield Line("total", _place_cells(told, listing), words["overlap.remark"])
    net = {name: value - twice[name] for name, value in values.items()}
    told = {"cat3_name": words["net"], "area_ha": area - double, **net}
    yield Line("total", _place_cells(told, listing), words["net.remark"])


def _take_as_zero(double_yuan: float, overlap_ha: float, value: float) -> float:
    """What counts twice of a value: nothing where no parcels overlap and there is a value."""
    return 0.0 if isnan(double_yuan) and overlap_ha == 0 and not isnan(value) else double_yuan


def list_remarks(listing: Listing) -> list[str]:
    """What is to be said below the sheet, numbered."""
    language = listing.delivery.language
    words = find_texts("catalogue.note", language)
    unfilled = [name_printed_column(column, language) for column in list_unfilled(listing)]
    shown = set(listing.periods)
    further = [period.label for period in listing.delivery.periods if period.label not in shown]
    between = find_text("report.and", language)
    told = [
        words["empty"],
        *([words["unfilled"].format(names=between.join(unfilled))] if unfilled else []),
        *([words["periods"].format(names=between.join(further))] if further else []),
        *([words["values"]] if _has_values(listing) else []),
        words["overlaps"],
        words["details"],
        *([words["simulated"]] if listing.delivery.simulated else []),
    ]
    return [f"{number}. {text}" for number, text in enumerate(told, start=1)]


def _has_values(listing: Listing) -> bool:
    return any(place.column.form == "money" for place in list_sheet_columns(listing))
