"""Carbon of wetland and forest: what they fix in a year, and what their plants hold; low, central, high.

What to call: `carbon = build_carbon(sums, book, aoi_id=...)`, with ACCOUNT_SUMS of all periods and the book
of parameters; it is ACCOUNT_CARBON.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.accounts.books import double_rows, join_book
from pipeline.accounts.parameters import ClassLineage, Lineage, ParameterBook, explain_lack
from pipeline.accounts.rows import gather_rows, list_bases
from pipeline.contracts import ACCOUNT_CARBON
from pipeline.settings.parameters import ParameterRow

CO2_PER_C = 44.0 / 12.0
"""Mass of CO2 by that of its carbon; the one place where carbon of this book becomes CO2."""

TYPES = ("森林", "湿地")
_HA_PER_M2 = 1e-4
_NO_COVER = (
    "缺植被覆盖度，植物储量按植被覆盖面积计 / no vegetation cover, which the stock of plants is counted on"
)
_NO_RANGE = "参数没有上下限 / the parameter has no low and high"


@dataclass(frozen=True)
class Pool:
    """What a parameter tells of carbon: a `rate` of a year or a `stock`, a hectare, and of which area.

    `area` is the column of the sums that it is counted on: all ground of the class, or what plants cover.
    """

    key: str
    kind: str
    parameter_unit: str
    unit: str
    area: str


POOLS = (
    Pool("carbon_rate", "rate", "t C/ha/a", "t CO2/a", "area_m2"),
    Pool("plant_carbon_stock", "stock", "t C/ha", "t CO2", "fvc"),
)


def build_carbon(sums: pd.DataFrame, book: ParameterBook, *, aoi_id: str) -> pd.DataFrame:
    """ACCOUNT_CARBON of each region and of the whole aoi, of classes that are forest or wetland.

    t CO2 = area (ha) x t C a hectare x 44/12, once. Rates and stocks are never added: a stock is what plants
    hold at a time, counted on the ground that plants cover.
    """
    ground = pd.concat(
        [gather_rows(sums[sums["counted"]], basis).assign(basis=basis) for basis in list_bases(sums)]
    )
    kind = ground["wider_class"].where(ground["wider_class"].notna(), ground["account_class"])
    areas = ["area_m2", *(name for name in ("fvc",) if name in ground)]
    keys = ["region", "period", "basis", "account_class", "wider_class"]
    classes = double_rows(ground[kind.isin(TYPES)], aoi_id).groupby(keys, dropna=False)[areas].sum()
    rows = classes.reset_index()
    return join_book([_count_pool(pool, rows, book) for pool in POOLS if len(rows)], ACCOUNT_CARBON)


def _count_pool(pool: Pool, rows: pd.DataFrame, book: ParameterBook) -> pd.DataFrame:
    """The rows of a pool; null where no parameter tells of a class, or no area of plants."""
    ground = ClassLineage.of([rows["account_class"], rows["wider_class"]], rows["region"])
    lineages = [ground.kinds[kind][0] for kind in ground.which]
    told = [book.rows[place] if place >= 0 else None for place in book.find(pool.key, ground).place]
    area = rows[pool.area].to_numpy(float) if pool.area in rows else np.full(len(rows), np.nan)
    low, central, high = (
        np.array([getattr(row, name) if row else None for row in told], dtype=float)
        for name in ("low", "value", "high")
    )
    to_co2 = area * _HA_PER_M2 * CO2_PER_C
    reasons = [
        _explain(pool, row, lineage, covered=not np.isnan(m2))
        for row, lineage, m2 in zip(told, lineages, area, strict=True)
    ]
    return rows.assign(
        carbon_kind=pool.kind,
        key=pool.key,
        area_m2=np.nan_to_num(area),
        rate_low=low,
        rate_central=central,
        rate_high=high,
        rate_unit=pool.parameter_unit,
        carbon_low=to_co2 * low,
        carbon_central=to_co2 * central,
        carbon_high=to_co2 * high,
        unit=pool.unit,
        source=np.array([row.source if row else None for row in told], dtype=object),
        indicative=np.array([row is not None and not row.confirmed for row in told], dtype=bool),
        reason=np.array(reasons, dtype=object),
    )


def _explain(pool: Pool, row: ParameterRow | None, lineage: Lineage, *, covered: bool) -> str | None:
    """Why a row has no figures, or no range."""
    if row is None:
        return explain_lack(pool.key, lineage)
    if not covered:
        return _NO_COVER
    return _NO_RANGE if row.low is None else None
