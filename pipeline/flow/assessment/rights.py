"""Other rights over an area: water, discharge, energy, carbon, forest and aquaculture, and their trades."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.aoi import Aoi
from pipeline.assessment.rights import build_right_indicators
from pipeline.contracts import RIGHTS, RIGHTS_BALANCE, RIGHTS_LINKS, RIGHTS_TRADES, check_table
from pipeline.errors import Problem, SettingsError
from pipeline.flow.assessment.part import Assessed
from pipeline.flow.assessment.sources import Sources
from pipeline.flow.mistakes import raise_mistakes
from pipeline.ingest.parcels import read_restricting
from pipeline.ingest.rights import RightTables, add_outside, read_rights
from pipeline.rights_registry.other_rights.balance import balance_rights
from pipeline.rights_registry.other_rights.conflicts import measure_restrictions
from pipeline.rights_registry.other_rights.judging import JudgedRights, judge_rights
from pipeline.rights_registry.other_rights.linking import link_parcels, link_sections_of, link_units
from pipeline.rights_registry.other_rights.places import place_rights, select_rights
from pipeline.rights_registry.other_rights.states import find_states
from pipeline.rights_registry.other_rights.telling import tell_rights
from pipeline.rights_registry.other_rights.trades import build_trades
from pipeline.settings.rights import Rights

_LAYER = [
    "right_id", "right_kind", "number", "name", "holder", "valid_from", "valid_to", "state", "amounts",
    "parcel_id", "area_m2", "restricted_kind", "geometry",
]  # fmt: skip


class _Here(NamedTuple):
    """Rights of an area, their links, their parts inside restricting layers, outlines of its parcels."""

    rights: gpd.GeoDataFrame
    links: pd.DataFrame
    restricted: gpd.GeoDataFrame
    outlines: gpd.GeoSeries


def assess_rights(sources: Sources) -> Assessed:
    """Rights of the area and their links, trades and balance of all registers, and what is wrong."""
    _refuse_none(sources.block)
    study, read = sources.study, read_rights(sources.block.registers)
    here = _settle(sources, read)
    trades = build_trades(read.sides, here.rights)
    years = range(study.periods[0].first.year, study.periods[-1].last.year + 1)
    balance = balance_rights(read.rights, read.amounts, read.sides, years)
    judged = JudgedRights(
        here.rights,
        here.links,
        trades,
        read.sides,
        balance,
        here.restricted,
        here.outlines,
        study.aoi.geometry,
        study.periods[-1].label,
    )
    tables = {
        "rights": _select_columns(here.rights),
        "rights_links": check_table(here.links, RIGHTS_LINKS),
        "rights_trades": check_table(trades, RIGHTS_TRADES),
        "rights_balance": check_table(balance, RIGHTS_BALANCE),
        "rights_rejected": add_outside(read, here.rights["right_id"]),
    }
    shares = build_right_indicators(here.rights, here.links, balance, study.periods, study.aoi.id)
    return Assessed(tables, shares, judge_rights(judged), _build_layers(here.rights))


def _settle(sources: Sources, read: RightTables) -> _Here:
    """Rights that lie in the area, on one of its parcels, or nobody knows where."""
    study, block = sources.study, sources.block
    parcels, sections = sources.layer("parcels", "parcels"), sources.layer("sections", "sections")
    assert parcels is not None
    assert sections is not None
    of_parcels = link_parcels(read.rights, parcels)
    placed = place_rights(read.rights, of_parcels, parcels)
    chosen = placed[select_rights(placed, study.aoi.geometry)].reset_index(drop=True)
    near = {"crs": study.grid.crs, "within_m": block.section_within_m}
    of_sections = link_sections_of(chosen, sections, of_parcels, parcels, **near)
    parts = [of_parcels, of_sections, link_units(chosen)]
    links = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    layers = read_restricting([*study.settings.restricting, *block.restricting], study.aoi)
    restricted = measure_restrictions(chosen, layers)
    day = study.periods[-1].last
    told = tell_rights(chosen.assign(state=find_states(chosen, day)), read.amounts, restricted, day)
    return _Here(told, links, restricted, parcels.set_index("parcel_id").geometry)


def _select_columns(rights: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(rights)[list(RIGHTS.columns)]
    checked: pd.DataFrame = check_table(table, RIGHTS)
    return checked


def _build_layers(rights: gpd.GeoDataFrame) -> Mapping[str, gpd.GeoDataFrame]:
    """Rights with ground as `licences`, each point of the others as one of `licence_points`."""
    rows = rights[_LAYER]
    dimensions = shapely.get_dimensions(rights.geometry.to_numpy(dtype=object))
    points = rows[dimensions == 0].explode(ignore_index=True)
    return {"licences": rows[dimensions == 2].reset_index(drop=True), "licence_points": points}  # noqa: PLR2004  polygons


def check_rights(block: Rights, aoi: Aoi) -> None:
    """Read registers and restricting layers through; SettingsError where no register is named."""
    raise_mistakes(
        [
            partial(_refuse_none, block),
            partial(read_rights, block.registers),
            *(partial(read_restricting, [layer], aoi) for layer in block.restricting),
        ]
    )


def _refuse_none(block: Rights) -> None:
    if not block.registers:
        problem = Problem("rights", "no register", "at least one: {kind, path}")
        raise SettingsError("No register of other rights is named", [problem])
