"""NDVI of a period beside the same season of earlier years."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.contracts import Raster
from pipeline.engine.study import Study
from pipeline.indices import anomaly, indicators
from pipeline.maps.encoding import COUNT, INDEX, from_ratio
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
    keep_layers,
)
from pipeline.periods import PERIODS_A_YEAR, When
from pipeline.zonal.ground import GroundPixels


def compare_block(inputs: BlockInputs, *, least_years: int) -> Layers:
    """Difference from the mean of earlier years, and z; the period's own indices are the first needed."""
    own, *earlier = (from_ratio(layers["ndvi"]) for layers in inputs.read_each("spectral", ["ndvi"]))
    found = anomaly.compute_anomaly(own, np.array(earlier), least=least_years)
    difference, z = (values.astype(np.float32) for values in (found.difference, found.z))
    return {"difference": difference, "z": z, "years": found.years}


def _list_earlier(study: Study, when: When) -> Sequence[When]:
    """The same season of earlier years."""
    cycle, number = PERIODS_A_YEAR[study.settings.scenes.period], study.periods.index(when.periods[0])
    return study.periods[number % cycle : number : cycle]


def _list_times(study: Study) -> Sequence[When]:
    """Every period that has enough earlier years, where the config asks for them."""
    rules = study.settings.greenness
    if not rules.anomaly:
        return ()
    return [when for when in study.periods if len(_list_earlier(study, when)) >= rules.least_years]


def _list_show_times(study: Study) -> Sequence[When]:
    return study.periods if study.settings.greenness.anomaly else ()


def _list_needs(study: Study, when: When) -> Sequence[Place]:
    return [("spectral", period) for period in (when, *_list_earlier(study, when))]


def _list_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return maps.study.settings.greenness.model_dump(include={"least_years"})


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """Difference and z."""
    titles = "NDVI 距平", "NDVI anomaly"
    yield build_raster(maps, "anomaly", when, "difference", titles=titles, name="ndvi_anomaly")
    titles = "NDVI 标准化距平", "NDVI anomaly, standardised"
    yield build_raster(maps, "anomaly", when, "z", titles=titles, name="ndvi_anomaly_z")


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Mean anomaly of a period and the share that is clearly less green; null without enough years."""
    rules = view.study.settings.greenness
    source = (
        f"{view.source(when)}; NDVI less the mean of the same season of earlier years, "
        f"at least {rules.least_years}; less green: by >= {rules.least_drop:g}"
    )
    sums = indicators.AnomalySums()
    if ("anomaly", when) in view.maps:
        part = partial(_sum_under, store=view.maps.path("anomaly", when), least_drop=rules.least_drop)
        sums = sum(view.ground.map(part), sums)
    yield from indicators.build_anomaly_indicators(
        sums, when.label, area_m2=view.study.aoi.area_m2, source=source, least_years=rules.least_years
    )


def _sum_under(under: GroundPixels, *, store: Path, least_drop: float) -> indicators.AnomalySums:
    return indicators.sum_anomaly(
        under.read_layer(store, "difference"), under.weight_m2, least_drop=least_drop
    )


def _judge(study: Study) -> Mapping[str, object]:
    return study.settings.greenness.model_dump(include={"anomaly", "least_years", "least_drop"})


ANOMALY = Step(
    name="anomaly",
    version=1,
    title="anomaly",
    times=_list_times,
    needs=_list_needs,
    settings=_list_parameters,
    parameters=_list_parameters,
    layers=keep_layers({"difference": INDEX, "z": INDEX, "years": COUNT}),
    kernel=compare_block,
    config=("greenness",),
    show=Show(rasters=_list_rasters, rows=_list_rows, times=_list_show_times, judge=_judge),
)
