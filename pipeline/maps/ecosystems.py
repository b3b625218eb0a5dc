"""Ecosystem types: their areas, what they lost, and what a classifier or a map tells beside the cover."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.contracts import Raster
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.geodesy import measure_areas_m2
from pipeline.indices import ecosystem, indicators
from pipeline.indices.change import build_transition_matrix
from pipeline.ingest.parcels import read_restricting
from pipeline.legends import ECOSYSTEM, ECOSYSTEM_CHANGE
from pipeline.maps.change import TYPES, change_between
from pipeline.maps.evidence import change_basis
from pipeline.maps.rasters import Footprint, Maps, no_map
from pipeline.storage.blocks import open_store
from pipeline.storage.workspace import Artifact
from pipeline.zonal.ground import Ground, Under
from pipeline.zonal.moves import Moved

STEP = "ecosystem"

Rows = Iterator[dict[str, object]]


def stores(run: Run, study: Study, _scenes: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """The types of every period, then their change between consecutive ones; none by the rules."""
    if not maps.typed:
        return ()
    seen = zip(maps.spectral, maps.land, strict=True)
    changes = (
        change_between(run, study, before, after, maps.layout, TYPES) for before, after in pairwise(seen)
    )
    return (*maps.land, *changes)


def rasters(study: Study, found: Sequence[Artifact]) -> Iterator[Raster]:
    """Types of every period, the probability of its classes by a classifier, and changes of type."""
    sure = study.settings.land_cover.method == "classifier"
    periods = study.settings.scenes.periods if found else []
    for store, period in zip(found[: len(periods)], periods, strict=True):
        layers, days = open_store(store.path), (period.first, period.last)
        titles = ECOSYSTEM.title_zh, ECOSYSTEM.title_en
        yield Raster(f"ecosystem_{period.label}", "classes", layers["ecosystem"], *titles, *days, ECOSYSTEM)
        if sure:
            titles = "地表覆盖分类概率", "Probability of the land cover class"
            values = layers["confidence"]
            yield Raster(f"land_cover_confidence_{period.label}", "ratio", values, *titles, *days)
    for store, (before, after) in zip(found[len(periods) :], pairwise(periods), strict=True):
        values, legend = open_store(store.path)["change"], ECOSYSTEM_CHANGE
        name = f"ecosystem_change_{before.label}_{after.label}"
        days = before.first, after.last
        yield Raster(name, "classes", values, legend.title_zh, legend.title_en, *days, legend)


def type_tables(
    study: Study, maps: Maps, over_aoi: Ground, parcels: gpd.GeoDataFrame
) -> dict[str, pd.DataFrame]:
    """`ecosystems`, areas by type and period; `ecosystem_transitions_<from>_<to>` where types are told."""
    registered = _registered(parcels)
    parts = []
    for number, period in enumerate(study.settings.scenes.periods):
        table = _table(study, maps, number, _sums(maps, over_aoi, number), registered)
        parts.append(table.assign(aoi=study.aoi.id, period=period.label))
    found = pd.concat(parts, ignore_index=True)
    names = {entry.key: entry.name_zh for entry in ECOSYSTEM.classes} | {"unknown": "未知"}
    matrices = {
        f"ecosystem_transitions_{between.replace('/', '_')}": matrix.assign(
            from_ecosystem=matrix["from"].map(names), to_ecosystem=matrix["to"].map(names)
        )[["from_ecosystem", "to_ecosystem", "area_m2", "percent", "area_counted_m2", "percent_counted"]]
        for between, matrix in _matrices(study, maps, over_aoi)
    }
    first = ["aoi", "period"]
    return {"ecosystems": found[[*first, *found.columns.drop(first)]], **matrices}


def rows(study: Study, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]) -> Rows:
    """Shares of types, losses of farmland and wetland, encroachment, and how right a classifier was."""
    settings = study.settings
    labels = [period.label for period in settings.scenes.periods]
    method = "" if settings.land_cover.method == "map" else f"; land cover: {settings.land_cover.method}"
    for number, label in enumerate(labels):
        sums = _sums(maps, over_aoi, number)
        basis = f"{sources[label]}{method}; types: land_kinds"
        table = _table(study, maps, number, sums, {})
        yield from ecosystem.build_type_indicators(
            table, sums.seen, label, area_m2=study.aoi.area_m2, source=basis
        )
    matrices = dict(_matrices(study, maps, over_aoi))
    for number, between in enumerate(f"{before}/{after}" for before, after in pairwise(labels)):
        basis = change_basis(settings, source=sources[between])
        yield from ecosystem.build_loss_indicators(
            matrices.get(between),
            between,
            kinds=maps.kinds[number],
            source=basis,
            unknown=no_map(study, number, number + 1),
        )
    yield from _encroachment(study, maps, over_aoi, sources)
    if maps.classifier:
        span = "/".join(dict.fromkeys([labels[0], labels[-1]]))
        yield indicators.build_classifier_indicator(span, maps.classifier["confusion_predicted_by_labelled"])


def _sums(maps: Maps, over_aoi: Ground, number: int) -> ecosystem.TypeSums:
    part = partial(_type_areas, land=maps.land[number].path, typed=maps.typed)
    return ecosystem.TypeSums.of(np.sum(over_aoi.each(part), axis=0))


def _type_areas(under: Under, *, land: Path, typed: bool) -> NDArray[np.float64]:
    cover = under.layer(land, "land_cover")
    kind = under.layer(land, "ecosystem") if typed else ecosystem.classify_types(cover)
    return ecosystem.sum_type_areas(cover, kind, under.weight_m2)


def _table(
    study: Study, maps: Maps, number: int, sums: ecosystem.TypeSums, registered: Mapping[str, float]
) -> pd.DataFrame:
    return ecosystem.build_type_table(
        sums,
        kinds=maps.kinds[number],
        area_m2=study.aoi.area_m2,
        registered_m2=registered,
        unknown=no_map(study, number),
    )


def _registered(parcels: gpd.GeoDataFrame) -> dict[str, float]:
    """Area of parcels inside the aoi by the type of their registered class; empty without a known class."""
    types = standards.table("land_classes").set_index("code")["ecosystem"]
    kinds = parcels["land_class"].map(types)
    areas = parcels["area_m2"].groupby(kinds).sum()
    return {str(name): float(area) for name, area in areas.items()}


def _matrices(study: Study, maps: Maps, over_aoi: Ground) -> Iterator[tuple[str, pd.DataFrame]]:
    labels = [period.label for period in study.settings.scenes.periods]
    pairs = zip(pairwise(labels), pairwise(maps.land), maps.further[STEP][len(labels) :], strict=False)
    for (earlier, later), (before, after), counted in pairs:
        moved = Moved("ecosystem", before.path, after.path, counted.path, ECOSYSTEM)
        yield f"{earlier}/{later}", build_transition_matrix(over_aoi.each(moved), ECOSYSTEM)


def _encroachment(study: Study, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]) -> Rows:
    """What became built-up inside each layer that restricts use, by pair of periods."""
    if not (study.settings.restricting and maps.changes):
        return
    layers = read_restricting(study.settings.restricting, study.aoi)
    layers = layers.assign(area_m2=measure_areas_m2(np.asarray(layers.geometry)))
    labels = [period.label for period in study.settings.scenes.periods]
    for layer in layers[layers["area_m2"] > 0].itertuples():
        whole_m2, kind = float(layer.area_m2), str(layer.kind)
        inside = over_aoi.of_part(layer.geometry, whole_m2)
        for number, store in enumerate(maps.changes):
            built, seen = np.sum(inside.each(partial(_encroached, change=store.path)), axis=0)
            between, unknown = f"{labels[number]}/{labels[number + 1]}", no_map(study, number, number + 1)
            basis = change_basis(study.settings, source=sources[between])
            yield ecosystem.build_encroachment_indicator(
                kind, between, built, seen, area_m2=whole_m2, source=basis, unknown=unknown
            )


def _encroached(under: Under, *, change: Path) -> NDArray[np.float64]:
    return ecosystem.sum_encroachment(under.layer(change, "change"), under.weight_m2)
