"""Which rights are in force on a day."""

from datetime import date

import numpy as np
import pandas as pd


def find_states(rights: pd.DataFrame, day: date) -> pd.Series:
    """The state of each right on a day (`contracts.RIGHT_STATES`).

    The register's own word, `standing`, that a right has ended or expired holds; else its term does, of which
    the first and last day are part. A right whose end is not told is in force where the register says so, or
    that it is endless, else unknown.
    """
    standing, first, last = (rights[name] for name in ("standing", "first", "last"))
    past = last.map(lambda end: end < day, na_action="ignore").eq(other=True)
    ahead = first.map(lambda start: start > day, na_action="ignore").eq(other=True)
    holds = last.notna() | rights["endless"].astype(bool) | standing.eq("in_force")
    found = np.select(
        [standing.eq("ended"), past | standing.eq("expired"), ahead, holds],
        ["ended", "expired", "not_begun", "in_force"],
        "unknown",
    )
    return pd.Series(found, index=rights.index, dtype=object)


def holds_in(rights: pd.DataFrame, year: int) -> pd.Series:
    """Whether each right holds on some day of a calendar year, by its term alone."""
    begun = rights["first"].map(lambda start: start.year <= year, na_action="ignore").fillna(value=True)
    left = rights["last"].map(lambda end: end.year >= year, na_action="ignore").fillna(value=True)
    unended = ~(rights["standing"].eq("ended") & rights["last"].isna())
    return begun.astype(bool) & left.astype(bool) & unended
