"""What a figure rests on, in words: the scenes of its own period, endmembers, the smallest change."""

from collections.abc import Mapping
from types import MappingProxyType

import geopandas as gpd

from pipeline.engine.study import Study
from pipeline.indices.trend import TESTS
from pipeline.indices.vegetation import ClassEndmembers, EndmemberPair
from pipeline.periods import When
from pipeline.settings import Settings
from pipeline.settings.maps import GreennessRules, LandCover, WaterRules

CONFIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "rules": "两期到最近阈值距离所得可信度之积 / product of both periods' distance from the thresholds",
        "classifier": "两期分类概率之积 / product of both periods' class probabilities",
        "map": "现有地图不带可信度，变化只按最小图斑计 / "
        "an existing map brings no confidence: change counts by the minimum mapping unit alone",
    }
)
"""What the confidence of a change is, by the method of the land cover."""


def describe_sources(study: Study, scenes: gpd.GeoDataFrame) -> dict[When, str]:
    """What the figures of every period, of every pair and of the span rest on, in words.

    That is their scenes, and the existing maps that their land cover comes from, where it does.
    """
    label = "（模拟 simulated）" if scenes["simulated"].any() else ""
    found: dict[When, str] = {}
    times: list[When] = [*study.periods, *study.pairs, study.span]
    for when in times:
        words = _describe_scenes(scenes[scenes["datetime"].map(when.holds).to_numpy(dtype=bool)], label)
        found[when] = words + _describe_maps(study.settings.land_cover, when)
    return found


def describe_cover(
    pair: EndmemberPair | ClassEndmembers | None, *, ndvi: str, threshold: float, source: str
) -> str:
    """Behind a figure of vegetation cover: its scenes, its NDVI and endmembers, what counts as vegetated."""
    return f"{source}; {describe_fvc(pair, ndvi=ndvi)}; vegetated: FVC >= {threshold:g}"


def describe_fvc(pair: EndmemberPair | ClassEndmembers | None, *, ndvi: str) -> str:
    """How FVC was made: its NDVI and its endmembers."""
    return f"FVC: pixel dichotomy, {ndvi}, endmembers {pair.words if pair else 'no endmembers'}"


def describe_change(settings: Settings, *, source: str) -> str:
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


def describe_inundation(rules: WaterRules, *, source: str) -> str:
    """Behind a figure of inundation: its scenes, and how often a zone is wet."""
    return (
        f"{source}; water by look, at least {rules.least_looks} looks: permanent >= {rules.mostly:g}, "
        f"between low and high water >= {rules.seldom:g} of them"
    )


def describe_trend(
    rules: GreennessRules, limited: Mapping[str, float] | None, *, periods: int, source: str
) -> str:
    """Behind a figure of trend: its scenes, its test, and what is significant: by itself, or `limited`."""
    words = f"{source}; Theil-Sen, {TESTS[rules.test].words}, {periods} periods"
    if limited:
        return (
            f"{words}; Benjamini-Hochberg 错误发现率 false discovery rate {rules.significance:g}: "
            f"p <= {limited['limit']:.3g} of {limited['tests']:g} pixels"
        )
    return (
        f"{words}; p < {rules.significance:g} 逐像元，未作多重检验校正 "
        "each pixel by itself, not corrected for their number"
    )


def _describe_maps(rules: LandCover, when: When) -> str:
    if rules.method != "map":
        return ""
    labels = [period.label for period in when.periods]
    titles = [rules.maps[label].title if label in rules.maps else "none 无" for label in labels]
    return f"; land cover: {' / '.join(titles)}"


def _describe_scenes(scenes: gpd.GeoDataFrame, label: str) -> str:
    if scenes.empty:
        return f"0 景 no scene{label}"
    days = scenes["datetime"].dt.strftime("%Y-%m-%d")
    missions = ", ".join(sorted(scenes["mission"].unique()))
    return f"{len(scenes)} 景 {missions}{label} {days.min()}/{days.max()}"
