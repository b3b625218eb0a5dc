"""Rows of a register of licences: one row each, with its place, and its amounts."""

from collections.abc import Hashable, Iterator, Mapping
from datetime import date

import geopandas as gpd
import pandas as pd

from pipeline.geodesy import CGCS2000
from pipeline.ingest.parcels.holders import mask_persons
from pipeline.ingest.rights import advice
from pipeline.ingest.rights.amounts import RightAmount, read_amounts, read_figures_of
from pipeline.ingest.rights.points import read_right_shapes
from pipeline.ingest.rights.tables import RightsTable
from pipeline.ingest.rights.terms import RightTerm, is_endless, read_term
from pipeline.ingest.rights.words import load_right_words
from pipeline.ingest.samples.headings import fold

TEXTS = (
    "number", "name", "holder", "user_code", "region", "status", "water", "section", "parcel_code",
    "parcel_name", "outlet",
)  # fmt: skip
"""Columns that are taken as they are."""

STANDINGS = ("ended", "expired", "in_force")
"""What the status of a right may say of its force."""

DETAILS = {
    "licence_code": "代码",
    "address": "坐落",
    "methodology": "方法学",
    "documents": "权属证明",
    "owner": "所有权人",
    "woods_owner": "林木所有权人",
}
"""Columns that are told in one text, by what they are called there."""
LICENCE_COLUMNS = (
    *TEXTS,
    "standing",
    "credit_code",
    "person",
    "first",
    "last",
    "endless",
    "area_registered_m2",
    "details",
)
_OF_PERSONS = ("owner", "woods_owner")
_IDENTITIES = ("number", "holder", "parcel_code", "name")


def read_licences(table: RightsTable) -> tuple[gpd.GeoDataFrame, list[RightAmount]]:
    """Licences of a table by row, and their amounts; rows that name neither right nor holder are noted.

    Columns: TEXTS, `standing` (of STANDINGS), `credit_code`, or the number of a `person` that stands in its
    place, `first` and `last` day of the term, whether it is `endless`, `area_registered_m2`, `details`;
    geometry null without a place.
    """
    texts = {ours: table.read_texts(ours) for ours in TEXTS}
    codes, persons = table.read_codes("credit_code")
    first, last = _read_terms(table)
    areas = read_figures_of(table, "area", pd.Series("m2", index=table.rows))
    columns = {
        **texts,
        "standing": texts["status"].map(_read_standing, na_action="ignore"),
        "credit_code": codes,
        "person": persons,
        "first": first,
        "last": last,
        "endless": _find_endless(table),
        "area_registered_m2": pd.Series({row: found.value for row, found in areas.items()}, dtype=float),
        "details": _tell_details(table),
    }
    rows = gpd.GeoDataFrame(columns, geometry=read_right_shapes(table), index=table.rows, crs=CGCS2000)
    nameless = rows[[*_IDENTITIES]].isna().all(axis=1)
    for row in rows.index[nameless]:
        said = " ".join(str(text) for text in table.body.loc[row] if text)
        table.lose(int(row), None, said[:60], advice.NO_IDENTITY)
    kept = rows[~nameless]
    return kept, [amount for amount in read_amounts(table) if amount.row in kept.index]


def _read_terms(table: RightsTable) -> tuple[pd.Series, pd.Series]:
    """First and last day; columns of their own go before that of the whole term."""
    first, last = table.read_days("valid_from"), table.read_days("valid_to")
    told = table.read_texts("validity")
    terms = told.map(read_term, na_action="ignore")
    for row in table.rows[told.notna() & terms.isna()]:
        table.lose(int(row), table.layout.find("validity"), told[row], advice.NOT_A_DAY)
    whole = [term if isinstance(term, RightTerm) else RightTerm() for term in terms]
    first = first.fillna(pd.Series([term.first for term in whole], index=table.rows, dtype=object))
    last = last.fillna(pd.Series([term.last for term in whole], index=table.rows, dtype=object))
    turned = [
        isinstance(end, date) and isinstance(start, date) and end < start
        for start, end in zip(first, last, strict=True)
    ]
    for row in table.rows[turned]:
        table.lose(int(row), None, f"{first[row]} .. {last[row]}", advice.TERM_TURNED)
    sound = ~pd.Series(turned, index=table.rows)
    return first.where(sound, None), last.where(sound, None)


def _read_standing(text: str) -> str | None:
    """What the status of a right says of its force, None where nothing is known of it."""
    return next((means for means in STANDINGS if fold(text) in load_right_words(means)), None)


def _find_endless(table: RightsTable) -> pd.Series:
    """Which rights are said to have no end."""
    ends = [table.read_texts(ours).map(is_endless, na_action="ignore") for ours in ("valid_to", "validity")]
    return ends[0].eq(other=True) | ends[1].eq(other=True)


def _tell_details(table: RightsTable) -> pd.Series:
    """What else is told of each row, null where nothing is; names of persons are masked."""
    parts = pd.DataFrame({ours: _read_detail(table, ours) for ours in DETAILS})
    joined = ["；".join(_name_parts(row)) or None for row in parts.to_dict("records")]
    return pd.Series(joined, index=table.rows, dtype=object)


def _name_parts(row: Mapping[Hashable, object]) -> Iterator[str]:
    return (f"{DETAILS[str(ours)]}：{text}" for ours, text in row.items() if isinstance(text, str))


def _read_detail(table: RightsTable, ours: str) -> pd.Series:
    texts = table.read_texts(ours)
    return mask_persons(texts) if ours in _OF_PERSONS and table.register.mask_holders else texts
