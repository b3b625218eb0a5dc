"""Which sections belong to an area, and which samples and sections of the register belong nowhere."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.indices.sections.months import date_samples, select_period
from pipeline.indices.sections.places import PlacedSamples
from pipeline.periods import Period

UNSAMPLED = "登记断面在运行时段内无监测数据 (registered, no reading in the days of the run)"
AOI_UNKNOWN = "所属区域不在已知试点区中 (of an area that neither this run nor the project knows)"
OUTSIDE = "坐标不在任何已知试点区内，且未写明所属区域 (in no known area by its point, and none is named)"

_COLUMNS = ["section_id", "province", "basin", "section", "aoi", "readings", "reason"]


def select_sections(found: PlacedSamples, aoi_id: str, outlines: Mapping[str, BaseGeometry]) -> PlacedSamples:
    """The sections of an area with their samples, numbered anew.

    A section belongs to the area that the register names (`aoi`), else to that in whose outline its point
    lies. Without both, a registered section belongs to the area, and so does any section where there is no
    register (`note` is null); one that is not registered does not: nothing says that it lies there.
    """
    own = np.flatnonzero(find_own(found.sections, aoi_id, outlines[aoi_id]))
    number = pd.Series(range(len(own)), index=own)
    place = found.samples["place"].map(number)
    samples = found.samples[place.notna()].assign(place=place.dropna().astype(int))
    return PlacedSamples(samples, found.sections.iloc[own].reset_index(drop=True))


def find_own(sections: pd.DataFrame, aoi_id: str, outline: BaseGeometry) -> NDArray[np.bool_]:
    """Whether each section belongs to an area, as `select_sections` has it."""
    named = sections["aoi"].notna().to_numpy()
    located = (sections["lon"].notna() & sections["lat"].notna()).to_numpy()
    by_default = ~located & sections["note"].isna().to_numpy()
    inside = _is_inside(sections, outline) | by_default
    return np.where(named, (sections["aoi"] == aoi_id).to_numpy(dtype=bool), inside)


def _is_inside(sections: pd.DataFrame, outline: BaseGeometry) -> NDArray[np.bool_]:
    points = shapely.points(sections["lon"].to_numpy(float), sections["lat"].to_numpy(float))
    shapely.prepare(outline)
    return np.asarray(shapely.intersects(outline, points))


def list_mismatches(
    found: PlacedSamples, aoi_id: str, outlines: Mapping[str, BaseGeometry], days: Period
) -> pd.DataFrame:
    """Sections that samples name and the register does not, and the other way round, each with its reason.

    One row per section: those of the samples that are not registered or fit several, with the number of
    their `readings`; registered ones of this area without a reading in the days of the run; registered ones
    of an area that is not among `outlines`, or in none of them. Without a register there are none.
    """
    sections = found.sections
    counts = found.samples.groupby("place").size().reindex(sections.index, fill_value=0)
    inside = (
        select_period(date_samples(found.samples), days)
        .groupby("place")
        .size()
        .reindex(sections.index, fill_value=0)
    )
    known = sections["aoi"].isin(list(outlines))
    anywhere = np.any([_is_inside(sections, outline) for outline in outlines.values()], axis=0)
    own = find_own(sections, aoi_id, outlines[aoi_id]) & sections["note"].isna()
    located = sections["lon"].notna() & sections["lat"].notna()
    reason = sections["note"].astype(object)
    reason = reason.mask(own & (inside == 0), UNSAMPLED)
    reason = reason.mask(sections["aoi"].notna() & ~known, AOI_UNKNOWN)
    lost = sections["aoi"].isna() & located & ~anywhere & sections["note"].isna()
    rows = sections.assign(readings=counts, reason=reason.mask(lost, OUTSIDE))
    return rows.loc[rows["reason"].notna(), _COLUMNS].reset_index(drop=True)
