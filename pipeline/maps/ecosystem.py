"""Ecosystem types: their areas, what they lost, and what a classifier or a map tells beside the cover."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.contracts import Raster
from pipeline.engine.study import Study
from pipeline.geodesy import measure_areas_m2
from pipeline.indices import ecosystem
from pipeline.ingest.parcels import read_restricting
from pipeline.legends import ECOSYSTEM, ECOSYSTEM_CHANGE
from pipeline.maps.change import ChangeOf, build_change_steps, tabulate_transitions
from pipeline.maps.evidence import describe_change
from pipeline.maps.land_cover.kinds import is_typed, list_kinds
from pipeline.maps.land_cover.showing import explain_gap
from pipeline.maps.step import Maps, Row, Show, Step, View, build_raster, each_pair, each_period
from pipeline.periods import When
from pipeline.zonal.ground import GroundPixels

TYPE_MOVES = ChangeOf(
    "ecosystem_change",
    "ecosystem_transitions",
    "change of types",
    "ecosystem",
    "ecosystem_confidence",
    ECOSYSTEM,
)


def _list_typed_pairs(study: Study) -> Sequence[When]:
    return study.pairs if is_typed(study) else ()


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """Types, and the probability of its classes by a classifier; none by the rules."""
    method = maps.study.settings.land_cover.method
    if is_typed(maps.study):
        yield build_raster(maps, "land_cover", when, "ecosystem", legend=ECOSYSTEM)
    if method == "classifier":
        titles = "地表覆盖分类概率", "Probability of the land cover class"
        name = "land_cover_confidence"
        yield build_raster(maps, "land_cover", when, "confidence", titles=titles, name=name)


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Share of each type."""
    method = view.study.settings.land_cover.method
    basis = f"{view.source(when)}{'' if method == 'map' else f'; land cover: {method}'}; types: land_kinds"
    sums = _sum_types(view, when)
    table = _tabulate(view, when, sums, {})
    whole_m2 = view.study.aoi.area_m2
    yield from ecosystem.build_type_indicators(table, sums.seen, when.label, area_m2=whole_m2, source=basis)


def _collect_tables(view: View) -> Mapping[str, pd.DataFrame]:
    """Areas by type and period, as mapped and as registered."""
    registered = _sum_register(view.parcels)
    parts = [
        _tabulate(view, period, _sum_types(view, period), registered).assign(
            aoi=view.study.aoi.id, period=period.label
        )
        for period in view.study.periods
    ]
    found, first = pd.concat(parts, ignore_index=True), ["aoi", "period"]
    return {"ecosystems": found[[*first, *found.columns.drop(first)]]}


def _sum_types(view: View, when: When) -> ecosystem.TypeSums:
    part = partial(_sum_under, land=view.maps.path("land_cover", when), typed=is_typed(view.study))
    sums = view.sum_once(("ecosystem", when), lambda: np.sum(view.ground.map(part), axis=0))
    return ecosystem.TypeSums.of(sums)


def _sum_under(under: GroundPixels, *, land: Path, typed: bool) -> NDArray[np.float64]:
    cover = under.read_layer(land, "land_cover")
    kind = under.read_layer(land, "ecosystem") if typed else ecosystem.classify_types(cover)
    return ecosystem.sum_type_areas(cover, kind, under.weight_m2)


def _tabulate(
    view: View, when: When, sums: ecosystem.TypeSums, registered: Mapping[str, float]
) -> pd.DataFrame:
    return ecosystem.build_type_table(
        sums,
        kinds=list_kinds(view.maps, when),
        area_m2=view.study.aoi.area_m2,
        registered_m2=registered,
        unknown=explain_gap(view.maps, when),
    )


def _sum_register(parcels: pd.DataFrame) -> dict[str, float]:
    """Area of parcels inside the aoi by the type of their registered class; empty without a known class."""
    types = standards.table("land_classes").set_index("code")["ecosystem"]
    kinds = parcels["land_class"].map(types)
    areas = parcels["area_m2"].groupby(kinds).sum()
    return {str(name): float(area) for name, area in areas.items()}


def _list_change_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    name = "ecosystem_change"
    yield build_raster(maps, "ecosystem_change", when, "change", legend=ECOSYSTEM_CHANGE, name=name)


def _list_loss_rows(view: View, when: When) -> Iterator[Row]:
    """Losses of farmland and wetland; null where the types are not told apart."""
    yield from ecosystem.build_loss_indicators(
        tabulate_transitions(view, TYPE_MOVES).get(when),
        when.label,
        kinds=list_kinds(view.maps, when.periods[0]),
        source=describe_change(view.study.settings, source=view.source(when)),
        unknown=explain_gap(view.maps, when),
    )


def _collect_change_tables(view: View) -> Mapping[str, pd.DataFrame]:
    """Areas by pair of types, where types are told."""
    names = {entry.key: entry.name_zh for entry in ECOSYSTEM.classes} | {"unknown": "未知"}
    columns = ["from_ecosystem", "to_ecosystem", "area_m2", "percent", "area_counted_m2", "percent_counted"]
    return {
        f"ecosystem_transitions_{when.stem}": matrix.assign(
            from_ecosystem=matrix["from"].map(names), to_ecosystem=matrix["to"].map(names)
        )[columns]
        for when, matrix in tabulate_transitions(view, TYPE_MOVES).items()
    }


def _list_span(study: Study) -> Sequence[When]:
    return (study.span,) if study.settings.restricting and study.pairs else ()


def _list_encroachment_rows(view: View, _span: When) -> Iterator[Row]:
    """What became built-up inside each layer that restricts use, by pair of periods."""
    study = view.study
    layers = read_restricting(study.settings.restricting, study.aoi)
    layers = layers.assign(area_m2=measure_areas_m2(np.asarray(layers.geometry)))
    for layer in layers[layers["area_m2"] > 0].itertuples():
        whole_m2, kind = float(layer.area_m2), str(layer.kind)
        inside = view.ground.restrict(layer.geometry, whole_m2)
        for pair in study.pairs:
            part = partial(_sum_encroachment, change=view.maps.path("change", pair))
            built, seen = np.sum(inside.map(part), axis=0)
            yield ecosystem.build_encroachment_indicator(
                kind,
                pair.label,
                built,
                seen,
                area_m2=whole_m2,
                source=describe_change(study.settings, source=view.source(pair)),
                unknown=explain_gap(view.maps, pair),
            )


def _sum_encroachment(under: GroundPixels, *, change: Path) -> NDArray[np.float64]:
    return ecosystem.sum_encroachment(under.read_layer(change, "change"), under.weight_m2)


TYPES = Step(
    name="ecosystem",
    version=1,
    title="ecosystem types",
    times=each_period,
    show=Show(rasters=_list_rasters, rows=_list_rows, tables=_collect_tables),
)
TYPE_TRANSITIONS, TYPE_CHANGE = build_change_steps(
    TYPE_MOVES,
    times=_list_typed_pairs,
    show=Show(
        rasters=_list_change_rasters, rows=_list_loss_rows, times=each_pair, tables=_collect_change_tables
    ),
)
ENCROACHMENT = Step(
    name="encroachment",
    version=1,
    title="encroachment",
    times=_list_span,
    show=Show(rows=_list_encroachment_rows),
)
