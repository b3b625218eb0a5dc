"""Fractional vegetation cover (FVC) of each period by the pixel dichotomy model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.contracts import REFLECTANCE_NODATA, Raster
from pipeline.engine.study import Study
from pipeline.indices import indicators, vegetation
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import RATIO, as_ratio, from_ratio
from pipeline.maps.endmembers import Ends, find_beside, find_endmembers, list_sources
from pipeline.maps.evidence import describe_cover
from pipeline.maps.land_cover.showing import explain_gap
from pipeline.maps.look_ndvi import (
    describe_composite,
    describe_ndvi,
    explain_no_season,
    explain_nothing,
    find_ndvi,
    title_cover,
)
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
from pipeline.zonal.ground import GroundPixels

_LIGHT = ("nir", "red")


def cover_block(inputs: BlockInputs, *, ndvi: str, endmembers: Ends, bands: Sequence[str]) -> Layers:
    """FVC of a block from NDVI as stored, so that anyone can recompute it; unknown without endmembers.

    `ndvi` is the step whose NDVI it is; empty where there is none. Water that is too dark for an NDVI bears
    no plants.
    """
    if endmembers is None or not ndvi or not set(_LIGHT) <= set(bands):
        return {"fvc": np.full(inputs.block.shape, REFLECTANCE_NODATA, dtype=np.int16)}
    stored, classes = inputs.read(ndvi, ["ndvi"])["ndvi"], inputs.read("land_cover", ["land_cover"])
    water = classes["land_cover"] == LAND_COVER.code("water")
    fvc = vegetation.compute_cover(from_ratio(stored), classes["land_cover"], endmembers)
    nir, red = (from_ratio(values) for values in inputs.read("composite", _LIGHT).values())
    return {"fvc": as_ratio(vegetation.bare_dark_water(fvc, nir + red, water))}


def explain_no_cover(maps: Maps) -> tuple[str, str]:
    """Why there is no cover of an area, and of a parcel, in a period that has the days for it."""
    lacking = maps.lacking(_LIGHT)
    return (lacking, lacking) if lacking else explain_nothing(maps.study)


def _list_needs(study: Study, when: When) -> Sequence[Place]:
    ndvi = find_ndvi(study, when.periods[0])
    own: list[Place] = list(dict.fromkeys([*([ndvi] if ndvi else []), ("composite", when)]))
    return [*own, ("land_cover", when), *list_sources(study, when)]


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    kept, chosen = maps.study.endmembers, maps.study.settings.vegetation.model_dump(include={"endmembers"})
    return chosen | ({"kept": asdict(kept)} if kept else {})


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    place = find_ndvi(maps.study, when.periods[0])
    ends = find_endmembers(maps, when)
    return {"ndvi": place[0] if place else "", "endmembers": ends, "bands": maps.bands}


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    yield build_raster(maps, "cover", when, "fvc", titles=title_cover(maps.study))


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Vegetated share and mean FVC, beside them those by other endmembers and of the composite's NDVI."""
    study, period = view.study, when.periods[0]
    area_m2, threshold = study.aoi.area_m2, study.settings.vegetation.cover_threshold
    describe = partial(describe_cover, threshold=threshold, source=view.source(when))
    sums = _sum_cover(view, when, view.maps.path("cover", when), None)
    source = describe(find_endmembers(view.maps, when), ndvi=describe_ndvi(study, period))
    reason = explain_no_cover(view.maps)[0]
    rows = indicators.build_cover_indicators(sums, when.label, area_m2=area_m2, source=source, reason=reason)
    for name, place, ends, ndvi in _list_beside(view.maps, when):
        sums = _sum_cover(view, when, view.maps.path(*place), ends)
        source = describe(ends, ndvi=ndvi)
        rows.append(indicators.build_cover_beside(name, sums, when.label, area_m2=area_m2, source=source))
    rows = indicators.blank_land(rows, explain_gap(view.maps, period))
    yield from indicators.blank_cover(rows, explain_no_season(study, period))


def _list_beside(maps: Maps, when: When) -> Iterator[tuple[str, Place, Ends, str]]:
    """What stands beside: the indicator, the map of NDVI, the endmembers, the NDVI in words."""
    period, own = when.periods[0], ("spectral", when)
    place, compared, ends = (
        find_ndvi(maps.study, period),
        find_beside(maps, when),
        find_endmembers(maps, when),
    )
    if place and compared:
        yield "mean_fvc_land_percentiles", place, compared, describe_ndvi(maps.study, period)
    if place != own and ends:
        yield "mean_fvc_land_composite", own, ends, describe_composite(maps.study)


def _sum_cover(view: View, when: When, values: Path, ends: Ends) -> vegetation.CoverSums:
    """Sums of a period over a map of FVC, or over one of NDVI with endmembers."""
    threshold = view.study.settings.vegetation.cover_threshold
    land, cover = (view.maps.path(step, when) for step in ("land_cover", "cover"))
    part = partial(_sum_under, land=land, cover=cover, values=values, ends=ends, threshold=threshold)
    return vegetation.CoverSums.total(view.ground.map(part))


def _sum_under(
    under: GroundPixels, *, land: Path, cover: Path, values: Path, ends: Ends, threshold: float
) -> vegetation.CoverSums:
    """Sums under a piece of ground; water without NDVI has the FVC of the map of cover."""
    classes = under.read_layer(land, "land_cover")
    water = classes == LAND_COVER.code("water")
    fvc = from_ratio(under.read_layer(cover, "fvc"))
    if ends:
        found = vegetation.compute_cover(from_ratio(under.read_layer(values, "ndvi")), classes, ends)
        fvc = np.where(np.isnan(found) & water, fvc, found)
    land_seen = ~water & (classes != NODATA_CLASS)
    return vegetation.sum_cover(fvc, land_seen, water, under.weight_m2, threshold=threshold)


def _warn_unkept(maps: Maps) -> Iterator[str]:
    """That endmembers are to be kept, and no delivery has them yet."""
    name = maps.study.settings.vegetation.keep_endmembers
    if name and not maps.study.endmembers:
        yield (
            f"vegetation.keep_endmembers: 该区尚无交付保存端元 {name}，由本次求得并保存 / "
            f"no delivery of the area keeps endmembers {name}: this run found them, later ones take them"
        )


def _judge(study: Study) -> Mapping[str, object]:
    return study.settings.vegetation.model_dump(exclude={"freeze"})


COVER = Step(
    name="cover",
    version=3,
    title="FVC",
    times=each_period,
    needs=_list_needs,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=keep_layers({"fvc": RATIO}),
    kernel=cover_block,
    config=("vegetation",),
    show=Show(rasters=_list_rasters, rows=_list_rows, judge=_judge, warnings=_warn_unkept, first=True),
)
