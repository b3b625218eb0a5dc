"""Rows of the tables of the standards, for what does without data frames."""

import csv
from functools import cache
from importlib.resources import files


@cache
def read_rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a table of this package, cells by column, all as text, empty cells as empty strings.

    For the names of the tables see the package.
    """
    text = (files("pipeline.standards") / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines(keepends=True)))
