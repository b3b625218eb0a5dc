"""Codes of the register: land classes in one edition, the form of unit and parcel codes, product codes."""

import pandas as pd

from pipeline import standards

_CLASS_LENGTH = 4
_UNIT_CODE = r"[0-9A-Z]{15}"
_PARCEL_CODE = r"[0-9A-Z]{28}"


def land_class(codes: pd.Series) -> pd.Series:
    """Codes of the third survey (三调, TD/T 1055-2019) as in the `land_classes` table; null where unknown.

    Three digits are of the second survey (GB/T 21010-2007) and are replaced by their counterpart; longer
    codes are matched on the first four characters, so that suffixes (K 可调整, A) drop off.
    """
    text = codes.astype("string").str.strip().str.upper()
    counterpart = standards.table("land_classes_2007").set_index("code")["code_2019"]
    known = standards.table("land_classes")["code"]
    short = {code: code for code in known}
    groups = {code for code in known if len(code) < _CLASS_LENGTH}
    found = text.str[:_CLASS_LENGTH].map(short)
    found = found.fillna(text.map(counterpart))
    found = found.fillna(text.str[:2].where(text.str.len().ge(_CLASS_LENGTH) & text.str[:2].isin(groups)))
    return found.astype(object).where(found.notna(), None)


def is_unit_code(codes: pd.Series) -> pd.Series:
    """Whether codes have the form of a 自然资源登记单元号: 15 digits or capitals; null passes.

    The inner structure (GB/T 46547-2025) is not guessed at.
    """
    return _has_form(codes, _UNIT_CODE)


def is_parcel_code(codes: pd.Series) -> pd.Series:
    """Whether codes have the form of a 不动产单元代码 (GB/T 37346): 28 digits or capitals; null passes."""
    return _has_form(codes, _PARCEL_CODE)


def product_code(cat1: str, cat2: str) -> str:
    """Code of a kind of product: class 1 (M, R, C), hyphen, class 2, such as R-REG-01."""
    return f"{cat1}-{cat2}"


def _has_form(codes: pd.Series, pattern: str) -> pd.Series:
    text = codes.astype("string")
    return text.str.fullmatch(pattern).fillna(value=True).astype(bool)
