"""Where the maps meet the register: parcels, exact statistics, sections, the inventory, findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr

from pipeline.contracts import CHANGE_PATCHES, checked
from pipeline.geodesy import CGCS2000, areas_m2
from pipeline.indices import change, indicators, vegetation
from pipeline.legends import LAND_COVER
from pipeline.long_tables import save_parts
from pipeline.periods import Period
from pipeline.plan import assessed
from pipeline.plan.area import Area
from pipeline.plan.ecosystems import type_tables
from pipeline.plan.evidence import CONFIDENCE, change_basis, cover_basis
from pipeline.plan.further import further_rows
from pipeline.plan.ground import Ground, Under, ground_of
from pipeline.plan.inputs import Inputs
from pipeline.plan.measures import measured, measured_whole, plots_of
from pipeline.plan.moves import Moved
from pipeline.plan.parcels import parcels_of
from pipeline.plan.rasters import Maps, no_map, unknown_land
from pipeline.plan.restrictions import restriction_findings
from pipeline.plan.steps import from_ratio
from pipeline.plan.water import graded_sections
from pipeline.rights_registry import area_balance, findings, inventory
from pipeline.run import Run
from pipeline.settings import products
from pipeline.stores import open_store
from pipeline.workspace import Artifact, checksums_of, load_json, load_layer, load_table, save_tables

_STATISTICS, _INVENTORY = 8, 3


@dataclass(frozen=True)
class Register:
    """Tables of an area, each an artifact's folder."""

    parcels: Artifact
    statistics: Artifact
    sections: Artifact
    inventory: Artifact

    @property
    def keys(self) -> dict[str, str]:
        """Keys by step."""
        return {
            "parcels": self.parcels.key,
            "statistics": self.statistics.key,
            "sections": self.sections.key,
            "inventory": self.inventory.key,
        }


def register_of(run: Run, area: Area, inputs: Inputs, maps: Maps, sources: Mapping[str, str]) -> Register:
    """Everything that the register and the maps say together; `sources` name the scenes of each period."""
    parcels = parcels_of(run, area, inputs)
    statistics = _statistics(run, area, maps, parcels, sources)
    graded = graded_sections(run, area, inputs, parcels)
    listed = _inventory(
        run, area, maps, parcels, statistics, graded, sources, simulated=inputs.simulated is not None
    )
    return Register(parcels, statistics, graded, listed)


def _statistics(run: Run, area: Area, maps: Maps, parcels: Artifact, sources: Mapping[str, str]) -> Artifact:
    settings = area.settings.vegetation
    cause = area.cause(
        "statistics",
        _STATISTICS,
        [*maps.keys, parcels.key],
        threshold=settings.cover_threshold,
        cuts_percent=products().grades.cuts_percent,
        endmembers=str((maps.endmembers, maps.compared)),
        sources=dict(sources),
        greenness=area.settings.greenness.model_dump(),
        regime=area.settings.water.regimes.get(area.aoi.id, ""),
        accuracy=_judged_by(area),
    )

    def build(folder: Path) -> None:
        plots = plots_of(parcels)
        over_aoi = ground_of(run.cluster, area)
        aoi_measures = measured_whole(over_aoi, area, maps)
        matrices = _transitions(area, maps, over_aoi)
        save_parts(folder / "parcel_measures.parquet", measured(run, area, maps, plots))
        save_tables(
            folder,
            {
                "area_balance": area_balance.balance(plots, area.aoi, aoi_measures),
                "indicators": _indicators(area, maps, over_aoi, aoi_measures, matrices, sources),
                "change_patches": _patches(area, maps),
                **matrices,
                **type_tables(area, maps, over_aoi, load_layer(parcels.path, "parcels")),
                **assessed.tables(area, maps, over_aoi),
            },
        )

    return run.artifact(f"{area.aoi.name_zh} 统计 statistics", cause, build)


def _judged_by(area: Area) -> list[str]:
    """What the land cover is judged by: the settings of the sample, and its checksum."""
    given = area.settings.land_cover.accuracy
    if given is None:
        return []
    return [str(given.model_dump(exclude={"path"})), *checksums_of([Path(given.path)]).values()]


def _transitions(area: Area, maps: Maps, over_aoi: Ground) -> dict[str, pd.DataFrame]:
    matrices = {}
    for (before, after), counted, pair in zip(pairwise(maps.land), maps.changes, _pairs(area), strict=True):
        moved = Moved("land_cover", before.path, after.path, counted.path)
        matrices[f"transitions_{pair}"] = change.transition_matrix(over_aoi.each(moved))
    return matrices


def _indicators(
    area: Area,
    maps: Maps,
    over_aoi: Ground,
    aoi_measures: pd.DataFrame,
    matrices: Mapping[str, pd.DataFrame],
    sources: Mapping[str, str],
) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    whole_m2, threshold = area.aoi.area_m2, area.settings.vegetation.cover_threshold
    for number, period in enumerate(area.settings.scenes.periods):
        pair, compared, source = maps.endmembers[number], maps.compared[number], sources[period.label]
        sums = _cover_sums(area, maps, over_aoi, number, None)
        basis = cover_basis(pair, threshold=threshold, source=source)
        shares = indicators.cover_indicators(sums, period.label, area_m2=whole_m2, source=basis)
        if compared:
            beside = _cover_sums(area, maps, over_aoi, number, compared)
            basis = cover_basis(compared, threshold=threshold, source=source)
            shares.append(
                indicators.percentile_indicator(beside, period.label, area_m2=whole_m2, source=basis)
            )
        rows += indicators.without_land(shares, no_map(area, number))
        rows += indicators.class_indicators(
            aoi_measures,
            period.label,
            area_m2=whole_m2,
            source=source,
            reason=unknown_land(area, maps, number),
        )
    for number, (name, matrix) in enumerate(matrices.items()):
        between = name.removeprefix("transitions_").replace("_", "/")
        basis = change_basis(area.settings, source=sources[between])
        unknown = no_map(area, number, number + 1)
        rows += indicators.change_indicators(matrix, between, source=basis, unknown=unknown)
    rows += further_rows(area, maps, over_aoi, sources)
    return indicators.indicator_table(rows, area.aoi.id)


def _cover_sums(
    area: Area,
    maps: Maps,
    over_aoi: Ground,
    number: int,
    other: vegetation.EndmemberPair | None,
) -> vegetation.CoverSums:
    """Sums of a period with its own FVC, or with other endmembers."""
    stores = (maps.land[number].path, maps.spectral[number].path, maps.cover[number].path)
    threshold = area.settings.vegetation.cover_threshold
    part = partial(_cover_part, stores=stores, other=other, threshold=threshold)
    return vegetation.CoverSums.total(over_aoi.each(part))


def _cover_part(
    under: Under,
    *,
    stores: tuple[Path, Path, Path],
    other: vegetation.EndmemberPair | None,
    threshold: float,
) -> vegetation.CoverSums:
    land, seen, cover = stores
    if other:
        ndvi = xr.DataArray(from_ratio(under.layer(seen, "ndvi")))
        fvc = vegetation.fractional_cover(ndvi, other).values
    else:
        fvc = from_ratio(under.layer(cover, "fvc"))
    water = under.layer(land, "land_cover") == LAND_COVER.code("water")
    return vegetation.cover_sums(fvc, water, under.weight_m2, threshold=threshold)


def _patches(area: Area, maps: Maps) -> gpd.GeoDataFrame:
    """Connected changed pixels, cut to the outline, the largest first."""
    parts = [
        _patches_between(area, artifact, before, after)
        for artifact, (before, after) in zip(
            maps.changes, pairwise(area.settings.scenes.periods), strict=True
        )
    ]
    patches = pd.concat(parts, ignore_index=True) if parts else _without_rows(CHANGE_PATCHES)
    return checked(gpd.GeoDataFrame(patches, geometry="geometry", crs=CGCS2000), CHANGE_PATCHES)


def _patches_between(area: Area, artifact: Artifact, before: Period, after: Period) -> gpd.GeoDataFrame:
    codes, sure = (open_store(artifact.path)[name].to_numpy() for name in ("change", "confidence"))
    patch = change.patches(codes)
    found = area.grid.polygons(patch, patch > 0)
    shapes = shapely.intersection(
        np.array([outline for _, outline in found], dtype=object), area.aoi.geometry
    )
    place = change.first_pixels(patch)[np.array([number for number, _ in found], dtype=np.int64) - 1]
    patches = gpd.GeoDataFrame(
        {
            "from_class": codes.flat[place] // 10,
            "to_class": codes.flat[place] % 10,
            "from_period": before.label,
            "to_period": after.label,
            "area_m2": areas_m2(shapes),
            "confidence": from_ratio(sure.flat[place]),
            "confidence_basis": CONFIDENCE[area.settings.land_cover.method],
        },
        geometry=shapes,
        crs=CGCS2000,
    )
    patches = patches[patches["area_m2"] > 0].sort_values("area_m2", ascending=False, kind="stable")
    name = f"{area.aoi.id}-{before.label}-{after.label}"
    return patches.assign(patch_id=[f"{name}-{number:05d}" for number in range(1, len(patches) + 1)])


def _inventory(
    run: Run,
    area: Area,
    maps: Maps,
    parcels: Artifact,
    statistics: Artifact,
    graded: Artifact,
    sources: Mapping[str, str],
    *,
    simulated: bool,
) -> Artifact:
    table = products()
    cause = area.cause(
        "inventory",
        _INVENTORY,
        [parcels.key, statistics.key, graded.key],
        products=table.model_dump(),
        sources=dict(sources),
        simulated=simulated,
    )

    def build(folder: Path) -> None:
        rows = load_layer(parcels.path, "parcels")
        measures = load_table(statistics.path, "parcel_measures")
        periods = area.settings.scenes.periods
        missing = load_json(parcels.path / "missing.json")
        seen = findings.evaluate(rows, measures, periods, aoi=area.aoi, missing_columns=missing)
        listed = inventory.build(
            rows,
            measures,
            periods,
            aoi=area.aoi,
            products=table,
            sources=sources,
            simulated=simulated,
            evidence=f"parcels {parcels.key[:12]}；sections {graded.key[:12]}；manifest.json",
            sections=load_layer(graded.path, "sections"),
        )
        restricted = restriction_findings(area, maps, parcels)
        unmatched = load_layer(graded.path, "findings")
        found = findings.joined([load_layer(parcels.path, "findings"), seen, restricted, unmatched])
        save_tables(folder, {"inventory": listed, "findings": found})

    return run.artifact(f"{area.aoi.name_zh} 清单 inventory", cause, build)


def _pairs(area: Area) -> list[str]:
    return [f"{before.label}_{after.label}" for before, after in pairwise(area.settings.scenes.periods)]


def _without_rows(schema: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns=[*schema.columns, "geometry"], geometry="geometry", crs=CGCS2000)
