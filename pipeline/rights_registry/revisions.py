"""What became of the parcels between two deliveries: appeared, gone, split, merged, redrawn, changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import CGCS2000, measure_areas_m2

OVERLAP_SHARE = 0.5
"""Share of the smaller of two parcels that the other must cover for the ground to be taken as the same."""
SAME_DEG = 1e-9
"""Vertices nearer than this (0.1 mm) are the same."""
FIGURE_TOLERANCE = 1e-9
"""Figures that differ by less, relative to the larger, are the same."""

LISTED = "listed"
KINDS = ("same", "changed", "split", "merged", "redrawn", "appeared", "gone")
_DERIVED = {"geometry", "fid", "parcel_id", "area_m2", "area_whole_m2", "share_inside", "data_label"}
_ROW = ["parcel_id", "cat1_code", "cat2_code", "cat3_name", "period"]
_Places = NDArray[np.int64]


@dataclass(frozen=True)
class Revisions:
    """What became of the parcels.

    `parcels`: one row an event with `kind`, `old_ids` and `new_ids` joined by `;`, `aspects` (code, geometry,
    attributes; null unless changed), `changes` (attributes as `column: before → after`), `area_old_m2` and
    `area_new_m2`. `pieces`: the ground that an event moved, cut by parcel before and after. `balance`: area
    before, what each kind added or took away, area after, and by how much (relative) that does not add up.
    """

    parcels: pd.DataFrame
    pieces: gpd.GeoDataFrame
    balance: pd.DataFrame


@dataclass(frozen=True)
class _Pair:
    """Parcels before and after under running numbers, with the number of the event of each."""

    old: gpd.GeoDataFrame
    new: gpd.GeoDataFrame
    old_event: _Places
    new_event: _Places


def find_revisions(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Revisions:
    """The events between two tables of parcels (parcel_id unique, geometry in EPSG:4490).

    Parcels of the same code belong together. A parcel whose code is only on one side belongs to those of the
    other side with which it shares ground: at least `OVERLAP_SHARE` of the smaller of the two; parcels that
    kept code and geometry stand aside. What belongs together is one event: one before and several after is a
    split, several and one a merger, several and several redrawn. Areas are measured anew on the ellipsoid.
    """
    before, after = (_number_parcels(parcels) for parcels in (old, new))
    i, j = _link_parcels(before, after)
    nodes = len(before) + len(after)
    graph = scipy.sparse.coo_array((np.ones(len(i), dtype=bool), (i, j + len(before))), shape=(nodes, nodes))
    event = scipy.sparse.csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
    pair = _Pair(before, after, event[: len(before)], event[len(before) :])
    events = _list_events(pair)
    shown = events.drop(columns="event")
    return Revisions(shown, _cut_pieces(pair, events), _balance_areas(before, after, events))


def compare_figures(old: pd.DataFrame, new: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Figures of the inventory that differ, one row a parcel, product, period and figure.

    Columns: those that tell a row of the inventory, `figure`, `before` and `after` as text, `difference`
    (null where a side is null or no number). Only periods that both hold are compared; a row that only one
    side has differs in `row`, where the other side says `listed`.
    """
    periods = set(old["period"]) & set(new["period"])
    sides = [table[table["period"].isin(periods)] for table in (old, new)]
    both = sides[0].merge(
        sides[1], on=_ROW, how="outer", suffixes=("_before", "_after"), indicator=True, validate="1:1"
    )
    alone = both[both["_merge"] != "both"]
    found = [
        alone[_ROW].assign(
            figure="row",
            before=alone["_merge"].astype(object).map({"left_only": LISTED}),
            after=alone["_merge"].astype(object).map({"right_only": LISTED}),
            difference=np.nan,
        )
    ]
    kept = both[both["_merge"] == "both"]
    found += [_list_differing(kept, name) for name in names]
    filled = [part for part in found if len(part)] or found[:1]
    return pd.concat(filled, ignore_index=True).sort_values([*_ROW, "figure"], ignore_index=True)


def mark_measures(events: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """Events in which a parcel whose figures changed counts as changed in its `measures`."""
    moved = events["new_ids"].isin(set(changed["parcel_id"])) & events["kind"].isin(["same", "changed"])
    aspects = events["aspects"].where(~moved, events["aspects"].map(_add_measures))
    return events.assign(kind=events["kind"].where(~moved, "changed"), aspects=aspects)


def compare_findings(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Findings that only one side has, as `new` or `resolved`, by finding_id."""
    parts = [
        new[~new["finding_id"].isin(old["finding_id"])].assign(state="new"),
        old[~old["finding_id"].isin(new["finding_id"])].assign(state="resolved"),
    ]
    columns = ["state", "finding_id", "rule", "severity", "parcel_id", "period", "message_zh", "message_en"]
    filled = [part[columns] for part in parts if len(part)] or [parts[0][columns]]
    return pd.concat(filled, ignore_index=True)


def _add_measures(aspects: str | None) -> str:
    return ";".join([*([] if pd.isna(aspects) else [str(aspects)]), "measures"])


def _list_differing(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    before, after = rows[f"{name}_before"], rows[f"{name}_after"]
    difference = pd.Series(np.nan, index=rows.index)
    unlike = ~(_to_words(before).eq(_to_words(after)))
    if pd.api.types.is_numeric_dtype(before) and pd.api.types.is_numeric_dtype(after):
        difference = (after - before).astype(float)
        larger = np.maximum(before.abs(), after.abs())
        unlike &= ~(difference.abs() <= FIGURE_TOLERANCE * larger)
    words = {"before": _to_words(before)[unlike], "after": _to_words(after)[unlike]}
    spoken = {side: texts.astype(object).where(texts != "", None) for side, texts in words.items()}
    return rows.loc[unlike, _ROW].assign(figure=name, **spoken, difference=difference[unlike])


def _number_parcels(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = shapely.normalize(parcels.geometry.to_numpy())
    table = parcels.reset_index(drop=True).set_geometry(gpd.GeoSeries(shapes, crs=CGCS2000))
    return table.assign(area_m2=measure_areas_m2(shapes))


def _link_parcels(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> tuple[_Places, _Places]:
    """Which parcel before belongs to which after."""
    place = pd.Series(np.arange(len(new)), index=new["parcel_id"])
    mate = place.reindex(old["parcel_id"]).to_numpy()
    coded = np.flatnonzero(~np.isnan(mate))
    named = mate[coded].astype(np.int64)
    kept = _is_alike(old.geometry.to_numpy()[coded], new.geometry.to_numpy()[named])
    known = np.zeros(len(old), dtype=bool), np.zeros(len(new), dtype=bool)
    still = np.zeros(len(old), dtype=bool), np.zeros(len(new), dtype=bool)
    for number, places in enumerate((coded, named)):
        known[number][places] = True
        still[number][places[kept]] = True
    free = np.flatnonzero(~still[0]), np.flatnonzero(~still[1])
    i, j = _pair_by_ground(old.geometry.to_numpy()[free[0]], new.geometry.to_numpy()[free[1]])
    i, j = free[0][i], free[1][j]
    open_pair = ~(known[0][i] & known[1][j])
    return np.concatenate([coded, i[open_pair]]), np.concatenate([named, j[open_pair]])


def _is_alike(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.bool_]:
    alike: NDArray[np.bool_] = shapely.equals_exact(first, second, tolerance=SAME_DEG)
    return alike


def _pair_by_ground(old: NDArray[np.object_], new: NDArray[np.object_]) -> tuple[_Places, _Places]:
    i, j = shapely.STRtree(new).query(old, predicate="intersects")
    shared = shapely.area(shapely.intersection(old[i], new[j]))
    smaller = np.minimum(shapely.area(old[i]), shapely.area(new[j]))
    enough = (shared >= OVERLAP_SHARE * smaller) & (shared > 0)
    return i[enough].astype(np.int64), j[enough].astype(np.int64)


def _list_events(pair: _Pair) -> pd.DataFrame:
    """One row an event, in the order of the first code in it."""
    sides = []
    for name, table, event in (("old", pair.old, pair.old_event), ("new", pair.new, pair.new_event)):
        rows = pd.DataFrame({"event": event, "id": table["parcel_id"], "area": table["area_m2"]})
        groups = rows.sort_values("id").groupby("event")
        ids = groups["id"].agg(";".join).astype(object)
        found = {
            f"{name}_ids": ids,
            f"{name}_count": groups.size(),
            f"area_{name}_m2": groups["area"].sum(),
        }
        sides.append(pd.DataFrame(found))
    events = sides[0].join(sides[1], how="outer").reset_index()
    counts = events[["old_count", "new_count"]].fillna(0).to_numpy(dtype=int)
    kinds = np.array([["", "appeared", "appeared"], ["gone", "same", "split"], ["gone", "merged", "redrawn"]])
    events["kind"] = kinds[tuple(np.minimum(counts, 2).T)].astype(object)
    events = events.fillna({"area_old_m2": 0.0, "area_new_m2": 0.0})
    events = events.merge(_describe_differences(pair, events), on="event", how="left")
    events.loc[events["aspects"].notna(), "kind"] = "changed"
    events["first"] = events["old_ids"].where(events["old_ids"].notna(), events["new_ids"])
    columns = ["event", "kind", "old_ids", "new_ids", "aspects", "changes", "area_old_m2", "area_new_m2"]
    return events.sort_values("first", ignore_index=True)[columns].astype({"aspects": object})


def _describe_differences(pair: _Pair, events: pd.DataFrame) -> pd.DataFrame:
    """Of the events with one parcel on each side: what differs, null if nothing does."""
    single = np.sort(events.loc[events["kind"] == "same", "event"].to_numpy())
    i, j = (
        np.argsort(event, kind="stable")[np.isin(np.sort(event), single)]
        for event in (pair.old_event, pair.new_event)
    )
    old, new = pair.old.iloc[i].reset_index(drop=True), pair.new.iloc[j].reset_index(drop=True)
    changes = np.full(len(single), "", dtype=object)
    for name in sorted((set(old.columns) & set(new.columns)) - _DERIVED):
        before, after = _to_words(old[name]), _to_words(new[name])
        said = name + ": " + before + " → " + after
        changes += np.where(before == after, "", "; " + said).astype(object)
    texts = pd.Series(changes, dtype=object).str[2:]
    flags = {
        "code": (old["parcel_id"] != new["parcel_id"]).to_numpy(),
        "geometry": ~_is_alike(old.geometry.to_numpy(), new.geometry.to_numpy()),
        "attributes": (texts != "").to_numpy(),
    }
    aspects = np.full(len(single), "", dtype=object)
    for name, applies in flags.items():
        aspects += np.where(applies, f";{name}", "").astype(object)
    told = pd.Series(aspects, dtype=object).str[1:]
    return pd.DataFrame(
        {"event": single, "aspects": told.where(told != "", None), "changes": texts.where(texts != "", None)}
    )


def _to_words(values: pd.Series) -> pd.Series:
    """Values as text, null as empty text."""
    if pd.api.types.is_float_dtype(values):
        return values.map("{:.12g}".format).where(values.notna(), "").astype(object)
    return values.astype("string").fillna("").astype(object)


def _cut_pieces(pair: _Pair, events: pd.DataFrame) -> gpd.GeoDataFrame:
    """Ground of all events in which it moved, one row a parcel before and after; null where there is none.

    Events that changed in attributes only lend the parcel itself.
    """
    kinds = events.set_index("event")[["kind", "aspects"]]
    moved = kinds["aspects"].str.contains("geometry", na=False) | kinds["kind"].isin(
        ["split", "merged", "redrawn", "appeared", "gone"]
    )
    quiet = kinds.index[(kinds["kind"] == "changed") & ~moved]
    both = _intersect(pair, kinds.index[moved & (kinds["kind"] != "changed")])
    rests = [
        _subtract(pair.old, pair.old_event, pair.new, pair.new_event, kinds.index[moved], "old_id"),
        _subtract(pair.new, pair.new_event, pair.old, pair.old_event, kinds.index[moved], "new_id"),
    ]
    still = np.flatnonzero(np.isin(pair.new_event, quiet))
    same = pair.new.iloc[still]
    whole = pd.DataFrame({"event": pair.new_event[still], "old_id": None, "new_id": same["parcel_id"]})
    parts = [both, *rests, whole.assign(geometry=same.geometry.to_numpy())]
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    table = table.assign(kind=kinds["kind"].reindex(table["event"]).to_numpy())
    shapes = gpd.GeoDataFrame(table, geometry="geometry", crs=CGCS2000)
    shapes = shapes.assign(area_m2=measure_areas_m2(shapes.geometry))
    return shapes[["kind", "old_id", "new_id", "area_m2", "geometry"]].sort_values(
        ["old_id", "new_id"], ignore_index=True
    )


def _intersect(pair: _Pair, chosen: pd.Index) -> pd.DataFrame:
    """Ground that parcels before and after of some events have in common."""
    old = np.flatnonzero(np.isin(pair.old_event, chosen))
    new = np.flatnonzero(np.isin(pair.new_event, chosen))
    before, after = pair.old.geometry.to_numpy()[old], pair.new.geometry.to_numpy()[new]
    i, j = shapely.STRtree(after).query(before, predicate="intersects")
    together = pair.old_event[old[i]] == pair.new_event[new[j]]
    i, j = i[together], j[together]
    shapes = shapely.intersection(before[i], after[j])
    solid = shapely.area(shapes) > 0
    return pd.DataFrame(
        {
            "event": pair.old_event[old[i]][solid],
            "old_id": pair.old["parcel_id"].to_numpy()[old[i]][solid],
            "new_id": pair.new["parcel_id"].to_numpy()[new[j]][solid],
            "geometry": shapes[solid],
        }
    )


def _subtract(
    table: gpd.GeoDataFrame,
    event: _Places,
    other: gpd.GeoDataFrame,
    other_event: _Places,
    chosen: pd.Index,
    column: str,
) -> pd.DataFrame:
    """Ground of the parcels of some events that no parcel of the other side of its event has."""
    inside = np.flatnonzero(np.isin(other_event, chosen))
    taken = pd.Series(other.geometry.to_numpy()[inside]).groupby(other_event[inside]).agg(shapely.union_all)
    rows = np.flatnonzero(np.isin(event, chosen))
    cover = taken.reindex(event[rows]).to_numpy(dtype=object, copy=True)
    cover[pd.isna(cover)] = shapely.Polygon()
    shapes = shapely.difference(table.geometry.to_numpy()[rows], cover)
    solid = shapely.area(shapes) > 0
    ids = {"old_id": None, "new_id": None, column: table["parcel_id"].to_numpy()[rows][solid]}
    return pd.DataFrame({"event": event[rows][solid], **ids, "geometry": shapes[solid]})


def _balance_areas(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Area before, what each kind of event added, area after, and the relative difference."""
    added = (events["area_new_m2"] - events["area_old_m2"]).groupby(events["kind"]).sum()
    steps = added.reindex([kind for kind in KINDS if kind != "same"], fill_value=0.0)
    before, after = float(old["area_m2"].sum()), float(new["area_m2"].sum())
    reached = before + steps.sum() + added.get("same", 0.0)
    size = max(before, after)
    items = {"old": before, **steps.to_dict(), "new": after}
    rows = [(item, value, "m2") for item, value in items.items()]
    rows.append(("difference", (reached - after) / size if size else 0.0, "1"))
    return pd.DataFrame(rows, columns=["item", "value", "unit"])
