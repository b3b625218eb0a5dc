"""Targets beside the figures of a run: which are in force when, what stands beside each, what it comes to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pipeline.assessment.figures import Figures
from pipeline.assessment.reasons import join_reasons
from pipeline.assessment.target_status import Comparison, judge
from pipeline.contracts import TARGETS, Target, check_table
from pipeline.periods import Period, find_before, find_year_ago

_BEGINS_LATER = (
    "本运行自 {first} 起，不含目标时段，scenes.start 提前则有 / "
    "this run begins with {first}, after the target's time: set scenes.start earlier"
)
_NO_SUCH_PERIOD = (
    "本运行的分期里没有 {label}，scenes.period 改短则有 / "
    "no period of this run is, or ends with, {label}: take a shorter scenes.period"
)
_NOTHING_BEFORE = (
    "本运行自 {first} 起，scenes.start 提前则可比 / this run begins with {first}: set scenes.start earlier"
)
_NOT_KNOWN_THEN = "前期的数未知 / the earlier figure is not known"
_OF_A_PART = (
    "按 {label} 的数判断，{whole} 全时段的数须另按该分期运行 / "
    "by the figure of {label}; one of all of {whole} needs a run of such periods"
)


_BESIDE = ("decimals", "elapsed", "told")
"""What the judgement needs besides: decimals of the target, how much of its time is over, a reason."""


@dataclass(frozen=True)
class TargetRules:
    """How figures are held against targets, as the config has it.

    `baseline` is the period of the run whose figure is that of targets that tell none; `tolerance` is by
    indicator.
    """

    baseline: Period | None = None
    tolerance: Mapping[str, float] = field(default_factory=dict)
    comparison: Comparison = "full"


@dataclass(frozen=True)
class _Force:
    """A target in force in a period of the run; `period` is None where none can tell of it, for a reason."""

    target: Target
    period: Period | None
    due: bool = False
    reason: str | None = None


def hold_targets(
    targets: Sequence[Target],
    figures: Figures,
    periods: Sequence[Period],
    rules: TargetRules,
    *,
    names: Mapping[str, str],
    units: Mapping[str, str],
) -> pd.DataFrame:
    """Each target beside the figures of the periods in which it is in force (`contracts.TARGETS`).

    `names` are those of the places by id, `units` those of the indicators by code.
    """
    rows = [
        _build_row(one, figures, periods, rules)
        for target in targets
        for one in list_in_force(target, periods, rules)
    ]
    table = pd.DataFrame(rows, columns=[*TARGETS.columns, *_BESIDE])
    table = table.assign(
        place_name=[names.get(place, place) for place in table["place"]],
        unit=[units[indicator] for indicator in table["indicator"]],
    )
    judged = judge(table, rules.comparison)
    checked: pd.DataFrame = check_table(judged[list(TARGETS.columns)], TARGETS)
    return checked


def list_in_force(target: Target, periods: Sequence[Period], rules: TargetRules) -> Iterator[_Force]:
    """The periods in which a target is in force: from its baseline, else from its time on, up to its end.

    The newest period is one where the target's time only comes after the run. A target of which no period can
    tell gives one row that says why.
    """
    ended = [period for period in periods if period.last <= target.period.last]
    baseline = target.baseline_period or rules.baseline
    begun = [period for period in ended if _has_begun(period, target, baseline)]
    newest = [period for period in ended[-1:] if period == periods[-1]]
    for period in begun or newest:
        yield _Force(target, period, _is_due(period, target))
    if not (begun or newest):
        yield _Force(target, None, reason=_explain_absence(target, periods))


def _has_begun(period: Period, target: Target, baseline: Period | None) -> bool:
    return period.last > baseline.last if baseline else period.last >= target.period.first


def _is_due(period: Period, target: Target) -> bool:
    if period.last != target.period.last:
        return False
    return target.at_end or period.first == target.period.first


def _explain_absence(target: Target, periods: Sequence[Period]) -> str:
    if target.period.last < periods[0].first:
        return _BEGINS_LATER.format(first=periods[0].label)
    return _NO_SUCH_PERIOD.format(label=target.period.label)


def _build_row(
    force: _Force, figures: Figures, periods: Sequence[Period], rules: TargetRules
) -> dict[str, Any]:
    """A row of TARGETS without what follows from its figures."""
    target, period = force.target, force.period
    figure = figures.find(target.indicator, target.place, period.label if period else None)
    baseline, since = _find_baseline(target, figures, rules)
    tolerance = target.tolerance if target.tolerance is not None else rules.tolerance.get(target.indicator)
    return {
        "indicator": target.indicator,
        "place": target.place,
        "period": period.label if period else target.period.label,
        "due": force.due,
        "value": figure.value if period else None,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "direction": target.direction,
        "target": target.value,
        "target_period": target.period.label,
        "deadline": target.period.last.isoformat(),
        **_compare(target, period, figure.value, figures, periods),
        "baseline_period": since.label if since else None,
        "baseline_value": baseline,
        "tolerance": tolerance,
        "weight": target.weight,
        "unit_responsible": target.unit_responsible,
        "source": target.source,
        "indicative": figure.indicative,
        "evidence": None,
        "value_source": figure.source,
        "written": target.written,
        "file": target.file,
        "sheet": target.sheet or None,
        "row": target.row,
        "decimals": target.decimals,
        "elapsed": _measure_time(since, period, target.period),
        "told": force.reason or figure.reason or _explain_part(force),
    }


def _find_baseline(
    target: Target, figures: Figures, rules: TargetRules
) -> tuple[float | None, Period | None]:
    """Baseline and its time: those of the target, else the figure of the period that the config names."""
    if target.baseline is not None:
        return target.baseline, target.baseline_period
    since = target.baseline_period or rules.baseline
    value = figures.find(target.indicator, target.place, since.label).value if since else None
    return value, since


def _compare(
    target: Target,
    period: Period | None,
    value: float | None,
    figures: Figures,
    periods: Sequence[Period],
) -> dict[str, Any]:
    """The figures of the last period and of the same one a year ago, and how far the value is from them."""
    found: dict[str, Any] = {}
    reasons = []
    for name, find in (("before", find_before), ("year_ago", find_year_ago)):
        earlier = find(period, periods) if period else None
        then = figures.find(target.indicator, target.place, earlier.label).value if earlier else None
        known = value is not None and then is not None
        found[f"{name}_period"] = earlier.label if earlier else None
        found[f"{name}_value"] = then
        found[f"{name}_change"] = value - then if value is not None and then is not None else None
        missing = _NOT_KNOWN_THEN if earlier else _NOTHING_BEFORE.format(first=periods[0].label)
        reasons += [] if known or value is None else [missing]
    return {**found, "compared_reason": join_reasons(reasons)}


def _measure_time(since: Period | None, period: Period | None, of: Period) -> float | None:
    """Share of the time from the end of the baseline to the end of the target that is over."""
    if period and period.last == of.last:
        return 1.0
    if since is None or period is None or since.last >= of.last:
        return None
    return (period.last - since.last).days / (of.last - since.last).days


def _explain_part(force: _Force) -> str | None:
    """What is to be said of a figure at the end of a target's time that is not of all of that time."""
    target, period = force.target, force.period
    if period is None or force.due or period.last != target.period.last:
        return None
    return _OF_A_PART.format(label=period.label, whole=target.period.label)
