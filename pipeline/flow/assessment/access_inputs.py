"""What access to green is reckoned from, of one area: homes in pieces, places by period, streets."""

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.assessment.access.pieces import cut_homes
from pipeline.assessment.access.places import CountedPlaces, assign_gates, choose_places
from pipeline.assessment.access.plane import build_plane
from pipeline.assessment.access.streets import StreetNetwork, build_network
from pipeline.assessment.access.walking import Entries, find_gates, find_open_entries
from pipeline.flow.assessment.mapped_green import trace_green
from pipeline.flow.assessment.sources import Sources
from pipeline.geodesy import CGCS2000, project, project_all
from pipeline.ingest.access.files import AccessFiles, read_files
from pipeline.ingest.access.shapes import NearbyFeatures
from pipeline.periods import Period
from pipeline.settings.green_access import Distances, MappedGreen, PlaceKind, load_distances


@dataclass(frozen=True)
class Material:
    """All that shares are reckoned from; `outline` is the area in the plane, `pieces` are homes by kind.

    `places` are those of each kind by the label of a period, None where they are not known; `unseen` is the
    share of the area that has no class in the map of a period, where green comes from maps.
    """

    rule: Distances
    files: AccessFiles
    plane: str
    outline: shapely.Geometry
    pieces: dict[str, gpd.GeoDataFrame]
    places: dict[PlaceKind, dict[str, CountedPlaces | None]]
    unseen: dict[str, float]

    @classmethod
    def read(cls, sources: Sources) -> "Material":
        """From the files of a block, the maps and the regions of a run."""
        study, block = sources.study, sources.block
        rule, plane = load_distances(block), build_plane(study.aoi)
        files = read_files(block, rule, study.aoi, study.grid)
        regions = _find_regions(sources)
        pieces = {name: cut_homes(rows, regions, plane) for name, rows in files.homes.items()}
        parks = _choose("park", files.parks, rule, plane)
        green, unseen = _find_green(sources, files, rule, plane)
        places: dict[PlaceKind, dict[str, CountedPlaces | None]] = {
            "green": green,
            "park": {period.label: parks for period in study.periods},
        }
        return cls(rule, files, plane, project(study.aoi.geometry, plane), pieces, places, unseen)

    @property
    def homes_files(self) -> dict[str, str]:
        """Names of the files of homes by kind."""
        people = self.files.population
        named = {key.partition("homes.")[2]: found.file for key, found in self.files.features.items()}
        return named | ({"population": people.file} if people else {})

    @cached_property
    def network(self) -> StreetNetwork | None:
        """The streets, None where none are given."""
        if self.files.streets is None:
            return None
        lines = project_all(self.files.streets.rows.geometry.to_numpy(), self.plane)
        return build_network(lines, self.rule.streets.join_m.value)

    def find_entries(self, kind: PlaceKind, places: CountedPlaces, network: StreetNetwork) -> Entries:
        """Where places of a kind are entered: parks with gates by these, all others from any street."""
        reach_m = self.rule.streets.reach_m.value
        gates, owners = self.find_gates(places)
        if kind != "park":
            gates, owners = gates[:0], owners[:0]
        free = np.setdiff1d(np.arange(len(places.shapes)), owners)
        by_gate = find_gates(gates[owners >= 0], owners[owners >= 0], network, reach_m)
        return by_gate.join(find_open_entries(places.shapes[free], free, network, reach_m))

    def find_gates(self, parks: CountedPlaces) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
        """Entrances in the plane, and the number of the park that each belongs to, -1 without one."""
        if self.files.entrances is None:
            return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
        gates = project_all(self.files.entrances.rows.geometry.to_numpy(), self.plane)
        return gates, assign_gates(gates, parks.shapes, self.rule.streets.reach_m.value)


def _find_regions(sources: Sources) -> gpd.GeoDataFrame:
    """Towns of the area, the area itself where none are told."""
    regions = sources.layer("told", "regions")
    if regions is not None:
        return regions
    aoi = sources.study.aoi
    own = {"region": [aoi.id], "name": [aoi.name_zh]}
    return gpd.GeoDataFrame(own, geometry=[aoi.geometry], crs=CGCS2000)


def _choose(kind: PlaceKind, found: NearbyFeatures, rule: Distances, plane: str) -> CountedPlaces:
    return choose_places(found.rows, rule.of(kind).least_m2.value, plane, (found.file, found.file))


def _find_green(
    sources: Sources, files: AccessFiles, rule: Distances, plane: str
) -> tuple[dict[str, CountedPlaces | None], dict[str, float]]:
    """Green by period, of a file or of the maps, and the share of the area without a class in these."""
    periods = sources.study.periods
    if files.green is not None:
        green = _choose("green", files.green, rule, plane)
        return {period.label: green for period in periods}, {}
    asked = sources.block.green or MappedGreen()
    traced = {period.label: _trace(sources, period, asked, rule, plane) for period in periods}
    return {label: places for label, (places, _) in traced.items()}, {
        label: unseen for label, (_, unseen) in traced.items()
    }


def _trace(
    sources: Sources, period: Period, asked: MappedGreen, rule: Distances, plane: str
) -> tuple[CountedPlaces | None, float]:
    least_m2 = rule.green.least_m2.value
    found = trace_green(sources.maps, period, asked, least_m2)
    if found.unknown_share == 1:
        return None, 1.0
    told = (f"{period.label} 地表覆盖图", f"the map of land cover of {period.label}")
    return choose_places(found.rows, least_m2, plane, told), found.unknown_share
