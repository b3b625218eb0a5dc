"""NDVI from looks: of a period where cover is not made from its composite; of months for assessment.ei."""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import Raster, Scene
from pipeline.engine.study import Study
from pipeline.indices import alerts, composite, indicators, vegetation
from pipeline.ingest.reading import blocks
from pipeline.maps.encoding import COUNT, RATIO
from pipeline.maps.step import BlockInputs, Layers, Load, Maps, Place, Show, Step, build_raster, keep_layers
from pipeline.periods import Period, When, list_periods
from pipeline.zonal import measures

_PARTS = 4
"""So many readings of their looks spare the memory for the bands of all at once."""
_COUNTS_BYTES = 8
_GROWING_MONTHS = (5, 9)
"""The months whose greatest NDVI counts by HJ 192-2015, the first and the last."""
_TITLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "maximum": ("最大值合成 NDVI", "Greatest NDVI"),
        "growing-season": ("生长季 NDVI 中值", "Median NDVI of the growing season"),
    }
)


def compose_looks(inputs: BlockInputs, *, method: str) -> Layers:
    """The greatest NDVI of the clear looks, or their median, and how many looks it is of."""
    stacks = list(_read_looks(inputs))
    ndvi = np.concatenate(stacks) if stacks else np.empty((0, *inputs.block.shape), dtype=np.int16)
    found = vegetation.find_greatest(ndvi) if method == "maximum" else composite.compute_median(ndvi)
    return {"ndvi": found, "count": vegetation.count_ndvi_looks(ndvi)}


def find_ndvi(study: Study, period: Period) -> Place | None:
    """The map whose NDVI the cover of a period is made from; None where no day of it grows."""
    rules = study.settings.vegetation
    if rules.ndvi == "composite":
        return ("spectral", period)
    when = _cut_to_season(study, period)
    return ("look_ndvi", when) if when else None


def describe_ndvi(study: Study, period: Period) -> str:
    """Which NDVI the cover of a period is made from, in words."""
    method, when = study.settings.vegetation.ndvi, _cut_to_season(study, period)
    if method == "composite":
        return describe_composite(study)
    if method == "maximum":
        return "greatest NDVI of the clear looks 最大值合成"
    days = f"{when.first}/{when.last}" if when else "no day 无"
    return f"median NDVI of the clear looks of the growing season 生长季中值 ({days})"


def describe_composite(study: Study) -> str:
    """The NDVI of the composite in words."""
    return f"NDVI of the composite 时段合成影像 ({study.settings.scenes.composite})"


def explain_no_season(study: Study, period: Period) -> str:
    """Why a period has no NDVI to make cover from, though it was seen; empty where it has one."""
    if find_ndvi(study, period):
        return ""
    first, last = study.settings.vegetation.growing_season
    return f"本期不含生长季（{first}–{last} 月）/ no day of the growing season (months {first} to {last})"


def explain_nothing(study: Study) -> tuple[str, str]:
    """Why there is no cover of an area, and of a parcel, in a period that has the days for it."""
    if study.settings.vegetation.ndvi != "growing-season":
        return indicators.NOTHING_SEEN, measures.NEVER_SEEN
    return (
        "范围内生长季没有晴空观测 / nothing was seen clear in the growing season",
        "本期生长季无晴空观测 / never seen clear in the growing season",
    )


def list_growing_months(year: int) -> list[Period]:
    """The months of a year whose greatest NDVI makes the vegetation cover of the ecological index."""
    first, last = _GROWING_MONTHS
    return list_periods(date(year, first, 1), date(year, last, monthrange(year, last)[1]), "month")


def title_cover(study: Study) -> tuple[str, str]:
    """What a map of cover is called by the NDVI that it is made from, in Chinese and in English."""
    method = study.settings.vegetation.ndvi
    if method == "composite":
        return "植被覆盖度", "Vegetation cover"
    title_zh, title_en = _TITLES[method]
    return f"植被覆盖度（{title_zh}）", f"Vegetation cover ({title_en})"


def _cut_to_season(study: Study, period: Period) -> Period | None:
    """The days of a period whose looks count; a growing season goes with periods of a year."""
    if study.settings.vegetation.ndvi != "growing-season":
        return period
    first, last = study.settings.vegetation.growing_season
    year = period.first.year
    start, end = date(year, first, 1), date(year, last, monthrange(year, last)[1])
    cut = replace(period, first=max(period.first, start), last=min(period.last, end))
    return cut if cut.first <= cut.last else None


def _read_looks(inputs: BlockInputs) -> Iterator[NDArray[np.int16]]:
    """NDVI of the looks (look, y, x), some of them at a time."""
    for part in blocks.split_scenes(inputs.scenes, max(1, len(inputs.scenes.scenes) // _PARTS)):
        looks = blocks.read_looks(part)
        bands = np.empty((len(alerts.BANDS), *looks.owner.shape), dtype=np.int16)
        inputs.records.extend(looks.records)
        for read in blocks.read_bands(part, looks, bands):
            inputs.records.extend(read.records)
        yield alerts.compute_ndvi_stack(*bands)


def _list_times(study: Study) -> Sequence[When]:
    if study.settings.vegetation.ndvi == "composite":
        return ()
    return [cut for period in study.periods if (cut := _cut_to_season(study, period))]


def _list_months(study: Study) -> Sequence[When]:
    """Months of whole years, where the ecological index is made from looks."""
    asked = study.settings.assessment.ei if study.settings.assessment else None
    if asked is None or asked.ndvi != "looks":
        return ()
    years = [period.whole_year for period in study.periods if period.whole_year]
    return [month for year in years for month in list_growing_months(year)]


def _list_bands(_study: Study, _scenes: Sequence[Scene]) -> tuple[str, ...]:
    return alerts.BANDS


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"method": maps.study.settings.vegetation.ndvi}


def _take_greatest(_maps: Maps, _when: When) -> Mapping[str, object]:
    return {"method": "maximum"}


def _count_block_bytes(_study: Study, load: Load) -> int:
    """Bytes of NDVI of all looks, twice while they are put together, and of the bands of a part of them."""
    part = load.dates // _PARTS + 1
    return 4 * load.dates + blocks.block_bytes(part, blocks.ROOM) + 2 * part + _COUNTS_BYTES


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    method = maps.study.settings.vegetation.ndvi
    name = f"ndvi_{method.replace('-', '_')}"
    yield build_raster(maps, "look_ndvi", when, "ndvi", titles=_TITLES[method], name=name)


LOOK_NDVI = Step(
    name="look_ndvi",
    version=2,
    title="NDVI of looks",
    times=_list_times,
    bands=_list_bands,
    settings=_list_settings,
    parameters=_list_settings,
    layers=keep_layers({"ndvi": RATIO, "count": COUNT}),
    kernel=compose_looks,
    block_bytes=_count_block_bytes,
    config=("vegetation",),
    show=Show(rasters=_list_rasters),
)
MONTH_NDVI = replace(
    LOOK_NDVI,
    name="month_ndvi",
    version=1,
    title="greatest NDVI of months",
    times=_list_months,
    settings=_take_greatest,
    parameters=_take_greatest,
    config=("assessment",),
    show=Show(),
)
