"""Codes of the register: land classes in one edition, the form of unit and parcel codes, product codes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards

THIRD_SURVEY = "三调 TD/T 1055-2019"
SECOND_SURVEY = "二调 GB/T 21010-2007"
RESOURCE_KIND = "登记资源类型"

_CLASS_LENGTH = 4
_TEXTS_AT_ONCE = 65_536
_UNIT_CODE = r"[0-9A-Z]{15}"
_PARCEL_CODE = r"[0-9A-Z]{28}"


def derive_land_class(codes: pd.Series) -> pd.Series:
    """Codes of the third survey (三调, TD/T 1055-2019) as in the `land_classes` table; null where unknown.

    Three digits are of the second survey (GB/T 21010-2007) and are replaced by their counterpart; longer
    codes are matched on the first four characters, so that suffixes (K 可调整, A) drop off.
    """
    third, second = _match_surveys(codes)
    found = third.fillna(second).astype(object)
    return found.where(found.notna(), None)


def classify_rows(codes: pd.Series, resource_kinds: pd.Series) -> pd.DataFrame:
    """`land_class` of every row and `land_class_basis`, the table that it comes from; null where unknown.

    `codes` go first; `resource_kinds` are those of the registry's tables of resources, such as SD6.
    """
    third, second = _match_surveys(codes)
    table = standards.table("land_classes")
    by_kind = table.set_index(table["registry_kind"].str.rsplit("/").str[-1])["code"]
    registered = resource_kinds.map(by_kind[by_kind.index != ""])
    found = third.fillna(second).fillna(registered).astype(object)
    basis = np.full(len(codes), None, dtype=object)
    for known, table_name in ((registered, RESOURCE_KIND), (second, SECOND_SURVEY), (third, THIRD_SURVEY)):
        basis[known.notna().to_numpy()] = table_name
    return pd.DataFrame(
        {
            "land_class": found.where(found.notna(), None),
            "land_class_basis": pd.Series(basis, codes.index, dtype=object),
        }
    )


def is_unit_code(codes: pd.Series) -> pd.Series:
    """Whether codes have the form of a 自然资源登记单元号: 15 digits or capitals; null passes.

    The inner structure (GB/T 46547-2025) is not guessed at.
    """
    return _has_form(codes, _UNIT_CODE)


def is_parcel_code(codes: pd.Series) -> pd.Series:
    """Whether codes have the form of a 不动产单元代码 (GB/T 37346): 28 digits or capitals; null passes."""
    return _has_form(codes, _PARCEL_CODE)


def identify_parcels(keys: pd.DataFrame) -> pd.DataFrame:
    """`parcel_id` of every row, the `code` that it is made from, `duplicate_code` if others have it too.

    `keys` has the register's own `parcel_id`, `parcel_no` and `unit_no`, or null; its index is the number of
    the row in the file. The first that is there counts: the key, the parcel code, unit code and sequence in
    the unit, the row. Of several parcels with one code the later get a suffix.
    """
    code = _choose_codes(keys)
    places = _find_same_texts(code)
    shared = code.iloc[places]
    repeat = shared.groupby(shared).cumcount() + 1
    again = (repeat > 1).to_numpy()
    parcel_id = _replace_at(code, places[again], shared[again] + "-" + repeat[again].astype(str))
    duplicate = np.zeros(len(code), dtype=bool)
    duplicate[places] = True
    return pd.DataFrame(
        {"parcel_id": _make_distinct(parcel_id), "code": code, "duplicate_code": duplicate}, copy=False
    )


def find_twins(numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Places, in their order, of the numbers that stand more than once."""
    order = np.argsort(numbers, kind="stable")
    same = numbers[order[1:]] == numbers[order[:-1]]
    return np.sort(order[np.append(same, False)[: len(order)] | np.append(False, same)[: len(order)]])


def _choose_codes(keys: pd.DataFrame) -> pd.Series:
    """The first code that each row has."""
    own = keys["parcel_id"].fillna(keys["parcel_no"])
    without = keys[own.isna()]
    if without.empty:
        return own
    sequence = (keys.groupby("unit_no", dropna=False).cumcount() + 1)[without.index]
    in_unit = (without["unit_no"].astype("string") + "-" + sequence.astype(str)).astype(object)
    rows = pd.Series([f"#{row}" for row in without.index], without.index, dtype=object)
    return own.fillna(in_unit.fillna(rows))


def _make_distinct(ids: pd.Series) -> pd.Series:
    """Ids with the row number added where a suffix met another code."""
    places = _find_same_texts(ids)
    shared = ids.iloc[places]
    again = shared.duplicated().to_numpy()
    return _replace_at(ids, places[again], shared[again] + "#" + shared.index[again].astype(str))


def _find_same_texts(texts: pd.Series) -> NDArray[np.int64]:
    """Places, in their order, of the texts that stand more than once."""
    sums = [np.empty(0, dtype=np.uint64)]
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        part = texts.iloc[start : start + _TEXTS_AT_ONCE].to_numpy(dtype=object)
        sums.append(pd.util.hash_array(part, categorize=False))
    suspects = find_twins(np.concatenate(sums))
    found: NDArray[np.int64] = suspects[texts.iloc[suspects].duplicated(keep=False).to_numpy()]
    return found


def _replace_at(texts: pd.Series, places: NDArray[np.int64], others: pd.Series) -> pd.Series:
    """Texts with others at some places; the same where there is none."""
    if not len(places):
        return texts
    changed = texts.copy()
    changed.iloc[places] = others.to_numpy(dtype=object)
    return changed


def build_product_code(cat1: str, cat2: str) -> str:
    """Code of a kind of product: class 1 (M, R, C), hyphen, class 2, such as R-REG-01."""
    return f"{cat1}-{cat2}"


def _match_surveys(codes: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Classes of the third survey that codes are, and those whose counterparts in the second they are."""
    places, unique = pd.factorize(codes)
    text = pd.Series(unique, dtype=object).astype("string").str.strip().str.upper()
    counterpart = standards.table("land_classes_2007").set_index("code")["code_2019"]
    counterpart = counterpart[counterpart != ""]
    known = standards.table("land_classes")["code"]
    groups = {code for code in known if len(code) < _CLASS_LENGTH}
    third = text.str[:_CLASS_LENGTH].map({code: code for code in known})
    third = third.fillna(text.str[:2].where(text.str.len().ge(_CLASS_LENGTH) & text.str[:2].isin(groups)))
    return _spread(third, places, codes.index), _spread(text.map(counterpart), places, codes.index)


def _spread(found: pd.Series, places: NDArray[np.int64], index: pd.Index) -> pd.Series:
    return pd.Series(pd.Series([*found, None], dtype=object).to_numpy()[places], index=index, dtype=object)


def _has_form(codes: pd.Series, pattern: str) -> pd.Series:
    text = codes.astype("string")
    return text.str.fullmatch(pattern).fillna(value=True).astype(bool)
