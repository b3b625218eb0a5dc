"""The tables of targets, and of GDP beside GEP."""

from dataclasses import dataclass

import pandera.pandas as pa

from pipeline.contracts.columns import NUMBER, NUMBER_OR_NULL, TEXT, TEXT_OR_NULL, build_column, build_table
from pipeline.periods import Period

TARGET_STATUSES = ("failed", "behind", "unknown", "on_course", "met")
"""Statuses of targets, in the order in which they are shown."""

DIRECTIONS = ("at_least", "more_than", "at_most", "less_than", "equal")
"""What a figure must be to its target."""


@dataclass(frozen=True)
class Target:
    """A target as a table tells it, its figures in the unit of its indicator.

    It is to hold by the end of `period`: over all of it, or `at_end` alone. `decimals` is how many decimals
    it is written with, in that unit, None where that cannot be told. `file`, `sheet` and `row` (from 1) say
    where it stands, `written` how.
    """

    indicator: str
    place: str
    period: Period
    at_end: bool
    direction: str
    value: float
    decimals: int | None
    weight: float | None
    baseline: float | None
    baseline_period: Period | None
    tolerance: float | None
    unit_responsible: str | None
    source: str | None
    written: str
    file: str
    sheet: str
    row: int


TARGETS = build_table(
    "Targets",
    {
        "indicator": TEXT,
        "place": TEXT,
        "place_name": TEXT,
        "period": TEXT,
        "status": build_column(str, known=pa.Check.isin(TARGET_STATUSES)),
        "due": build_column(bool),
        "value": NUMBER_OR_NULL,
        "numerator": NUMBER_OR_NULL,
        "denominator": NUMBER_OR_NULL,
        "unit": TEXT,
        "direction": build_column(str, known=pa.Check.isin(DIRECTIONS)),
        "target": NUMBER,
        "target_period": TEXT,
        "deadline": TEXT,
        "gap": NUMBER_OR_NULL,
        "before_period": TEXT_OR_NULL,
        "before_value": NUMBER_OR_NULL,
        "before_change": NUMBER_OR_NULL,
        "year_ago_period": TEXT_OR_NULL,
        "year_ago_value": NUMBER_OR_NULL,
        "year_ago_change": NUMBER_OR_NULL,
        "compared_reason": TEXT_OR_NULL,
        "baseline_period": TEXT_OR_NULL,
        "baseline_value": NUMBER_OR_NULL,
        "tolerance": NUMBER_OR_NULL,
        "course_value": NUMBER_OR_NULL,
        "progress": NUMBER_OR_NULL,
        "weight": NUMBER_OR_NULL,
        "unit_responsible": TEXT_OR_NULL,
        "source": TEXT_OR_NULL,
        "indicative": build_column(bool),
        "reason": TEXT_OR_NULL,
        "evidence": TEXT_OR_NULL,
        "value_source": TEXT_OR_NULL,
        "written": TEXT,
        "file": TEXT,
        "sheet": TEXT_OR_NULL,
        "row": build_column(int),
    },
)
"""Each target beside the figures of the run: one row per target and period of the run while it is in force.

`place` is the id of an area, region or body, `period` that of the figure, `target_period` the one by whose
end, the day `deadline`, the target holds. All figures are in `unit`, that of the indicator; `gap` is value
less target, a `*_change` value less that of the last period, or of the same period a year ago, null with
`compared_reason`.

`status`: `met` where the figure is to the target what `direction` says; else, once it is `due`, `failed`;
before that `on_course` where it is no more than `tolerance` short of `course_value`, the line from the
baseline to the target at the end of the period, `behind` where it is; `unknown` with a `reason` where there
is no figure, no baseline or no tolerance. `due`: the figure holds for the whole period of the target, or for
its end where the target is of the end (年末). `progress` is (value - baseline) / (target - baseline).
`evidence` is the delivered table with the figure, `value_source` what it was made from; `written` is the
target as it stands in `file`, `sheet` and `row` (from 1). `indicative`: the figure rests on a parameter that
is not confirmed.
"""

TARGETS_SUMMARY = build_table(
    "TargetsSummary",
    {
        "place": TEXT,
        "place_name": TEXT,
        "period": TEXT,
        "target_period": TEXT,
        "deadline": TEXT,
        **{f"targets_{status}": build_column(int) for status in TARGET_STATUSES},
        "of": build_column(int),
        "weight_met": NUMBER_OR_NULL,
        "weight_known": NUMBER_OR_NULL,
        "weight_sum": NUMBER_OR_NULL,
        "share_met": NUMBER_OR_NULL,
        "share_met_low": NUMBER_OR_NULL,
        "share_met_high": NUMBER_OR_NULL,
        "reason": TEXT_OR_NULL,
    },
)
"""How many targets of a place and time are met in a period, and the weighted share of them.

`share_met` is `weight_met` by `weight_known`, the weights of targets whose status is known; `share_met_low`
and `share_met_high` are the shares if none, or all, of the others were met. Where no target has a weight all
weigh the same. `reason` says why a share is null, or what is to be said of the weights.
"""

JOINT_COURSES = ("both_kept", "gdp_kept", "gep_kept", "both_fell")
"""双评价: which of GDP and GEP did not fall."""

GDP_GEP = build_table(
    "GdpGep",
    {
        "region": TEXT,
        "name": TEXT,
        "period": TEXT,
        "gdp_yuan": NUMBER_OR_NULL,
        "gep_yuan": NUMBER_OR_NULL,
        "partial_yuan": NUMBER_OR_NULL,
        "known": build_column("Int64", nullable=True),
        "of": build_column("Int64", nullable=True),
        "gep_basis": TEXT_OR_NULL,
        "gdp_rank": build_column("Int64", nullable=True),
        "gdp_ranked": build_column(int),
        "gep_rank": build_column("Int64", nullable=True),
        "gep_ranked": build_column(int),
        "before_period": TEXT_OR_NULL,
        "gdp_change": NUMBER_OR_NULL,
        "gep_change": NUMBER_OR_NULL,
        "gep_comparable_change": NUMBER_OR_NULL,
        "joint": build_column(object, nullable=True, known=pa.Check.isin(JOINT_COURSES)),
        "gep_gdp_ratio": NUMBER_OR_NULL,
        "indicative": build_column(bool),
        "reason": TEXT_OR_NULL,
        "gdp_source": TEXT_OR_NULL,
    },
)
"""GDP and GEP of the area and of its regions, side by side: one row per region and period.

`gep_yuan` is null where not all indicators of the profile are known: then `partial_yuan` is the sum of
`known` of `of`, which is no GEP. Ranks are among the regions whose figure is known (`*_ranked` of them),
equal figures share a rank, the area has none. A `*_change` is the share by which it differs from
`before_period`, `gep_comparable_change` that in prices of one year.
"""
