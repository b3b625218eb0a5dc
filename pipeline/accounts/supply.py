"""Supply of services by ecosystem type, and their use by sector where statistics tell it.

What to call: `services = build_supply_and_use(items, aoi_id=...)`, with ACCOUNT_ITEMS of all periods; it is
ACCOUNT_SERVICES.
"""

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.accounts.balance import name_types
from pipeline.accounts.books import double_rows, join_book, split_years
from pipeline.contracts import ACCOUNT_SERVICES

_FIGURES = ["quantity", "value_yuan", "comparable_yuan"]
_SPAN = ["region", "period", "basis"]
_SERVICE = [*_SPAN, "service", "item"]
_ABOUT = ["unit", "indicative", "reason"]
_NOT_TOLD = "统计未区分使用部门 / no statistic tells who uses it"


def build_supply_and_use(items: pd.DataFrame, *, aoi_id: str) -> pd.DataFrame:
    """ACCOUNT_SERVICES of each region and of the whole aoi (SEEA EA table 7.1, physical and monetary).

    Figures are of what is known; a type, or a sector, of which nothing is known is null with the reason. Use
    is of the sector that the table `service_sectors` names for the statistic, and of none else: what no
    statistic tells is not handed out.
    """
    counted = items.loc[items["counted"], [*_SERVICE, "account_class", *_FIGURES, *_ABOUT]]
    years = (double_rows(rows, aoi_id) for rows in split_years(counted))
    flows = [flow for rows in years for flow in (_sum_supply(rows), _sum_use(rows))]
    book = join_book(flows, ACCOUNT_SERVICES)
    return book.sort_values(["flow", *_SPAN], kind="stable", ignore_index=True)


def _sum_supply(counted: pd.DataFrame) -> pd.DataFrame:
    typed = counted.assign(account_class=name_types(counted["account_class"]))
    return _sum_flow(typed, [*_SERVICE, "account_class"]).assign(flow="supply", sector=None)


def _sum_use(counted: pd.DataFrame) -> pd.DataFrame:
    use = _sum_flow(counted, _SERVICE)
    sectors = [find_sector(*pair) for pair in zip(use["service"], use["item"], strict=True)]
    told = use.assign(flow="use", account_class=None, sector=np.array(sectors, object))
    unsaid = told["sector"].isna() & told["value_yuan"].notna()
    return told.assign(reason=told["reason"].mask(unsaid, _NOT_TOLD))


def find_sector(service: str, item: str) -> str | None:
    """The sector that uses an item, by the beginning of its name; None where no statistic tells."""
    return next(
        (
            row["sector"]
            for row in standards.read_rows("service_sectors")
            if row["service"] == service and item.startswith(row["item"])
        ),
        None,
    )


def _sum_flow(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sums of a flow by keys; null, with the first reason, where nothing of it is known."""
    groups = rows.groupby(keys, sort=True)
    sums = groups[_FIGURES].sum(min_count=1)
    about = groups.agg(unit=("unit", "first"), indicative=("indicative", "any"), reason=("reason", "first"))
    table = sums.join(about).reset_index()
    reason = table["reason"].astype(object)
    return table.assign(reason=reason.where(reason.notna() & table["value_yuan"].isna(), None))
