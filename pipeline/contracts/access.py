"""Tables of access to green and parks."""

import pandera.pandas as pa

from pipeline.contracts.columns import (
    NUMBER,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    build_column,
    build_table,
)

_KIND = build_column(str, known=pa.Check.isin(["green", "park"]))
_WAY = build_column(str, known=pa.Check.isin(["straight", "streets"]))
_BASIS = build_column(str, known=pa.Check.isin(["land", "buildings", "residents", "population"]))
_COUNT = build_column(int, at_least=pa.Check.ge(0))
_AMOUNT = build_column(float, nullable=True, at_least=pa.Check.ge(0))
_SHARE = build_column(float, nullable=True, share=pa.Check.in_range(0, 1))

ACCESS = build_table(
    "Access",
    {
        "region": TEXT,
        "region_name": TEXT,
        "period": TEXT,
        "green_kind": _KIND,
        "access_way": _WAY,
        "access_basis": _BASIS,
        "limit_m": NUMBER,
        "least_place_m2": NUMBER,
        "places_counted": _COUNT,
        "homes_counted": _COUNT,
        "homes_amount": _AMOUNT,
        "served": _AMOUNT,
        "unserved": _AMOUNT,
        "unserved_near_edge": _AMOUNT,
        "not_reached": _AMOUNT,
        "unit": TEXT,
        "access_share": _SHARE,
        "access_share_low": _SHARE,
        "access_share_high": _SHARE,
        "indicative": build_column(bool),
        "source": TEXT,
        "reason": TEXT_OR_NULL,
    },
)
"""One row per region (the area itself first), period, kind of place, way and basis.

`access_basis`: housing land (m2), footprints of buildings (m2), residents of buildings (people), a raster of
population (people). `served`, `unserved` and `not_reached` are together `homes_amount`; `access_share` is
served / (served + unserved). What is not reached is on no street, or on streets that lead to no place:
unknown, not unserved. `unserved_near_edge` are those of the unserved whose limit reaches over the border of
the area, beyond which places are not known. `access_share_low` counts all that is unknown as unserved,
`access_share_high` as served, and that near the edge as well.
"""

ACCESS_UNSERVED = build_table(
    "AccessUnserved",
    {
        "home_id": TEXT,
        "home_name": TEXT_OR_NULL,
        "region": TEXT,
        "region_name": TEXT,
        "period": TEXT,
        "green_kind": _KIND,
        "access_way": _WAY,
        "homes_from": TEXT,
        "access_status": build_column(str, known=pa.Check.isin(["unserved", "not_reached"])),
        "home_m2": NUMBER,
        "unserved_m2": _AMOUNT,
        "home_people": _AMOUNT,
        "unserved_people": _AMOUNT,
        "nearest_m": NUMBER_OR_NULL,
        "nearest_place": TEXT_OR_NULL,
        "near_edge": build_column(bool),
        "reason": TEXT_OR_NULL,
    },
)
"""Homes of the last period, or parts of them, that are not served, by kind of place and way.

`nearest_m` is the way from the middle of the part that is not served to the nearest known place; `near_edge`:
its limit reaches over the border of the area, beyond which places are not known. People are null where none
are told.
"""

ACCESS_INPUTS = build_table(
    "AccessInputs",
    {
        "input": TEXT,
        "file": TEXT,
        "features_read": _COUNT,
        "features_used": _COUNT,
        "remark_zh": TEXT,
        "remark_en": TEXT,
    },
)
"""What the shares rest on: one row per input and remark."""
