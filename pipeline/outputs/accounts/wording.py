"""Tables of the accounts as people read them: hectares, 万元 or million yuan, codes under their names."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from pipeline.outputs.accounts.amounts import choose_money
from pipeline.outputs.accounts.book import AccountBook
from pipeline.outputs.columns import describe_column, name_columns, name_values
from pipeline.outputs.languages import keep_language
from pipeline.outputs.texts import find_text, find_texts, name_unit

_HECTARE = 1e4
_DECIMALS = 9
"""Of hectares: what is less is noise of sums."""
_NAMES: Mapping[str, Callable[[AccountBook, Any], str]] = MappingProxyType(
    {
        "service": lambda book, code: book.name_service(str(code)),
        "region": lambda book, code: book.name_region(str(code)),
        "basis": lambda book, code: book.name_basis(str(code)),
        "account_class": lambda book, code: book.name_class(code),
        "subject": lambda book, code: book.name_subject(str(code)),
        "key": lambda book, key: book.name_parameter(str(key)),
        "layer": lambda book, code: book.name_input(str(code)),
        "variable": lambda book, code: book.name_input(str(code)),
        "rights": lambda book, codes: book.name_rights(str(codes)),
        "sector": lambda book, code: book.name_sector(str(code)),
        "unit": lambda book, unit: book.name_unit(unit),
    }
)
"""How codes of a column are said."""


def name_book(table: pd.DataFrame, book: AccountBook) -> pd.DataFrame:
    """A table under the names of its columns, without those that hold nothing.

    Columns of areas are in hectares, of money in what `choose_money` says; codes stand under their names.
    """
    kept = table.dropna(axis=1, how="all")
    kept = kept[keep_language(kept.columns, book.language)]
    heads = name_columns(kept.columns, book.language, "account")
    heads |= {"service": find_text("accounts.sheet.service", book.language)}
    scale, money = choose_money(book.language)
    told = {}
    for column in kept.columns:
        unit = describe_column(column, "account").unit
        values, shown = kept[column], unit
        if column.endswith("_m2"):
            values, shown = (values / _HECTARE).round(_DECIMALS), name_unit("ha", book.language)
        elif unit == "CNY":
            values, shown = values / scale, money
        else:
            values = _name_codes(column, values, book)
        told[f"{heads[column]} ({shown})" if shown else heads[column]] = values
    return pd.DataFrame(told)


def _name_codes(column: str, values: pd.Series, book: AccountBook) -> pd.Series:
    say = _NAMES.get(column)
    if say is not None:
        return values.map(lambda value: say(book, value) if not pd.isna(value) or column == "unit" else "")
    words = find_texts(f"accounts.code.{column}", book.language)
    if words:
        return values.map(lambda value: words.get(str(value), value))
    return name_values(column, values, book.language)


def select_area(table: pd.DataFrame, book: AccountBook) -> pd.DataFrame:
    """Rows of the whole area, where a table tells regions apart."""
    return (
        table[table["region"] == book.delivery.aoi.id].drop(columns="region") if "region" in table else table
    )
