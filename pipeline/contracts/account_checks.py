"""The tables by which accounts are checked: whether they balance, and how their bases differ."""

import pandera.pandas as pa

from pipeline.contracts.columns import (
    AREA,
    NUMBER,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    build_column,
    build_table,
)

ACCOUNT_BALANCE = build_table(
    "AccountBalance",
    {
        "period": TEXT,
        "basis": TEXT_OR_NULL,
        "subject": TEXT,
        "item": TEXT,
        "figure": build_column(str, known=pa.Check.isin(("area", "variable", "quantity", "value"))),
        "parts": build_column(str, known=pa.Check.isin(("units", "regions", "classes", "closure", "ground"))),
        "unit": TEXT,
        "parts_sum": NUMBER,
        "whole": NUMBER,
        "difference": NUMBER_OR_NULL,
        "note": TEXT,
    },
)
"""Books that must balance: one row per period, basis, subject and way in which it is cut into parts.

`subject` is `area`, an account variable or the code of a service; `parts` are parcels and what is outside
them (`units`), `regions` or `classes`; `closure`: areas as measured, before they were adjusted to their
control area; `ground`: units against the area summed as one piece. `difference` is `parts_sum` by `whole`,
less 1; null where the whole is 0.
"""

ACCOUNT_BASES = build_table(
    "AccountBases",
    {
        "period": TEXT,
        "service": TEXT,
        "item": TEXT,
        "account_class": TEXT,
        "unit": TEXT,
        "registered_m2": AREA,
        "mapped_m2": AREA,
        "registered_quantity": NUMBER_OR_NULL,
        "mapped_quantity": NUMBER_OR_NULL,
        "registered_yuan": NUMBER_OR_NULL,
        "mapped_yuan": NUMBER_OR_NULL,
        "difference_yuan": NUMBER_OR_NULL,
    },
)
"""Why accounts by registered and by mapped classes differ: each service by ecosystem type of either basis.

`difference_yuan` is mapped less registered; what a class lacks on a basis counts as nothing supplied. The
differences of the classes of an item sum to that of the totals, which is the row of the class `total`.
"""
