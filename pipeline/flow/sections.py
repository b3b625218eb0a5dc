"""The sections of an area: graded, evaluated, compared between periods, settled under the schemes."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline import standards
from pipeline.contracts import SECTION_STATUS, check_table
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import Inputs
from pipeline.flow.section_rules import find_evaluation_rules
from pipeline.flow.section_samples import StudySamples
from pipeline.geodesy import CGCS2000
from pipeline.indices.sections import change as section_change
from pipeline.indices.sections import compensation, water_index
from pipeline.indices.sections import evaluation as section_evaluation
from pipeline.indices.sections import grades as sections
from pipeline.indices.sections import items as section_items
from pipeline.indices.sections import rivers as river_evaluation
from pipeline.indices.sections import series as section_series
from pipeline.indices.sections import trend as section_trend
from pipeline.periods import list_periods
from pipeline.rights_registry import waters
from pipeline.settings.schemes import load_scheme
from pipeline.storage.cause import Artifact, sha256_of_file
from pipeline.storage.tables import load_table, read_layer_parts, save_tables

_SECTIONS = 9
_DELIVERED = (
    "section_series",
    "section_items",
    "sections_evaluation",
    "sections_change",
    "sections_trend",
    "sections_exceedance",
    "sections_unmatched",
    "rivers_evaluation",
    "rivers_change",
)
_WHERE_ANY = ("units_ranking", "compensation", "compensation_balances")


def make_sections(run: Run, study: Study, inputs: Inputs, parcels: Artifact) -> Artifact:
    """The artifact of the sections: layers `sections` and `findings`, `samples_rejected`, their tables.

    Each section is linked to the water parcel that it stands on.
    """
    settings = study.settings.sections
    cause = study.cause(
        "sections",
        _SECTIONS,
        [*(sha256_of_file(path) for path in inputs.tables), parcels.key],
        samples=[entry.model_dump(exclude={"path"}) for entry in inputs.samples],
        periods=[period.label for period in study.settings.scenes.periods],
        days=[str(study.settings.scenes.start), str(study.settings.scenes.end)],
        areas=study.known_key,
        rules=settings.rules.model_dump(),
        schemes={name: load_scheme(name).model_dump() for name in settings.schemes},
    )

    def build(folder: Path) -> None:
        sampled = StudySamples.of(study, inputs)
        graded = sections.grade_periods(
            sampled.here,
            study.settings.scenes.periods,
            standards.table("water_limits"),
            rules=find_evaluation_rules(study),
        )
        linked = _link_parcels(study, graded.status, parcels)
        save_tables(
            folder,
            {
                "sections": linked,
                "findings": sampled.findings(),
                "indicators": sections.build_section_indicators(graded.status, study.aoi.id),
                "samples_rejected": sampled.rejected(),
                "sections_unmatched": sampled.unmatched,
                "section_series": _build_series(study, sampled),
                "section_items": section_items.build_item_table(graded.items, sampled.here),
                **_evaluate(study, graded),
                **_settle_schemes(study, sampled),
            },
        )

    return run.artifact(study.title("sections"), cause, build)


def load_section_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables to deliver from the artifact of the sections; compensation and ranks where there are any."""
    tables = {name: load_table(folder, name) for name in (*_DELIVERED, *_WHERE_ANY)}
    return {name: table for name, table in tables.items() if name in _DELIVERED or len(table)}


def _link_parcels(study: Study, status: pd.DataFrame, parcels: Artifact) -> gpd.GeoDataFrame:
    """Status with its points and the water parcel of each section."""
    within_m = study.settings.sections.rules.nearest_water_m
    parts = read_layer_parts(parcels.path / "parcels.parquet", waters.COLUMNS)
    near = [waters.select_candidates(status, part, within_m=within_m) for part in parts]
    rows = pd.concat([part for part in near if len(part)] or near[:1], ignore_index=True)
    links = waters.link_sections(status, rows, crs=study.grid.crs, within_m=within_m)
    points = gpd.points_from_xy(status["lon"], status["lat"], crs=CGCS2000)
    return gpd.GeoDataFrame(check_table(status, SECTION_STATUS).join(links), geometry=points)


def _build_series(study: Study, sampled: StudySamples) -> pd.DataFrame:
    limits = standards.table("water_limits")
    return section_series.build_monthly_series(
        sampled.here, sampled.days, limits, rules=find_evaluation_rules(study).means
    )


def _evaluate(study: Study, graded: sections.GradedSections) -> dict[str, pd.DataFrame]:
    """Evaluation of sections, rivers and units, trends, and changes between neighbouring periods."""
    limits = standards.table("water_limits")
    labels = [period.label for period in study.settings.scenes.periods]
    status = graded.status
    named = status.drop_duplicates("section_id").set_index("section_id")[["river", "upstream_unit"]]
    rivers_of = {str(key): str(name) for key, name in named["river"].dropna().items()}
    scoped = river_evaluation.expand_scopes(status, rivers_of, study.aoi.name_zh)
    rivers = river_evaluation.evaluate_scopes(scoped, limits)
    return {
        "sections_evaluation": section_evaluation.evaluate_sections(
            graded, limits, rules=find_evaluation_rules(study)
        ),
        "sections_change": section_change.compare_sections(status, labels),
        "sections_trend": section_trend.compute_trends(graded.items, labels),
        "sections_exceedance": river_evaluation.build_exceedance_table(scoped, limits),
        "rivers_evaluation": rivers,
        "rivers_change": river_evaluation.compare_scopes(rivers, labels),
        "units_ranking": water_index.compute_unit_index(status, named["upstream_unit"], limits),
    }


def _settle_schemes(study: Study, sampled: StudySamples) -> dict[str, pd.DataFrame]:
    """Transfers and balances of all schemes of the config, over the periods that each settles by."""
    limits, days = standards.table("water_limits"), study.settings.scenes
    parts = [compensation.build_empty_transfers()]
    for name in study.settings.sections.schemes:
        scheme = load_scheme(name)
        found = sampled.here.select(compensation.select_settled(scheme, sampled.here.sections))
        if found.sections.empty:
            continue
        periods = list_periods(days.start, days.end, scheme.period)
        status = sections.grade_periods(found, periods, limits, rules=find_evaluation_rules(study)).status
        parts.append(
            compensation.compute_transfers(Path(name).stem, scheme, status, limits, sampled.register)
        )
    transfers = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return {"compensation": transfers, "compensation_balances": compensation.balance_units(transfers)}
