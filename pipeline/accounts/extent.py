"""Extent of ecosystem types: opening, additions, reductions, closing, in the form of SEEA EA table 4.1.

What to call: `extent = build_extent(sums, matrices, aoi_id=...)`, with ACCOUNT_SUMS of all periods and the
transition matrix of each pair of consecutive periods that maps tell of; it is ACCOUNT_EXTENT.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.accounts.books import double_rows, join_book
from pipeline.accounts.rows import BASES
from pipeline.contracts import ACCOUNT_EXTENT
from pipeline.legends import ECOSYSTEM

UNKNOWN = "unknown"
TOTAL = "total"
MANAGED = frozenset({"农田", "城镇", "built"})
"""Ground that people make and keep: what comes from it or goes to it is managed, in the words of SEEA EA."""

_NAMES = {entry.key: entry.name_zh for entry in ECOSYSTEM.classes}
_FLOWS = ["additions_m2", "managed_additions_m2", "counted_additions_m2"]
_FLOWS += [name.replace("additions", "reductions") for name in _FLOWS]
_NO_MATRIX = "只有期初期末面积，增减未分列 / opening and closing alone, without a transition matrix"
_ONE_DATE = "登记地类只有一期 / the register tells classes of one date"
_OTHER_CLASSES = (
    "转移矩阵与核算类别的面积不符 / areas of the transition matrix are not those of these classes"
)
_ROUNDING = 1e-6
_SPAN = ["region", "basis", "from_period", "to_period"]


def find_types(sums: pd.DataFrame, basis: str) -> pd.Series:
    """Ecosystem type of each row of ACCOUNT_SUMS, by the register or the map; `unknown` where there is none.

    Ground without a registered type is of its mapped class. A map that tells no types names cover classes.
    """
    mapped, registered = (sums[name].astype(object) for name in ("mapped", "ecosystem"))
    types = registered.where(registered.notna(), mapped) if basis == "registered" else mapped
    return types.where(types.notna(), UNKNOWN).astype(str)


def sum_types(sums: pd.DataFrame, columns: Sequence[str], *, aoi_id: str) -> pd.DataFrame:
    """Sums of columns by region (and of the whole aoi), period, basis and type, over counted ground."""
    counted = sums[sums["counted"]]
    parts = [counted.assign(basis=basis, account_class=find_types(counted, basis)) for basis in BASES]
    both = double_rows(pd.concat(parts, ignore_index=True), aoi_id)
    return both.groupby(["region", "period", "basis", "account_class"], as_index=False)[list(columns)].sum()


def build_extent(
    sums: pd.DataFrame, matrices: Mapping[tuple[str, str], pd.DataFrame], *, aoi_id: str
) -> pd.DataFrame:
    """ACCOUNT_EXTENT of each region, of the whole aoi, and of both bases.

    `matrices` are those of `indices.change.build_transition_matrix` for the aoi, by the labels of the periods
    before and after, over the same classes as `mapped`; one that does not lead from opening to closing is not
    used. Regions and the registered basis have no additions and reductions: a matrix is of the map and of the
    aoi. What is null has its reason.
    """
    areas = sum_types(sums, ["area_m2"], aoi_id=aoi_id)
    tables = [_compare(areas, *pair) for pair in pairwise(sorted(areas["period"].unique()))]
    if tables:
        tables = [_add_total(_add_flows(pd.concat(tables, ignore_index=True), matrices, aoi_id=aoi_id))]
    return join_book(tables, ACCOUNT_EXTENT)


def _compare(areas: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    """Opening and closing extent of every type that one of the periods has."""
    wide = areas.pivot_table(
        index=["region", "basis", "account_class"], columns="period", values="area_m2", fill_value=0.0
    )
    table = pd.DataFrame({"opening_m2": wide[before], "closing_m2": wide[after]}).reset_index()
    table = table[(table["opening_m2"] > 0) | (table["closing_m2"] > 0)]
    return table.assign(
        from_period=before, to_period=after, net_change_m2=table["closing_m2"] - table["opening_m2"]
    )


def _add_flows(
    extent: pd.DataFrame, matrices: Mapping[tuple[str, str], pd.DataFrame], *, aoi_id: str
) -> pd.DataFrame:
    """The table with additions and reductions where a matrix tells them, else with the reason why not."""
    flows = [_sum_flows(matrix, aoi_id, *pair) for pair, matrix in matrices.items()]
    extent = extent.assign(reason=np.where(extent["basis"] == "registered", _ONE_DATE, _NO_MATRIX))
    if not flows:
        return extent.assign(**dict.fromkeys(_FLOWS, np.nan))
    table = extent.merge(pd.concat(flows), how="left", on=[*_SPAN, "account_class"])
    pairs = pd.MultiIndex.from_frame(table[["from_period", "to_period"]]).isin(list(matrices))
    spans = pairs & table["region"].eq(aoi_id) & table["basis"].eq("mapped")
    table.loc[spans, _FLOWS] = table.loc[spans, _FLOWS].fillna(0.0)
    apart = table["net_change_m2"] - table["additions_m2"] + table["reductions_m2"]
    region_m2 = table.groupby(_SPAN)["closing_m2"].transform("sum")
    other = (apart.abs() > _ROUNDING * region_m2).groupby([table[name] for name in _SPAN]).transform("any")
    table.loc[spans & other, _FLOWS] = np.nan
    table["reason"] = table["reason"].mask(spans, None).mask(spans & other, _OTHER_CLASSES)
    return table


def _sum_flows(matrix: pd.DataFrame, aoi_id: str, before: str, after: str) -> pd.DataFrame:
    """Additions to and reductions of each type by a matrix: all, those of managed ground, and what counts."""
    moves = matrix.replace({"from": _NAMES, "to": _NAMES})
    moves = moves[moves["from"] != moves["to"]]
    managed = moves["from"].isin(MANAGED) | moves["to"].isin(MANAGED)
    areas = pd.DataFrame(
        {
            "m2": moves["area_m2"],
            "managed_m2": moves["area_m2"].where(managed, 0.0),
            "counted_m2": moves["area_counted_m2"],
        }
    )
    gains = areas.groupby(moves["to"]).sum().set_axis(_FLOWS[:3], axis=1)
    losses = areas.groupby(moves["from"]).sum().set_axis(_FLOWS[3:], axis=1)
    flows = gains.join(losses, how="outer").fillna(0.0).rename_axis("account_class").reset_index()
    return flows.assign(region=aoi_id, basis="mapped", from_period=before, to_period=after)


def _add_total(extent: pd.DataFrame) -> pd.DataFrame:
    """The table with the row of all types last in each account; what one type lacks, the total lacks."""
    numbers = ["opening_m2", *_FLOWS, "net_change_m2", "closing_m2"]
    groups = extent.groupby(_SPAN)
    total = groups[numbers].sum(min_count=1).join(groups["reason"].first()).reset_index()
    rows = pd.concat([extent, total.assign(account_class=TOTAL)], ignore_index=True)
    last = rows["account_class"].eq(TOTAL).to_numpy()
    order = rows.assign(last=last).sort_values([*_SPAN, "last", "account_class"], kind="stable").index
    return rows.loc[order].reset_index(drop=True)
