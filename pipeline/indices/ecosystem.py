"""Areas by ecosystem type, what each type lost, and what a method of mapping cannot tell apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.indices.indicators import NOTHING_SEEN, build_share
from pipeline.legends import ECOSYSTEM, LAND_COVER, LAND_KINDS, NODATA_CLASS

_CODES = [entry.code for entry in ECOSYSTEM.classes]
_COVERS = [entry.code for entry in LAND_COVER.classes]
_RULE_KINDS = ("water", "built")
_ROUNDING = 1e-9
_NOT_TOLD = "制图方法不区分此类型 / the method does not tell this type apart"
_MIXED = "此类型可能在未细分的植被或裸地之中 / the type may be among plants or bare ground not told apart"

LOSSES: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        "farmland_loss_rate": ("farmland", frozenset({entry.key for entry in ECOSYSTEM.classes})),
        "wetland_loss_rate": ("wetland", frozenset({entry.key for entry in ECOSYSTEM.classes})),
        "wetland_reclaimed_rate": ("wetland", frozenset({"farmland"})),
        "wetland_built_rate": ("wetland", frozenset({"urban"})),
    }
)
"""Losses with a name of their own: the type before, the types after (its own is no loss)."""


@dataclass(frozen=True)
class TypeSums:
    """Areas of one period over an area, in m2: by type in code order, by cover class without a type, seen."""

    assigned: NDArray[np.float64]
    mixed: Mapping[int, float]
    seen: float

    @classmethod
    def of(cls, areas_m2: NDArray[np.float64]) -> "TypeSums":
        """From the sum of the `sum_type_areas` of all parts of an area."""
        mixed = dict(zip(_COVERS, areas_m2[:, -1].tolist(), strict=True))
        return cls(areas_m2[:, :-1].sum(axis=0), mixed, float(areas_m2.sum()))


def classify_types(cover: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Types (legends.ECOSYSTEM) of land cover by the rules; 255 for classes that may be of several.

    Vegetation may be any plants, bare ground a flat, a desert or another; water and built-up land are of one.
    """
    table = np.full(NODATA_CLASS + 1, NODATA_CLASS, dtype=np.uint8)
    for kind in _RULE_KINDS:
        table[LAND_KINDS[kind].cover] = LAND_KINDS[kind].ecosystem or NODATA_CLASS
    found: NDArray[np.uint8] = table[cover]
    return found


def sum_type_areas(
    cover: NDArray[np.uint8], kind: NDArray[np.uint8], weight_m2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area of some pixels by class of land cover (row) and type (column); the last column is without a type.

    Rows and columns are in the order of the legends; pixels without land cover are in none.
    """
    codes = NODATA_CLASS + 1
    pair = cover.astype(np.uint16) * np.uint16(codes) + kind
    areas = np.bincount(pair, weights=weight_m2, minlength=codes**2)
    return areas.reshape(codes, codes)[np.ix_(_COVERS, [*_CODES, NODATA_CLASS])].astype(np.float64)


def build_type_table(
    sums: TypeSums,
    *,
    kinds: Sequence[str] | None,
    area_m2: float,
    registered_m2: Mapping[str, float],
    unknown: str = "",
) -> pd.DataFrame:
    """One row a type: `ecosystem_l1`, `area_m2`, `low_m2`, `high_m2`, `unknown_area_m2`, and `reason`.

    `kinds` are those that the map tells apart, None for the rules; `unknown` says why there is no map, and
    then no type has an area. An area is null, with its reason, where the map cannot tell the type: no kind
    has it, or some of what was seen may be of it. `low_m2` and `high_m2` are the areas if none, or all, of
    what is unseen or mixed were of the type; null where nothing bounds it. `registered_m2` is what the land
    register says, by the crosswalk of its classes; null without registered classes.
    """
    told = {LAND_KINDS[kind].ecosystem for kind in (_RULE_KINDS if kinds is None else kinds)}
    unseen = area_m2 - sums.seen if area_m2 - sums.seen > _ROUNDING * area_m2 else 0.0
    rows = []
    for entry, area in zip(ECOSYSTEM.classes, sums.assigned, strict=True):
        covers = {kind.cover for kind in LAND_KINDS.values() if kind.ecosystem == entry.code}
        doubt = sum(sums.mixed[cover] for cover in covers)
        bounded = entry.code in told or kinds is None
        reason = unknown or ((_MIXED if doubt else None) if bounded else _NOT_TOLD)
        rows.append(
            {
                "ecosystem_l1": entry.name_zh,
                "area_m2": None if reason else area,
                "low_m2": area if bounded else None,
                "high_m2": area + doubt + unseen if bounded else None,
                "unknown_area_m2": unseen,
                "registered_m2": registered_m2.get(entry.name_zh, 0.0) if registered_m2 else None,
                "reason": reason,
            }
        )
    columns = ["area_m2", "low_m2", "high_m2", "unknown_area_m2", "registered_m2"]
    return pd.DataFrame(rows).astype(dict.fromkeys(columns, float))


def build_type_indicators(
    table: pd.DataFrame, seen_m2: float, period: str, *, area_m2: float, source: str
) -> list[dict[str, object]]:
    """Share of each type in what was seen, by `build_type_table`; low and high are of the whole area."""
    keys = {entry.name_zh: entry.key for entry in ECOSYSTEM.classes}
    rows = []
    for row in table.to_dict("records"):
        known = pd.notna(row["area_m2"]) and seen_m2 > 0
        reason = row["reason"] if pd.notna(row["reason"]) else None
        found = build_share(
            f"ecosystem_share:{keys[row['ecosystem_l1']]}",
            period,
            row["low_m2"] if known else 0.0,
            seen_m2,
            unseen=0.0,
            source=source,
        )
        bounds = {name: row[f"{name}_m2"] / area_m2 for name in ("low", "high")}
        unknown = {"value": None, "numerator": None, "reason": reason or found["reason"]}
        rows.append({**found, **bounds, **({} if known else unknown)})
    return rows


def build_loss_indicators(
    matrix: pd.DataFrame | None,
    period: str,
    *,
    kinds: Sequence[str] | None,
    source: str,
    unknown: str = "",
) -> list[dict[str, object]]:
    """What farmland and wetland lost between two periods, as shares of what they had and both periods saw.

    `matrix` is that of the types (change.transition_matrix), None where the map tells none; then, or where
    the types of a loss are none of the kinds told apart, a loss is null with its reason; so are all where
    `unknown` says why a map is missing. The numerator is the change that counts.
    """
    names = {entry.code: entry.key for entry in ECOSYSTEM.classes}
    told = {names.get(LAND_KINDS[kind].ecosystem or NODATA_CLASS) for kind in kinds or ()}
    rows = []
    for name, (before, after) in LOSSES.items():
        if unknown or matrix is None or before not in told or not told & after - {before}:
            nothing = build_share(
                name, period, 0.0, 0.0, unseen=0.0, source=source, reason=unknown or _NOT_TOLD
            )
            rows.append({**nothing, "numerator": None, "denominator": None})
            continue
        here = matrix[(matrix["from"] == before)]
        seen, lost = here[here["to"] != "unknown"], here[here["to"].isin(after - {before})]
        unseen = float(here.loc[here["to"] == "unknown", "area_m2"].sum())
        parts = float(lost["area_counted_m2"].sum()), float(seen["area_m2"].sum())
        reason = "前期没有此类型 / none of the type before"
        rows.append(build_share(name, period, *parts, unseen=unseen, source=source, reason=reason))
    return rows


def build_encroachment_indicator(
    kind: str, period: str, built_m2: float, seen_m2: float, *, area_m2: float, source: str, unknown: str = ""
) -> dict[str, object]:
    """Share of a layer that restricts use which became built-up, of what both periods saw of it.

    `unknown` says why there is no map of one of them, where that is so.
    """
    unseen, name = max(0.0, area_m2 - seen_m2), f"encroachment_share:{kind}"
    reason = unknown or NOTHING_SEEN
    return build_share(name, period, built_m2, seen_m2, unseen=unseen, source=source, reason=reason)


def sum_encroachment(codes: NDArray[np.uint8], weight_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area that became built-up, and area seen in both periods, of pixels with their change codes."""
    known = codes != NODATA_CLASS
    gained = known & (codes > 0) & (codes % 10 == LAND_COVER.code("built"))
    return np.array([weight_m2[gained].sum(), weight_m2[known].sum()])
