"""Rows that are of one right or one trade, brought together; repetitions and contradictions among them."""

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.ingest import rejects
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.headings import fold

_LAST = ("area_registered_m2", "geometry")
_JOINED = ("water", "section", "parcel_code", "parcel_name", "region", "details")
_FIRST = (
    "right_kind",
    "number",
    "name",
    "holder",
    "holder_id",
    "credit_code",
    "user_code",
    "status",
    "standing",
    "first",
    "last",
    "endless",
    "file",
    "sheet",
    "row",
)


def name_rights(rows: pd.DataFrame) -> pd.Series:
    """The id of the right of each row: kind and number, else where it stands.

    Rows of one kind, number, holder and term are one right; several rights of one number are counted on.
    """
    numbers = rows["number"].map(lambda text: fold(text).upper(), na_action="ignore")
    spots = rows["file"] + ":" + rows["row"].astype(str)
    names = rows["right_kind"] + ":" + numbers.where(numbers.notna(), spots)
    keys = pd.DataFrame(
        {"name": names, **{name: rows[name].astype(str) for name in ("holder_id", "first", "last")}}
    )
    rights = keys.drop_duplicates()
    count = rights.groupby("name").cumcount()
    ids = rights["name"] + count.map(lambda number: f"#{number + 1}" if number else "")
    named = rights.assign(right_id=ids)
    return keys.merge(named, how="left", on=list(keys.columns)).set_index(keys.index)["right_id"]


def merge_rights(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row per `right_id`: texts that rows tell apart joined by 、, areas summed, places together.

    An area that stands in several rows of one parcel counts once.
    """
    several = rows["right_id"].duplicated(keep=False)
    parts = [rows[~several], _merge_several(rows[several])]
    order = rows["right_id"].drop_duplicates()
    table = pd.concat([part for part in parts if len(part)] or parts[:1]).set_index("right_id").loc[order]
    return gpd.GeoDataFrame(table.reset_index()[["right_id", *_FIRST, *_JOINED, *_LAST]], crs=rows.crs)


def _merge_several(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    groups = rows.groupby("right_id", sort=False)
    joined = {name: groups[name].agg(_join_texts) for name in _JOINED}
    once = rows.drop_duplicates(["right_id", "parcel_code", "outlet", "area_registered_m2"])
    areas = once.groupby("right_id", sort=False)["area_registered_m2"].sum(min_count=1)
    table = groups[[*_FIRST]].first().assign(**joined, area_registered_m2=areas)
    return gpd.GeoDataFrame(table, geometry=groups["geometry"].agg(_join_places), crs=rows.crs).reset_index()


def _join_texts(texts: pd.Series) -> str | None:
    return "、".join(dict.fromkeys(texts.dropna())) or None


def _join_places(places: pd.Series) -> shapely.Geometry | None:
    """Places together; of ground and points the ground alone."""
    known = [place for place in places if place is not None and not place.is_empty]
    size = max(map(shapely.get_dimensions, known), default=0)
    same = [place for place in known if shapely.get_dimensions(place) == size]
    return None if not same else same[0] if len(same) == 1 else shapely.union_all(same)


def merge_amounts(amounts: pd.DataFrame) -> tuple[pd.DataFrame, list[Reject]]:
    """Amounts by right, year and resource: those of several outlets summed, each place once.

    A repetition is noted and counts once; of contradictions none is used.
    """
    key = ["right_id", "what", "resource", "year"]
    kept, lost = _settle_repeats(amounts, [*key, "outlet"])
    summed = kept.groupby(key, dropna=False, sort=False, as_index=False)[["value", "rounding"]].sum()
    return summed, lost


def merge_trades(sides: pd.DataFrame) -> tuple[pd.DataFrame, list[Reject]]:
    """Sides of trades, each once; of two of one trade, party and day that contradict each other none.

    The same trade on another day is a further lot of it.
    """
    return _settle_repeats(sides, ["right_kind", "trade", "resource", "side", "holder_id", "day"])


def _settle_repeats(rows: pd.DataFrame, key: list[str]) -> tuple[pd.DataFrame, list[Reject]]:
    """Rows of one `key` and `value` once, those of several values not at all; what is left out and why."""
    groups = rows.groupby(key, dropna=False, sort=False)
    first, contradicts = groups.cumcount().eq(0), groups["value"].transform("nunique").gt(1)
    spots = rows["file"].astype(str) + ", " + rows["sheet"].astype(str) + ", " + rows["row"].astype(str)
    numbers = groups.ngroup()
    place_of = spots[first].set_axis(numbers[first])
    other_of = spots[~first].groupby(numbers[~first]).first()
    lost = []
    for at in rows.index[contradicts | ~first]:
        advice = rejects.CONTRADICTED if contradicts[at] else rejects.REPEATED
        place = (other_of if first[at] else place_of)[numbers[at]]
        lost.append(_reject(rows.loc[at], advice, place))
    return rows[first & ~contradicts], lost


def _reject(row: pd.Series, advice: Advice, place: str) -> Reject:
    found = f"{row['value']:.10g}"
    return Reject(row["file"], row["sheet"], int(row["row"]), row["column"], found, advice).fill(place=place)
