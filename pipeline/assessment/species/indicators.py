"""The figures that species come to, as indicators of the area."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from pipeline.assessment.species.waterbirds import NO_TABLE
from pipeline.periods import Period

_NO_YEAR_AGO = (
    "运行时段不含上年同期（scenes.start 更早）/ the run does not reach back a year (an earlier scenes.start)"
)
_NO_EFFORT = "与上年同期没有可比的调查 / no survey is comparable with one a year ago"
_NEVER_SURVEYED = "至本期末从未调查该类群 / the group was never surveyed until the end of this period"
_KNOWN = "species_records：全部调查资料，至本期末 / all records until the end of the period"
_NO_WATERBIRDS = "本期未调查水鸟 / waterbirds were not surveyed in this period"


def build_species_indicators(
    periods: Sequence[Period],
    cycle: int,
    counts: pd.DataFrame,
    change: pd.DataFrame,
    waterbirds: pd.DataFrame,
    *,
    has_estimates: bool,
) -> list[dict[str, Any]]:
    """Rows of INDICATORS but for the area: species by group, new and lost ones, waterbirds that reach 1 %.

    `low` and `high` of the latter are without and with the species that effort or counts leave open; `cycle`
    is the periods in a year.
    """
    ago = {period.label for period in periods[cycle:]}
    return [
        *(told for _, row in counts.iterrows() for told in _tell_counts(row)),
        *(row for one in periods for row in _list_changes(change, one.label, reaches_back=one.label in ago)),
        *(_count_reaching(counts, waterbirds, one.label, has_estimates=has_estimates) for one in periods),
    ]


def _tell_counts(row: pd.Series) -> Iterator[dict[str, Any]]:
    """Species of a group found in the period, and known until its end."""
    source = (
        f"species_counts：{row['sites']} 个样点 {row['surveys']} 次调查 / {row['surveys']} surveys at "
        f"{row['sites']} sites"
    )
    group, period = row["species_group"], row["period"]
    found, known = (_find_number(row[name]) for name in ("species_count", "known_count"))
    unseen = row["reason"] if found is None else None
    yield _build_row(f"{group}_species_count", period, found, source, unseen)
    reason = _NEVER_SURVEYED if known is None else None
    yield _build_row(f"{group}_species_known", period, known, _KNOWN, reason)


def _find_number(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _list_changes(change: pd.DataFrame, period: str, *, reaches_back: bool) -> Iterator[dict[str, Any]]:
    """New and lost species since a year ago; null where no site and season was surveyed both times."""
    rows = change[(change["comparison"] == "year_ago") & (change["period"] == period)]
    reason = None if (rows["efforts_shared"] > 0).any() else _NO_EFFORT if reaches_back else _NO_YEAR_AGO
    found = rows["species_change"].value_counts()
    for name in ("new", "lost"):
        sure, open_ = int(found.get(name, 0)), int(found.get(f"unknown_{name}", 0))
        source = f"species_change：另有 {open_} 种投入不可比 / {open_} more without comparable effort"
        bounds = (None, None) if reason else (sure, sure + open_)
        yield _build_row(
            f"{name}_species_count", period, None if reason else sure, source, reason, bounds=bounds
        )


def _count_reaching(
    counts: pd.DataFrame, waterbirds: pd.DataFrame, period: str, *, has_estimates: bool
) -> dict[str, Any]:
    """Waterbirds shown to reach 1 %; `high` adds those whose count leaves it open."""
    surveyed = counts[(counts["period"] == period) & (counts["species_group"] == "waterbird")]
    rows = waterbirds[waterbirds["period"] == period]
    reason = None if has_estimates else NO_TABLE
    reason = _NO_WATERBIRDS if surveyed["species_count"].isna().all() else reason
    known = rows[rows["one_percent"].notna()]
    decided = known["reaches_one_percent"].dropna()
    reached, undecided = int(decided.sum()), len(known) - len(decided)
    source = (
        f"waterbirds：{len(rows)} 种中 {len(known)} 种有种群数量，{undecided} 种不能确定 / of {len(rows)} "
        f"species {len(known)} have an estimate, {undecided} are undecided"
    )
    bounds = (None, None) if reason else (reached, reached + undecided)
    return _build_row(
        "waterbird_species_1pct", period, None if reason else reached, source, reason, bounds=bounds
    )


def _build_row(
    indicator: str,
    period: str,
    value: float | None,
    source: str,
    reason: str | None,
    *,
    bounds: tuple[float | None, float | None] = (None, None),
) -> dict[str, Any]:
    low, high = bounds
    return {
        "indicator": indicator,
        "period": period,
        "value": value,
        "unit": "species",
        "numerator": None,
        "denominator": None,
        "low": low,
        "high": high,
        "target": None,
        "source": source,
        "reason": reason,
    }
