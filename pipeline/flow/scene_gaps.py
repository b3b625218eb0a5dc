"""Periods without scenes, and ground that lies outside all scenes of a period."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.engine.study import Study
from pipeline.geodesy import measure_area_m2, wrap_outline

_SHOWN_SHARE = 0.0005
"""Outlines of scenes are told to some metres: less is no gap."""


@dataclass(frozen=True)
class PeriodScenes:
    """The scenes of a period, and how much of the area (m2) lies outside the outlines of all of them."""

    period: str
    scenes: int
    outside_m2: float
    area_m2: float

    @property
    def outside_share(self) -> float:
        """The share of the area outside all scenes of the period."""
        return self.outside_m2 / self.area_m2

    def dump(self) -> dict[str, Any]:
        """The same as a manifest tells it."""
        return {**asdict(self), "outside_share": self.outside_share}


def count_scenes(
    study: Study, moments: Sequence[datetime], outlines: Sequence[BaseGeometry]
) -> list[PeriodScenes]:
    """What each period has of scenes: times (UTC) and outlines (EPSG:4490), one of each a scene."""
    area = wrap_outline(study.aoi.geometry)
    whole_m2 = measure_area_m2(area)
    counted = []
    for period in study.periods:
        own = [shape for moment, shape in zip(moments, outlines, strict=True) if period.holds(moment)]
        left = shapely.difference(area, shapely.union_all(own))
        counted.append(PeriodScenes(period.label, len(own), measure_area_m2(left), whole_m2))
    return counted


def list_gaps(counted: Sequence[PeriodScenes]) -> Iterator[str]:
    """What is lacking, in words: periods without a scene, then ground that no scene of a period shows."""
    empty = [one.period for one in counted if not one.scenes]
    if empty:
        yield f"no scene in {', '.join(empty)}"
    for one in counted:
        if one.scenes and one.outside_share >= _SHOWN_SHARE:
            share = f"{one.outside_share:.1%} of the area lies outside all scenes"
            yield f"{one.period}: {share} ({one.outside_m2:,.0f} of {one.area_m2:,.0f} m2)"
