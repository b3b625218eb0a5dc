"""Access of homes to green and parks (300 米见绿、500 米见园): a part of the assessment."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.aoi import Aoi
from pipeline.assessment.access.pieces import mark_edge
from pipeline.assessment.access.places import CountedPlaces
from pipeline.assessment.access.shares import Reckoning, list_homes_beyond, tabulate_shares
from pipeline.assessment.access.straight import Nearness, find_straight
from pipeline.assessment.access.walking import find_along_streets
from pipeline.contracts import ACCESS, ACCESS_UNSERVED, INDICATORS, check_table
from pipeline.flow.assessment.access_inputs import Material
from pipeline.flow.assessment.access_remarks import build_rejects_table, tabulate_inputs
from pipeline.flow.assessment.part import Assessed
from pipeline.flow.assessment.sources import Sources
from pipeline.geodesy import CGCS2000, unproject_all
from pipeline.grid import build_grid
from pipeline.ingest.access.files import read_files
from pipeline.settings.green_access import (
    PLACE_KINDS,
    Distances,
    GreenAccess,
    PlaceKind,
    RuleFigure,
    load_distances,
)

Way = Literal["straight", "streets"]

_RESOLUTION_M = 10
"""Pixels of the grid on which a raster of population is looked at before a run."""

NO_MAP = "该期没有地表覆盖图 / no map of land cover of the period"

_WORDS = {"green": ("绿地", "green"), "park": ("公园", "parks")}
_WAYS = {"straight": ("直线", "straight"), "streets": ("沿街道", "along streets")}


def assess_access(sources: Sources) -> Assessed:
    """Shares of homes near green and parks, who is not, what it rests on; the layer of what is not served."""
    material = Material.read(sources)
    reckonings = [*_reckon(material)]
    aoi = sources.study.aoi
    rows = [row for one in reckonings for row in tabulate_shares(one, (aoi.id, aoi.name_zh))]
    shares = check_table(pd.DataFrame(rows, columns=list(ACCESS.columns)), ACCESS)
    last = sources.study.periods[-1].label
    unserved = _list_homes_beyond([one for one in reckonings if one.period == last], material)
    return Assessed(
        {
            "access": shares,
            "access_unserved": check_table(pd.DataFrame(unserved.drop(columns="geometry")), ACCESS_UNSERVED),
            "access_inputs": tabulate_inputs(material),
            "access_rejected": build_rejects_table(material),
        },
        _build_indicators(shares),
        layers=dict(_split_layers(unserved)),
    )


def _split_layers(unserved: gpd.GeoDataFrame) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
    """The layer of ground that is not served, and one of homes that are points, where there are any."""
    points = unserved.geometry.geom_type.isin(["Point", "MultiPoint"])
    yield "homes_unserved", unserved[~points]
    if points.any():
        yield "homes_unserved_points", unserved[points].explode(ignore_index=True)


def _reckon(material: Material) -> Iterator[Reckoning]:
    """Every period, kind of place, way and kind of homes; what two periods have in common is found once."""
    for kind in PLACE_KINDS:
        by_period = material.places[kind]
        groups: dict[int, list[str]] = {}
        for label, places in by_period.items():
            groups.setdefault(id(places), []).append(label)
        for labels in groups.values():
            for one in _reckon_once(material, kind, by_period[labels[0]]):
                yield from (replace(one, period=label) for label in labels)


def _reckon_once(material: Material, kind: PlaceKind, places: CountedPlaces | None) -> Iterator[Reckoning]:
    rule = material.rule.of(kind)
    limit_m = rule.limit_m.value
    for homes_from, pieces in material.pieces.items():
        shapes = pieces.geometry.to_numpy()
        for way, nearness in _find_nearness(material, kind, places, shapes):
            yield Reckoning(
                period="",
                green_kind=kind,
                way=way,
                limit_m=limit_m,
                least_m2=rule.least_m2.value,
                homes_from=homes_from,
                pieces=pieces,
                nearness=nearness,
                edge=mark_edge(nearness.rest, material.outline, limit_m),
                names=places.names if places else np.empty(0, dtype=object),
                indicative=not all(
                    figure.confirmed for figure in _list_figures(material.rule, kind, way).values()
                ),
                source=_describe(material, kind, way, homes_from, places),
            )


def _find_nearness(
    material: Material, kind: PlaceKind, places: CountedPlaces | None, homes: NDArray[np.object_]
) -> Iterator[tuple[Way, Nearness]]:
    """How homes lie to places, straight, and along streets where these are given."""
    limit_m, network = material.rule.of(kind).limit_m.value, material.network
    if places is None:
        yield "straight", Nearness.unknown(homes, NO_MAP)
    else:
        yield "straight", find_straight(homes, places.shapes, limit_m)
    if network is not None and places is None:
        yield "streets", Nearness.unknown(homes, NO_MAP)
    elif network is not None and places is not None:
        entries, reach_m = material.find_entries(kind, places, network), material.rule.streets.reach_m.value
        yield "streets", find_along_streets(homes, entries, network, limit_m=limit_m, reach_m=reach_m)


def _list_figures(rule: Distances, kind: PlaceKind, way: Way) -> dict[str, RuleFigure]:
    """The figures that a share rests on, by their keys."""
    reach = {f"{kind}.limit_m": rule.of(kind).limit_m, f"{kind}.least_m2": rule.of(kind).least_m2}
    streets = {"streets.reach_m": rule.streets.reach_m, "streets.join_m": rule.streets.join_m}
    return reach if way == "straight" else reach | streets


def _describe(
    material: Material, kind: PlaceKind, way: Way, homes_from: str, places: CountedPlaces | None
) -> str:
    """What a share rests on, in words."""
    rule, (zh, en), (way_zh, way_en) = material.rule.of(kind), _WORDS[kind], _WAYS[way]
    told_zh, told_en = places.told if places else ("无图", "no map")
    unconfirmed = [
        key for key, figure in _list_figures(material.rule, kind, way).items() if not figure.confirmed
    ]
    doubt = f"；未核实 unconfirmed: {', '.join(unconfirmed)}" if unconfirmed else ""
    limit, least = f"{rule.limit_m.value:g} m", f"{rule.least_m2.value:g} m2"
    homes = material.homes_files[homes_from]
    return (
        f"{zh}：{told_zh}，不小于 {least}，{way_zh} {limit}，住房：{homes} / "
        f"{en}: {told_en}, at least {least}, {way_en}, {limit}, homes: {homes}{doubt}"
    )


def _list_homes_beyond(reckonings: Sequence[Reckoning], material: Material) -> gpd.GeoDataFrame:
    """Rows of ACCESS_UNSERVED with their ground (EPSG:4490); cells of people only without other homes."""
    listed = [one for one in reckonings if one.homes_from != "population" or len(material.pieces) == 1]
    found = pd.concat([list_homes_beyond(one) for one in listed], ignore_index=True)
    table = gpd.GeoDataFrame(found, geometry="geometry", crs=material.plane)
    shapes = unproject_all(table.geometry.to_numpy(), material.plane)
    placed = table.drop(columns="geometry").set_geometry(gpd.GeoSeries(shapes, table.index, crs=CGCS2000))
    return gpd.GeoDataFrame(placed)


def _build_indicators(shares: pd.DataFrame) -> pd.DataFrame:
    """INDICATORS of the area and its regions; people are those of buildings where these tell them."""
    told = shares["access_basis"].eq("residents").any()
    rows = shares[shares["access_basis"].ne("population") | (not told)]
    basis = rows["access_basis"].replace(["residents", "population"], "people")
    along = rows["access_way"].map({"straight": "", "streets": "_along_streets"})
    names = rows["green_kind"] + "_access_share_" + basis + along
    table = pd.DataFrame(
        {
            "indicator": names,
            "aoi": rows["region"],
            "period": rows["period"],
            "value": rows["access_share"],
            "unit": "share",
            "numerator": rows["served"],
            "denominator": rows["served"] + rows["unserved"],
            "low": rows["access_share_low"],
            "high": rows["access_share_high"],
            "target": np.nan,
            "source": rows["source"],
            "reason": rows["reason"],
        }
    )
    checked: pd.DataFrame = check_table(table.reset_index(drop=True), INDICATORS)
    return checked


def check_access(block: GreenAccess, aoi: Aoi) -> None:
    """Read the rule and all files of a block through over one area."""
    read_files(block, load_distances(block), aoi, build_grid(aoi, resolution_m=_RESOLUTION_M))
