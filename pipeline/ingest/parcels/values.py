"""What the cells of a register say: clean text, codes of our dictionaries, areas in m2, and what is doubtful.

A cell that cannot be used as it is becomes null, or stays text, and is noted, so that it becomes a finding.
"""

import re
import unicodedata
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import standards
from pipeline.geodesy import SQUARE_METRES_PER_HECTARE, SQUARE_METRES_PER_MU

M2 = {"m2": 1.0, "ha": SQUARE_METRES_PER_HECTARE, "mu": SQUARE_METRES_PER_MU}
DICTIONARIES = ("unit_type", "owner_type", "exercise_mode", "right_type")

_LONGEST_TEXT = 1000
_SHOWN = 40
_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
_DAMAGED = rf"{_CONTROLS}|�"
_SUSPICIOUS = (
    r"^[=@]|^[+\-](?![\d.\s]|$)|<\s*[A-Za-z/!]|javascript:|\{\{|\{%|\.\.[/\\]|^[/\\~]|^[A-Za-z]:[\\/]|\$\{"
)
_PLAIN = r"\A[0-9A-Za-z_\p{Han}]+\z"
"""Text of which nothing is damaged, suspicious or to be cleaned."""
_TOO_LARGE = 2.0**63
_CODE_WITH_NAME = re.compile(
    r"(?:([^0-9A-Z]*[^\W\d])\W*)?([0-9][0-9A-Z]*)(?:\.0+)?(?:\W*([^\W\dA-Z_][^0-9A-Z]*?))?[)\]】》\s]*"
)


class Doubts:
    """What is doubtful in the rows of a register: notes such as `TBMJ=abc`, collected column by column."""

    def __init__(self, index: pd.Index) -> None:
        self._index = index
        self._parts: list[pd.Series] = []

    def add(self, column: str, values: pd.Series, doubtful: NDArray[np.bool_] | pd.Series) -> None:
        """Note the cells of a column that are doubtful."""
        cells = values[np.asarray(doubtful, dtype=bool)]
        if len(cells):
            self._parts.append(f"{column}=" + cells.astype("string").str.slice(0, _SHOWN).fillna(""))

    def join(self) -> pd.Series:
        """Notes of each row behind one another, null where there are none."""
        if not self._parts:
            return build_nulls(self._index)
        notes = pd.concat(self._parts).astype(object)
        joined = notes.groupby(level=0, sort=False).agg("；".join).reindex(self._index).astype(object)
        notes_or_null: pd.Series = joined.where(joined.notna(), None)
        return notes_or_null


@dataclass(frozen=True)
class Notes:
    """What is doubtful in rows: cells that are damaged, and texts that look suspicious."""

    damaged: Doubts
    suspicious: Doubts

    @classmethod
    def of(cls, index: pd.Index) -> "Notes":
        """Nothing noted yet."""
        return cls(Doubts(index), Doubts(index))


def build_nulls(index: pd.Index) -> pd.Series:
    """A column of nothing."""
    return pd.Series(None, index=index, dtype=object)


def read_texts(values: pd.Series) -> pd.Series:
    """Text as it is written, without blanks around it; whole numbers without a point; nothing is null."""
    if values.dtype == object:
        values = values.map(
            lambda cell: cell if isinstance(cell, Hashable) else str(cell), na_action="ignore"
        )
    places, unique = pd.factorize(values)
    cells = pd.Series(unique)
    text = cells.astype("string").str.strip()
    if pd.api.types.is_float_dtype(cells):
        whole = (cells % 1 == 0) & (cells.abs() < _TOO_LARGE)
        text = text.where(~whole, cells.where(whole).astype("Int64").astype("string"))
    text = text.astype(object).where(text.notna() & (text != ""), None)
    return spread_values(text, places, values.index)


def clean_text(text: pd.Series, column: str, notes: Notes) -> pd.Series:
    """Text without control characters and of at most 1000 characters.

    Noted as damaged: what was cut or cannot be read. Noted as suspicious: what looks like a formula, a script
    or a way through folders.
    """
    places, unique = pd.factorize(text)
    if _is_plain(unique):
        return spread_values(unique, places, text.index)
    cells = pd.Series(unique, dtype=object).astype("string")
    bad = cells.str.contains(_DAMAGED, regex=True) | cells.str.len().gt(_LONGEST_TEXT)
    odd = cells.str.contains(_SUSPICIOUS, regex=True, case=False)
    clean = cells.str.replace(_CONTROLS, "", regex=True).str.replace(r"\s+", " ", regex=True)
    clean = clean.str.slice(0, _LONGEST_TEXT).str.strip()
    clean = clean.astype(object).where(clean.notna() & (clean != ""), None)
    result = spread_values(clean, places, text.index)
    for doubts, mask in ((notes.damaged, bad), (notes.suspicious, odd)):
        marked = spread_values(mask.astype(object), places, text.index).eq(True)  # noqa: FBT003 null is not marked
        doubts.add(column, result, marked)
    return result


def _is_plain(texts: NDArray[np.object_] | pd.Index) -> bool:
    """Whether all texts are plain, as numbers and names are."""
    cells = pa.array(texts, pa.large_string(), from_pandas=True)
    plain = pc.match_substring_regex(cells, _PLAIN)
    longest = pc.max(pc.utf8_length(cells)).as_py() or 0
    return longest <= _LONGEST_TEXT and bool(pc.all(plain, min_count=0).as_py())


def split_code(text: str) -> tuple[str, str]:
    """A code and the name that stands before or behind it, empty if none: `0101 水田`, `水田（0101）`.

    Digits and letters of full width become plain ones, small letters capitals; the `.0` of what has been a
    number drops off. Text that is no code comes back as it is, without a name.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    found = _CODE_WITH_NAME.fullmatch(plain)
    if found is None or (found[1] and found[3]):
        return text, ""
    return found[2], (found[1] or found[3] or "").strip()


def read_codes(texts: pd.Series) -> pd.Series:
    """Texts of a column of codes, each without a name beside it and without traces of a number."""
    places, unique = pd.factorize(texts)
    return spread_values([split_code(text)[0] for text in unique], places, texts.index)


def read_areas(values: pd.Series, factor: float | pd.Series) -> tuple[pd.Series, pd.Series]:
    """Areas in m2, and which cells are no area: not a number, negative or without a known unit.

    `factor` is the size of the unit in m2, of all cells or of each.
    """
    text = values.astype("string").str.replace(r"[,，\s]", "", regex=True)
    numbers = pd.to_numeric(text, errors="coerce").astype(float).to_numpy() * np.asarray(factor, dtype=float)
    usable = np.isfinite(numbers) & (numbers >= 0)
    areas = pd.Series(np.where(usable, numbers, np.nan), values.index)
    return areas, values.notna() & ~usable


def translate_values(values: pd.Series, column: str, codes: Mapping[str, str]) -> tuple[pd.Series, pd.Series]:
    """Codes of our dictionary for what a column says, and which cells are in no dictionary and stay text.

    `codes` maps theirs, codes or names, to ours and goes first; then our codes and our names. A code is known
    with other zeros before it too (`01`, `1.0`), and with a name beside it that means the same.
    """
    known = {**_map_names(column), **codes}
    places, unique = pd.factorize(values)
    mapped = spread_values([_look_up(text, known) for text in unique], places, values.index)
    return mapped.where(mapped.notna(), values).astype(object), values.notna() & mapped.isna()


def _look_up(text: str, known: Mapping[str, str]) -> str | None:
    """What a cell means; None where nothing is known of it, or its code and its name mean two things."""
    if text in known:
        return known[text]
    code, name = split_code(text)
    spelled = [
        theirs for theirs in known if theirs.isdecimal() and code.isdecimal() and int(theirs) == int(code)
    ]
    meant = {known[theirs] for theirs in ([code] if code in known else spelled)}
    meant |= {known[name]} if name in known else set()
    return meant.pop() if len(meant) == 1 else None


def find_code(column: str, name: str) -> str | None:
    """Our code of a name or code in the dictionary of a column."""
    return _map_names(column).get(name)


def list_names(column: str) -> list[str]:
    """Names in the dictionary of a column."""
    rights = standards.table("rights")
    return rights.loc[rights["dictionary"] == column, "name_zh"].tolist()


def _map_names(column: str) -> dict[str, str]:
    rights = standards.table("rights")
    own = rights[rights["dictionary"] == column]
    codes = own["code"].tolist()
    return {**dict(zip(own["name_zh"], codes, strict=True)), **dict(zip(codes, codes, strict=True))}


def spread_values(unique: Iterable[Any], places: NDArray[np.int64], index: pd.Index) -> pd.Series:
    """A column from its distinct values and the place of each row's among them; -1 is null."""
    cells = pd.Series([*unique, None], dtype=object).to_numpy()
    return pd.Series(cells[places], index=index, dtype=object)
