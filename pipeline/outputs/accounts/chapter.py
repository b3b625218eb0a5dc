"""The chapter of the accounts in the report: headline, composition, towns, what is missing and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.outputs.accounts.amounts import (
    choose_money,
    write_money,
    write_money_range,
    write_quantity,
    write_reason,
)
from pipeline.outputs.accounts.book import CATEGORIES, AccountBook, Row, list_records
from pipeline.outputs.accounts.evidence import build_anchor, list_evidence, list_parcels
from pipeline.outputs.accounts.wording import name_book, select_area
from pipeline.outputs.map_sheets import draw_value_sheets
from pipeline.outputs.tables import Table, format_hectares, format_table
from pipeline.outputs.texts import find_text, find_texts, name_unit

_TOTALS = "tables/account_totals.csv"
_BOOKS = ("extent", "condition", "projects", "carbon")
"""Tables that the chapter shows in this order, where there are any."""
_NOT_OF_PROJECTS = frozenset(
    {"basis", "service", "item", "unit", "quantity_before", "quantity_after"}
    | {"quantity_without", "quantity_gain"}
)
_LEAST_SHARE, _LEAST_FIGURE = 1e-3, 0.1
"""Shares below are said to be less; of figures below, two digits are shown that mean something."""


@dataclass(frozen=True)
class Headline:
    """A figure at the top of the chapter: what it is, its words, and what to know of it."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class LinkedTable:
    """A table whose rows begin with a link: to the anchor of the same place in `anchors`."""

    headers: list[str]
    rows: list[list[str]]
    anchors: list[str]


def build_chapter(book: AccountBook, rasters: Path) -> dict[str, Any]:
    """What the template shows of the accounts."""
    return {
        "words": find_texts("accounts.report", book.language),
        "headlines": _list_headlines(book),
        "caution": _write_caution(book),
        "bases": _build_bases(book),
        "gaps": _build_gaps(book),
        "services": _build_services(book),
        "missing": _build_missing(book),
        "regions": _build_regions(book),
        "sheets": draw_value_sheets(book.delivery, rasters),
        "parcels": list_parcels(book),
        "evidence": list_evidence(book),
        "books": list(_list_books(book)),
    }


def _list_headlines(book: AccountBook) -> list[Headline]:
    period = book.periods[-1]
    whole = book.find_whole(period)
    if whole is None:
        return []
    words, language = find_texts("accounts.headline", book.language), book.language
    value = float(whole["value_yuan"])
    area_ha = book.delivery.aoi.area_m2 / 1e4
    area = f"{area_ha:,.2f} {name_unit('ha', language)}"
    regulating = book.sum_categories(None, period)["R"]
    found = [
        Headline(
            f"{_name_whole(whole, book)} {period}", write_money(value, language), _write_interval(whole, book)
        ),
        Headline(
            words["comparable"], write_money(whole["comparable_yuan"], language), words["comparable.note"]
        ),
        Headline(words["per_ha"], write_money(value / area_ha, language), area),
        Headline(words["regulating"], _write_share(regulating, value), write_money(regulating, language)),
    ]
    gdp = book.find_gdp(period)
    if gdp:
        found.append(Headline(words["to_gdp"], _write_share(value, gdp), f"GDP {write_money(gdp, language)}"))
    return found


def _name_whole(row: Row, book: AccountBook) -> str:
    return f"{book.name_service(str(row['service']))} {row['known']}/{row['of']}"


def _write_interval(row: Row, book: AccountBook) -> str:
    words = write_money_range(row["value_low"], row["value_high"], book.language)
    mark = find_text("accounts.indicative", book.language) if row["indicative"] else ""
    return " · ".join(part for part in (words and f"95 %: {words}", mark) if part)


def _write_share(part: float, whole: float) -> str:
    if pd.isna(part) or pd.isna(whole) or not whole:
        return "—"
    share = part / whole
    return f"{share:.1%}" if not 0 < share < _LEAST_SHARE else f"<{_LEAST_SHARE:.1%}"


def _write_caution(book: AccountBook) -> str:
    """That the sum is partial and may not be called GEP, where it is; empty where it is GEP."""
    whole = book.find_whole(book.periods[-1])
    if whole is None or whole["service"] == "GEP":
        return ""
    told = find_text("accounts.partial", book.language).format(known=whole["known"], of=whole["of"])
    return f"{told} {write_reason(whole['reason'], book.language)}".strip()


def _build_bases(book: AccountBook) -> Table | None:
    """The sum of every period by both bases side by side, and how far they are apart."""
    bases = list(dict.fromkeys(book.totals["basis"]))
    scale, unit = choose_money(book.language)
    words = find_texts("accounts.bases", book.language)
    rows = []
    for period in book.periods:
        found = [book.find_whole(period, basis=basis) for basis in bases]
        values = [float("nan") if row is None else float(row["value_yuan"]) / scale for row in found]
        gap = values[-1] - values[0] if len(values) > 1 else float("nan")
        names = [_name_whole(row, book) for row in found if row is not None]
        rows.append([period, names[0] if names else "—", *map(_write_figure, values), _write_figure(gap)])
    if len(bases) == 1:
        return None
    headers = [words["period"], words["sum"], *(f"{book.name_basis(basis)} ({unit})" for basis in bases)]
    return Table([*headers, f"{words['gap']} ({unit})"], rows, file=_TOTALS)


def _write_figure(value: float) -> str:
    if pd.isna(value):
        return "—"
    return f"{value:,.2f}" if abs(value) >= _LEAST_FIGURE or not value else f"{value:.2g}"


def _build_services(book: AccountBook) -> LinkedTable:
    """Every indicator and item of the newest period that is known, each linked to what it rests on."""
    rows = book.list_services(book.periods[-1])
    known = rows[rows["value_yuan"].notna()]
    whole = known["value_yuan"].sum()
    _, unit = choose_money(book.language)
    names = find_texts("accounts.services", book.language)
    headers = [names[key] for key in ("name", "quantity", "quantity_range", "price")]
    headers += [f"{names[key]} ({unit})" for key in ("value", "value_range", "comparable")]
    cells = [_write_service(row, whole, book) for row in list_records(known)]
    anchors = [build_anchor(str(code)) for code in known["service"]]
    return LinkedTable([*headers, names["share"], names["marks"]], cells, anchors)


def _write_service(row: Any, whole: float, book: AccountBook) -> list[str]:
    scale, _ = choose_money(book.language)
    unit = book.name_unit(row["unit"])
    price = row["price"]
    return [
        book.name_service(row["service"], row["item"]),
        write_quantity(row["quantity"], unit),
        _write_range(row["quantity_low"], row["quantity_high"]),
        "—" if pd.isna(price) else f"{price:,.6g} {book.name_unit('yuan')}/{unit}",
        _write_figure(row["value_yuan"] / scale),
        _write_range(row["value_low"] / scale, row["value_high"] / scale, money=True),
        _write_figure(row["comparable_yuan"] / scale),
        _write_share(row["value_yuan"], whole),
        find_text("accounts.indicative", book.language) if row["indicative"] else "",
    ]


def _write_range(low: float, high: float, *, money: bool = False) -> str:
    write = _write_figure if money else write_quantity
    return "—" if pd.isna(low) or pd.isna(high) else f"{write(low)} – {write(high)}"


def _build_missing(book: AccountBook) -> Table | None:
    """The indicators without a value in any period, with the reason."""
    frames = [book.list_services(period) for period in book.periods]
    rows = pd.concat(frames)
    unknown = rows[rows["value_yuan"].isna()]
    if unknown.empty:
        return None
    words = find_texts("accounts.missing", book.language)
    told = unknown.assign(reason=unknown["reason"].map(lambda text: write_reason(text, book.language)))
    groups = told.groupby(["service", "item", "reason"], sort=False)["period"].agg(", ".join).reset_index()
    cells = [
        [book.name_service(row["service"], row["item"]), row["period"], row["reason"] or "—"]
        for row in list_records(groups)
    ]
    return Table([words["name"], words["period"], words["reason"]], cells, file=_TOTALS)


def _build_regions(book: AccountBook) -> Table | None:
    """Regions of the newest period by value, with their kinds, their rank and value per hectare."""
    if not book.regions:
        return None
    _, unit = choose_money(book.language)
    words = find_texts("accounts.regions", book.language)
    kinds = [book.name_service(key) for key in CATEGORIES]
    headers = [words["rank"], words["name"], *(f"{kind} ({unit})" for kind in [*kinds, words["sum"]])]
    values = {region: _find_value(region, book) for region in book.regions}
    ranked = sorted(values, key=lambda region: -values[region] if values[region] == values[region] else 1e30)
    rows = [
        [str(rank), *_write_region(region, values[region], book)]
        for rank, region in enumerate(ranked, start=1)
    ]
    return Table([*headers, words["area"], words["per_ha"]], rows, file=_TOTALS)


def _find_value(region: str, book: AccountBook) -> float:
    whole = book.find_whole(book.periods[-1], region=region)
    return float("nan") if whole is None else float(whole["value_yuan"])


def _write_region(region: str, value: float, book: AccountBook) -> list[str]:
    scale, _ = choose_money(book.language)
    area_ha = book.areas_m2.get(region, float("nan")) / 1e4
    parts = book.sum_categories(region, book.periods[-1]).values()
    return [
        book.name_region(region),
        *(_write_figure(amount / scale) for amount in [*parts, value]),
        format_hectares(area_ha),
        write_money(value / area_ha, book.language) if area_ha else "—",
    ]


def _build_gaps(book: AccountBook) -> Table | None:
    """Why the bases differ in the newest period: value by class of either, the largest difference first."""
    table = book.table("bases")
    if table.empty:
        return None
    rows = table[(table["period"].astype(str) == book.periods[-1]) & (table["account_class"] != "total")]
    money = ["registered_yuan", "mapped_yuan", "difference_yuan"]
    by_class = rows.groupby("account_class", sort=False)[["registered_m2", "mapped_m2"]].max()
    values = rows.groupby("account_class", sort=False)[money].sum(min_count=1)
    both = by_class.join(values).reset_index()
    order = both["difference_yuan"].abs().sort_values(ascending=False, kind="stable").index
    return format_table(name_book(both.loc[order], book), file="tables/account_bases.csv")


def _build_balance(book: AccountBook) -> Table | None:
    """How well the accounts balance: of each figure and way to cut it, how many checks, and the worst."""
    table = book.table("balance")
    if table.empty:
        return None
    groups = table.assign(size=table["difference"].abs()).groupby(["figure", "parts"], sort=False)["size"]
    words = find_texts("accounts.balance", book.language)
    counts = groups.agg(["size", "max"]).reset_index()
    told = name_book(counts[["figure", "parts"]], book)
    told[words["checks"]] = counts["size"]
    told[words["worst"]] = [
        "—" if pd.isna(value) else f"{value:.1e}" if value else "0" for value in counts["max"]
    ]
    return format_table(told, file="tables/account_balance.csv")


def _write_error(value: float) -> str:
    return "—" if pd.isna(value) else f"{value:.1e}" if value else "0"


def _build_projects(table: pd.DataFrame, book: AccountBook) -> pd.DataFrame:
    """What each project gives in all, in the headline basis; its parcels counted."""
    whole = table[(table["service"] == "total") & (table["basis"] == book.basis)]
    counts = whole["parcels"].fillna("").map(lambda ids: len([one for one in str(ids).split(";") if one]))
    kept = [name for name in whole.columns if name not in _NOT_OF_PROJECTS]
    return whole.assign(parcels=counts)[kept]


def _list_books(book: AccountBook) -> Iterator[tuple[str, Table]]:
    """The books that stand beside the accounts, of the area: name and table."""
    for stem in _BOOKS:
        table = select_area(book.table(stem), book)
        if stem == "carbon" and len(table):
            table = table[table["basis"] == book.basis].drop(columns=["basis", "source"])
        if stem == "projects" and len(table):
            table = _build_projects(table, book)
        if len(table):
            shown = format_table(name_book(table, book), file=f"tables/account_{stem}.csv")
            yield find_text(f"accounts.books.{stem}", book.language), shown
    balance = _build_balance(book)
    if balance:
        yield find_text("accounts.books.balance", book.language), balance
