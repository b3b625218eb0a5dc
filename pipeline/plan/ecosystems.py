"""Ecosystem types: their areas, what they lost, and what a classifier or a map tells beside the cover."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.contracts import Raster
from pipeline.geodesy import areas_m2
from pipeline.indices import ecosystem, indicators
from pipeline.indices.change import transition_matrix
from pipeline.ingest.parcels import read_restricting
from pipeline.legends import ECOSYSTEM, ECOSYSTEM_CHANGE
from pipeline.plan.area import Area
from pipeline.plan.changes import TYPES, change_between
from pipeline.plan.evidence import change_basis
from pipeline.plan.rasters import Footprint, Maps, no_map
from pipeline.rights_registry import overlay
from pipeline.run import Run
from pipeline.stores import open_store
from pipeline.workspace import Artifact

STEP = "ecosystem"

Rows = Iterator[dict[str, object]]


def stores(run: Run, area: Area, _scenes: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """The types of every period, then their change between consecutive ones; none by the rules."""
    if not maps.typed:
        return ()
    seen = zip(maps.spectral, maps.land, strict=True)
    changes = (
        change_between(run, area, before, after, maps.layout, TYPES) for before, after in pairwise(seen)
    )
    return (*maps.land, *changes)


def rasters(area: Area, found: Sequence[Artifact]) -> Iterator[Raster]:
    """Types of every period, the probability of its classes by a classifier, and changes of type."""
    sure = area.settings.land_cover.method == "classifier"
    periods = area.settings.scenes.periods if found else []
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
    area: Area, maps: Maps, over_aoi: overlay.Coverage, parcels: gpd.GeoDataFrame
) -> dict[str, pd.DataFrame]:
    """`ecosystems`, areas by type and period; `ecosystem_transitions_<from>_<to>` where types are told."""
    registered = _registered(parcels)
    parts = []
    for number, period in enumerate(area.settings.scenes.periods):
        table = _table(area, maps, number, _sums(maps, over_aoi, number), registered)
        parts.append(table.assign(aoi=area.aoi.id, period=period.label))
    found = pd.concat(parts, ignore_index=True)
    names = {entry.key: entry.name_zh for entry in ECOSYSTEM.classes} | {"unknown": "未知"}
    matrices = {
        f"ecosystem_transitions_{between.replace('/', '_')}": matrix.assign(
            from_ecosystem=matrix["from"].map(names), to_ecosystem=matrix["to"].map(names)
        )[["from_ecosystem", "to_ecosystem", "area_m2", "percent", "area_counted_m2", "percent_counted"]]
        for between, matrix in _matrices(area, maps, over_aoi)
    }
    first = ["aoi", "period"]
    return {"ecosystems": found[[*first, *found.columns.drop(first)]], **matrices}


def rows(area: Area, maps: Maps, over_aoi: overlay.Coverage, sources: Mapping[str, str]) -> Rows:
    """Shares of types, losses of farmland and wetland, encroachment, and how right a classifier was."""
    settings = area.settings
    labels = [period.label for period in settings.scenes.periods]
    method = "" if settings.land_cover.method == "map" else f"; land cover: {settings.land_cover.method}"
    for number, label in enumerate(labels):
        sums = _sums(maps, over_aoi, number)
        basis = f"{sources[label]}{method}; types: land_kinds"
        table = _table(area, maps, number, sums, {})
        yield from ecosystem.type_indicators(table, sums.seen, label, area_m2=area.aoi.area_m2, source=basis)
    matrices = dict(_matrices(area, maps, over_aoi))
    for number, between in enumerate(f"{before}/{after}" for before, after in pairwise(labels)):
        basis = change_basis(settings, source=sources[between])
        yield from ecosystem.loss_indicators(
            matrices.get(between),
            between,
            kinds=maps.kinds[number],
            source=basis,
            unknown=no_map(area, number, number + 1),
        )
    yield from _encroachment(area, maps, sources)
    if maps.classifier:
        span = "/".join(dict.fromkeys([labels[0], labels[-1]]))
        yield indicators.classifier_indicator(span, maps.classifier["confusion_predicted_by_labelled"])


def _sums(maps: Maps, over_aoi: overlay.Coverage, number: int) -> ecosystem.TypeSums:
    layers = open_store(maps.land[number].path)
    names = ["land_cover", "ecosystem"] if maps.typed else ["land_cover"]
    pieces = overlay.gathered(over_aoi, {name: layers[name] for name in names})
    return ecosystem.type_sums(
        (
            values["land_cover"],
            values["ecosystem"] if maps.typed else ecosystem.types_of(values["land_cover"]),
            weight_m2,
        )
        for weight_m2, values in pieces
    )


def _table(
    area: Area, maps: Maps, number: int, sums: ecosystem.TypeSums, registered: Mapping[str, float]
) -> pd.DataFrame:
    return ecosystem.type_table(
        sums,
        kinds=maps.kinds[number],
        area_m2=area.aoi.area_m2,
        registered_m2=registered,
        unknown=no_map(area, number),
    )


def _registered(parcels: gpd.GeoDataFrame) -> dict[str, float]:
    """Area of parcels inside the aoi by the type of their registered class; empty without a known class."""
    types = standards.table("land_classes").set_index("code")["ecosystem"]
    kinds = parcels["land_class"].map(types)
    areas = parcels["area_m2"].groupby(kinds).sum()
    return {str(name): float(area) for name, area in areas.items()}


def _matrices(area: Area, maps: Maps, over_aoi: overlay.Coverage) -> Iterator[tuple[str, pd.DataFrame]]:
    labels = [period.label for period in area.settings.scenes.periods]
    types = [open_store(store.path) for store in maps.land]
    for number, store in enumerate(maps.further[STEP][len(labels) :]):
        layers = {
            "before": types[number]["ecosystem"],
            "after": types[number + 1]["ecosystem"],
            "code": open_store(store.path)["change"],
        }
        pieces = (
            (values["before"], values["after"], values["code"], weight_m2)
            for weight_m2, values in overlay.gathered(over_aoi, layers)
        )
        yield f"{labels[number]}/{labels[number + 1]}", transition_matrix(pieces, ECOSYSTEM)


def _encroachment(area: Area, maps: Maps, sources: Mapping[str, str]) -> Rows:
    """What became built-up inside each layer that restricts use, by pair of periods."""
    if not (area.settings.restricting and maps.changes):
        return
    layers = read_restricting(area.settings.restricting, area.aoi)
    layers = layers.assign(area_m2=areas_m2(np.asarray(layers.geometry)))
    labels = [period.label for period in area.settings.scenes.periods]
    for row in layers[layers["area_m2"] > 0].index:
        layer = layers.loc[[row]].reset_index(drop=True)
        under = overlay.coverage(layer, area.grid)
        whole_m2, kind = float(layer["area_m2"].iloc[0]), str(layer["kind"].iloc[0])
        for number, store in enumerate(maps.changes):
            found = overlay.gathered(under, {"change": open_store(store.path)["change"]})
            built, seen = ecosystem.encroached((values["change"], weight) for weight, values in found)
            between, unknown = f"{labels[number]}/{labels[number + 1]}", no_map(area, number, number + 1)
            basis = change_basis(area.settings, source=sources[between])
            yield ecosystem.encroachment(
                kind, between, built, seen, area_m2=whole_m2, source=basis, unknown=unknown
            )
