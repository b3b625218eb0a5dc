"""Sheets of the workbook that the accounts fill: totals, indicators, towns, parcels, sources, further books.

From the value of a parcel in the inventory a click leads to its row in the sheet of parcels, a second to the
parameters of its indicator, a third to the layers and statistics that it was made from.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pipeline.outputs.accounts.amounts import choose_money, write_reason
from pipeline.outputs.accounts.book import CATEGORIES, SUMS, AccountBook, Row, list_records
from pipeline.outputs.accounts.evidence import MARKED, select_parameters, select_parcels, write_marks
from pipeline.outputs.accounts.wording import name_book
from pipeline.outputs.columns import DATA_LABEL, Language, describe_column
from pipeline.outputs.languages import say
from pipeline.outputs.texts import find_text, find_texts

Links = Mapping[str, Sequence[str | None]]
"""By column: where each of its cells leads to, such as `internal:'参数表'!A7`; None for nowhere."""

_HECTARE = 1e4
_BOOKS = (
    "layers",
    "balance",
    "bases",
    "extent",
    "condition",
    "services",
    "bridge",
    "projects",
    "carbon",
    "choices",
    "prices",
)


@dataclass(frozen=True)
class AccountSheet:
    """A sheet of the workbook; figures of an `exact` one are shown with all digits."""

    key: str
    table: pd.DataFrame
    links: Links = field(default_factory=dict)
    exact: bool = False


@dataclass(frozen=True)
class Places:
    """Where the rows of indicators stand in their sheets: the first of each service, of each parcel."""

    ledger: pd.DataFrame
    parcels: Mapping[tuple[str, str, str], str]
    parameters: Mapping[str, str]
    inputs: Mapping[str, str]
    methods: Mapping[str, str]


def locate_rows(book: AccountBook, most: int) -> Places:
    """Where a workbook of at most so many rows a sheet has what; the first row of each key."""
    ledger = select_parcels(book)
    keys = zip(ledger["parcel_id"], ledger["period"], ledger["service"], strict=True)
    language = book.language
    return Places(
        ledger,
        _point("account_parcels", keys, language, most),
        _point("account_parameters", [row["service"] for row in _list_parameters(book)], language, most),
        _point("account_inputs", _sort_inputs(book).get("service", []), language, most),
        _point("account_methods", book.table("methods").get("service", []), language, most),
    )


def _point(stem: str, keys: Iterable[Any], language: Language, most: int) -> dict[Any, str]:
    """By key the first of its rows, as a workbook's link."""
    name = find_text(f"sheet.{stem}", language)
    found: dict[Any, str] = {}
    for row, key in enumerate(keys):
        number, place = divmod(row, most)
        found.setdefault(key, f"internal:'{name}{number + 1 if number else ''}'!A{place + 2}")
    return found


def link_inventory(rows: pd.DataFrame, places: Places) -> Links:
    """Where the values of rows of the inventory lead to: the items of their parcel, period and service."""
    keys = zip(rows["parcel_id"], rows["period"].astype(str), rows["cat2_code"], strict=True)
    targets = [places.parcels.get(key) for key in keys]
    return {
        column: [
            target if known else None for target, known in zip(targets, rows[column].notna(), strict=True)
        ]
        for column in ("eco_value_yuan", "econ_value_yuan")
        if column in rows
    }


def build_account_sheets(book: AccountBook, places: Places) -> Iterator[AccountSheet]:
    """The sheets in order; those that would be empty are left out."""
    yield AccountSheet("account_totals", _label(_build_totals(book), book))
    yield _build_services(book, places)
    if book.regions:
        yield AccountSheet("account_regions", _label(_build_regions(book), book))
    if len(places.ledger):
        yield _build_ledger(book, places)
    yield from _build_sources(book, places)
    for stem in _BOOKS:
        table = book.table(stem)
        if len(table):
            yield AccountSheet(
                f"account_{stem}", _label(name_book(table, book), book), exact=stem == "balance"
            )
    rejected = book.delivery.tables.get("statistics_rejected", pd.DataFrame())
    if len(rejected):
        yield AccountSheet("statistics_rejected", _label(name_book(rejected, book), book))


def _label(table: pd.DataFrame, book: AccountBook) -> pd.DataFrame:
    """The table with a column that says so where the data are simulated."""
    if not book.delivery.simulated:
        return table
    name = describe_column(DATA_LABEL).name(book.language)
    return table.assign(**{name: find_text("simulated.label", book.language)})


def _build_totals(book: AccountBook) -> pd.DataFrame:
    """One row for each period and basis: kinds, sum, interval, comparable sum, how many indicators, GDP."""
    bases = list(dict.fromkeys(book.totals["basis"]))
    rows = [
        _list_total(period, basis, book)
        for period in book.periods
        for basis in bases
        if book.find_whole(period, basis=basis)
    ]
    return pd.DataFrame(rows)


def _list_total(period: str, basis: str, book: AccountBook) -> Row:
    scale, unit = choose_money(book.language)
    words = find_texts("accounts.sheet", book.language)
    whole = book.find_whole(period, basis=basis) or {}
    kinds, gdp = book.sum_categories(None, period, basis=basis), book.find_gdp(period)
    money = {book.name_service(key): kinds[key] for key in CATEGORIES} | {
        book.name_service("outside"): book.find_outside(period, basis=basis),
        words["sum"]: whole["value_yuan"],
        words["low"]: whole["value_low"],
        words["high"]: whole["value_high"],
        words["comparable"]: whole["comparable_yuan"],
        "GDP": float("nan") if gdp is None else gdp,
    }
    return {
        words["period"]: period,
        words["basis"]: book.name_basis(basis),
        words["sum_name"]: book.name_service(str(whole["service"])),
        words["known"]: whole["known"],
        words["of"]: whole["of"],
        **{f"{name} ({unit})": float(value) / scale for name, value in money.items()},
        words["to_gdp"]: whole["value_yuan"] / gdp if gdp else float("nan"),
        words["marks"]: words["indicative"] if whole["indicative"] else "",
        words["reason"]: write_reason(whole["reason"], book.language),
    }


def _build_services(book: AccountBook, places: Places) -> AccountSheet:
    """Every indicator and item of the area by period and basis, what is missing too, with its reason."""
    whole = book.totals[book.totals["region"] == book.delivery.aoi.id]
    rows = book.sort_services(whole[~whole["service"].isin(SUMS)])
    ordered = rows.sort_values(["period", "basis"], kind="stable", key=_by_appearance)
    records = list_records(ordered)
    table = pd.DataFrame([_list_service(row, book) for row in records])
    words = find_texts("accounts.sheet", book.language)
    targets = [places.parameters.get(row["service"]) or places.methods.get(row["service"]) for row in records]
    return AccountSheet("account_services_list", _label(table, book), {words["service"]: targets})


def _by_appearance(values: pd.Series) -> pd.Series:
    return pd.Series(pd.factorize(values)[0], index=values.index)


def _list_service(row: Row, book: AccountBook) -> Row:
    scale, unit = choose_money(book.language)
    words = find_texts("accounts.sheet", book.language)
    return {
        words["period"]: row["period"],
        words["basis"]: book.name_basis(row["basis"]),
        words["category"]: book.name_service(book.find_category(row["service"])),
        words["code"]: row["service"],
        words["service"]: book.name_service(row["service"], row["item"]),
        words["quantity"]: row["quantity"],
        words["quantity_low"]: row["quantity_low"],
        words["quantity_high"]: row["quantity_high"],
        words["unit"]: book.name_unit(row["unit"]),
        words["price"]: row["price"],
        f"{words['value']} ({unit})": row["value_yuan"] / scale,
        f"{words['low']} ({unit})": row["value_low"] / scale,
        f"{words['high']} ({unit})": row["value_high"] / scale,
        f"{words['comparable']} ({unit})": row["comparable_yuan"] / scale,
        words["marks"]: words["indicative"] if row["indicative"] else "",
        words["reason"]: write_reason(row["reason"], book.language),
    }


def _build_regions(book: AccountBook) -> pd.DataFrame:
    """Regions by period and rank: kinds, sum, area, value per hectare, and every indicator."""
    frames = []
    for period in book.periods:
        rows = [_list_region(region, period, book) for region in book.regions]
        frames.append(_rank(pd.DataFrame(rows), book))
    return pd.concat(frames, ignore_index=True)


def _list_region(region: str, period: str, book: AccountBook) -> Row:
    scale, unit = choose_money(book.language)
    words = find_texts("accounts.sheet", book.language)
    whole, kinds = book.find_whole(period, region=region) or {}, book.sum_categories(region, period)
    rows = book.sort_services(book.select_totals(region=region, period=period))
    each = rows[~rows["service"].isin(SUMS)].groupby("service", sort=False)["value_yuan"].sum(min_count=1)
    area_ha = book.areas_m2.get(region, float("nan")) / _HECTARE
    value = float(whole.get("value_yuan", float("nan"))) / scale
    named = {book.name_service(key): kinds[key] for key in CATEGORIES}
    named |= {f"{book.name_service(str(code))} {code}": amount for code, amount in each.items()}
    return {
        words["period"]: period,
        words["region"]: book.name_region(region),
        f"{words['sum']} ({unit})": value,
        words["area"]: area_ha,
        f"{words['per_ha']} ({unit})": value / area_ha,
        words["known"]: whole.get("known"),
        words["of"]: whole.get("of"),
        **{f"{name} ({unit})": float(amount) / scale for name, amount in named.items()},
    }


def _rank(table: pd.DataFrame, book: AccountBook) -> pd.DataFrame:
    """Rows by the sum, those without one last; equal sums share a rank."""
    words = find_texts("accounts.sheet", book.language)
    column = f"{words['sum']} ({choose_money(book.language)[1]})"
    ordered = table.sort_values(column, ascending=False, kind="stable")
    ranks = ordered[column].rank(ascending=False, method="min").astype("Int64")
    ordered.insert(1, words["rank"], ranks)
    return ordered


def _build_ledger(book: AccountBook, places: Places) -> AccountSheet:
    """Every item of every parcel, in yuan, with links to its parameters, its inputs and its formula."""
    words = find_texts("accounts.sheet", book.language)
    services = places.ledger["service"]
    told = {
        words["to_parameters"]: [places.parameters.get(code) for code in services],
        words["to_inputs"]: [places.inputs.get(code) for code in services],
        words["to_methods"]: [places.methods.get(code) for code in services],
    }
    signs = {name: ["→" if target else "" for target in targets] for name, targets in told.items()}
    table = _list_items(places.ledger, book).assign(**signs)
    return AccountSheet("account_parcels", _label(table, book), told)


def _list_items(items: pd.DataFrame, book: AccountBook) -> pd.DataFrame:
    words, yuan = find_texts("accounts.sheet", book.language), book.name_unit("yuan")
    return pd.DataFrame(
        {
            words["parcel"]: items["parcel_id"],
            words["region"]: _say(items[["region"]], book.name_region),
            words["period"]: items["period"],
            words["code"]: items["service"],
            words["service"]: _say(items[["service", "item"]].fillna(""), book.name_service),
            book.name_column("account_class"): _say(items[["account_class"]], book.name_class),
            words["area"]: items["area_m2"] / _HECTARE,
            words["quantity"]: items["quantity"],
            words["unit"]: _say(items[["unit"]], book.name_unit),
            words["price"]: items["price"],
            f"{words['value']} ({yuan})": items["value_yuan"],
            f"{words['comparable']} ({yuan})": items["comparable_yuan"],
            words["counted"]: items["counted"].map({True: words["yes"], False: words["no"]}),
            words["marks"]: _say(
                items[list(MARKED)], lambda *told: write_marks(book, **dict(zip(MARKED, told, strict=True)))
            ),
        }
    )


def _say(values: pd.DataFrame, write: Callable[..., str]) -> list[str]:
    """The words for each row, each written once however often it stands there."""
    found: dict[tuple[Any, ...], str] = {}
    rows = values.astype(object).where(values.notna(), None).itertuples(index=False, name=None)
    return [found[row] if row in found else found.setdefault(row, write(*row)) for row in rows]


def _list_parameters(book: AccountBook) -> list[Row]:
    """The parameters service by service, so that all of one stand together."""
    codes = list(dict.fromkeys(book.sort_services(book.totals)["service"]))
    return [
        {**row, "service": code}
        for code in codes
        if code not in SUMS
        for row in list_records(select_parameters(book, code))
    ]


def _sort_inputs(book: AccountBook) -> pd.DataFrame:
    table = book.table("inputs")
    return book.sort_services(table.assign(item="")) if len(table) else table


def _build_sources(book: AccountBook, places: Places) -> Iterator[AccountSheet]:
    """Methods, parameters and inputs: what the figures rest on."""
    words = find_texts("accounts.sheet", book.language)
    methods = list_records(book.table("methods"))
    if methods:
        table = pd.DataFrame([_list_method(row, book) for row in methods])
        yield AccountSheet("account_methods", _label(table, book))
    parameters = _list_parameters(book)
    if parameters:
        table = pd.DataFrame([_list_parameter(row, book) for row in parameters])
        targets = [places.inputs.get(row["service"]) for row in parameters]
        signs = ["→" if target else "" for target in targets]
        table = _label(table.assign(**{words["to_inputs"]: signs}), book)
        yield AccountSheet("account_parameters", table, {words["to_inputs"]: targets}, exact=True)
    inputs = list_records(_sort_inputs(book))
    if inputs:
        table = pd.DataFrame([_list_input(row, book) for row in inputs])
        files = [
            None if pd.isna(row["raster"]) else f"external:rasters/{row['raster']}.tif" for row in inputs
        ]
        yield AccountSheet("account_inputs", _label(table, book), {words["raster"]: files})


def _list_method(row: Row, book: AccountBook) -> Row:
    words = find_texts("accounts.sheet", book.language)
    return {
        words["code"]: row["service"],
        words["service"]: book.name_service(row["service"], row["item"] or ""),
        words["category"]: book.name_service(row["category"]),
        words["unit"]: book.name_unit(row["unit"]),
        words["formula"]: say(str(row["formula"]), book.language),
        words["source"]: say(str(row["source"]), book.language),
    }


def _list_parameter(row: Row, book: AccountBook) -> Row:
    words = find_texts("accounts.sheet", book.language)
    return {
        words["code"]: row["service"],
        words["service"]: book.name_service(row["service"]),
        words["parameter"]: book.name_parameter(row["key"]),
        words["key"]: row["key"],
        words["class"]: book.name_class(row["class"]),
        words["region"]: "" if pd.isna(row["region"]) else book.name_region(row["region"]),
        words["number"]: row["value"],
        words["low"]: row["low"],
        words["high"]: row["high"],
        words["unit"]: book.name_unit(row["unit"]),
        words["price_year"]: row["price_year"],
        words["marks"]: "" if row["confirmed"] else words["indicative"],
        words["source"]: row["source"],
        words["origin"]: row["origin"],
        words["doubt"]: row.get("doubt"),
    }


def _list_input(row: Row, book: AccountBook) -> Row:
    words = find_texts("accounts.sheet", book.language)
    return {
        words["code"]: row["service"],
        words["service"]: book.name_service(row["service"]),
        words["period"]: str(row["period"]),
        words["kind"]: words[f"kind.{row['kind']}"],
        words["input"]: book.name_input(row["input"]),
        words["key"]: row["input"],
        words["unit"]: book.name_unit(row["unit"]),
        words["given"]: words["yes"] if row["given"] else words["no"],
        words["source"]: row["source"],
        words["raster"]: row["raster"],
    }
