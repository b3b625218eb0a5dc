"""Tables of the accounts in the form of SEEA EA: extent, condition, supply and use, why value changed."""

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

_BASIS = build_column(str, known=pa.Check.isin(("registered", "mapped")))

ACCOUNT_EXTENT = build_table(
    "AccountExtent",
    {
        "region": TEXT,
        "basis": _BASIS,
        "from_period": TEXT,
        "to_period": TEXT,
        "account_class": TEXT,
        "opening_m2": AREA,
        "additions_m2": NUMBER_OR_NULL,
        "managed_additions_m2": NUMBER_OR_NULL,
        "counted_additions_m2": NUMBER_OR_NULL,
        "reductions_m2": NUMBER_OR_NULL,
        "managed_reductions_m2": NUMBER_OR_NULL,
        "counted_reductions_m2": NUMBER_OR_NULL,
        "net_change_m2": NUMBER,
        "closing_m2": AREA,
        "reason": TEXT_OR_NULL,
    },
)
"""Extent of ecosystem types in the form of SEEA EA table 4.1: one row per region, basis, time and type.

Opening extent plus additions less reductions is the closing extent. The class `unknown` is ground without a
class, so that types and unknown are the region; `total` is the region. `managed_*` is what came from, or went
to, ground that people keep (farmland, urban); `counted_*` is what of it is more than noise of the maps.
`reason` says why additions and reductions are null: opening and closing alone tell the net change.
"""

ACCOUNT_CONDITION = build_table(
    "AccountCondition",
    {
        "region": TEXT,
        "basis": _BASIS,
        "from_period": TEXT,
        "to_period": TEXT,
        "account_class": TEXT,
        "variable": TEXT,
        "unit": TEXT,
        "opening_numerator": NUMBER_OR_NULL,
        "opening_denominator": NUMBER,
        "opening_value": NUMBER_OR_NULL,
        "closing_numerator": NUMBER_OR_NULL,
        "closing_denominator": NUMBER,
        "closing_value": NUMBER_OR_NULL,
        "change_value": NUMBER_OR_NULL,
        "reason": TEXT_OR_NULL,
    },
)
"""Condition of ecosystem types (SEEA EA table 5.2): one row per region, time, type and variable.

A value is its numerator by its denominator: the sum of value times area by the area where it is known, or the
sections of class III or better by the sections that could be graded.
"""

ACCOUNT_SERVICES = build_table(
    "AccountServices",
    {
        "region": TEXT,
        "period": TEXT,
        "basis": _BASIS,
        "flow": build_column(str, known=pa.Check.isin(("supply", "use"))),
        "account_class": TEXT_OR_NULL,
        "sector": TEXT_OR_NULL,
        "service": TEXT,
        "item": TEXT,
        "quantity": NUMBER_OR_NULL,
        "unit": TEXT,
        "value_yuan": NUMBER_OR_NULL,
        "comparable_yuan": NUMBER_OR_NULL,
        "indicative": build_column(bool),
        "reason": TEXT_OR_NULL,
    },
)
"""Supply and use of services (SEEA EA tables 7.1): supply by class of ecosystem, use by sector.

Of each service and item what is supplied is used. `sector` is null, with a reason, of use that no statistic
tells of, and of supply.
"""

ACCOUNT_BRIDGE = build_table(
    "AccountBridge",
    {
        "region": TEXT,
        "basis": _BASIS,
        "from_period": TEXT,
        "to_period": TEXT,
        "service": TEXT,
        "item": TEXT,
        "account_class": TEXT_OR_NULL,
        "opening_yuan": NUMBER_OR_NULL,
        "extent_yuan": NUMBER_OR_NULL,
        "intensity_yuan": NUMBER_OR_NULL,
        "price_yuan": NUMBER_OR_NULL,
        "method_yuan": NUMBER_OR_NULL,
        "scope_yuan": NUMBER_OR_NULL,
        "closing_yuan": NUMBER_OR_NULL,
        "reason": TEXT_OR_NULL,
    },
)
"""Why value changed from one period to another: parts that sum to the difference to 1e-6 yuan.

`extent_yuan` is by more or less area, `intensity_yuan` by quantity per hectare, `price_yuan` by price,
`method_yuan` by method or parameters; `scope_yuan` is the value of what is known at one of the times only.
Values are in prices of the period. A row with a class is of that class; without, of the item. The row `total`
opens and closes with the published sum; `outside` is what of it is deducted as value from outside.
"""
