"""Which rows of registers are of one unit, before the names of persons are masked."""

from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from pipeline.ingest.parcels.holders import mask_persons
from pipeline.ingest.samples.headings import fold

IDENTITIES = ("party", "credit_code", "person", "user_code")
"""Columns by which a unit is known: name, credit code, the number of a person, a register's own code."""


def identify_holders(rows: pd.DataFrame) -> pd.DataFrame:
    """`holder_id` of each row, and `holder`, its name, masked where it is a person's and the row is `masked`.

    The id is the credit code; of rows without one it is that of other rows with the same code of the register
    or the same name, if they have one between them; else the code of the register, or the name. Persons are
    numbered as they first appear, by their number, else by their name; null where nothing is told.
    """
    people = mask_persons(rows["party"])
    is_person = (people != rows["party"]) & rows["party"].notna() | rows["person"].notna()
    codes = rows["credit_code"]
    for name in ("user_code", "party"):
        known = _map_single(rows[name], codes)
        codes = codes.where(codes.notna(), rows[name].map(known).astype(object))
    by_name = rows["party"].map(_map_single(rows["party"], rows["user_code"]))
    users = rows["user_code"].where(rows["user_code"].notna(), by_name)
    told = codes.where(codes.notna(), users)
    names = rows["party"].map(fold, na_action="ignore")
    numbers = _number(
        rows["person"].where(rows["person"].notna(), names).where(is_person & told.isna(), None)
    )
    told = told.where(told.notna(), numbers)
    found = told.where(told.notna(), names).astype(object)
    shown = people.where(rows["masked"].astype(bool), rows["party"])
    return pd.DataFrame({"holder_id": found.where(found.notna(), None), "holder": shown}, index=rows.index)


def _map_single(names: pd.Series, codes: pd.Series) -> Mapping[str, str]:
    """Codes of names that stand beside one code and no other."""
    beside: dict[str, set[str]] = defaultdict(set)
    for name, code in zip(names, codes, strict=True):
        if isinstance(name, str) and isinstance(code, str):
            beside[name].add(code)
    return {name: next(iter(found)) for name, found in beside.items() if len(found) == 1}


def _number(keys: pd.Series) -> pd.Series:
    """`person-1` and on, by the order in which keys first appear; null where there is none."""
    places, _ = pd.factorize(keys)
    numbers = [f"person-{place + 1}" if place >= 0 else None for place in places]
    return pd.Series(numbers, index=keys.index, dtype=object)
