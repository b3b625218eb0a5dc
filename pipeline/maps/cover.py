"""Fractional vegetation cover (FVC) of each period by the pixel dichotomy model."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.contracts import REFLECTANCE_NODATA, Raster
from pipeline.engine.study import Study
from pipeline.indices import indicators, vegetation
from pipeline.legends import LAND_COVER
from pipeline.maps.encoding import RATIO, as_ratio, from_ratio
from pipeline.maps.endmembers import Ends, find_beside, find_endmembers, list_sources
from pipeline.maps.evidence import describe_cover
from pipeline.maps.land_cover.showing import explain_missing_map
from pipeline.maps.step import (
    BlockInputs,
    Layers,
    Maps,
    Place,
    Row,
    Show,
    Step,
    View,
    build_raster,
    each_period,
    keep_layers,
)
from pipeline.periods import When
from pipeline.settings import ClassPercentiles
from pipeline.zonal.ground import GroundPixels


def cover_block(inputs: BlockInputs, *, endmembers: Ends) -> Layers:
    """FVC of a block from NDVI as stored, so that anyone can recompute it; unknown without endmembers."""
    stored = inputs.read("spectral", ["ndvi"])["ndvi"]
    if endmembers is None:
        return {"fvc": np.full(stored.shape, REFLECTANCE_NODATA, dtype=np.int16)}
    ndvi = from_ratio(stored)
    if isinstance(endmembers, vegetation.ClassEndmembers):
        classes = inputs.read("land_cover", ["land_cover"])["land_cover"]
        return {"fvc": as_ratio(vegetation.compute_cover_by_class(ndvi, classes, endmembers))}
    return {"fvc": as_ratio(vegetation.compute_fractional_cover(xr.DataArray(ndvi), endmembers).values)}


def _list_needs(study: Study, when: When) -> Sequence[Place]:
    by_class = isinstance(study.settings.vegetation.endmembers, ClassPercentiles)
    land: list[Place] = [("land_cover", when)] if by_class else []
    return [("spectral", when), *land, *list_sources(study, when)]


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    return maps.study.settings.vegetation.model_dump(include={"endmembers"})


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    return {"endmembers": find_endmembers(maps, when)}


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    yield build_raster(maps, "cover", when, "fvc", titles=("植被覆盖度", "Vegetation cover"))


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Vegetated share and mean FVC, beside them those by other endmembers."""
    threshold = view.study.settings.vegetation.cover_threshold
    whole_m2, source = view.study.aoi.area_m2, view.source(when)
    basis = describe_cover(find_endmembers(view.maps, when), threshold=threshold, source=source)
    sums = _sum_cover(view, when, None)
    rows = indicators.build_cover_indicators(sums, when.label, area_m2=whole_m2, source=basis)
    if compared := find_beside(view.maps, when):
        beside = _sum_cover(view, when, compared)
        basis = describe_cover(compared, threshold=threshold, source=source)
        rows.append(indicators.build_percentile_indicator(beside, when.label, area_m2=whole_m2, source=basis))
    yield from indicators.blank_land(rows, explain_missing_map(view.study, when))


def _sum_cover(view: View, when: When, other: vegetation.EndmemberPair | None) -> vegetation.CoverSums:
    """Sums of a period with its own FVC, or with other endmembers."""
    maps, threshold = view.maps, view.study.settings.vegetation.cover_threshold
    land, seen, cover = (maps.path(step, when) for step in ("land_cover", "spectral", "cover"))
    part = partial(_sum_under, stores=(land, seen, cover), other=other, threshold=threshold)
    return vegetation.CoverSums.total(view.ground.map(part))


def _sum_under(
    under: GroundPixels,
    *,
    stores: tuple[Path, Path, Path],
    other: vegetation.EndmemberPair | None,
    threshold: float,
) -> vegetation.CoverSums:
    land, seen, cover = stores
    fvc: NDArray[np.float64]
    if other:
        ndvi = xr.DataArray(from_ratio(under.read_layer(seen, "ndvi")))
        fvc = vegetation.compute_fractional_cover(ndvi, other).values
    else:
        fvc = from_ratio(under.read_layer(cover, "fvc"))
    water = under.read_layer(land, "land_cover") == LAND_COVER.code("water")
    return vegetation.sum_cover(fvc, water, under.weight_m2, threshold=threshold)


def _judge(study: Study) -> Mapping[str, object]:
    return study.settings.vegetation.model_dump(include={"cover_threshold", "endmembers"})


COVER = Step(
    name="cover",
    version=1,
    title="植被覆盖度 FVC",
    times=each_period,
    needs=_list_needs,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=keep_layers({"fvc": RATIO}),
    kernel=cover_block,
    config=("vegetation",),
    show=Show(rasters=_list_rasters, rows=_list_rows, judge=_judge, first=True),
)
