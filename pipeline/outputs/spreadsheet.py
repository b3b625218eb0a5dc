"""The workbook of a delivery: the inventory, what its columns mean, totals, and how it was made."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import pandas as pd
import xlsxwriter

from pipeline.contracts import Delivery, Register
from pipeline.outputs.accounts.book import AccountBook, find_book
from pipeline.outputs.accounts.sheets import Links, Places, build_account_sheets, link_inventory, locate_rows
from pipeline.outputs.assessment.sheets import build_part_sheets
from pipeline.outputs.catalogue.kinds import list_published_kinds
from pipeline.outputs.catalogue.listing import list_catalogue
from pipeline.outputs.catalogue.printing import write_catalogue
from pipeline.outputs.catalogue.template import write_template
from pipeline.outputs.cells import measure_words, to_cell
from pipeline.outputs.csv_tables import make_readable
from pipeline.outputs.dictionary import build_dictionary
from pipeline.outputs.languages import say
from pipeline.outputs.layers import INVENTORY_LAYER, build_layer_rows
from pipeline.outputs.texts import find_text, find_texts
from pipeline.outputs.totals import sum_totals
from pipeline.storage.delivered import FINDINGS_END

ROWS_PER_SHEET = 1_000_000
"""Below the 1,048,576 rows that a sheet can hold; longer tables go on in further sheets."""

_MOST_LETTERS = 31
"""Of the name of a sheet."""
_MOST_LINKS = 65_000
"""A little below what a sheet can hold (65,530); rows beyond are found by their key."""
_SAID_OF_ROWS = ("method", "param_set")
_PARTS_TEXT = MappingProxyType({"all": "about.parts.text", "others": "about.register.text"})
"""What is said of the parts, by what the GeoPackage of the delivery has."""
_WHOLE = MappingProxyType(
    {
        "rows_file": ".parquet",
        "land_file": "_parcels.parquet",
        "package": ".gpkg",
        "findings_file": FINDINGS_END,
    }
)
"""What holds all rows of a divided delivery."""
_NO_LINKS: Mapping[int, Sequence[str | None]] = MappingProxyType({})
_A3, _A4 = 8, 9
_PAGES_ACROSS = 3
"""That the details of the inventory are printed on, where anyone prints them."""
# Nothing that came from data is ever taken for a formula, a link or a number.
_LITERAL = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}


def write_workbook(delivery: Delivery, path: Path, template: Path | None = None) -> None:
    """Write the workbook (names of its sheets in the delivery's language).

    生态产品目录清单 as offices print it and 公布清单 as they publish it come first, then 清单明细 with all
    columns, the accounts and the parts of the assessment, 数据字典, 汇总 and 说明. `template` is where the
    template for completion by hand goes, if anywhere.
    """
    rows = pd.DataFrame(build_layer_rows(INVENTORY_LAYER, delivery).drop(columns="geometry"))
    with xlsxwriter.Workbook(str(path), _LITERAL) as book:
        book.set_properties(_build_properties(delivery))
        sheets = _Sheets(book, delivery)
        listing = list_catalogue(rows, delivery)
        if template:
            write_template(listing, template, ROWS_PER_SHEET)
        write_catalogue(book, listing, find_text("sheet.catalogue", delivery.language), ROWS_PER_SHEET)
        sheets.add(
            find_text("sheet.kinds", delivery.language), list_published_kinds(listing), _Manner(snug=True)
        )
        _add_details(sheets, rows, delivery)
        _add_sums(sheets, sum_totals([rows], delivery), delivery)


def write_cover_book(parts: pd.DataFrame, totals: pd.DataFrame, delivery: Delivery, path: Path) -> None:
    """Write the workbook of a divided delivery: which parcels are in which book, and all that is no parcel's.

    `parts` has a row for each book of a part, `totals` are those of all parts.
    """
    with xlsxwriter.Workbook(str(path), _LITERAL) as book:
        book.set_properties(_build_properties(delivery))
        sheets = _Sheets(book, delivery)
        sheets.add(find_text("sheet.parts", delivery.language), parts, _Manner(snug=True))
        if accounts := find_book(delivery):
            _add_accounts(sheets, accounts, locate_rows(accounts, ROWS_PER_SHEET))
        _add_sums(sheets, totals, delivery)


def _add_sums(sheets: "_Sheets", totals: pd.DataFrame, delivery: Delivery) -> None:
    """The parts of the assessment, the dictionary, totals, and how it was made."""
    for title, table in build_part_sheets(delivery):
        for name, part in _cut_sheets(len(table), title):
            sheets.add(name, table.iloc[part], _Manner(snug=True))
    sheets.add(find_text("sheet.dictionary", delivery.language), build_dictionary(delivery))
    sheets.add(find_text("sheet.totals", delivery.language), totals)
    sheets.add(find_text("sheet.about", delivery.language), build_about(delivery))


def _add_details(sheets: "_Sheets", rows: pd.DataFrame, delivery: Delivery) -> None:
    """All columns of the inventory, and the accounts that their values lead to."""
    accounts = find_book(delivery)
    places = locate_rows(accounts, ROWS_PER_SHEET) if accounts else None
    links = link_inventory(rows, places) if places else {}
    for name, part in _split_rows(len(rows), "inventory", delivery):
        readable = make_readable(rows.iloc[part], delivery.language)
        cut = _cut_links(links, rows.columns, readable.columns, part)
        sheets.add(name, readable, _Manner(wide=True), cut)
    if accounts and places:
        _add_accounts(sheets, accounts, places)


def _add_accounts(sheets: "_Sheets", accounts: AccountBook, places: Places) -> None:
    for sheet in build_account_sheets(accounts, places):
        for name, part in _split_rows(len(sheet.table), sheet.key, accounts.delivery):
            heads = sheet.table.columns
            cut = _cut_links(sheet.links, heads, heads, part)
            sheets.add(name, sheet.table.iloc[part], _Manner(snug=True, exact=sheet.exact), cut)


def _split_rows(count: int, key: str, delivery: Delivery) -> Iterator[tuple[str, slice]]:
    """Names of the sheets that so many rows fill, and which rows each of them holds."""
    return _cut_sheets(count, find_text(f"sheet.{key}", delivery.language))


def _cut_sheets(count: int, name: str) -> Iterator[tuple[str, slice]]:
    for number, first in enumerate(range(0, max(count, 1), ROWS_PER_SHEET), start=1):
        end = "" if number == 1 else str(number)
        yield f"{name[: _MOST_LETTERS - len(end)]}{end}", slice(first, first + ROWS_PER_SHEET)


def _cut_links(links: Links, keys: pd.Index, heads: pd.Index, part: slice) -> dict[int, Sequence[str | None]]:
    """Links of some rows by the number of their column."""
    numbers = dict(zip(keys, range(len(heads)), strict=True))
    return {numbers[key]: targets[part] for key, targets in links.items()}


def build_about(delivery: Delivery) -> pd.DataFrame:
    """What the workbook covers and how its figures were made, as pairs of term and text."""
    words = find_texts("about", delivery.language)
    aoi, said = delivery.aoi, _list_distinct(delivery)
    facts = {
        "aoi": f"{aoi.name_zh} / {aoi.name_en} ({aoi.id})",
        "outline": f"{aoi.source}; {aoi.accuracy}",
        "area": f"{aoi.area_m2 / 1e4:,.2f} ha",
        "label": delivery.label,
        "periods": "; ".join(
            f"{period.label} ({period.first} – {period.last})" for period in delivery.periods
        ),
        "data_label": find_text(
            "simulated.label" if delivery.simulated else "simulated.not", delivery.language
        ),
        "as_of": delivery.as_of.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "scenes": str(len(delivery.scenes)),
        "area_method": words["area_method.text"],
        "nulls": words["nulls.text"],
        "method": "; ".join(_list_methods(said["method"], delivery)) or words["method.text"],
        **_describe_accounts(said["param_set"], delivery),
        **_describe_parts(delivery),
        "disclaimer": words["disclaimer.text"],
    }
    told = {key: value if key == "aoi" else say(value, delivery.language) for key, value in facts.items()}
    return pd.DataFrame(
        [(words[key], value) for key, value in told.items()], columns=[words["term"], words["text"]]
    )


def _describe_parts(delivery: Delivery) -> dict[str, str]:
    """How many parcels and rows a divided delivery has, and where they are."""
    if not delivery.divided:
        return {}
    names = {name: delivery.name_file(end) for name, end in _WHOLE.items()}
    counts = {name: f"{delivery.count_rows(name):,}" for name in get_args(Register)}
    text = find_text(_PARTS_TEXT[delivery.package], delivery.language)
    return {"parts": text.format(**counts, **names)}


def _list_methods(found: Sequence[str], delivery: Delivery) -> Sequence[str]:
    """How the rows were made; of accounts without the formula of each product, which their sheets tell."""
    if find_book(delivery) is None:
        return found
    return [method for method in found if not any(method.startswith(one) for one in found if one != method)]


def _describe_accounts(sets: Sequence[str], delivery: Delivery) -> dict[str, str]:
    """Profile, class basis and how values are to be read, where there are accounts."""
    book = find_book(delivery)
    if book is None:
        return {}
    words = find_texts("about", delivery.language)
    return {
        **({"accounts": "; ".join(sets)} if sets else {}),
        "accounts_basis": book.name_basis(book.basis),
        "accounts_values": words["accounts_values.text"],
    }


def _list_distinct(delivery: Delivery) -> Mapping[str, Sequence[str]]:
    """What the inventory says of its methods and parameters, each once."""
    if delivery.sums:
        return delivery.sums.words
    return list_words(part.inventory for part in delivery.parts("inventory"))


def list_words(parts: Iterable[pd.DataFrame]) -> dict[str, list[str]]:
    """What rows of the inventory say of their methods and parameters, each once."""
    found: dict[str, set[str]] = {name: set() for name in _SAID_OF_ROWS}
    for rows in parts:
        for name, words in found.items():
            words.update(map(str, rows[name].dropna().unique()) if name in rows else ())
    return {name: sorted(words) for name, words in found.items()}


@dataclass(frozen=True)
class _Manner:
    """How a sheet is laid out: a `wide` one is printed on A3, its first column on every page.

    A `snug` one has columns as narrow as their figures with two decimals, under headers of several lines;
    one that is `exact` shows all digits.
    """

    wide: bool = False
    snug: bool = False
    exact: bool = False


_PLAIN = _Manner()


class _Sheets:
    """Sheets of one look: a coloured frozen header, widths by content, a filter, numbers as numbers."""

    def __init__(self, book: xlsxwriter.Workbook, delivery: Delivery) -> None:
        self._book = book
        self._header = book.add_format(
            {"bold": True, "bg_color": "#1f5f4a", "font_color": "#ffffff", "border": 1, "text_wrap": True}
            | {"valign": "vcenter"}
        )
        self._float = book.add_format({"num_format": "#,##0.00##"})
        self._short = book.add_format({"num_format": "[>=1]#,##0.00;[<=-1]-#,##0.00;0.00####"})
        looks = {"font_color": "#1f5f4a", "underline": 1}
        self._link = book.add_format(looks)
        self._linked_float = book.add_format({**looks, "num_format": "#,##0.00##"})
        mark = find_text("simulated.label", delivery.language) if delivery.simulated else ""
        self._running = f"&L{_escape(delivery.area_name)} {delivery.label}&C{mark}&R&P / &N"

    def add(
        self,
        name: str,
        table: pd.DataFrame,
        manner: _Manner = _PLAIN,
        links: Mapping[int, Sequence[str | None]] = _NO_LINKS,
    ) -> None:
        """A sheet of a table; `links` are by the number of a column."""
        sheet = self._begin(name, manner)
        style = None if manner.exact else self._short if manner.snug else self._float
        measure = _compute_snug_width if manner.snug else _compute_width
        for number, column in enumerate(table.columns):
            own = style if pd.api.types.is_float_dtype(table[column]) else None
            sheet.set_column(number, number, measure(column, table[column]), own)
        sheet.set_row(0, 45 if manner.snug else 30)
        sheet.write_row(0, 0, list(table.columns), self._header)
        self._write_rows(sheet, table, links)
        if len(table.columns):
            sheet.autofilter(0, 0, max(len(table), 1), len(table.columns) - 1)

    def _begin(self, name: str, manner: _Manner) -> Any:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 1 if manner.wide else 0)
        sheet.set_header(self._running)
        sheet.set_landscape()
        sheet.set_paper(_A3 if manner.wide else _A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.5)
        sheet.repeat_rows(0)
        sheet.fit_to_pages(_PAGES_ACROSS if manner.wide else 1, 0)
        if manner.wide:
            sheet.repeat_columns(0)
        return sheet

    def _write_rows(self, sheet: Any, table: pd.DataFrame, links: Mapping[int, Sequence[str | None]]) -> None:
        room = _MOST_LINKS
        for number, row in enumerate(_list_plain_rows(table)):
            sheet.write_row(number + 1, 0, row)
            for place, targets in links.items():
                target = targets[number]
                if room and target is not None:
                    room -= 1
                    self._write_link(sheet, number + 1, place, target, row[place])

    def _write_link(self, sheet: Any, row: int, place: int, target: str, cell: Any) -> None:
        """A cell that leads somewhere; a number stays one."""
        sheet.write_url(row, place, target, self._link, str(cell))
        if isinstance(cell, float):
            sheet.write_number(row, place, cell, self._linked_float)


def _build_properties(delivery: Delivery) -> dict[str, Any]:
    title = find_text("delivery.title", delivery.language)
    mark = find_text("simulated.mark", delivery.language) if delivery.simulated else ""
    return {
        "title": f"{delivery.area_name} {delivery.label} {title}{mark}",
        "author": "ecoledger",
        "created": delivery.as_of.astimezone(UTC).replace(tzinfo=None),
    }


def _list_plain_rows(table: pd.DataFrame) -> Iterable[Sequence[Any]]:
    """Rows of Python values; null and not-a-number are empty, of text stays what a cell can hold."""
    columns = [_to_cells(table[column]) for column in table.columns]
    return zip(*columns, strict=True)


def _to_cells(values: pd.Series) -> list[Any]:
    if pd.api.types.is_float_dtype(values):
        values = values.where(values.abs() < float("inf"))
    cells = values.astype(object).where(values.notna(), None).tolist()
    return [to_cell(cell) if isinstance(cell, str) else cell for cell in cells]


def _compute_width(name: str, values: pd.Series) -> float:
    seen = [str(name), *values.head(200).dropna().astype(str)]
    longest = max(measure_words(cell[:60]) for cell in seen)
    return min(max(longest + 2, 8), 46)


def _compute_snug_width(name: str, values: pd.Series) -> float:
    seen = values.head(200).dropna()
    cells = seen.map("{:,.2f}".format) if pd.api.types.is_float_dtype(values) else seen.astype(str)
    widths = [measure_words(cell[:36]) for cell in cells]
    return min(max(measure_words(name) / 3 + 3, *widths, 4) + 2, 34)


def _escape(words: str) -> str:
    return words.replace("&", "&&")[:100]
