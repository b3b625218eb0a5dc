"""Texts wrapped in the markup of a page: what the page shows, and what its titles tell."""

import html
import re
from collections.abc import Callable

import pandas as pd

_IS_MARKED = re.compile(r"</[a-z]+\s*>|<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"""</?(?P<name>[a-z]+)(?:[^<>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_TITLE = re.compile(r"""\btitle\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')""", re.IGNORECASE)
_RAW = re.compile(r"原始值\s*[:：]\s*(?P<raw>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")


def strip_tag(text: str) -> str:
    """A text as a page shows it: `0.15` for `<span title='原始值：0.1483'>0.15</span>`.

    The end of a line becomes a blank. A text without an end of an element or of a line is no markup:
    `<0.05` stays as it is.
    """
    return html.unescape(_TAG.sub(_replace_tag, text)) if _IS_MARKED.search(text) else text


def strip_tags(texts: pd.Series) -> pd.Series:
    """Texts as a page shows them (see `strip_tag`)."""
    return _map_markup(texts, strip_tag, texts)


def read_raw_values(texts: pd.Series) -> pd.Series:
    """Values before they were rounded for the page, as their titles tell them; NaN where there is none."""
    none = pd.Series(float("nan"), index=texts.index)
    return _map_markup(texts, _read_raw_value, none).astype(float)


def _replace_tag(tag: re.Match[str]) -> str:
    return " " if tag["name"].casefold() == "br" else ""


def _read_raw_value(text: str) -> float:
    titles = [found["double"] or found["single"] or "" for found in _TITLE.finditer(text)]
    told = {float(raw["raw"]) for title in titles for raw in _RAW.finditer(html.unescape(title))}
    return told.pop() if len(told) == 1 else float("nan")


def _map_markup(texts: pd.Series, meaning: Callable[[str], object], others: pd.Series) -> pd.Series:
    """Meanings of the texts with markup, each distinct one worked out once, and `others` for the rest."""
    marked = texts.str.contains("<", regex=False).astype(bool)
    meanings = {text: meaning(text) for text in texts[marked].unique()}
    return others.mask(marked, texts[marked].map(meanings)) if meanings else others
