"""Indicators: every share with its numerator and denominator, and the range that the unseen leaves open."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import INDICATORS, check_table
from pipeline.indices.vegetation import CoverSums

_ROUNDING = 1e-9
NOTHING_SEEN = "范围内没有晴空观测 / nothing was seen clear"
_NO_LAND = "看到的全是水面 / all that was seen is water"
_NO_CLASS = (
    "看到的地面没有地表覆盖类别，分不出陆地与水面 / what was seen has no class: land is not told from water"
)
_SLIP = 1e-6
"""So small a share of an area is a slip of its outline over the edge of a pixel, and no land."""


def build_share(
    indicator: str,
    period: str,
    numerator: float,
    denominator: float,
    *,
    unseen: float,
    source: str,
    reason: str = NOTHING_SEEN,
) -> dict[str, object]:
    """One row without its area: numerator over denominator, null with the reason where that is 0.

    `low` and `high` are the shares if none, or all, of what was not seen belonged to the numerator.
    """
    whole = denominator + unseen
    known = denominator > 0
    return {
        "indicator": indicator,
        "period": period,
        "value": numerator / denominator if known else None,
        "unit": "share",
        "numerator": numerator,
        "denominator": denominator,
        "low": numerator / whole if whole > 0 else None,
        "high": (numerator + unseen) / whole if whole > 0 else None,
        "target": None,
        "source": source,
        "reason": None if known else reason,
    }


def build_cover_indicators(
    sums: CoverSums, period: str, *, area_m2: float, source: str, reason: str = NOTHING_SEEN
) -> list[dict[str, object]]:
    """Vegetated share and mean FVC of a period, of land and of the whole area; areas in m2."""
    unseen, seen = _compute_rest(area_m2, sums.seen_m2), sums.seen_m2
    of_land = partial(
        _build_land_share, sums=sums, period=period, area_m2=area_m2, source=source, reason=reason
    )
    of_area = partial(build_share, period=period, unseen=unseen, source=source, reason=reason)
    return [
        of_land("vegetation_cover_share_land", sums.vegetated_land_m2),
        of_area("vegetation_cover_share_area", numerator=sums.vegetated_m2, denominator=seen),
        of_land("mean_fvc_land", sums.fvc_land_m2),
        of_area("mean_fvc_area", numerator=sums.fvc_m2, denominator=seen),
    ]


def build_cover_beside(
    indicator: str, sums: CoverSums, period: str, *, area_m2: float, source: str
) -> dict[str, object]:
    """Mean FVC of the land by other endmembers or other NDVI, beside that of the period."""
    return _build_land_share(indicator, sums.fvc_land_m2, sums, period, area_m2=area_m2, source=source)


def blank_land(rows: Sequence[Mapping[str, object]], unknown: str) -> list[dict[str, object]]:
    """Rows of `build_cover_indicators`, those of land null where `unknown` says why it is not known."""
    return [_blank(row, unknown) if "_land" in str(row["indicator"]) else dict(row) for row in rows]


def blank_cover(rows: Sequence[Mapping[str, object]], unknown: str) -> list[dict[str, object]]:
    """Rows of cover, all but that of the composite null where `unknown` says why they are not known."""
    own = "mean_fvc_land_composite"
    return [dict(row) if row["indicator"] == own else _blank(row, unknown) for row in rows]


def _blank(row: Mapping[str, object], unknown: str) -> dict[str, object]:
    nothing = dict.fromkeys(("value", "numerator", "denominator", "low", "high"))
    return {**row, **nothing, "reason": unknown} if unknown else dict(row)


def build_class_indicators(
    aoi_measures: pd.DataFrame, period: str, *, area_m2: float, source: str, reason: str = ""
) -> list[dict[str, object]]:
    """Share of each land cover class in what has one; of what has none, and was never seen, in the area.

    `reason` says why nothing has a class, where it is another than that nothing was seen clear.
    """
    of_period = aoi_measures[aoi_measures["period"] == period].set_index("measure")["value"]
    areas = of_period[of_period.index.str.startswith("class_area:")]
    classed = float(areas.sum())
    unclassed = _compute_rest(area_m2, classed)
    shares = [
        build_share(
            str(name).replace("class_area", "class_share"),
            period,
            value,
            classed,
            unseen=unclassed,
            source=source,
            reason=reason or NOTHING_SEEN,
        )
        for name, value in areas.items()
    ]
    of_area = partial(build_share, period=period, denominator=area_m2, unseen=0.0, source=source)
    unseen = _compute_rest(area_m2, float(of_period["seen_share"]) * area_m2)
    return [
        *shares,
        of_area("unknown_share", numerator=unclassed),
        of_area("never_seen_share", numerator=unseen),
    ]


MOVES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        "built_gain_share": (frozenset({"water", "vegetation", "bare"}), frozenset({"built"})),
        "vegetation_loss_share": (frozenset({"vegetation"}), frozenset({"water", "bare", "built"})),
        "water_loss_share": (frozenset({"water"}), frozenset({"vegetation", "bare", "built"})),
    }
)
"""Transitions with a name of their own: classes before, classes after."""


def build_change_indicators(
    matrix: pd.DataFrame, period: str, *, source: str, unknown: str = ""
) -> list[dict[str, object]]:
    """Shares of what was seen in both periods whose class differs; `period` reads from/to.

    Each is that of the change that counts; `changed_share_unfiltered` stands beside them for the two maps as
    they are, speckle and all. `unknown` says why there is no map of one of the periods, where that is so.
    """
    known = matrix[(matrix["from"] != "unknown") & (matrix["to"] != "unknown")]
    moved = known["from"] != known["to"]
    seen = float(known["area_m2"].sum())
    unseen = _compute_rest(float(matrix["area_m2"].sum()), seen)
    sums = {
        "changed_share": known.loc[moved, "area_counted_m2"].sum(),
        "changed_share_unfiltered": known.loc[moved, "area_m2"].sum(),
    }
    for name, (before, after) in MOVES.items():
        chosen = known["from"].isin(before) & known["to"].isin(after)
        sums[name] = known.loc[chosen, "area_counted_m2"].sum()
    return [
        build_share(
            name, period, float(area), seen, unseen=unseen, source=source, reason=unknown or NOTHING_SEEN
        )
        for name, area in sums.items()
    ]


BETWEEN: Mapping[str, str] = MappingProxyType(
    {"tidal": "tidal_flat_share", "reservoir": "drawdown_zone_share"}
)
"""What the share between low and high water is called by regime."""


def build_inundation_indicators(
    zones_m2: Mapping[str, float], period: str, *, area_m2: float, source: str, regime: str = ""
) -> list[dict[str, object]]:
    """Extent of water at low and at high water, and of what lies between, from areas of INUNDATION zones.

    What lies between is called after the regime of the waters, `tidal` or `reservoir`, if there is one.
    """
    permanent, between = zones_m2["permanent"], zones_m2["fluctuating"]
    seen = math.fsum(zones_m2.values())
    unseen = _compute_rest(area_m2, seen)
    entries = [
        ("water_share_low", permanent),
        ("water_share_high", permanent + between),
        (BETWEEN.get(regime, "fluctuation_zone_share"), between),
    ]
    return [build_share(name, period, part, seen, unseen=unseen, source=source) for name, part in entries]


def build_upland_indicator(sums: CoverSums, period: str, *, area_m2: float, source: str) -> dict[str, object]:
    """Vegetated share of the land above high water, from sums that count everything below as water."""
    name, over = "vegetation_cover_share_upland", sums.vegetated_land_m2
    return _build_land_share(name, over, sums, period, area_m2=area_m2, source=source)


@dataclass(frozen=True)
class AnomalySums:
    """What the indicators of anomaly divide: difference times area, area clearly less green, area known."""

    difference_m2: float = 0.0
    lower_m2: float = 0.0
    known_m2: float = 0.0

    def __add__(self, other: "AnomalySums") -> "AnomalySums":
        """Sums over two parts of an area."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return AnomalySums(*(one + two for one, two in pairs))


def sum_anomaly(
    difference: NDArray[np.floating[Any]], weight_m2: NDArray[np.float64], *, least_drop: float
) -> AnomalySums:
    """Sums over pixels; where the difference is NaN it is unknown and stands in none of them."""
    known = np.isfinite(difference)
    product = difference[known].astype(np.float64) * weight_m2[known]
    lower = weight_m2[known & (difference <= -least_drop)]
    return AnomalySums(float(product.sum()), float(lower.sum()), float(weight_m2[known].sum()))


def build_anomaly_indicators(
    sums: AnomalySums, period: str, *, area_m2: float, source: str, least_years: int
) -> list[dict[str, object]]:
    """Mean difference of NDVI from earlier years, and the share of ground that is clearly less green."""
    unseen = _compute_rest(area_m2, sums.known_m2)
    reason = (
        f"同季节且有晴空观测的往年不足 {least_years} 年 / "
        f"fewer than {least_years} earlier years with a clear look in this season"
    )
    entries = [("ndvi_anomaly_mean", sums.difference_m2), ("less_green_share", sums.lower_m2)]
    mean, lower = (
        build_share(name, period, part, sums.known_m2, unseen=unseen, source=source, reason=reason)
        for name, part in entries
    )
    return [mean | {"unit": "1", "low": None, "high": None}, lower]


def build_trend_indicators(
    areas_m2: tuple[float, float, float], period: str, *, area_m2: float, source: str, needs: tuple[str, str]
) -> list[dict[str, object]]:
    """Shares of ground whose NDVI rises or falls significantly, from the areas of both and of the tested.

    `needs` says in Chinese and in English what a trend needs.
    """
    *parts, known = areas_m2
    unseen = _compute_rest(area_m2, known)
    reason = f"有 NDVI 的不足 {needs[0]} / fewer than {needs[1]} with NDVI"
    return [
        build_share(name, period, part, known, unseen=unseen, source=source, reason=reason)
        for name, part in zip(("greening_share", "browning_share"), parts, strict=True)
    ]


def build_classifier_indicator(period: str, confusion: Sequence[Sequence[int]]) -> dict[str, object]:
    """Share of the labelled pixels held back whose kind a classifier found; `confusion` counts them.

    Pixels of one block of ground are no independent draws, so that no interval is given: an accuracy of the
    map with its interval needs a sample of its own.
    """
    counts = np.asarray(confusion)
    right, whole = float(np.diag(counts).sum()), float(counts.sum())
    basis = "labelled pixels of blocks of ground that did not train the classifier"
    row = build_share("classifier_accuracy_held_out", period, right, whole, unseen=0.0, source=basis)
    return {**row, "low": None, "high": None}


def build_alert_indicator(
    states_m2: Mapping[str, float], period: str, *, area_m2: float, source: str
) -> dict[str, object]:
    """Share of the vegetated ground under an alert, from areas of legends.ALERTS."""
    unseen = _compute_rest(area_m2, math.fsum(states_m2.values()))
    lost, vegetated = states_m2["lost"], states_m2["lost"] + states_m2["stable"]
    reason = "没有历史观测足够的植被 / no vegetation with enough of a history"
    return build_share(
        "vegetation_alert_share", period, lost, vegetated, unseen=unseen, source=source, reason=reason
    )


def build_rsei_indicators(
    sums: tuple[float, float, float], period: str, *, area_m2: float, source: str, reason: str
) -> list[dict[str, object]]:
    """Mean ecological index of the land, and the share of it in the upper two grades.

    From index times area, area of those grades, area known (m2). What the unseen, some of it water, would add
    is not bounded.
    """
    total, good, known = sums
    unseen = _compute_rest(area_m2, known)
    entries = [("rsei_mean", total, "1"), ("rsei_good_share", good, "share")]
    return [
        build_share(name, period, part, known, unseen=unseen, source=source, reason=reason or NOTHING_SEEN)
        | {"unit": unit, "low": None, "high": None}
        for name, part, unit in entries
    ]


def build_indicator_table(rows: Sequence[dict[str, object]], aoi: str) -> pd.DataFrame:
    """Rows of one area as INDICATORS."""
    table = pd.DataFrame(list(rows), columns=[name for name in INDICATORS.columns if name != "aoi"])
    checked_table: pd.DataFrame = check_table(table.assign(aoi=aoi)[list(INDICATORS.columns)], INDICATORS)
    return checked_table


def _build_land_share(
    indicator: str,
    over: float,
    sums: CoverSums,
    period: str,
    *,
    area_m2: float,
    source: str,
    reason: str = NOTHING_SEEN,
) -> dict[str, object]:
    """A share of the land; null where all that was seen is water but for a slip along the edge of a pixel.

    Ground without a class may be land or water: it is as unknown to the share as what was never seen.
    """
    unseen, least_m2 = _compute_rest(area_m2, sums.classed_m2), _SLIP * area_m2
    if sums.land_m2 > least_m2:
        return build_share(indicator, period, over, sums.land_m2, unseen=unseen, source=source)
    words = _NO_LAND if sums.classed_m2 > least_m2 else reason
    row = build_share(indicator, period, 0.0, 0.0, unseen=unseen, source=source, reason=words)
    unclassed = sums.classed_m2 <= least_m2 < sums.seen_m2
    return _blank(row, _NO_CLASS) if unclassed else row


def _compute_rest(whole_m2: float, seen_m2: float) -> float:
    """What of an area was not seen; 0 where only the rounding of sums is left."""
    unseen = whole_m2 - seen_m2
    return unseen if unseen > _ROUNDING * whole_m2 else 0.0
