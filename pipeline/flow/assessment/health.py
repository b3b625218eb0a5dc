"""Health of rivers and lakes, bodies across areas, compliance of water function zones."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline import standards
from pipeline.assessment.health.bodies import Body
from pipeline.assessment.health.cards import BodyPeriod, HealthTables, build_cards
from pipeline.assessment.health.criteria import HealthFigure
from pipeline.assessment.health.ground import (
    build_strip_table,
    list_strips,
    measure_reaches,
    outline_body,
)
from pipeline.assessment.health.told import list_told_figures
from pipeline.assessment.health.waters import compare_sides, list_sections, list_water_figures
from pipeline.assessment.health.zones import build_zone_indicators, judge_zones, measure_zones
from pipeline.contracts import INDICATORS, WATER_BODIES, check_table
from pipeline.flow.assessment.health_ground import sum_strips
from pipeline.flow.assessment.health_inputs import HealthInputs, read_inputs
from pipeline.flow.assessment.health_placing import Waters, load_waters, place_waters, place_zones
from pipeline.flow.assessment.part import Assessed
from pipeline.flow.assessment.sources import Sources
from pipeline.flow.section_rules import find_evaluation_rules
from pipeline.geodesy import CGCS2000, unproject
from pipeline.ingest.rejects import Advice, Reject, tabulate_rejects
from pipeline.periods import PERIODS_A_YEAR
from pipeline.storage.tables import load_table

_SURFACE = 2
_ONCE = Advice(
    "各名录的断面各不相同 / sections of their own in each register",
    "其他名录已有同一断面，只计一次 / a register before has the same section: counted once",
)


def assess_health(sources: Sources) -> Assessed:
    """Tables of the health of the bodies that an area shares in, and of the zones of all registers."""
    told = read_inputs(sources.block)
    found = load_waters(sources.artifacts["waters"].path)
    waters, lost = place_waters(sources, told, found)
    zones, unknown = place_zones(told, found)
    study, limits = sources.study, standards.table("water_limits")
    labels = [period.label for period in study.periods]
    means = find_evaluation_rules(study).means
    compliance = judge_zones(zones, study.periods, limits, means, sources.block.least_rounds)
    reaches = _measure_ground(sources, waters)
    cards = _build_cards(sources, told, waters, compliance, reaches)
    tables = {
        "health_cards": cards.cards,
        "health_layers": cards.layers,
        "health_criteria": cards.criteria,
        "health_sides": compare_sides(waters.bodies, waters.status, labels, limits),
        "health_sections": list_sections(waters.bodies, waters.status),
        "health_reaches": reaches,
        "zone_compliance": compliance,
        "health_rejected": tabulate_rejects([*told.lost, *lost, *unknown, *_list_duplicates(sources)]),
    }
    zoned = build_zone_indicators(compliance, study.aoi.id, labels)
    indicators = pd.concat([zoned, _list_scores(cards.cards)], ignore_index=True)
    return Assessed(tables, indicators, layers=_outline_bodies(waters.bodies, cards.cards, study.grid.crs))


def _measure_ground(sources: Sources, waters: Waters) -> pd.DataFrame:
    study, width_m = sources.study, sources.block.bank_width_m
    strips = {
        body.id: list(list_strips(body, study.aoi.geometry, study.grid.crs, width_m))
        for body in waters.bodies
    }
    sums = sum_strips(sources.run, sources.maps, build_strip_table(strips))
    labels = [period.label for period in study.periods]
    return measure_reaches(waters.bodies, sums, labels, waters.shares, waters.whole)


def _build_cards(
    sources: Sources, told: HealthInputs, waters: Waters, compliance: pd.DataFrame, reaches: pd.DataFrame
) -> HealthTables:
    study, limits = sources.study, standards.table("water_limits")
    labels = [period.label for period in study.periods]
    mapped, known = _list_map_scores(reaches), []
    for body_id, label, figures in list_water_figures(waters.bodies, waters.status, labels, limits):
        body = next(one for one in waters.bodies if one.id == body_id)
        period = study.periods[labels.index(label)]
        own = told.readings[told.readings["body"] == body_id]
        zoned = {"zone_compliance": measure_zones(compliance, body_id, label)}
        both = {**figures, **zoned, **mapped.get((body_id, label), {}), **list_told_figures(own, period)}
        rows = waters.status[(waters.status["body"] == body_id) & (waters.status["period"] == label)]
        sides = tuple(sorted(rows["side"].unique()))
        known.append(BodyPeriod(body_id, body.name, body.kind, label, both, len(rows), sides))
    cycle = PERIODS_A_YEAR[study.settings.scenes.period]
    return build_cards(known, told.schemes, labels, cycle, sources.block.least_weight)


def _list_map_scores(reaches: pd.DataFrame) -> dict[tuple[str, str], dict[str, HealthFigure]]:
    """Figures of maps by body and period; of what counts in no card, why."""
    found: dict[tuple[str, str], dict[str, HealthFigure]] = {}
    for row in reaches.to_dict("records"):
        figure = HealthFigure(
            row["value"] if row["in_card"] else np.nan,
            "maps",
            numerator=row["numerator"],
            denominator=row["denominator"],
            reason=row["reason"],
            indicative=row["indicative"],
        )
        found.setdefault((row["body"], row["period"]), {})[row["measure"]] = figure
    return found


def _list_scores(cards: pd.DataFrame) -> pd.DataFrame:
    """Scores as INDICATORS, with the body in place of the area."""
    rows = pd.DataFrame(
        {
            "indicator": "health_score",
            "aoi": cards["body"],
            "period": cards["period"],
            "value": cards["score"],
            "unit": "point",
            "source": "health_cards; " + cards["scheme_name"],
            "reason": cards["reason"].where(cards["score"].isna(), None),
        }
    )
    return rows.reindex(columns=list(INDICATORS.columns))


def _outline_bodies(bodies: Sequence[Body], cards: pd.DataFrame, crs: str) -> dict[str, gpd.GeoDataFrame]:
    """WATER_BODIES: the cards of the last period with outlines, lines as wide as they are; others apart."""
    last = cards.drop_duplicates("body", keep="last").set_index("body", drop=False)
    drawn = [(body, outline_body(body, crs)) for body in bodies if body.shape is not None]
    areas = {body.id: unproject(shape, crs) for body, shape in drawn if shape is not None}
    lines = {body.id: body.shape for body, shape in drawn if shape is None}
    layers = {"water_bodies": areas} | ({"water_lines": lines} if lines else {})
    return {name: _build_layer(bodies, last, shapes) for name, shapes in layers.items()}


def _build_layer(
    bodies: Sequence[Body], cards: pd.DataFrame, shapes: Mapping[str, BaseGeometry | None]
) -> gpd.GeoDataFrame:
    known = {body.id: body for body in bodies}
    rows = cards.loc[list(shapes)].assign(
        outline=[_name_outline(known[body].shape) for body in shapes],
        accuracy=pd.Series({body: known[body].accuracy for body in shapes}, dtype=object),
    )
    columns = rows.reindex(columns=list(WATER_BODIES.columns)).reset_index(drop=True)
    table = gpd.GeoDataFrame(columns, geometry=list(shapes.values()), crs=CGCS2000)
    checked: gpd.GeoDataFrame = check_table(table, WATER_BODIES)
    return checked


def _name_outline(shape: BaseGeometry | None) -> str:
    return "polygon" if shapely.get_dimensions(shape) == _SURFACE else "line"


def _list_duplicates(sources: Sources) -> list[Reject]:
    rows = load_table(sources.artifacts["waters"].path, "doubled")
    return [
        Reject(str(row["register"]), "", 0, "", f"{row['section_id']} {row['section']}", _ONCE)
        for row in rows.to_dict("records")
    ]
