"""The tables of the accounts: what lies under units, what statistics say, what services come to."""

import pandera.pandas as pa

from pipeline.contracts.columns import (
    AREA,
    NUMBER,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    build_column,
    build_table,
    mark_compact,
)

_KINDS = ("parcel", "outside", "project")
_BASES = ("registered", "mapped")
_PERIOD = TEXT
_FLAG = build_column(bool)

STATISTICS = build_table(
    "Statistics",
    {
        "region": TEXT,
        "year": build_column(int),
        "item": TEXT,
        "product": TEXT_OR_NULL,
        "value": NUMBER,
        "unit": TEXT,
        "source": TEXT_OR_NULL,
        "file": TEXT,
        "sheet": TEXT_OR_NULL,
        "row": build_column(int),
    },
)
"""Long table of what offices publish: one row per region, year and item (a code of `statistic_items`).

`region` is the id of a region or of the aoi; `product` names what is told of by products; `value` is in
`unit`, that of the item. `file`, `sheet` and `row` (1-based, as a spreadsheet counts) say where it stands.
"""

REGIONS = build_table("Regions", {"region": build_column(str, unique=True), "name": TEXT})
"""Towns or villages of an area, their geometry (EPSG:4490) cut to it and apart from each other."""

PROJECTS = build_table(
    "Projects",
    {
        "project": build_column(str, unique=True),
        "name": TEXT,
        "kind": build_column(str, known=pa.Check.isin(("belt", "village", "pledged", "carbon"))),
        "start": TEXT_OR_NULL,
        "end": TEXT_OR_NULL,
        "holder": TEXT_OR_NULL,
        "right": TEXT_OR_NULL,
        "documents": TEXT_OR_NULL,
        "methodology": TEXT_OR_NULL,
        "intertidal": build_column("boolean", nullable=True),
        "alien_species": TEXT_OR_NULL,
    },
)
"""Projects of an area: one row each, their geometry (EPSG:4490) cut to it; they may overlap.

`start` and `end` are days (ISO 8601), null: not told. `holder` and `right` are who holds the ground and by
which right, `documents` what proves it, `methodology` under which carbon is to be counted. `alien_species`
names those that grow there, `none` where it is stated that none does; null: nothing is told.
"""

ACCOUNT_SUMS = build_table(
    "AccountSums",
    {
        "unit_id": TEXT,
        "kind": build_column(str, known=pa.Check.isin(_KINDS)),
        "parcel_id": TEXT_OR_NULL,
        "region": TEXT,
        "project": TEXT_OR_NULL,
        "counted": _FLAG,
        "period": _PERIOD,
        "dlbm": TEXT_OR_NULL,
        "ecosystem": TEXT_OR_NULL,
        "mapped": TEXT_OR_NULL,
        "area_m2": AREA,
    },
)
"""What lies under each unit by mapped class: one row per unit, period and mapped class.

A unit is a piece of ground: a parcel within one region (`kind` parcel), what no parcel covers of a region
(outside), or a project. `counted` is false of what an earlier parcel covers already, and of projects: it is
left out of totals, so that counted units are the area, each piece of ground once. `dlbm` and `ecosystem` are
as registered, null outside; `mapped` is the class on the map, null where none is known.

For every account variable that is given there are two columns: `<variable>`, the sum over pixels of value
times area (its unit times m2), and `<variable>_m2`, the area where it is known.
"""

ACCOUNT_PARAMETERS = build_table(
    "AccountParameters",
    {
        "key": TEXT,
        "class": TEXT_OR_NULL,
        "region": TEXT_OR_NULL,
        "value": NUMBER,
        "low": NUMBER_OR_NULL,
        "high": NUMBER_OR_NULL,
        "unit": TEXT,
        "price_year": build_column("Int64", nullable=True),
        "source": TEXT,
        "confirmed": _FLAG,
        "origin": TEXT,
        "services": TEXT_OR_NULL,
    },
)
"""Parameters: one row per key, class and region; `low` and `high` hold the value in 95 of 100 cases.

`class` is a code of the third survey, an ecosystem type or a mapped class, null: of all. `origin` is the file
that it was taken from, `services` are the codes of those that used it, joined by `;`. A delivery has the
column `doubt` besides: what speaks against a figure, null where nothing does.
"""

ACCOUNT_PRICES = build_table(
    "AccountPrices",
    {
        "index_kind": TEXT_OR_NULL,
        "year": build_column(int),
        "price_index": build_column(float, positive=pa.Check.gt(0)),
    },
)
"""The index that moves prices: of one base, by kind and year; no rows where none was given."""

ACCOUNT_CHOICES = build_table("AccountChoices", {"choice": build_column(str, unique=True), "option": TEXT})
"""What was chosen: rows `profile` and `price_year`, then the variant of each formula (`Choices`)."""

ACCOUNT_ITEMS = build_table(
    "AccountItems",
    {
        "unit_id": TEXT,
        "kind": build_column(str, known=pa.Check.isin(_KINDS)),
        "parcel_id": TEXT_OR_NULL,
        "region": TEXT,
        "project": TEXT_OR_NULL,
        "counted": _FLAG,
        "period": _PERIOD,
        "basis": build_column(str, known=pa.Check.isin(_BASES)),
        "account_class": TEXT_OR_NULL,
        "area_m2": AREA,
        "service": TEXT,
        "item": TEXT,
        "quantity": NUMBER_OR_NULL,
        "unit": TEXT,
        "price": NUMBER_OR_NULL,
        "value_yuan": NUMBER_OR_NULL,
        "comparable_yuan": NUMBER_OR_NULL,
        "unknown_m2": AREA,
        "shared_out": _FLAG,
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""What each service of each unit and class comes to, of both bases where there are both.

`item` tells apart what a service has several of (SO2, NOx), empty where it has one. `price` is in yuan a
`unit`, in prices of the period; `comparable_yuan` is the value in prices of the price year. `shared_out`:
a figure of a region, handed out to its units by a key. `indicative`: it rests on a parameter that is not
confirmed. `area_m2` is the supplying area, `unknown_m2` what of it nothing is known about. `reason` says why
a quantity or a value is null, or what was assumed for want of better.
"""

COMPACT_ITEMS = mark_compact(ACCOUNT_ITEMS)
"""ACCOUNT_ITEMS with their texts as categories: there are many rows, and few texts."""

ACCOUNT_TOTALS = build_table(
    "AccountTotals",
    {
        "region": TEXT,
        "period": _PERIOD,
        "basis": build_column(str, known=pa.Check.isin(_BASES)),
        "service": TEXT,
        "item": TEXT,
        "quantity": NUMBER_OR_NULL,
        "quantity_low": NUMBER_OR_NULL,
        "quantity_high": NUMBER_OR_NULL,
        "unit": TEXT,
        "price": NUMBER_OR_NULL,
        "value_yuan": NUMBER_OR_NULL,
        "value_low": NUMBER_OR_NULL,
        "value_high": NUMBER_OR_NULL,
        "comparable_yuan": NUMBER_OR_NULL,
        "known": build_column(int),
        "of": build_column(int),
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""The accounts of the area (`region` is its id) and of its regions.

Beside the services there are rows of sums, whose `service` is `M`, `R`, `C` or `GEP`: `known` of the `of`
indicators of the profile are in it. Where `known` is less than `of`, the sum is partial and its `service` is
`partial`, never `GEP`.
"""

ACCOUNT_METHODS = build_table(
    "AccountMethods",
    {
        "service": TEXT,
        "item": TEXT,
        "category": build_column(str, known=pa.Check.isin(("M", "R", "C"))),
        "name_zh": TEXT,
        "name_en": TEXT,
        "item_zh": TEXT_OR_NULL,
        "item_en": TEXT_OR_NULL,
        "unit": TEXT,
        "formula": TEXT,
        "source": TEXT,
    },
)
"""What the indicators of the profile are: one row per service and item, in the order of the accounts.

The names that readers see are these: `name_*` of the service, `item_*` of the item where there are several.
"""

ACCOUNT_INPUTS = build_table(
    "AccountInputs",
    {
        "service": TEXT,
        "kind": build_column(str, known=pa.Check.isin(("layer", "statistic", "map"))),
        "input": TEXT,
        "period": _PERIOD,
        "unit": TEXT_OR_NULL,
        "given": _FLAG,
        "source": TEXT_OR_NULL,
        "raster": TEXT_OR_NULL,
    },
)
"""What each service of a period was made from: one row per layer variable, statistic item or map of this run.

`input` is the variable or the item's code; `source` is the file or data set; `raster` is the delivered raster
that shows it, by its name. An input that is not given is here too, with `given` false.
"""

ACCOUNT_LAYERS = build_table(
    "AccountLayers",
    {
        "layer": TEXT,
        "period": _PERIOD,
        "source": TEXT,
        "unit": TEXT,
        "moments": build_column(int),
        "vertical_datum": TEXT_OR_NULL,
        "pixel_m": NUMBER,
        "known_share": NUMBER,
        "least": NUMBER_OR_NULL,
        "mean": NUMBER_OR_NULL,
        "most": NUMBER_OR_NULL,
        "assumed": TEXT_OR_NULL,
    },
)
"""The rasters that the accounts of a period take, as they were found: one row per raster and period.

`moments` are how many months, days or years its numbers are put together from; `pixel_m` is the size of its
own pixels; `known_share` of the grid it has numbers, between `least` and `most` in `unit`. `assumed` says
what it does not say of itself.
"""

ACCOUNT_CARBON = build_table(
    "AccountCarbon",
    {
        "region": TEXT,
        "period": _PERIOD,
        "basis": build_column(str, known=pa.Check.isin(_BASES)),
        "account_class": TEXT,
        "carbon_kind": build_column(str, known=pa.Check.isin(("rate", "stock"))),
        "key": TEXT,
        "area_m2": AREA,
        "rate_low": NUMBER_OR_NULL,
        "rate_central": NUMBER_OR_NULL,
        "rate_high": NUMBER_OR_NULL,
        "rate_unit": TEXT,
        "carbon_low": NUMBER_OR_NULL,
        "carbon_central": NUMBER_OR_NULL,
        "carbon_high": NUMBER_OR_NULL,
        "unit": TEXT,
        "source": TEXT_OR_NULL,
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""Carbon of wetland and forest: low, central and high, of a class and a parameter.

`carbon_*` are in t CO2 a year where `carbon_kind` is `rate`, in t CO2 where it is `stock`; a stock is what
plants or soil hold and never what they take up in a year.
"""

ACCOUNT_PROJECTS = build_table(
    "AccountProjects",
    {
        "project": TEXT,
        "basis": build_column(str, known=pa.Check.isin(_BASES)),
        "from_period": TEXT_OR_NULL,
        "to_period": TEXT_OR_NULL,
        "service": TEXT,
        "item": TEXT,
        "unit": TEXT,
        "area_m2": AREA,
        "quantity_before": NUMBER_OR_NULL,
        "quantity_after": NUMBER_OR_NULL,
        "quantity_without": NUMBER_OR_NULL,
        "quantity_gain": NUMBER_OR_NULL,
        "value_before_yuan": NUMBER_OR_NULL,
        "value_after_yuan": NUMBER_OR_NULL,
        "value_without_yuan": NUMBER_OR_NULL,
        "value_gain_yuan": NUMBER_OR_NULL,
        "holders": TEXT_OR_NULL,
        "rights": TEXT_OR_NULL,
        "parcels": TEXT_OR_NULL,
        "indicative": _FLAG,
        "reason": TEXT_OR_NULL,
    },
)
"""Accounts of projects: before and after, with and without, by service and item; value, never a loan.

`*_without` is what the project's ground would give after, had a hectare of each class changed by as much as
one of the same class outside the project; `*_gain` is after less without. A row `total` is of all services
that have a gain. `holders` and `rights` are those of the parcels that the project lies on, as registered.
"""
