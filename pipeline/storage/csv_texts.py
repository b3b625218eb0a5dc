"""Texts in CSV files, which spreadsheets open: none begins a formula, and each is read back as it was."""

import re
from collections.abc import Callable

import pandas as pd

_LIVE = "=+\\-@\t\r\n＝＋－＠"
"""What a text begins with that Excel, WPS or LibreOffice takes for a formula (OWASP, CSV injection)."""
_BEGINS = re.compile(f"'*[{_LIVE}]")
_MARKED = re.compile(f"'+[{_LIVE}]")
_NUMBER = re.compile("[+-]?[0-9]*[.]?[0-9]*([eE][+-]?[0-9]+)?")
"""A text that is a number already, or a lone sign: it computes nothing."""


def quieten_texts(table: pd.DataFrame) -> pd.DataFrame:
    """A table in which an apostrophe stands before every text that a spreadsheet would compute.

    One stands too before a text that has apostrophes before such a beginning, so that `restore_texts` gives
    every text back as it was.
    """
    return _map_texts(table, _quieten)


def restore_texts(table: pd.DataFrame) -> pd.DataFrame:
    """A table read from CSV, without the apostrophes of `quieten_texts`."""
    return _map_texts(table, _restore)


def _quieten(text: str) -> str:
    return f"'{text}" if _BEGINS.match(text) and not _NUMBER.fullmatch(text) else text


def _restore(text: str) -> str:
    return text[1:] if _MARKED.match(text) else text


def _map_texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """A table with its texts changed; a column in which none changes is the same."""
    named = [name for name in table.columns if _may_hold_texts(table[name])]
    changed = {name: _map_column(table[name], change) for name in named}
    return table.assign(**{str(name): values for name, values in changed.items() if values is not None})


def _may_hold_texts(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values.dtype)


def _map_column(values: pd.Series, change: Callable[[str], str]) -> pd.Series | None:
    """A column with its texts changed; None where none is."""
    texts = [text for text in values.unique() if isinstance(text, str)]
    anew = {text: told for text in texts if (told := change(text)) != text}
    if not anew:
        return None
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.rename_categories(anew)
    return pd.Series([anew.get(value, value) for value in values], values.index, values.dtype)
