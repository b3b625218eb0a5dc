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

from pipeline.contracts import CHANGE_PATCHES, check_table
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import Inputs
from pipeline.flow.measures import load_shapes, measured, measured_whole
from pipeline.flow.parcels import parcels_of
from pipeline.flow.restrictions import restriction_findings
from pipeline.flow.sections import graded_sections
from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.indices import change, indicators, vegetation
from pipeline.legends import LAND_COVER
from pipeline.maps import assessed
from pipeline.maps.ecosystems import type_tables
from pipeline.maps.encoding import from_ratio
from pipeline.maps.evidence import CONFIDENCE, change_basis, cover_basis
from pipeline.maps.further import further_rows
from pipeline.maps.rasters import Maps, no_map, unknown_land
from pipeline.periods import Period
from pipeline.rights_registry import area_balance, findings, inventory
from pipeline.settings import products
from pipeline.storage.blocks import open_store
from pipeline.storage.long_tables import save_parts
from pipeline.storage.workspace import Artifact, checksums_of, load_json, load_layer, load_table, save_tables
from pipeline.zonal.ground import Ground, Under, ground_of
from pipeline.zonal.moves import Moved

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


def register_of(run: Run, study: Study, inputs: Inputs, maps: Maps, sources: Mapping[str, str]) -> Register:
    """Everything that the register and the maps say together; `sources` name the scenes of each period."""
    parcels = parcels_of(run, study, inputs)
    statistics = _statistics(run, study, maps, parcels, sources)
    graded = graded_sections(run, study, inputs, parcels)
    listed = _inventory(
        run, study, maps, parcels, statistics, graded, sources, simulated=inputs.simulated is not None
    )
    return Register(parcels, statistics, graded, listed)


def _statistics(
    run: Run, study: Study, maps: Maps, parcels: Artifact, sources: Mapping[str, str]
) -> Artifact:
    settings = study.settings.vegetation
    cause = study.cause(
        "statistics",
        _STATISTICS,
        [*maps.keys, parcels.key],
        threshold=settings.cover_threshold,
        cuts_percent=products().grades.cuts_percent,
        endmembers=str((maps.endmembers, maps.compared)),
        sources=dict(sources),
        greenness=study.settings.greenness.model_dump(),
        regime=study.settings.water.regimes.get(study.aoi.id, ""),
        accuracy=_judged_by(study),
    )

    def build(folder: Path) -> None:
        shapes = load_shapes(parcels)
        over_aoi = ground_of(run.cluster, study)
        aoi_measures = measured_whole(over_aoi, study, maps)
        matrices = _transitions(study, maps, over_aoi)
        save_parts(folder / "parcel_measures.parquet", measured(run, study, maps, shapes))
        save_tables(
            folder,
            {
                "area_balance": area_balance.build_area_balance(shapes, study.aoi, aoi_measures),
                "indicators": _indicators(study, maps, over_aoi, aoi_measures, matrices, sources),
                "change_patches": _patches(study, maps),
                **matrices,
                **type_tables(study, maps, over_aoi, load_layer(parcels.path, "parcels")),
                **assessed.tables(study, maps, over_aoi),
            },
        )

    return run.artifact(f"{study.aoi.name_zh} 统计 statistics", cause, build)


def _judged_by(study: Study) -> list[str]:
    """What the land cover is judged by: the settings of the sample, and its checksum."""
    given = study.settings.land_cover.accuracy
    if given is None:
        return []
    return [str(given.model_dump(exclude={"path"})), *checksums_of([Path(given.path)]).values()]


def _transitions(study: Study, maps: Maps, over_aoi: Ground) -> dict[str, pd.DataFrame]:
    matrices = {}
    for (before, after), counted, pair in zip(pairwise(maps.land), maps.changes, _pairs(study), strict=True):
        moved = Moved("land_cover", before.path, after.path, counted.path)
        matrices[f"transitions_{pair}"] = change.build_transition_matrix(over_aoi.each(moved))
    return matrices


def _indicators(
    study: Study,
    maps: Maps,
    over_aoi: Ground,
    aoi_measures: pd.DataFrame,
    matrices: Mapping[str, pd.DataFrame],
    sources: Mapping[str, str],
) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    whole_m2, threshold = study.aoi.area_m2, study.settings.vegetation.cover_threshold
    for number, period in enumerate(study.settings.scenes.periods):
        pair, compared, source = maps.endmembers[number], maps.compared[number], sources[period.label]
        sums = _cover_sums(study, maps, over_aoi, number, None)
        basis = cover_basis(pair, threshold=threshold, source=source)
        shares = indicators.build_cover_indicators(sums, period.label, area_m2=whole_m2, source=basis)
        if compared:
            beside = _cover_sums(study, maps, over_aoi, number, compared)
            basis = cover_basis(compared, threshold=threshold, source=source)
            shares.append(
                indicators.build_percentile_indicator(beside, period.label, area_m2=whole_m2, source=basis)
            )
        rows += indicators.blank_land(shares, no_map(study, number))
        rows += indicators.build_class_indicators(
            aoi_measures,
            period.label,
            area_m2=whole_m2,
            source=source,
            reason=unknown_land(study, maps, number),
        )
    for number, (name, matrix) in enumerate(matrices.items()):
        between = name.removeprefix("transitions_").replace("_", "/")
        basis = change_basis(study.settings, source=sources[between])
        unknown = no_map(study, number, number + 1)
        rows += indicators.build_change_indicators(matrix, between, source=basis, unknown=unknown)
    rows += further_rows(study, maps, over_aoi, sources)
    return indicators.build_indicator_table(rows, study.aoi.id)


def _cover_sums(
    study: Study,
    maps: Maps,
    over_aoi: Ground,
    number: int,
    other: vegetation.EndmemberPair | None,
) -> vegetation.CoverSums:
    """Sums of a period with its own FVC, or with other endmembers."""
    stores = (maps.land[number].path, maps.spectral[number].path, maps.cover[number].path)
    threshold = study.settings.vegetation.cover_threshold
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
        fvc = vegetation.compute_fractional_cover(ndvi, other).values
    else:
        fvc = from_ratio(under.layer(cover, "fvc"))
    water = under.layer(land, "land_cover") == LAND_COVER.code("water")
    return vegetation.sum_cover(fvc, water, under.weight_m2, threshold=threshold)


def _patches(study: Study, maps: Maps) -> gpd.GeoDataFrame:
    """Connected changed pixels, cut to the outline, the largest first."""
    parts = [
        _patches_between(study, artifact, before, after)
        for artifact, (before, after) in zip(
            maps.changes, pairwise(study.settings.scenes.periods), strict=True
        )
    ]
    patches = pd.concat(parts, ignore_index=True) if parts else _without_rows(CHANGE_PATCHES)
    return check_table(gpd.GeoDataFrame(patches, geometry="geometry", crs=CGCS2000), CHANGE_PATCHES)


def _patches_between(study: Study, artifact: Artifact, before: Period, after: Period) -> gpd.GeoDataFrame:
    codes, sure = (open_store(artifact.path)[name].to_numpy() for name in ("change", "confidence"))
    patch = change.number_patches(codes)
    found = study.grid.trace_polygons(patch, patch > 0)
    shapes = shapely.intersection(
        np.array([outline for _, outline in found], dtype=object), study.aoi.geometry
    )
    place = change.find_first_pixels(patch)[np.array([number for number, _ in found], dtype=np.int64) - 1]
    patches = gpd.GeoDataFrame(
        {
            "from_class": codes.flat[place] // 10,
            "to_class": codes.flat[place] % 10,
            "from_period": before.label,
            "to_period": after.label,
            "area_m2": measure_areas_m2(shapes),
            "confidence": from_ratio(sure.flat[place]),
            "confidence_basis": CONFIDENCE[study.settings.land_cover.method],
        },
        geometry=shapes,
        crs=CGCS2000,
    )
    patches = patches[patches["area_m2"] > 0].sort_values("area_m2", ascending=False, kind="stable")
    name = f"{study.aoi.id}-{before.label}-{after.label}"
    return patches.assign(patch_id=[f"{name}-{number:05d}" for number in range(1, len(patches) + 1)])


def _inventory(
    run: Run,
    study: Study,
    maps: Maps,
    parcels: Artifact,
    statistics: Artifact,
    graded: Artifact,
    sources: Mapping[str, str],
    *,
    simulated: bool,
) -> Artifact:
    table = products()
    cause = study.cause(
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
        periods = study.settings.scenes.periods
        missing = load_json(parcels.path / "missing.json")
        seen = findings.evaluate_rules(rows, measures, periods, aoi=study.aoi, missing_columns=missing)
        listed = inventory.build_inventory(
            rows,
            measures,
            periods,
            aoi=study.aoi,
            products=table,
            sources=sources,
            simulated=simulated,
            evidence=f"parcels {parcels.key[:12]}；sections {graded.key[:12]}；manifest.json",
            sections=load_layer(graded.path, "sections"),
        )
        restricted = restriction_findings(study, maps, parcels)
        unmatched = load_layer(graded.path, "findings")
        found = findings.join_findings([load_layer(parcels.path, "findings"), seen, restricted, unmatched])
        save_tables(folder, {"inventory": listed, "findings": found})

    return run.artifact(f"{study.aoi.name_zh} 清单 inventory", cause, build)


def _pairs(study: Study) -> list[str]:
    return [f"{before.label}_{after.label}" for before, after in pairwise(study.settings.scenes.periods)]


def _without_rows(schema: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns=[*schema.columns, "geometry"], geometry="geometry", crs=CGCS2000)
