"""Findings about other rights: each rule over the rows that it is about."""

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline import standards
from pipeline.geodesy import CGCS2000
from pipeline.rights_registry.findings import build_findings, join_findings
from pipeline.rights_registry.other_rights.balance import list_uses
from pipeline.rights_registry.other_rights.conflicts import list_double_numbers, list_shared_ground
from pipeline.rights_registry.other_rights.trades import reckon_totals, sum_each_trade
from pipeline.rights_registry.rules import RULES

UNTOLD = "—"
"""What stands in messages for a text that is not told."""

_NAMED = 10
_GROUND = 2
_OF_YEAR = ["resource", "period"]
_TOLD = ("number", "holder", "other_number", "other_holder", "valid_to")


@dataclass(frozen=True)
class JudgedRights:
    """What findings are made of: rights of an area, their links, trades, balances, parts that are restricted.

    `rights` have their `state` and place, `outlines` are those of parcels by id, `outline` that of the area;
    `period` is the label of the last period.
    """

    rights: gpd.GeoDataFrame
    links: pd.DataFrame
    trades: pd.DataFrame
    sides: pd.DataFrame
    balance: pd.DataFrame
    restricted: gpd.GeoDataFrame
    outlines: gpd.GeoSeries
    outline: shapely.Geometry
    period: str


def judge_rights(judged: JudgedRights) -> gpd.GeoDataFrame:
    """FINDINGS of all rules about other rights; placed on the right, its parcel, or the area."""
    return join_findings([build_findings(RULES[rule], rows) for rule, rows in _list_rows(judged)])


def _list_rows(judged: JudgedRights) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
    """Rows that break a rule, by rule."""
    expired = judged.rights.assign(period=judged.period, key=judged.rights["right_id"])
    doubled = list_double_numbers(judged.rights)
    shared = list_shared_ground(judged.rights)
    pairs = shared.assign(key=shared["right_id"] + "+" + shared["other_id"].astype(str))
    trades = sum_each_trade(judged.trades)
    candidates = {
        "right_expired": expired,
        "right_overused": _place_holders(list_uses(judged.balance), judged.rights),
        "right_two_holders": doubled.assign(key=doubled["right_id"]),
        "right_ground_shared": pairs,
        "carbon_projects_overlap": pairs,
        "right_restricted": _tell_restrictions(judged),
        "trade_unbalanced": trades.assign(
            when=trades["period"].fillna(UNTOLD), key=_join(trades, ["trade_id", "resource"])
        ),
        "trade_oversold": _list_sellers(judged.balance),
        "trade_total_differs": _list_totals(judged.sides),
        "rights_unlinked": _list_strays(judged),
    }
    for rule, rows in candidates.items():
        named = _fill(rows, judged)
        yield rule, named[RULES[rule].applies(named)]


def _place_holders(rows: pd.DataFrame, rights: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Uses of holders with a right in the area: numbers, place and parcel of the rights that they are of."""
    of_resource = _map_column("rights_resources", "resource", "family")
    own = rights.assign(family=rights["right_kind"].map(_map_column("rights_kinds", "kind", "family")))
    names = ["right_id", "number", "parcel_id", "geometry"]
    by_holder = own[["holder_id", "family", *names]].rename(columns={"right_id": "of_right"})
    wanted = rows.assign(family=rows["resource"].map(of_resource))
    pairs = wanted.merge(by_holder, on=["holder_id", "family"])
    known = pairs[pairs["right_id"].isna() | pairs["right_id"].eq(pairs["of_right"])]
    keyed = known.assign(
        key=_join(known.assign(who=known["right_id"].fillna(known["holder_id"])), ["who", *_OF_YEAR])
    )
    groups = keyed.groupby("key", sort=False)
    numbers = groups["number"].agg(lambda told: "、".join(dict.fromkeys(told.fillna(UNTOLD))))
    places = groups["geometry"].agg(_unite)
    first = groups[[*rows.columns, "parcel_id"]].first().drop(columns="geometry", errors="ignore")
    table = first.assign(number=numbers).reset_index()
    return gpd.GeoDataFrame(table, geometry=places.to_numpy(dtype=object), crs=CGCS2000)


def _unite(places: pd.Series) -> shapely.Geometry | None:
    known = [place for place in places if place is not None]
    return shapely.union_all(known) if known else None


def _tell_restrictions(judged: JudgedRights) -> gpd.GeoDataFrame:
    """Parts of rights inside restricting layers, with the right and the layer's names."""
    names = standards.table("restricting_kinds").set_index("kind")
    rows = judged.restricted.merge(pd.DataFrame(judged.rights.drop(columns="geometry")), on="right_id")
    areas = [f"{area:.2f}" for area in rows["inside_m2"]]
    is_point = rows["inside_m2"].isna()
    return gpd.GeoDataFrame(
        rows.assign(
            key=_join(rows, ["right_id", "kind"]),
            restricted_zh=rows["kind"].map(names["name_zh"]),
            restricted_en=rows["kind"].map(names["name_en"]),
            inside_zh=np.where(is_point, "点位在内", [f"{area} 平方米" for area in areas]),
            inside_en=np.where(is_point, "its point does", [f"{area} m2" for area in areas]),
        ),
        crs=CGCS2000,
    )


def _list_sellers(balance: pd.DataFrame) -> pd.DataFrame:
    rows = balance[balance["level"].eq("holder")]
    held = rows["granted"] + rows["bought"].fillna(0.0)
    return rows.assign(held=held, key=_join(rows, ["holder_id", *_OF_YEAR]))


def _list_totals(sides: pd.DataFrame) -> pd.DataFrame:
    rows = reckon_totals(sides)
    return rows.assign(period=None, key=_join(rows, ["trade", "file", "row"]))


def _list_strays(judged: JudgedRights) -> pd.DataFrame:
    """Kinds with rights that are linked to nothing: their number, and the first of them."""
    alone = judged.rights[~judged.rights["right_id"].isin(judged.links["right_id"])]
    groups = alone.assign(said=alone["number"].fillna(alone["holder"]).fillna(UNTOLD)).groupby(
        "right_kind", sort=False
    )
    names = groups["said"].agg(
        lambda told: "、".join(told.astype(str).head(_NAMED)) + "……" * (len(told) > _NAMED)
    )
    rows = pd.DataFrame({"count": groups.size(), "names": names}).reset_index()
    return rows.assign(key=rows["right_kind"])


def _fill(rows: pd.DataFrame, judged: JudgedRights) -> gpd.GeoDataFrame:
    """Rows with names of their kind and resource, a dash for texts that are not told, and a place."""
    kinds, resources = (standards.table(name) for name in ("rights_kinds", "rights_resources"))
    texts = {
        "kind_zh": ("right_kind", kinds.set_index("kind")["name_zh"]),
        "kind_en": ("right_kind", kinds.set_index("kind")["name_en"]),
        "resource_zh": ("resource", resources.set_index("resource")["name_zh"]),
        "resource_en": ("resource", resources.set_index("resource")["name_en"]),
    }
    named = {new: rows[column].map(names) for new, (column, names) in texts.items() if column in rows}
    told = {name: rows[name].fillna(UNTOLD) for name in _TOLD if name in rows}
    plain = pd.DataFrame(rows).drop(columns="geometry", errors="ignore")
    return gpd.GeoDataFrame(
        plain.assign(**named, **told, parcel_id=_find_parcels(rows)),
        geometry=_place(rows, judged),
        crs=CGCS2000,
    )


def _find_parcels(rows: pd.DataFrame) -> pd.Series:
    """The parcel of each row, null where it has none."""
    told = rows["parcel_id"] if "parcel_id" in rows else [None] * len(rows)
    parcels = [parcel if isinstance(parcel, str) else None for parcel in told]
    return pd.Series(parcels, index=rows.index, dtype=object)


def _place(rows: pd.DataFrame, judged: JudgedRights) -> list[shapely.Geometry]:
    """The ground of each row; of what has none its parcel, else the area."""
    shapes = rows["geometry"] if "geometry" in rows else [None] * len(rows)
    outlines = judged.outlines.to_dict()
    parcels = [outlines.get(parcel, judged.outline) for parcel in _find_parcels(rows)]
    return [
        shape if shape is not None and shapely.get_dimensions(shape) == _GROUND else parcel
        for shape, parcel in zip(shapes, parcels, strict=True)
    ]


def _join(rows: pd.DataFrame, names: list[str]) -> list[str]:
    """What tells rows apart, by some columns."""
    return [
        ":".join(str(cell) for cell in row if cell is not None) for row in rows[names].to_numpy(dtype=object)
    ]


def _map_column(table: str, key: str, value: str) -> pd.Series:
    return standards.table(table).set_index(key)[value]
