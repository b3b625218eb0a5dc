"""Tables of a bulletin beyond indicators: what nature gives, and the parts of the assessment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from pipeline.outputs.bulletin.comparing import AreaFigures
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.columns import Language, describe_column, list_values, name_columns
from pipeline.outputs.published import Row
from pipeline.outputs.texts import choose_words, find_text, find_texts, name_unit

_MOST_ROWS = 20
_YEAR, _MARK = "_year", "indicative"
_SHARES = frozenset({"access_share", "access_share_low", "access_share_high", "used_share"})
"""Columns of shares whose unit is not stated."""


@dataclass(frozen=True)
class Theme:
    """A delivered table that a bulletin shows: its columns, and the rows of the period with given values.

    `{language}` in a column stands for that of the bulletin. Where a table tells regions apart, `whole` takes
    the rows of the area alone.
    """

    table: str
    columns: tuple[str, ...]
    where: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    whole: bool = False


THEMES = (
    Theme(
        "account_totals",
        ("service", "value_yuan", "known", "of", "basis", "indicative"),
        MappingProxyType({"service": ("M", "R", "C", "GEP", "partial")}),
        whole=True,
    ),
    Theme(
        "gdp_gep",
        (
            *("name", "gdp_yuan", "gep_yuan", "partial_yuan", "known", "of", "gdp_rank", "gep_rank"),
            *("gep_gdp_ratio", "joint", "indicative"),
        ),
    ),
    Theme(
        "ecological_index",
        ("name_{language}", "normalised", "weight", "value", "grade", "change_word", "indicative", "reason"),
        MappingProxyType({"counted": (True,)}),
    ),
    Theme(
        "ecological_quality",
        ("name_{language}", "value", "weight", "grade", "change_word", "indicative", "reason"),
        MappingProxyType({"level": (0, 1)}),
    ),
    Theme(
        "health_cards",
        (
            *("body_name", "scheme_name", "score", "class_{language}", "known_weight", "before_score"),
            *("year_ago_score", "indicative", "reason"),
        ),
    ),
    Theme(
        "health_sides",
        (
            *("body_name", "side", "sections_graded", "good_sections", "good_share", "met_share"),
            *("water_class", "reason"),
        ),
    ),
    Theme(
        "zone_compliance",
        ("zone_name", "variant", "rounds", "rounds_met", "met_share", "met", "indicative", "reason"),
        MappingProxyType({"round": (None,), "here": (True,)}),
    ),
    Theme("species_counts", ("species_group", "species_count", "surveys", "sites", "reason")),
    Theme(
        "waterbirds",
        (
            *("species", "site_complex", "survey_date", "count_low", "count_high", "one_percent"),
            *("estimate_year", "source", "indicative"),
        ),
        MappingProxyType({"reaches_one_percent": (True,)}),
    ),
    Theme(
        "access",
        (
            *("green_kind", "access_way", "access_basis", "limit_m", "access_share", "access_share_low"),
            *("access_share_high", "indicative", "reason"),
        ),
        whole=True,
    ),
    Theme(
        "rights_balance",
        ("resource", "granted", "bought", "sold", "used", "used_share", "traded_difference", "unit"),
        MappingProxyType({"level": ("all",)}),
    ),
)
"""What a delivery does not have, or has no row of in the period, is left out; None stands for null."""


@dataclass(frozen=True)
class ThemeTable:
    """A table as it is printed; `left_out` says where the rows are that it leaves out."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: str


def build_themes(area: AreaFigures, evidence: EvidenceBook) -> Iterator[ThemeTable]:
    """The tables of an area for the period, in order."""
    moment = area.moments.now
    for theme in THEMES:
        regions = {"region": [area.delivery.aoi]} if theme.whole else {}
        rows = area.delivery.list_rows(
            theme.table, period=[moment.label, moment.pair], **theme.where, **regions
        )
        if rows:
            yield _build_table(theme, rows, evidence)


def _build_table(theme: Theme, rows: Sequence[Row], evidence: EvidenceBook) -> ThemeTable:
    """Columns that hold something, under their names."""
    family = theme.table.partition("_")[0]
    held = [
        column
        for column in (name.format(language=evidence.language) for name in theme.columns)
        if column in rows[0].cells and any(row.text(column) for row in rows)
    ]
    shown = rows[:_MOST_ROWS]
    return ThemeTable(
        title=find_texts("sheet", evidence.language).get(theme.table, theme.table),
        headers=tuple(_name_headers(held, family, evidence.language)),
        rows=tuple(tuple(_write_value(row, column, family, evidence) for column in held) for row in shown),
        left_out=_say_left_out(len(rows) - len(shown), theme.table, evidence),
    )


def _name_headers(columns: Sequence[str], family: str, language: Language) -> list[str]:
    names = name_columns(columns, language, family)
    return [
        names[column] if column != _MARK else find_text("assessment.indicative", language)
        for column in columns
    ]


def _write_value(row: Row, column: str, family: str, evidence: EvidenceBook) -> str:
    """A cell as people read it: numbers with their unit, codes under their names, 参考 for `indicative`."""
    value, language = row.cells[column], evidence.language
    if pd.isna(value):
        return "—"
    if isinstance(value, bool):
        return _write_truth(value, column, language)
    if column.endswith(_YEAR):
        return evidence.write_words(row, column, f"{value:.0f}")
    if isinstance(value, (int, float)) and not list_values(column):
        unit = "share" if column in _SHARES else describe_column(column, family).unit
        return evidence.write_cell(row.cell(column, unit))
    said = _name_code(value, column, language)
    return said or evidence.write_words(row, column, choose_words(str(value), language))


def _write_truth(is_so: bool, column: str, language: Language) -> str:
    if column == _MARK:
        return find_text("assessment.indicative", language) if is_so else ""
    return find_text(f"bulletin.{'yes' if is_so else 'no'}", language)


def _name_code(value: Any, column: str, language: Language) -> str:
    """What a code, or a unit, is called; empty for words that are no code."""
    if column == "unit":
        return name_unit(str(value), language)
    names = {entry.code: entry.name(language) for entry in list_values(column)}
    names |= find_texts(f"bulletin.code.{column}", language)
    return names.get(str(int(value)) if isinstance(value, float) else str(value), "")


def _say_left_out(count: int, table: str, evidence: EvidenceBook) -> str:
    return find_text("bulletin.left_out", evidence.language).format(table=table) if count else ""
