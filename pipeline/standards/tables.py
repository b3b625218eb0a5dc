"""Tables of the standards as data frames."""

from functools import cache

import pandas as pd

from pipeline.standards.rows import read_rows


@cache
def table(name: str) -> pd.DataFrame:
    """A table of this package by name, all cells as text, empty cells as empty strings.

    For the names of the tables see the package.
    """
    return pd.DataFrame(read_rows(name), dtype=str)
