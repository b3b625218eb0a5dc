"""Monthly means of every parameter at every section, in the order of time: what charts are drawn from."""

import pandas as pd

from pipeline.indices.sections.grades import classes
from pipeline.indices.sections.months import PLAIN_RULES, MeanRules, dated, label_of, monthly_means, within
from pipeline.indices.sections.places import Placed
from pipeline.periods import Period

_COLUMNS = ["section_id", "section", "period", "parameter", "value", "unit", "water_class", "samples"]


def monthly_series(
    found: Placed, days: Period, limits: pd.DataFrame, *, rules: MeanRules = PLAIN_RULES
) -> pd.DataFrame:
    """One row per section, parameter and month with data among `days`, by the rules of `sections.graded`.

    `period` is the month (`2024-04`), `value` its mean in `unit`, `water_class` the class of that mean alone
    (null for what the 21-item evaluation leaves out), `samples` how many values it rests on. Months without
    data have no row.
    """
    rows = monthly_means(within(dated(found.samples), days), rules)
    named = rows.join(found.sections[["section_id", "section", "water_body"]], on="place")
    evaluated = named["parameter"].isin(limits.loc[limits["in_21"] == "1", "code"])
    grades = classes(named["mean"], named["parameter"], named["water_body"], limits)
    units = found.samples.groupby("parameter", observed=True)["unit"].first()
    order = {code: number for number, code in enumerate(limits["code"].unique())}
    table = named.assign(
        period=label_of(named["month"]),
        value=named["mean"],
        unit=named["parameter"].map(units),
        water_class=grades.where(evaluated),
        order=named["parameter"].map(order).fillna(len(order)),
    )
    return table.sort_values(["place", "order", "parameter", "month"], ignore_index=True)[_COLUMNS]
