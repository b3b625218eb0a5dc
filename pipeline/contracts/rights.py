"""The tables of other rights: what is licensed, to whom, over what ground, what was used and traded."""

import pandera.pandas as pa

from pipeline.contracts.columns import (
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    build_column,
    build_table,
)

RIGHT_STATES = ("in_force", "not_begun", "expired", "ended", "unknown")
LINKED_TO = ("parcel", "section", "unit")
BALANCE_LEVELS = ("right", "holder", "all")

RIGHTS = build_table(
    "Rights",
    {
        "right_id": build_column(str, unique=True),
        "right_kind": TEXT,
        "number": TEXT_OR_NULL,
        "name": TEXT_OR_NULL,
        "holder": TEXT_OR_NULL,
        "holder_id": TEXT_OR_NULL,
        "credit_code": TEXT_OR_NULL,
        "user_code": TEXT_OR_NULL,
        "region": TEXT_OR_NULL,
        "valid_from": TEXT_OR_NULL,
        "valid_to": TEXT_OR_NULL,
        "status_told": TEXT_OR_NULL,
        "state": build_column(str, known=pa.Check.isin(RIGHT_STATES)),
        "state_day": TEXT,
        "amounts": TEXT_OR_NULL,
        "water": TEXT_OR_NULL,
        "section": TEXT_OR_NULL,
        "parcel_code": TEXT_OR_NULL,
        "area_registered_m2": NUMBER_OR_NULL,
        "area_m2": NUMBER_OR_NULL,
        "lon": NUMBER_OR_NULL,
        "lat": NUMBER_OR_NULL,
        "place_basis": TEXT_OR_NULL,
        "parcel_id": TEXT_OR_NULL,
        "restricted_kind": TEXT_OR_NULL,
        "restricted_share": NUMBER_OR_NULL,
        "reason": TEXT_OR_NULL,
        "file": TEXT,
        "sheet": TEXT_OR_NULL,
        "row": build_column(int),
    },
)
"""One row per right that lies in the area, or whose place is not told.

`state` holds on `state_day`, the last day of the run's last period, `status_told` is as the register words
it. `holder_id` is the credit code, else the code or the name that the register gives the unit; of a person a
number. `amounts` says in words what RIGHTS_BALANCE has in figures. `place_basis` is polygon, point or parcel,
null where no place is told (`reason`); `parcel_id` is the linked parcel with the largest part.
"""

RIGHTS_LINKS = build_table(
    "RightsLinks",
    {
        "right_id": TEXT,
        "linked_to": build_column(str, known=pa.Check.isin(LINKED_TO)),
        "linked_id": TEXT,
        "linked_by": TEXT,
        "distance_m": NUMBER_OR_NULL,
        "area_m2": NUMBER_OR_NULL,
        "share": NUMBER_OR_NULL,
    },
)
"""What a right is linked to, and how.

Parcels by `code` (of the real-estate or registration unit, or 宗地代码), `name` or `place`; sections by
`name` or `near` (within a stated distance on the same water); units by `credit_code`. `area_m2` is what of
the right's ground lies in the parcel, `share` that of all its ground.
"""

RIGHTS_TRADES = build_table(
    "RightsTrades",
    {
        "trade_id": TEXT,
        "right_kind": TEXT,
        "resource": TEXT,
        "side": build_column(str, known=pa.Check.isin(("buyer", "seller"))),
        "party": TEXT_OR_NULL,
        "party_id": TEXT_OR_NULL,
        "party_rights": TEXT_OR_NULL,
        "change": NUMBER_OR_NULL,
        "unit": TEXT,
        "day": TEXT_OR_NULL,
        "period": TEXT_OR_NULL,
        "price_yuan": NUMBER_OR_NULL,
        "total_yuan": NUMBER_OR_NULL,
        "reason": TEXT_OR_NULL,
        "file": TEXT,
        "sheet": TEXT_OR_NULL,
        "row": build_column(int),
    },
)
"""Trades by double entry: one row per side and resource; `change` is what the party gains, below 0: it sells.

Over each trade, and each kind, resource and `period` (calendar year), changes of a balanced book sum to 0.
`party_rights` are rights of the party that the trade is of, joined by `;`.
"""

RIGHTS_BALANCE = build_table(
    "RightsBalance",
    {
        "level": build_column(str, known=pa.Check.isin(BALANCE_LEVELS)),
        "resource": TEXT,
        "period": TEXT,
        "right_id": TEXT_OR_NULL,
        "holder_id": TEXT_OR_NULL,
        "holder": TEXT_OR_NULL,
        "right_count": build_column(int),
        "granted": NUMBER_OR_NULL,
        "bought": NUMBER_OR_NULL,
        "sold": NUMBER_OR_NULL,
        "used": NUMBER_OR_NULL,
        "left_amount": NUMBER_OR_NULL,
        "used_share": NUMBER_OR_NULL,
        "traded_difference": NUMBER_OR_NULL,
        "unit": TEXT,
        "reason": TEXT_OR_NULL,
    },
)
"""What was granted, bought, sold and used, by resource and calendar year.

Rows of a `right` have what its register says; rows of a `holder` sum its rights and have its trades; the row
of `all` sums holders. `left_amount` is granted + bought - sold - used, `used_share` is used over granted +
bought - sold, `traded_difference` (rows of `all`) bought - sold: 0 in a balanced book.
"""
