"""What a figure rests on, in words: the scenes of its own period, endmembers, the smallest change."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

import geopandas as gpd
import numpy as np

from pipeline.indices.vegetation import ClassEndmembers, EndmemberPair
from pipeline.periods import Period
from pipeline.settings import Settings
from pipeline.settings.maps import LandCover, WaterRules

CONFIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "rules": "两期到最近阈值距离所得可信度之积 / product of both periods' distance from the thresholds",
        "classifier": "两期分类概率之积 / product of both periods' class probabilities",
        "map": "现有地图不带可信度，变化只按最小图斑计 / "
        "an existing map brings no confidence: change counts by the minimum mapping unit alone",
    }
)
"""What the confidence of a change is, by the method of the land cover."""


def scenes_behind(scenes: gpd.GeoDataFrame, periods: Sequence[Period]) -> dict[str, str]:
    """The scenes of each period, and of each two consecutive periods under `before/after`, in words.

    So are all scenes under `first/last`.
    """
    inside = {period.label: scenes["datetime"].map(period.holds).to_numpy(dtype=bool) for period in periods}
    pairs = {f"{first}/{second}": inside[first] | inside[second] for first, second in pairwise(inside)}
    pairs[f"{periods[0].label}/{periods[-1].label}"] = np.logical_or.reduce(list(inside.values()))
    label = "（模拟 simulated）" if scenes["simulated"].any() else ""
    return {name: _words(scenes[chosen], label) for name, chosen in {**inside, **pairs}.items()}


def cover_basis(pair: EndmemberPair | ClassEndmembers | None, *, threshold: float, source: str) -> str:
    """Behind a figure of vegetation cover: its scenes, endmembers and what counts as vegetated."""
    ends = pair.words if pair else "no endmembers"
    return f"{source}; FVC: pixel dichotomy, endmembers {ends}; vegetated: FVC >= {threshold:g}"


def maps_behind(sources: Mapping[str, str], rules: LandCover) -> dict[str, str]:
    """What `scenes_behind` says, with the existing maps that the land cover of these periods comes from."""
    if rules.method != "map":
        return dict(sources)
    named = {
        name: [rules.maps[label].title if label in rules.maps else "none 无" for label in name.split("/")]
        for name in sources
    }
    return {name: f"{words}; land cover: {' / '.join(named[name])}" for name, words in sources.items()}


def change_basis(settings: Settings, *, source: str) -> str:
    """Behind a figure of change: its scenes, the least shift and the smallest patch that count.

    Between existing maps the size of a patch alone counts.
    """
    rules = settings.change
    if settings.land_cover.method == "map":
        return f"{source}; change: patches of >= {rules.mmu_m2:g} m2"
    return (
        f"{source}; change: NDVI, MNDWI or BSI moved by >= {rules.least_shift:g}, "
        f"patches of >= {rules.mmu_m2:g} m2, confidence >= {rules.least_confidence:g}"
    )


def inundation_basis(rules: WaterRules, *, source: str) -> str:
    """Behind a figure of inundation: its scenes, and how often a zone is wet."""
    return (
        f"{source}; water by look, at least {rules.least_looks} looks: permanent >= {rules.mostly:g}, "
        f"between low and high water >= {rules.seldom:g} of them"
    )


def _words(scenes: gpd.GeoDataFrame, label: str) -> str:
    if scenes.empty:
        return f"0 景 no scene{label}"
    days = scenes["datetime"].dt.strftime("%Y-%m-%d")
    missions = ", ".join(sorted(scenes["mission"].unique()))
    return f"{len(scenes)} 景 {missions}{label} {days.min()}/{days.max()}"
