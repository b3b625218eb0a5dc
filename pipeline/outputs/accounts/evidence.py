"""What each figure rests on: from the yuan of a parcel to quantity and price, to parameters, to layers."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.outputs.accounts.amounts import write_money, write_quantity, write_reason
from pipeline.outputs.accounts.book import AccountBook, Row, list_records
from pipeline.outputs.languages import say
from pipeline.outputs.tables import Table
from pipeline.outputs.texts import find_text, find_texts

MOST_PARCELS = 20
MARKED = ("indicative", "shared_out", "unknown_m2", "reason")
"""Columns of an item that say how far it can be relied on."""


@dataclass(frozen=True)
class ServiceEvidence:
    """What a service rests on: formulas, parameters, and inputs as (name, source, raster or empty).

    `rasters` are those that show the service itself, by name and title.
    """

    anchor: str
    name: str
    formulas: list[tuple[str, str]]
    source: str
    parameters: Table | None
    inputs: list[tuple[str, str, str]]
    rasters: list[tuple[str, str]]


@dataclass(frozen=True)
class ParcelAccount:
    """What a parcel gives in the newest period: its sum, and its services with links to what they rest on."""

    parcel: str
    told: str
    headers: list[str]
    rows: list[list[str]]
    anchors: list[str]


def build_anchor(service: str) -> str:
    """Id of the place on the page that tells what a service rests on."""
    return f"method-{''.join(letter if letter.isalnum() else '-' for letter in service)}"


def list_evidence(book: AccountBook) -> list[ServiceEvidence]:
    """One entry for each service of the newest period, in order."""
    codes = list(dict.fromkeys(book.list_services(book.periods[-1])["service"]))
    return [_build_evidence(code, book) for code in codes]


def _build_evidence(code: str, book: AccountBook) -> ServiceEvidence:
    methods = book.table("methods")
    own = methods[methods["service"] == code] if len(methods) else methods
    told = list_records(own)
    language = book.language
    formulas = [
        (book.name_service(code, row["item"] or ""), say(str(row["formula"]), language)) for row in told
    ]
    return ServiceEvidence(
        anchor=build_anchor(code),
        name=f"{book.name_service(code)} {code}",
        formulas=list(dict.fromkeys(formulas)),
        source="; ".join(dict.fromkeys(say(str(row["source"]), language) for row in told)),
        parameters=_build_parameters(code, book),
        inputs=_list_inputs(code, book),
        rasters=_list_rasters(code, book),
    )


def _list_rasters(code: str, book: AccountBook) -> list[tuple[str, str]]:
    """The rasters of a service in the newest period: `service_<code>_..._<period>`."""
    start, end = f"service_{code.lower().replace('-', '_')}_", f"_{book.periods[-1]}"
    return [
        (raster.name, raster.title_zh if book.language == "zh" else raster.title_en)
        for raster in book.delivery.rasters
        if raster.name.startswith(start) and raster.name.endswith(end)
    ]


def select_parameters(book: AccountBook, code: str) -> pd.DataFrame:
    """The parameters that a service used."""
    table = book.table("parameters")
    if table.empty:
        return table
    users = table["services"].fillna("").astype(str).str.split(";")
    return table[[code in names for names in users]]


def _build_parameters(code: str, book: AccountBook) -> Table | None:
    rows = select_parameters(book, code)
    if rows.empty:
        return None
    words = find_texts("accounts.parameters", book.language)
    cells = [
        [
            book.name_parameter(row["key"]),
            book.name_class(row["class"]),
            f"{row['value']:,.6g} {book.name_unit(row['unit'])}",
            _write_range(row["low"], row["high"]),
            "" if pd.isna(row["price_year"]) else str(int(row["price_year"])),
            _write_doubt(row, book),
            str(row["source"]),
            str(row["origin"]),
        ]
        for row in list_records(rows)
    ]
    keys = ("key", "class", "value", "range", "price_year", "mark", "source", "origin")
    return Table([words[key] for key in keys], cells, file="tables/account_parameters.csv")


def _write_doubt(row: Row, book: AccountBook) -> str:
    mark = "" if row["confirmed"] else find_text("accounts.indicative", book.language)
    return " · ".join(part for part in (mark, write_reason(row.get("doubt"), book.language)) if part)


def _write_range(low: float, high: float) -> str:
    return "—" if pd.isna(low) or pd.isna(high) else f"{low:,.6g} – {high:,.6g}"


def _list_inputs(code: str, book: AccountBook) -> list[tuple[str, str, str]]:
    table = book.table("inputs")
    if table.empty:
        return []
    own = table[(table["service"] == code) & (table["period"].astype(str) == book.periods[-1])]
    return [
        (
            book.name_input(row["input"]),
            _name_source(row, book),
            "" if pd.isna(row["raster"]) else str(row["raster"]),
        )
        for row in list_records(own)
    ]


def _name_source(row: Row, book: AccountBook) -> str:
    if not row["given"]:
        return find_text("accounts.not_given", book.language)
    return "" if pd.isna(row["source"]) else str(row["source"])


def list_parcels(book: AccountBook) -> list[ParcelAccount]:
    """The parcels of most value in the newest period; the workbook has all of them."""
    rows = select_parcels(book)
    rows = rows[rows["period"] == book.periods[-1]]
    sums = rows.groupby("parcel_id")["value_yuan"].sum(min_count=1).dropna()
    top = sums.sort_values(ascending=False, kind="stable").head(MOST_PARCELS)
    return [
        _build_parcel(str(parcel), float(value), rows[rows["parcel_id"] == parcel], book)
        for parcel, value in top.items()
    ]


def select_parcels(book: AccountBook) -> pd.DataFrame:
    """Items of parcels in the headline basis, parcel by parcel in the order of the methods."""
    table = book.table("parcels")
    if table.empty:
        return table.reindex(columns=["parcel_id", "period", "service", "item", "value_yuan"])
    own = table[(table["basis"] == book.basis) & table["parcel_id"].notna() & (table["kind"] == "parcel")]
    ordered = book.sort_services(own.assign(period=own["period"].astype(str)))
    return ordered.sort_values(["parcel_id", "period"], kind="stable")


def _build_parcel(parcel: str, value: float, rows: pd.DataFrame, book: AccountBook) -> ParcelAccount:
    words = find_texts("accounts.ledger", book.language)
    towns = ", ".join(book.name_region(region) for region in dict.fromkeys(rows["region"]))
    headers = [words[key] for key in ("name", "class", "quantity", "price", "value", "marks")]
    cells = [_write_item(row, book) for row in list_records(rows)]
    anchors = [build_anchor(str(code)) for code in rows["service"]]
    return ParcelAccount(parcel, f"{write_money(value, book.language)} · {towns}", headers, cells, anchors)


def _write_item(row: Row, book: AccountBook) -> list[str]:
    unit, price = book.name_unit(row["unit"]), float(row["price"])
    return [
        book.name_service(str(row["service"]), str(row["item"] or "")),
        book.name_class(row["account_class"]),
        write_quantity(float(row["quantity"]), unit),
        "—" if pd.isna(price) else f"{price:,.6g} {book.name_unit('yuan')}/{unit}",
        write_money(float(row["value_yuan"]), book.language),
        write_marks(book, **{key: row[key] for key in MARKED}),
    ]


def write_marks(
    book: AccountBook, *, indicative: bool, shared_out: bool, unknown_m2: float, reason: Any
) -> str:
    """What should be known of a figure: indicative, shared out, ground of which nothing is known."""
    words = find_texts("accounts.mark", book.language)
    told = [
        words["indicative"] if indicative else "",
        words["shared_out"] if shared_out else "",
        f"{words['unknown']} {unknown_m2 / 1e4:,.4g} {book.name_unit('ha')}" if unknown_m2 else "",
        write_reason(reason, book.language),
    ]
    return " · ".join(part for part in told if part)
