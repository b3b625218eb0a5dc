"""The catalogue in the form in which lists are published: kinds of products, and what each is here."""

from collections.abc import Iterator

import pandas as pd

from pipeline.outputs.accounts.book import BETWEEN, CATEGORIES, SUMS, AccountBook, find_book
from pipeline.outputs.catalogue.listing import Listing
from pipeline.outputs.columns import DATA_LABEL, describe_column
from pipeline.outputs.texts import find_text, find_texts

_COLUMNS = ("serial", "category", "subject", "content")
_KEPT = ("_wild", "_managed")
"""How items of the accounts end that grow wild, and those that are grown."""


def list_published_kinds(listing: Listing) -> pd.DataFrame:
    """序号, 类别, 核算科目, 具体内容: a row per kind of product that parcels supply or accounts know some of.

    What grows wild and what is grown are kinds apart, as published lists have it.
    """
    book = find_book(listing.delivery)
    accounted = list(_list_accounted(listing, book)) if book else []
    rows = pd.DataFrame([*_list_listed(listing), *accounted], columns=["code", *_COLUMNS[1:]])
    order = rows.assign(place=rows["category"].map(CATEGORIES.index))
    order = order.sort_values(["place", "code"], kind="stable")
    language = listing.delivery.language
    names = {code: find_text(f"accounts.sum.{code}", language) for code in CATEGORIES}
    table = order.assign(serial=range(1, len(order) + 1), category=order["category"].map(names))
    shown = table[list(_COLUMNS)].rename(columns=find_texts("catalogue.kinds", language))
    if not listing.delivery.simulated:
        return shown
    return shown.assign(
        **{describe_column(DATA_LABEL).name(language): find_text("simulated.label", language)}
    )


def _list_listed(listing: Listing) -> Iterator[tuple[str, str, str, str]]:
    """Kinds that parcels supply, with their products, and how many parcels supply each on how much ground."""
    language = listing.delivery.language
    words, between = find_texts("catalogue.kind", language), find_text("report.and", language)
    for (category, code, name), part in listing.products.groupby(
        ["cat1_code", "cat2_code", "cat2_name"], sort=False
    ):
        told = [
            words["product"].format(name=product, count=len(rows), area=f"{rows['area_ha'].sum():,.2f}")
            for product, rows in part.drop_duplicates(["parcel_id", "cat3_name"]).groupby(
                "cat3_name", sort=False
            )
        ]
        yield str(code), str(category), str(name), between.join(told)


def _list_accounted(listing: Listing, book: AccountBook) -> Iterator[tuple[str, str, str, str]]:
    """Kinds that the accounts know an amount of in the newest period, where parcels do not tell them."""
    language = listing.delivery.language
    words, between = find_texts("catalogue.kind", language), find_text("report.and", language)
    totals = book.select_totals(period=book.periods[-1])
    known = book.sort_services(totals[~totals["service"].isin(SUMS) & totals["quantity"].gt(0)])
    listed = set(listing.products["cat2_code"])
    kept = known["item"].str.partition(".")[0]
    groups = kept.where(kept.str.endswith(_KEPT), "")
    for (code, group), rows in known.groupby([known["service"], groups], sort=False):
        service = str(code)
        category = book.find_category(service)
        told = [book.name_service(service, item).partition(BETWEEN) for item in rows["item"]]
        items = between.join(part or whole for whole, _, part in told)
        if group:
            yield service, category, words[str(group)], items
        elif service not in listed:
            yield service, category, told[0][0], items
