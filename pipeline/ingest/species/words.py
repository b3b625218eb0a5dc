"""SurveyWords of tables of surveys: what a heading is of, what a cell says, which group a text names."""

from collections.abc import Mapping
from functools import cache

from pipeline import standards
from pipeline.ingest.samples.headings import BRACKETED, fold


@cache
def load_species_words(means: str) -> frozenset[str]:
    """SurveyWords of `species_words` that mean the same."""
    rows = standards.read_rows("species_words")
    return frozenset(fold(row["alias"]) for row in rows if row["means"] == means)


@cache
def load_headings(table: str) -> Mapping[str, str]:
    """Roles by heading of a kind of table, `surveys` among them."""
    rows = standards.read_rows("species_headings")
    return {fold(row["alias"]): row["role"] for row in rows if row["table"] == table}


def split_heading(text: str) -> tuple[str, str]:
    """A folded heading without the unit in brackets behind it, and that unit, empty where there is none."""
    plain = fold(text)
    parts = BRACKETED.fullmatch(plain)
    return (parts["base"], parts["inner"]) if parts else (plain, "")


def is_count_unit(text: str) -> bool:
    """Whether a text is a unit of counts: of individuals, pairs, or of something else."""
    known = (load_species_words(means) for means in ("individual", "pair", "other_unit"))
    return any(fold(text) in words for words in known)


@cache
def load_groups() -> Mapping[str, str]:
    """Codes of `species_groups` by every name."""
    rows = standards.read_rows("species_groups")
    return {fold(name): row["code"] for row in rows for name in (row["code"], *row["aliases"].split(";"))}
