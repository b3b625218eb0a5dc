"""The template that staff complete by hand: what neither register nor maps tell of parcels and products."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from pipeline.contracts import (
    KEY_CHECK,
    SUPPLEMENT_FACTS,
    SUPPLEMENT_ITEMS,
    SUPPLEMENT_KEYS,
    Delivery,
    compute_key_check,
)
from pipeline.outputs.catalogue.listing import Listing
from pipeline.outputs.cells import measure_words, to_cell
from pipeline.outputs.columns import describe_column
from pipeline.outputs.texts import find_text, find_texts

_COMPLETED_BY_HAND = "MC"
"""Kinds of products that have local names; what regulates has none."""
_LITERAL = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}
_A4 = 9
_WIDE = 24
_EDGE = {"border": 1, "border_color": "#9db3aa", "valign": "vcenter"}
_LOOKS: dict[str, dict[str, Any]] = {
    "head": {"bold": True, "bg_color": "#1f5f4a", "font_color": "#ffffff"},
    "open_head": {"bold": True, "bg_color": "#f4d58d"},
    "locked": {"bg_color": "#e3efe9", "num_format": "@"},
    "area": {"bg_color": "#e3efe9", "num_format": "#,##0.00"},
    "open": {"locked": False, "text_wrap": True, "num_format": "@"},
}
"""What is to be completed is open and white."""
_ALLOWED = dict.fromkeys(
    ("sort", "autofilter", "format_columns", "format_rows", "delete_rows", "select_locked_cells"), True
)
"""What may be done to a sheet whose keys are locked."""


def write_template(listing: Listing, path: Path, most_rows: int) -> None:
    """Write the template of a delivery: a sheet of parcels, one of products, and how to complete them.

    Keys and facts are locked, without a password; what was completed before stands there already. A sheet
    that has no room for all of its rows goes on in the next.
    """
    delivery = listing.delivery
    with xlsxwriter.Workbook(str(path), _LITERAL) as book:
        book.set_properties(
            {"author": "ecoledger", "created": delivery.as_of.astimezone(UTC).replace(tzinfo=None)}
        )
        _write_about(book, delivery)
        for kind, rows in (("parcels", _list_parcels(listing)), ("products", _list_products(listing))):
            title = find_text(f"supplement.sheet.{kind}", delivery.language)
            for number, first in enumerate(range(0, max(len(rows), 1), most_rows), start=1):
                sheet = book.add_worksheet(f"{title}{number if number > 1 else ''}")
                _write_rows(book, sheet, kind, rows.iloc[first : first + most_rows], delivery)


def _list_parcels(listing: Listing) -> pd.DataFrame:
    """A row per parcel: keys, facts and what was completed before."""
    land = listing.delivery.parcels[["parcel_id", "protection_status", "use_status"]]
    registered = land.set_axis(["parcel_id", "registered_protection", "registered_use"], axis=1)
    rows = listing.parcels.assign(aoi=listing.delivery.aoi.id).drop(
        columns=list(SUPPLEMENT_ITEMS["parcels"]), errors="ignore"
    )
    rows = rows.merge(registered, "left", "parcel_id").sort_values(["place", "parcel_id"], kind="stable")
    return _complete("parcels", rows, _find_completed(listing.delivery, of_products=False))


def _list_products(listing: Listing) -> pd.DataFrame:
    """A row per parcel and product that may have a local name, under its common name."""
    own = listing.products[listing.products["cat1_code"].isin(list(_COMPLETED_BY_HAND))]
    rows = own.assign(aoi=listing.delivery.aoi.id).drop_duplicates(["parcel_id", "cat2_code"])
    told = _find_completed(listing.delivery, of_products=True)
    common = _look_up(told, "cat3_name", rows[["parcel_id", "cat2_code"]])
    rows = rows.assign(cat3_name=common.where(common.notna(), rows["cat3_name"]))
    rows = rows.sort_values(["kind", "cat2_code", "cat3_name", "place", "parcel_id"], kind="stable")
    return _complete("products", rows, told)


def _look_up(told: pd.DataFrame, item: str, keys: pd.DataFrame) -> pd.Series:
    """What was completed of an item by the keys of each row; null where nothing was."""
    if item not in told:
        return pd.Series(None, keys.index, dtype=object)
    at = keys.iloc[:, 0] if keys.shape[1] == 1 else pd.MultiIndex.from_frame(keys)
    return pd.Series(told[item].reindex(at).to_numpy(), keys.index, dtype=object)


def _complete(kind: str, rows: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    keys = list(SUPPLEMENT_KEYS[kind])
    rows = rows.assign(location=rows["place"])
    items = {item: _look_up(told, item, rows[keys[1:]]) for item in SUPPLEMENT_ITEMS[kind]}
    checks = [compute_key_check(*row) for row in rows[keys].astype(str).to_numpy().tolist()]
    columns = [*keys, *SUPPLEMENT_FACTS[kind], *SUPPLEMENT_ITEMS[kind]]
    return rows.assign(**items)[columns].assign(**{KEY_CHECK: checks})


def _find_completed(delivery: Delivery, *, of_products: bool) -> pd.DataFrame:
    """What was completed before, a column per item, by parcel and, of products, code."""
    keys = ["parcel_id", "cat2_code"] if of_products else ["parcel_id"]
    table = delivery.tables.get("supplement")
    if table is None or table.empty:
        return pd.DataFrame()
    own = table[table["cat2_code"].notna() == of_products]
    wide = own.pivot_table(index=keys, columns="item", values="text", aggfunc="first")
    names = own.drop_duplicates(keys).set_index(keys)["cat3_name"]
    return wide.assign(cat3_name=names.reindex(wide.index))


def _write_about(book: xlsxwriter.Workbook, delivery: Delivery) -> None:
    language = delivery.language
    words = find_texts("supplement.about", language)
    sheet = book.add_worksheet(find_text("supplement.sheet.about", language))
    sheet.set_column(0, 0, 110)
    sheet.set_paper(_A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    area = delivery.aoi.name_zh if language == "zh" else delivery.aoi.name_en
    mark = find_text("simulated.mark", language) if delivery.simulated else ""
    title = find_text("supplement.title", language).format(area=area, label=delivery.label, mark=mark)
    sheet.write_string(0, 0, to_cell(title), book.add_format({"bold": True, "font_size": 14}))
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for number, text in enumerate(words.values(), start=1):
        sheet.write_string(number, 0, f"{number}. {text}", wrapped)


def _write_rows(
    book: xlsxwriter.Workbook, sheet: Any, kind: str, rows: pd.DataFrame, delivery: Delivery
) -> None:
    items = SUPPLEMENT_ITEMS[kind]
    looks = {name: book.add_format({**_EDGE, **look}) for name, look in _LOOKS.items()}
    names = [str(name) for name in rows.columns]
    _set_up(sheet, delivery, len(names), len(rows))
    for place, (name, words) in enumerate(_name_headings(names, delivery).items()):
        sheet.set_column(place, place, _choose_width(words, rows[name], is_open=name in items))
        sheet.write_string(0, place, words, looks["open_head" if name in items else "head"])
    styles = [looks["open" if name in items else "area" if name == "area_ha" else "locked"] for name in names]
    columns = [rows[name].astype(object).where(rows[name].notna(), None).tolist() for name in names]
    for number, cells in enumerate(zip(*columns, strict=True), start=1):
        _write_row(sheet, number, cells, styles)


def _write_row(sheet: Any, number: int, cells: Sequence[Any], styles: Sequence[Any]) -> None:
    for place, (cell, style) in enumerate(zip(cells, styles, strict=True)):
        if cell is None:
            sheet.write_blank(number, place, None, style)
        elif isinstance(cell, float):
            sheet.write_number(number, place, cell, style)
        else:
            sheet.write_string(number, place, to_cell(str(cell)), style)


def _set_up(sheet: Any, delivery: Delivery, columns: int, rows: int) -> None:
    sheet.protect("", _ALLOWED)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(rows, 1), columns - 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    mark = find_text("simulated.label", delivery.language) if delivery.simulated else ""
    sheet.set_header(f"&C{mark}")
    sheet.set_footer(f"&C{find_text('catalogue.page', delivery.language)}")


def _name_headings(columns: Sequence[str], delivery: Delivery) -> dict[str, str]:
    """Headings by column, with units in brackets."""
    known = {column: describe_column(column) for column in columns}
    names = {column: (one.name(delivery.language), one.unit) for column, one in known.items()}
    return {column: f"{name} ({unit})" if unit else name for column, (name, unit) in names.items()}


def _choose_width(heading: str, values: pd.Series, *, is_open: bool) -> float:
    if is_open:
        return float(_WIDE)
    texts = values.dropna().head(200)
    words = texts.map("{:,.2f}".format) if pd.api.types.is_float_dtype(values) else texts.astype(str)
    return float(min(max(measure_words(text) for text in [heading, *words]) + 3, 46))
