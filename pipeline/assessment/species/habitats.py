"""Habitats: the parcels of a site, and what maps show of them."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.assessment.species.surveys import count_surveys
from pipeline.contracts import SPECIES_SITES, SURVEY_SITES, check_table
from pipeline.geodesy import CGCS2000

_CODES = ("parcel_id", "parcel_no", "unit_no")
_MEANS = ("water_share", "fvc_mean")
_TOLD = ["surveys", "species_count", "waterbird_count", "first_survey", "last_survey"]
_SHOWN = frozenset({*_MEANS, "flooded_share"})
_NO_PARCEL = "没有关联的生境地块 / no parcel is its habitat"
_NO_PLACE = "没有经纬度，也没有生境对照 / it has neither a place nor a parcel in the table of habitats"


def link_habitats(
    sites: pd.DataFrame, habitats: pd.DataFrame, parcels: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs of `site_id` and `parcel_id` with `habitat_basis`, and rows of the table that name no parcel.

    A row names parcels by id, code or unit. Of a site that the table does not have, the parcels that it lies
    in are the habitat.
    """
    codes = [parcels[["parcel_id"]].assign(code=parcels[name].astype(object)) for name in _CODES]
    by_code = pd.concat(codes).drop_duplicates()
    named = habitats.merge(by_code, left_on="parcel", right_on="code", how="left")
    table = named.dropna(subset="parcel_id")[["site_id", "parcel_id"]].assign(habitat_basis="table")
    others = sites[~sites["site_id"].isin(habitats["site_id"]) & sites["lon"].notna()]
    points = shapely.points(others["lon"].to_numpy(), others["lat"].to_numpy())
    spot, parcel = shapely.STRtree(parcels.geometry.to_numpy()).query(points, predicate="intersects")
    place = pd.DataFrame(
        {
            "site_id": others["site_id"].to_numpy()[spot],
            "parcel_id": parcels["parcel_id"].to_numpy()[parcel],
            "habitat_basis": "place",
        }
    )
    links = pd.concat([table, place], ignore_index=True).drop_duplicates(["site_id", "parcel_id"])
    unknown = named.loc[named["parcel_id"].isna(), habitats.columns].drop_duplicates()
    return links.sort_values(["site_id", "parcel_id"], ignore_index=True), unknown


def measure_habitats(links: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Means of PARCEL_MEASURES over the parcels of each site and period, weighted by the area seen."""
    rows = links.merge(measures[measures["measure"].isin(_MEANS)], on="parcel_id")
    rows = rows[rows["value"].notna()]
    weighted = rows.assign(sum=rows["value"] * rows["covered_area_m2"])
    sums = weighted.groupby(["site_id", "period", "measure"])[["sum", "covered_area_m2"]].sum()
    means = (sums["sum"] / sums["covered_area_m2"]).unstack("measure")  # noqa: PD010  one value of each
    return means.reindex(columns=[*_MEANS])


def describe_sites(
    records: pd.DataFrame,
    sites: pd.DataFrame,
    links: pd.DataFrame,
    areas_m2: pd.Series,
    shown: pd.DataFrame,
    periods: Sequence[str],
) -> pd.DataFrame:
    """SPECIES_SITES: `areas_m2` of parcels by id, `shown` what maps show of a habitat by site and period."""
    rows = [
        {
            "period": period,
            **site[["site_id", "site", "site_complex"]],
            **_count_species(records[_is_at(records, period, site["site_id"])]),
            **_describe_habitat(site, links[links["site_id"] == site["site_id"]], areas_m2),
        }
        for period in periods
        for _, site in sites.iterrows()
    ]
    told = pd.DataFrame(rows, columns=[name for name in SPECIES_SITES.columns if name not in _SHOWN])
    table = told.merge(shown.reset_index(), on=["site_id", "period"], how="left")
    checked: pd.DataFrame = check_table(table, SPECIES_SITES)
    return checked


def _is_at(records: pd.DataFrame, period: str, site_id: str) -> pd.Series:
    return (records["period"] == period) & (records["site_id"] == site_id)


def _count_species(records: pd.DataFrame) -> dict[str, Any]:
    found = records.loc[(records["count_low"] > 0), "species"].nunique()
    return {"surveys": count_surveys(records), "species_count": found if len(records) else None}


def _describe_habitat(site: pd.Series, links: pd.DataFrame, areas_m2: pd.Series) -> dict[str, Any]:
    if links.empty:
        return {"reason": _NO_PLACE if pd.isna(site["lon"]) else _NO_PARCEL}
    return {
        "parcels": ";".join(links["parcel_id"]),
        "habitat_basis": links["habitat_basis"].iloc[0],
        "habitat_area_m2": float(areas_m2[links["parcel_id"]].sum()),
    }


def place_sites(records: pd.DataFrame, sites: pd.DataFrame) -> gpd.GeoDataFrame:
    """SURVEY_SITES: sites with a place, and what was found at each in all periods of the run."""
    dated = records[records["period"].notna()]
    placed = sites[sites["lon"].notna()].reset_index(drop=True)
    rows = [_sum_site(dated[dated["site_id"] == site_id]) for site_id in placed["site_id"]]
    table = placed[["site_id", "site", "site_complex"]].join(
        pd.DataFrame(rows, index=placed.index, columns=_TOLD)
    )
    points = shapely.points(placed["lon"].to_numpy(), placed["lat"].to_numpy())
    layer = gpd.GeoDataFrame(table, geometry=points, crs=CGCS2000)
    return check_table(layer, SURVEY_SITES)


def _sum_site(records: pd.DataFrame) -> dict[str, Any]:
    found = records[records["count_low"] > 0].drop_duplicates("species")
    return {
        "surveys": count_surveys(records),
        "species_count": len(found.dropna(subset="species")),
        "waterbird_count": int((found["species_group"] == "waterbird").sum()),
        "first_survey": str(records["first_day"].min()) if len(records) else None,
        "last_survey": str(records["last_day"].max()) if len(records) else None,
    }
