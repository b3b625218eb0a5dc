"""Why value changed between two periods: by extent, quantity per hectare, price, and method or parameters.

What to call: `bridge = build_bridge(items, sums, totals, aoi_id=..., lacks=...)`, with ACCOUNT_ITEMS,
ACCOUNT_SUMS, ACCOUNT_TOTALS and the LACKS of all periods; it is ACCOUNT_BRIDGE. Where method or parameters
changed too, `earlier` are the items of the same periods under the earlier ones.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.accounts.books import double_rows, join_book, split_years
from pipeline.accounts.rows import gather_rows, list_bases
from pipeline.accounts.totals import OUTSIDE
from pipeline.contracts import ACCOUNT_BRIDGE

PARTS = ("extent_yuan", "scope_yuan", "intensity_yuan", "price_yuan", "method_yuan")
TOTAL = "total"

_ENDS = ("opening_yuan", "closing_yuan")
_ITEM = ["region", "basis", "service", "item"]
_CELL = [*_ITEM, "account_class"]
_CLASS = ["region", "basis", "account_class", "period"]
_SUMS = ["value", "amount", "known_m2"]
_AREAS = ["area_m2", "unknown_m2"]
_REASON = ["service", "item", "reason"]
_ROUNDING = 1e-13
"""What is less, by the larger of two values, is what their last digits hold."""
_LEAST_YUAN = 1e-7
_ONE_TIME = "只有一期可核算 / known at one of the times only"

Array = NDArray[np.float64]


def build_bridge(
    items: pd.DataFrame,
    sums: pd.DataFrame,
    totals: pd.DataFrame,
    *,
    aoi_id: str,
    lacks: pd.DataFrame | None = None,
    earlier: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """ACCOUNT_BRIDGE between consecutive periods, by class, by item and in total, of regions and of the aoi.

    Value of a class is area x known share of it x quantity by known area x price. The parts are Shapley
    values of these factors (Shapley 1953, DOI 10.1515/9781400881970-018): exact, and the same in whatever
    order factors are taken. A class that a period does not have is all extent; what is unknown at one time is
    all scope. An item of no class, or without a quantity, has no extent or no price of its own.
    """
    ground = pd.concat([gather_rows(sums, basis).assign(basis=basis) for basis in list_bases(sums)])
    own = _sum_cells(items, aoi_id)
    methods = [own if earlier is None else _sum_cells(earlier, aoi_id), own]
    areas = double_rows(ground[ground["counted"]], aoi_id).groupby(_CLASS, dropna=False)["area_m2"].sum()
    reasons = _gather_reasons(items, lacks)
    tables = [
        _bridge_pair(methods, areas, totals, (before, after), reasons)
        for before, after in pairwise(sorted(ground["period"].unique()))
    ]
    return join_book(tables, ACCOUNT_BRIDGE)


def split_difference(corners: Array) -> Array:
    """Shapley values (factor, row) of what turns the first corner into the last.

    `corners` (2, ..., 2, row) has an axis of length 2 for each factor: before and after it changed.
    """
    count = corners.ndim - 1
    others = np.indices((2,) * (count - 1)).sum(axis=0)
    share = [
        factorial(changed) * factorial(count - changed - 1) / factorial(count) for changed in range(count)
    ]
    weight = np.asarray(share)[others][..., None]
    gains = [corners.take(1, axis=axis) - corners.take(0, axis=axis) for axis in range(count)]
    return np.stack([(weight * gain).sum(axis=tuple(range(count - 1))) for gain in gains])


def close_parts(parts: Array, opening: Array, closing: Array) -> Array:
    """Parts (part, row) that sum to closing less opening to the last digit, and not only to their rounding.

    Parts that are rounding alone are 0. What rounding leaves is added to the smallest other part, where it
    changes least of what is read; what even that cannot hold, some 1e-6 yuan in 1e10, to the smallest of all.
    """
    scale = np.maximum(np.abs(opening), np.abs(closing))
    closed = np.where(np.abs(parts) <= _ROUNDING * scale, 0.0, parts)
    for row in range(parts.shape[1]):
        sizes = np.abs(closed[:, row])
        for least in (np.argmin(np.where(sizes == 0, np.inf, sizes)), np.argmin(sizes)):
            apart = math.fsum([closing[row], -opening[row], *(-closed[:, row])])
            closed[least, row] += apart if abs(apart) > _LEAST_YUAN or sizes[least] > 0 else 0.0
    return closed


def _gather_reasons(items: pd.DataFrame, lacks: pd.DataFrame | None) -> pd.Series:
    """The first reason that is given for each item."""
    given = [items, *([] if lacks is None else [lacks])]
    told = [table.loc[table["reason"].notna(), [*_REASON]].drop_duplicates(_REASON[:2]) for table in given]
    reasons: pd.Series = pd.concat(told).groupby(_REASON[:2])["reason"].first()
    return reasons


def _sum_cells(items: pd.DataFrame, aoi_id: str) -> pd.DataFrame:
    """Value, quantity and known area by cell and period, over counted ground; quantity null where any is."""
    counted = items.loc[items["counted"], [*_CELL, "period", "value_yuan", "quantity", *_AREAS]]
    return pd.concat([_sum_year(rows, aoi_id) for rows in split_years(counted)])


def _sum_year(rows: pd.DataFrame, aoi_id: str) -> pd.DataFrame:
    known = rows["value_yuan"].notna()
    rows = rows.assign(
        value=rows["value_yuan"],
        amount=rows["quantity"].where(known),
        known_m2=(rows["area_m2"] - rows["unknown_m2"]).where(known, 0.0),
        untold=known & rows["quantity"].isna(),
    )
    groups = double_rows(rows, aoi_id).groupby([*_CELL, "period"], dropna=False)
    cells = groups[_SUMS].sum(min_count=1)
    cells["amount"] = cells["amount"].mask(groups["untold"].any())
    return cells


def _bridge_pair(
    methods: Sequence[pd.DataFrame],
    areas: pd.Series,
    totals: pd.DataFrame,
    pair: tuple[str, str],
    reasons: pd.Series,
) -> pd.DataFrame:
    """The rows of one pair of periods: of each class, of each item, what is deducted, and in total."""
    rows = _split_cells(methods, areas, pair)
    items = pd.concat([_sum_rows(rows, _ITEM), _tell_outside(totals, pair)], ignore_index=True)
    whole = _sum_rows(_apply_scope(items, totals, pair), ["region", "basis"]).assign(service=TOTAL, item="")
    bridge = pd.concat([_close_rows(level) for level in (rows, items, whole)], ignore_index=True)
    return bridge.assign(from_period=pair[0], to_period=pair[1], reason=_explain(bridge, reasons))


def _split_cells(methods: Sequence[pd.DataFrame], areas: pd.Series, pair: tuple[str, str]) -> pd.DataFrame:
    """Opening, parts and closing of each item and class."""
    states = [
        table[table.index.get_level_values("period") == label].droplevel("period")
        for label in pair
        for table in methods
    ]
    cells = pd.concat(states).index.drop_duplicates().sort_values()
    figures = np.stack([state.reindex(cells)[_SUMS].to_numpy(dtype=float).T for state in states])
    value, amount, known = figures.reshape(2, 2, len(_SUMS), -1).transpose(2, 0, 1, 3)
    classes = cells.to_frame(index=False)
    places = [pd.MultiIndex.from_frame(classes.assign(period=label)[_CLASS]) for label in pair]
    extent = np.stack([areas.reindex(place).fillna(0.0) for place in places])
    parts = split_difference(_build_corners(value, amount, extent, known))
    ends = {"opening_yuan": value[0, 0], "closing_yuan": value[1, 1]}
    rows = pd.DataFrame({**ends, **dict(zip(PARTS, parts, strict=True))}, index=cells).reset_index()
    rows[[*PARTS]] = rows[[*PARTS]].mask(rows[[*ends]].isna().all(axis=1), np.nan)
    return rows


def _tell_outside(totals: pd.DataFrame, pair: tuple[str, str]) -> pd.DataFrame:
    """The rows of what is deducted as value from outside, whose amount alone changes."""
    told = totals[totals["service"].eq(OUTSIDE) & totals["value_yuan"].notna()]
    ends = [told[told["period"] == label].set_index(["region", "basis"])["value_yuan"] for label in pair]
    rows = pd.concat(ends, axis=1, keys=_ENDS).reset_index()
    both = rows[[*_ENDS]].notna().all(axis=1)
    parts = pd.DataFrame(0.0, rows.index, [*PARTS])
    parts["intensity_yuan"] = (rows["closing_yuan"] - rows["opening_yuan"]).where(both, 0.0)
    return _move_to_scope(rows.assign(service=OUTSIDE, item="").join(parts))


def _apply_scope(items: pd.DataFrame, totals: pd.DataFrame, pair: tuple[str, str]) -> pd.DataFrame:
    """The items as the published sums count them at each time; what one time does not count is scope."""
    known = totals.groupby(["region", "basis", "service", "period"])["known"].min()
    kept = items.copy()
    for end, label in zip(_ENDS, pair, strict=True):
        place = pd.MultiIndex.from_frame(items[["region", "basis", "service"]].assign(period=label))
        kept[end] = items[end].where(known.reindex(place).eq(1).to_numpy())
    return _move_to_scope(kept)


def _move_to_scope(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a value at one of the times; where at one only, all of the difference is scope."""
    ends = rows[[*_ENDS]]
    rows = rows[ends.notna().any(axis=1)].copy()
    one = rows[[*_ENDS]].isna().any(axis=1)
    rows.loc[one, [*PARTS]] = 0.0
    rows.loc[one, "scope_yuan"] = rows["closing_yuan"].fillna(0.0) - rows["opening_yuan"].fillna(0.0)
    return rows


def _build_corners(value: Array, amount: Array, extent: Array, known: Array) -> Array:
    """Value (extent, scope, intensity, price, method, cell) with each factor before (0) or after (1).

    The inputs are (period, method, cell), `extent` (period, cell). A factor that a period does not tell is
    that of the other period, so that it moves nothing; a class that is unknown at one time has the area of
    the other.
    """
    here = extent[:, None] > 0
    scope = np.divide(np.nan_to_num(known), extent[:, None], where=here, out=np.full_like(value, np.nan))
    worth = np.where(scope > 0, value, np.nan)
    counted = (np.isnan(worth) | (np.nan_to_num(amount) != 0) | (worth == 0)).all(axis=(0, 1))
    amount = np.where(counted, amount, worth)
    with np.errstate(divide="ignore", invalid="ignore"):
        intensity = np.where(scope > 0, amount / known, np.nan)
        price = np.where(amount != 0, worth / amount, np.nan)
    unseen = here[:, 0] & (np.nan_to_num(scope) == 0).all(axis=1)
    extent = np.where(unseen & (extent[::-1] > 0), extent[::-1], extent)
    factors = (_fill_gaps(factor) for factor in (scope, intensity, price))
    corners: Array = np.einsum("ec,smc,imc,pmc->esipmc", extent, *factors)
    return corners


def _fill_gaps(factor: Array) -> Array:
    """A factor (period, method, cell), where it is NaN that of the other period, or method; else 0."""
    filled = np.where(np.isnan(factor), factor[::-1], factor)
    return np.nan_to_num(np.where(np.isnan(filled), filled[:, ::-1], filled))


def _sum_rows(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sums over the classes, or the items, of each group; null where all of it is null."""
    numbers = [*_ENDS, *PARTS]
    groups = rows.groupby(keys, sort=True)
    return groups[numbers].agg(_sum_exactly).reset_index()


def _sum_exactly(values: pd.Series) -> float:
    """Sum of what is known, the same in whatever order; NaN where nothing is."""
    known = values.dropna()
    return math.fsum(known) if len(known) else math.nan


def _close_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with parts that sum to the difference to the last digit."""
    opening, closing = (rows[name].fillna(0.0).to_numpy() for name in _ENDS)
    parts = rows[[*PARTS]].to_numpy().T
    closed = close_parts(np.nan_to_num(parts), opening, closing)
    return rows.assign(**dict(zip(PARTS, np.where(np.isnan(parts), np.nan, closed), strict=True)))


def _explain(bridge: pd.DataFrame, reasons: pd.Series) -> pd.Series:
    """Why a row has no figures, or some at one of the times only."""
    keys = pd.MultiIndex.from_frame(bridge[["service", "item"]])
    given = pd.Series(reasons.reindex(keys).to_numpy(dtype=object), index=bridge.index)
    lacks = bridge[[*_ENDS]].isna()
    partial = lacks.any(axis=1) | bridge["scope_yuan"].fillna(0.0).ne(0.0)
    return given.fillna(_ONE_TIME).where(partial, None)
