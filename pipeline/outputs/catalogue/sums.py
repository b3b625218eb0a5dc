"""What parcels and products of the catalogue come to, with what of it counts twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.outputs.catalogue.listing import Listing


@dataclass(frozen=True)
class Subtotal:
    """Sums over rows of the catalogue: a parcel counts once in the area, a sum of nothing known is null.

    `quantities` are null where the rows are in several units. `unvalued` says by period of how many rows no
    value is known although others have one, `overlap_ha` and `overlaps_yuan` what of the sums lies on ground
    that an earlier parcel covers already.
    """

    parcels: int
    area_ha: float
    unit: str | None
    quantities: Mapping[str, float]
    values_yuan: Mapping[str, float]
    unvalued: Mapping[str, int]
    overlap_ha: float
    overlaps_yuan: Mapping[str, float]


def sum_rows(rows: pd.DataFrame, periods: Sequence[str]) -> Subtotal:
    """What rows of the catalogue come to."""
    land = rows.drop_duplicates("parcel_id")
    units = rows["quantity_unit"].unique()
    unit = str(units[0]) if len(units) == 1 else None
    values = _sum_by_period(rows, "eco_value_yuan", periods)
    lacking = {period: int(rows[f"eco_value_yuan:{period}"].isna().sum()) for period in periods}
    return Subtotal(
        parcels=len(land),
        area_ha=float(land["area_ha"].sum()),
        unit=unit,
        quantities=_sum_by_period(rows, "quantity", periods)
        if unit
        else dict.fromkeys(periods, float("nan")),
        values_yuan=values,
        unvalued={period: lacking[period] for period in periods if values[period] == values[period]},
        overlap_ha=float(land["overlap_ha"].sum()),
        overlaps_yuan=_sum_by_period(rows, "overlap_yuan", periods),
    )


def _sum_by_period(rows: pd.DataFrame, name: str, periods: Sequence[str]) -> dict[str, float]:
    return {period: float(rows[f"{name}:{period}"].sum(min_count=1)) for period in periods}


def find_overlap_ha(listing: Listing) -> float:
    """Ground that several parcels cover, in ha: the sum of their areas less that of their union.

    Of all parcels, by the balance of areas; null where there is none.
    """
    table = listing.delivery.tables.get("area_balance", pd.DataFrame())
    if table.empty:
        return float("nan")
    newest = table[table["item"].eq("overlaps") & table["period"].astype(str).eq(listing.periods[-1])]
    return float(newest["value_m2"].iloc[0]) / 1e4 if len(newest) else float("nan")
