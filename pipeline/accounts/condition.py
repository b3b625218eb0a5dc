"""Condition of ecosystem types at the beginning and the end of a time, in the form of SEEA EA table 5.2.

What to call: `condition = build_condition(sums, sections, aoi_id=...)`, with ACCOUNT_SUMS and SECTION_STATUS
of all periods; it is ACCOUNT_CONDITION.
"""

from itertools import pairwise

import pandas as pd

from pipeline.accounts.books import join_book
from pipeline.accounts.extent import UNKNOWN, sum_types
from pipeline.contracts import ACCOUNT_CONDITION

CONDITION_VARIABLES = {"fvc": "1", "npp": "t C/ha/a"}
"""Account variables that tell of condition, with their unit: means over the area where they are known."""

GOOD_SECTIONS = "good_sections"
GOOD_CLASS = 3
"""Water of class III or better of GB 3838-2002 is good (地表水环境质量评价办法（试行）, 环办〔2011〕22号)."""

_WETLAND = "湿地"
_NOT_MEASURED = "期初或期末无已知面积 / no known area at one of the times"
_NOT_GRADED = "期初或期末无可评价断面 / no section could be graded at one of the times"
_TYPE = ["region", "basis", "account_class", "variable", "unit"]


def build_condition(sums: pd.DataFrame, sections: pd.DataFrame, *, aoi_id: str) -> pd.DataFrame:
    """ACCOUNT_CONDITION of each region and of the whole aoi, of variables that the sums have.

    A value is the sum of value times area by the area where it is known; that of the sections is the share
    of those of class III or better in those that could be graded, over the whole aoi.
    """
    states = [*_sum_variables(sums, aoi_id), *_count_sections(sections, aoi_id)]
    pairs = pairwise(sorted(sums["period"].unique())) if states else ()
    tables = [_compare_states(pd.concat(states, ignore_index=True), *pair) for pair in pairs]
    return join_book(tables, ACCOUNT_CONDITION)


def _sum_variables(sums: pd.DataFrame, aoi_id: str) -> list[pd.DataFrame]:
    """Numerator and denominator of each variable, by region, period, basis and type."""
    names = [name for name in CONDITION_VARIABLES if name in sums]
    columns = [*names, *(f"{name}_m2" for name in names)]
    rows = sum_types(sums, columns, aoi_id=aoi_id) if names else pd.DataFrame()
    return [
        rows[["region", "period", "basis", "account_class"]]
        .assign(variable=name, unit=CONDITION_VARIABLES[name])
        .assign(numerator=rows[name], denominator=rows[f"{name}_m2"])[rows["account_class"] != UNKNOWN]
        for name in names
    ]


def _count_sections(sections: pd.DataFrame, aoi_id: str) -> list[pd.DataFrame]:
    """Sections of class III or better, and those that could be graded, by period, of both bases."""
    if sections.empty:
        return []
    graded = sections["water_class"].notna()
    good = sections["water_class"].le(GOOD_CLASS).fillna(value=False)
    counts = pd.DataFrame({"numerator": good, "denominator": graded}).astype(float)
    counts = counts.groupby(sections["period"]).sum().reset_index()
    counts = counts.assign(region=aoi_id, account_class=_WETLAND, variable=GOOD_SECTIONS, unit="share")
    return [counts.assign(basis=basis) for basis in ("registered", "mapped")]


def _compare_states(states: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    """Opening and closing of every variable and type that one of the periods has."""
    opening, closing = (
        states[states["period"] == label]
        .set_index(_TYPE)[["numerator", "denominator"]]
        .add_prefix(f"{time}_")
        for label, time in ((before, "opening"), (after, "closing"))
    )
    table = opening.join(closing, how="outer").reset_index()
    for time in ("opening", "closing"):
        known = table[f"{time}_denominator"].fillna(0.0)
        table[f"{time}_denominator"] = known
        table[f"{time}_numerator"] = table[f"{time}_numerator"].where(known > 0)
        table[f"{time}_value"] = table[f"{time}_numerator"] / known.where(known > 0)
    change = table["closing_value"] - table["opening_value"]
    why = table["variable"].map(lambda name: _NOT_GRADED if name == GOOD_SECTIONS else _NOT_MEASURED)
    return table.assign(
        from_period=before, to_period=after, change_value=change, reason=why.where(change.isna(), None)
    )
