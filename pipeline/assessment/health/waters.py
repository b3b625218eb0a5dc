"""Figures of the sections of a body: its class, trend, oxygen and trophic level, and what each side tells."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.assessment.health.bodies import Body
from pipeline.assessment.health.criteria import HealthFigure
from pipeline.contracts import HEALTH_SECTIONS, HEALTH_SIDES, check_table
from pipeline.indices.sections import trophic
from pipeline.indices.sections.limits import GOOD_CLASS
from pipeline.indices.sections.means import pool_means
from pipeline.indices.sections.positions import locate_values
from pipeline.indices.sections.trend import STEADY, compute_trends

NO_SECTION = "水体上没有断面 / no section on the body"
NO_ITEM = "断面没有参评项目 / no item of the evaluation at its sections"
NO_TARGET = "断面没有目标或未评价 / no graded section with a target"
NOT_MEASURED = "断面未测{name} / {name} was not measured"
_PER_MG_L = 1000.0
_NAN = float("nan")


def locate_bodies(
    status: pd.DataFrame, keys: list[str], kinds: pd.Series, limits: pd.DataFrame
) -> pd.DataFrame:
    """Position of the class for each of `keys` and period: `position`, `decided_by`, and means by item.

    `status` has a row of `grade_periods` for each section and period, and `body`; `kinds` are the kinds of
    bodies by id, whose limits hold. Means are over sections, each of the same weight (pH as hydrogen ions);
    the position is that of the worst item of the 21-item evaluation. Oxygen is judged by its concentration.
    """
    as_bodies = status.assign(water_body=status["body"].map(kinds))
    pooled = pool_means(as_bodies, [*keys, "period"])
    pooled["position"] = locate_values(pooled["mean"], pooled["parameter"], pooled["water_body"], limits)
    evaluated = pooled["parameter"].isin(limits.loc[limits["in_21"] == "1", "code"])
    judged = pooled[evaluated & pooled["position"].notna()]
    groups = [*keys, "period"]
    worst = judged.groupby(groups)["position"].transform("max")
    deciding = judged[np.isclose(judged["position"], worst, rtol=0, atol=1e-9)]
    found = deciding.groupby(groups, sort=False).agg(
        position=("position", "max"), decided_by=("parameter", ";".join)
    )
    wide = pooled.pivot_table(index=groups, columns="parameter", values="mean")
    return wide.join(found).reindex(columns=[*wide.columns, "position", "decided_by"])


def classify_positions(positions: pd.Series) -> pd.Series:
    """Classes 1 to 6 of positions: a limit belongs to the better class; null for NaN."""
    classes = np.ceil(positions.to_numpy(dtype=float) - 1e-9).clip(1, 6)
    return pd.Series(classes, positions.index).astype("Float64").astype("Int64")


def list_water_figures(
    bodies: Sequence[Body], status: pd.DataFrame, periods: Sequence[str], limits: pd.DataFrame
) -> Iterator[tuple[str, str, dict[str, HealthFigure]]]:
    """Body, period and the figures of its sections by measure; those that are not known with the reason."""
    kinds = pd.Series({body.id: body.kind for body in bodies}, dtype=object)
    means = locate_bodies(status, ["body"], kinds, limits)
    for body in bodies:
        own = status[status["body"] == body.id]
        series = means[means.index.get_level_values("body") == body.id].droplevel("body")
        series = series.reindex(list(periods))
        for number, period in enumerate(periods):
            rows = own[own["period"] == period]
            if series["position"].isna().all():
                yield body.id, period, dict.fromkeys(_MEASURES, _lack(NO_SECTION if own.empty else NO_ITEM))
            else:
                yield body.id, period, _measure_water(body, rows, series.iloc[: number + 1])


_MEASURES = (
    "water_class_position", "water_trend", "dissolved_oxygen", "trophic_level", "section_target_share",
    "good_sections",
)  # fmt: skip


def _lack(reason: str) -> HealthFigure:
    return HealthFigure(_NAN, "sections", reason=reason)


def _measure_water(body: Body, rows: pd.DataFrame, series: pd.DataFrame) -> dict[str, HealthFigure]:
    last = series.iloc[-1]
    graded = rows[rows["water_class"].notna()]
    said = f"{len(graded)} 个断面 sections"
    figures = {
        "water_class_position": _measure_class(last, said),
        "water_trend": _measure_trend(body, series),
        "dissolved_oxygen": _measure_mean(last, "DO", "溶解氧 DO", said),
        "section_target_share": _share(
            rows["target_met"].fillna(value=False), rows["target_met"].notna(), NO_TARGET
        ),
        "good_sections": _share(
            rows["water_class"].le(GOOD_CLASS).fillna(value=False), rows["water_class"].notna(), NO_ITEM
        ),
    }
    return {**figures, "trophic_level": _measure_trophic(last, said)} if body.kind == "lake" else figures


def _measure_class(means: pd.Series, said: str) -> HealthFigure:
    if pd.isna(means["position"]):
        return _lack(NO_ITEM)
    return HealthFigure(float(means["position"]), "sections", f"{means['decided_by']}，{said}")


def _measure_mean(means: pd.Series, code: str, name: str, said: str) -> HealthFigure:
    value = float(means.get(code, _NAN))
    return _lack(NOT_MEASURED.format(name=name)) if np.isnan(value) else HealthFigure(value, "sections", said)


def _measure_trophic(means: pd.Series, said: str) -> HealthFigure:
    values = means.reindex(trophic.list_codes()).astype(float).to_frame().T
    levels = trophic.combine_levels(trophic.compute_levels(values.assign(Chla=values["Chla"] * _PER_MG_L)))
    index, items = float(levels["tli"].iloc[0]), levels["items"].iloc[0]
    if np.isnan(index):
        return _lack(NOT_MEASURED.format(name="叶绿素a Chla"))
    partial = items != ";".join(trophic.list_codes())
    return HealthFigure(index, "sections", f"{items}，{said}", indicative=partial)


def _measure_trend(body: Body, series: pd.DataFrame) -> HealthFigure:
    """Rank correlation of the position with time up to a period, 0 where it is not significant."""
    items = pd.DataFrame(
        {
            "section_id": body.id,
            "section": body.name,
            "parameter": "position",
            "period": series.index,
            "mean": series["position"].to_numpy(dtype=float),
            "limit": _NAN,
        }
    )
    if pd.isna(series["position"].iloc[-1]):
        return _lack(NO_ITEM)
    found = compute_trends(items, list(series.index)).iloc[0]
    if pd.isna(found["rs"]):
        return (
            HealthFigure(0.0, "sections", found["reason"])
            if found["trend"] == STEADY
            else _lack(found["reason"])
        )
    value = 0.0 if found["trend"] == STEADY else float(found["rs"])
    return HealthFigure(
        value, "sections", f"rs={found['rs']:.3f}，{found['periods']} 个时段 periods", indicative=True
    )


def _share(met: pd.Series, judged: pd.Series, nothing: str) -> HealthFigure:
    numerator, denominator = float((met & judged).sum()), float(judged.sum())
    if not denominator:
        return _lack(nothing)
    said = f"{numerator:.0f}/{denominator:.0f} 个断面 sections"
    return HealthFigure(numerator / denominator, "sections", said, numerator, denominator)


def compare_sides(
    bodies: Sequence[Body], status: pd.DataFrame, periods: Sequence[str], limits: pd.DataFrame
) -> pd.DataFrame:
    """HEALTH_SIDES of the sections of bodies; `status` has `body`, `side` and `register` as well."""
    names = pd.Series({body.id: body.name for body in bodies}, dtype=object)
    kinds = pd.Series({body.id: body.kind for body in bodies}, dtype=object)
    if status.empty:
        return _check(pd.DataFrame(columns=list(HEALTH_SIDES.columns)), HEALTH_SIDES)
    rows = status.assign(
        graded=status["water_class"].notna(),
        good=status["water_class"].le(GOOD_CLASS).fillna(value=False),
        judged=status["target_met"].notna(),
        met=status["target_met"].fillna(value=False).astype(bool),
    )
    keys = ["body", "side", "period"]
    counts = rows.groupby(keys, sort=False).agg(
        sections=("section_id", "size"), sections_graded=("graded", "sum"), good_sections=("good", "sum"),
        judged_sections=("judged", "sum"), met_sections=("met", "sum"),
        registers=("register", lambda texts: "；".join(dict.fromkeys(texts))),
    )  # fmt: skip
    means = locate_bodies(status, ["body", "side"], kinds, limits)[["position", "decided_by"]]
    found = counts.join(means).reset_index()
    found = found.assign(
        body_name=found["body"].map(names),
        units=pd.Series(
            [_list_units(rows, *key) for key in found[keys].to_numpy()], found.index, dtype=object
        ),
        good_share=found["good_sections"] / found["sections_graded"].where(found["sections_graded"] > 0),
        met_share=found["met_sections"] / found["judged_sections"].where(found["judged_sections"] > 0),
        water_class=classify_positions(found["position"]),
        class_position=found["position"],
        reason=pd.Series(NO_ITEM, found.index, dtype=object).where(found["position"].isna(), None),
    )
    order = {label: number for number, label in enumerate(periods)}
    found = found.sort_values(
        ["body", "period", "side"], key=lambda one: one.map(order) if one.name == "period" else one
    )
    return _check(found[list(HEALTH_SIDES.columns)].reset_index(drop=True), HEALTH_SIDES)


def _list_units(rows: pd.DataFrame, body: str, side: str, period: str) -> str | None:
    own = rows[(rows["body"] == body) & (rows["side"] == side) & (rows["period"] == period)]
    named = [*own["upstream_unit"].dropna(), *own["downstream_unit"].dropna()]
    return "；".join(dict.fromkeys(named)) or None


def list_sections(bodies: Sequence[Body], status: pd.DataFrame) -> pd.DataFrame:
    """HEALTH_SECTIONS: the rows of `status` with the names of their bodies."""
    names = pd.Series({body.id: body.name for body in bodies}, dtype=object)
    rows = status.assign(body_name=status["body"].map(names)).reindex(columns=list(HEALTH_SECTIONS.columns))
    ordered = rows.sort_values(["body", "section_id", "period"], kind="stable").reset_index(drop=True)
    return _check(ordered, HEALTH_SECTIONS)


def _check(table: pd.DataFrame, schema: Any) -> pd.DataFrame:
    checked: pd.DataFrame = check_table(table, schema)
    return checked
