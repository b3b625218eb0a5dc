"""The sections of an area: graded, evaluated, compared between periods, settled under the schemes."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline import standards
from pipeline.contracts import SECTION_STATUS, checked
from pipeline.geodesy import CGCS2000
from pipeline.indices import (
    compensation,
    river_evaluation,
    section_evaluation,
    section_series,
    section_trend,
    sections,
    water_index,
)
from pipeline.ingest.samples import read_samples, read_sections
from pipeline.periods import Period, periods_between
from pipeline.plan.area import Area
from pipeline.plan.inputs import Inputs
from pipeline.run import Run
from pipeline.settings.schemes import load_scheme
from pipeline.workspace import Artifact, load_table, save_tables, sha256_of_file

_SECTIONS = 4
_DELIVERED = (
    "section_series",
    "sections_evaluation",
    "sections_trend",
    "rivers_evaluation",
    "rivers_change",
)
_WHERE_ANY = ("units_ranking", "compensation", "compensation_balances")


def graded_sections(run: Run, area: Area, inputs: Inputs) -> Artifact:
    """The artifact of the sections: layer `sections`, `samples_rejected`, `indicators`, and their tables."""
    settings = area.settings.sections
    cause = area.cause(
        "sections",
        _SECTIONS,
        [sha256_of_file(path) for path in inputs.tables],
        samples=[entry.model_dump(exclude={"path"}) for entry in inputs.samples],
        periods=[period.label for period in area.settings.scenes.periods],
        days=[str(area.settings.scenes.start), str(area.settings.scenes.end)],
        rules=settings.rules.model_dump(),
        schemes={name: load_scheme(name).model_dump() for name in settings.schemes},
    )

    def build(folder: Path) -> None:
        register = _register(area, inputs)
        readings, rejected = read_samples(inputs.samples)
        periods = area.settings.scenes.periods
        status = _graded(area, readings, periods, register)
        points = gpd.points_from_xy(status["lon"], status["lat"], crs=CGCS2000)
        placed = gpd.GeoDataFrame(checked(status, SECTION_STATUS), geometry=points)
        found = sections.indicators(status, area.aoi.id)
        save_tables(folder, {"sections": placed, "samples_rejected": rejected, "indicators": found})
        save_tables(folder, {"section_series": _series(area, readings, register)})
        save_tables(folder, _evaluations(area, status, register))
        save_tables(folder, _settled(area, readings, register))

    return run.artifact(f"{area.aoi.name_zh} 断面 sections", cause, build)


def section_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables to deliver from the artifact of the sections; compensation and ranks where there are any."""
    tables = {name: load_table(folder, name) for name in (*_DELIVERED, *_WHERE_ANY)}
    return {name: table for name, table in tables.items() if name in _DELIVERED or len(table)}


def _register(area: Area, inputs: Inputs) -> pd.DataFrame:
    """The sections of the area, with their target classes from the table of targets where it has them."""
    targets = area.settings.sections.targets
    tables = [read_sections(path) for path in (inputs.sections, Path(targets) if targets else None) if path]
    if not tables:
        return pd.DataFrame(columns=["section_id"])
    register = tables[0]
    if len(tables) > 1:
        given = tables[1].set_index("section_id")["target_class"]
        wanted = register["section_id"].map(given).astype("Int64")
        register = register.assign(target_class=wanted.fillna(register["target_class"]))
    return register[register["aoi"].isna() | (register["aoi"] == area.aoi.id)]


def _graded(
    area: Area, readings: pd.DataFrame, periods: Sequence[Period], register: pd.DataFrame
) -> pd.DataFrame:
    return sections.grade(
        readings,
        periods,
        standards.table("water_limits"),
        register if "section" in register else None,
        censored_share=area.settings.sections.rules.censored_share,
    )


def _series(area: Area, readings: pd.DataFrame, register: pd.DataFrame) -> pd.DataFrame:
    """Monthly means over the days of the config."""
    days = area.settings.scenes
    return section_series.monthly_series(
        readings,
        Period(days.start, days.end, area.settings.label),
        standards.table("water_limits"),
        register if "section" in register else None,
        censored_share=area.settings.sections.rules.censored_share,
    )


def _evaluations(area: Area, status: pd.DataFrame, register: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Evaluation of sections, rivers and units, trends, and changes between neighbouring periods."""
    limits = standards.table("water_limits")
    periods = area.settings.scenes.periods
    labels = [period.label for period in periods]
    named = register.set_index("section_id").reindex(columns=["river", "upstream_unit"]).astype(object)
    rivers_of = {str(key): str(name) for key, name in named["river"].dropna().items()}
    scoped = river_evaluation.scopes(status, rivers_of, area.aoi.name_zh)
    rivers = river_evaluation.evaluated(scoped, limits)
    year_months = area.settings.sections.rules.year_months
    return {
        "sections_evaluation": section_evaluation.evaluated(status, periods, limits, year_months=year_months),
        "sections_trend": section_trend.trends(status, labels),
        "rivers_evaluation": rivers,
        "rivers_change": river_evaluation.changes(rivers, labels),
        "units_ranking": water_index.unit_index(status, named["upstream_unit"], limits),
    }


def _settled(area: Area, readings: pd.DataFrame, register: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Transfers and balances of all schemes of the config, over the periods that each settles by."""
    limits, days = standards.table("water_limits"), area.settings.scenes
    parts = [compensation.nothing_due()]
    for name in area.settings.sections.schemes:
        scheme = load_scheme(name)
        status = _graded(area, readings, periods_between(days.start, days.end, scheme.period), register)
        parts.append(compensation.transfers(Path(name).stem, scheme, status, limits, register))
    found = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return {"compensation": found, "compensation_balances": compensation.balances(found)}
