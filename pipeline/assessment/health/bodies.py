"""Which sections are on which river or lake: by the name of their river, else by their place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import project, project_all
from pipeline.settings.sections import WaterBody

UNKNOWN_SIDE = "未知"
"""The side of sections whose register names no province."""


@dataclass(frozen=True)
class Body:
    """A river or lake: `names`, simplified, are all that it goes by, `shape` (EPSG:4490) is its outline.

    `width_m` is that of a river drawn as a line, `management_m` how far its management line lies from the
    water, `reference_m2` what its water area should be; None where that is not told.
    """

    id: str
    name: str
    kind: WaterBody
    names: frozenset[str]
    shape: BaseGeometry | None = None
    width_m: float | None = None
    management_m: float | None = None
    reference_m2: float | None = None
    accuracy: str | None = None


class SectionLinks(NamedTuple):
    """`links`: place of a section, body, linked_by, distance_m; `ambiguous`: places of those of several."""

    links: pd.DataFrame
    ambiguous: list[int]


def link_bodies(
    bodies: Sequence[Body], sections: pd.DataFrame, rivers: pd.Series, crs: str, nearest_m: float
) -> SectionLinks:
    """Sections (with `lon`, `lat`) on bodies, by place in the table.

    `rivers` are the simplified names of their rivers, null where none is said: a section is on the body of
    that name, and by its point on the nearest one up to `nearest_m` away only where no river is said.
    Distances are metres in `crs`, NaN where section or body has no place.
    """
    distances = _measure_distances(bodies, sections, crs)
    rows, ambiguous = [], []
    for place, river in enumerate(rivers):
        named = [number for number, body in enumerate(bodies) if river in body.names]
        if len(named) > 1:
            ambiguous.append(place)
        elif named:
            rows.append((place, bodies[named[0]].id, "river", distances[place, named[0]]))
        elif river is None and (nearest := _find_nearest(distances[place], nearest_m)) is not None:
            rows.append((place, bodies[nearest].id, "place", distances[place, nearest]))
    return SectionLinks(pd.DataFrame(rows, columns=["place", "body", "linked_by", "distance_m"]), ambiguous)


def _find_nearest(distances: NDArray[np.float64], nearest_m: float) -> int | None:
    near = np.flatnonzero(distances <= nearest_m)
    return int(near[np.argmin(distances[near])]) if len(near) else None


def _measure_distances(bodies: Sequence[Body], sections: pd.DataFrame, crs: str) -> NDArray[np.float64]:
    """Metres between every section and every body."""
    found = np.full((len(sections), len(bodies)), np.nan)
    located = (sections["lon"].notna() & sections["lat"].notna()).to_numpy()
    points = shapely.points(sections.loc[located, ["lon", "lat"]].to_numpy(dtype=float))
    spots = project_all(np.asarray(points, dtype=object), crs)
    for number, body in enumerate(bodies):
        if body.shape is not None and len(spots):
            found[located, number] = shapely.distance(spots, project(body.shape, crs))
    return found


def name_sides(sections: pd.DataFrame) -> pd.Series:
    """The side of each section: its province, as it is written first of those that mean the same."""
    known = sections["province"].fillna(UNKNOWN_SIDE).astype(str)
    plain = known.str.replace(r"(?<=..)(?:壮族自治区|回族自治区|维吾尔自治区|自治区|省|市)$", "", regex=True)
    first: Mapping[str, str] = dict(reversed(list(zip(plain, known, strict=True))))
    return plain.map(first)
