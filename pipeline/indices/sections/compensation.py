"""Who owes whom for the water at a section, by the rules of a compensation scheme."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.indices.sections.limits import list_upper_limits
from pipeline.indices.sections.means import melt_means
from pipeline.indices.sections.tiers import number_tiers
from pipeline.settings.schemes import ControlScheme, Scheme, TwoWayScheme

NOT_MEASURED = "未监测 (not measured)"
NO_LIMIT = "方案未给出限值 (no limit known)"
NO_UNITS = "上下游单位未知 (unit upstream or downstream unknown)"
NO_CONTROL = "无对照断面或其数据 (no control section, or no data there)"
AMOUNT_UNKNOWN = "金额未知 (amount not known)"
ALL_FACTORS = ""

_SAME = 1e-12
_ROW = ["section_id", "section", "period"]
_COLUMNS = [
    "scheme", *_ROW, "from_unit", "to_unit", "factor", "value", "limit", "measure", "measure_value", "tier",
    "amount", "amount_unit", "indicative", "reason",
]  # fmt: skip
_BALANCE_COLUMNS = [
    "scheme", "period", "admin_unit", "paid", "received", "net", "unknown_transfers", "amount_unit",
    "indicative",
]  # fmt: skip
_LINK = ["upstream_unit", "downstream_unit", "unit", "control"]


def compute_transfers(
    name: str,
    scheme: Scheme,
    status: pd.DataFrame,
    limits: pd.DataFrame,
    register: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What every section, period and factor of a scheme means in money, one row each, 0 where nothing is due.

    `status` is a SECTION_STATUS over periods of the scheme's kind, `register` gives `upstream_unit` and
    `downstream_unit` by `section_id` where the scheme does not. `from_unit` pays `to_unit` the `amount` in
    `amount_unit` by the `tier` (from 1; 0: nothing due); `measure_value` is what the tier rests on: the
    exceedance multiple, or the percent of change against the control section. An amount that cannot be
    known is null with the `reason`. `indicative` names what in the scheme is unconfirmed.
    """
    linked = _link_units(scheme, status, register)
    if isinstance(scheme, TwoWayScheme):
        found = _settle_two_way(scheme, linked, limits)
    else:
        found = _settle_against_control(scheme, linked, limits)
    rows = found.assign(
        scheme=name,
        amount_unit=scheme.amount_unit,
        indicative="；".join(scheme.unconfirmed) or None,
    )
    order = [*_ROW, "factor"]
    rows = rows.reindex(columns=_COLUMNS).sort_values(order, kind="stable", ignore_index=True)
    numbers = ["value", "limit", "measure_value", "amount"]
    return rows.astype(dict.fromkeys(numbers, float) | {"tier": "Int64"})


def select_settled(scheme: Scheme, sections: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows, that have `section_id` and `province`, are of sections that a scheme may settle."""
    named = [link.section_id for link in scheme.sections]
    settled = sections["section_id"].isin(named or sections["section_id"])
    if scheme.provinces:
        known = sections["province"].astype("string").str.startswith(tuple(scheme.provinces))
        settled &= known.fillna(value=True).astype(bool)
    return settled


def build_empty_transfers() -> pd.DataFrame:
    """The table of `compute_transfers` without rows."""
    return pd.DataFrame(columns=_COLUMNS)


def balance_units(found: pd.DataFrame) -> pd.DataFrame:
    """What each unit pays, receives and nets (received - paid) per scheme and period.

    Over the units of a scheme `net` sums to zero, a pool being one of them. `unknown_transfers` counts the
    rows whose amount is null, which no sum holds.
    """
    keys = ["scheme", "period", "admin_unit"]
    sides = [
        found.assign(admin_unit=found["from_unit"], paid=found["amount"], received=0.0),
        found.assign(admin_unit=found["to_unit"], paid=0.0, received=found["amount"]),
    ]
    both = pd.concat(sides, ignore_index=True).dropna(subset="admin_unit")
    rows = both.assign(unknown_transfers=both["amount"].isna()).groupby(keys, sort=True)
    sums = rows.agg(
        paid=("paid", "sum"),
        received=("received", "sum"),
        unknown_transfers=("unknown_transfers", "sum"),
        amount_unit=("amount_unit", "first"),
        indicative=("indicative", "first"),
    ).reset_index()
    return sums.assign(net=sums["received"] - sums["paid"])[_BALANCE_COLUMNS]


def _link_units(scheme: Scheme, status: pd.DataFrame, register: pd.DataFrame | None) -> pd.DataFrame:
    """Rows of the scheme's sections (all, where it names none) in its months, with their units.

    The unit that a section is assessed for is that upstream, where nothing else is said.
    """
    own = pd.DataFrame([link.model_dump() for link in scheme.sections], columns=["section_id", *_LINK])
    rows = status[select_settled(scheme, status)]
    if scheme.period == "month":
        month = rows["period"].str.slice(-2).astype(int)
        rows = rows[month.isin(scheme.months)]
    units = own.astype(object).set_index("section_id")
    if register is not None:
        given = register.set_index("section_id").reindex(columns=_LINK).astype(object)
        units = units.combine_first(given.assign(unit=given["unit"].fillna(given["upstream_unit"])))
    bare = rows.drop(columns=_LINK, errors="ignore")
    return bare.join(units[_LINK], on="section_id").reset_index(drop=True)


def _list_factor_values(scheme: Scheme, linked: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Row, factor, `value` and `limit` of every section and period, also where one of the two is missing.

    The limit is the factor's own, else that of the target class, or of the scheme's class without a target.
    """
    factors = pd.DataFrame([{"factor": entry.code, "own": entry.limit} for entry in scheme.factors])
    rows = linked.assign(row=linked.index).merge(factors, how="cross")
    counts = {entry.code: entry.basins for entry in scheme.factors if entry.basins}
    there = [
        not counts.get(code) or any(part in str(basin) for part in counts[code])
        for code, basin in zip(rows["factor"], rows["basin"], strict=True)
    ]
    rows = rows[np.array(there, dtype=bool)].assign(
        reference=rows["target_class"].fillna(scheme.default_class).astype(int), parameter=rows["factor"]
    )
    means = melt_means(linked.assign(row=linked.index), ["row"])[["row", "parameter", "mean"]]
    rows = rows.merge(means.rename(columns={"mean": "value"}), on=["row", "parameter"], how="left")
    rows = rows.merge(list_upper_limits(limits), on=["parameter", "water_body", "reference"], how="left")
    return rows.assign(limit=rows["own"].astype(float).fillna(rows["bound"]))


def _settle_two_way(scheme: TwoWayScheme, linked: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    rows = _list_factor_values(scheme, linked, limits)
    multiple = rows["value"] / rows["limit"] - 1
    over = multiple > _SAME
    tier = _number_tiers(scheme, multiple).where(over, 0).where(multiple.notna())
    rows = rows.assign(
        from_unit=rows["upstream_unit"],
        to_unit=rows["downstream_unit"],
        measure="multiple",
        measure_value=multiple,
        tier=tier,
        amount=_find_amounts(scheme, tier),
        reason=_explain(rows, {NO_LIMIT: rows["limit"].isna(), NOT_MEASURED: rows["value"].isna()}),
    )
    paid = [rows] if scheme.reward is None else [rows, _settle_rewards(scheme.reward, linked, rows)]
    return _blank_amounts(pd.concat([part for part in paid if len(part)] or [rows], ignore_index=True))


def _settle_rewards(reward: Any, linked: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Payments upstream for the sections that keep every limit that is known and are good enough."""
    judged = rows[rows["limit"].notna()].groupby("row")["tier"]
    kept = (judged.max() == 0) & (judged.count() == judged.size())
    best = linked["water_class"].le(reward.best_class).fillna(value=False)
    due = linked[best & kept.reindex(linked.index).eq(other=True)]
    return due.assign(
        from_unit=due["downstream_unit"],
        to_unit=due["upstream_unit"],
        factor=ALL_FACTORS,
        measure="reward",
        measure_value=np.nan,
        tier=0,
        amount=np.nan if reward.amount is None else reward.amount,
        reason=AMOUNT_UNKNOWN if reward.amount is None else None,
    )


def _settle_against_control(
    scheme: ControlScheme, linked: pd.DataFrame, limits: pd.DataFrame
) -> pd.DataFrame:
    values = _list_factor_values(scheme, linked, limits)
    ratios = (
        (values["value"] / values["limit"]).groupby(values["row"]).agg(lambda parts: parts.mean(skipna=False))
    )
    rows = linked.assign(value=ratios.reindex(linked.index))
    controls = rows.set_index(["section_id", "period"])["value"]
    pairs = pd.MultiIndex.from_frame(rows[["control", "period"]])
    rows["limit"] = controls.reindex(pairs).to_numpy(dtype=float)
    # a section without one is a control itself, unless nobody says which those are
    has_control = rows["control"].notna()
    rows = rows[has_control] if has_control.any() else rows
    percent = 100 * (rows["value"] / rows["limit"] - 1)
    tier = _number_tiers(scheme, percent)
    signed = _find_amounts(scheme, tier)
    rewarded = signed >= 0
    missing = {NO_CONTROL: rows["limit"].isna(), NOT_MEASURED: rows["value"].isna()}
    return _blank_amounts(
        rows.assign(
            from_unit=pd.Series(scheme.pool, rows.index, dtype=object).where(rewarded, rows["unit"]),
            to_unit=rows["unit"].where(rewarded, scheme.pool),
            factor=";".join(entry.code for entry in scheme.factors),
            measure="percent_of_control",
            measure_value=percent,
            tier=tier,
            amount=signed.abs(),
            reason=_explain(rows, missing),
        )
    )


def _number_tiers(scheme: Scheme, values: pd.Series) -> pd.Series:
    """Numbers of the tiers from 1, NaN where the value is."""
    bounds = [tier.up_to for tier in scheme.tiers if tier.up_to is not None]
    numbers = number_tiers(values.to_numpy(dtype=float), bounds, [tier.closed for tier in scheme.tiers])
    return pd.Series(numbers + 1, index=values.index, dtype=float).where(values.notna())


def _find_amounts(scheme: Scheme, tiers: pd.Series) -> pd.Series:
    return tiers.map({0: 0.0, **{number: tier.amount for number, tier in enumerate(scheme.tiers, 1)}})


def _explain(rows: pd.DataFrame, cases: dict[str, pd.Series]) -> pd.Series:
    """The last case that holds for each row, null for none."""
    reason = pd.Series([None] * len(rows), index=rows.index, dtype=object)
    for text, holds in cases.items():
        reason = reason.mask(holds, text)
    return reason


def _blank_amounts(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose money has no known giver or taker have no amount; where none is due they stay."""
    lost = (rows["from_unit"].isna() | rows["to_unit"].isna()) & (rows["amount"] != 0)
    reason = rows["reason"].mask(lost & rows["reason"].isna(), NO_UNITS)
    return rows.assign(amount=rows["amount"].mask(lost), reason=reason)
