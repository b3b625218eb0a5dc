"""Supply of services by ecosystem type, and their use by sector where statistics tell it.

What to call: `services = build_supply_and_use(items, aoi_id=...)`, with ACCOUNT_ITEMS of all periods; it is
ACCOUNT_SERVICES.
"""

import pandas as pd

from pipeline import standards
from pipeline.accounts.balance import name_types
from pipeline.accounts.books import double_rows, join_book
from pipeline.contracts import ACCOUNT_SERVICES

_FIGURES = ["quantity", "value_yuan", "comparable_yuan"]
_SERVICE = ["region", "period", "basis", "service", "item"]
_NOT_TOLD = "统计未区分使用部门 / no statistic tells who uses it"


def build_supply_and_use(items: pd.DataFrame, *, aoi_id: str) -> pd.DataFrame:
    """ACCOUNT_SERVICES of each region and of the whole aoi (SEEA EA table 7.1, physical and monetary).

    Figures are of what is known; a type, or a sector, of which nothing is known is null with the reason. Use
    is of the sector that the table `service_sectors` names for the statistic, and of none else: what no
    statistic tells is not handed out.
    """
    counted = double_rows(items[items["counted"]], aoi_id)
    if counted.empty:
        return join_book([], ACCOUNT_SERVICES)
    named = name_types(counted["account_class"])
    pairs = pd.MultiIndex.from_frame(counted[["service", "item"]])
    sector = pd.Series(pairs.map({pair: find_sector(*pair) for pair in pairs.unique()}), counted.index)
    supply = _sum_flow(counted.assign(account_class=named, sector=None, flow="supply"))
    use = _sum_flow(counted.assign(account_class=None, sector=sector.astype(object), flow="use"))
    unsaid = use["sector"].isna() & use["value_yuan"].notna()
    use["reason"] = use["reason"].mask(unsaid, _NOT_TOLD)
    return join_book([supply, use], ACCOUNT_SERVICES)


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


def _sum_flow(rows: pd.DataFrame) -> pd.DataFrame:
    """Sums of a flow by service and item, and by class or sector; null where nothing of it is known."""
    groups = rows.groupby([*_SERVICE, "flow", "account_class", "sector"], dropna=False, sort=True)
    sums = groups[_FIGURES].sum(min_count=1)
    about = groups.agg(unit=("unit", "first"), indicative=("indicative", "any"), reason=("reason", "first"))
    table = sums.join(about).reset_index()
    for name in ("account_class", "sector", "reason"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    return table.assign(reason=table["reason"].where(table["value_yuan"].isna(), None))
