"""Monthly means of every parameter at every section, in the order of time: what charts are drawn from."""

import pandas as pd

from pipeline.indices.sections.limits import classify_values
from pipeline.indices.sections.months import (
    PLAIN_RULES,
    MeanRules,
    compute_monthly_means,
    date_samples,
    label_months,
    select_period,
)
from pipeline.indices.sections.places import PlacedSamples
from pipeline.periods import Period

_COLUMNS = ["section_id", "section", "period", "parameter", "value", "unit", "water_class", "samples"]


def build_monthly_series(
    found: PlacedSamples, days: Period, limits: pd.DataFrame, *, rules: MeanRules = PLAIN_RULES
) -> pd.DataFrame:
    """One row a section, parameter and month with data among `days`, by the rules of `grades.grade_periods`.

    `period` is the month (`2024-04`), `value` its mean in `unit`, `water_class` the class of that mean alone
    (null for what the 21-item evaluation leaves out), `samples` how many values it rests on. Months without
    data have no row.
    """
    rows = compute_monthly_means(select_period(date_samples(found.samples), days), rules)
    named = rows.join(found.sections[["section_id", "section", "water_body"]], on="place")
    evaluated = named["parameter"].isin(limits.loc[limits["in_21"] == "1", "code"])
    grades = classify_values(named["mean"], named["parameter"], named["water_body"], limits)
    units = found.samples.groupby("parameter", observed=True)["unit"].first()
    order = {code: number for number, code in enumerate(limits["code"].unique())}
    table = named.assign(
        period=label_months(named["month"]),
        value=named["mean"],
        unit=named["parameter"].map(units),
        water_class=grades.where(evaluated),
        order=named["parameter"].map(order).fillna(len(order)),
    )
    return table.sort_values(["place", "order", "parameter", "month"], ignore_index=True)[_COLUMNS]
