"""The sections of an area: graded, evaluated, compared between periods, settled under the schemes."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline import standards
from pipeline.contracts import SECTION_STATUS, checked
from pipeline.geodesy import CGCS2000
from pipeline.indices import (
    compensation,
    river_evaluation,
    section_change,
    section_evaluation,
    section_series,
    section_trend,
    sections,
    water_index,
)
from pipeline.indices.section_months import MeanRules
from pipeline.periods import periods_between
from pipeline.plan.area import Area
from pipeline.plan.inputs import Inputs
from pipeline.plan.sampled import Sampled
from pipeline.rights_registry import waters
from pipeline.run import Run
from pipeline.settings.schemes import load_scheme
from pipeline.workspace import Artifact, load_layer, load_table, save_tables, sha256_of_file

_SECTIONS = 5
_DELIVERED = (
    "section_series",
    "sections_evaluation",
    "sections_change",
    "sections_trend",
    "sections_exceedance",
    "sections_unmatched",
    "rivers_evaluation",
    "rivers_change",
)
_WHERE_ANY = ("units_ranking", "compensation", "compensation_balances")


def graded_sections(run: Run, area: Area, inputs: Inputs, parcels: Artifact) -> Artifact:
    """The artifact of the sections: layers `sections` and `findings`, `samples_rejected`, their tables.

    Each section is linked to the water parcel that it stands on.
    """
    settings = area.settings.sections
    cause = area.cause(
        "sections",
        _SECTIONS,
        [*(sha256_of_file(path) for path in inputs.tables), parcels.key],
        samples=[entry.model_dump(exclude={"path"}) for entry in inputs.samples],
        periods=[period.label for period in area.settings.scenes.periods],
        days=[str(area.settings.scenes.start), str(area.settings.scenes.end)],
        areas=area.known_key,
        rules=settings.rules.model_dump(),
        schemes={name: load_scheme(name).model_dump() for name in settings.schemes},
    )

    def build(folder: Path) -> None:
        sampled = Sampled.of(area, inputs)
        status = sections.graded(
            sampled.here, area.settings.scenes.periods, standards.table("water_limits"), rules=_rules(area)
        )
        linked = _linked(area, status, parcels)
        save_tables(
            folder,
            {
                "sections": linked,
                "findings": sampled.findings(),
                "indicators": sections.indicators(status, area.aoi.id),
                "samples_rejected": sampled.rejected(),
                "sections_unmatched": sampled.unmatched,
                "section_series": _series(area, sampled),
                **_evaluations(area, status),
                **_settled(area, sampled),
            },
        )

    return run.artifact(f"{area.aoi.name_zh} 断面 sections", cause, build)


def section_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables to deliver from the artifact of the sections; compensation and ranks where there are any."""
    tables = {name: load_table(folder, name) for name in (*_DELIVERED, *_WHERE_ANY)}
    return {name: table for name, table in tables.items() if name in _DELIVERED or len(table)}


def _rules(area: Area) -> MeanRules:
    rules = area.settings.sections.rules
    return MeanRules(rules.censored_share, rules.decimals)


def _linked(area: Area, status: pd.DataFrame, parcels: Artifact) -> gpd.GeoDataFrame:
    """Status with its points and the water parcel of each section."""
    within_m = area.settings.sections.rules.nearest_water_m
    rows = load_layer(parcels.path, "parcels")
    links = waters.linked(status, rows, crs=area.grid.crs, within_m=within_m)
    points = gpd.points_from_xy(status["lon"], status["lat"], crs=CGCS2000)
    return gpd.GeoDataFrame(checked(status, SECTION_STATUS).join(links), geometry=points)


def _series(area: Area, sampled: Sampled) -> pd.DataFrame:
    limits = standards.table("water_limits")
    return section_series.monthly_series(sampled.here, sampled.days, limits, rules=_rules(area))


def _evaluations(area: Area, status: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Evaluation of sections, rivers and units, trends, and changes between neighbouring periods."""
    limits = standards.table("water_limits")
    periods = area.settings.scenes.periods
    labels = [period.label for period in periods]
    named = status.drop_duplicates("section_id").set_index("section_id")[["river", "upstream_unit"]]
    rivers_of = {str(key): str(name) for key, name in named["river"].dropna().items()}
    scoped = river_evaluation.scopes(status, rivers_of, area.aoi.name_zh)
    rivers = river_evaluation.evaluated(scoped, limits)
    year_months = area.settings.sections.rules.year_months
    return {
        "sections_evaluation": section_evaluation.evaluated(status, periods, limits, year_months=year_months),
        "sections_change": section_change.changes(status, labels),
        "sections_trend": section_trend.trends(status, labels),
        "sections_exceedance": river_evaluation.exceedance_table(scoped, limits),
        "rivers_evaluation": rivers,
        "rivers_change": river_evaluation.changes(rivers, labels),
        "units_ranking": water_index.unit_index(status, named["upstream_unit"], limits),
    }


def _settled(area: Area, sampled: Sampled) -> dict[str, pd.DataFrame]:
    """Transfers and balances of all schemes of the config, over the periods that each settles by."""
    limits, days = standards.table("water_limits"), area.settings.scenes
    parts = [compensation.nothing_due()]
    for name in area.settings.sections.schemes:
        scheme = load_scheme(name)
        periods = periods_between(days.start, days.end, scheme.period)
        status = sections.graded(sampled.here, periods, limits, rules=_rules(area))
        parts.append(compensation.transfers(Path(name).stem, scheme, status, limits, sampled.register))
    found = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return {"compensation": found, "compensation_balances": compensation.balances(found)}
