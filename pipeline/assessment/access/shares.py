"""Shares of housing land and of people that are served, by region, and the list of those that are not."""

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.assessment.access.straight import Nearness

NO_HOMES = "没有住房 / no homes"
NOTHING_KNOWN = "是否服务到均未知 / of none is it known whether it is served"


@dataclass(frozen=True)
class Reckoning:
    """What is reckoned at once: homes of one kind, places of one kind, one way, one period.

    `edge` marks pieces whose limit reaches over the border of the area; `names` are of the places.
    """

    period: str
    green_kind: str
    way: str
    limit_m: float
    least_m2: float
    homes_from: str
    pieces: gpd.GeoDataFrame
    nearness: Nearness
    edge: NDArray[np.bool_]
    names: NDArray[np.object_]
    indicative: bool
    source: str

    @property
    def bases(self) -> dict[str, tuple[str, NDArray[np.float64]]]:
        """Unit and amount of every piece by basis."""
        areas, people = (self.pieces[name].to_numpy(dtype=float) for name in ("home_m2", "people"))
        if self.homes_from == "population":
            return {"population": ("people", people)}
        ground = {self.homes_from: ("m2", areas)} if areas.any() else {}
        if self.homes_from == "buildings" and np.isfinite(people).any():
            ground["residents"] = ("people", people)
        return ground


def tabulate_shares(reckoning: Reckoning, area: tuple[str, str]) -> Iterator[dict[str, object]]:
    """Rows of ACCESS: of the whole area, whose id and name are given, and of each region."""
    regions = reckoning.pieces[["region", "region_name"]].drop_duplicates().sort_values("region")
    places = [area, *(pair for pair in regions.itertuples(index=False, name=None) if pair[0] != area[0])]
    for basis, (unit, amounts) in reckoning.bases.items():
        for region, name in places:
            own = (reckoning.pieces["region"] == region).to_numpy() | (region == area[0])
            sums = _sum_amounts(reckoning, amounts, own & np.isfinite(amounts))
            yield {
                "region": region,
                "region_name": name,
                **_describe(reckoning),
                "access_basis": basis,
                "homes_counted": int(reckoning.pieces["home"][own & np.isfinite(amounts)].nunique()),
                "unit": unit,
                **sums,
                **_divide(sums),
            }


def list_homes_beyond(reckoning: Reckoning) -> gpd.GeoDataFrame:
    """Rows of ACCESS_UNSERVED with the ground that is not served, in the plane of the pieces."""
    share, pieces, near = reckoning.nearness.share, reckoning.pieces, reckoning.nearness
    left = np.flatnonzero(~(share == 1))
    lost = np.nan_to_num(1 - share[left], nan=1.0)
    part = pieces.iloc[left]
    place = np.array([*reckoning.names, None], dtype=object)[near.nearest[left]]
    unknown = np.isnan(share[left])
    table = pd.DataFrame(
        {
            **{name: part[name].to_numpy() for name in ("home_id", "home_name", "region", "region_name")},
            "period": reckoning.period,
            "green_kind": reckoning.green_kind,
            "access_way": reckoning.way,
            "homes_from": reckoning.homes_from,
            "access_status": np.where(unknown, "not_reached", "unserved"),
            "home_m2": part["home_m2"].to_numpy(),
            "unserved_m2": part["home_m2"].to_numpy() * lost,
            "home_people": part["people"].to_numpy(),
            "unserved_people": part["people"].to_numpy() * lost,
            "nearest_m": np.where(np.isfinite(near.nearest_m[left]), near.nearest_m[left], np.nan),
            "nearest_place": place,
            "near_edge": reckoning.edge[left],
            "reason": near.reason[left],
        }
    )
    return gpd.GeoDataFrame(table, geometry=near.rest[left], crs=pieces.crs)


def _describe(reckoning: Reckoning) -> dict[str, object]:
    return {
        "period": reckoning.period,
        "green_kind": reckoning.green_kind,
        "access_way": reckoning.way,
        "limit_m": reckoning.limit_m,
        "least_place_m2": reckoning.least_m2,
        "places_counted": len(reckoning.names),
        "indicative": reckoning.indicative,
        "source": reckoning.source,
    }


def _sum_amounts(
    reckoning: Reckoning, amounts: NDArray[np.float64], own: NDArray[np.bool_]
) -> dict[str, float]:
    """Amounts of the pieces that are meant, by what became of them."""
    share, amount, edge = reckoning.nearness.share[own], amounts[own], reckoning.edge[own]
    known = ~np.isnan(share)
    unserved = amount[known] * (1 - share[known])
    return {
        "homes_amount": float(amount.sum()),
        "served": float(amount[known] @ share[known]),
        "unserved": float(unserved.sum()),
        "unserved_near_edge": float(unserved[edge[known]].sum()),
        "not_reached": float(amount[~known].sum()),
    }


def _divide(sums: dict[str, float]) -> dict[str, object]:
    """Shares of what is served, null with the reason where there is nothing to divide by."""
    known, whole = sums["served"] + sums["unserved"], sums["homes_amount"]
    doubt = sums["not_reached"] + sums["unserved_near_edge"]
    if not known > 0:
        reason = NOTHING_KNOWN if whole > 0 else NO_HOMES
        return dict.fromkeys(("access_share", "access_share_low", "access_share_high")) | {"reason": reason}
    return {
        "access_share": min(1.0, sums["served"] / known),
        "access_share_low": min(1.0, sums["served"] / whole),
        "access_share_high": min(1.0, (sums["served"] + doubt) / whole),
        "reason": None,
    }
