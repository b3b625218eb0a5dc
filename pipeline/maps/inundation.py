"""How often water stood at each pixel of a period: extent at low and at high water, and what lies between."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.contracts import Raster, Scene
from pipeline.engine.study import Study
from pipeline.indices import indicators, vegetation, water
from pipeline.ingest.reading import blocks
from pipeline.legends import LAND_COVER, NODATA_CLASS, Legend, build_inundation_legend
from pipeline.maps.encoding import CLASSES, COUNT, RATIO, as_ratio, from_ratio
from pipeline.maps.endmembers import find_endmembers
from pipeline.maps.evidence import describe_cover, describe_inundation
from pipeline.maps.look_ndvi import describe_ndvi, explain_no_season
from pipeline.maps.step import BlockInputs, Layers, Maps, Row, Show, Step, View, build_raster, keep_layers
from pipeline.periods import When
from pipeline.settings.maps import LandCover, WaterRules
from pipeline.zonal.ground import GroundPixels


def flood_block(inputs: BlockInputs, *, rules: LandCover, limits: WaterRules) -> Layers:
    """Wet looks, looks, their ratio and its zones; half of the dates at a time, four bands of each.

    A look whose read failed in one band saw nothing.
    """
    request = inputs.scenes
    wet = np.zeros(request.block.shape, dtype=np.uint16)
    seen = np.zeros_like(wet)
    for part in blocks.split_scenes(request, max(1, len(request.scenes) // 2)):
        looks = blocks.read_looks(part)
        stacks = np.empty((len(water.BANDS), *looks.owner.shape), dtype=np.int16)
        inputs.records.extend(looks.records)
        for read in blocks.read_bands(part, looks, stacks):
            inputs.records.extend(read.records)
        found = water.count_wet_looks(
            dict(zip(water.BANDS, stacks, strict=True)),
            water_mndwi=rules.water_mndwi,
            vegetation_ndvi=rules.vegetation_ndvi,
        )
        wet += found[0]
        seen += found[1]
    share = water.compute_frequency(wet, seen, least=limits.least_looks)
    zones = water.classify_inundation(share, seldom=limits.seldom, mostly=limits.mostly)
    return {"wet": wet, "seen": seen, "water_frequency": as_ratio(share), "inundation": zones}


def _list_times(study: Study) -> Sequence[When]:
    return study.periods if study.settings.water.inundation else ()


def _list_bands(_study: Study, _scenes: Sequence[Scene]) -> tuple[str, ...]:
    return water.BANDS


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    settings = maps.study.settings
    return {
        "land_cover": settings.land_cover.thresholds,
        "water": settings.water.model_dump(exclude={"regimes"}),
    }


def _list_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"rules": maps.study.settings.land_cover, "limits": maps.study.settings.water}


def _find_regime(study: Study) -> str:
    return study.settings.water.regimes.get(study.aoi.id, "")


def _find_legend(study: Study) -> Legend:
    """Zones under the name that the config gives the one between low and high water."""
    return build_inundation_legend(_find_regime(study))


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """Frequency and zones."""
    titles = "淹没频率", "Inundation frequency"
    yield build_raster(maps, "inundation", when, "water_frequency", titles=titles)
    yield build_raster(maps, "inundation", when, "inundation", legend=_find_legend(maps.study))


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Extent at low and at high water, what lies between, and the cover of the land above high water."""
    study, whole_m2 = view.study, view.study.aoi.area_m2
    basis = describe_inundation(study.settings.water, source=view.source(when))
    yield from indicators.build_inundation_indicators(
        _sum_zones(view, when), when.label, area_m2=whole_m2, source=basis, regime=_find_regime(study)
    )
    threshold = study.settings.vegetation.cover_threshold
    ndvi, ends = describe_ndvi(study, when.periods[0]), find_endmembers(view.maps, when)
    cover = describe_cover(ends, ndvi=ndvi, threshold=threshold, source=basis)
    above = _sum_above(view, when)
    row = indicators.build_upland_indicator(above, when.label, area_m2=whole_m2, source=cover)
    yield from indicators.blank_cover([row], explain_no_season(study, when.periods[0]))


def _sum_zones(view: View, when: When) -> dict[str, float]:
    """Area of each zone of inundation by its key; the unknown is in none."""
    areas = view.ground.sum_classes(view.maps.path("inundation", when), "inundation")
    return {entry.key: float(areas[entry.code]) for entry in _find_legend(view.study).classes}


def _sum_above(view: View, when: When) -> vegetation.CoverSums:
    """Cover sums in which all that is under water at high water counts as water; both must be known."""
    cover, land, flooded = (view.maps.path(step, when) for step in ("cover", "land_cover", "inundation"))
    dry, threshold = _find_legend(view.study).code("dry"), view.study.settings.vegetation.cover_threshold
    part = partial(_sum_under, stores=(cover, land, flooded), dry=dry, threshold=threshold)
    return vegetation.CoverSums.total(view.ground.map(part))


def _sum_under(
    under: GroundPixels, *, stores: tuple[Path, Path, Path], dry: int, threshold: float
) -> vegetation.CoverSums:
    cover, land, flooded = stores
    zone = under.read_layer(flooded, "inundation")
    fvc = np.where(zone == NODATA_CLASS, np.nan, from_ratio(under.read_layer(cover, "fvc")))
    wet = (zone != dry) | (under.read_layer(land, "land_cover") == LAND_COVER.code("water"))
    return vegetation.sum_cover(fvc, ~wet, wet, under.weight_m2, threshold=threshold)


def _judge(study: Study) -> Mapping[str, object]:
    return {"regime": _find_regime(study), "cover_threshold": study.settings.vegetation.cover_threshold}


INUNDATION = Step(
    name="inundation",
    version=2,
    title="inundation",
    times=_list_times,
    bands=_list_bands,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=keep_layers({"wet": COUNT, "seen": COUNT, "water_frequency": RATIO, "inundation": CLASSES}),
    kernel=flood_block,
    config=("water",),
    show=Show(rasters=_list_rasters, rows=_list_rows, judge=_judge),
)
