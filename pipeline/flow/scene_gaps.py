"""Periods without scenes, and ground that lies outside all scenes of a period."""

from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import shapely

from pipeline.engine.study import Study
from pipeline.geodesy import measure_area_m2, wrap_outline

_SHOWN_SHARE = 0.0005
"""Outlines of scenes are told to some metres: less is no gap."""


def count_scenes(study: Study, scenes: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """What each period has of scenes (`datetime` in UTC, outlines in EPSG:4490), in order.

    `scenes` counts them, `outside_m2` of the `area_m2` lies outside the outlines of all of them,
    `outside_share` is the one over the other.
    """
    area = wrap_outline(study.aoi.geometry)
    whole_m2 = measure_area_m2(area)
    counted = []
    for period in study.periods:
        own = scenes.geometry[[period.holds(moment) for moment in scenes["datetime"]]]
        left_m2 = measure_area_m2(shapely.difference(area, shapely.union_all(own.to_numpy())))
        told = {"period": period.label, "scenes": len(own), "outside_m2": left_m2, "area_m2": whole_m2}
        counted.append({**told, "outside_share": left_m2 / whole_m2})
    return counted


def list_gaps(counted: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What is lacking, in words: periods without a scene, then ground that no scene of a period shows."""
    empty = [one["period"] for one in counted if not one["scenes"]]
    if empty:
        yield f"no scene in {', '.join(empty)}"
    for one in counted:
        if one["scenes"] and one["outside_share"] >= _SHOWN_SHARE:
            measured = f"{one['outside_m2']:,.0f} of {one['area_m2']:,.0f} m2"
            share = f"{one['outside_share']:.1%}"
            yield f"{one['period']}: {share} of the area lies outside all scenes ({measured})"
